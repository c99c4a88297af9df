// SPDX-License-Identifier: MIT
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "../http/preconditions.h"
#include "redirect.h"

enum {
    BODY_MIN = 16 * 1024, /* bytes of the first allocation for a whole body */
    LABEL_PART_MAX = 160, /* bytes of a method, or of a path, in a log line */
};

/* ---- Begin and end ---- */

struct vn_pending *vn_exchange_pending(struct vn_exchange *exchange)
{
    if (exchange->pending != NULL)
        return exchange->pending;
    exchange->pending = vn_freelist_take(&exchange->worker->freelist, sizeof *exchange->pending);
    if (exchange->pending != NULL)
        *exchange->pending = (struct vn_pending) {0};
    return exchange->pending;
}

void vn_exchange_begin(struct vn_exchange *exchange, const vn_request *request)
{
    exchange->answer = VN_ANSWER_NONE;
    exchange->body_mode = VN_BODY_WHOLE;
    exchange->is_head = request->method_id == VN_METHOD_HEAD;
    exchange->closes = false;
    exchange->body_is_coming = false;
    if (vn_unlikely(exchange->worker->observes))
        vn_exchange_observe(exchange, request, true);
}

void vn_exchange_observe(struct vn_exchange *exchange, const vn_request *request, bool is_whole)
{
    struct vn_pending *pending = exchange->worker->observes ? vn_exchange_pending(exchange) : NULL;
    if (pending == NULL || pending->record != NULL)
        return;
    pending->record = vn_record_make(exchange->worker, request, is_whole);
    if (pending->record != NULL)
        pending->record->appended = exchange->protocol->appended(exchange);
}

void vn_exchange_release(struct vn_exchange *exchange, bool is_answered)
{
    struct vn_pending *pending = exchange->pending;
    struct vn_record *record = pending->record;
    if (pending->detached != NULL)
        pending->detached_over(pending->detached);
    if (vn_unlikely(pending->coded != NULL))
        pending->coded_over(exchange);
    exchange->pending = NULL;
    exchange->is_event_stream = false;
    exchange->waits = false;
    if (pending->consumer_release != NULL)
        pending->consumer_release(pending->consumer_context);
    if (pending->producer_release != NULL)
        pending->producer_release(pending->producer_context);
    free(pending->request);
    free(pending->body);
    if (pending->label != NULL)
        vn_freelist_give(&exchange->worker->freelist, pending->label,
                         sizeof *pending->label + pending->label->count);
    vn_freelist_give(&exchange->worker->freelist, pending, sizeof *pending);
    vn_trim_later(&exchange->worker->trim);
    if (vn_unlikely(record == NULL))
        return;
    record->told.bytes_sent = exchange->protocol->appended(exchange) - record->appended;
    exchange->protocol->record_end(exchange, record, is_answered);
}

/* ---- The request ---- */

bool vn_request_is_for_server(const vn_request *request)
{
    return request->method_id == VN_METHOD_OPTIONS && request->target.count == 1 &&
           request->head[request->target.at] == '*';
}

uint8_t vn_exchange_choose_body(struct vn_exchange *exchange, const vn_request *request)
{
    const struct vn_worker *worker = exchange->worker;
    const vn_handlers *handlers = &worker->config->handlers;
    if (vn_request_is_for_server(request) || (worker->redirects && vn_redirect_is_due(request)))
        return VN_BODY_IGNORED;
    if (handlers->choose_body == NULL)
        return VN_BODY_WHOLE;
    return (uint8_t) handlers->choose_body(worker->context, request);
}

/* An unfinished head has one more field that is begun. */
size_t vn_request_size(const vn_request *request)
{
    size_t count = vn_smaller(request->field_count + 1u, VN_FIELDS_MAX);
    return offsetof(vn_request, fields) + count * sizeof(vn_field);
}

bool vn_exchange_keep_request(struct vn_exchange *exchange, const vn_request *request)
{
    struct vn_pending *pending = vn_exchange_pending(exchange);
    if (pending == NULL)
        return false;
    size_t size = vn_request_size(request), head_count = vn_request_head_size(request);
    pending->request = malloc(size + head_count);
    if (pending->request == NULL)
        return false;
    memcpy(pending->request, request, size);
    memcpy((uint8_t *) pending->request + size, request->head, head_count);
    pending->request->head = (uint8_t *) pending->request + size;
    return true;
}

bool vn_exchange_keep_conditions(struct vn_exchange *exchange, const vn_request *request)
{
    if (vn_likely(request == NULL ||
                  (!vn_preconditions_are_there(request) && !vn_preconditions_have_range(request))))
        return true;
    if (exchange->pending != NULL && exchange->pending->request != NULL)
        return true;
    if (!vn_exchange_keep_request(exchange, request))
        return false;
    exchange->pending->request->body = (vn_span) {0}; /* lent for the call alone */
    return true;
}

void vn_exchange_keep_label(struct vn_exchange *exchange, const vn_request *request,
                            const vn_span *route)
{
    struct vn_pending *pending = vn_exchange_pending(exchange);
    if (pending == NULL)
        return;
    if (route != NULL)
        pending->route = route;
    if (request == NULL || pending->request != NULL || pending->record != NULL ||
        pending->label != NULL)
        return;
    vn_span method = vn_request_method(request), path = vn_request_path(request);
    size_t method_count = vn_smaller(method.count, LABEL_PART_MAX);
    size_t path_count = vn_smaller(path.count, LABEL_PART_MAX);
    size_t count = method_count + 1 + path_count;
    struct vn_label *label = vn_freelist_take(&exchange->worker->freelist, sizeof *label + count);
    if (label == NULL)
        return;
    label->count = (uint16_t) count;
    memcpy(label->text, method.bytes, method_count);
    label->text[method_count] = ' ';
    memcpy(label->text + method_count + 1, path.bytes, path_count);
    pending->label = label;
}

/* It grows with what has come, never with what was promised. */
bool vn_exchange_gather(struct vn_exchange *exchange, vn_span piece)
{
    struct vn_pending *pending = exchange->pending;
    size_t need = pending->body_count + piece.count;
    if (piece.count == 0)
        return true;
    if (need > pending->body_capacity) {
        size_t capacity = pending->body_capacity == 0 ? BODY_MIN : pending->body_capacity * 2;
        while (capacity < need)
            capacity *= 2;
        uint8_t *grown = realloc(pending->body, capacity);
        if (grown == NULL)
            return false;
        pending->body = grown;
        pending->body_capacity = capacity;
    }
    memcpy(pending->body + pending->body_count, piece.bytes, piece.count);
    pending->body_count = need;
    return true;
}
