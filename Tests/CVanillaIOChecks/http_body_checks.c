// SPDX-License-Identifier: MIT
/* http_body_checks.c - bodies, chunked and by length, however they are cut. Sections are of RFC
 * 9112. */
#include <stdlib.h>
#include <string.h>

#include "http/digits.h"
#include "http_checks.h"
#include "http_delivery.h"

enum { DECODED_MAX = 8 << 10, ENCODED_MAX = 64 << 10 };

static const struct vn_body_limits usual_limits = {8 << 20, 4 << 10, 16 << 10, 16 << 10};

/* What a body came to. */
struct outcome {
    int64_t verdict; /* bytes used when complete, 0 while more is needed, or the refusal */
    size_t count;
    uint8_t decoded[DECODED_MAX];
};

static vn_request request_for(uint16_t facts, uint64_t length)
{
    vn_request request;
    vn_scan_begin(&request);
    request.facts = facts;
    request.content_length = length;
    return request;
}

/* Decode `bytes` as they come, each piece right before an unreadable page, up to the end or a
 * refusal. */
static void deliver(struct outcome *outcome, const vn_request *request, vn_span bytes,
                    const struct vn_body_limits *limits, const struct vn_cuts *cuts,
                    const struct vn_edges *edges)
{
    struct vn_body body;
    size_t used = 0;
    size_t given = 0;
    outcome->count = 0;
    outcome->verdict = vn_body_begin(&body, request, limits);
    if (outcome->verdict < 0)
        return;
    while (!body.is_complete && given < bytes.count) {
        size_t next = cuts->next(cuts, given, bytes.count);
        const uint8_t *here = vn_edges_put_last(edges, bytes.bytes + given, next - given);
        while (given < next && !body.is_complete) {
            vn_span piece;
            int64_t result = vn_body_feed(&body, here, next - given, limits, &piece);
            if (result < 0) {
                outcome->verdict = result;
                return;
            }
            assert(result > 0 && (size_t) result <= next - given);
            assert(piece.bytes >= here && piece.bytes + piece.count <= here + result);
            memcpy(outcome->decoded + outcome->count, piece.bytes, piece.count);
            outcome->count += piece.count;
            here += result;
            given += (size_t) result;
            used += (size_t) result;
        }
    }
    outcome->verdict = body.is_complete ? (int64_t) used : 0;
}

static const char *compare(const char *name, const struct vn_cuts *cuts,
                           const struct outcome *outcome, const struct outcome *wanted)
{
    if (outcome->verdict != wanted->verdict)
        return vn_fail("%s: %s %zu: %lld in place of %lld", name, cuts->name, cuts->size,
                       (long long) outcome->verdict, (long long) wanted->verdict);
    if (outcome->count != wanted->count ||
        memcmp(outcome->decoded, wanted->decoded, wanted->count) != 0)
        return vn_fail("%s: %s %zu: other data", name, cuts->name, cuts->size);
    return NULL;
}

static const char *check_cuts(const char *name, const vn_request *request, vn_span bytes,
                              const struct vn_body_limits *limits, const struct vn_cuts *cuts,
                              const struct outcome *wanted)
{
    static _Thread_local struct outcome outcome;
    struct vn_edges edges = vn_edges_open(bytes.count);
    deliver(&outcome, request, bytes, limits, cuts, &edges);
    vn_edges_close(&edges);
    return compare(name, cuts, &outcome, wanted);
}

/* Whole, in small pieces and cut at every byte. */
static const char *check_every_cut(const char *name, vn_span bytes,
                                   const struct vn_body_limits *limits,
                                   const struct outcome *wanted)
{
    vn_request request = request_for(VN_IS_CHUNKED, 0);
    struct vn_cuts cuts = vn_cuts_none();
    const char *failure = check_cuts(name, &request, bytes, limits, &cuts, wanted);
    for (size_t size = 1; failure == NULL && size < 6; size++) {
        cuts = vn_cuts_every(size);
        failure = check_cuts(name, &request, bytes, limits, &cuts, wanted);
    }
    for (size_t at = 1; failure == NULL && at < bytes.count; at++) {
        cuts = vn_cuts_once(at);
        failure = check_cuts(name, &request, bytes, limits, &cuts, wanted);
    }
    return failure;
}

/* ---- The table ---- */

