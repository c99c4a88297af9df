// SPDX-License-Identifier: MIT
/* http2_input.c - longer than most, as the types of frames are many, and what each may do depends
 * on the same few bits. */
#include "http2_input.h"

#include <stdlib.h>

#include "http2_control.h"
#include "http2_exchange.h"
#include "http2_schedule.h"
#include "http2_stream.h"

enum {
    WORK_OF_REQUEST = 64, /* pieces of a body that a request is as much work as */
    WORK_OF_FRAME = 4,
    FIELDS_OF_WORK = 4, /* bytes of a head that are a piece more */
};

static uint64_t now_of(const struct vn_http2 *http2)
{
    return http2->connection->worker->loop.now;
}

static void fail(struct vn_http2 *http2, enum vn_http2_error error, const char *reason)
{
    vn_http2_fail(http2, error, reason);
}

/* A frame that carries nothing was sent. Returns false when there were too many. */
static bool count_empty(struct vn_http2 *http2)
{
    if (vn_allowance_use(&http2->empty_frames, now_of(http2), VN_HTTP2_EMPTY_FRAMES,
                         VN_HTTP2_EMPTY_FRAMES_A_SECOND))
        return true;
    fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "too many frames that carry nothing");
    return false;
}

/* Whether no client has begun the stream yet. The server begins none. */
static bool is_unused(const struct vn_http2 *http2, uint32_t number)
{
    return number > http2->last || number % 2 == 0;
}

/* ---- Heads ---- */

/* A block for a stream that does not want it: the tables stay alike. */
static bool skip_block(struct vn_http2 *http2, vn_span block)
{
    int32_t result = vn_http2_skip_block(http2, block);
    if (result == VN_BLOCK_INVALID)
        fail(http2, VN_HTTP2_COMPRESSION_ERROR, "a block of fields is none");
    else if (result < 0)
        http2->connection->is_cut = true;
    return result == VN_BLOCK_SOUND;
}

/* What a block comes to that is no answer. Returns whether the stream can go on. */
static bool is_usable(struct vn_http2 *http2, uint32_t number, int32_t verdict)
{
    if (verdict == VN_BLOCK_INVALID)
        fail(http2, VN_HTTP2_COMPRESSION_ERROR, "a block of fields is none");
    else if (verdict == VN_BLOCK_WITHOUT_MEMORY)
        http2->connection->is_cut = true;
    else if (verdict == VN_BLOCK_MALFORMED)
        vn_http2_provoked(http2, number, VN_HTTP2_PROTOCOL_ERROR);
    else
        return true;
    return false;
}

static void begin_request(struct vn_http2 *http2, uint32_t number, vn_span block, bool has_ended)
{
    struct vn_connection *connection = http2->connection;
    struct vn_read_request read;
    vn_connection_count_work(connection,
                             WORK_OF_REQUEST + (uint32_t) (block.count / FIELDS_OF_WORK));
    int32_t verdict = vn_http2_read_request(http2, block, &read);
    if (!is_usable(http2, number, verdict))
        return;
    bool promises_body =
        (read.request->facts & VN_HAS_LENGTH) != 0 && read.request->content_length > 0;
    if (verdict == VN_BLOCK_SOUND && has_ended && promises_body) {
        vn_http2_provoked(http2, number, VN_HTTP2_PROTOCOL_ERROR);
        return;
    }
    struct vn_stream *stream = vn_stream_open(http2, number, has_ended);
    if (stream == NULL) {
        connection->is_cut = true;
        return;
    }
    http2->last_taken = number;
    http2->requests++;
    if (http2->requests >= connection->worker->config->limits.requests)
        http2->is_unwanted = true;
    vn_stream_begin(stream, &read, verdict);
}

static void end_by_trailers(struct vn_http2 *http2, struct vn_stream *stream, vn_span block,
                            bool ends)
{
    int32_t verdict = vn_http2_read_trailers(http2, block);
    uint32_t number = stream->number;
    if (!is_usable(http2, number, verdict))
        return;
    bool is_short = stream->length != UINT64_MAX && stream->body != stream->length;
    if (!ends || is_short)
        vn_http2_provoked(http2, number, VN_HTTP2_PROTOCOL_ERROR);
    else if (verdict < 0) {
        stream->has_ended = true;
        vn_stream_fail(stream, (uint16_t) -verdict);
    } else
        vn_stream_deliver(stream, (vn_span) {0}, true);
}

