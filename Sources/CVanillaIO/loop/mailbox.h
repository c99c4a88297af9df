// SPDX-License-Identifier: MIT
/* mailbox.h - the only part of a loop that other threads touch: tasks that they post, and the
 * moment by which they want it to stop. */
#ifndef VN_LOOP_MAILBOX_H
#define VN_LOOP_MAILBOX_H

#include <pthread.h>

#include "../ring/ring.h"
#include "task.h"

struct vn_mailbox {
    pthread_mutex_t lock;
    struct vn_ring *ring; /* to wake; NULL while the loop does not run */
    struct vn_tasks tasks; /* posted, and not taken yet */
    bool takes_tasks;
    uint64_t stop_due; /* milliseconds, monotonic: UINT64_MAX until it is asked to stop */
};

/* Returns 0 or -errno. */
int32_t vn_mailbox_init(struct vn_mailbox *mailbox);
void vn_mailbox_deinit(struct vn_mailbox *mailbox);

/* From here on tasks are taken. */
void vn_mailbox_open(struct vn_mailbox *mailbox);

/* The loop runs, and can be woken and stopped. */
void vn_mailbox_attach(struct vn_mailbox *mailbox, struct vn_ring *ring);

/* No more is taken. */
void vn_mailbox_close(struct vn_mailbox *mailbox);

/* Any thread, but one task from one thread at a time. Returns 0, or -ECANCELED when nothing is
 * taken. */
int32_t vn_mailbox_post(struct vn_mailbox *mailbox, struct vn_task *task);

/* Any thread: stop by `due`; the nearest moment counts. */
void vn_mailbox_stop(struct vn_mailbox *mailbox, uint64_t due);

/* Any thread: have the loop turn. */
void vn_mailbox_wake(struct vn_mailbox *mailbox);

/* Append what was posted to `tasks`. Returns when it is to have stopped; UINT64_MAX: it was not
 * asked to. What was posted before it was asked is among the tasks, or was taken earlier. */
uint64_t vn_mailbox_take(struct vn_mailbox *mailbox, struct vn_tasks *tasks);

#endif
