// SPDX-License-Identifier: MIT
/* response.c - what a handler's calls come to.
 *
 * A head is written straight into reserved room of the worker's current block, after the answers of
 * earlier requests of the batch, and committed with a small body in one piece. Until then it can be
 * dropped by forgetting it. */
#include "response.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../http/scan.h"
#include "../http/status.h"

enum { COPY_MAX = 8 * 1024 }; /* a body up to this size is copied after its head */

/* Stands for an exchange that is over. Never written to. */
static const struct vn_exchange over = {.answer = VN_ANSWER_DONE};

void vn_response_part(struct vn_response *response)
{
    response->exchange = (struct vn_exchange *) (uintptr_t) &over;
}

bool vn_response_is_parted(const struct vn_response *response)
{
    return response->exchange == &over;
}

bool vn_response_is_open_detached(const struct vn_response *response)
{
    if (vn_response_is_elsewhere(response))
        return false;
    uint8_t answer = response->exchange->answer;
    return (answer == VN_ANSWER_NONE || answer == VN_ANSWER_LATER) && !response->is_promised;
}

vn_cold int32_t vn_response_refusal(const struct vn_response *response)
{
    return vn_response_is_elsewhere(response) ? -EXDEV : -EALREADY;
}

vn_cold int32_t vn_response_out_of_memory(struct vn_response *response)
{
    struct vn_exchange *exchange = response->exchange;
    exchange->answer = VN_ANSWER_DONE;
    exchange->protocol->cut(exchange);
    return -ENOMEM;
}

/* ---- Room for the head ---- */

/* Room in memory of its own, of which the first `used` bytes were already written. */
static int32_t reserve_own(struct vn_response *response, size_t used, size_t count)
{
    uint8_t *room = realloc(response->own, count);
    if (room == NULL)
        return -ENOMEM;
    response->own = room;
    response->head.start = room;
    response->head.at = room + used;
    response->head.end = room + count;
    return 0;
}

static int32_t reserve_shared(struct vn_response *response, size_t count)
{
    struct vn_writer *writer = &response->worker->writer;
    uint8_t *room = vn_writer_reserve(writer, count);
    if (room == NULL)
        return -ENOMEM;
    response->head.start = room;
    response->head.at = room;
    response->head.end = room + vn_writer_room(writer);
    return 0;
}

bool vn_response_keep_head(struct vn_response *response)
{
    if (response->has_own || response->is_answered)
        return true; /* it is in memory of its own, or sent */
    const uint8_t *written = response->head.start;
    size_t used = written == NULL ? 0 : vn_head_count(&response->head);
    response->has_own = true;
    if (used == 0)
        return true;
    if (reserve_own(response, used, used + VN_HEAD_ROOM) < 0) {
        vn_response_out_of_memory(response);
        return false;
    }
    memcpy(response->head.start, written, used);
    return true;
}

vn_cold static int32_t head_extend(struct vn_response *response, size_t count)
{
    struct vn_head *head = &response->head;
    struct vn_writer *writer = &response->worker->writer;
    size_t used = vn_head_count(head);
    if (used + count > VN_RESPONSE_HEAD_MAX + VN_HEAD_ROOM + COPY_MAX)
        return -EMSGSIZE;
    if (response->has_own)
        return reserve_own(response, used, used + count);
    uint8_t *room = vn_writer_extend(writer, used, used + count);
    if (room == NULL)
        return -ENOMEM;
    head->start = room;
    head->at = room + used;
    head->end = room + vn_writer_room(writer);
    return 0;
}

/* Have room for `count` more bytes. */
static int32_t head_reserve(struct vn_response *response, size_t count)
{
    if (vn_likely(count <= (size_t) (response->head.end - response->head.at)))
        return 0;
    return head_extend(response, count);
}

/* Begin the head with its status line and date, unless it was begun, with room for `count`
 * bytes. */