/* A block for a stream that is not open, or half of it. */
static void use_late_block(struct vn_http2 *http2, uint32_t number, vn_span block)
{
    const struct vn_ended_stream *ended = vn_stream_find_ended(http2, number);
    if (ended == NULL)
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a stream's number is not above those before it");
    else if (!ended->is_reset)
        fail(http2, VN_HTTP2_STREAM_CLOSED, "a head came on a stream that was closed");
    else
        skip_block(http2, block);
}

static void use_block(struct vn_http2 *http2, uint32_t number, vn_span block, bool ends,
                      bool depends_on_itself)
{
    struct vn_stream *stream = vn_stream_find(http2, number);
    if (stream != NULL && !stream->has_ended) {
        end_by_trailers(http2, stream, block, ends);
        return;
    }
    if (stream != NULL) {
        if (skip_block(http2, block))
            vn_http2_provoked(http2, number, VN_HTTP2_STREAM_CLOSED);
        return;
    }
    if (number <= http2->last) {
        use_late_block(http2, number, block);
        return;
    }
    http2->last = number;
    bool is_refused = http2->stream_count >= VN_HTTP2_STREAMS_MAX || http2->is_last_named;
    if (!is_refused && !depends_on_itself)
        begin_request(http2, number, block, ends);
    else if (skip_block(http2, block))
        vn_http2_provoked(http2, number,
                          is_refused ? VN_HTTP2_REFUSED_STREAM : VN_HTTP2_PROTOCOL_ERROR);
}

/* ---- Blocks in several frames ---- */

static void drop_head(struct vn_http2 *http2)
{
    free(http2->head.bytes);
    http2->head = (struct vn_http2_head) {0};
    http2->is_in_head = false;
}

static bool append_head(struct vn_http2 *http2, vn_span piece)
{
    struct vn_http2_head *head = &http2->head;
    if (head->count + piece.count > VN_HTTP2_BLOCK_MAX) {
        fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "a head is too large");
        return false;
    }
    if (head->count + piece.count > head->capacity) {
        size_t capacity = vn_smaller(2 * (head->count + piece.count), VN_HTTP2_BLOCK_MAX);
        uint8_t *grown = realloc(head->bytes, capacity);
        if (grown == NULL) {
            http2->connection->is_cut = true;
            return false;
        }
        head->bytes = grown;
        head->capacity = (uint32_t) capacity;
    }
    if (piece.count > 0)
        memcpy(head->bytes + head->count, piece.bytes, piece.count);
    head->count += (uint32_t) piece.count;
    return true;
}

static void use_headers(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    bool ends = (frame->flags & VN_FLAG_END_STREAM) != 0, depends_on_itself = false;
    if (frame->stream % 2 == 0) {
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a client began a stream of an even number");
        return;
    }
    if (!vn_frame_unpad(frame, &payload) ||
        ((frame->flags & VN_FLAG_PRIORITY) != 0 && payload.count < VN_PRIORITY_SIZE)) {
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "padding is longer than its frame");
        return;
    }
    if ((frame->flags & VN_FLAG_PRIORITY) != 0) {
        depends_on_itself = vn_read_u31(payload.bytes) == frame->stream;
        payload = (vn_span) {payload.bytes + VN_PRIORITY_SIZE, payload.count - VN_PRIORITY_SIZE};
    }
    if ((frame->flags & VN_FLAG_END_HEADERS) != 0) {
        use_block(http2, frame->stream, payload, ends, depends_on_itself);
        return;
    }
    http2->is_in_head = true;
    http2->began = now_of(http2);
    http2->head = (struct vn_http2_head) {
        .stream = frame->stream, .ends = ends, .depends_on_itself = depends_on_itself};
    append_head(http2, payload);
}

static void use_continuation(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    if (++http2->head.continuations > VN_HTTP2_CONTINUATIONS_MAX) {
        fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "a head comes in too many frames");
        return;
    }
    if (!append_head(http2, payload) || (frame->flags & VN_FLAG_END_HEADERS) == 0)
        return;
    struct vn_http2_head head = http2->head;
    http2->head.bytes = NULL;
    drop_head(http2);
    use_block(http2, head.stream, (vn_span) {head.bytes, head.count}, head.ends,
              head.depends_on_itself);
    free(head.bytes);
}

/* ---- Data ---- */

/* The flow control of a frame, before its payload is looked at. Returns whose it is, with
 * `is_wanted`; NULL and not wanted: it is thrown away, or the connection has failed. */
