// SPDX-License-Identifier: MIT
/* unread_checks.h - checks of output that clients do not take. Each returns NULL, or what went
 * wrong. */
#ifndef VN_UNREAD_CHECKS_H
#define VN_UNREAD_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "transports.h"

/* Drawn at random: as many as needed are chosen, and nobody who stalled for a shorter time than one
 * who was not. */
const char *vn_check_unread_choice(uint64_t seed);
/* When a client takes nothing, by what looks have seen. */
const char *vn_check_unread_notes(void);
/* Of clients that take nothing the one that stalled first goes, and those that fit stay. */
const char *vn_check_unread_order(int over);
/* Output is counted where it is a copy, and nobody looks once all is taken. */
const char *vn_check_unread_ends(int over);

/* Over real sockets: hundreds of clients that take nothing are ended down to the limit, and those
 * that read have all that they asked for. */
const char *vn_check_unread_answers(uint8_t backend);
const char *vn_check_unread_events(uint8_t backend);
/* A close leaves nothing to the kernel that no limit bounds. */
extern const int vn_unread_closes; /* ways that a connection closes */
const char *vn_check_unread_close(uint8_t backend, int row, bool is_stalled_for_long);

#endif
