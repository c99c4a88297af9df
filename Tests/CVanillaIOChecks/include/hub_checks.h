// SPDX-License-Identifier: MIT
/* hub_checks.h - checks of event streams and hubs without sockets, `over` a transport each. Each
 * returns NULL, or what went wrong, in memory that stays valid until the next check on the same
 * thread. */
#ifndef VN_HUB_CHECKS_H
#define VN_HUB_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Subscribers get every event of their topic, once, in order, as HTTP/1.1 and HTTP/1.0 frame it. */
const char *vn_check_hub_delivers(int over);
/* Who comes back gets what it missed, or is told that it cannot. */
const char *vn_check_hub_replays(int over);
/* The history keeps to its bounds: number, bytes, age. */
const char *vn_check_hub_history(int over);
/* A subscriber that takes nothing, under each policy, at its bound and past it. */
const char *vn_check_hub_slow(int over);
/* Who subscribes in the turn of an event is not taken for a slow one. */
const char *vn_check_hub_haste(int over);
/* The inbox of a busy worker keeps to the bound, and goes with the last subscriber. */
const char *vn_check_hub_inbox(int over);
/* Heartbeats come when nothing else does; a stop tells when to reconnect; a client's end is its
 * leaving. */
const char *vn_check_hub_life(int over);
const char *vn_check_hub_refusals(int over);
/* Random comings, goings, stalls and events: nothing lost, doubled, reordered or left behind. */
const char *vn_check_hub_model(int over, uint64_t seed);
/* Publishers on other threads while the worker turns. */
const char *vn_check_hub_threads(int over);

#endif
