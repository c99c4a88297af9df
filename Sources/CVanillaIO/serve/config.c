// SPDX-License-Identifier: MIT
/* config.c - the defaults, and what is impossible. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "server.h"

void vn_config_init(vn_config *config)
{
    *config = (vn_config) {
        .port = 3000,
        .unix_mode = 0600,
        .backlog = 4096,
        .drain = 30000,
        .limits =
            {
                .request_line = 16 * 1024,
                .field = 16 * 1024,
                .fields = 64 * 1024,
                .field_count = 128,
                .body = 8 * 1024 * 1024,
                .streamed_body = UINT64_MAX,
                .chunk_line = 4 * 1024,
                .trailers = 16 * 1024,
                .requests = 1000000,
                .output = 1024 * 1024,
                .discard = 1024 * 1024,
                .linger = 1024 * 1024,
            },
        .deadlines =
            {
                .head = 10000,
                .body_grace = 10000,
                .body_rate = 1024,
                .idle = 75000,
                .write_stall = 30000,
                .write_rate = 240,
                .handler = 30000,
                .half_close = 500,
                .linger = 2000,
            },
    };
}

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

struct range {
    const char *name;
    uint64_t value;
    uint64_t least;
    uint64_t most;
};

int32_t vn_config_check(const vn_config *config, vn_error *error)
{
    const vn_limits *limits = &config->limits;
    const struct range ranges[] = {
        {"backend", config->backend, VN_BACKEND_AUTO, VN_BACKEND_EPOLL},
        {"keep_alive", config->keep_alive, VN_KEEP_ALIVE_RFC, VN_KEEP_ALIVE_NEVER},
        {"backlog", config->backlog, 1, 65535},
        {"workers", config->workers, 0, 1024},
        {"unix_mode", config->unix_mode, 0, 0777},
        /* Lengths of names are kept in 16 bits, places in a head in 31. */
        {"limits.request_line", limits->request_line, 16, 1 << 24},
        {"limits.field", limits->field, 16, 65535},
        {"limits.fields", limits->fields, 16, 1 << 24},
        {"limits.field_count", limits->field_count, 1, VN_FIELDS_MAX},
        {"limits.body", limits->body, 0, SIZE_MAX / 4},
        {"limits.chunk_line", limits->chunk_line, 16, 1 << 24},
        {"limits.trailers", limits->trailers, 2, 1 << 24},
        {"limits.requests", limits->requests, 1, UINT32_MAX},
        {"limits.connections", limits->connections, 0, 1 << 24},
        {"limits.output", limits->output, 1024, 1 << 30},
        {"limits.discard", limits->discard, 0, 1 << 30},
        {"limits.linger", limits->linger, 0, 1 << 30},
        /* Without an end a silent client could hold its closed connection for ever. */
        {"deadlines.linger", config->deadlines.linger, 1, UINT32_MAX},
    };
    if (config->handlers.handle == NULL)
        return vn_error_fill(error, VN_FAILED_CONFIG, EINVAL, "handlers.handle is missing");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const struct range *range = &ranges[i];
        if (range->value < range->least || range->value > range->most)
            return vn_error_fill(
                error, VN_FAILED_CONFIG, EINVAL, "%s is %llu, but must be %llu to %llu",
                range->name, (unsigned long long) range->value, (unsigned long long) range->least,
                (unsigned long long) range->most);
    }
    return 0;
}
