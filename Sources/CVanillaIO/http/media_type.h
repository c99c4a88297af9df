// SPDX-License-Identifier: MIT
/* media_type.h - media types (RFC 9110, section 8.3.1), compared. */
#ifndef VN_HTTP_MEDIA_TYPE_H
#define VN_HTTP_MEDIA_TYPE_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* Whether the value of a Content-Type, with its parameters, is of the kind of `pattern`: that type;
 * "text/": all that begin so; "+json": all that end so. */
bool vn_media_type_matches(vn_span value, vn_span pattern);

#endif
