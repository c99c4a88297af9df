// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

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
        fprintf(stderr, "vanilla: %s\n", message);
}
