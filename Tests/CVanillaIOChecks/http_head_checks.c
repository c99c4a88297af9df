// SPDX-License-Identifier: MIT
/* http_head_checks.c - heads and trailer sections, however they are cut and whichever scanner
 * reads them. */
#include <stdlib.h>
#include <string.h>

#include "http/fields.h"
#include "http_checks.h"
#include "http_delivery.h"
#include "http_head_rows.h"

typedef int32_t scanner(vn_request *request, const uint8_t *bytes, size_t count,
                        const struct vn_scan_limits *limits);

static const struct {
    const char *name;
    scanner *head;
    scanner *trailers;
} scanners[] = {
    {"portable", vn_scan_head_portable, vn_scan_trailers_portable},
    {"native", vn_scan_head, vn_scan_trailers},
};

enum { SCANNERS = sizeof scanners / sizeof scanners[0], HEAD_MAX = 160 << 10 };

static const struct vn_scan_limits usual_limits = {16 << 10, 16 << 10, 64 << 10, 128, false};

/* Two places, so that a head moves with every call, and ends at an unreadable page. */
struct places {
    struct vn_edges edges[2];
};

static struct places open_places(size_t size)
{
    return (struct places) {{vn_edges_open(size), vn_edges_open(size)}};
}

static void close_places(struct places *places)
{
    vn_edges_close(&places->edges[0]);
    vn_edges_close(&places->edges[1]);
}

/* Scan `bytes` as they come, up to a verdict or their end. `request` is left with its ranges
 * counting in `bytes`. */
static int32_t deliver(scanner *scan, vn_request *request, vn_span bytes,
                       const struct vn_scan_limits *limits, const struct vn_cuts *cuts,
                       const struct places *places)
{
    size_t given = 0;
    size_t turn = 0;
    int32_t verdict;
    vn_scan_begin(request);
    do {
        given = cuts->next(cuts, given, bytes.count);
        uint8_t *here = vn_edges_put_last(&places->edges[turn], bytes.bytes, given);
        verdict = scan(request, here, given, limits);
        if (verdict > 0 && request->head != here)
            return INT32_MIN;
        vn_edges_wipe(&places->edges[turn]);
        turn = 1 - turn;
    } while (verdict == 0 && given < bytes.count);
    request->head = bytes.bytes;
    return verdict;
}

/* The verdict of every scanner is `expected`, and so is its request, when the bytes come in this
 * way. */
static const char *check_cuts(const char *name, bool is_head, vn_span bytes,
                              const struct vn_scan_limits *limits, const struct vn_cuts *cuts,
                              const struct places *places, int32_t expected,
                              const vn_request *wanted)
{
    static _Thread_local vn_request request;
    for (size_t i = 0; i < SCANNERS; i++) {
        scanner *scan = is_head ? scanners[i].head : scanners[i].trailers;
        int32_t verdict = deliver(scan, &request, bytes, limits, cuts, places);
        if (verdict != expected)
            return vn_fail("%s: %s, %s %zu: %d in place of %d", name, scanners[i].name, cuts->name,
                           cuts->size, verdict, expected);
        if (verdict > 0 && !vn_same_request(&request, wanted))
            return vn_fail("%s: %s, %s %zu: another request", name, scanners[i].name, cuts->name,
                           cuts->size);
    }
    return NULL;
}

/* The portable scanner's verdict on all bytes at once, for the others to be compared with. */
static int32_t scan_whole(bool is_head, vn_span bytes, const struct vn_scan_limits *limits,
                          vn_request *request)
{
    vn_scan_begin(request);
    scanner *scan = is_head ? vn_scan_head_portable : vn_scan_trailers_portable;
    return scan(request, bytes.bytes, bytes.count, limits);
}