static struct vn_stream *find_receiver(struct vn_http2 *http2, const struct vn_frame *frame)
{
    struct vn_stream *stream = vn_stream_find(http2, frame->stream);
    if (stream == NULL) {
        const struct vn_ended_stream *ended = vn_stream_find_ended(http2, frame->stream);
        if (ended == NULL || !ended->is_reset)
            vn_http2_provoked(http2, frame->stream, VN_HTTP2_STREAM_CLOSED);
        return NULL;
    }
    enum vn_http2_error error = VN_HTTP2_NO_ERROR;
    if (stream->has_ended)
        error = VN_HTTP2_STREAM_CLOSED;
    else if ((int64_t) frame->count > stream->receive_window)
        error = VN_HTTP2_FLOW_CONTROL_ERROR;
    if (error != VN_HTTP2_NO_ERROR) {
        vn_http2_provoked(http2, frame->stream, error);
        return NULL;
    }
    stream->receive_window -= frame->count;
    return stream;
}

/* The content of a frame is known by its head: that it is as much as was declared, too. */
static bool is_declared(const struct vn_stream *stream, uint32_t count, bool ends)
{
    if (stream->length == UINT64_MAX)
        return true;
    uint64_t sum = stream->body + count;
    return sum <= stream->length && (!ends || sum == stream->length);
}

/* Returns bytes used; 0: more are needed. */
static size_t begin_data(struct vn_http2 *http2, const struct vn_frame *frame, const uint8_t *bytes,
                         size_t count)
{
    uint32_t padded = (frame->flags & VN_FLAG_PADDED) != 0;
    bool ends = (frame->flags & VN_FLAG_END_STREAM) != 0;
    if (count < VN_FRAME_HEAD + padded)
        return 0;
    uint32_t padding = padded ? bytes[VN_FRAME_HEAD] : 0;
    if (is_unused(http2, frame->stream) || padding + padded > frame->count) {
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "data is of no stream, or less than its padding");
        return count;
    }
    if ((int64_t) frame->count > http2->receive_window) {
        fail(http2, VN_HTTP2_FLOW_CONTROL_ERROR, "a client sent more than it may");
        return count;
    }
    uint32_t content = frame->count - padded - padding;
    if (content == 0 && !ends && !count_empty(http2))
        return count;
    http2->receive_window -= frame->count;
    struct vn_stream *stream = find_receiver(http2, frame);
    if (http2->connection->is_closing)
        return count;
    if (stream != NULL && !is_declared(stream, content, ends)) {
        vn_http2_provoked(http2, frame->stream, VN_HTTP2_PROTOCOL_ERROR);
        stream = NULL;
    }
    if (http2->connection->is_closing)
        return count;
    http2->is_in_data = content + padding > 0;
    http2->data = (struct vn_http2_data) {stream, content, padding, ends};
    vn_http2_credit(http2, frame->count);
    if (stream != NULL)
        vn_stream_credit(stream, padded + padding);
    if (stream != NULL && content == 0 && ends)
        vn_stream_deliver(stream, (vn_span) {0}, true);
    return VN_FRAME_HEAD + padded;
}

static size_t use_data(struct vn_http2 *http2, const uint8_t *bytes, size_t count)
{
    struct vn_http2_data *data = &http2->data;
    size_t piece = vn_smaller(count, data->left);
    size_t padding = vn_smaller(count - piece, data->padding);
    data->left -= (uint32_t) piece;
    data->padding -= (uint32_t) padding;
    http2->is_in_data = data->left + data->padding > 0;
    bool is_last = data->ends && data->left == 0;
    vn_connection_count_work(http2->connection, 1);
    vn_budget_look(&http2->connection->worker->loop.budget);
    if (data->stream != NULL && piece > 0)
        vn_stream_deliver(data->stream, (vn_span) {bytes, piece}, is_last);
    return piece + padding;
}

/* ---- Settings ---- */

static void set_peer_window(struct vn_http2 *http2, uint32_t window)
{
    int64_t more = (int64_t) window - http2->peer_window;
    http2->peer_window = window;
    for (struct vn_stream *stream = vn_stream_first(http2); stream != NULL;
         stream = vn_stream_after(stream)) {
        stream->send_window += more;
        if (stream->send_window > VN_WINDOW_MAX) {
            fail(http2, VN_HTTP2_FLOW_CONTROL_ERROR, "SETTINGS make a window too large");
            return;
        }
        vn_stream_make_ready(stream);
    }
}

