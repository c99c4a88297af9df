// SPDX-License-Identifier: MIT
/* http_answer_checks.c - the heads of answers, and chunks, as they are written: in memory of
 * exactly the size that is asked for, which ends at an unreadable page. */
#include <string.h>

#include "http/body.h"
#include "http/chunk.h"
#include "http/head.h"
#include "http/preconditions.h"
#include "http/status.h"
#include "http_checks.h"
#include "http_delivery.h"

enum { ROOM_MAX = 1024 };

static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
static const char other_date[] = "Thu, 01 Jan 1970 00:00:00 GMT";
#define DATE_LINE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

/* A head with room for `room` bytes and no more. */
static struct vn_head head_in(const struct vn_edges *edges, size_t room, uint16_t status)
{
    static const uint8_t nothing[ROOM_MAX];
    uint8_t *start = vn_edges_put_last(edges, nothing, room);
    return (struct vn_head) {.start = start, .at = start, .end = start + room, .status = status};
}

static void begin(struct vn_head *head)
{
    vn_head_begin(head, (const uint8_t *) date);
}

static void add(struct vn_head *head, const char *name, const char *value)
{
    vn_head_add(head, vn_span_of(name), vn_span_of(value));
}

static const char *expect(const struct vn_head *head, const char *want, const char *what)
{
    size_t count = vn_head_count(head);
    if (count == strlen(want) && memcmp(head->start, want, count) == 0)
        return NULL;
    return vn_fail("%s: \"%.*s\" in place of \"%s\"", what, (int) count, (const char *) head->start,
                   want);
}

/* ---- The begin ---- */

static const char *check_begin(const struct vn_edges *edges, uint16_t status)
{
    char want[256], line[VN_STATUS_LINE_ROOM];
    vn_span reason = vn_status_reason(status);
    int count = snprintf(line, sizeof line, "HTTP/1.1 %u %.*s\r\n", status, (int) reason.count,
                         (const char *) reason.bytes);
    if (count < 0 || count > VN_STATUS_LINE_ROOM)
        return vn_fail("%u: its status line has no room", status);
    snprintf(want, sizeof want, "%s" DATE_LINE, line);
    size_t size = strlen(want);
    struct vn_head head =
        head_in(edges, size < VN_STATUS_LINE_ROOM ? VN_STATUS_LINE_ROOM : size, status);
    begin(&head);
    return expect(&head, want, "begin");
}

const char *vn_check_head_begins(void)
{
    static const struct {
        uint16_t status;
        const char *reason;
    } rows[] = {
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {404, "Not Found"},
        {431, "Request Header Fields Too Large"},
        {511, "Network Authentication Required"},
        {299, ""},
        {306, ""},
        {418, ""},
        {600, ""},
        {999, ""},
    };
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (size_t i = 0; failure == NULL && i < sizeof rows / sizeof *rows; i++) {
        vn_span reason = vn_status_reason(rows[i].status);
        if (reason.count != strlen(rows[i].reason) ||
            memcmp(reason.bytes, rows[i].reason, reason.count) != 0)
            failure = vn_fail("%u has another reason", rows[i].status);
    }
    for (uint16_t status = 200; failure == NULL && status <= 999; status++)
        failure = check_begin(&edges, status);
    vn_edges_close(&edges);
    return failure;
}

const char *vn_check_head_prefix(void)
{
    static const uint8_t nothing[VN_STATUS_LINE_ROOM];
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    uint8_t *prefix = vn_edges_put_last(&edges, nothing, VN_STATUS_LINE_ROOM);
    uint8_t copy[VN_STATUS_LINE_ROOM];
    size_t count = vn_head_write_prefix(prefix, (const uint8_t *) date);
    memcpy(copy, prefix, sizeof copy);
    struct vn_head head = head_in(&edges, VN_STATUS_LINE_ROOM, 200);
    vn_head_begin_with(&head, copy, count);
    const char *failure = expect(&head, "HTTP/1.1 200 OK\r\n" DATE_LINE, "prefix");
    if (failure == NULL)
        failure = check_begin(&edges, 200);
    vn_edges_close(&edges);
    return failure;
}

