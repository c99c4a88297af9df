// SPDX-License-Identifier: MIT
/* fuzz_scanner.c - a request's head: the scanner by blocks and the portable one, in one piece and
 * cut, agree on verdict and ranges, and the ranges lie in the head and hold what they promise.
 *
 * Steering: limits and the scanner that gets pieces, three sizes of pieces. */
#include <string.h>

#include "../CVanillaIOChecks/http_delivery.h"
#include "fuzz.h"
#include "http/authority.h"
#include "http/classes.h"
#include "http/scan.h"

static const struct vn_scan_limits all_limits[] = {
    {16 << 10, 16 << 10, 64 << 10, 128, false},
    {40, 30, 100, 3, false},
    {16, 16, 16, 1, false},
    {64, 16, 80, VN_FIELDS_MAX, false},
};

typedef int32_t scanner(vn_request *request, const uint8_t *bytes, size_t count,
                        const struct vn_scan_limits *limits);

static struct fuzz_place places[2];

/* The head moves with every piece, and nothing of where it was may be looked at again. */
static int32_t scan_pieces(scanner *scan, vn_request *request, vn_span bytes,
                           const struct vn_scan_limits *limits, const struct fuzz_cuts *cuts)
{
    size_t given = 0;
    int32_t verdict = 0;
    vn_scan_begin(request);
    for (size_t piece = 0; verdict == 0 && given < bytes.count; piece++) {
        given = fuzz_next(cuts, piece, given, bytes.count);
        const uint8_t *here = fuzz_put(&places[piece % 2], bytes.bytes, given);
        verdict = scan(request, here, given, limits);
        fuzz_require(verdict <= 0 || request->head == here, "the head is where it was before");
        fuzz_require(request->at <= given && request->searched <= given - request->at,
                     "%u and %u are beyond the %zu bytes given", request->at, request->searched,
                     given);
        fuzz_clear(&places[piece % 2]);
    }
    request->head = bytes.bytes;
    return verdict;
}

static bool is_inside(vn_range range, size_t from, size_t to)
{
    return range.at >= from && range.at <= to && range.count <= to - range.at;
}

static void check_request_line(const vn_request *request, const struct vn_scan_limits *limits)
{
    const uint8_t *head = request->head;
    vn_range method = request->method, target = request->target;
    size_t end = (size_t) target.at + target.count;
    fuzz_require(vn_is_token(vn_request_method(request)), "the method is no token");
    fuzz_require(target.at == method.at + method.count + 1 && target.count > 0,
                 "the target is not after the method");
    fuzz_require(head[target.at - 1] == ' ' && memcmp(head + end, " HTTP/1.", 8) == 0 &&
                     memcmp(head + end + 9, "\r\n", 2) == 0,
                 "the request line has another form");
    fuzz_require(end + 9 - method.at <= limits->request_line, "the request line is too long");
    for (size_t i = target.at; i < end; i++)
        fuzz_require(head[i] > 0x20 && head[i] < 0x7f && head[i] != '#', "a byte of the target");
    fuzz_require(is_inside(request->path, target.at, end), "the path is outside of the target");
    fuzz_require(is_inside(request->query, target.at, end), "the query is outside of the target");
    fuzz_require(request->query.at + request->query.count == end, "the query ends early");
    if (request->query.at < end)
        fuzz_require(head[request->query.at - 1] == '?', "the query has no question mark");
}

/* Each field begins where the one before it ended. Returns where the last one ends. */
static size_t check_fields(const vn_request *request, size_t at,
                           const struct vn_scan_limits *limits)
{
    const uint8_t *head = request->head;
    fuzz_require(request->field_count <= limits->field_count, "%u fields", request->field_count);
    for (size_t i = 0; i < request->field_count; i++) {
        const vn_field *field = &request->fields[i];
        vn_span value = vn_field_value(request, i);
        size_t colon = (size_t) field->name_at + field->name_count;
        size_t from = field->value_at, to = from + field->value_count;
        fuzz_require(field->name_at == at && vn_is_token(vn_field_name(request, i)) &&
                         head[colon] == ':' && from > colon,
                     "field %zu: the name", i);
        fuzz_require(vn_is_field_value(value), "field %zu: a control byte", i);
        fuzz_require(value.count == 0 || (!vn_is_blank(value.bytes[0]) &&
                                          !vn_is_blank(value.bytes[value.count - 1])),
                     "field %zu is not trimmed", i);
        for (size_t k = colon + 1; k < from; k++)
            fuzz_require(vn_is_blank(head[k]), "field %zu: its value begins late", i);
        while (vn_is_blank(head[to]))
            to++;
        fuzz_require(head[to] == '\r' && head[to + 1] == '\n', "field %zu ends early", i);
        fuzz_require(to - at <= limits->field, "field %zu has %zu bytes", i, to - at);
        at = to + 2;
    }
    return at;
}

