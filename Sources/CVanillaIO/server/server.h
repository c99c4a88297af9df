// SPDX-License-Identifier: MIT
/* server.h - a server's life, as far as running it (run.c) needs more of it than its users. */
#ifndef VN_SERVER_SERVER_H
#define VN_SERVER_SERVER_H

#include "state.h"

/* As vn_server_start. With `before` not NULL the first worker is to run on this thread: it is
 * opened here, and vn_thread_work comes next. */
int32_t vn_server_start_with(vn_server *server, struct vn_loop **before, vn_error *error);

/* Whether it was started and nobody has waited for its end. */
bool vn_server_is_started(vn_server *server);

/* Whether a worker has not left yet. */
bool vn_server_is_running(vn_server *server);

#endif