static int32_t head_begin(struct vn_response *response, size_t count)
{
    struct vn_worker *worker = response->worker;
    struct vn_head *head = &response->head;
    if (head->start != NULL)
        return head_reserve(response, count);
    int32_t reserved = vn_unlikely(response->has_own)
                           ? reserve_own(response, 0, VN_HEAD_ROOM + count)
                           : reserve_shared(response, VN_HEAD_ROOM + count);
    if (reserved < 0)
        return reserved;
    vn_worker_update_date(worker);
    if (vn_likely(head->status == 200))
        vn_head_begin_with(head, worker->prefix, worker->prefix_count);
    else
        vn_head_begin(head, worker->date);
    return 0;
}

int32_t vn_response_begin_line(struct vn_response *response, size_t count)
{
    if (response->head.start != NULL &&
        vn_head_count(&response->head) + count > VN_RESPONSE_HEAD_MAX)
        return -EMSGSIZE;
    return head_begin(response, count);
}

/* ---- Status and fields ---- */

int32_t vn_response_set_status(vn_response *response, uint16_t status)
{
    struct vn_head *head = &response->head;
    if (status < 200 || status > 999)
        return -EINVAL;
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    if (head->start != NULL && status != head->status) {
        if (head_reserve(response, VN_STATUS_LINE_ROOM) < 0)
            return -ENOMEM;
        vn_head_change_status(head, status);
    }
    head->status = status;
    return 0;
}

static bool is_content_type(vn_span name)
{
    const vn_span type = VN_LITERAL("Content-Type");
    return vn_unlikely(name.count == type.count) && vn_equals_ignoring_case(name, type);
}

/* Have room for a field line that may be sent. Returns 0 or why it may not. */
static inline int32_t begin_field(struct vn_response *response, vn_span name, vn_span value)
{
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    if (!vn_is_token(name) || !vn_is_field_value(value))
        return -EINVAL;
    if (vn_head_owns_field(name))
        return -EPERM;
    if (name.count > VN_RESPONSE_HEAD_MAX || value.count > VN_RESPONSE_HEAD_MAX)
        return -EMSGSIZE;
    return vn_response_begin_line(response, name.count + value.count + 4);
}

int32_t vn_response_add_field(vn_response *response, vn_span name, vn_span value)
{
    int32_t begun = begin_field(response, name, value);
    if (begun < 0)
        return begun;
    vn_head_add(&response->head, name, value);
    response->has_type |= is_content_type(name);
    return 0;
}

int32_t vn_response_set_field(vn_response *response, vn_span name, vn_span value)
{
    int32_t begun = begin_field(response, name, value);
    if (begun < 0)
        return begun;
    vn_head_remove(&response->head, name);
    vn_head_add(&response->head, name, value);
    response->has_type |= is_content_type(name);
    return 0;
}

int32_t vn_response_remove_field(vn_response *response, vn_span name)
{
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    if (vn_head_owns_field(name))
        return -EPERM;
    if (response->head.start != NULL)
        vn_head_remove(&response->head, name);
    response->has_type &= !is_content_type(name);
    return 0;
}

vn_span vn_response_field(const vn_response *response, vn_span name)
{
    if (!vn_response_is_open(response) || response->head.start == NULL)
        return (vn_span) {0};
    return vn_head_find(&response->head, name);
}

int32_t vn_response_reset(vn_response *response)
{
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    if (vn_unlikely(response->withheld != NULL))
        vn_withheld_drop(response->withheld);
    response->has_type = false;
    response->head.start = NULL; /* nothing of it was committed */
    response->head.status = 200;
    return 0;
}

void vn_response_set_close(vn_response *response)
{
    response->closes = true;
    if (vn_response_is_elsewhere(response))
        return;
    if (!vn_response_is_open(response) && !vn_response_is_parted(response))
        response->exchange->closes = true;
}

bool vn_response_is_answered(const vn_response *response)
{
    if (vn_response_withholds(response))
        return true;
    return vn_response_is_elsewhere(response) ? response->is_answered
                                              : !vn_response_is_open(response);
}

bool vn_response_is_unwanted(const vn_response *response)
{
    return !vn_response_is_elsewhere(response) && vn_response_is_parted(response) &&
           !response->is_answered;
}

