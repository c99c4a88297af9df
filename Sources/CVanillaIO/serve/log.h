// SPDX-License-Identifier: MIT
/* log.h - what a server has to say, to the function of its configuration or to standard error. */
#ifndef VN_SERVE_LOG_H
#define VN_SERVE_LOG_H

#include "../include/vn_server.h"

/* At most 511 bytes. Any thread. */
void vn_log(const vn_config *config, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
