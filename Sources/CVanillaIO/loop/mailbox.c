// SPDX-License-Identifier: MIT
#include "mailbox.h"

#include <errno.h>

int32_t vn_mailbox_init(struct vn_mailbox *mailbox)
{
    *mailbox = (struct vn_mailbox) {.stop_due = UINT64_MAX};
    return -pthread_mutex_init(&mailbox->lock, NULL);
}

void vn_mailbox_deinit(struct vn_mailbox *mailbox)
{
    pthread_mutex_destroy(&mailbox->lock);
}

void vn_mailbox_open(struct vn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->takes_tasks = true;
    pthread_mutex_unlock(&mailbox->lock);
}

void vn_mailbox_attach(struct vn_mailbox *mailbox, struct vn_ring *ring)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->ring = ring;
    mailbox->takes_tasks = true;
    mailbox->stop_due = UINT64_MAX;
    if (mailbox->tasks.first != NULL)
        vn_ring_wake(ring); /* posted before there was a ring to wake */
    pthread_mutex_unlock(&mailbox->lock);
}

void vn_mailbox_close(struct vn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->ring = NULL;
    mailbox->takes_tasks = false;
    pthread_mutex_unlock(&mailbox->lock);
}

int32_t vn_mailbox_post(struct vn_mailbox *mailbox, struct vn_task *task)
{
    pthread_mutex_lock(&mailbox->lock);
    bool is_taken = mailbox->takes_tasks;
    if (is_taken && !task->is_queued) {
        bool was_empty = mailbox->tasks.first == NULL;
        task->is_queued = true;
        vn_tasks_push(&mailbox->tasks, task);
        if (was_empty && mailbox->ring != NULL)
            vn_ring_wake(mailbox->ring);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return is_taken ? 0 : -ECANCELED;
}

void vn_mailbox_stop(struct vn_mailbox *mailbox, uint64_t due)
{
    pthread_mutex_lock(&mailbox->lock);
    if (due < mailbox->stop_due)
        mailbox->stop_due = due;
    if (mailbox->ring != NULL)
        vn_ring_wake(mailbox->ring);
    pthread_mutex_unlock(&mailbox->lock);
}

void vn_mailbox_wake(struct vn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->ring != NULL)
        vn_ring_wake(mailbox->ring);
    pthread_mutex_unlock(&mailbox->lock);
}

uint64_t vn_mailbox_take(struct vn_mailbox *mailbox, struct vn_tasks *tasks)
{
    pthread_mutex_lock(&mailbox->lock);
    vn_tasks_append(tasks, &mailbox->tasks);
    uint64_t due = mailbox->stop_due;
    pthread_mutex_unlock(&mailbox->lock);
    return due;
}
