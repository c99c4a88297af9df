// SPDX-License-Identifier: MIT
/* stop_checks.h - checks of what a server that ends connections owes to their clients, over real
 * sockets. `backend` is VN_BACKEND_URING or _EPOLL. Each returns NULL, or what went wrong, in
 * memory that stays valid until the next check on the same thread. */
#ifndef VN_STOP_CHECKS_H
#define VN_STOP_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

/* Without any grace: requests of hundreds of connections, more than one turn takes up, lie in their
 * sockets when the server is told to stop. All are answered. */
const char *vn_check_stop_answers_what_has_come(uint8_t backend);
/* The same when the idle deadline is what ends them. */
const char *vn_check_idle_end_answers_what_has_come(uint8_t backend);
/* Hundreds of clients that ask all the time and honour Connection: close see a server stop and
 * start again, several times: no request is lost. Each asks as often as it may over one connection,
 * or once. */
const char *vn_check_restarts_under_load(uint8_t backend, uint32_t workers, uint32_t clients,
                                         bool keeps_alive);
/* In its grace a server that stops answers on connections that were idle, says that they close, and
 * accepts nothing; then the others are closed. It is at most half of the time of the stop. */
const char *vn_check_lame_duck(uint8_t backend);

/* A second server takes over the unix domain socket of one that drains, and has it still when that
 * has ended. */
const char *vn_check_successor(uint8_t backend);
/* A port that is in use for a while: the start tries again and says so once, and a stop ends
 * that. */
const char *vn_check_bind_retry(uint8_t backend);

#endif
