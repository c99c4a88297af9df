// SPDX-License-Identifier: MIT
/* literal.h - a text of the program as a span. */
#ifndef VN_HTTP_LITERAL_H
#define VN_HTTP_LITERAL_H

#include "../include/vn_request.h"

#define VN_LITERAL(text) ((vn_span) {(const uint8_t *) (text), sizeof(text) - 1})

#endif