static void check_facts(const vn_request *request)
{
    uint16_t facts = request->facts;
    fuzz_require((facts & VN_IS_CHUNKED) == 0 || (facts & VN_HAS_LENGTH) == 0, "framed twice");
    fuzz_require((facts & VN_HAS_LENGTH) != 0 ? request->content_length <= INT64_MAX
                                              : request->content_length == 0,
                 "a length of %llu", (unsigned long long) request->content_length);
    fuzz_require(request->minor == 0 || (facts & VN_HAS_HOST) != 0, "there is no Host");
    fuzz_require(request->minor == 1 || (facts & (VN_IS_CHUNKED | VN_EXPECTS_CONTINUE)) == 0,
                 "HTTP/1.0 with what it does not have");
    fuzz_require((facts & ~0x3f) == 0, "facts that nobody knows: %#x", facts);
    if (request->authority.count > 0)
        fuzz_require(vn_is_authority(vn_request_span(request, request->authority)),
                     "the authority is malformed");
}

static void check_request(const vn_request *request, size_t size,
                          const struct vn_scan_limits *limits)
{
    fuzz_require(is_inside(request->method, 0, size) && is_inside(request->target, 0, size) &&
                     is_inside(request->authority, 0, size),
                 "a range is outside of the head");
    check_request_line(request, limits);
    size_t fields_at = (size_t) request->target.at + request->target.count + 11;
    size_t end = check_fields(request, fields_at, limits);
    fuzz_require(end + 2 == size && memcmp(request->head + end, "\r\n", 2) == 0,
                 "the head of %zu bytes does not end at %zu", size, end);
    fuzz_require(end - fields_at <= limits->fields, "%zu bytes of fields", end - fields_at);
    check_facts(request);
}

static void check_verdict(int32_t verdict, size_t count)
{
    static const int32_t refusals[] = {-400, -414, -431, -501, -505};
    bool is_known = verdict >= 0 && (size_t) verdict <= count;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        is_known = is_known || verdict == refusals[i];
    fuzz_require(is_known, "the verdict on %zu bytes is %d", count, verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static vn_request wanted, request;
    vn_span input = {bytes, count};
    uint8_t way = fuzz_take(&input);
    const struct vn_scan_limits *limits = &all_limits[way % 4];
    struct fuzz_cuts cuts = fuzz_take_cuts(&input);
    if (input.count > FUZZ_PLACE_MAX)
        return 0;

    vn_scan_begin(&wanted);
    int32_t verdict = vn_scan_head_portable(&wanted, input.bytes, input.count, limits);
    check_verdict(verdict, input.count);
    if (verdict > 0)
        check_request(&wanted, (size_t) verdict, limits);

    vn_scan_begin(&request);
    int32_t found = vn_scan_head(&request, input.bytes, input.count, limits);
    fuzz_require(found == verdict, "by blocks: %d in place of %d", found, verdict);
    fuzz_require(verdict <= 0 || vn_same_request(&request, &wanted), "by blocks: another request");
    if (verdict > 0) {
        const uint8_t *here = fuzz_put(&places[0], input.bytes, (size_t) verdict - 1);
        vn_scan_begin(&request);
        found = vn_scan_head(&request, here, (size_t) verdict - 1, limits);
        fuzz_require(found == 0, "without its last byte: %d", found);
        fuzz_clear(&places[0]);
    }
    scanner *scan = (way & 4) == 0 ? vn_scan_head : vn_scan_head_portable;
    found = scan_pieces(scan, &request, input, limits, &cuts);
    fuzz_require(found == verdict, "in pieces: %d in place of %d", found, verdict);
    fuzz_require(verdict <= 0 || vn_same_request(&request, &wanted), "in pieces: another request");
    return 0;
}
