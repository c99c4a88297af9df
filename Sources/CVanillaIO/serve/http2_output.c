// SPDX-License-Identifier: MIT
#include "http2_output.h"

#include <stdlib.h>

#include "../http/body.h"
#include "../http/classes.h"
#include "../http/scan.h"
#include "../http/status.h"
#include "http2_control.h"
#include "http2_stream.h"

enum {
    STACK_MAX = 1024, /* bytes of a text of a head that is encoded without memory of its own */
    DIRECT_MAX = 64 * 1024, /* bytes unsent beside which content does not wait for its turn */
};

/* ---- The head ---- */

/* What answers differ in goes into no table; and secrets are not guessed by the size of what is
 * sent (RFC 7541, section 7.1). */
static enum vn_hpack_indexing indexing_of(vn_span name)
{
    static const struct {
        vn_span name;
        enum vn_hpack_indexing indexing;
    } others[] = {
        {VN_LITERAL("Content-Length"), VN_HPACK_NOT_INDEXED},
        {VN_LITERAL("ETag"), VN_HPACK_NOT_INDEXED},
        {VN_LITERAL("Last-Modified"), VN_HPACK_NOT_INDEXED},
        {VN_LITERAL("Content-Range"), VN_HPACK_NOT_INDEXED},
        {VN_LITERAL("Location"), VN_HPACK_NOT_INDEXED},
        {VN_LITERAL("Set-Cookie"), VN_HPACK_NEVER_INDEXED},
        {VN_LITERAL("Authorization"), VN_HPACK_NEVER_INDEXED},
        {VN_LITERAL("Authentication-Info"), VN_HPACK_NEVER_INDEXED},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (vn_equals_ignoring_case(name, others[i].name))
            return others[i].indexing;
    return VN_HPACK_INDEXED;
}

/* Fields of HTTP/1 that say something about its connection (RFC 9113, section 8.2.2). */
static bool is_of_connection(vn_span name)
{
    static const vn_span names[] = {VN_LITERAL("Connection"),       VN_LITERAL("Keep-Alive"),
                                    VN_LITERAL("Proxy-Connection"), VN_LITERAL("Transfer-Encoding"),
                                    VN_LITERAL("Upgrade"),          VN_LITERAL("TE")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (vn_equals_ignoring_case(name, names[i]))
            return true;
    return false;
}

static vn_span trim(vn_span value)
{
    while (value.count > 0 && vn_is_blank(value.bytes[0]))
        value = (vn_span) {value.bytes + 1, value.count - 1};
    while (value.count > 0 && vn_is_blank(value.bytes[value.count - 1]))
        value.count--;
    return value;
}

/* The fields of a head whose text is complete. Returns the end of the block. What is no field is
 * left out: a handler may have written it (vn_response_send_raw). */
static uint8_t *write_fields(struct vn_hpack_encoder *encoder, uint8_t *to, vn_span text)
{
    const uint8_t *end = text.bytes + text.count - 2; /* the empty line */
    const uint8_t *at = (const uint8_t *) memchr(text.bytes, '\n', text.count) + 1;
    for (const uint8_t *line_end; at < end; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t) (end - at));
        const uint8_t *colon = memchr(at, ':', (size_t) (line_end - at));
        if (vn_unlikely(colon == NULL || line_end[-1] != '\r'))
            continue;
        vn_span name = {at, (size_t) (colon - at)};
        vn_span value = trim((vn_span) {colon + 1, (size_t) (line_end - 1 - (colon + 1))});
        if (vn_likely(vn_is_token(name) && !is_of_connection(name)))
            to = vn_hpack_write(encoder, to, name, value, indexing_of(name));
    }
    return to;
}

/* Encode a head, or take the block of the last one where it is the same. Returns its end. */
static uint8_t *write_block(struct vn_http2 *http2, uint8_t *to, vn_span text, uint16_t status)
{
    struct vn_repeated_head *repeated = &http2->repeated;
    struct vn_hpack_encoder *encoder = &http2->encoder;
    if (vn_likely(repeated->text_count == text.count && repeated->changes == encoder->changes) &&
        vn_likely(memcmp(repeated->text, text.bytes, text.count) == 0)) {
        memcpy(to, repeated->block, repeated->block_count);
        return to + repeated->block_count;
    }
    uint32_t before = encoder->changes;
    uint8_t *end = vn_hpack_write_begin(encoder, to);
    end = vn_hpack_write_status(encoder, end, status);
    end = write_fields(encoder, end, text);
    size_t count = (size_t) (end - to);
    bool is_short = text.count <= sizeof repeated->text && count <= sizeof repeated->block;
    repeated->text_count = 0;
    if (before != encoder->changes || !is_short)
        return end; /* what was written changes the table, and would do so again */
    repeated->text_count = (uint16_t) text.count;
    repeated->block_count = (uint16_t) count;
    repeated->changes = encoder->changes;
    memcpy(repeated->text, text.bytes, text.count);
    memcpy(repeated->block, to, count);
    return end;
}

