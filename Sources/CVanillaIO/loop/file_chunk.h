// SPDX-License-Identifier: MIT
/* file_chunk.h - memory for pieces of files on their way to clients. One thread owns a list. */
#ifndef VN_LOOP_FILE_CHUNK_H
#define VN_LOOP_FILE_CHUNK_H

#include "../base/base.h"

enum {
    VN_FILE_CHUNK_SIZE = 128 * 1024, /* enough that a turn for each costs little */
    VN_FILE_CHUNKS_KEPT = 16,
};

/* Free ones that are kept. Zeroed, it is empty. */
struct vn_file_chunks {
    struct vn_file_chunk *first;
    uint32_t count;
};

struct vn_file_chunk {
    struct vn_file_chunks *owner;
    struct vn_file_chunk *next;
    uint32_t count; /* bytes that were read */
    uint8_t bytes[VN_FILE_CHUNK_SIZE];
};

/* Returns NULL when memory ran out. */
struct vn_file_chunk *vn_file_chunk_take(struct vn_file_chunks *chunks);

/* Give one back to its owner, which a release of output can do. NULL: nothing. */
void vn_file_chunk_give(void *chunk);

/* Free those that are kept. */
void vn_file_chunks_close(struct vn_file_chunks *chunks);

#endif
