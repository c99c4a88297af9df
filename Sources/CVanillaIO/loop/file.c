// SPDX-License-Identifier: MIT
#include "file.h"

#include <errno.h>
#include <unistd.h>

struct vn_file {
    struct vn_source source; /* first: see ring.h */
    struct vn_loop *loop;
    const struct vn_file_calls *calls;
    void *context;
    struct vn_read read;
    bool is_closed;
};

static int64_t begin(struct vn_file *file)
{
    int64_t result;
    do {
        result = vn_ring_read(file->loop->ring, &file->source, &file->read);
    } while (result == -EINTR || result == -EAGAIN);
    return result;
}

static void read_done(struct vn_file *file, int64_t result)
{
    if (result == -EINTR || result == -EAGAIN)
        result = begin(file);
    if (result != -EINPROGRESS)
        file->calls->read(file->context, result);
}

static void file_event(struct vn_source *source, const struct vn_event *event)
{
    struct vn_file *file = vn_holder(source, struct vn_file, source);
    if (event->type == VN_ENDED) {
        const struct vn_file_calls *calls = file->calls;
        void *context = file->context;
        file->loop->file_count--;
        vn_loop_remove(file->loop, source);
        calls->ended(context);
    } else if (event->type == VN_READ && !file->is_closed)
        read_done(file, event->count);
}

/* Those whose clients are gone are closed already. */
static void file_drain(struct vn_source *source, enum vn_drain step)
{
    struct vn_file *file = vn_holder(source, struct vn_file, source);
    if (step == VN_DRAIN_CLOSE && !file->is_closed)
        vn_file_close(file);
}

static const struct vn_kind file_kind = {.event = file_event, .drain = file_drain};

struct vn_file *vn_file_open(struct vn_loop *loop, int32_t fd, const struct vn_file_calls *calls,
                             void *context, int32_t *error)
{
    struct vn_source *source = NULL;
    *error = -EMFILE;
    if (loop->file_count < loop->file_limit)
        source = vn_loop_add(loop, &file_kind, fd);
    if (source == NULL) {
        close(fd);
        return NULL;
    }
    struct vn_file *file = vn_holder(source, struct vn_file, source);
    file->loop = loop;
    file->calls = calls;
    file->context = context;
    loop->file_count++;
    *error = 0;
    return file;
}

int64_t vn_file_begin_read(struct vn_file *file, uint8_t *bytes, uint32_t count, uint64_t at)
{
    file->read = (struct vn_read) {.bytes = bytes, .count = count, .at = at};
    return begin(file);
}

int32_t vn_file_descriptor(const struct vn_file *file)
{
    return file->source.fd;
}

void vn_file_close(struct vn_file *file)
{
    assert(!file->is_closed);
    file->is_closed = true;
    vn_ring_end(file->loop->ring, &file->source);
}
