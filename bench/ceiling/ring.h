// SPDX-License-Identifier: MIT
/* Minimal raw io_uring: setup, SQE allocation, enter, provided-buffer ring. No liburing, so flags
 * newer than Debian's headers can be used. One thread owns a ring. */
#ifndef RING_H
#define RING_H
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif
#ifndef IORING_RECVSEND_BUNDLE
#define IORING_RECVSEND_BUNDLE (1U << 4)
#endif
#ifndef IOU_PBUF_RING_INC
#define IOU_PBUF_RING_INC 2
#endif
#ifndef IORING_CQE_F_BUF_MORE
#define IORING_CQE_F_BUF_MORE (1U << 4)
#endif

struct ring {
    int fd, enter_fd;
    unsigned enter_flags, setup_flags;
    unsigned *sq_head, *sq_tail, *sq_array, *cq_head, *cq_tail, *cq_overflow, *sq_flags;
    unsigned sq_mask, sq_entries, cq_mask;
    unsigned tail, submitted; /* local SQ tail and what the kernel was told of */
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    uint64_t enters;
    unsigned min_wait_us;
};

static inline unsigned ld_acq(const unsigned *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}
static inline void st_rel(unsigned *p, unsigned v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static int ring_init(struct ring *r, unsigned entries, unsigned cq, unsigned flags, int regfd)
{
    struct io_uring_params p;
    memset(&p, 0, sizeof p);
    memset(r, 0, sizeof *r);
    p.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    p.cq_entries = cq;
    int fd = (int) syscall(__NR_io_uring_setup, entries, &p);
    if (fd < 0)
        return -errno;
    r->fd = r->enter_fd = fd;
    r->setup_flags = p.flags;
    size_t sqsz =
        p.sq_off.array + ((flags & IORING_SETUP_NO_SQARRAY) ? 0 : p.sq_entries * sizeof(unsigned));
    size_t cqsz = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    size_t sz = sqsz > cqsz ? sqsz : cqsz;
    char *m =
        mmap(0, sz, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
    if (m == MAP_FAILED)
        return -errno;
    r->sqes = mmap(0, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
    if (r->sqes == MAP_FAILED)
        return -errno;
    r->sq_head = (unsigned *) (m + p.sq_off.head);
    r->sq_tail = (unsigned *) (m + p.sq_off.tail);
    r->sq_flags = (unsigned *) (m + p.sq_off.flags);
    r->sq_mask = *(unsigned *) (m + p.sq_off.ring_mask);
    r->sq_entries = p.sq_entries;
    r->cq_head = (unsigned *) (m + p.cq_off.head);
    r->cq_tail = (unsigned *) (m + p.cq_off.tail);
    r->cq_mask = *(unsigned *) (m + p.cq_off.ring_mask);
    r->cq_overflow = (unsigned *) (m + p.cq_off.overflow);
    r->cqes = (struct io_uring_cqe *) (m + p.cq_off.cqes);
    if (!(flags & IORING_SETUP_NO_SQARRAY)) {
        r->sq_array = (unsigned *) (m + p.sq_off.array);
        for (unsigned i = 0; i < p.sq_entries; i++)
            r->sq_array[i] = i;
    }
    if (regfd) {
        struct io_uring_rsrc_update u;
        memset(&u, 0, sizeof u);
        u.offset = -1U;
        u.data = (uint64_t) fd;
        if (syscall(__NR_io_uring_register, fd, IORING_REGISTER_RING_FDS, &u, 1) == 1) {
            r->enter_fd = (int) u.offset;
            r->enter_flags = IORING_ENTER_REGISTERED_RING;
        }
    }
    return 0;
}

/* Submit what is queued; wait for `want` completions. Returns the syscall's result. */
static inline int ring_enter(struct ring *r, unsigned want)
{
    unsigned n = r->tail - r->submitted;
    st_rel(r->sq_tail, r->tail);
    r->enters++;
    int rc;
    if (r->min_wait_us &&
        want >
            1) { /* 6.12+: return after min_wait_us with whatever there is, or at once with `want` */
        struct {
            uint64_t sigmask;
            uint32_t sigmask_sz, min_wait_usec;
            uint64_t ts;
        } ext = {0, 8, r->min_wait_us, 0};
        rc = (int) syscall(__NR_io_uring_enter, r->enter_fd, n, want,
                           r->enter_flags | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &ext,
                           sizeof ext);
    } else
        rc = (int) syscall(__NR_io_uring_enter, r->enter_fd, n, want,
                           r->enter_flags | IORING_ENTER_GETEVENTS, NULL, 0);
    r->submitted =
        ld_acq(r->sq_head); /* without SQPOLL the kernel has consumed them all on success */
    return rc < 0 ? -errno : rc;
}

static inline struct io_uring_sqe *ring_sqe(struct ring *r)
{
    while (r->tail - ld_acq(r->sq_head) >= r->sq_entries)
        ring_enter(r, 0);
    struct io_uring_sqe *s = &r->sqes[r->tail & r->sq_mask];
    r->tail++;
    memset(s, 0, sizeof *s);
    return s;
}

/* Make room for n SQEs in one submission, so that a link is never split. */
static inline void ring_room(struct ring *r, unsigned n)
{
    while (r->tail - ld_acq(r->sq_head) + n > r->sq_entries)
        ring_enter(r, 0);
}

struct pbuf {
    struct io_uring_buf_ring *br;
    char *mem;
    unsigned n, size, mask;
    uint16_t tail;
};

static int pbuf_init(struct ring *r, struct pbuf *b, unsigned n, unsigned size, int bgid, int inc)
{
    b->n = n;
    b->size = size;
    b->mask = n - 1;
    b->tail = 0;
    b->br = mmap(0, n * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
                 MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    b->mem = mmap(0, (size_t) n * size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (b->br == MAP_FAILED || b->mem == MAP_FAILED)
        return -ENOMEM;
    struct io_uring_buf_reg reg;
    memset(&reg, 0, sizeof reg);
    reg.ring_addr = (uint64_t) (uintptr_t) b->br;
    reg.ring_entries = n;
    reg.bgid = (uint16_t) bgid;
    if (inc)
        ((uint16_t *) &reg)[7] = IOU_PBUF_RING_INC; /* reg.flags, 'pad' in older headers */
    if (syscall(__NR_io_uring_register, r->fd, IORING_REGISTER_PBUF_RING, &reg, 1) < 0)
        return -errno;
    for (unsigned i = 0; i < n; i++) {
        struct io_uring_buf *e = &b->br->bufs[i];
        e->addr = (uint64_t) (uintptr_t) (b->mem + (size_t) i * size);
        e->len = size;
        e->bid = (uint16_t) i;
    }
    b->tail = (uint16_t) n;
    __atomic_store_n(&b->br->tail, b->tail, __ATOMIC_RELEASE);
    return 0;
}

static inline void pbuf_put(struct pbuf *b, unsigned bid)
{
    struct io_uring_buf *e = &b->br->bufs[b->tail & b->mask];
    e->addr = (uint64_t) (uintptr_t) (b->mem + (size_t) bid * b->size);
    e->len = b->size;
    e->bid = (uint16_t) bid;
    b->tail++;
}
static inline void pbuf_publish(struct pbuf *b)
{
    __atomic_store_n(&b->br->tail, b->tail, __ATOMIC_RELEASE);
}
#endif
