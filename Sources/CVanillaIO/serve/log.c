// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "../system/standard_error.h"

void vn_log(const vn_config *config, int32_t level, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (config->log != NULL)
        config->log(config->log_context, level, message);
    else
        vn_log_default(level, message);
}

void vn_log_default(int32_t level, const char *message)
{
    char line[VN_LOG_LINE_MAX];
    (void) level;
    int count = snprintf(line, sizeof line, "vanilla: %s", message);
    if (count > 0)
        vn_standard_error_write(line,
                                (size_t) count < sizeof line ? (size_t) count : sizeof line - 1);
}
