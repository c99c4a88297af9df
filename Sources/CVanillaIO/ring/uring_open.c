// SPDX-License-Identifier: MIT
/* uring_open.c - opening a ring on io_uring: the best setup that the system takes, proved by
 * receiving through it. */
#include <errno.h>

#include "uring.h"

#if !defined(__linux__)

int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring;
    (void) slab;
    return -ENOTSUP;
}

#else

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uring_core.h"

static int32_t set_up(struct io_uring *kernel, const struct vn_uring_setup *setup)
{
    struct io_uring_params parameters = {
        .flags = setup->flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = setup->completions,
    };
    if (!(setup->flags & IORING_SETUP_NO_SQARRAY))
        return io_uring_queue_init_params(setup->entries, kernel, &parameters);

    /* liburing 2.3 would write the array which this setup leaves out. */
    int32_t fd = io_uring_setup(setup->entries, &parameters);
    if (fd < 0)
        return fd;
    int32_t error = io_uring_queue_mmap(fd, &parameters, kernel);
    if (error < 0)
        close(fd);
    kernel->features = parameters.features;
    return error;
}

static void *map_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int32_t register_buffers(struct vn_uring *ring)
{
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t) (uintptr_t) ring->free_buffers,
        .ring_entries = VN_URING_BUFFERS,
        .bgid = VN_URING_BUFFER_GROUP,
    };
    int32_t error = io_uring_register_buf_ring(&ring->kernel, &registration, 0);
    if (error < 0)
        return error;
    io_uring_buf_ring_init(ring->free_buffers);
    vn_uring_issue(ring, VN_URING_BUFFERS_FIRST);
    vn_uring_prepare(ring);
    return 0;
}

/* One step of the probe: a completion with `count` bytes, and more to come unless it is 0. */
static bool receives(struct vn_uring *ring, int32_t count)
{
    struct io_uring_cqe *completion;
    if (vn_uring_enter(ring, 1000000000) < 0 || io_uring_peek_cqe(&ring->kernel, &completion) < 0)
        return false;

    uint32_t expected = count > 0 ? IORING_CQE_F_BUFFER | IORING_CQE_F_MORE : 0;
    uint32_t buffer = completion->flags >> IORING_CQE_BUFFER_SHIFT;
    bool is_right = completion->res == count &&
                    (completion->flags & (IORING_CQE_F_BUFFER | IORING_CQE_F_MORE)) == expected;
    if (is_right && count > 0) {
        is_right = buffer < VN_URING_BUFFERS &&
                   ring->memory[buffer * VN_URING_BUFFER_SIZE] == (uint8_t) count;
        vn_uring_take_back(ring, (uint16_t) (buffer % VN_URING_BUFFERS));
    }
    io_uring_cqe_seen(&ring->kernel, completion);
    vn_uring_prepare(ring);
    return is_right;
}

/* Kernel versions lie (containers, backports, emulations): receive for real once. */
static int32_t probe(struct vn_uring *ring)
{
    int32_t pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_recv_multishot(entry, pair[0], NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = VN_URING_BUFFER_GROUP;
    entry->user_data = (uint64_t) VN_URING_DONE_SILENTLY << 56;

    bool is_right = send(pair[1], "\1", 1, MSG_NOSIGNAL) == 1 && receives(ring, 1) &&
                    send(pair[1], "\2\2", 2, MSG_NOSIGNAL) == 2 && receives(ring, 2) &&
                    shutdown(pair[1], SHUT_WR) == 0 && receives(ring, 0);
    close(pair[0]);
    close(pair[1]);
    return is_right ? 0 : -EOPNOTSUPP;
}

int32_t vn_uring_open_with(struct vn_ring **opened, struct vn_slab *slab,
                           const struct vn_uring_setup *setup)
{
    struct vn_uring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    ring->ring = (struct vn_ring) {.ops = &vn_uring_ops, .slab = slab};

    int32_t error = vn_wakeup_open(&ring->wakeup);
    if (error < 0)
        goto free_ring;
    error = set_up(&ring->kernel, setup);
    if (error < 0)
        goto close_wakeup;

    uint32_t needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    error = -EOPNOTSUPP;
    if ((ring->kernel.features & needed) != needed)
        goto exit_kernel;
    error = -ENOMEM;
    ring->free_buffers = map_memory(VN_URING_BUFFER_RING_SIZE);
    if (ring->free_buffers == NULL)
        goto exit_kernel;
    ring->memory = map_memory((size_t) VN_URING_BUFFERS * VN_URING_BUFFER_SIZE);
    if (ring->memory == NULL)
        goto unmap_ring;
    if ((error = register_buffers(ring)) < 0 || (error = probe(ring)) < 0)
        goto unmap_memory;

    io_uring_register_ring_fd(
        &ring->kernel); /* saves a little in each call; not every kernel can */
    vn_uring_submit_wakeup(ring);
    *opened = &ring->ring;
    return 0;

unmap_memory:
    munmap(ring->memory, (size_t) VN_URING_BUFFERS * VN_URING_BUFFER_SIZE);
unmap_ring:
    munmap(ring->free_buffers, VN_URING_BUFFER_RING_SIZE);
exit_kernel:
    io_uring_queue_exit(&ring->kernel);
close_wakeup:
    close(ring->wakeup.fd);
free_ring:
    free(ring);
    return error;
}

/* The best setup that the kernel takes: newest flags first, and smaller where memory may not be
 * locked. */
int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab)
{
    static const uint32_t flags[] = {
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
            IORING_SETUP_NO_SQARRAY,
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
        0,
    };
    static const struct vn_uring_setup sizes[] = {{0, 1024, 16384}, {0, 256, 4096}, {0, 64, 512}};
    int32_t error = -EINVAL;
    for (size_t i = 0; error == -EINVAL && i < sizeof flags / sizeof *flags; i++) {
        error = -ENOMEM;
        for (size_t j = 0; error == -ENOMEM && j < sizeof sizes / sizeof *sizes; j++) {
            struct vn_uring_setup setup = sizes[j];
            setup.flags = flags[i];
            error = vn_uring_open_with(ring, slab, &setup);
        }
    }
    return error;
}

#endif