vn_worker *vn_response_worker(const vn_response *response)
{
    return response->worker;
}

/* ---- The answer ---- */

/* What was written to memory of its own goes to the room that all answers share. The head may have
 * been begun long before. */
vn_cold static int32_t head_move_to_shared(struct vn_response *response, size_t extra)
{
    const uint8_t *written = response->own;
    size_t used = vn_head_count(&response->head);
    if (reserve_shared(response, used + VN_HEAD_ROOM + extra) < 0)
        return -ENOMEM;
    memcpy(response->head.start, written, used);
    response->head.at += used;
    vn_worker_update_date(response->worker);
    vn_head_set_date(&response->head, response->worker->date);
    return 0;
}

/* The response leaves from here on. `answer` is what follows from that. */
static void begin_answer(struct vn_response *response, enum vn_answer answer)
{
    struct vn_exchange *exchange = response->exchange;
    vn_exchange_note_status(exchange, response->head.status);
    exchange->answer = (uint8_t) answer;
    exchange->closes = exchange->closes || response->closes;
    response->is_answered = true;
    if (vn_unlikely(response->is_detached))
        exchange->protocol->changed(exchange);
}

/* End the head and send it. `answer` is what follows from that. */
static int32_t send_head(struct vn_response *response, const struct vn_content *content,
                         enum vn_answer answer)
{
    struct vn_exchange *exchange = response->exchange;
    if (content->type.count > VN_RESPONSE_HEAD_MAX || !vn_is_field_value(content->type))
        return -EINVAL;
    size_t extra = content->type.count + content->bytes.count;
    int32_t begun = head_begin(response, VN_HEAD_ROOM + extra);
    if (vn_unlikely(begun < 0))
        return begun;
    begin_answer(response, answer);
    if (vn_unlikely(response->has_own) && head_move_to_shared(response, extra) < 0)
        return vn_response_out_of_memory(response);
    vn_worker_count_response(response->worker, response->head.status);
    if (vn_unlikely(exchange->protocol->head(exchange, &response->head, content) < 0))
        return vn_response_out_of_memory(response);
    return 0;
}

/* ---- A body at once ---- */

/* What Content-Type the core adds: none where there is one among the fields. */
static inline vn_span type_to_add(const struct vn_response *response, vn_span content_type)
{
    return vn_unlikely(response->has_type) ? (vn_span) {0} : content_type;
}

/* Send the head of a response with a body of `length` bytes, and after it `body`, which is all of
 * it or nothing. Returns 1 when the body has still to follow, 0 when it has not, or -errno. */
static inline int32_t send_whole(struct vn_response *response, vn_span content_type,
                                 uint64_t length, vn_span body)
{
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    const bool is_head = response->exchange->is_head;
    const struct vn_content content = {
        .type = type_to_add(response, content_type),
        .length = (int64_t) length,
        .is_allowed = vn_status_has_content(response->head.status),
        .bytes = body,
    };
    int32_t sent = send_head(response, &content, VN_ANSWER_DONE);
    return vn_unlikely(sent < 0) ? sent : content.is_allowed && !is_head && length > body.count;
}

/* Whether an answer can be withheld; its content type is looked at as if it were sent. */
vn_cold static int32_t begin_withholding(const struct vn_response *response, vn_span content_type)
{
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    bool is_valid = content_type.count <= VN_RESPONSE_HEAD_MAX && vn_is_field_value(content_type);
    return is_valid ? 0 : -EINVAL;
}

vn_cold static int32_t withhold_copy(struct vn_response *response, vn_span content_type,
                                     vn_span body)
{
    int32_t begun = begin_withholding(response, content_type);
    return begun < 0 ? begun : vn_withheld_copy(response->withheld, content_type, body);
}

vn_cold static int32_t withhold_shared(struct vn_response *response, vn_span content_type,
                                       vn_span body, vn_release *release, void *context)
{
    int32_t begun = begin_withholding(response, content_type);
    if (begun == 0)
        return vn_withheld_share(response->withheld, content_type, body, release, context);
    if (release != NULL)
        release(context);
    return begun;
}