/* However the bytes come, they get the portable scanner's verdict, which is `expected`. */
static const char *check_every_cut(const char *name, bool is_head, vn_span bytes,
                                   const struct vn_scan_limits *limits, int32_t expected)
{
    static const size_t pieces[] = {1, 2, 3, 5, 7, 15, 16, 17, 31};
    static _Thread_local vn_request wanted;
    int32_t verdict = scan_whole(is_head, bytes, limits, &wanted);
    if (verdict != expected)
        return vn_fail("%s: %d in place of %d", name, verdict, expected);

    struct places places = open_places(bytes.count);
    struct vn_cuts cuts = vn_cuts_none();
    const char *failure =
        check_cuts(name, is_head, bytes, limits, &cuts, &places, expected, &wanted);
    for (size_t i = 0; failure == NULL && i < sizeof pieces / sizeof pieces[0]; i++) {
        cuts = vn_cuts_every(pieces[i]);
        failure = check_cuts(name, is_head, bytes, limits, &cuts, &places, expected, &wanted);
    }
    for (size_t at = 0; failure == NULL && at < bytes.count; at++) {
        cuts = vn_cuts_once(at);
        failure = check_cuts(name, is_head, bytes, limits, &cuts, &places, expected, &wanted);
    }
    close_places(&places);
    return failure;
}

/* The same for bytes too many to cut everywhere: whole and byte by byte. */
static const char *check_whole_and_bytewise(const char *name, bool is_head, vn_span bytes,
                                            const struct vn_scan_limits *limits, int32_t expected)
{
    static _Thread_local vn_request wanted;
    static _Thread_local vn_request request;
    int32_t verdict = scan_whole(is_head, bytes, limits, &wanted);
    if (verdict != expected)
        return vn_fail("%s: %d in place of %d", name, verdict, expected);
    for (size_t i = 0; i < 2 * SCANNERS; i++) {
        scanner *scan = is_head ? scanners[i / 2].head : scanners[i / 2].trailers;
        size_t given = i % 2 == 0 ? bytes.count : 1;
        vn_scan_begin(&request);
        while ((verdict = scan(&request, bytes.bytes, given, limits)) == 0 && given < bytes.count)
            given++;
        if (verdict != expected)
            return vn_fail("%s: %s, %s: %d in place of %d", name, scanners[i / 2].name,
                           i % 2 == 0 ? "whole" : "bytewise", verdict, expected);
        if (verdict > 0 && !vn_same_request(&request, &wanted))
            return vn_fail("%s: %s: another request", name, scanners[i / 2].name);
    }
    return NULL;
}

/* ---- The table of heads ---- */

static bool is_text(vn_span span, const char *text)
{
    return text == NULL ||
           (span.count == strlen(text) && memcmp(span.bytes, text, span.count) == 0);
}

static const char *compare_with_row(const struct vn_head_row *row, const vn_request *request)
{
    uint16_t facts = request->facts & (uint16_t) ~VN_HAS_HOST;
    vn_span value = request->field_count > 0 ? vn_field_value(request, request->field_count - 1u)
                                             : (vn_span) {0};
    if (facts != row->facts || request->content_length != row->length)
        return vn_fail("%s: facts %#x, length %llu", row->name, facts,
                       (unsigned long long) request->content_length);
    if (request->minor != !row->is_version_1_0)
        return vn_fail("%s: version 1.%u", row->name, request->minor);
    if (row->method_id != 0 && request->method_id != row->method_id)
        return vn_fail("%s: method %u", row->name, request->method_id);
    if (!is_text(vn_request_method(request), row->method) ||
        !is_text(vn_request_path(request), row->path) ||
        !is_text(vn_request_query(request), row->query) || !is_text(value, row->value) ||
        !is_text(vn_request_span(request, request->authority), row->authority))
        return vn_fail("%s: method, path, query, authority or value differ", row->name);
    return NULL;
}

size_t vn_head_row_count(void)
{
    return sizeof vn_head_rows / sizeof vn_head_rows[0];
}

const char *vn_head_row_name(size_t row)
{
    return vn_head_rows[row].name;
}

const char *vn_check_head_row(size_t index)
{
    static _Thread_local vn_request request;
    const struct vn_head_row *row = &vn_head_rows[index];
    vn_span bytes = {(const uint8_t *) row->bytes, row->count};
    int32_t expected = row->status == 200 ? (int32_t) (row->count - row->rest) : -row->status;
    const char *failure = check_every_cut(row->name, true, bytes, &usual_limits, expected);
    if (failure != NULL || expected <= 0)
        return failure;
    scan_whole(true, bytes, &usual_limits, &request);
    return compare_with_row(row, &request);
}

