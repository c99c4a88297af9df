// SPDX-License-Identifier: MIT
/* reply.c - what a handler's calls become on the wire.
 *
 * A head is written straight into reserved room of the worker's current chunk, behind the answers
 * of earlier requests of the batch, and committed with a small body in one piece. Until then it can
 * be dropped by forgetting it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../http/digits.h"
#include "../http/entity_tag.h"
#include "../http/preconditions.h"
#include "../http/scan.h"
#include "../http/status.h"
#include "conn.h"

enum {
    HEAD_MOST = 64 * 1024,  /* bytes of a response head */
    HEAD_ROOM = 256,        /* for the lines that the kernel writes itself */
    COPY_MOST = 8 * 1024,   /* a body up to this size is copied behind its head */
    STREAM_MOST = 32 * 1024 /* bytes that one call of a producer should write */
};

#define LITERAL(text) ((vn_span) {(const uint8_t *) text, sizeof text - 1})

static void put(struct vn_response *response, vn_span bytes)
{
    assert((size_t) (response->end - response->at) >= bytes.count);
    memcpy(response->at, bytes.bytes, bytes.count);
    response->at += bytes.count;
}

/* Without memory there is no answer: the connection is cut. */
vn_cold static int32_t out_of_memory(struct vn_conn *conn)
{
    conn->is_cut = true;
    conn->answer = VN_ANSWER_DONE;
    vn_conn_answered(conn);
    return -ENOMEM;
}

/* ---- The head ---- */

static vn_span status_line(uint8_t *room, uint16_t status)
{
    vn_span reason = vn_status_reason(status);
    uint8_t *at = room;
    memcpy(at, "HTTP/1.1 ", 9);
    at = vn_write_decimal(at + 9, status);
    *at++ = ' ';
    memcpy(at, reason.bytes, reason.count);
    at += reason.count;
    *at++ = '\r';
    *at++ = '\n';
    return (vn_span) {room, (size_t) (at - room)};
}

/* Room in memory of its own, of which the first `used` bytes were already written. */
static int32_t own_reserve(struct vn_response *response, size_t used, size_t count)
{
    uint8_t *room = realloc(response->own, count);
    if (room == NULL)
        return -ENOMEM;
    response->own = room;
    response->start = room;
    response->at = room + used;
    response->end = room + count;
    return 0;
}

bool vn_reply_keep_head(struct vn_response *response)
{
    if (response->has_own || response->is_answered)
        return true; /* it is in memory of its own, or sent */
    const uint8_t *written = response->start;
    size_t used = written == NULL ? 0 : (size_t) (response->at - written);
    response->has_own = true;
    if (used == 0)
        return true;
    if (own_reserve(response, used, used + HEAD_ROOM) < 0) {
        out_of_memory(response->conn);
        return false;
    }
    memcpy(response->start, written, used);
    return true;
}

vn_cold static int32_t head_extend(struct vn_response *response, size_t count)
{
    size_t used = (size_t) (response->at - response->start);
    if (used + count > HEAD_MOST + HEAD_ROOM + COPY_MOST)
        return -EMSGSIZE;
    if (response->has_own)
        return own_reserve(response, used, used + count);
    uint8_t *room = vn_writer_extend(&response->worker->writer, used, used + count);
    if (room == NULL)
        return -ENOMEM;
    response->start = room;
    response->at = room + used;
    response->end = room + vn_writer_room(&response->worker->writer);
    return 0;
}

/* Have room for `count` more bytes. */
static int32_t head_reserve(struct vn_response *response, size_t count)
{
    if (vn_likely(count <= (size_t) (response->end - response->at)))
        return 0;
    return head_extend(response, count);
}