/* Bytes that a block may have, of a text of HTTP/1. */
static size_t block_room(vn_span text)
{
    size_t lines = 0;
    for (const uint8_t *at = text.bytes, *end = at + text.count;
         (at = memchr(at, '\n', (size_t) (end - at))) != NULL; at++)
        lines++;
    return text.count + VN_HPACK_BEGIN_ROOM + lines * VN_HPACK_FIELD_ROOM;
}

/* Frames of a block: HEADERS, and CONTINUATION where that is not enough. */
static uint8_t *write_head_frames(const struct vn_stream *stream, uint8_t *to, vn_span block,
                                  bool ends)
{
    uint8_t type = VN_FRAME_HEADERS, flags = ends ? VN_FLAG_END_STREAM : 0;
    do {
        size_t count = vn_smaller(block.count, VN_FRAME_SIZE);
        uint8_t end = count == block.count ? VN_FLAG_END_HEADERS : 0;
        const struct vn_frame frame = {(uint32_t) count, stream->number, type,
                                       (uint8_t) (flags | end)};
        to = vn_frame_write(to, &frame);
        memcpy(to, block.bytes, count);
        to += count;
        block = (vn_span) {block.bytes + count, block.count - count};
        type = VN_FRAME_CONTINUATION;
        flags = 0;
    } while (block.count > 0);
    return to;
}

/* Append bytes to the connection's output that were written to reserved room. */
static int32_t commit(struct vn_stream *stream, size_t count)
{
    struct vn_connection *connection = vn_stream_connection(stream);
    struct vn_output *output = vn_connection_output(connection);
    stream->sent += count;
    return output == NULL ? -ENOMEM : vn_output_commit(output, &connection->worker->writer, count);
}

/* ---- Content beside the head ---- */

static bool fits_windows(const struct vn_stream *stream, size_t count)
{
    const struct vn_http2 *http2 = stream->http2;
    return count <= VN_FRAME_SIZE && (int64_t) count <= stream->send_window &&
           (int64_t) count <= http2->send_window &&
           vn_connection_unsent(http2->connection) <= DIRECT_MAX;
}

static void take_windows(struct vn_stream *stream, size_t count)
{
    stream->send_window -= (int64_t) count;
    stream->http2->send_window -= (int64_t) count;
    stream->progress = stream->exchange.worker->loop.now;
    stream->http2->progress = stream->progress;
    stream->http2->sent += count;
    vn_allowance_give(&stream->http2->window_updates, 2, VN_HTTP2_WINDOW_UPDATES);
}

static uint8_t *write_data(struct vn_stream *stream, uint8_t *to, vn_span bytes, bool ends)
{
    const struct vn_frame frame = {(uint32_t) bytes.count, stream->number, VN_FRAME_DATA,
                                   ends ? VN_FLAG_END_STREAM : 0};
    to = vn_frame_write(to, &frame);
    memcpy(to, bytes.bytes, bytes.count);
    take_windows(stream, bytes.count);
    return to + bytes.count;
}

/* What waits with the stream; NULL when memory ran out. */
static struct vn_output *stream_output(struct vn_stream *stream)
{
    uint64_t now = stream->exchange.worker->loop.now;
    if (stream->output == NULL) {
        stream->output = vn_output_take(&stream->exchange.worker->writer);
        stream->progress = now;
        stream->stall = (struct vn_stall) {.looked = now};
    }
    return stream->output;
}

static int32_t keep(struct vn_stream *stream, vn_span bytes)
{
    struct vn_writer *writer = &stream->exchange.worker->writer;
    struct vn_output *output = stream_output(stream);
    uint8_t *room = output == NULL ? NULL : vn_writer_reserve(writer, bytes.count);
    if (room == NULL)
        return -ENOMEM;
    memcpy(room, bytes.bytes, bytes.count);
    return vn_output_commit(output, writer, bytes.count);
}

/* ---- Answers ---- */

