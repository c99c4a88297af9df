// SPDX-License-Identifier: MIT
/* error.h - what could not be done, in a sentence. */
#ifndef VN_SERVER_ERROR_H
#define VN_SERVER_ERROR_H

#include "../include/vn_server.h"

/* Fill `error`, if there is one. Returns -code. */
int32_t vn_error_fill(vn_error *error, int32_t step, int32_t code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