/* Begin the head with its status line and date. */
static int32_t head_begin(struct vn_response *response, size_t count)
{
    struct vn_worker *worker = response->worker;
    if (response->start != NULL)
        return head_reserve(response, count);
    if (vn_unlikely(response->has_own)) {
        if (own_reserve(response, 0, HEAD_ROOM + count) < 0)
            return -ENOMEM;
    } else {
        response->start = vn_writer_reserve(&worker->writer, HEAD_ROOM + count);
        if (response->start == NULL)
            return -ENOMEM;
        response->end = response->start + vn_writer_room(&worker->writer);
    }
    uint8_t *room = response->start;
    if (vn_likely(response->status == 200)) {
        memcpy(room, worker->prefix, VN_STATUS_LINE_ROOM); /* a constant size is a few moves */
        response->at = room + worker->prefix_count;
        return 0;
    }
    response->at = room + status_line(room, response->status).count;
    put(response, LITERAL("Date: "));
    put(response, (vn_span) {worker->date, VN_DATE_SIZE});
    put(response, LITERAL("\r\n"));
    return 0;
}

/* The status changed when fields were already written: they move behind the new line. */
vn_cold static int32_t head_change_status(struct vn_response *response, uint16_t status)
{
    uint8_t before[VN_STATUS_LINE_ROOM], line[VN_STATUS_LINE_ROOM];
    size_t before_count = status_line(before, response->status).count;
    vn_span changed = status_line(line, status);
    if (head_reserve(response, VN_STATUS_LINE_ROOM) < 0)
        return -ENOMEM;
    size_t rest = (size_t) (response->at - response->start) - before_count;
    memmove(response->start + changed.count, response->start + before_count, rest);
    memcpy(response->start, changed.bytes, changed.count);
    response->at = response->start + changed.count + rest;
    return 0;
}

int32_t vn_response_set_status(vn_response *response, uint16_t status)
{
    if (status < 200 || status > 999)
        return -EINVAL;
    if (!vn_response_is_open(response))
        return -EALREADY;
    if (response->start != NULL && status != response->status &&
        head_change_status(response, status) < 0)
        return -ENOMEM;
    response->status = status;
    return 0;
}

/* Fields that say how the message is framed, or when it was made: only the kernel knows. */
static bool is_own_field(vn_span name)
{
    switch (name.count) {
    case 4:
        return vn_equals_ignoring_case(name, LITERAL("Date"));
    case 10:
        return vn_equals_ignoring_case(name, LITERAL("Connection"));
    case 14:
        return vn_equals_ignoring_case(name, LITERAL("Content-Length"));
    case 17:
        return vn_equals_ignoring_case(name, LITERAL("Transfer-Encoding"));
    default:
        return false;
    }
}

/* Have room for a line of a field, CRLF included. */
static int32_t head_begin_line(struct vn_response *response, size_t count)
{
    if (response->start != NULL && (size_t) (response->at - response->start) + count > HEAD_MOST)
        return -EMSGSIZE;
    return head_begin(response, count);
}

int32_t vn_response_add_field(vn_response *response, vn_span name, vn_span value)
{
    if (!vn_response_is_open(response))
        return -EALREADY;
    if (!vn_is_token(name) || !vn_is_field_value(value))
        return -EINVAL;
    if (is_own_field(name))
        return -EPERM;
    if (name.count > HEAD_MOST || value.count > HEAD_MOST)
        return -EMSGSIZE;
    int32_t begun = head_begin_line(response, name.count + value.count + 4);
    if (begun < 0)
        return begun;
    put(response, name);
    put(response, LITERAL(": "));
    put(response, value);
    put(response, LITERAL("\r\n"));
    return 0;
}

int32_t vn_response_reset(vn_response *response)
{
    if (!vn_response_is_open(response))
        return -EALREADY;
    response->start = NULL; /* nothing of it was committed */
    response->status = 200;
    return 0;
}

void vn_response_set_close(vn_response *response)
{
    response->closes = true;
    if (!vn_response_is_open(response) && !vn_response_is_parted(response))
        response->conn->closes = true;
}

bool vn_response_is_answered(const vn_response *response)
{
    return !vn_response_is_open(response);
}

/* How the body is framed. */
enum framing { FRAMED_BY_NOTHING, FRAMED_BY_LENGTH, FRAMED_BY_CHUNKS, FRAMED_BY_CLOSE };

/* End the head with the lines that say what follows, and whether the connection stays. There is
 * room behind it for `extra` bytes. */
