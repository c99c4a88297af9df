// SPDX-License-Identifier: MIT
/* preference.h - lists of what a client takes, with weights (RFC 9110, section 12.4.2). */
#ifndef VN_HTTP_PREFERENCE_H
#define VN_HTTP_PREFERENCE_H

#include "../base/base.h"
#include "../include/vn_request.h"

enum { VN_QUALITY_MAX = 1000 };

/* Without white space at both ends. */
vn_span vn_trimmed(vn_span text);

/* Take what comes before the next `end`, trimmed. An `end` within quotes does not count. */
vn_span vn_take_until(vn_span *text, uint8_t end);

/* The weight among the parameters that follow a member, in thousandths. What is no weight counts as
 * none given. */
int32_t vn_find_quality(vn_span parameters);

#endif
