// SPDX-License-Identifier: MIT
/* file.h - an open file on the loop's ring: read without waiting for a disk. */
#ifndef VN_LOOP_FILE_H
#define VN_LOOP_FILE_H

#include "loop.h"

enum {
    VN_FILES_MAX = 4096, /* that are read on one loop at once */
    VN_FILES_OFFLINE = 64, /* the same without a started server */
};

struct vn_file;

/* What its owner is told, on the loop's thread. */
struct vn_file_calls {
    /* A read is done: bytes, 0 at the end of the file, or -errno. */
    void (*read)(void *context, int64_t result);
    /* It has ended, closed by its owner or with the loop: nothing of it is used any more, nor the
     * memory of a read that was under way. The last call. */
    void (*ended)(void *context);
};

/* Take over a descriptor. `calls` stay valid. Returns NULL, with the descriptor closed and -errno
 * in `error`: -EMFILE when too many are read. */
struct vn_file *vn_file_open(struct vn_loop *loop, int32_t fd, const struct vn_file_calls *calls,
                             void *context, int32_t *error);

/* Read, one call at a time, into memory that stays until it is done. Returns bytes, 0 at the end,
 * -EINPROGRESS when `read` will be called, or -errno. */
int64_t vn_file_begin_read(struct vn_file *file, uint8_t *bytes, uint32_t count, uint64_t at);

/* The descriptor, to look at it. */
int32_t vn_file_descriptor(const struct vn_file *file);

/* Close it: `ended` will be called. */
void vn_file_close(struct vn_file *file);

#endif
