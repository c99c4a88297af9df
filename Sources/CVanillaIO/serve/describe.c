// SPDX-License-Identifier: MIT
/* describe.c - what log lines call an exchange, and hooks its route. */
#include <stdarg.h>
#include <stdio.h>

#include "body_writer.h"
#include "response.h"

enum { PART_MAX = 160 }; /* bytes of a method, a path or a pattern */

/* printf's precision is an int. */
static int most_of(vn_span text)
{
    return (int) vn_smaller(text.count, PART_MAX);
}

static size_t put(char *text, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns the bytes that found room, without the NUL. */
static size_t put(char *text, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, capacity, format, arguments);
    va_end(arguments);
    return count < 0 ? 0 : vn_smaller((size_t) count, capacity - 1);
}

static size_t put_request(char *text, size_t capacity, const vn_request *request)
{
    vn_span method = vn_request_method(request), path = vn_request_path(request);
    return put(text, capacity, "%.*s %.*s", most_of(method), (const char *) method.bytes,
               most_of(path), (const char *) path.bytes);
}

static size_t put_route(char *text, size_t capacity, size_t at, const vn_span *route)
{
    return at + put(text + at, capacity - at, at > 0 ? " (route %.*s)" : "route %.*s",
                    most_of(*route), (const char *) route->bytes);
}

/* What an exchange has kept of its request. */
static size_t put_kept(char *text, size_t capacity, const struct vn_exchange *exchange)
{
    const struct vn_pending *pending = exchange->pending;
    if (pending == NULL)
        return 0;
    if (pending->request != NULL)
        return put_request(text, capacity, pending->request);
    if (pending->record != NULL && pending->record->told.request != NULL)
        return put_request(text, capacity, pending->record->told.request);
    const struct vn_label *label = pending->label;
    return label == NULL
               ? 0
               : put(text, capacity, "%.*s", (int) label->count, (const char *) label->text);
}

size_t vn_response_describe(const vn_response *response, char *text, size_t capacity)
{
    size_t at = 0;
    text[0] = 0;
    if (response->request != NULL)
        at = put_request(text, capacity, response->request);
    else if (!vn_response_is_elsewhere(response)) /* nothing of the exchange is known there */
        at = put_kept(text, capacity, response->exchange);
    return response->route == NULL ? at : put_route(text, capacity, at, response->route);
}

size_t vn_body_describe(const vn_body_writer *writer, char *text, size_t capacity)
{
    const struct vn_response response = vn_response_of(writer->exchange);
    return vn_response_describe(&response, text, capacity);
}

void vn_response_set_route(vn_response *response, const vn_span *pattern)
{
    response->route = pattern;
    struct vn_record *record = vn_exchange_record(response->exchange);
    if (vn_unlikely(record != NULL))
        record->told.route = pattern;
}
