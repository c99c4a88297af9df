// SPDX-License-Identifier: MIT
/* batch.h - what subscribers of one worker share: one event as it was framed, or several joined. */
#ifndef VN_EVENTS_BATCH_H
#define VN_EVENTS_BATCH_H

#include "message.h"

enum {
    VN_BATCH_EVENTS_MAX = 64,
    VN_BATCH_BYTES_MAX = 64 * 1024,
};

/* Counted, and of one thread. */
struct vn_batch {
    uint32_t references;
    uint32_t events; /* 0: it says something of the hub's own */
    uint64_t at; /* when the oldest was published: milliseconds */
    struct vn_message *message; /* that holds the bytes; NULL: this batch does */
    struct vn_chunk chunk;
    bool is_replayed;
    uint8_t bytes[];
};

/* Of `count` events, whose data are `bytes` together. NULL when memory ran out. */
struct vn_batch *vn_batch_make(struct vn_message *const *messages, uint32_t count, uint32_t bytes);

/* With room for data of `count` bytes, which is written at `data`. NULL when memory ran out. */
struct vn_batch *vn_batch_make_room(uint32_t count, uint8_t **data);

/* Give up a reference. `context` is a batch. */
void vn_batch_release(void *context);

#endif