static int32_t head_finish(struct vn_response *response, vn_span content_type, enum framing framing,
                           uint64_t length, size_t extra)
{
    struct vn_conn *conn = response->conn;
    if (content_type.count > HEAD_MOST || !vn_is_field_value(content_type))
        return -EINVAL;
    int32_t begun = head_begin(response, HEAD_ROOM + content_type.count + extra);
    if (begun < 0)
        return begun;
    if (content_type.count > 0) {
        put(response, LITERAL("Content-Type: "));
        put(response, content_type);
        put(response, LITERAL("\r\n"));
    }
    if (framing == FRAMED_BY_LENGTH) {
        put(response, LITERAL("Content-Length: "));
        response->at = vn_write_decimal(response->at, length);
        put(response, LITERAL("\r\n"));
    } else if (framing == FRAMED_BY_CHUNKS)
        put(response, LITERAL("Transfer-Encoding: chunked\r\n"));

    conn->closes =
        conn->closes || response->closes || framing == FRAMED_BY_CLOSE || vn_conn_will_close(conn);
    if (vn_unlikely(conn->closes))
        put(response, LITERAL("Connection: close\r\n"));
    else if (vn_unlikely(conn->minor == 0))
        put(response, LITERAL("Connection: keep-alive\r\n"));
    put(response, LITERAL("\r\n"));
    return 0;
}

/* The head of a call's answer may have been begun long before. The date is its second line. */
vn_cold static void head_renew_date(struct vn_response *response)
{
    uint8_t *line = memchr(response->start, '\n', (size_t) (response->at - response->start));
    memcpy(line + sizeof "\nDate: " - 1, response->worker->date, VN_DATE_SIZE);
}

static int32_t head_commit(struct vn_response *response)
{
    struct vn_conn *conn = response->conn;
    struct vn_output *output = vn_conn_output(conn);
    size_t count = (size_t) (response->at - response->start);
    if (output == NULL)
        return -ENOMEM;
    response->is_answered = true;
    if (response->is_detached)
        vn_conn_answered(conn);
    if (vn_unlikely(response->has_own)) {
        uint8_t *room = vn_writer_reserve(&response->worker->writer, count);
        if (room == NULL)
            return -ENOMEM;
        head_renew_date(response);
        memcpy(room, response->start, count);
    }
    vn_count_more(&response->worker->counters.counted.responses[response->status / 100 % 6], 1);
    return vn_output_commit(output, &response->worker->writer, count);
}

/* ---- A body at once ---- */

/* Send the head of a response with a body of `length` bytes, and behind it `body`, which is all of
 * it or nothing. Returns 1 when the body has still to follow, 0 when it has not, or -errno. */
static int32_t send_head(struct vn_response *response, vn_span content_type, uint64_t length,
                         vn_span body)
{
    struct vn_conn *conn = response->conn;
    if (!vn_response_is_open(response))
        return -EALREADY;
    bool has_content = vn_status_has_content(response->status);
    bool is_sent = has_content && !conn->is_head_method;
    int32_t finished =
        head_finish(response, content_type, has_content ? FRAMED_BY_LENGTH : FRAMED_BY_NOTHING,
                    length, body.count);
    if (vn_unlikely(finished < 0))
        return finished;
    if (is_sent && body.count > 0)
        put(response, body);
    conn->answer = VN_ANSWER_DONE;
    if (vn_unlikely(head_commit(response) < 0))
        return out_of_memory(conn);
    return is_sent && length > body.count;
}

int32_t vn_response_send(vn_response *response, vn_span content_type, vn_span body)
{
    struct vn_conn *conn = response->conn;
    vn_span small = body.count <= COPY_MOST ? body : (vn_span) {0};
    int32_t follows = send_head(response, content_type, body.count, small);
    if (vn_likely(follows <= 0))
        return follows;
    uint8_t *copy = malloc(body.count);
    if (copy == NULL)
        return out_of_memory(conn);
    memcpy(copy, body.bytes, body.count);
    return vn_output_refer(conn->output, (vn_span) {copy, body.count}, free, copy) < 0
               ? out_of_memory(conn)
               : 0;
}

int32_t vn_response_send_shared(vn_response *response, vn_span content_type, vn_span body,
                                vn_release *release, void *context)
{
    struct vn_conn *conn = response->conn;
    int32_t follows = send_head(response, content_type, body.count, (vn_span) {0});
    if (follows == 1)
        return vn_output_refer(conn->output, body, release, context) < 0 ? out_of_memory(conn) : 0;
    if (release != NULL)
        release(context);
    return follows;
}

