// SPDX-License-Identifier: MIT
/* fuzz_fields.c - a section of field lines as a head's and as a body's trailers: the verdict, what
 * the fields mean and what is found in them by name, against the plain reading of the same bytes.
 *
 * Steering: limits; version and form of the target, or trailers; three sizes of pieces. */
#include <string.h>

#include "../CVanillaIOChecks/http_delivery.h"
#include "fuzz.h"
#include "http/classes.h"
#include "plain.h"

static const struct vn_scan_limits all_limits[] = {
    {16 << 10, 16 << 10, 64 << 10, 128, false},
    {40, 30, 100, 3, false},
    {40, 16, 16, 1, false},
    {40, 65535, 2000, VN_FIELDS_MAX, false},
};

static const struct {
    const char *line;
    int32_t minor;
    const char *authority; /* of the target */
} begins[] = {
    {"GET / HTTP/1.1\r\n", 1, ""},
    {"GET / HTTP/1.0\r\n", 0, ""},
    {"GET http://h:1/p HTTP/1.1\r\n", 1, "h:1"},
    {"\r\n\r\nPUT http://[::1] HTTP/1.0\r\n", 0, "[::1]"},
};

typedef int32_t scanner(vn_request *request, const uint8_t *bytes, size_t count,
                        const struct vn_scan_limits *limits);

static struct fuzz_place place;
static uint8_t head[64 + FUZZ_PLACE_MAX / 2];

/* Scan in pieces; the first `from` bytes come with the first of them. */
static int32_t scan_pieces(scanner *scan, vn_request *request, vn_span bytes, size_t from,
                           const struct vn_scan_limits *limits, const struct fuzz_cuts *cuts)
{
    int32_t verdict = 0;
    vn_scan_begin(request);
    for (size_t piece = 0; verdict == 0 && from < bytes.count; piece++) {
        from = fuzz_next(cuts, piece, from, bytes.count);
        verdict = scan(request, fuzz_put(&place, bytes.bytes, from), from, limits);
    }
    fuzz_clear(&place);
    request->head = bytes.bytes;
    return verdict;
}

/* The name in the other case, as far as there is room. */
static vn_span swap_case(vn_span name, uint8_t room[64])
{
    size_t count = vn_smaller(name.count, 64);
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = name.bytes[i], lower = byte | 0x20;
        room[i] = lower >= 'a' && lower <= 'z' ? byte ^ 0x20 : byte;
    }
    return (vn_span) {room, count};
}

/* The first field of each name is found from the start, and itself from where it is. */
static void check_find(const vn_request *request)
{
    enum { FINDS_MAX = 6 };
    uint8_t room[64], before[64];
    fuzz_require(vn_request_find(request, vn_span_of("{"), 0) == request->field_count,
                 "a name that no field has was found");
    for (size_t i = 0; i < request->field_count; i += 1u + request->field_count / FINDS_MAX) {
        vn_span name = vn_field_name(request, i), other = swap_case(name, room);
        if (other.count < name.count)
            continue;
        fuzz_require(vn_request_find(request, other, i) == i, "field %zu is not found", i);
        size_t first = vn_request_find(request, name, 0);
        fuzz_require(first <= i, "field %zu is found at %zu", i, first);
        for (size_t k = 0; k < first; k++) {
            vn_span another = swap_case(vn_field_name(request, k), before);
            fuzz_require(another.count != other.count || !vn_equals_ignoring_case(another, other),
                         "field %zu is the same as %zu", k, i);
        }
    }
}

static void check_lists(const vn_request *request, const struct plain_section *section)
{
    enum {
        KNOWN = VN_HAS_LENGTH | VN_IS_CHUNKED | VN_SAYS_CLOSE | VN_SAYS_KEEP_ALIVE |
                VN_EXPECTS_CONTINUE | VN_HAS_HOST
    };
    fuzz_require((request->facts & KNOWN) == section->facts, "facts %#x in place of %#x",
                 request->facts, section->facts);
    fuzz_require(request->content_length == section->length, "a length of %llu in place of %llu",
                 (unsigned long long) request->content_length,
                 (unsigned long long) section->length);
    fuzz_require(request->field_count == section->field_count, "%u fields in place of %u",
                 request->field_count, section->field_count);
}

static void check_authority(const vn_request *request, const char *of_target)
{
    vn_span have = vn_request_span(request, request->authority), want = vn_span_of(of_target);
    if (want.count == 0) {
        size_t host = vn_request_find(request, vn_span_of("host"), 0);
        want = host < request->field_count ? vn_field_value(request, host) : (vn_span) {0};
    }
    fuzz_require(have.count == want.count &&
                     (want.count == 0 || memcmp(have.bytes, want.bytes, want.count) == 0),
                 "another authority");
}

