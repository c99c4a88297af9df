// SPDX-License-Identifier: MIT
/* hub_checks.h - checks of event streams and hubs without sockets. Each returns NULL, or what went
 * wrong, in memory that stays valid until the next check on the same thread. */
#ifndef VN_HUB_CHECKS_H
#define VN_HUB_CHECKS_H

#include <stdint.h>

/* Subscribers get every event of their topic, once, in order, as HTTP/1.1 and HTTP/1.0 frame it. */
const char *vn_check_hub_delivers(void);
/* Who comes back gets what it missed, or is told that it cannot. */
const char *vn_check_hub_replays(void);
/* The history keeps to its bounds: number, bytes, age. */
const char *vn_check_hub_history(void);
/* A subscriber that takes nothing, under each policy, at its bound and past it. */
const char *vn_check_hub_slow(void);
/* Who subscribes in the turn of an event is not taken for a slow one. */
const char *vn_check_hub_haste(void);
/* The inbox of a busy worker keeps to the bound, and goes with the last subscriber. */
const char *vn_check_hub_inbox(void);
/* Heartbeats come when nothing else does; a stop says shutdown_spread; a client's end is its leaving. */
const char *vn_check_hub_life(void);
const char *vn_check_hub_refusals(void);
/* Random comings, goings, stalls and events: nothing lost, doubled, reordered or left behind. */
const char *vn_check_hub_model(uint64_t seed);
/* Publishers on other threads while the worker turns. */
const char *vn_check_hub_threads(void);

#endif