int32_t vn_response_send_raw(vn_response *response, vn_span bytes)
{
    struct vn_conn *conn = response->conn;
    if (!vn_response_is_open(response))
        return -EALREADY;
    conn->answer = VN_ANSWER_DONE;
    response->is_answered = true;
    if (response->is_detached)
        vn_conn_answered(conn);
    conn->closes = conn->closes || response->closes || vn_conn_will_close(conn);
    vn_count_more(&response->worker->counters.counted.responses[0], 1);
    struct vn_output *output = vn_conn_output(conn);
    uint8_t *room =
        output == NULL ? NULL : vn_writer_reserve(&response->worker->writer, bytes.count);
    if (room == NULL)
        return out_of_memory(conn);
    memcpy(room, bytes.bytes, bytes.count);
    if (bytes.count > 0 && vn_output_commit(output, &response->worker->writer, bytes.count) < 0)
        return out_of_memory(conn);
    return 0;
}

/* ---- A body piece by piece ---- */

int32_t vn_response_stream(vn_response *response, vn_span content_type, int64_t length,
                           vn_producer *producer, vn_release *release, void *context)
{
    struct vn_conn *conn = response->conn;
    enum framing framing = length >= 0        ? FRAMED_BY_LENGTH
                           : conn->minor == 0 ? FRAMED_BY_CLOSE
                                              : FRAMED_BY_CHUNKS;
    if (!vn_status_has_content(response->status))
        framing = FRAMED_BY_NOTHING;
    int32_t result = -EALREADY;
    if (!vn_response_is_open(response))
        goto release;
    if ((result = head_finish(response, content_type, framing, length < 0 ? 0 : (uint64_t) length,
                              0)) < 0)
        goto release;
    if (head_commit(response) < 0 || vn_conn_exchange(conn) == NULL) {
        result = out_of_memory(conn);
        goto release;
    }
    if (framing == FRAMED_BY_NOTHING || conn->is_head_method || length == 0) {
        conn->answer = VN_ANSWER_DONE;
        result = 0;
        goto release;
    }
    conn->answer = VN_ANSWER_STREAM;
    struct vn_exchange *exchange = conn->exchange;
    exchange->producer = producer;
    exchange->producer_release = release;
    exchange->producer_context = context;
    exchange->stream_is_chunked = framing == FRAMED_BY_CHUNKS;
    exchange->stream_left = length < 0 ? UINT64_MAX : (uint64_t) length;
    conn->stream_waits = false;
    return 0;

release:
    if (release != NULL)
        release(context);
    return result;
}

size_t vn_stream_capacity(const vn_stream *stream)
{
    uint64_t unsent = vn_conn_unsent(stream->conn);
    uint64_t room = unsent < STREAM_MOST ? STREAM_MOST - unsent : 0;
    uint64_t left = stream->conn->exchange->stream_left;
    return (size_t) (left < room ? left : room);
}

/* Append a few bytes of the kernel's own. */
static bool stream_put(struct vn_conn *conn, vn_span bytes)
{
    struct vn_writer *writer = &conn->worker->writer;
    struct vn_output *output = vn_conn_output(conn);
    uint8_t *room = output == NULL ? NULL : vn_writer_reserve(writer, bytes.count);
    if (room == NULL)
        return false;
    memcpy(room, bytes.bytes, bytes.count);
    return vn_output_commit(output, writer, bytes.count) == 0;
}

static bool stream_put_size(struct vn_conn *conn, size_t count)
{
    uint8_t line[VN_HEX_MAX + 2];
    uint8_t *end = vn_write_hex(line, count);
    *end++ = '\r';
    *end++ = '\n';
    return stream_put(conn, (vn_span) {line, (size_t) (end - line)});
}

