// SPDX-License-Identifier: MIT
/* utf8.h - sequences of UTF-8 (RFC 3629) beyond ASCII: shortest forms, no surrogates, up to
 * U+10FFFF. */
#ifndef VN_HTTP_UTF8_H
#define VN_HTTP_UTF8_H

#include "../include/vn_request.h"

/* Bytes of the sequence that these begin with, of which there is one at least; 0: they are all a
 * beginning of one, and more are needed; -1: no sequence begins like that. */
int32_t vn_utf8_measure(vn_span text);

#endif