static enum vn_framing framing_of(const struct vn_head *head, const struct vn_content *content)
{
    if (!content->is_allowed)
        return vn_status_frames_nothing(head->status) ? VN_FRAMED_AS_EMPTY : VN_FRAMED_BY_NOTHING;
    return content->length >= 0 ? VN_FRAMED_BY_LENGTH : VN_FRAMED_BY_NOTHING;
}

/* The frames of a head over its text, which is gone then, and content beside it where the windows
 * allow that. */
static int32_t send_head(struct vn_stream *stream, vn_span text, uint16_t status, bool ends,
                         vn_span content)
{
    struct vn_writer *writer = &stream->exchange.worker->writer;
    uint8_t stack[STACK_MAX];
    size_t most = block_room(text);
    uint8_t *block = most <= sizeof stack ? stack : malloc(most);
    if (block == NULL)
        return -ENOMEM;
    size_t count = (size_t) (write_block(stream->http2, block, text, status) - block);
    bool is_direct = content.count > 0 && fits_windows(stream, content.count);
    size_t frames = count / VN_FRAME_SIZE + 2;
    size_t room = count + frames * VN_FRAME_HEAD + (is_direct ? content.count : 0);
    uint8_t *start = vn_writer_reserve(writer, room), *at = start;
    int32_t result = start == NULL ? -ENOMEM : 0;
    if (result == 0) {
        at = write_head_frames(stream, at, (vn_span) {block, count}, ends);
        if (is_direct)
            at = write_data(stream, at, content, true);
        stream->is_ended = ends || is_direct;
        result = commit(stream, (size_t) (at - start));
    }
    if (result < 0)
        vn_stream_connection(stream)->is_cut = true; /* the tables are not alike any more */
    if (block != stack)
        free(block);
    return result < 0 || content.count == 0 || is_direct ? result : keep(stream, content);
}

/* The bytes of the content may lie anywhere but in the room of the head. */
int32_t vn_http2_head(struct vn_exchange *exchange, struct vn_head *head,
                      const struct vn_content *content)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    bool has_content = content->is_allowed && !exchange->is_head && content->length != 0;
    const struct vn_connection *connection = vn_stream_connection(stream);
    if (vn_unlikely(connection->transport->strict != NULL))
        vn_connection_add_strict(connection, head);
    vn_head_finish(head, content->type, framing_of(head, content), (uint64_t) content->length,
                   VN_STAYS_SILENTLY);
    vn_span text = {head->start, vn_head_count(head)};
    bool ends = exchange->answer == VN_ANSWER_DONE && !has_content;
    vn_span bytes = has_content ? content->bytes : (vn_span) {0};
    int32_t result = send_head(stream, text, head->status, ends, bytes);
    stream->has_head = true;
    stream->progress = exchange->worker->loop.now;
    if (exchange->closes)
        stream->http2->is_unwanted = true;
    vn_stream_make_ready(stream);
    return result;
}

/* Bytes of the head of a message of HTTP/1, the empty line included; 0: it has no end. */
static size_t measure_head(vn_span message)
{
    const uint8_t *at = message.bytes, *end = at + message.count;
    while ((at = memchr(at, '\n', (size_t) (end - at))) != NULL) {
        at++;
        if (at - message.bytes >= 2 && end - at >= 2 && at[0] == '\r' && at[1] == '\n' &&
            at[-2] == '\r')
            return (size_t) (at + 2 - message.bytes);
    }
    return 0;
}

static bool is_chunked(vn_span head)
{
    const struct vn_head text = {.start = (uint8_t *) (uintptr_t) head.bytes,
                                 .at = (uint8_t *) (uintptr_t) (head.bytes + head.count - 2)};
    return vn_head_find(&text, VN_LITERAL("Transfer-Encoding")).count > 0;
}

