// SPDX-License-Identifier: MIT
/* threads.h - the threads of a server's workers: begin, work, leave. */
#ifndef VN_SERVER_THREADS_H
#define VN_SERVER_THREADS_H

#include "state.h"

/* Memory for a worker, prepared; NULL when there is none. */
struct vn_worker *vn_worker_make(const vn_config *config);
void vn_worker_free(struct vn_worker *worker);

/* Before the first thread starts: how many connections all workers may have. */
void vn_threads_share_places(struct vn_server *server);

/* Start one thread and wait until its worker accepts, or where the server has hooks until its loop
 * is open. Returns 0 or -errno. */
int32_t vn_thread_start(struct vn_worker_thread *thread);

/* The same for a worker of the calling thread, which calls vn_thread_work next. `before` is for
 * that. */
int32_t vn_thread_start_here(struct vn_worker_thread *thread, struct vn_loop **before);

/* The server is so far: workers that wait for it go on. */
void vn_threads_enter(struct vn_server *server, enum vn_phase phase);

/* All loops of a server with hooks are open: have the hooks of the start run, and wait until every
 * worker accepts. Returns 0; -ECANCELED where a hook has failed, -EINTR where the server was told
 * to stop: then all threads leave. */
int32_t vn_threads_serve(struct vn_server *server);

/* Work until it was stopped, where it serves, and leave. */
void vn_thread_work(struct vn_worker_thread *thread, struct vn_loop *before);

#endif
