// SPDX-License-Identifier: MIT
/* websocket_handshake.h - the request that opens a WebSocket, and what answers it (RFC 6455,
 * section 4.2). */
#ifndef VN_HTTP_WEBSOCKET_HANDSHAKE_H
#define VN_HTTP_WEBSOCKET_HANDSHAKE_H

#include "../include/vn_request.h"

enum {
    VN_WEBSOCKET_KEY_SIZE = 24, /* base64 of 16 bytes */
    VN_WEBSOCKET_ACCEPT_SIZE = 28, /* of 20 */
};

/* Whether a request opens a WebSocket. Returns 0; 400 for one that is damaged; 426 for one that
 * asks for no WebSocket, or for another version of it, and learns by that which there is. */
uint16_t vn_websocket_check(const vn_request *request);

/* The value of Sec-WebSocket-Accept for a request that passed the check. */
void vn_websocket_write_accept(const vn_request *request, uint8_t text[VN_WEBSOCKET_ACCEPT_SIZE]);

/* The next element of a list that may be spread over several fields of one name (RFC 9110, section
 * 5.6.1), without the spaces around it, and never empty. A quoted string holds no end of one. */
struct vn_list_place {
    size_t field;
    size_t at; /* in its value */
};

bool vn_list_next(const vn_request *request, vn_span name, struct vn_list_place *place,
                  vn_span *element);

#endif