#define BYTES(text) (text), sizeof(text) - 1
#define EXTENSION(text) BYTES("3" text "\r\nabc\r\n0\r\n\r\n")
#define SIZE(text) BYTES(text "\r\nabc\r\n0\r\n\r\n")

/* clang-format off */
static const struct body_row {
    const char *name;
    const char *bytes;
    size_t count;
    int32_t status; /* 200: complete; 0: more is needed; else the refusal */
    const char *decoded;
    size_t rest;
} body_rows[] = {
    {"7.1: no data", BYTES("0\r\n\r\n"), 200, "", 0},
    {"7.1: one chunk", BYTES("3\r\nabc\r\n0\r\n\r\n"), 200, "abc", 0},
    {"7.1: two chunks", BYTES("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 200, "abcde", 0},
    {"7.1: the next request behind", BYTES("3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), 200, "abc", 16},
    {"7.1: data that looks like framing", BYTES("7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n"), 200, "0\r\n\r\n\r\n", 0},
    {"7.1: hexadecimal in either case", BYTES("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"), 200, "01234567890123456789a", 0},
    {"7.1: leading zeros", BYTES("00000000000000000000003\r\nabc\r\n0\r\n\r\n"), 200, "abc", 0},
    {"7.1: many zeros end it", BYTES("000000\r\n\r\n"), 200, "", 0},
    {"7.1: nothing yet", BYTES(""), 0, "", 0},
    {"7.1: half a size", BYTES("3"), 0, "", 0},
    {"7.1: half a line end", BYTES("3\r"), 0, "", 0},
    {"7.1: half the data", BYTES("3\r\nab"), 0, "ab", 0},
    {"7.1: no line end behind the data yet", BYTES("3\r\nabc"), 0, "abc", 0},
    {"7.1: half a line end behind the data", BYTES("3\r\nabc\r"), 0, "abc", 0},
    {"7.1: no last chunk", BYTES("3\r\nabc\r\n"), 0, "abc", 0},
    {"7.1: no empty line", BYTES("3\r\nabc\r\n0\r\n"), 0, "abc", 0},
    {"7.1: half the empty line", BYTES("3\r\nabc\r\n0\r\n\r"), 0, "abc", 0},
    {"7.1: 2^63-1", BYTES("7fffffffffffffff\r\nab"), 413, "", 0},
    {"7.1: 2^63", BYTES("8000000000000000\r\nab"), 400, "", 0},
    {"7.1: 2^64-1", BYTES("ffffffffffffffff\r\nab"), 400, "", 0},
    {"7.1: 2^64", BYTES("10000000000000000\r\nab"), 400, "", 0},
    {"7.1: 2^64+3", SIZE("10000000000000003"), 400, "", 0},
    {"7.1: no size", SIZE(""), 400, "", 0},
    {"7.1: a prefix", SIZE("0x3"), 400, "", 0},
    {"7.1: a plus sign", SIZE("+3"), 400, "", 0},
    {"7.1: a minus sign", SIZE("-3"), 400, "", 0},
    {"7.1: an underscore", SIZE("0_3"), 400, "", 0},
    {"7.1: a suffix", SIZE("3h"), 400, "", 0},
    {"7.1: a letter that is no digit", SIZE("g"), 400, "", 0},
    {"7.1: a space in front", SIZE(" 3"), 400, "", 0},
    {"7.1: a space behind", SIZE("3 "), 400, "", 0},
    {"7.1: a tab behind", SIZE("3\t"), 400, "", 0},
    {"7.1: a space inside", SIZE("0 3"), 400, "", 0},
    {"7.1: a dot", SIZE("3.0"), 400, "", 0},
    {"7.1: a comma", SIZE("3,3"), 400, "", 0},
    {"7.1: NUL behind the size", SIZE("3\0"), 400, "", 0},
    {"7.1: a bare LF behind the size", BYTES("3\nabc\r\n0\r\n\r\n"), 400, "", 0},
    {"7.1: a bare CR behind the size", BYTES("3\rabc\r\n0\r\n\r\n"), 400, "", 0},
    {"7.1: CR CR LF behind the size", BYTES("3\r\r\nabc\r\n0\r\n\r\n"), 400, "", 0},
    {"7.1: a bare LF behind the data", BYTES("3\r\nabc\n0\r\n\r\n"), 400, "abc", 0},
    {"7.1: a bare CR behind the data", BYTES("3\r\nabc\r0\r\n\r\n"), 400, "abc", 0},
    {"7.1: nothing behind the data", BYTES("3\r\nabc0\r\n\r\n"), 400, "abc", 0},
    {"7.1: more data than announced", BYTES("3\r\nabcd\r\n0\r\n\r\n"), 400, "abc", 0},
    {"7.1: less data than announced", BYTES("4\r\nabc\r\n0\r\n\r\n"), 400, "abc\r", 0},
    {"7.1: a space behind the data", BYTES("3\r\nabc \r\n0\r\n\r\n"), 400, "abc", 0},
    {"7.1: an empty line between chunks", BYTES("3\r\nabc\r\n\r\n0\r\n\r\n"), 400, "abc", 0},
    {"7.1: a bare LF behind the last size", BYTES("0\n\r\n"), 400, "", 0},
    {"7.1: a bare LF as the empty line", BYTES("0\r\n\n"), 400, "", 0},
    {"7.1: a bare CR as the empty line", BYTES("0\r\n\rX"), 400, "", 0},

    {"7.1.1: a name", EXTENSION(";a"), 200, "abc", 0},
    {"7.1.1: a name and a token", EXTENSION(";a=b"), 200, "abc", 0},
    {"7.1.1: a quoted string", EXTENSION(";a=\"b c;=,\t\""), 200, "abc", 0},
    {"7.1.1: an empty quoted string", EXTENSION(";a=\"\""), 200, "abc", 0},
    {"7.1.1: quoted pairs", EXTENSION(";a=\"\\\"\\\\\\b\\\t\""), 200, "abc", 0},
    {"7.1.1: bytes above ASCII in quotes", EXTENSION(";a=\"\200\377\\\377\""), 200, "abc", 0},
    {"7.1.1: several", EXTENSION(";a;b=c;d=\"e\";f"), 200, "abc", 0},
    {"7.1.1: white space around everything", EXTENSION(" \t; \ta\t = \tb ; c = \"d\" ;e"), 200, "abc", 0},
    {"7.1.1: on the last chunk", BYTES("0;a=b\r\n\r\n"), 200, "", 0},
    {"7.1.1: every byte of a token", EXTENSION(";!#$%&'*+-.^_`|~9aZ=!#$%&'*+-.^_`|~9aZ"), 200, "abc", 0},
    {"7.1.1: a semicolon alone", EXTENSION(";"), 400, "", 0},
    {"7.1.1: two semicolons", EXTENSION(";;a"), 400, "", 0},
    {"7.1.1: a semicolon at the end", EXTENSION(";a;"), 400, "", 0},
    {"7.1.1: no name", EXTENSION(";=b"), 400, "", 0},
    {"7.1.1: no value", EXTENSION(";a="), 400, "", 0},
    {"7.1.1: two values", EXTENSION(";a=b=c"), 400, "", 0},
    {"7.1.1: white space inside a value", EXTENSION(";a=b c"), 400, "", 0},
    {"7.1.1: white space inside a name", EXTENSION(";a b"), 400, "", 0},
    {"7.1.1: white space at the end of a name", EXTENSION(";a "), 400, "", 0},
    {"7.1.1: white space at the end of a value", EXTENSION(";a=b "), 400, "", 0},
    {"7.1.1: white space at the end of a string", EXTENSION(";a=\"b\"\t"), 400, "", 0},
    {"7.1.1: no semicolon", EXTENSION(" a=b"), 400, "", 0},
    {"7.1.1: a comma in place of a semicolon", EXTENSION(",a=b"), 400, "", 0},
    {"7.1.1: an open string", EXTENSION(";a=\"b"), 400, "", 0},
    {"7.1.1: a line end in a string", EXTENSION(";a=\"b\r\n\""), 400, "", 0},
    {"7.1.1: an escaped CR", EXTENSION(";a=\"\\\r\n\""), 400, "", 0},
    {"7.1.1: a bare LF in a string", EXTENSION(";a=\"b\n\""), 400, "", 0},
    {"7.1.1: a bare CR in an extension", EXTENSION(";a\rb"), 400, "", 0},
    {"7.1.1: a bare LF in an extension", EXTENSION(";a\nb"), 400, "", 0},
    {"7.1.1: NUL in a string", EXTENSION(";a=\"\0\""), 400, "", 0},
    {"7.1.1: an escaped DEL", EXTENSION(";a=\"\\\177\""), 400, "", 0},
    {"7.1.1: bytes behind a string", EXTENSION(";a=\"b\"c"), 400, "", 0},
    {"7.1.1: a delimiter in a name", EXTENSION(";a(b"), 400, "", 0},
    {"7.1.1: a delimiter in a value", EXTENSION(";a=b/c"), 400, "", 0},
    {"7.1.1: bytes above ASCII in a name", EXTENSION(";\303\244"), 400, "", 0},

    {"7.1.2: trailers", BYTES("3\r\nabc\r\n0\r\nA: b\r\nC:\r\n\r\n"), 200, "abc", 0},
    {"7.1.2: trailers that mean nothing here", BYTES("0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nHost:\r\n\r\n"), 200, "", 0},
    {"7.1.2: half a trailer", BYTES("0\r\nA: b"), 0, "", 0},
    {"7.1.2: trailers without an end", BYTES("0\r\nA: b\r\n"), 0, "", 0},
    {"7.1.2: the next request in place of the empty line", BYTES("0\r\nGET / HTTP/1.1\r\n"), 400, "", 0},
    {"7.1.2: white space before the colon", BYTES("0\r\nA : b\r\n\r\n"), 400, "", 0},
    {"7.1.2: folding", BYTES("0\r\nA: b\r\n c\r\n\r\n"), 400, "", 0},
    {"7.1.2: a bare LF", BYTES("0\r\nA: b\n\r\n"), 400, "", 0},
    {"7.1.2: no colon", BYTES("0\r\nA\r\n\r\n"), 400, "", 0},
    {"7.1.2: no name", BYTES("0\r\n: b\r\n\r\n"), 400, "", 0},
    {"7.1.2: a control byte", BYTES("0\r\nA: \001\r\n\r\n"), 400, "", 0},
};
/* clang-format on */

size_t vn_body_row_count(void)
{
    return sizeof body_rows / sizeof body_rows[0];
}

const char *vn_body_row_name(size_t row)
{
    return body_rows[row].name;
}

const char *vn_check_body_row(size_t index)
{
    static _Thread_local struct outcome wanted;
    const struct body_row *row = &body_rows[index];
    wanted.verdict = row->status == 200 ? (int64_t) (row->count - row->rest) : -row->status;
    wanted.count = strlen(row->decoded);
    memcpy(wanted.decoded, row->decoded, wanted.count);
    return check_every_cut(row->name, (vn_span) {(const uint8_t *) row->bytes, row->count},
                           &usual_limits, &wanted);
}

/* ---- Limits ---- */

/* The chunked body `text` gets `status`. What was decoded is not compared. */
static const char *check_status(const char *text, const struct vn_body_limits *limits,
                                int32_t status)
{
    static _Thread_local struct outcome wanted;
    vn_span bytes = vn_span_of(text);
    vn_request request = request_for(VN_IS_CHUNKED, 0);
    struct vn_cuts cuts = vn_cuts_none();
    struct vn_edges edges = vn_edges_open(bytes.count);
    deliver(&wanted, &request, bytes, limits, &cuts, &edges);
    vn_edges_close(&edges);
    int64_t expected = status == 200 ? (int64_t) bytes.count : -status;
    if (wanted.verdict != expected)
        return vn_fail("\"%.40s\": %lld in place of %lld", text, (long long) wanted.verdict,
                       (long long) expected);
    return check_every_cut(text, bytes, limits, &wanted);
}

struct status_row {
    const char *text;
    int32_t status;
};

static const char *check_statuses(const struct status_row *rows, size_t count,
                                  const struct vn_body_limits *limits)
{
    const char *failure = NULL;
    for (size_t i = 0; failure == NULL && i < count; i++)
        failure = check_status(rows[i].text, limits, rows[i].status);
    return failure;
}

const char *vn_check_limit_of_body_size(void)
{
    static const struct vn_body_limits limits = {10, 100, 100, 100};
    static const struct status_row rows[] = {
        {"a\r\n0123456789\r\n0\r\n\r\n", 200},
        {"b\r\n0123456789a\r\n0\r\n\r\n", 413},
        {"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", 200},
        {"5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", 413},
        {"7fffffffffffffff\r\n", 413},
        {"5\r\n01234\r\n7fffffffffffffff\r\n", 413},
        {"b;\r\n", 400}, /* the line is wrong before it is known to be too much */
    };
    const char *failure = check_statuses(rows, sizeof rows / sizeof rows[0], &limits);
    for (uint64_t length = 10; failure == NULL && length <= 11; length++) {
        struct vn_body body;
        vn_request request = request_for(VN_HAS_LENGTH, length);
        int32_t verdict = vn_body_begin(&body, &request, &limits);
        if (verdict != (length == 10 ? 0 : -413))
            failure =
                vn_fail("a declared length of %llu: %d", (unsigned long long) length, verdict);
    }
    return failure;
}

const char *vn_check_limit_of_chunk_line(void)
{
    static const struct vn_body_limits limits = {100, 10, 100, 100};
    static const struct status_row rows[] = {
        {"0;abcdef\r\n\r\n", 200},
        {"0;abcdefg\r\n\r\n", 400},
        {"00000000\r\n\r\n", 200},
        {"000000000\r\n\r\n", 400},
        {"0;a=\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 400},
        {"1;abcdef\r\nx\r\n1;abcdef\r\nx\r\n0\r\n\r\n", 200}, /* each line on its own */
    };
    return check_statuses(rows, sizeof rows / sizeof rows[0], &limits);
}

const char *vn_check_limit_of_body_trailers(void)
{
    static const struct vn_body_limits limits = {100, 100, 20, 12};
    static const struct status_row rows[] = {
        {"0\r\nA: bcdefghij\r\n\r\n", 200},
        {"0\r\nA: bcdefghijk\r\n\r\n", 431},
        {"0\r\nNnnnnnnnnnnn", 0},
        {"0\r\nNnnnnnnnnnnnn", 431},
        {"0\r\nA: 34567\r\nB: 34567\r\n\r\n", 200},
        {"0\r\nA: 34567\r\nB: 345678\r\n\r\n", 431},
        {"0\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n", 200},
        {"0\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\n\r\n", 431},
    };
    return check_statuses(rows, sizeof rows / sizeof rows[0], &limits);
}

/* ---- By length ---- */

const char *vn_check_body_by_length(void)
{
    static _Thread_local struct outcome wanted;
    static const char bytes[] = "0123456789abcdefGET / HTTP/1.1\r\n";
    for (uint64_t length = 0; length <= 16; length++) {
        vn_request request = request_for(length > 0 ? VN_HAS_LENGTH : 0, length);
        wanted.verdict = (int64_t) length;
        wanted.count = length;
        memcpy(wanted.decoded, bytes, length);
        for (size_t at = 0; at < sizeof bytes - 1; at++) {
            struct vn_cuts cuts = at == 0 ? vn_cuts_every(1) : vn_cuts_once(at);
            vn_span all = {(const uint8_t *) bytes, sizeof bytes - 1};
            const char *failure =
                check_cuts("by length", &request, all, &usual_limits, &cuts, &wanted);
            if (failure != NULL)
                return failure;
        }
    }
    return NULL;
}

/* Data is handed on where it lies, in one piece a call. */
const char *vn_check_chunk_data_is_lent(void)
{
    static const uint8_t bytes[] = "5\r\nabcde\r\n0\r\n\r\n";
    struct vn_body body;
    vn_request request = request_for(VN_IS_CHUNKED, 0);
    vn_span piece;
    vn_body_begin(&body, &request, &usual_limits);
    int64_t used = vn_body_feed(&body, bytes, sizeof bytes - 1, &usual_limits, &piece);
    if (used != 8 || piece.bytes != bytes + 3 || piece.count != 5 || body.received != 5)
        return vn_fail("first piece: %lld used, %zu bytes", (long long) used, piece.count);
    used = vn_body_feed(&body, bytes + 8, sizeof bytes - 9, &usual_limits, &piece);
    if (used != 7 || piece.count != 0 || !body.is_complete)
        return vn_fail("the end: %lld used, %zu bytes", (long long) used, piece.count);
    used = vn_body_feed(&body, bytes, 5, &usual_limits, &piece);
    return used == 0 && piece.count == 0 ? NULL
                                         : vn_fail("behind the end: %lld used", (long long) used);
}

/* ---- Random ---- */

/* Write `count` bytes of data in chunks of random sizes, with random extensions and trailers. */
static size_t write_chunks(uint8_t *at, const uint8_t *data, size_t count, uint64_t *random)
{
    static const char *const extensions[] = {"", "", ";a", ";a=b", " ; a = \"b;\\\"\" ; c"};
    static const char *const trailers[] = {"", "A: b\r\n", "A:\r\nB: c\r\n"};
    uint8_t *start = at;
    for (size_t done = 0; done <= count;) {
        size_t size = done < count ? 1 + vn_random_below(random, vn_smaller(count - done, 700)) : 0;
        vn_span extension = vn_span_of(extensions[vn_random_below(random, 5)]);
        at = vn_write_hex(at, size);
        memcpy(at, extension.bytes, extension.count);
        at += extension.count;
        *at++ = '\r';
        *at++ = '\n';
        if (size == 0)
            break;
        memcpy(at, data + done, size);
        at += size;
        *at++ = '\r';
        *at++ = '\n';
        done += size;
    }
    vn_span trailer = vn_span_of(trailers[vn_random_below(random, 3)]);
    memcpy(at, trailer.bytes, trailer.count);
    at += trailer.count;
    *at++ = '\r';
    *at++ = '\n';
    return (size_t) (at - start);
}

const char *vn_check_rechunked_bodies(uint64_t seed, size_t rounds)
{
    static _Thread_local struct outcome wanted;
    uint64_t random = seed;
    vn_request request = request_for(VN_IS_CHUNKED, 0);
    uint8_t *encoded = malloc(ENCODED_MAX);
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < rounds; round++) {
        wanted.count = vn_random_below(&random, 1 << vn_random_below(&random, 12));
        for (size_t i = 0; i < wanted.count; i++)
            wanted.decoded[i] = (uint8_t) vn_random(&random);
        size_t count = write_chunks(encoded, wanted.decoded, wanted.count, &random);
        wanted.verdict = (int64_t) count;
        memcpy(encoded + count, "0\r\n\r\n", 5); /* not to be touched */
        struct vn_cuts cuts[] = {vn_cuts_none(), vn_cuts_every(1), vn_cuts_random(&random)};
        for (size_t i = 0; failure == NULL && i < 3; i++)
            failure = check_cuts("chunks", &request, (vn_span) {encoded, count + 5}, &usual_limits,
                                 &cuts[i], &wanted);
        if (failure != NULL)
            failure = vn_fail_in("seed %llu, round %zu", (unsigned long long) seed, round);
    }
    free(encoded);
    return failure;
}

static void damage(uint8_t *bytes, size_t *count, uint64_t *random)
{
    static const uint8_t telling[] = "\r\n;=\"\\ \t:0123456789abcdefgA\0\177\200";
    for (size_t i = vn_random_below(random, 4); i > 0 && *count > 1; i--) {
        size_t at = vn_random_below(random, *count);
        switch (vn_random_below(random, 3)) {
        case 0:
            bytes[at] = telling[vn_random_below(random, sizeof telling - 1)];
            break;
        case 1:
            memmove(bytes + at, bytes + at + 1, --*count - at);
            break;
        default:
            memmove(bytes + at + 1, bytes + at, (*count)++ - at);
            break;
        }
    }
}

const char *vn_check_damaged_bodies(uint64_t seed, size_t rounds)
{
    static _Thread_local struct outcome wanted;
    uint64_t random = seed;
    vn_request request = request_for(VN_IS_CHUNKED, 0);
    struct vn_edges edges = vn_edges_open(512);
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < rounds; round++) {
        const struct body_row *row = &body_rows[vn_random_below(&random, vn_body_row_count())];
        uint8_t bytes[512];
        size_t count = row->count;
        memcpy(bytes, row->bytes, count);
        damage(bytes, &count, &random);
        struct vn_body_limits limits = {
            vn_random_below(&random, 30), 5 + (uint32_t) vn_random_below(&random, 30),
            (uint32_t) vn_random_below(&random, 30), (uint32_t) vn_random_below(&random, 30)};
        struct vn_cuts cuts[] = {vn_cuts_none(), vn_cuts_every(1), vn_cuts_random(&random)};
        deliver(&wanted, &request, (vn_span) {bytes, count}, &limits, &cuts[0], &edges);
        for (size_t i = 1; failure == NULL && i < 3; i++)
            failure = check_cuts(row->name, &request, (vn_span) {bytes, count}, &limits, &cuts[i],
                                 &wanted);
        if (failure != NULL)
            failure = vn_fail_in("seed %llu, round %zu", (unsigned long long) seed, round);
    }
    vn_edges_close(&edges);
    return failure;
}