/* ---- Changes ---- */

static const char *check_change(const struct vn_edges *edges, uint16_t from, uint16_t to,
                                bool has_fields)
{
    struct vn_head want = head_in(edges, ROOM_MAX, to);
    char text[ROOM_MAX];
    begin(&want);
    if (has_fields) {
        add(&want, "X-One", "1");
        add(&want, "X-Two", "HTTP/1.1 200 OK");
    }
    size_t count = vn_head_count(&want);
    memcpy(text, want.start, count);
    text[count] = '\0';
    struct vn_head head = head_in(edges, ROOM_MAX, from);
    begin(&head);
    if (has_fields) {
        add(&head, "X-One", "1");
        add(&head, "X-Two", "HTTP/1.1 200 OK");
    }
    /* The room that is asked for, and no more. */
    size_t written = vn_head_count(&head);
    uint8_t *start = head.end - written - VN_STATUS_LINE_ROOM;
    memmove(start, head.start, written);
    head.start = start;
    head.at = start + written;
    vn_head_change_status(&head, to);
    if (head.status != to)
        return vn_fail("%u to %u: the status is %u", from, to, head.status);
    return expect(&head, text, "change of status");
}

const char *vn_check_head_changes_status(void)
{
    static const uint16_t statuses[] = {200, 204, 299, 302, 404, 431, 500, 511, 999};
    enum { COUNT = sizeof statuses / sizeof *statuses };
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT && failure == NULL; j++) {
            failure = check_change(&edges, statuses[i], statuses[j], false);
            if (failure == NULL)
                failure = check_change(&edges, statuses[i], statuses[j], true);
        }
    vn_edges_close(&edges);
    return failure;
}

const char *vn_check_head_sets_date(void)
{
    static const uint16_t statuses[] = {200, 299, 431};
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (size_t i = 0; failure == NULL && i < sizeof statuses / sizeof *statuses; i++) {
        char want[256];
        vn_span reason = vn_status_reason(statuses[i]);
        snprintf(want, sizeof want, "HTTP/1.1 %u %.*s\r\nDate: %s\r\nX-Date: %s\r\n", statuses[i],
                 (int) reason.count, (const char *) reason.bytes, other_date, date);
        struct vn_head head = head_in(&edges, strlen(want), statuses[i]);
        begin(&head);
        add(&head, "X-Date", date);
        vn_head_set_date(&head, (const uint8_t *) other_date);
        failure = expect(&head, want, "another date");
    }
    vn_edges_close(&edges);
    return failure;
}

/* ---- Lines that are dropped ---- */

const char *vn_check_head_drops_lines(void)
{
    /* By the verdict that drops them: 0 none, 304 both, 412 only that. */
    static const struct {
        const char *name, *value;
        int dropped_by;
    } fields[] = {
        {"X-Before", "1", 0},
        {"Content-Type", "text/plain", 304},
        {"content-type", "", 304},
        {"CONTENT-ENCODING", "gzip", 304},
        {"Content-Language", "de", 304},
        {"Content-Range", "bytes 0-1/2", 304},
        {"Content-Typ", "x", 0},
        {"Content-Types", "x", 0},
        {"ETag", "\"a\"", 412},
        {"etag", "\"b\"", 412},
        {"Last-Modified", date, 412},
        {"Content-Location", "/a", 412},
        {"Cache-Control", "no-cache", 412},
        {"Expires", date, 412},
        {"Vary", "Content-Type: Accept", 0},
        {"Set-Cookie", "ETag: a", 0},
    };
    static const uint16_t verdicts[] = {VN_NOT_MODIFIED, VN_PRECONDITION_FAILED};
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (int i = 0; failure == NULL && i < 4; i++) {
        uint16_t verdict = verdicts[i % 2];
        struct vn_head head = head_in(&edges, ROOM_MAX, i < 2 ? 200 : 299);
        char want[ROOM_MAX];
        begin(&head);
        size_t at = vn_head_count(&head);
        memcpy(want, head.start, at);
        want[at] = '\0';
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            add(&head, fields[k].name, fields[k].value);
            bool is_dropped = fields[k].dropped_by == 304 || fields[k].dropped_by == verdict;
            if (!is_dropped)
                at += (size_t) snprintf(want + at, sizeof want - at, "%s: %s\r\n", fields[k].name,
                                        fields[k].value);
        }
        vn_head_drop_lines(&head, verdict);
        failure = expect(&head, want, verdict == VN_NOT_MODIFIED ? "304" : "412");
    }
    vn_edges_close(&edges);
    return failure;
}

