// SPDX-License-Identifier: MIT
#include "http2_stream.h"

#include "http2_control.h"
#include "log.h"

/* ---- The table ---- */

static struct vn_stream **bucket_of(struct vn_http2 *http2, uint32_t number)
{
    return &http2->buckets[(number >> 1) % VN_HTTP2_BUCKETS];
}

struct vn_stream *vn_stream_open(struct vn_http2 *http2, uint32_t number, bool has_ended)
{
    struct vn_connection *connection = http2->connection;
    struct vn_worker *worker = connection->worker;
    struct vn_stream *stream = vn_freelist_take(&worker->freelist, sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct vn_stream) {
        .exchange = {.protocol = connection->protocol, .worker = worker},
        .http2 = http2,
        .number = number,
        .send_window = http2->peer_window,
        .receive_window = VN_HTTP2_STREAM_WINDOW,
        .window_size = VN_HTTP2_STREAM_WINDOW,
        .priority = {.urgency = VN_URGENCY},
        .since = worker->loop.now,
        .body_at = worker->loop.now,
        .progress = worker->loop.now,
        .length = UINT64_MAX,
        .has_ended = has_ended,
    };
    vn_list_append(&http2->streams, &stream->link);
    vn_list_init(&stream->ready);
    vn_list_init(&stream->changed);
    struct vn_stream **bucket = bucket_of(http2, number);
    stream->next = *bucket;
    *bucket = stream;
    http2->stream_count++;
    return stream;
}

struct vn_stream *vn_stream_find(const struct vn_http2 *http2, uint32_t number)
{
    struct vn_stream *stream = http2->buckets[(number >> 1) % VN_HTTP2_BUCKETS];
    while (stream != NULL && stream->number != number)
        stream = stream->next;
    return stream;
}

const struct vn_ended_stream *vn_stream_find_ended(const struct vn_http2 *http2, uint32_t number)
{
    for (size_t i = 0; i < VN_HTTP2_ENDED_KEPT; i++)
        if (http2->ended[i].number == number)
            return &http2->ended[i];
    return NULL;
}

struct vn_stream *vn_stream_first(const struct vn_http2 *http2)
{
    return vn_list_is_empty(&http2->streams) ? NULL : vn_stream_at(http2->streams.next);
}

struct vn_stream *vn_stream_after(const struct vn_stream *stream)
{
    return stream->link.next == &stream->http2->streams ? NULL : vn_stream_at(stream->link.next);
}

/* ---- The end ---- */

static void note_ended(struct vn_http2 *http2, uint32_t number, bool is_reset)
{
    http2->ended[http2->ended_count++ % VN_HTTP2_ENDED_KEPT] =
        (struct vn_ended_stream) {number, is_reset};
}

void vn_stream_leave_postponed(struct vn_stream *stream)
{
    struct vn_http2 *http2 = stream->http2;
    if (!stream->is_postponed)
        return;
    stream->is_postponed = false;
    http2->postponed--;
    http2->connection->holds_output = http2->postponed > 0;
}

void vn_stream_end_exchange(struct vn_stream *stream)
{
    if (stream->is_over)
        return;
    stream->is_over = true;
    stream->http2->gathered -= stream->gathered;
    stream->gathered = 0;
    vn_stream_leave_postponed(stream);
    vn_exchange_end(&stream->exchange);
}

static void unlink_stream(struct vn_stream *stream)
{
    struct vn_http2 *http2 = stream->http2;
    struct vn_stream **at = bucket_of(http2, stream->number);
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    vn_list_remove(&stream->link);
    vn_list_remove(&stream->ready);
    vn_list_remove(&stream->changed);
    http2->stream_count--;
    if (http2->data.stream == stream)
        http2->data.stream = NULL;
}

/* Its memory goes; how it has ended is not noted. */
static void stream_free(struct vn_stream *stream)
{
    struct vn_connection *connection = vn_stream_connection(stream);
    struct vn_worker *worker = connection->worker;
    vn_stream_end_exchange(stream);
    vn_stream_drop_input(stream);
    unlink_stream(stream);
    if (stream->output != NULL)
        vn_output_give(&worker->writer, stream->output);
    vn_freelist_give(&worker->freelist, stream, sizeof *stream);
    connection->since = worker->loop.now; /* it may be idle from now on */
}