/* ---- The table of trailer sections: section 7.1.2 ---- */

/* clang-format off */
static const struct {
    const char *name;
    const char *bytes;
    size_t count;
    int32_t status;
    size_t rest;
} trailers_rows[] = {
    {"no trailer", BYTES("\r\n"), 200, 0},
    {"no trailer, and the next request", BYTES("\r\nGET / HTTP/1.1\r\n"), 200, 16},
    {"a trailer", BYTES("A: b\r\n\r\n"), 200, 0},
    {"two trailers", BYTES("A: b\r\nC:d\r\n\r\nx"), 200, 1},
    {"fields that mean something in a head", BYTES("Content-Length: x\r\nHost:\r\nHost:\r\n\r\n"), 200, 0},
    {"a tab and bytes above ASCII", BYTES("A: \tb\t\377\r\n\r\n"), 200, 0},
    {"a long name", BYTES("Abcdefghijklmnopqrstuvwxyz_0123456789: b\r\n\r\n"), 200, 0},
    {"nothing yet", BYTES(""), 0, 0},
    {"half an end", BYTES("\r"), 0, 0},
    {"half a name", BYTES("A"), 0, 0},
    {"half a value", BYTES("A: b"), 0, 0},
    {"half a line end", BYTES("A: b\r"), 0, 0},
    {"no end", BYTES("A: b\r\n"), 0, 0},
    {"a bare LF", BYTES("\n"), 400, 0},
    {"a bare LF behind a line", BYTES("A: b\n\r\n"), 400, 0},
    {"a bare CR", BYTES("A: b\rc\r\n\r\n"), 400, 0},
    {"a bare CR as the end", BYTES("A: b\r\n\rX"), 400, 0},
    {"CR CR LF", BYTES("A: b\r\r\n\r\n"), 400, 0},
    {"white space before the colon", BYTES("A : b\r\n\r\n"), 400, 0},
    {"white space in front", BYTES(" A: b\r\n\r\n"), 400, 0},
    {"folding", BYTES("A: b\r\n c\r\n\r\n"), 400, 0},
    {"no name", BYTES(": b\r\n\r\n"), 400, 0},
    {"no colon", BYTES("A\r\n\r\n"), 400, 0},
    {"a delimiter in the name", BYTES("A(: b\r\n\r\n"), 400, 0},
    {"NUL in the value", BYTES("A: \0\r\n\r\n"), 400, 0},
    {"DEL in the value", BYTES("A: \177\r\n\r\n"), 400, 0},
};
/* clang-format on */

size_t vn_trailers_row_count(void)
{
    return sizeof trailers_rows / sizeof trailers_rows[0];
}

const char *vn_trailers_row_name(size_t row)
{
    return trailers_rows[row].name;
}

/* What the decoder of chunked bodies says of the same section. */
static int32_t feed_trailers(vn_span bytes)
{
    static const struct vn_body_limits limits = {1000, 1000, 64 << 10, 16 << 10};
    vn_request request;
    vn_scan_begin(&request);
    request.facts = VN_IS_CHUNKED;
    struct vn_body body;
    vn_span piece;
    vn_body_begin(&body, &request, &limits);
    vn_body_feed(&body, (const uint8_t *) "0\r\n", 3, &limits, &piece);
    int64_t used = vn_body_feed(&body, bytes.bytes, bytes.count, &limits, &piece);
    return used < 0 || body.is_complete ? (int32_t) used : 0;
}

const char *vn_check_trailers_row(size_t row)
{
    vn_span bytes = {(const uint8_t *) trailers_rows[row].bytes, trailers_rows[row].count};
    int32_t status = trailers_rows[row].status;
    int32_t expected = status == 200 ? (int32_t) (bytes.count - trailers_rows[row].rest) : -status;
    const char *failure =
        check_every_cut(trailers_rows[row].name, false, bytes, &usual_limits, expected);
    if (failure == NULL && feed_trailers(bytes) != expected)
        failure = vn_fail("%s: the body's decoder says %d", trailers_rows[row].name,
                          feed_trailers(bytes));
    return failure;
}

/* ---- Each byte at one place ---- */

static bool is_token_byte(int byte)
{
    return byte > 0x20 && byte < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", byte) == NULL;
}

