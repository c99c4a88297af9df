// SPDX-License-Identifier: MIT
/* accept.h - which form of an error's body a client asks for (RFC 9110, section 12.5.1). */
#ifndef VN_HTTP_ACCEPT_H
#define VN_HTTP_ACCEPT_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* Whether a client names JSON among what it accepts, and does not prefer plain text to it. A client
 * that takes everything gets text, which is what a person reads. */
bool vn_accepts_problem(const vn_request *request);

#endif
