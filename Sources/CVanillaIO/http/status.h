// SPDX-License-Identifier: MIT
/* status.h - reason phrases and sentences (RFC 9110, section 15, and the registry of status
 * codes). */
#ifndef VN_HTTP_STATUS_H
#define VN_HTTP_STATUS_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* The phrase of a status; empty for one that is not registered. */
vn_span vn_status_reason(uint16_t status);

/* What an error (400 and above) means, in a sentence for its client; empty for a status that
 * nothing is known of. */
vn_span vn_status_sentence(uint16_t status);

/* Whether a response of this status has content (RFC 9110, section 6.4.1). */
static inline bool vn_status_has_content(uint16_t status)
{
    if (vn_likely(status == 200))
        return true;
    return status >= 200 && status != 204 && status != 205 && status != 304;
}

/* Whether a response that has no content says so by its length: 205 alone, which has the framing of
 * any other response (RFC 9110, section 15.3.6). */
static inline bool vn_status_frames_nothing(uint16_t status)
{
    return status == 205;
}

#endif