/* ---- Fields found and removed ---- */

static const char *check_find(const struct vn_head *head, const char *name, const char *want)
{
    vn_span found = vn_head_find(head, vn_span_of(name));
    if (want == NULL)
        return found.bytes == NULL ? NULL : vn_fail("%s is found", name);
    if (found.bytes == NULL || found.count != strlen(want) ||
        memcmp(found.bytes, want, found.count) != 0)
        return vn_fail("%s is \"%.*s\"", name, (int) found.count, (const char *) found.bytes);
    return NULL;
}

const char *vn_check_head_finds_and_removes(void)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"Date", date},         {"a", "1"}, {"A", "1"},  {"Empty", ""}, {"ab", "3"}, {"b", NULL},
        {"HTTP/1.1 299", NULL}, {"", NULL}, {"2", NULL}, {"a: 1", NULL}};
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    struct vn_head head = head_in(&edges, ROOM_MAX, 299);
    begin(&head);
    add(&head, "A", "1");
    add(&head, "Empty", "");
    add(&head, "a", "2: b");
    add(&head, "AB", "3");
    for (size_t i = 0; failure == NULL && i < sizeof rows / sizeof *rows; i++)
        failure = check_find(&head, rows[i].name, rows[i].value);
    vn_head_remove(&head, vn_span_of("b"));
    vn_head_remove(&head, vn_span_of("a"));
    if (failure == NULL)
        failure = expect(&head, "HTTP/1.1 299 \r\n" DATE_LINE "Empty: \r\nAB: 3\r\n", "removed");
    vn_head_remove(&head, vn_span_of("ab"));
    vn_head_remove(&head, vn_span_of("empty"));
    if (failure == NULL)
        failure = expect(&head, "HTTP/1.1 299 \r\n" DATE_LINE, "removed all");
    vn_edges_close(&edges);
    return failure;
}

/* ---- Fields of the core's own ---- */

const char *vn_check_head_weakens_its_tag(void)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"\"a\"", "W/\"a\""},
        {"\"\"", "W/\"\""},
        {"W/\"a\"", "W/\"a\""},
        {NULL, NULL},
    };
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (size_t i = 0; failure == NULL && i < sizeof rows / sizeof *rows; i++) {
        struct vn_head head = head_in(&edges, ROOM_MAX, 299);
        begin(&head);
        if (rows[i].before != NULL)
            add(&head, "etag", rows[i].before);
        add(&head, "After", "1");
        vn_head_weaken_tag(&head);
        vn_span found = vn_head_find(&head, vn_span_of("ETag")), after = {0};
        if (rows[i].after != NULL)
            after = vn_span_of(rows[i].after);
        if (found.count != after.count || memcmp(found.bytes, after.bytes, after.count) != 0 ||
            vn_head_find(&head, vn_span_of("After")).count != 1)
            failure = vn_fail("row %zu", i);
    }
    vn_edges_close(&edges);
    return failure;
}

static const char *check_tag(const struct vn_edges *edges, const char *opaque, bool is_weak)
{
    char want[128];
    snprintf(want, sizeof want, "ETag: %s\"%s\"\r\n", is_weak ? "W/" : "", opaque);
    vn_entity_tag tag = {vn_span_of(opaque), is_weak};
    struct vn_head head = head_in(edges, tag.opaque.count + VN_HEAD_ENTITY_TAG_ROOM, 200);
    vn_head_add_entity_tag(&head, &tag);
    return expect(&head, want, "entity tag");
}