static void use_settings(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    if ((frame->flags & VN_FLAG_ACK) != 0) {
        count_empty(http2);
        return;
    }
    if (!count_empty(http2))
        return;
    for (size_t at = 0; at < payload.count && !http2->connection->is_closing;
         at += VN_SETTING_SIZE) {
        const uint8_t *bytes = payload.bytes + at;
        uint16_t setting = (uint16_t) (bytes[0] << 8 | bytes[1]);
        uint32_t value = vn_read_u32(bytes + 2);
        enum vn_http2_error error = vn_setting_check(setting, value);
        if (error != VN_HTTP2_NO_ERROR)
            fail(http2, error, "a setting has a value that it cannot have");
        else if (setting == VN_SETTING_INITIAL_WINDOW_SIZE)
            set_peer_window(http2, value);
        else if (setting == VN_SETTING_HEADER_TABLE_SIZE)
            vn_hpack_encoder_limit(&http2->encoder, value);
    }
    if (!http2->connection->is_closing)
        vn_http2_put_settings_ack(http2);
}

/* ---- Frames of a few bytes ---- */

/* One that was answered already has given one back (vn_stream_settle), which it should not have:
 * work is done for it all the same. */
static void use_reset(struct vn_http2 *http2, const struct vn_frame *frame)
{
    struct vn_stream *stream = vn_stream_find(http2, frame->stream);
    if (is_unused(http2, frame->stream)) {
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a stream was reset before it began");
        return;
    }
    bool is_allowed = true;
    /* What an answer gives back is taken back, too. */
    for (int i = stream == NULL || stream->is_over ? 2 : 1; i > 0 && is_allowed; i--)
        is_allowed = vn_allowance_use(&http2->resets, now_of(http2), VN_HTTP2_RESETS,
                                      VN_HTTP2_RESETS_A_SECOND);
    if (!is_allowed)
        fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "too many streams were reset");
    else if (stream != NULL)
        vn_stream_close(stream);
}

static void use_priority(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    if (!count_empty(http2))
        return;
    if (vn_read_u31(payload.bytes) == frame->stream)
        vn_http2_provoked(http2, frame->stream, VN_HTTP2_PROTOCOL_ERROR);
}

/* RFC 9218, section 7.1. What is said of a stream before it begins is not kept. */
static void use_priority_update(struct vn_http2 *http2, vn_span payload)
{
    uint32_t number = vn_read_u31(payload.bytes);
    if (number == 0 || number % 2 == 0) {
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a priority is of no stream");
        return;
    }
    struct vn_stream *stream = vn_stream_find(http2, number);
    if (!count_empty(http2) || stream == NULL)
        return;
    stream->priority = (struct vn_priority) {.urgency = VN_URGENCY};
    stream->has_priority = true;
    vn_priority_read(&stream->priority, (vn_span) {payload.bytes + 4, payload.count - 4});
    vn_stream_reschedule(stream);
}

static void use_ping(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    if (!count_empty(http2))
        return;
    if ((frame->flags & VN_FLAG_ACK) == 0)
        vn_http2_put_ping(http2, payload.bytes, true);
    else if (http2->is_leaving && vn_http2_is_last_ping(payload.bytes))
        vn_http2_name_last(http2);
}

static void open_connection_window(struct vn_http2 *http2, uint32_t more)
{
    http2->send_window += more;
    if (more == 0)
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a window grows by nothing");
    else if (http2->send_window > VN_WINDOW_MAX)
        fail(http2, VN_HTTP2_FLOW_CONTROL_ERROR, "a window is too large");
}

static void use_window_update(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    uint32_t more = vn_read_u31(payload.bytes);
    if (!vn_allowance_use(&http2->window_updates, now_of(http2), VN_HTTP2_WINDOW_UPDATES,
                          VN_HTTP2_WINDOW_UPDATES_A_SECOND)) {
        fail(http2, VN_HTTP2_ENHANCE_YOUR_CALM, "too many windows were opened");
        return;
    }
    if (frame->stream == 0) {
        open_connection_window(http2, more);
        return;
    }
    struct vn_stream *stream = vn_stream_find(http2, frame->stream);
    if (is_unused(http2, frame->stream))
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a window is of a stream that has not begun");
    else if (more == 0)
        vn_http2_provoked(http2, frame->stream, VN_HTTP2_PROTOCOL_ERROR);
    else if (stream != NULL && stream->send_window + more > VN_WINDOW_MAX)
        vn_http2_provoked(http2, frame->stream, VN_HTTP2_FLOW_CONTROL_ERROR);
    else if (stream != NULL) {
        stream->send_window += more;
        vn_stream_make_ready(stream);
    }
}

/* ---- Frames ---- */

