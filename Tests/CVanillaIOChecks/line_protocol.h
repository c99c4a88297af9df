// SPDX-License-Identifier: MIT
/* line_protocol.h - a protocol that is not HTTP, for checks that exchanges know nothing of their
 * carrier: a line is a request, many of them are open at a time, and they end in any order.
 *
 *   client: "GET /path\n"                     a request; they are numbered from 1
 *   server: NUMBER " " STATUS "\n"            the head of an answer
 *           NUMBER "+" COUNT "\n" BYTES "\n"  content
 *           NUMBER ".\n"                      it is complete
 *           NUMBER "!\n"                      it is not, and ends
 */
#ifndef VN_CHECKS_LINE_PROTOCOL_H
#define VN_CHECKS_LINE_PROTOCOL_H

#include "serve/protocol.h"

enum {
    LINE_MAX_BYTES = 200, /* of a line; more closes the connection */
    LINE_OPEN_MAX = 8, /* exchanges at a time; further lines wait */
};

extern const struct vn_protocol line_protocol;

#endif