const char *vn_check_head_validators(void)
{
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (int weak = 0; failure == NULL && weak < 2; weak++) {
        failure = check_tag(&edges, "", weak);
        if (failure == NULL)
            failure = check_tag(&edges, "0123456789abcdef0123456789abcdef", weak);
    }
    struct vn_head head = head_in(&edges, VN_HEAD_LAST_MODIFIED_ROOM, 200);
    vn_head_add_last_modified(&head, 784111777);
    if (failure == NULL)
        failure = expect(&head, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "date");
    vn_edges_close(&edges);
    return failure;
}

const char *vn_check_head_owns_fields(void)
{
    static const char *const owned[] = {"Date", "Connection", "Content-Length",
                                        "Transfer-Encoding"};
    static const char *const free[] = {"",
                                       "Dat",
                                       "Dates",
                                       "Bate",
                                       "Age",
                                       "Connectio",
                                       "Connections",
                                       "Content-Lengths",
                                       "Content_Length",
                                       "Content-Lengt",
                                       "Host",
                                       "Content-Type",
                                       "Transfer-Encodin",
                                       "Transfer\rEncoding"};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        for (uint32_t bits = 0; bits < 1u << 17; bits += 1 + bits / 64) {
            char name[32];
            size_t count = strlen(owned[i]);
            for (size_t k = 0; k <= count; k++) {
                bool is_letter = owned[i][k] != '-' && k < count;
                name[k] = (char) (owned[i][k] ^ (is_letter && (bits >> k & 1) != 0 ? 0x20 : 0));
            }
            if (!vn_head_owns_field(vn_span_of(name)))
                return vn_fail("%s may be added", name);
        }
    for (size_t i = 0; i < sizeof free / sizeof *free; i++)
        if (vn_head_owns_field(vn_span_of(free[i])))
            return vn_fail("%s may not be added", free[i]);
    return NULL;
}

/* ---- The end ---- */

static const char *check_finish(const struct vn_edges *edges, const char *type,
                                enum vn_framing framing, uint64_t length,
                                enum vn_persistence persistence)
{
    static const char *const says[] = {
        [VN_STAYS_SILENTLY] = "",
        [VN_SAYS_IT_STAYS] = "Connection: keep-alive\r\n",
        [VN_SAYS_IT_CLOSES] = "Connection: close\r\n",
    };
    char want[512], frame[64] = "", type_line[128] = "";
    if (framing == VN_FRAMED_BY_LENGTH)
        snprintf(frame, sizeof frame, "Content-Length: %llu\r\n", (unsigned long long) length);
    else if (framing == VN_FRAMED_AS_EMPTY)
        snprintf(frame, sizeof frame, "Content-Length: 0\r\n");
    else if (framing == VN_FRAMED_BY_CHUNKS)
        snprintf(frame, sizeof frame, "Transfer-Encoding: chunked\r\n");
    if (*type != '\0')
        snprintf(type_line, sizeof type_line, "Content-Type: %s\r\n", type);
    snprintf(want, sizeof want,
             "HTTP/1.1 431 Request Header Fields Too Large\r\n" DATE_LINE "%s%s%s\r\n", type_line,
             frame, says[persistence]);
    /* The room of a whole head without fields: the longest has more. */
    struct vn_head head = head_in(edges, VN_HEAD_ROOM + strlen(type), 431);
    begin(&head);
    vn_head_finish(&head, vn_span_of(type), framing, length, persistence);
    return expect(&head, want, "finish");
}

const char *vn_check_head_finishes(void)
{
    static const char *const types[] = {"", "text/plain", "application/json; charset=utf-8"};
    static const uint64_t lengths[] = {0, 9, 10, 65536, INT64_MAX, UINT64_MAX};
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = NULL;
    for (int framing = VN_FRAMED_BY_NOTHING; framing <= VN_FRAMED_BY_CLOSE; framing++)
        for (int says = VN_STAYS_SILENTLY; says <= VN_SAYS_IT_CLOSES; says++)
            for (size_t i = 0; i < 3; i++)
                for (size_t k = 0; k < 6 && failure == NULL; k++)
                    failure = check_finish(&edges, types[i], (enum vn_framing) framing, lengths[k],
                                           (enum vn_persistence) says);
    vn_edges_close(&edges);
    return failure;
}

