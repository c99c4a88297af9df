// SPDX-License-Identifier: MIT
/* http2.h - HTTP/2 (RFC 9113), the protocol of a connection that carries many exchanges at once. */
#ifndef VN_SERVE_HTTP2_H
#define VN_SERVE_HTTP2_H

#include "protocol.h"

extern const struct vn_protocol vn_protocol_http2;

#endif