/* Append to the body, with its framing. An empty piece is none: it would end a chunked body. */
static int32_t stream_append(struct vn_stream *stream, vn_span bytes, bool copies,
                             vn_release *release, void *context)
{
    struct vn_conn *conn = stream->conn;
    struct vn_exchange *exchange = conn->exchange;
    bool is_appended = false;
    int32_t result = 0;
    if (bytes.count > exchange->stream_left)
        result = -EMSGSIZE;
    else if (bytes.count > 0) {
        if (exchange->stream_left != UINT64_MAX)
            exchange->stream_left -= bytes.count;
        bool done = !exchange->stream_is_chunked || stream_put_size(conn, bytes.count);
        if (done && copies)
            done = stream_put(conn, bytes);
        else if (done && vn_conn_output(conn) != NULL) {
            done = vn_output_refer(conn->output, bytes, release, context) == 0;
            is_appended = true;
        } else
            done = false;
        done = done && (!exchange->stream_is_chunked || stream_put(conn, LITERAL("\r\n")));
        stream->failed = stream->failed || !done;
        result = done ? 0 : -ENOMEM;
    }
    if (!is_appended && release != NULL)
        release(context);
    return result;
}

int32_t vn_stream_write(vn_stream *stream, vn_span bytes)
{
    return stream_append(stream, bytes, true, NULL, NULL);
}

int32_t vn_stream_write_shared(vn_stream *stream, vn_span bytes, vn_release *release, void *context)
{
    return stream_append(stream, bytes, false, release, context);
}

bool vn_reply_produce(struct vn_conn *conn, vn_producer *producer, void *context)
{
    struct vn_stream stream = {.conn = conn};
    struct vn_exchange *exchange = conn->exchange;
    int32_t result = producer(context, &stream);
    if (result < 0 || stream.failed)
        return false;
    if (result == VN_STREAM_WAIT)
        conn->stream_waits = true;
    else if (result == VN_STREAM_DONE || exchange->stream_left == 0) {
        if (exchange->stream_left != 0 && exchange->stream_left != UINT64_MAX)
            return false; /* less than was declared: the client must not take it for whole */
        conn->answer = VN_ANSWER_DONE;
        return !exchange->stream_is_chunked || stream_put(conn, LITERAL("0\r\n\r\n"));
    }
    return true;
}

/* ---- A representation with validators ---- */

static bool is_one_of(vn_span name, const vn_span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vn_equals_ignoring_case(name, names[i]))
            return true;
    return false;
}

/* Lines of the answer that was meant to be sent and that this one has no use for. */
static bool is_dropped(vn_span name, uint16_t status)
{
    static const vn_span of_content[] = {LITERAL("Content-Type"), LITERAL("Content-Encoding"),
                                         LITERAL("Content-Language"), LITERAL("Content-Range")};
    static const vn_span of_success[] = {LITERAL("ETag"), LITERAL("Last-Modified"),
                                         LITERAL("Content-Location"), LITERAL("Cache-Control"),
                                         LITERAL("Expires")};
    return is_one_of(name, of_content, sizeof of_content / sizeof *of_content) ||
           (status == VN_PRECONDITION_FAILED &&
            is_one_of(name, of_success, sizeof of_success / sizeof *of_success));
}

/* Turn what was written of a head into that of an answer without the representation. */
static void head_drop_lines(struct vn_response *response, uint16_t status)
{
    uint8_t *to = response->start;
    for (uint8_t *from = to, *end; from < response->at; from = end) {
        end = (uint8_t *) memchr(from, '\n', (size_t) (response->at - from)) + 1;
        size_t count = (size_t) (end - from);
        const uint8_t *colon = memchr(from, ':', count); /* the status line may have none */
        size_t name_count = colon == NULL ? 0 : (size_t) (colon - from);
        if (is_dropped((vn_span) {from, name_count}, status))
            continue;
        memmove(to, from, count);
        to += count;
    }
    response->at = to;
}

static int32_t head_add_tag(struct vn_response *response, const vn_entity_tag *tag)
{
    if (tag->opaque.count > HEAD_MOST)
        return -EMSGSIZE;
    int32_t begun = head_begin_line(response, tag->opaque.count + sizeof "ETag: W/\"\"\r\n");
    if (begun < 0)
        return begun;
    put(response, LITERAL("ETag: "));
    if (tag->is_weak)
        put(response, LITERAL("W/"));
    put(response, LITERAL("\""));
    put(response, tag->opaque);
    put(response, LITERAL("\"\r\n"));
    return 0;
}