/* ---- Chunks ---- */

static const char *check_chunk_line(const struct vn_edges *edges, uint64_t count)
{
    static const uint8_t nothing[VN_CHUNK_LINE_MAX];
    char want[32];
    snprintf(want, sizeof want, "%llx\r\n", (unsigned long long) count);
    size_t size = strlen(want);
    uint8_t *line = vn_edges_put_last(edges, nothing, size); /* exactly */
    uint8_t *end = vn_chunk_write_line(line, count);
    if (size > VN_CHUNK_LINE_MAX || end != line + size || memcmp(line, want, size) != 0)
        return vn_fail("the line of %s", want);
    return NULL;
}

const char *vn_check_chunk_lines(void)
{
    struct vn_edges edges = vn_edges_open(ROOM_MAX);
    const char *failure = check_chunk_line(&edges, UINT64_MAX);
    for (int shift = 0; shift < 64; shift++)
        for (uint64_t less = 0; less <= 2 && failure == NULL; less++)
            if ((1ull << shift) + 1 > less)
                failure = check_chunk_line(&edges, (1ull << shift) + 1 - less);
    vn_edges_close(&edges);
    return failure;
}

static size_t put_span(uint8_t *to, size_t at, vn_span span)
{
    memcpy(to + at, span.bytes, span.count);
    return at + span.count;
}

/* The whole as a client reads it. */
static const char *read_chunks(const uint8_t *bytes, size_t count, const uint8_t *want,
                               size_t want_count)
{
    struct vn_body_limits limits = {UINT64_MAX, 100, 100, 100};
    vn_request request = {.facts = VN_IS_CHUNKED};
    struct vn_body body;
    uint8_t have[8192];
    size_t at = 0, got = 0;
    vn_body_begin(&body, &request, &limits);
    while (at < count && !body.is_complete) {
        vn_span piece;
        int64_t used = vn_body_feed(&body, bytes + at, count - at, &limits, &piece);
        if (used <= 0)
            return vn_fail("not read at %zu: %lld", at, (long long) used);
        got = put_span(have, got, piece);
        at += (size_t) used;
    }
    return body.is_complete && at == count && got == want_count && memcmp(have, want, got) == 0
               ? NULL
               : vn_fail("read %zu of %zu bytes as %zu of %zu", at, count, got, want_count);
}

const char *vn_check_chunk_spans(void)
{
    static const size_t sizes[] = {1, 9, 10, 15, 16, 17, 255, 256, 4095};
    uint8_t data[8192], memory[4200], wire[8400];
    size_t data_at = 0, wire_at = 0;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t) (i * 7 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        uint8_t *start = vn_chunk_write_line(memory, size);
        uint8_t *end = vn_chunk_write_end(memcpy(start, data + data_at, size) + size);
        struct vn_chunk chunk = {memory, (uint32_t) (end - memory), (uint32_t) (start - memory),
                                 (uint32_t) size};
        vn_span framed = vn_chunk_framed(&chunk), content = vn_chunk_data(&chunk);
        if (framed.bytes != memory || memory + framed.count != end || content.bytes != start ||
            content.count != size || framed.count - size > VN_CHUNK_FRAME_MAX)
            return vn_fail("the spans of %zu bytes", size);
        data_at += size;
        wire_at = put_span(wire, wire_at, framed);
    }
    vn_span end = VN_CHUNK_END, last = VN_CHUNK_LAST;
    if (end.count != VN_CHUNK_END_SIZE || memcmp(end.bytes, "\r\n", 2) != 0)
        return vn_fail("the end of a chunk");
    wire_at = put_span(wire, wire_at, last);
    return read_chunks(wire, wire_at, data, data_at);
}
