// SPDX-License-Identifier: MIT
/* listeners.h - the listening sockets of a server: of each listener one for each worker, or one for
 * the first, which then hands over what it accepts. */
#ifndef VN_SERVER_LISTENERS_H
#define VN_SERVER_LISTENERS_H

#include "state.h"

/* Whether the addresses of a configuration can be some. Names are not looked up. Returns 0 or
 * -errno. */
int32_t vn_listeners_check(const vn_config *config, vn_error *error);

/* Look up names, and open the addresses for the worker threads: sockets that share a port, or
 * descriptors of one unix domain socket. Waits for config.bind_retry where an address is in use.
 * Returns 0 or -errno, and then none is open. */
int32_t vn_listeners_open(struct vn_server *server, vn_error *error);

/* Close those that no worker took over. */
void vn_listeners_close(struct vn_server *server);

/* Remove the files of unix domain sockets, before these are closed: as long as one is open nobody
 * else has its file's number, and a path that another server has taken over is left to it. */
void vn_listeners_unlink(struct vn_server *server);

#endif
