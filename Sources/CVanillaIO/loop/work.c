// SPDX-License-Identifier: MIT
/* work.c - the loop as a place to work: what vn_worker.h offers of tasks, timers and stop hooks. */
#include "loop.h"

/* ---- Tasks ---- */

static void queue(struct vn_tasks *tasks, vn_task *task)
{
    if (task->is_queued)
        return;
    task->is_queued = true;
    vn_tasks_push(tasks, task);
}

void vn_worker_soon(vn_worker *worker, vn_task *task)
{
    queue(&vn_loop_of(worker)->soon, task);
}

void vn_worker_last(vn_worker *worker, vn_task *task)
{
    queue(&vn_loop_of(worker)->last, task);
}

int32_t vn_worker_post(vn_worker *worker, vn_task *task)
{
    return vn_mailbox_post(&vn_loop_of(worker)->mailbox, task);
}

bool vn_worker_takes_tasks(vn_worker *worker)
{
    struct vn_mailbox *mailbox = &vn_loop_of(worker)->mailbox;
    pthread_mutex_lock(&mailbox->lock);
    bool takes = mailbox->takes_tasks;
    pthread_mutex_unlock(&mailbox->lock);
    return takes;
}

/* ---- Timers ---- */

void vn_timer_set(vn_worker *worker, vn_timer *timer, uint64_t nanoseconds)
{
    vn_timers_set(&vn_loop_of(worker)->timers, timer, nanoseconds);
}

/* ---- Stop hooks ---- */

void vn_worker_on_stop(vn_worker *worker, vn_stop_hook *hook)
{
    struct vn_loop *loop = vn_loop_of(worker);
    if (vn_unlikely(loop->is_closed)) {
        hook->run(hook->context);
        return;
    }
    vn_list_append(&loop->stop_hooks, (struct vn_link *) (void *) hook->private);
}

void vn_stop_hook_remove(vn_stop_hook *hook)
{
    struct vn_link *link = (struct vn_link *) (void *) hook->private;
    if (link->next != NULL)
        vn_list_remove(link);
}