static int32_t head_add_last_modified(struct vn_response *response, int64_t seconds)
{
    int32_t begun = head_begin_line(response, sizeof "Last-Modified: \r\n" + VN_DATE_SIZE);
    if (begun < 0)
        return begun;
    put(response, LITERAL("Last-Modified: "));
    vn_date_write(response->at, seconds);
    response->at += VN_DATE_SIZE;
    put(response, LITERAL("\r\n"));
    return 0;
}

static int32_t head_add_validators(struct vn_response *response, const vn_validators *validators,
                                   bool has_last_modified)
{
    int32_t added = 0;
    if (validators->has_tag)
        added = head_add_tag(response, &validators->tag);
    if (added == 0 && has_last_modified)
        added = head_add_last_modified(response, validators->last_modified);
    return added;
}

/* Whether validators can be sent. A date that is not yet is now: the answer cannot be older than what
 * it carries. */
static bool take_validators(const struct vn_response *response, vn_validators *validators)
{
    int64_t now = response->worker->date_second;
    if (validators->last_modified > now)
        validators->last_modified = now;
    return (!validators->has_tag || vn_entity_tag_is_valid(&validators->tag)) &&
           (!validators->has_last_modified || validators->last_modified >= 0);
}

static int32_t decline(struct vn_response *response, const vn_validators *validators,
                       uint16_t verdict)
{
    bool is_known = verdict == VN_NOT_MODIFIED;
    if (response->start != NULL)
        head_drop_lines(response, verdict);
    int32_t result = vn_response_set_status(response, verdict);
    if (result == 0 && is_known)
        result = head_add_validators(response, validators,
                                     validators->has_last_modified && !validators->has_tag);
    return result < 0 ? result : vn_response_send(response, (vn_span) {0}, (vn_span) {0});
}

int32_t vn_response_decline(vn_response *response, const vn_validators *validators,
                            uint16_t verdict)
{
    vn_validators current = *validators;
    if (!vn_response_is_open(response))
        return -EALREADY;
    if ((verdict != VN_NOT_MODIFIED && verdict != VN_PRECONDITION_FAILED) ||
        !take_validators(response, &current))
        return -EINVAL;
    return decline(response, &current, verdict);
}

/* Whether the answer is one that conditions decide about (RFC 9110, section 13.2.1). Those of other
 * methods than these were to be evaluated before the change. */
static bool is_conditional(const struct vn_response *response)
{
    const vn_request *request = response->request;
    return response->status / 100 == 2 && request != NULL &&
           (request->method_id == VN_METHOD_GET || request->method_id == VN_METHOD_HEAD);
}

int32_t vn_response_offer(vn_response *response, const vn_validators *validators)
{
    vn_validators current = *validators;
    if (!vn_response_is_open(response))
        return -EALREADY;
    if (!take_validators(response, &current))
        return -EINVAL;

    int32_t verdict =
        is_conditional(response)
            ? vn_preconditions_evaluate(response->request, &current, response->worker->date_second)
            : VN_PERFORM;
    if (vn_likely(verdict == VN_PERFORM))
        return head_add_validators(response, &current, current.has_last_modified);
    int32_t result = decline(response, &current, (uint16_t) verdict);
    return result < 0 ? result : verdict;
}

/* ---- A stream of events ---- */

int32_t vn_response_stream_events(vn_response *response, const vn_event_stream *options,
                                  vn_producer *producer, vn_release *release, void *context)
{
    static const struct {
        vn_span name, value;
    } fields[] = {
        {LITERAL("Cache-Control"), LITERAL("no-cache, no-transform")},
        {LITERAL("X-Accel-Buffering"), LITERAL("no")}, /* of nginx: do not hold events back */
    };
    struct vn_conn *conn = response->conn;
    int32_t result = 0;
    for (size_t i = 0; result == 0 && i < sizeof fields / sizeof *fields; i++)
        result = vn_response_add_field(response, fields[i].name, fields[i].value);
    if (result < 0) {
        if (release != NULL)
            release(context);
        return result;
    }
    result =
        vn_response_stream(response, LITERAL("text/event-stream"), -1, producer, release, context);
    if (result == 0 && conn->answer == VN_ANSWER_STREAM) {
        conn->exchange->is_event_stream = true;
        conn->exchange->events = *options;
        if (conn->worker->is_draining)
            vn_conn_plan_farewell(conn);
    }
    return result;
}

