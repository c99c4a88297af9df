// SPDX-License-Identifier: MIT
#include "http1_output.h"

#include <errno.h>

#include "../http/status.h"

/* ---- The head ---- */

/* Whether the connection closes after the answer that is now given. */
static bool will_close(const struct vn_connection *connection)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    const struct vn_body *body = &http1->body;
    const vn_limits *limits = &connection->worker->config->limits;
    return http1->exchange.closes || http1->says_close || http1->awaits_continue ||
           connection->worker->loop.is_draining || http1->requests >= limits->requests ||
           (!body->is_complete && !body->is_chunked && body->left > limits->discard);
}

/* Whether the rest of the request is still to come, on a connection that stays. A proxy may give it
 * to its next client once the answer is complete, and that one's request would follow the rest of
 * this one's. So what completes the answer waits for the rest, unless the answer says that the
 * connection closes. */
static bool is_early(const struct vn_exchange *exchange)
{
    return vn_unlikely(!vn_http1_with(exchange)->body.is_complete) && !exchange->closes;
}

/* Whether a head completes the answer too early. */
static bool is_held(const struct vn_exchange *exchange)
{
    return is_early(exchange) && exchange->answer == VN_ANSWER_DONE;
}

/* A head that is held says that the connection closes, until it is known that it does not. HTTP/1.0
 * would have to be told that it stays: there it closes. */
vn_cold static void hold_head(struct vn_exchange *exchange, const struct vn_head *head)
{
    struct vn_output *output = vn_connection_output(vn_http1_connection(exchange));
    struct vn_pending *pending = vn_exchange_pending(exchange);
    exchange->closes = vn_http1_with(exchange)->minor == 0 || pending == NULL || output == NULL;
    if (exchange->closes)
        return;
    pending->close_at = vn_head_count(head) - VN_HEAD_CLOSES.count - VN_LITERAL("\r\n").count;
    vn_output_hold(output);
}

/* Hold back what is appended next, if it completes an answer too early. */
vn_flat static void hold_if_early(struct vn_exchange *exchange)
{
    if (vn_likely(!is_early(exchange)) ||
        (exchange->answer != VN_ANSWER_DONE && exchange->pending->left > 0))
        return;
    struct vn_output *output = vn_connection_output(vn_http1_connection(exchange));
    if (output == NULL || vn_exchange_pending(exchange) == NULL)
        vn_http1_cut(exchange);
    else
        vn_output_hold(output);
}

vn_cold void vn_http1_let_go(struct vn_exchange *exchange)
{
    struct vn_output *output = vn_http1_connection(exchange)->output;
    const struct vn_pending *pending = exchange->pending;
    if (pending != NULL && pending->close_at > 0 && !exchange->closes)
        vn_output_drop_held(output, pending->close_at, VN_HEAD_CLOSES.count);
    vn_output_let_go(output);
}

static enum vn_framing framing_of(const struct vn_http1 *http1, const struct vn_head *head,
                                  const struct vn_content *content)
{
    if (vn_unlikely(!content->is_allowed))
        return vn_status_frames_nothing(head->status) ? VN_FRAMED_AS_EMPTY : VN_FRAMED_BY_NOTHING;
    if (vn_likely(content->length >= 0))
        return VN_FRAMED_BY_LENGTH;
    return http1->minor == 0 ? VN_FRAMED_BY_CLOSE : VN_FRAMED_BY_CHUNKS;
}

int32_t vn_http1_head(struct vn_exchange *exchange, struct vn_head *head,
                      const struct vn_content *content)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    struct vn_http1 *http1 = vn_http1_of(connection);
    enum vn_framing framing = framing_of(http1, head, content);
    enum vn_persistence persistence = VN_STAYS_SILENTLY;
    exchange->closes = framing == VN_FRAMED_BY_CLOSE || will_close(connection);
    if (exchange->closes || is_held(exchange))
        persistence = VN_SAYS_IT_CLOSES;
    else if (http1->minor == 0)
        persistence = VN_SAYS_IT_STAYS;
    http1->is_chunked = framing == VN_FRAMED_BY_CHUNKS;
    connection->has_more = exchange->answer == VN_ANSWER_STREAM;
    if (vn_unlikely(connection->transport->strict != NULL))
        vn_connection_add_strict(connection, head);
    vn_head_finish(head, content->type, framing, (uint64_t) content->length, persistence);
    if (is_held(exchange))
        hold_head(exchange, head);
    if (content->bytes.count > 0 && content->is_allowed && !exchange->is_head)
        vn_head_put(head, content->bytes);
    struct vn_output *output = vn_connection_output(connection);
    if (output == NULL)
        return -ENOMEM;
    return vn_output_commit(output, &connection->worker->writer, vn_head_count(head));
}

