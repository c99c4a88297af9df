// SPDX-License-Identifier: MIT
/* reader.h - reads that wait for a disk, for backends whose system has no other way: a few threads
 * of the process do them, and the ring takes up what was done. */
#ifndef VN_RING_READER_H
#define VN_RING_READER_H

#include <pthread.h>

#include "backend.h"

/* Where the threads put the reads of one ring that are done. */
struct vn_reader {
    pthread_mutex_t lock;
    struct vn_read *first;
    struct vn_ring *ring; /* to be woken */
    uint32_t outstanding; /* the ring's own: reads whose end it has not taken up */
};

/* Returns 0 or -errno. */
int32_t vn_reader_open(struct vn_reader *reader, struct vn_ring *ring);

/* No read is outstanding. */
void vn_reader_close(struct vn_reader *reader);

/* Have a thread do it. Returns 0, or -errno when there is none. */
int32_t vn_reader_submit(struct vn_reader *reader, struct vn_read *read, int32_t fd);

/* Whether one is done and was not taken. */
bool vn_reader_has_done(struct vn_reader *reader);

/* Take one that is done; NULL: none is. */
struct vn_read *vn_reader_take(struct vn_reader *reader);

#endif
