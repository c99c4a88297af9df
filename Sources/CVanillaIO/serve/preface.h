// SPDX-License-Identifier: MIT
/* preface.h - the protocol of a connection whose client may speak either version of HTTP: the first
 * bytes say which (RFC 9113, section 3.3). */
#ifndef VN_SERVE_PREFACE_H
#define VN_SERVE_PREFACE_H

#include "protocol.h"

extern const struct vn_protocol vn_protocol_by_preface;

#endif
