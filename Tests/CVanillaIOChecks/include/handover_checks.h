// SPDX-License-Identifier: MIT
/* handover_checks.h - checks of a server whose first worker accepts for all, whatever the system
 * does by itself. `backend` is a VN_BACKEND_. Each returns NULL, or what went wrong, in memory that
 * stays valid until the next check on the same thread. */
#ifndef VN_HANDOVER_CHECKS_H
#define VN_HANDOVER_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

/* Connections go to the workers one after the other. */
const char *vn_check_dealt_in_turn(uint8_t backend, uint32_t workers);
/* A limit of connections is the server's: all of its places can be used, by whoever, again and
 * again, and no more. */
const char *vn_check_dealt_places(uint8_t backend, bool is_balanced);
/* A worker that is at work when it is handed connections serves them afterwards, though the server
 * was told to stop meanwhile. */
const char *vn_check_dealt_before_a_stop(uint8_t backend);
/* Where the time of the stop is over by then, it closes them. */
const char *vn_check_dealt_too_late(uint8_t backend);

#endif