int32_t vn_http1_upgrade(struct vn_exchange *exchange, struct vn_head *head,
                         const struct vn_protocol *next, void *context)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    struct vn_output *output = vn_connection_output(connection);
    struct vn_pending *pending = vn_exchange_pending(exchange);
    if (output == NULL || pending == NULL)
        return -ENOMEM;
    vn_head_finish(head, (vn_span) {0}, VN_FRAMED_BY_NOTHING, 0, VN_STAYS_SILENTLY);
    if (vn_output_commit(output, &connection->worker->writer, vn_head_count(head)) < 0)
        return -ENOMEM;
    pending->next_protocol = next;
    pending->next_context = context;
    exchange->closes = true; /* as far as HTTP/1.x is concerned */
    return 0;
}

int32_t vn_http1_raw(struct vn_exchange *exchange, vn_span bytes)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    exchange->closes = will_close(connection);
    hold_if_early(exchange);
    return bytes.count == 0 ? 0 : vn_connection_put(connection, bytes);
}

/* ---- Content ---- */

/* The line before `count` bytes of content, where the answer is chunked. */
static int32_t put_line(struct vn_connection *connection, size_t count)
{
    uint8_t line[VN_CHUNK_LINE_MAX];
    if (!vn_http1_in(connection)->is_chunked)
        return 0;
    uint8_t *end = vn_chunk_write_line(line, count);
    return vn_connection_put(connection, (vn_span) {line, (size_t) (end - line)});
}

static int32_t put_end(struct vn_connection *connection)
{
    return vn_http1_in(connection)->is_chunked ? vn_connection_put(connection, VN_CHUNK_END) : 0;
}

int32_t vn_http1_write(struct vn_exchange *exchange, vn_span bytes)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    hold_if_early(exchange);
    int32_t result = put_line(connection, bytes.count);
    if (result == 0)
        result = vn_connection_put(connection, bytes);
    return result < 0 ? result : put_end(connection);
}

int32_t vn_http1_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                              void *context)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    hold_if_early(exchange);
    int32_t result = put_line(connection, bytes.count);
    struct vn_output *output = result < 0 ? NULL : vn_connection_output(connection);
    if (output == NULL) {
        if (release != NULL)
            release(context);
        return -ENOMEM;
    }
    result = vn_output_refer(output, bytes, release, context);
    return result < 0 ? result : put_end(connection);
}

int32_t vn_http1_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                             bool is_only, vn_release *release, void *context)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    vn_span bytes =
        vn_http1_in(connection)->is_chunked ? vn_chunk_framed(chunk) : vn_chunk_data(chunk);
    int64_t sent = is_only ? vn_connection_try_send(connection, bytes) : 0;
    if (vn_likely(sent == (int64_t) bytes.count)) {
        release(context);
        return 0;
    }
    struct vn_output *output = sent < 0 ? NULL : vn_connection_output(connection);
    if (output == NULL) {
        release(context);
        return -ENOMEM;
    }
    vn_span rest = {bytes.bytes + sent, bytes.count - (size_t) sent};
    return vn_output_refer(output, rest, release, context);
}

int32_t vn_http1_finish(struct vn_exchange *exchange)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    if (!vn_http1_in(connection)->is_chunked)
        return 0;
    hold_if_early(exchange);
    return vn_connection_put(connection, VN_CHUNK_LAST);
}

void vn_http1_cut(struct vn_exchange *exchange)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    vn_exchange_note_cut(exchange);
    connection->is_cut = true;
    vn_connection_resume(connection);
}

uint64_t vn_http1_unsent(const struct vn_exchange *exchange)
{
    return vn_connection_unsent(vn_http1_connection(exchange));
}

uint64_t vn_http1_appended(const struct vn_exchange *exchange)
{
    return vn_connection_appended(vn_http1_connection(exchange));
}

void vn_http1_continue(struct vn_connection *connection)
{
    const vn_span line = VN_LITERAL("HTTP/1.1 100 Continue\r\n\r\n");
    struct vn_record *record = vn_exchange_record(&vn_http1_in(connection)->exchange);
    vn_http1_of(connection)->awaits_continue = false;
    if (vn_connection_put(connection, line) < 0)
        connection->is_cut = true;
    else if (vn_unlikely(record != NULL)) /* which is no byte of the answer */
        record->appended += line.count;
}
