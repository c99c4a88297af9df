// SPDX-License-Identifier: MIT
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int32_t vn_error_fill(vn_error *error, int32_t step, int32_t code, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        *error = (vn_error) {.step = step, .code = code};
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return -code;
}