static void check_head(vn_span lines, size_t begin, const struct vn_scan_limits *limits,
                       const struct fuzz_cuts *cuts)
{
    static vn_request request, wanted;
    vn_span begun = vn_span_of(begins[begin].line);
    memcpy(head, begun.bytes, begun.count);
    memcpy(head + begun.count, lines.bytes, lines.count);
    vn_span bytes = {head, begun.count + lines.count};
    struct plain_section section = plain_read_section(lines, begins[begin].minor, limits);
    int32_t want = section.verdict > 0 ? section.verdict + (int32_t) begun.count : section.verdict;

    vn_scan_begin(&wanted);
    int32_t verdict =
        vn_scan_head(&wanted, fuzz_put(&place, bytes.bytes, bytes.count), bytes.count, limits);
    fuzz_clear(&place);
    wanted.head = bytes.bytes;
    fuzz_require(verdict == want, "a head: %d in place of %d", verdict, want);
    if (verdict > 0) {
        check_lists(&wanted, &section);
        check_authority(&wanted, begins[begin].authority);
        check_find(&wanted);
    }
    scanner *scanners[] = {vn_scan_head, vn_scan_head_portable};
    for (size_t i = 0; i < 2; i++) {
        verdict = scan_pieces(scanners[i], &request, bytes, begun.count, limits, cuts);
        fuzz_require(verdict == want || lines.count == 0, "a head in pieces: %d in place of %d",
                     verdict, want);
        fuzz_require(verdict <= 0 || vn_same_request(&request, &wanted), "another request");
    }
}

/* What the decoder of bodies says of the same lines after a last chunk. */
static void check_body_trailers(vn_span lines, const struct vn_scan_limits *limits, int32_t want)
{
    struct vn_body_limits body_limits = {1000, 1000, 0, limits->field};
    struct vn_body body;
    static vn_request request;
    vn_span piece;
    body_limits.trailers = limits->fields - 2; /* which do not count the last CRLF */
    request.facts = VN_IS_CHUNKED;
    fuzz_require(vn_body_begin(&body, &request, &body_limits) == 0, "the body does not begin");
    vn_body_feed(&body, (const uint8_t *) "0\r\n", 3, &body_limits, &piece);
    int64_t used = vn_body_feed(&body, lines.bytes, lines.count, &body_limits, &piece);
    fuzz_require(piece.count == 0, "data in the trailers");
    int64_t have = used < 0 || body.is_complete ? used : 0;
    fuzz_require(have == want, "trailers of a body: %lld in place of %d", (long long) have, want);
}

static void check_trailers(vn_span lines, const struct vn_scan_limits *limits,
                           const struct fuzz_cuts *cuts)
{
    static vn_request request;
    struct plain_section section = plain_read_section(lines, -1, limits);
    scanner *scanners[] = {vn_scan_trailers, vn_scan_trailers_portable};
    for (size_t i = 0; i < 2; i++) {
        vn_scan_begin(&request);
        int32_t verdict = scanners[i](&request, lines.bytes, lines.count, limits);
        fuzz_require(verdict == section.verdict, "trailers: %d in place of %d", verdict,
                     section.verdict);
        verdict = scan_pieces(scanners[i], &request, lines, 0, limits, cuts);
        fuzz_require(verdict == section.verdict, "trailers in pieces: %d in place of %d", verdict,
                     section.verdict);
    }
    /* Where no limit is in the way: the decoder counts bytes, and no fields. */
    struct vn_scan_limits wide = {0, 65535, 1 << 20, VN_FIELDS_MAX, false};
    if (section.verdict != -431) {
        section = plain_read_section(lines, -1, &wide);
        if (section.verdict != -431)
            check_body_trailers(lines, &wide, section.verdict);
    }
}

/* The questions that a writer of fields asks, about any bytes. */
static void check_questions(vn_span bytes)
{
    bool is_value = true;
    for (size_t i = 0; i < bytes.count; i++)
        is_value = is_value && plain_is_field_byte(bytes.bytes[i]);
    fuzz_require(vn_is_token(bytes) == plain_is_token(bytes), "a token, or none");
    fuzz_require(vn_is_field_value(bytes) == is_value, "a field value, or none");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span lines = {bytes, count};
    const struct vn_scan_limits *limits = &all_limits[fuzz_take(&lines) % 4];
    size_t begin = fuzz_take(&lines) % 8;
    struct fuzz_cuts cuts = fuzz_take_cuts(&lines);
    if (lines.count > FUZZ_PLACE_MAX / 2)
        return 0;
    check_questions(lines);
    if (begin < 4)
        check_head(lines, begin, limits, &cuts);
    else
        check_trailers(lines, limits, &cuts);
    return 0;
}
