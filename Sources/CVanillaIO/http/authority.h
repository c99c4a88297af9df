// SPDX-License-Identifier: MIT
/* authority.h - uri-host [":" port] (RFC 9110, section 7.2; RFC 3986, section 3.2), as in Host
 * and in targets. There is no userinfo, and the host is never empty (RFC 9110, section 4.2). */
#ifndef VN_HTTP_AUTHORITY_H
#define VN_HTTP_AUTHORITY_H

#include "../base/base.h"
#include "../include/vn_request.h"

bool vn_is_authority(vn_span text);

/* The same with a port from 1 to 65535, as CONNECT must have (RFC 9110, section 9.3.6). */
bool vn_is_authority_with_port(vn_span text);

#endif
