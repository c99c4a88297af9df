// SPDX-License-Identifier: MIT
/* websocket_checks.h - checks of WebSocket: its frames and its handshake as bytes, and sockets over
 * the loopback ring, `over` a transport each. Each returns NULL, or what went wrong, in memory that
 * stays valid until the next check on the same thread. */
#ifndef VN_WEBSOCKET_CHECKS_H
#define VN_WEBSOCKET_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Heads of frames, each cut at every byte: the verdict comes with the byte that decides it. */
const char *vn_check_frame_heads(void);
/* Each pair of a first and a second byte against the letter of the RFC. */
const char *vn_check_frame_first_bytes(void);
/* Lengths at their edges, written and read. */
const char *vn_check_frame_lengths(void);
const char *vn_check_frame_unmask(uint64_t seed);
/* Each code that a Close frame may have or not, and its reason. */
const char *vn_check_frame_closes(void);
/* Text whole, cut in two at every byte, and byte by byte: it fails at the first wrong one. */
const char *vn_check_text_rows(void);
const char *vn_check_text_at_random(uint64_t seed);
/* Requests that open a WebSocket, and others. */
const char *vn_check_handshake_rows(void);
const char *vn_check_handshake_accept(void);

/* Rows of conversations. */
extern const int vn_websocket_talks;

/* Row `row`, however its bytes come and go, and cut at every byte. */
const char *vn_check_websocket_talk(int over, int row);
/* This side closes, and its client answers or does not. */
const char *vn_check_websocket_closes(int over);
const char *vn_check_websocket_owes(int over);
const char *vn_check_websocket_failing_user(int over);
const char *vn_check_websocket_pings(int over);
const char *vn_check_websocket_ping_flood(int over);
const char *vn_check_websocket_input_waits(int over);
const char *vn_check_websocket_drains(int over);
/* At a limit and one past it. */
const char *vn_check_websocket_limits(int over);
const char *vn_check_websocket_waits(int over);
const char *vn_check_websocket_large(int over);
/* Messages from other threads arrive, in the order of each. */
const char *vn_check_websocket_posts(int over);
const char *vn_check_websocket_topic(int over);
const char *vn_check_websocket_slow(int over);
const char *vn_check_websocket_late(int over);
const char *vn_check_websocket_lost(int over);
const char *vn_check_websocket_refuses(int over);
const char *vn_check_websocket_damaged(int over, uint64_t seed);

#endif