/* The content of a chunked message. Returns 0, -EINVAL where it is none, or -ENOMEM. */
static int32_t keep_chunks(struct vn_stream *stream, vn_span bytes)
{
    const struct vn_body_limits limits = {UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    const vn_request chunked = {.facts = VN_IS_CHUNKED};
    struct vn_body body;
    vn_body_begin(&body, &chunked, &limits);
    while (!body.is_complete && bytes.count > 0) {
        vn_span piece;
        int64_t used = vn_body_feed(&body, bytes.bytes, bytes.count, &limits, &piece);
        if (used <= 0)
            return -EINVAL;
        bytes = (vn_span) {bytes.bytes + used, bytes.count - (size_t) used};
        if (piece.count > 0 && keep(stream, piece) < 0)
            return -ENOMEM;
    }
    return body.is_complete ? 0 : -EINVAL;
}

/* A message of HTTP/1 as one of HTTP/2. One that is none breaks the stream. */
int32_t vn_http2_raw(struct vn_exchange *exchange, vn_span bytes)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    size_t head_count = bytes.count < 15 ? 0 : measure_head(bytes);
    int64_t status = head_count == 0 ? -1 : vn_parse_decimal(bytes.bytes + 9, 3);
    if (status < 200) {
        vn_http2_cut(exchange);
        return 0;
    }
    vn_span head = {bytes.bytes, head_count};
    vn_span rest = {bytes.bytes + head_count, bytes.count - head_count};
    if (exchange->is_head)
        rest.count = 0;
    bool has_chunks = rest.count > 0 && is_chunked(head);
    vn_span content = has_chunks ? (vn_span) {0} : rest;
    int32_t result = send_head(stream, head, (uint16_t) status, rest.count == 0, content);
    stream->has_head = true;
    if (result == 0 && has_chunks && (result = keep_chunks(stream, rest)) == -EINVAL) {
        vn_http2_cut(exchange);
        return 0;
    }
    vn_stream_make_ready(stream);
    return result;
}

int32_t vn_http2_write(struct vn_exchange *exchange, vn_span bytes)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    vn_stream_make_ready(stream);
    return keep(stream, bytes);
}

int32_t vn_http2_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                              void *context)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    struct vn_output *output = stream_output(stream);
    if (output == NULL) {
        if (release != NULL)
            release(context);
        return -ENOMEM;
    }
    vn_stream_make_ready(stream);
    return vn_output_refer(output, bytes, release, context);
}

int32_t vn_http2_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                             bool is_only, vn_release *release, void *context)
{
    (void) is_only;
    return vn_http2_write_shared(exchange, vn_chunk_data(chunk), release, context);
}

/* END_STREAM comes with the last content, or alone. */
int32_t vn_http2_finish(struct vn_exchange *exchange)
{
    vn_stream_make_ready(vn_stream_of(exchange));
    return 0;
}

void vn_http2_cut(struct vn_exchange *exchange)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    vn_exchange_note_cut(exchange);
    stream->is_broken = true;
    vn_stream_note_change(stream);
    vn_connection_resume(vn_stream_connection(stream));
}

uint64_t vn_http2_unsent(const struct vn_exchange *exchange)
{
    const struct vn_stream *stream = vn_stream_of(exchange);
    return vn_stream_unsent(stream) + vn_connection_unsent(vn_stream_connection(stream));
}

uint64_t vn_http2_appended(const struct vn_exchange *exchange)
{
    return vn_stream_of(exchange)->sent;
}

/* ---- Frames ---- */

void vn_http2_continue(struct vn_stream *stream)
{
    struct vn_connection *connection = vn_stream_connection(stream);
    uint8_t block[VN_HPACK_BEGIN_ROOM + VN_HPACK_FIELD_ROOM], bytes[VN_FRAME_HEAD + sizeof block];
    uint8_t *end = vn_hpack_write_begin(&stream->http2->encoder, block);
    end = vn_hpack_write_status(&stream->http2->encoder, end, 100);
    stream->awaits_continue = false;
    end = write_head_frames(stream, bytes, (vn_span) {block, (size_t) (end - block)}, false);
    if (vn_connection_put(connection, (vn_span) {bytes, (size_t) (end - bytes)}) < 0)
        connection->is_cut = true;
}

bool vn_http2_put_data(struct vn_stream *stream, size_t count, bool ends)
{
    struct vn_connection *connection = vn_stream_connection(stream);
    uint8_t bytes[VN_FRAME_HEAD];
    const struct vn_frame frame = {(uint32_t) count, stream->number, VN_FRAME_DATA,
                                   ends ? VN_FLAG_END_STREAM : 0};
    vn_frame_write(bytes, &frame);
    if (vn_connection_put(connection, (vn_span) {bytes, sizeof bytes}) < 0 ||
        (count > 0 && vn_output_move(connection->output, stream->output, count) < 0))
        return false;
    stream->sent += sizeof bytes + count;
    stream->is_ended = ends;
    take_windows(stream, count);
    if (stream->output != NULL && stream->output->unsent == 0) {
        vn_output_give(&connection->worker->writer, stream->output);
        stream->output = NULL;
    }
    return true;
}