int32_t vn_response_send(vn_response *response, vn_span content_type, vn_span body)
{
    if (vn_unlikely(response->withheld != NULL))
        return withhold_copy(response, content_type, body);
    vn_span small = body.count <= COPY_MAX ? body : (vn_span) {0};
    int32_t follows = send_whole(response, content_type, body.count, small);
    if (vn_likely(follows <= 0))
        return follows;
    struct vn_exchange *exchange = response->exchange;
    uint8_t *copy = malloc(body.count);
    if (copy == NULL)
        return vn_response_out_of_memory(response);
    memcpy(copy, body.bytes, body.count);
    vn_trim_later(&response->worker->trim);
    vn_span bytes = {copy, body.count};
    return exchange->protocol->write_shared(exchange, bytes, free, copy) < 0
               ? vn_response_out_of_memory(response)
               : 0;
}

int32_t vn_response_send_shared(vn_response *response, vn_span content_type, vn_span body,
                                vn_release *release, void *context)
{
    if (vn_unlikely(response->withheld != NULL))
        return withhold_shared(response, content_type, body, release, context);
    int32_t follows = send_whole(response, content_type, body.count, (vn_span) {0});
    if (follows < 1) {
        if (release != NULL)
            release(context);
        return follows;
    }
    struct vn_exchange *exchange = response->exchange;
    return exchange->protocol->write_shared(exchange, body, release, context) < 0
               ? vn_response_out_of_memory(response)
               : 0;
}

void vn_response_send_withheld(struct vn_response *response)
{
    struct vn_withheld answer = *response->withheld;
    *response->withheld = (struct vn_withheld) {0};
    response->withheld = NULL;
    if (!answer.is_set)
        return;
    int32_t sent = 0;
    if (answer.release != NULL) {
        sent = vn_response_send_shared(response, answer.content_type, answer.body, answer.release,
                                       answer.context);
        answer.release = NULL;
    } else
        sent = vn_response_send(response, answer.content_type, answer.body);
    if (sent < 0 && vn_response_is_open(response))
        vn_response_out_of_memory(response);
    vn_withheld_drop(&answer);
}

/* That of a message that a handler wrote; 0: it has none. */
static uint16_t read_raw_status(vn_span bytes)
{
    uint16_t status = 0;
    if (bytes.count < 12 || memcmp(bytes.bytes, "HTTP/1.", 7) != 0)
        return 0;
    for (size_t i = 9; i < 12; i++) {
        if (bytes.bytes[i] < '0' || bytes.bytes[i] > '9')
            return 0;
        status = (uint16_t) (status * 10 + (bytes.bytes[i] - '0'));
    }
    return status;
}

int32_t vn_response_send_raw(vn_response *response, vn_span bytes)
{
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    struct vn_exchange *exchange = response->exchange;
    if (exchange->protocol->raw == NULL)
        return -ENOTSUP;
    response->head.status = read_raw_status(bytes);
    begin_answer(response, VN_ANSWER_DONE);
    vn_unread_expect(&response->worker->unread, &response->worker->loop);
    vn_count_more(&response->worker->counted.responses_raw, 1);
    return exchange->protocol->raw(exchange, bytes) < 0 ? vn_response_out_of_memory(response) : 0;
}

int32_t vn_response_upgrade(struct vn_response *response, const struct vn_protocol *next,
                            void *context)
{
    struct vn_exchange *exchange = response->exchange;
    struct vn_head *head = &response->head;
    if (head_reserve(response, VN_STATUS_LINE_ROOM + VN_HEAD_ROOM) < 0)
        return -ENOMEM;
    vn_head_change_status(head, 101);
    head->status = 101;
    begin_answer(response, VN_ANSWER_DONE);
    if (response->has_own && head_move_to_shared(response, 0) < 0)
        return vn_response_out_of_memory(response);
    vn_worker_count_response(response->worker, head->status);
    return exchange->protocol->upgrade(exchange, head, next, context) < 0
               ? vn_response_out_of_memory(response)
               : 0;
}