bool vn_reply_heartbeat(struct vn_conn *conn)
{
    return stream_put(conn, conn->exchange->stream_is_chunked ? LITERAL("3\r\n:\n\n\r\n")
                                                              : LITERAL(":\n\n"));
}

bool vn_reply_farewell(struct vn_conn *conn)
{
    const vn_event_stream *events = &conn->exchange->events;
    uint8_t text[sizeof "retry: \n\n" + VN_DECIMAL_MAX];
    uint64_t retry = events->retry_least +
                     vn_worker_draw(conn->worker, events->retry_most - events->retry_least + 1ull);
    memcpy(text, "retry: ", 7);
    uint8_t *at = vn_write_decimal(text + 7, retry);
    *at++ = '\n';
    *at++ = '\n';
    struct vn_stream stream = {.conn = conn};
    return vn_stream_write(&stream, (vn_span) {text, (size_t) (at - text)}) == 0 &&
           vn_reply_end_events(conn);
}

bool vn_reply_end_events(struct vn_conn *conn)
{
    conn->closes = true;
    conn->answer = VN_ANSWER_DONE;
    return !conn->exchange->stream_is_chunked || stream_put(conn, LITERAL("0\r\n\r\n"));
}

/* ---- The request's body, and later ---- */

int32_t vn_response_receive(vn_response *response, vn_consumer *consumer, vn_release *release,
                            void *context)
{
    struct vn_conn *conn = response->conn;
    struct vn_exchange *exchange = conn->answer == VN_ANSWER_DONE ? NULL : vn_conn_exchange(conn);
    if (exchange == NULL || exchange->consumer != NULL) {
        if (release != NULL)
            release(context);
        return -EALREADY;
    }
    if (!vn_conn_keep_conditions(conn, response->request)) {
        if (release != NULL)
            release(context);
        return -ENOMEM;
    }
    exchange->consumer = consumer;
    exchange->consumer_release = release;
    exchange->consumer_context = context;
    if (response->is_detached)
        vn_conn_answered(conn); /* what has come of the body waits for it */
    return 0;
}

vn_worker *vn_response_worker(const vn_response *response)
{
    return response->worker;
}

vn_handle vn_response_handle(const vn_response *response)
{
    const struct vn_conn *conn = response->conn;
    return (vn_handle) {response->worker, conn->source.index, conn->source.generation,
                        conn->number};
}

int32_t vn_response_defer(vn_response *response)
{
    if (!vn_response_is_open(response))
        return -EALREADY;
    if (response->is_detached)
        return -EALREADY;
    if (!vn_conn_keep_conditions(response->conn, response->request))
        return -ENOMEM;
    response->conn->answer = VN_ANSWER_LATER;
    return 0;
}

/* ---- The kernel's own answers ---- */

void vn_reply_empty(struct vn_response *response, uint16_t status)
{
    response->status = status;
    if (vn_response_send(response, (vn_span) {0}, (vn_span) {0}) < 0)
        out_of_memory(response->conn);
}

const uint16_t vn_refused_statuses[12] = {400, 408, 413, 414, 431, 500, 501, 503, 505};

vn_cold void vn_reply_refuse(struct vn_conn *conn, uint16_t status)
{
    vn_statistics *counted = &conn->worker->counters.counted;
    for (size_t i = 0; i < sizeof vn_refused_statuses / sizeof *vn_refused_statuses; i++)
        if (vn_refused_statuses[i] == status)
            vn_count_more(&counted->refused_by_status[i], 1);

    struct vn_response response = {.conn = conn, .worker = conn->worker, .closes = true};
    conn->answer = VN_ANSWER_NONE;
    vn_reply_empty(&response, status);
}

void vn_reply_continue(struct vn_conn *conn)
{
    conn->awaits_continue = false;
    if (!stream_put(conn, LITERAL("HTTP/1.1 100 Continue\r\n\r\n")))
        out_of_memory(conn);
}
