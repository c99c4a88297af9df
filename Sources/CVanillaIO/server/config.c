// SPDX-License-Identifier: MIT
/* config.c - the defaults, and what is impossible. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

void vn_config_init(vn_config *config)
{
    *config = (vn_config) {
        .listener_count = 1,
        .backlog = 4096,
        .drain = 30000,
        .lame_duck = 1500,
        .slow_handler = 100,
        .bind_retry = 5000,
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
                .linger_total = 30000,
            },
    };
    for (uint32_t i = 0; i < VN_LISTENERS_MAX; i++)
        config->listeners[i] = (vn_listener) {.port = 3000, .unix_mode = 0600};
}

struct range {
    const char *name;
    uint64_t value;
    uint64_t min;
    uint64_t max;
};

static bool is_within(const struct range *range)
{
    return range->value >= range->min && range->value <= range->max;
}

static int32_t refuse(const struct range *range, vn_error *error)
{
    return vn_error_fill(error, VN_FAILED_CONFIG, EINVAL, "%s is %llu, but must be %llu to %llu",
                         range->name, (unsigned long long) range->value,
                         (unsigned long long) range->min, (unsigned long long) range->max);
}

int32_t vn_config_check(const vn_config *config, vn_error *error)
{
    const vn_limits *limits = &config->limits;
    const struct range ranges[] = {
        {"backend", config->backend, VN_BACKEND_AUTO, VN_BACKEND_KQUEUE},
        {"keep_alive", config->keep_alive, VN_KEEP_ALIVE_RFC, VN_KEEP_ALIVE_NEVER},
        {"error_body", config->error_body, VN_ERROR_BODY_BY_ACCEPT, VN_ERROR_BODY_EMPTY},
        {"backlog", config->backlog, 1, 65535},
        {"workers", config->workers, 0, 1024},
        {"listener_count", config->listener_count, 1, VN_LISTENERS_MAX},
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
        {"limits.unread", limits->unread, 0, INT64_MAX},
        {"limits.discard", limits->discard, 0, 1 << 30},
        /* Without an end a silent client could keep its closed connection open. */
        {"deadlines.linger", config->deadlines.linger, 1, UINT32_MAX},
        {"deadlines.linger_total", config->deadlines.linger_total, 1, UINT32_MAX},
    };
    if (config->handlers.handle == NULL)
        return vn_error_fill(error, VN_FAILED_CONFIG, EINVAL, "handlers.handle is missing");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!is_within(&ranges[i]))
            return refuse(&ranges[i], error);
    for (uint32_t i = 0; i < config->listener_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "listeners[%u].unix_mode", i);
        const struct range mode = {name, config->listeners[i].unix_mode, 0, 0777};
        if (!is_within(&mode))
            return refuse(&mode, error);
    }
    return 0;
}

/* ---- Copies ---- */

bool vn_config_copy(vn_config *copy, const vn_config *config)
{
    bool is_whole = true;
    *copy = *config;
    for (uint32_t i = 0; i < config->listener_count; i++) {
        const vn_listener *from = &config->listeners[i];
        vn_listener *to = &copy->listeners[i];
        to->host = from->host == NULL ? NULL : strdup(from->host);
        to->unix_path = from->unix_path == NULL ? NULL : strdup(from->unix_path);
        is_whole = is_whole && (from->host == NULL || to->host != NULL) &&
                   (from->unix_path == NULL || to->unix_path != NULL);
    }
    return is_whole;
}

void vn_config_free(vn_config *copy)
{
    for (uint32_t i = 0; i < copy->listener_count; i++) {
        free((void *) (uintptr_t) copy->listeners[i].host);
        free((void *) (uintptr_t) copy->listeners[i].unix_path);
    }
}
