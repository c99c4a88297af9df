// SPDX-License-Identifier: MIT
/* http1.h - HTTP/1.0 and 1.1 (RFC 9112), the protocol of a connection that carries one exchange at
 * a time. */
#ifndef VN_SERVE_HTTP1_H
#define VN_SERVE_HTTP1_H

#include "protocol.h"

extern const struct vn_protocol vn_protocol_http1;

#endif
