// SPDX-License-Identifier: MIT
/* remote.h - an exchange by its handle. */
#ifndef VN_SERVE_REMOTE_H
#define VN_SERVE_REMOTE_H

#include "../include/vn_response.h"

/* What vn_handle_resume does, at once: on the worker's thread, outside of calls of its exchange. */
void vn_remote_resume(vn_handle handle);

#endif
