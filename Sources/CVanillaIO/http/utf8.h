// SPDX-License-Identifier: MIT
/* utf8.h - whether bytes are UTF-8 (RFC 3629): shortest forms, no surrogates, up to U+10FFFF. */
#ifndef VN_HTTP_UTF8_H
#define VN_HTTP_UTF8_H

#include "../include/vn_request.h"

bool vn_is_utf8(vn_span text);

#endif
