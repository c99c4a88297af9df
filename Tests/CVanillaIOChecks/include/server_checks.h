// SPDX-License-Identifier: MIT
/* server_checks.h - checks of the whole C server over real sockets. `backend` is VN_BACKEND_URING
 * or _EPOLL. Each returns NULL, or what went wrong, in memory that stays valid until the next check
 * on the same thread. */
#ifndef VN_SERVER_CHECKS_H
#define VN_SERVER_CHECKS_H

#include <stdint.h>

/* Start, serve one request, stop; `cycles` times. Threads, descriptors and memory are where they
 * were. */
const char *vn_check_cycles(uint8_t backend, uint32_t cycles);
/* One connection more than the limit waits until another ends. */
const char *vn_check_connection_limit(uint8_t backend);
/* The limit is the process's: many workers, of which each would have too few places if they were
 * parted, serve nearly as many at once as all have, and the rest when others go. */
const char *vn_check_shared_places(uint8_t backend);
/* At a stop, what the accept queue holds is served and told to close; the idle are closed at once.
 */
const char *vn_check_stop_serves_the_queue(uint8_t backend);
/* A request that never gets its answer does not outlive the hard deadline. */
const char *vn_check_stop_deadline(uint8_t backend);
/* SIGTERM drains, a second one cuts; run returns and the handlers of before are back. */
const char *vn_check_signals(uint8_t backend);
/* With config.uses_calling_thread: the first worker is on the thread that runs the server, which is
 * as it was afterwards. */
const char *vn_check_calling_thread(uint8_t backend);
/* Port in use, impossible address, a file in the place of a socket, impossible options. */
const char *vn_check_start_errors(uint8_t backend);
/* A worker that cannot open has run what was posted to it before its end, and takes no more. */
const char *vn_check_start_without_descriptors(uint8_t backend);
/* A unix domain socket with its mode, over several workers, replaced when it is stale and removed
 * at the end. */
const char *vn_check_unix_socket(uint8_t backend);
/* An early refusal reaches a client that is still sending. */
const char *vn_check_lingering(uint8_t backend);
/* One connection with endless input does not starve another. */
const char *vn_check_fairness(uint8_t backend);
/* Two TCP listeners and a unix one over the same workers: all serve, each is counted, totals are
 * sums, all close when the server drains. */
const char *vn_check_listeners(uint8_t backend, uint32_t workers);
/* A limit of connections (1 or 9) is one for all listeners, and none of them starves. */
const char *vn_check_listeners_share_places(uint8_t backend, uint32_t places);
/* One address of several that is in use: an error, nothing is left bound, files that were bound
 * here are removed and others are not. */
const char *vn_check_listener_conflicts(uint8_t backend, uint32_t workers);
/* As many as there may be, one more, none. */
const char *vn_check_listener_count(uint8_t backend);

#endif
