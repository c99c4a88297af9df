// SPDX-License-Identifier: MIT
/* redirect.h - a listener that only says where https is: vn_listener.redirect_port. */
#ifndef VN_SERVE_REDIRECT_H
#define VN_SERVE_REDIRECT_H

#include "worker.h"

/* Whether the request came to such a listener: asked where vn_worker.redirects. */
bool vn_redirect_is_due(const vn_request *request);

/* Answer it: 308, to the same host and target. */
void vn_redirect_send(vn_response *response, const vn_request *request);

#endif