static void use_frame(struct vn_http2 *http2, const struct vn_frame *frame, vn_span payload)
{
    switch (frame->type) {
    case VN_FRAME_HEADERS:
        use_headers(http2, frame, payload);
        break;
    case VN_FRAME_CONTINUATION:
        use_continuation(http2, frame, payload);
        break;
    case VN_FRAME_PRIORITY:
        use_priority(http2, frame, payload);
        break;
    case VN_FRAME_RST_STREAM:
        use_reset(http2, frame);
        break;
    case VN_FRAME_SETTINGS:
        use_settings(http2, frame, payload);
        break;
    case VN_FRAME_PING:
        use_ping(http2, frame, payload);
        break;
    case VN_FRAME_WINDOW_UPDATE:
        use_window_update(http2, frame, payload);
        break;
    case VN_FRAME_PRIORITY_UPDATE:
        use_priority_update(http2, payload);
        break;
    default: /* GOAWAY says that there will be no more streams; others mean nothing */
        count_empty(http2);
        break;
    }
}

/* What may not come here whatever it holds. Returns false when it does. */
static bool is_in_order(struct vn_http2 *http2, const struct vn_frame *frame)
{
    struct vn_frame_fault fault = vn_frame_check(frame);
    bool is_next = frame->type == VN_FRAME_CONTINUATION && frame->stream == http2->head.stream;
    if (!http2->has_settings &&
        (frame->type != VN_FRAME_SETTINGS || (frame->flags & VN_FLAG_ACK) != 0))
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "the first frame is not SETTINGS");
    else if (http2->is_in_head ? !is_next : frame->type == VN_FRAME_CONTINUATION)
        fail(http2, VN_HTTP2_PROTOCOL_ERROR, "the frames of a head do not follow each other");
    else if (fault.error != VN_HTTP2_NO_ERROR && !fault.is_of_stream)
        fail(http2, fault.error, "a frame has a length or a stream that it cannot have");
    else
        return true;
    return false;
}

/* Returns bytes used; 0: more are needed. */
static size_t use_next_frame(struct vn_http2 *http2, const uint8_t *bytes, size_t count)
{
    if (count < VN_FRAME_HEAD)
        return 0;
    struct vn_frame frame = vn_frame_read(bytes);
    if (!is_in_order(http2, &frame))
        return count;
    if (frame.type == VN_FRAME_DATA)
        return begin_data(http2, &frame, bytes, count);
    if (count < VN_FRAME_HEAD + frame.count)
        return 0;
    http2->has_settings = true;
    vn_connection_count_work(http2->connection, WORK_OF_FRAME);
    if (vn_frame_check(&frame).error != VN_HTTP2_NO_ERROR)
        vn_http2_provoked(http2, frame.stream, VN_HTTP2_FRAME_SIZE_ERROR);
    else
        use_frame(http2, &frame, (vn_span) {bytes + VN_FRAME_HEAD, frame.count});
    return VN_FRAME_HEAD + frame.count;
}

static size_t use_preface(struct vn_http2 *http2, const uint8_t *bytes, size_t count)
{
    const vn_span preface = VN_PREFACE;
    size_t have = vn_smaller(count, preface.count);
    if (memcmp(bytes, preface.bytes, have) != 0) {
        http2->connection->is_cut = true; /* it speaks something else */
        return count;
    }
    if (have < preface.count)
        return 0;
    http2->has_preface = true;
    vn_http2_put_settings(http2);
    if (http2->connection->worker->loop.is_draining)
        vn_http2_leave(http2);
    return have;
}

static size_t use(struct vn_http2 *http2, const uint8_t *bytes, size_t count)
{
    if (vn_unlikely(!http2->has_preface))
        return use_preface(http2, bytes, count);
    return http2->is_in_data ? use_data(http2, bytes, count) : use_next_frame(http2, bytes, count);
}

size_t vn_http2_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    size_t at = 0;
    if (vn_unlikely(http2 == NULL)) {
        connection->is_cut = true;
        return count;
    }
    bool was_amid = vn_http2_is_amid(http2);
    while (at < count && !connection->is_cut && !connection->is_closing) {
        if (vn_unlikely(vn_connection_is_full(connection) ||
                        vn_connection_is_over_budget(connection))) {
            connection->is_blocked = true;
            break;
        }
        size_t used = use(http2, bytes + at, count - at);
        if (used == 0)
            break;
        at += used;
    }
    connection->looks = 0;
    if (!was_amid || (at > 0 && !http2->is_in_head))
        http2->began = now_of(http2);
    http2->is_amid = at < count && !connection->is_blocked;
    if (!connection->is_closing)
        vn_http2_schedule(http2);
    return at;
}

bool vn_http2_is_amid(const struct vn_http2 *http2)
{
    return http2->is_amid || http2->is_in_head || http2->is_in_data;
}
