// SPDX-License-Identifier: MIT
/* task.h - queues of calls to be made. */
#ifndef VN_LOOP_TASK_H
#define VN_LOOP_TASK_H

#include "../base/base.h"
#include "../include/vn_worker.h"

/* First come, first served. Zeroed, it is empty. */
struct vn_tasks {
    struct vn_task *first;
    struct vn_task *last;
};

static inline void vn_tasks_push(struct vn_tasks *tasks, struct vn_task *task)
{
    task->next = NULL;
    if (tasks->first == NULL)
        tasks->first = task;
    else
        tasks->last->next = task;
    tasks->last = task;
}

/* Append all of `more`, which is empty then. */
static inline void vn_tasks_append(struct vn_tasks *tasks, struct vn_tasks *more)
{
    if (more->first == NULL)
        return;
    if (tasks->first == NULL)
        tasks->first = more->first;
    else
        tasks->last->next = more->first;
    tasks->last = more->last;
    more->first = NULL;
}

/* Make the first call. There must be one. */
static inline void vn_tasks_run_first(struct vn_tasks *tasks)
{
    struct vn_task *task = tasks->first;
    tasks->first = task->next;
    task->is_queued = false;
    task->run(task->context);
}

#endif