void vn_response_send_empty(struct vn_response *response, uint16_t status)
{
    response->head.status = status;
    if (vn_response_send(response, (vn_span) {0}, (vn_span) {0}) < 0 &&
        !vn_response_is_answered(response))
        vn_response_out_of_memory(response);
}

/* ---- A body piece by piece ---- */

/* Answer with a head whose body follows. Returns 1, 0 when there is none to follow, or -errno. */
static int32_t begin_stream(struct vn_response *response, vn_span content_type, int64_t length)
{
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    struct vn_exchange *exchange = response->exchange;
    if (exchange->is_refused)
        return -EALREADY;
    const bool is_allowed = vn_status_has_content(response->head.status);
    const bool follows = is_allowed && !exchange->is_head && length != 0;
    const struct vn_content content = {
        .type = type_to_add(response, content_type),
        .length = length < 0 ? -1 : length,
        .is_allowed = is_allowed,
    };
    int32_t sent = send_head(response, &content, follows ? VN_ANSWER_STREAM : VN_ANSWER_DONE);
    return sent < 0 ? sent : follows;
}

int32_t vn_response_stream(vn_response *response, vn_span content_type, int64_t length,
                           vn_producer *producer, vn_release *release, void *context)
{
    int32_t result = begin_stream(response, content_type, length);
    struct vn_exchange *exchange = result == 1 ? response->exchange : NULL;
    struct vn_pending *pending = result == 1 ? vn_exchange_pending(exchange) : NULL;
    if (result == 1 && pending == NULL)
        result = vn_response_out_of_memory(response);
    if (result < 1) {
        if (release != NULL)
            release(context);
        return result;
    }
    pending->producer = producer;
    pending->producer_release = release;
    pending->producer_context = context;
    vn_exchange_keep_label(exchange, response->request, response->route);
    pending->left = length < 0 ? UINT64_MAX : (uint64_t) length;
    exchange->waits = false;
    return 0;
}

/* ---- The request's body, and later ---- */

static int32_t prepare_to_receive(struct vn_response *response)
{
    if (vn_response_is_elsewhere(response))
        return -EXDEV;
    struct vn_exchange *exchange = response->exchange;
    struct vn_pending *pending = exchange->answer == VN_ANSWER_DONE || exchange->is_refused
                                     ? NULL
                                     : vn_exchange_pending(exchange);
    if (pending == NULL || pending->consumer != NULL)
        return -EALREADY;
    return vn_exchange_keep_conditions(exchange, response->request) ? 0 : -ENOMEM;
}

int32_t vn_response_receive(vn_response *response, vn_consumer *consumer, vn_release *release,
                            void *context)
{
    int32_t result = prepare_to_receive(response);
    if (result < 0) {
        if (release != NULL)
            release(context);
        return result;
    }
    struct vn_exchange *exchange = response->exchange;
    struct vn_pending *pending = exchange->pending;
    pending->consumer = consumer;
    pending->consumer_release = release;
    pending->consumer_context = context;
    vn_exchange_keep_label(exchange, response->request, response->route);
    if (response->is_detached)
        vn_exchange_resume_body(exchange); /* what has come of it waits */
    return 0;
}

vn_handle vn_response_handle(const vn_response *response)
{
    if (vn_response_is_elsewhere(response) || vn_response_is_parted(response))
        return (vn_handle) {.worker = response->worker}; /* of no exchange */
    return response->exchange->protocol->handle(response->exchange);
}

int32_t vn_response_defer(vn_response *response)
{
    if (!vn_response_is_unanswered(response) || response->exchange->is_refused)
        return vn_response_refusal(response);
    response->is_promised = response->is_detached;
    if (response->is_detached)
        return 0; /* it has all that it needs */
    struct vn_exchange *exchange = response->exchange;
    if (!vn_exchange_keep_conditions(exchange, response->request))
        return -ENOMEM;
    exchange->answer = VN_ANSWER_LATER;
    vn_exchange_keep_label(exchange, response->request, response->route);
    return 0;
}
