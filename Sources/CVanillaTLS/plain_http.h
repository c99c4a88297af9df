// SPDX-License-Identifier: MIT
/* plain_http.h - a client that speaks HTTP where TLS is spoken is told so, in what it speaks. */
#ifndef VN_TLS_PLAIN_HTTP_H
#define VN_TLS_PLAIN_HTTP_H

#include "tls.h"

/* Whether the first bytes of a connection are a method, and so no record of a handshake. */
bool vn_tls_is_plain_http(const uint8_t *bytes, size_t count);

/* Answer it 400, in clear, and close. */
void vn_tls_refuse_plain_http(struct vn_tls_connection *tls, const uint8_t *bytes);

#endif