void vn_stream_close(struct vn_stream *stream)
{
    note_ended(stream->http2, stream->number, false);
    stream_free(stream);
}

void vn_stream_reset(struct vn_stream *stream, enum vn_http2_error error)
{
    vn_http2_put_reset(stream->http2, stream->number, error);
    note_ended(stream->http2, stream->number, true);
    stream_free(stream);
}

void vn_http2_provoked(struct vn_http2 *http2, uint32_t number, enum vn_http2_error error)
{
    uint64_t now = http2->connection->worker->loop.now;
    struct vn_stream *stream = vn_stream_find(http2, number);
    bool was_answered =
        stream != NULL ? stream->is_over : vn_stream_find_ended(http2, number) != NULL;
    bool is_allowed = true;
    /* What an answer gives back is taken back, too. */
    for (int i = was_answered ? 2 : 1; i > 0 && is_allowed; i--)
        is_allowed =
            vn_allowance_use(&http2->resets, now, VN_HTTP2_RESETS, VN_HTTP2_RESETS_A_SECOND);
    if (!is_allowed) {
        vn_http2_fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "too many streams were reset");
        return;
    }
    if (stream != NULL)
        vn_stream_reset(stream, error);
    else {
        vn_http2_put_reset(http2, number, error);
        note_ended(http2, number, true);
    }
}

void vn_http2_end_streams(struct vn_http2 *http2)
{
    for (struct vn_stream *stream; (stream = vn_stream_first(http2)) != NULL;)
        stream_free(stream);
}

vn_cold void vn_http2_fail(struct vn_http2 *http2, enum vn_http2_error error, const char *reason)
{
    struct vn_connection *connection = http2->connection;
    if (connection->is_closing)
        return;
    vn_log(connection->worker->config, VN_LOG_INFO, "an HTTP/2 connection was ended: %s (error %d)",
           reason, error);
    vn_http2_put_goaway(http2, http2->last_taken, error);
    vn_connection_close(connection, true);
    connection->holds_output = false;
    vn_http2_end_streams(http2);
}

/* ---- What is to be done ---- */

void vn_stream_make_ready(struct vn_stream *stream)
{
    if (vn_list_is_empty(&stream->ready))
        vn_list_append(&stream->http2->ready[stream->priority.urgency], &stream->ready);
}

void vn_stream_note_change(struct vn_stream *stream)
{
    if (vn_list_is_empty(&stream->changed))
        vn_list_append(&stream->http2->changed, &stream->changed);
}

/* ---- Windows ---- */

void vn_http2_credit(struct vn_http2 *http2, uint32_t count)
{
    http2->owed += count;
    if (http2->owed < VN_HTTP2_WINDOW / 2 || http2->waiting > VN_HTTP2_WAITING_MAX)
        return;
    http2->receive_window += http2->owed;
    vn_http2_put_window(http2, 0, http2->owed);
    http2->owed = 0;
}

/* A handler that takes what comes gets more at once. */
void vn_stream_credit(struct vn_stream *stream, uint32_t count)
{
    stream->owed += count;
    if (stream->has_ended || stream->owed < stream->window_size / 2)
        return;
    uint32_t more = stream->owed;
    if (!stream->is_over && stream->window_size < VN_HTTP2_STREAM_WINDOW_MAX) {
        uint32_t size = stream->window_size * 2;
        size = size < VN_HTTP2_STREAM_WINDOW_MAX ? size : VN_HTTP2_STREAM_WINDOW_MAX;
        more += size - stream->window_size;
        stream->window_size = size;
    }
    stream->owed = 0;
    stream->receive_window += more;
    vn_http2_put_window(stream->http2, stream->number, more);
}

void vn_stream_drop_input(struct vn_stream *stream)
{
    if (stream->input == NULL)
        return;
    uint32_t count = stream->input->count - stream->input->at;
    stream->owed += count;
    stream->http2->waiting -= count;
    vn_input_free(&stream->input);
    vn_http2_credit(stream->http2, 0);
}