static bool is_host_byte(int byte)
{
    return byte > 0x20 && byte < 0x7f && strchr("\"#%/:<>?@[\\]^`{|}", byte) == NULL;
}

static bool is_value_byte(int byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool is_target_byte(int byte)
{
    return byte > 0x20 && byte < 0x7f && byte != '#';
}

/* Put each byte between `before` and `after`, where `is_right` says which are. */
static const char *check_bytes(const char *name, const char *before, const char *after,
                               bool (*is_right)(int byte))
{
    uint8_t head[256];
    size_t at = strlen(before);
    size_t count = at + 1 + strlen(after);
    memcpy(head, before, at);
    memcpy(head + at + 1, after, strlen(after));
    for (int byte = 0; byte < 256; byte++) {
        char title[64];
        snprintf(title, sizeof title, "%s with byte %#x", name, (unsigned) byte);
        head[at] = (uint8_t) byte;
        int32_t expected = is_right(byte) ? (int32_t) count : -400;
        const char *failure =
            check_every_cut(title, true, (vn_span) {head, count}, &usual_limits, expected);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

const char *vn_check_bytes_of_method(void)
{
    const char *failure =
        check_bytes("a method", "M", "N / HTTP/1.1\r\nHost: a\r\n\r\n", is_token_byte);
    return failure != NULL ? failure
                           : check_bytes("a long method", "MMMMMMMMMMMMMMMMMMMM",
                                         "N / HTTP/1.1\r\nHost: a\r\n\r\n", is_token_byte);
}

const char *vn_check_bytes_of_target(void)
{
    const char *failure =
        check_bytes("a path", "GET /a", "b HTTP/1.1\r\nHost: a\r\n\r\n", is_target_byte);
    return failure != NULL ? failure
                           : check_bytes("a query", "GET /a?0123456789abcdef0123456789abcdef",
                                         "b HTTP/1.1\r\nHost: a\r\n\r\n", is_target_byte);
}

static bool is_name_or_colon(int byte)
{
    return is_token_byte(byte) || byte == ':';
}

const char *vn_check_bytes_of_name(void)
{
    const char *failure =
        check_bytes("a name", "GET / HTTP/1.1\r\nHost: a\r\nA", "B: c\r\n\r\n", is_name_or_colon);
    return failure != NULL ? failure
                           : check_bytes("a long name",
                                         "GET / HTTP/1.1\r\nHost: a\r\nAaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                         "B: c\r\n\r\n", is_name_or_colon);
}

const char *vn_check_bytes_of_value(void)
{
    const char *failure =
        check_bytes("a value", "GET / HTTP/1.1\r\nHost: a\r\nA: b", "c\r\n\r\n", is_value_byte);
    return failure != NULL ? failure
                           : check_bytes("a long value",
                                         "GET / HTTP/1.1\r\nHost: a\r\nA: 0123456789abcdef0123456",
                                         "c\r\n\r\n", is_value_byte);
}

static bool is_host_or_blank(int byte)
{
    return is_host_byte(byte) || byte == ' ' || byte == '\t' || byte == ':';
}

const char *vn_check_bytes_of_host(void)
{
    return check_bytes("a host", "GET / HTTP/1.1\r\nHost: a", "\r\n\r\n", is_host_or_blank);
}

/* ---- Limits ---- */

/* A head, or a trailer section, in the making. */
struct text {
    uint8_t *bytes;
    size_t count;
};

static void add(struct text *text, const char *part)
{
    memcpy(text->bytes + text->count, part, strlen(part));
    text->count += strlen(part);
}

static void add_many(struct text *text, char byte, size_t count)
{
    memset(text->bytes + text->count, byte, count);
    text->count += count;
}

static struct text begin_text(void)
{
    return (struct text) {malloc(HEAD_MAX), 0};
}

/* Check what was made, whole and bytewise; where it is short, at every cut too. */
static const char *end_text(const char *name, bool is_head, struct text *text,
                            const struct vn_scan_limits *limits, int32_t status)
{
    vn_span bytes = {text->bytes, text->count};
    int32_t expected = status == 200 ? (int32_t) text->count : -status;
    const char *failure = text->count < 300
                              ? check_every_cut(name, is_head, bytes, limits, expected)
                              : check_whole_and_bytewise(name, is_head, bytes, limits, expected);
    free(text->bytes);
    return failure;
}

static const struct vn_scan_limits small_limits = {40, 30, 100, 3, false};

/* A request line of `count` bytes without its CRLF, by a long target. */
static const char *check_target(const char *name, size_t count, const struct vn_scan_limits *limits,
                                int32_t status)
{
    struct text text = begin_text();
    add(&text, "GET /");
    add_many(&text, 'p', count - strlen("GET / HTTP/1.1"));
    add(&text, " HTTP/1.1\r\nHost: a\r\n\r\n");
    return end_text(name, true, &text, limits, status);
}

const char *vn_check_limit_of_target(void)
{
    const char *failure = check_target("a target at the limit", 40, &small_limits, 200);
    if (failure == NULL)
        failure = check_target("a target past the limit", 41, &small_limits, 414);
    if (failure == NULL)
        failure = check_target("a target far past the limit", 90, &small_limits, 414);
    if (failure != NULL)
        return failure;

    struct text text = begin_text();
    add(&text, "GET /?");
    add_many(&text, 'q', 50);
    if ((failure = end_text("a query without an end", true, &text, &small_limits, 414)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "GET /");
    add_many(&text, 'p', 34);
    add(&text, "\001");
    if ((failure = end_text("a control byte as the last within the limit", true, &text,
                            &small_limits, 400)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "GET /");
    add_many(&text, 'p', 35);
    add(&text, "\001");
    if ((failure = end_text("a control byte as the first past the limit", true, &text,
                            &small_limits, 414)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "\r\n\r\n");
    add(&text, "GET /");
    add_many(&text, 'p', 40 - strlen("GET / HTTP/1.1"));
    add(&text, " HTTP/1.1\r\nHost: a\r\n\r\n");
    return end_text("empty lines before do not count", true, &text, &small_limits, 200);
}

const char *vn_check_limit_of_method(void)
{
    struct text text = begin_text();
    add_many(&text, 'M', 31);
    add(&text, " / HTTP/1.0\r\n\r\n");
    struct vn_scan_limits limits = small_limits;
    limits.request_line = 42;
    const char *failure = end_text("a method that just fits", true, &text, &limits, 200);
    if (failure != NULL)
        return failure;
    text = begin_text();
    add_many(&text, 'M', 39);
    add(&text, " /");
    if ((failure = end_text("a method and its space within the limit", true, &text, &small_limits,
                            414)) != NULL)
        return failure;
    text = begin_text();
    add_many(&text, 'M', 40);
    add(&text, " / HTTP/1.1\r\n");
    if ((failure = end_text("a method at the limit", true, &text, &small_limits, 400)) != NULL)
        return failure;
    text = begin_text();
    add_many(&text, 'M', 90);
    return end_text("a method without an end", true, &text, &small_limits, 400);
}

/* The line passes the limit in each byte of its version. */
const char *vn_check_limit_of_version(void)
{
    for (uint32_t limit = 5; limit <= 16; limit++) {
        static const char *const versions[] = {"HTTP/1.1", "HTTP/2.0", "HTTP/1.10", "JUNK",
                                               "HTTP/1.1 "};
        static const int32_t statuses[] = {200, 505, 400, 400, 400};
        for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s with a line limit of %u", versions[i], limit);
            struct vn_scan_limits limits = small_limits;
            limits.request_line = limit;
            struct text text = begin_text();
            add(&text, "GET / ");
            add(&text, versions[i]);
            add(&text, "\r\nHost: a\r\n\r\n");
            int32_t status = limit < 14 ? 414 : statuses[i];
            if (i == 3 && limit > 6) /* "JUNK" is wrong at its first byte */
                status = 400;
            const char *failure = end_text(name, true, &text, &limits, status);
            if (failure != NULL)
                return failure;
        }
    }
    return NULL;
}

/* A field line of `count` bytes without its CRLF. */
static const char *check_field(bool is_head, size_t count, const struct vn_scan_limits *limits,
                               int32_t status)
{
    char name[64];
    snprintf(name, sizeof name, "a field line of %zu bytes", count);
    struct text text = begin_text();
    if (is_head)
        add(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    add(&text, "A: ");
    add_many(&text, 'v', count - 3);
    add(&text, "\r\n\r\n");
    return end_text(name, is_head, &text, limits, status);
}

const char *vn_check_limit_of_field(void)
{
    const char *failure = check_field(true, 30, &small_limits, 200);
    if (failure == NULL)
        failure = check_field(true, 31, &small_limits, 431);
    if (failure == NULL)
        failure = check_field(true, 200, &small_limits, 431);
    if (failure != NULL)
        return failure;

    struct text text = begin_text();
    add(&text, "GET / HTTP/1.1\r\nHost: a\r\nA:");
    add_many(&text, ' ', 60);
    if ((failure = end_text("white space without an end", true, &text, &small_limits, 431)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    add_many(&text, 'n', 31);
    if ((failure = end_text("a name without an end", true, &text, &small_limits, 431)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "GET / HTTP/1.1\r\nHost: a\r\nA:");
    add_many(&text, 'v', 27);
    add(&text, "\001");
    if ((failure = end_text("a control byte as the last within the limit", true, &text,
                            &small_limits, 400)) != NULL)
        return failure;
    text = begin_text();
    add(&text, "GET / HTTP/1.1\r\nHost: a\r\nA:");
    add_many(&text, 'v', 28);
    add(&text, "\001");
    return end_text("a control byte as the first past the limit", true, &text, &small_limits, 431);
}

/* Field lines of `count` bytes in all, CRLFs included. */
static const char *check_fields(bool is_head, size_t count, const struct vn_scan_limits *limits,
                                int32_t status)
{
    char name[64];
    snprintf(name, sizeof name, "fields of %zu bytes", count);
    struct text text = begin_text();
    if (is_head)
        add(&text, "GET / HTTP/1.1\r\n");
    size_t start = text.count;
    add(&text, "Host: a\r\n");
    while (count - (text.count - start) > limits->field) {
        add(&text, "A: ");
        add_many(&text, 'v', limits->field / 2);
        add(&text, "\r\n");
    }
    add(&text, "A: ");
    add_many(&text, 'v', count - (text.count - start) - 2);
    add(&text, "\r\n\r\n");
    return end_text(name, is_head, &text, limits, status);
}

const char *vn_check_limit_of_fields(void)
{
    struct vn_scan_limits limits = {40, 30, 100, 128, false};
    const char *failure = check_fields(true, 100, &limits, 200);
    if (failure == NULL)
        failure = check_fields(true, 101, &limits, 431);
    if (failure == NULL)
        failure = check_fields(true, 102, &limits, 431);
    if (failure == NULL)
        failure = check_fields(true, 150, &limits, 431);
    for (uint32_t most = 0; failure == NULL && most < 9; most++) {
        limits.fields = most;
        failure = check_fields(true, 20, &limits, 431);
    }
    return failure;
}

/* Host and `count` - 1 more. */
static const char *check_field_count(bool is_head, size_t count, uint32_t limit, int32_t status)
{
    char name[64];
    snprintf(name, sizeof name, "%zu fields where %u may be", count, limit);
    struct vn_scan_limits limits = usual_limits;
    limits.field_count = limit;
    struct text text = begin_text();
    if (is_head)
        add(&text, "GET / HTTP/1.1\r\n");
    add(&text, "Host: a\r\n");
    for (size_t i = 1; i < count; i++)
        add(&text, "A:\r\n");
    add(&text, "\r\n");
    return end_text(name, is_head, &text, &limits, status);
}

const char *vn_check_limit_of_field_count(void)
{
    const char *failure = check_field_count(true, 3, 3, 200);
    if (failure == NULL)
        failure = check_field_count(true, 4, 3, 431);
    if (failure == NULL)
        failure = check_field_count(true, 1, 0, 431);
    if (failure == NULL)
        failure = check_field_count(true, VN_FIELDS_MAX, UINT32_MAX, 200);
    if (failure == NULL)
        failure = check_field_count(true, VN_FIELDS_MAX + 1, UINT32_MAX, 431);
    return failure;
}

/* A name's size has 16 bits. */
const char *vn_check_limit_of_name(void)
{
    struct vn_scan_limits limits = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, false};
    for (size_t count = UINT16_MAX; count <= UINT16_MAX + 1; count++) {
        struct text text = begin_text();
        add(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
        add_many(&text, 'n', count);
        add(&text, ": v\r\n\r\n");
        const char *failure = end_text("a name as long as can be", true, &text, &limits,
                                       count == UINT16_MAX ? 200 : 431);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

const char *vn_check_limit_of_blank_lines(void)
{
    for (size_t count = 7; count <= 9; count++) {
        struct text text = begin_text();
        for (size_t i = 0; i < count; i++)
            add(&text, "\r\n");
        add(&text, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        const char *failure =
            end_text("empty lines", true, &text, &usual_limits, count <= 8 ? 200 : 400);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

const char *vn_check_limits_by_default(void)
{
    const char *failure =
        check_target("a target at the default limit", 16 << 10, &usual_limits, 200);
    if (failure == NULL)
        failure =
            check_target("a target past the default limit", (16 << 10) + 1, &usual_limits, 414);
    if (failure == NULL)
        failure = check_field(true, 16 << 10, &usual_limits, 200);
    if (failure == NULL)
        failure = check_field(true, (16 << 10) + 1, &usual_limits, 431);
    if (failure == NULL)
        failure = check_fields(true, 64 << 10, &usual_limits, 200);
    if (failure == NULL)
        failure = check_fields(true, (64 << 10) + 1, &usual_limits, 431);
    if (failure == NULL)
        failure = check_field_count(true, 128, 128, 200);
    if (failure == NULL)
        failure = check_field_count(true, 129, 128, 431);
    return failure;
}

const char *vn_check_limit_of_trailers(void)
{
    struct vn_scan_limits limits = {40, 30, 100, 128, false};
    const char *failure = check_field(false, 30, &limits, 200);
    if (failure == NULL)
        failure = check_field(false, 31, &limits, 431);
    if (failure == NULL)
        failure = check_fields(false, 100, &limits, 200);
    if (failure == NULL)
        failure = check_fields(false, 101, &limits, 431);
    if (failure == NULL)
        failure = check_field_count(false, 3, 3, 200);
    if (failure == NULL)
        failure = check_field_count(false, 4, 3, 431);
    return failure;
}

/* ---- Damaged heads ---- */

enum { DAMAGED_MAX = 512 };

/* Change, insert, delete or repeat bytes, mostly with those that mean something. */
static void damage(struct text *text, uint64_t *random)
{
    static const uint8_t telling[] =
        "\r\n\r\n: \t,;/?#*%[]@\"\\=()0123456789aAzZ-_\0\1\37\177\200\377";
    for (size_t i = vn_random_below(random, 4);
         i > 0 && text->count > 8 && text->count < DAMAGED_MAX - 80; i--) {
        size_t at = vn_random_below(random, text->count);
        size_t most = vn_smaller(text->count - at, 20);
        size_t size = 1 + vn_random_below(random, most);
        uint8_t byte = telling[vn_random_below(random, sizeof telling - 1)];
        uint8_t *here = text->bytes + at;
        switch (vn_random_below(random, 5)) {
        case 0:
            *here = byte;
            break;
        case 1:
            *here ^= (uint8_t) (1 << vn_random_below(random, 8));
            break;
        case 2:
            memmove(here + 1, here, text->count - at);
            *here = byte;
            text->count++;
            break;
        case 3:
            memmove(here, here + size, text->count - at - size);
            text->count -= size;
            break;
        default:
            memmove(here + size, here, text->count - at);
            text->count += size;
            break;
        }
    }
}

/* Small ones half of the time, so that they meet what was damaged. */
static struct vn_scan_limits random_limits(uint64_t *random)
{
    if (vn_random_below(random, 2) == 0)
        return usual_limits;
    return (struct vn_scan_limits) {
        .request_line = (uint32_t) vn_random_below(random, 60),
        .field = (uint32_t) vn_random_below(random, 60),
        .fields = (uint32_t) vn_random_below(random, 120),
        .field_count = (uint32_t) vn_random_below(random, 5),
    };
}

/* Whole, bytewise, and in random pieces: one verdict. */
static const char *check_one_verdict(bool is_head, vn_span bytes, uint64_t *random,
                                     const struct places *places)
{
    static _Thread_local vn_request wanted;
    struct vn_scan_limits limits = random_limits(random);
    int32_t expected = scan_whole(is_head, bytes, &limits, &wanted);
    struct vn_cuts cuts[] = {vn_cuts_none(), vn_cuts_every(1), vn_cuts_random(random),
                             vn_cuts_random(random)};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        const char *failure =
            check_cuts("damaged", is_head, bytes, &limits, &cuts[i], places, expected, &wanted);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

/* Damage rows of a table again and again. */
static const char *check_damaged(bool is_head, uint64_t seed, size_t rounds)
{
    uint64_t random = seed;
    uint8_t buffer[DAMAGED_MAX];
    struct places places = open_places(sizeof buffer);
    const char *failure = NULL;
    for (size_t i = 0; failure == NULL && i < rounds; i++) {
        size_t row =
            vn_random_below(&random, is_head ? vn_head_row_count() : vn_trailers_row_count());
        struct text text = {buffer, is_head ? vn_head_rows[row].count : trailers_rows[row].count};
        memcpy(buffer, is_head ? vn_head_rows[row].bytes : trailers_rows[row].bytes, text.count);
        damage(&text, &random);
        failure = check_one_verdict(is_head, (vn_span) {buffer, text.count}, &random, &places);
        if (failure != NULL)
            failure = vn_fail_in("seed %llu, round %zu, row \"%s\"", (unsigned long long) seed, i,
                                 is_head ? vn_head_rows[row].name : trailers_rows[row].name);
    }
    close_places(&places);
    return failure;
}

const char *vn_check_damaged_heads(uint64_t seed, size_t rounds)
{
    return check_damaged(true, seed, rounds);
}

const char *vn_check_damaged_trailers(uint64_t seed, size_t rounds)
{
    return check_damaged(false, seed, rounds);
}

/* ---- Around the scanner ---- */

const char *vn_check_begin_keeps_fields(void)
{
    static _Thread_local vn_request request;
    memset(&request, 0x55, sizeof request);
    vn_scan_begin(&request);
    if (request.at != 0 || request.stage != 0 || request.facts != 0 || request.field_count != 0)
        return vn_fail("begin left something behind");
    if (request.fields[0].name_at != 0x55555555 || request.connection == NULL)
        return vn_fail("begin touched the fields or the connection");
    return NULL;
}

const char *vn_check_find(void)
{
    static const char head[] =
        "GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\naCCEPT: c\r\nA^: d\r\n\r\n";
    static _Thread_local vn_request request;
    vn_scan_begin(&request);
    vn_scan_head(&request, (const uint8_t *) head, sizeof head - 1, &usual_limits);
    static const struct {
        const char *name;
        size_t from;
        size_t expected;
    } rows[] = {
        {"host", 0, 0},   {"HOST", 0, 0},   {"Accept", 0, 1},   {"accept", 1, 1}, {"accept", 2, 2},
        {"accept", 3, 4}, {"accept", 4, 4}, {"accept", 999, 4}, {"acc", 0, 4},    {"accepts", 0, 4},
        {"", 0, 4},       {"a^", 0, 3},     {"a~", 0, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t index = vn_request_find(&request, vn_span_of(rows[i].name), rows[i].from);
        if (index != rows[i].expected)
            return vn_fail("\"%s\" from %zu: %zu", rows[i].name, rows[i].from, index);
    }
    return NULL;
}

const char *vn_check_writers_questions(void)
{
    for (int byte = 0; byte < 256; byte++) {
        for (size_t count = 1; count < 40; count++) {
            uint8_t bytes[40];
            memset(bytes, 'a', sizeof bytes);
            bytes[count / 2] = (uint8_t) byte;
            if (vn_is_token((vn_span) {bytes, count}) != is_token_byte(byte))
                return vn_fail("token with byte %d, %zu bytes", byte, count);
            if (vn_is_field_value((vn_span) {bytes, count}) != is_value_byte(byte))
                return vn_fail("value with byte %d, %zu bytes", byte, count);
        }
    }
    if (vn_is_token((vn_span) {NULL, 0}) || !vn_is_field_value((vn_span) {NULL, 0}))
        return vn_fail("empty token or value");
    return NULL;
}
