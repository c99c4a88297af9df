// SPDX-License-Identifier: MIT
/* timeout.h - counting the deadlines that clients missed. */
#ifndef VN_SERVE_TIMEOUT_H
#define VN_SERVE_TIMEOUT_H

#include "../include/vn_server.h"
#include "protocol.h"

/* A deadline was missed. Those that are nobody's fault are not counted. */
void vn_timeout_count(vn_statistics *counted, enum vn_timeout_kind kind);

#endif
