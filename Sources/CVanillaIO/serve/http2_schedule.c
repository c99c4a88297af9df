// SPDX-License-Identifier: MIT
#include "http2_schedule.h"

#include "body_writer.h"
#include "http2_control.h"
#include "http2_exchange.h"
#include "http2_output.h"
#include "http2_stream.h"

enum { AHEAD_MAX = 64 * 1024 }; /* bytes unsent beside which no more is appended */

/* What a stream's turn came to. */
enum turn {
    TURN_DONE, /* it has nothing to send, or its window is shut */
    TURN_SENT, /* and there may be more */
    TURN_SHUT, /* the window of the connection is shut, or as much is unsent as a producer may add */
    TURN_GONE, /* the stream may be, too */
};

/* A producer is called when all that it wrote was sent. */
static bool produces(const struct vn_stream *stream)
{
    return stream->exchange.answer == VN_ANSWER_STREAM && !stream->exchange.waits &&
           !stream->is_broken && stream->has_head && vn_stream_unsent(stream) == 0;
}

static size_t sendable(const struct vn_stream *stream)
{
    int64_t count = stream->send_window < stream->http2->send_window ? stream->send_window
                                                                     : stream->http2->send_window;
    if (count <= 0)
        return 0;
    return vn_smaller(vn_smaller((size_t) count, vn_stream_unsent(stream)), VN_FRAME_SIZE);
}

static enum turn send_data(struct vn_stream *stream)
{
    uint64_t unsent = vn_stream_unsent(stream);
    size_t count = sendable(stream);
    bool ends = stream->exchange.answer == VN_ANSWER_DONE && count == unsent;
    if (count == 0 && !ends)
        return stream->send_window > 0 && (unsent > 0 || produces(stream)) ? TURN_SHUT : TURN_DONE;
    if (!vn_http2_put_data(stream, count, ends))
        vn_stream_connection(stream)->is_cut = true;
    return ends ? TURN_GONE : TURN_SENT;
}

static enum turn take_turn(struct vn_stream *stream)
{
    if (stream->is_ended) /* one that was answered outside of its connection's events ends here */
        return stream->is_over ? TURN_DONE : TURN_GONE;
    if (produces(stream)) {
        if (stream->send_window <= 0)
            return TURN_DONE;
        if (stream->http2->send_window <= 0 || vn_http2_unsent(&stream->exchange) >= VN_WRITE_MAX)
            return TURN_SHUT;
        if (!vn_body_writer_produce(&stream->exchange)) {
            vn_exchange_note_cut(&stream->exchange);
            stream->is_broken = true;
        }
    }
    return stream->is_broken ? TURN_GONE : send_data(stream);
}

/* Answers of which a part is worth something, or of which nothing was said, share: each has a frame
 * in turn. The others come one after the other. */
static bool shares(const struct vn_stream *stream)
{
    return stream->priority.is_incremental || !stream->has_priority;
}

static void send_from(struct vn_http2 *http2, struct vn_link *list)
{
    struct vn_link shut;
    vn_list_init(&shut);
    while (!vn_list_is_empty(list) && !http2->connection->is_cut &&
           vn_connection_unsent(http2->connection) < AHEAD_MAX) {
        struct vn_stream *stream = vn_holder(list->next, struct vn_stream, ready);
        enum turn turn = take_turn(stream);
        if (turn != TURN_SENT || shares(stream))
            vn_list_remove(&stream->ready);
        if (turn == TURN_SHUT)
            vn_list_append(&shut, &stream->ready);
        else if (turn == TURN_SENT && shares(stream))
            vn_list_append(list, &stream->ready);
        else if (turn == TURN_GONE)
            vn_stream_settle(stream);
    }
    while (!vn_list_is_empty(&shut)) {
        struct vn_link *last = shut.previous;
        vn_list_remove(last);
        last->next = list->next;
        last->previous = list;
        list->next->previous = last;
        list->next = last;
    }
}

static void see_to_changes(struct vn_http2 *http2)
{
    while (!vn_list_is_empty(&http2->changed) && !http2->connection->is_closing) {
        struct vn_stream *stream = vn_holder(http2->changed.next, struct vn_stream, changed);
        vn_list_remove(&stream->changed);
        vn_stream_make_ready(stream);
        vn_stream_go_on(stream);
    }
}

/* The last stream has gone, and there will be no other. */
static void close_if_over(struct vn_http2 *http2)
{
    struct vn_connection *connection = http2->connection;
    if (http2->stream_count > 0 || connection->is_closing)
        return;
    if (http2->input_is_over || http2->is_last_named) {
        if (http2->has_preface && !connection->is_at_end)
            vn_http2_name_last(http2);
        vn_connection_close(connection, false);
    }
}

void vn_http2_schedule(struct vn_http2 *http2)
{
    struct vn_connection *connection = http2->connection;
    see_to_changes(http2);
    if (connection->is_closing)
        return;
    connection->has_more = false;
    for (size_t i = 0; i < VN_URGENCIES; i++) {
        send_from(http2, &http2->ready[i]);
        connection->has_more =
            connection->has_more || (!vn_list_is_empty(&http2->ready[i]) && http2->send_window > 0);
    }
    if (http2->is_unwanted)
        vn_http2_leave(http2);
    close_if_over(http2);
}

void vn_stream_reschedule(struct vn_stream *stream)
{
    vn_list_remove(&stream->ready);
    vn_stream_make_ready(stream);
}
