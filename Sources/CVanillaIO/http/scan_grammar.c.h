// SPDX-License-Identifier: MIT
/* scan_grammar.c.h - the grammar of heads and trailers, written once (RFC 9112, sections 2 to 5
 * and 7.1.2). Each scan_*.c includes it after its own search_token, search_control and
 * search_target, and exports what it defines.
 *
 * The request remembers between calls which stage the scan is in and the first byte that no
 * stage has taken. A stage judges by the bytes up to the one it looks at and never by how many
 * there are, so the first wrong byte decides however the head was cut. Limits end a search as a
 * wrong byte would. */

#include "classes.h"
#include "fields.h"
#include "scan.h"
#include "target.h"
#include "utf8.h"

/* vn_request.stage, in the order of the bytes. A new request starts in the first. */
enum {
    STAGE_BLANK,   /* at the start of a line before the request line */
    STAGE_METHOD,
    STAGE_PATH,    /* in the target, no "?" seen */
    STAGE_QUERY,   /* in the target, after its first "?" */
    STAGE_VERSION,
    STAGE_LINE,    /* at the start of a field line or of the empty line that ends the section */
    STAGE_NAME,
    STAGE_VALUE,
};

/* What a stage answers beside -status, and the size of what is complete, which is at least 2. */
enum { MORE = 0, NEXT = 1 };

enum {
    BLANK_LINES_MAX = 8,
    /* No section is larger, whatever the limits say: ranges and results are 32 bits wide. */
    SECTION_MAX = 1 << 29,
};

/* One call's view. A local that no function holds on to, so that it lives in registers; what the
 * next call needs is saved in the request at the end. */
struct scan {
    vn_request *request;
    const uint8_t *bytes;
    size_t count;
    size_t next; /* first byte that no stage has taken */
    size_t at;   /* first byte of this line */
    size_t cap;  /* where this line's CR must be at the latest */
    size_t section_cap;
    const struct vn_scan_limits *limits;
    uint32_t field_count;
    uint16_t stage;
};

/* Inlined for the same reason. */
#define step static inline __attribute__((always_inline))

step vn_range range_between(size_t from, size_t to)
{
    return (vn_range) {(uint32_t) from, (uint32_t) (to - from)};
}

/* MORE, or the line is too long already and is refused with `status`. */
step int32_t stop_search(struct scan *scan, size_t end, int32_t status)
{
    scan->next = end;
    return end == scan->cap ? -status : MORE;
}

step size_t search_end(const struct scan *scan)
{
    return vn_smaller(scan->count, scan->cap);
}

/* ---- The request line ---- */

/* Empty lines before a request line are skipped, a few: RFC 9112, section 2.2. */
step int32_t scan_blank_lines(struct scan *scan)
{
    for (; scan->next < scan->count && scan->bytes[scan->next] == '\r';
         scan->at = scan->next += 2) {
        if (scan->next == 2 * BLANK_LINES_MAX)
            return -400;
        if (scan->next + 1 == scan->count)
            return MORE;
        if (scan->bytes[scan->next + 1] != '\n')
            return -400;
    }
    if (scan->next == scan->count)
        return MORE;
    scan->request->line = (uint32_t) scan->at;
    scan->stage = STAGE_METHOD;
    return NEXT;
}

step uint8_t find_method(const uint8_t *method, size_t count)
{
    switch (count) {
    case 3:
        return memcmp(method, "GET", 3) == 0   ? VN_METHOD_GET
               : memcmp(method, "PUT", 3) == 0 ? VN_METHOD_PUT
                                               : VN_METHOD_OTHER;
    case 4:
        return memcmp(method, "POST", 4) == 0   ? VN_METHOD_POST
               : memcmp(method, "HEAD", 4) == 0 ? VN_METHOD_HEAD
                                                : VN_METHOD_OTHER;
    case 5:
        return memcmp(method, "PATCH", 5) == 0   ? VN_METHOD_PATCH
               : memcmp(method, "TRACE", 5) == 0 ? VN_METHOD_TRACE
                                                 : VN_METHOD_OTHER;
    case 6:
        return memcmp(method, "DELETE", 6) == 0 ? VN_METHOD_DELETE : VN_METHOD_OTHER;
    case 7:
        return memcmp(method, "OPTIONS", 7) == 0   ? VN_METHOD_OPTIONS
               : memcmp(method, "CONNECT", 7) == 0 ? VN_METHOD_CONNECT
                                                   : VN_METHOD_OTHER;
    default:
        return VN_METHOD_OTHER;
    }
}

step int32_t scan_method(struct scan *scan)
{
    vn_request *request = scan->request;
    size_t end = search_end(scan);
    size_t stop = search_token(scan->bytes, scan->next, end);
    if (stop == end)
        return stop_search(scan, end, 400);
    if (scan->bytes[stop] != ' ' || stop == scan->at)
        return -400;
    request->method = range_between(scan->at, stop);
    request->method_id = find_method(scan->bytes + scan->at, stop - scan->at);
    scan->next = stop + 1;
    request->target.at = (uint32_t) scan->next;
    scan->stage = STAGE_PATH;
    return NEXT;
}

/* A byte that ends a target, unless it begins a sequence of UTF-8 where these are taken: NEXT, and
 * the search goes on after that. */
step int32_t skip_utf8(struct scan *scan, size_t stop, size_t end)
{
    if (!scan->limits->takes_utf8)
        return -400;
    int32_t size = vn_utf8_measure((vn_span) {scan->bytes + stop, end - stop});
    if (size < 0)
        return -400;
    if (size == 0) {
        int32_t verdict = stop_search(scan, end, 414);
        scan->next = stop; /* it is measured again when it is complete */
        return verdict;
    }
    scan->next = stop + (size_t) size;
    return NEXT;
}

step int32_t scan_target(struct scan *scan)
{
    vn_request *request = scan->request;
    size_t end = search_end(scan);
    size_t stop;
    for (;;) {
        uint8_t also = scan->stage == STAGE_PATH ? '?' : '#';
        stop = search_target(scan->bytes, scan->next, end, also);
        if (stop == end)
            return stop_search(scan, end, 414);
        scan->next = stop + 1;
        if (vn_likely(scan->bytes[stop] == ' '))
            break;
        if (scan->bytes[stop] == '?') {
            request->query.at = (uint32_t) scan->next;
            scan->stage = STAGE_QUERY;
            continue;
        }
        int32_t skipped = skip_utf8(scan, stop, end);
        if (skipped != NEXT)
            return skipped;
    }
    request->target.count = (uint32_t) stop - request->target.at;
    scan->stage = STAGE_VERSION;
    int32_t verdict = vn_target_split(request);
    return verdict < 0 ? verdict : NEXT;
}

/* "HTTP/" DIGIT "." DIGIT CRLF, byte by byte. */
step int32_t scan_version_bytes(struct scan *scan, size_t start)
{
    static const uint8_t form[] = {'H', 'T', 'T', 'P', '/', '0', '.', '0', '\r', '\n'};
    for (; scan->next < start + sizeof form; scan->next++) {
        size_t index = scan->next - start;
        if (scan->next == scan->count)
            return MORE;
        if (scan->next == scan->cap && form[index] != '\r' && form[index] != '\n')
            return -414;
        uint8_t byte = scan->bytes[scan->next];
        if (form[index] == '0' ? !vn_is_digit(byte) : byte != form[index])
            return -400;
    }
    if (scan->bytes[start + 5] != '1')
        return -505;
    /* 1.2 to 1.9 are answered as the highest version that is known: RFC 9110, section 2.5. */
    scan->request->minor = scan->bytes[start + 7] != '0';
    return NEXT;
}

step int32_t scan_version(struct scan *scan)
{
    static const uint8_t usual[] = {'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n'};
    vn_request *request = scan->request;
    size_t start = (size_t) request->target.at + request->target.count + 1;
    if (vn_likely(scan->count >= start + sizeof usual && scan->cap >= start + sizeof usual - 2 &&
                  memcmp(scan->bytes + start, usual, sizeof usual) == 0)) {
        request->minor = 1;
    } else {
        int32_t verdict = scan_version_bytes(scan, start);
        if (verdict != NEXT)
            return verdict;
    }
    scan->at = scan->next = start + sizeof usual;
    request->line = (uint32_t) scan->at;
    scan->stage = STAGE_LINE;
    return NEXT;
}

step int32_t scan_request_line(struct scan *scan)
{
    int32_t verdict = NEXT;
    if (scan->stage == STAGE_BLANK)
        verdict = scan_blank_lines(scan);
    scan->cap = scan->at + vn_smaller(scan->limits->request_line, SECTION_MAX);
    if (verdict == NEXT && scan->stage == STAGE_METHOD)
        verdict = scan_method(scan);
    if (verdict == NEXT && scan->stage < STAGE_VERSION)
        verdict = scan_target(scan);
    if (verdict == NEXT)
        verdict = scan_version(scan);
    return verdict;
}

/* ---- Field lines ---- */

/* Where the CR of the line at `at` must be at the latest: by its own limit, and by that of all
 * lines together. */
step void begin_line(struct scan *scan)
{
    size_t cap = vn_smaller(scan->at + scan->limits->field, scan->section_cap);
    scan->cap = cap > scan->at ? cap : scan->at;
}

step int32_t scan_line_start(struct scan *scan)
{
    if (scan->next == scan->count)
        return MORE;
    if (vn_likely(scan->bytes[scan->next] != '\r')) {
        if (scan->field_count >= vn_smaller(scan->limits->field_count, VN_FIELDS_MAX))
            return -431;
        scan->stage = STAGE_NAME;
        return NEXT;
    }
    if (scan->next + 1 == scan->count)
        return MORE;
    return scan->bytes[scan->next + 1] == '\n' ? (int32_t) scan->next + 2 : -400;
}

step int32_t scan_name(struct scan *scan)
{
    size_t end = search_end(scan);
    size_t stop = search_token(scan->bytes, scan->next, end);
    if (stop == end)
        return stop_search(scan, end, 431);
    if (scan->bytes[stop] != ':' || stop == scan->at)
        return -400;
    if (stop - scan->at > UINT16_MAX)
        return -431;
    vn_field *field = &scan->request->fields[scan->field_count];
    field->name_at = (uint32_t) scan->at;
    field->name_count = (uint16_t) (stop - scan->at);
    scan->stage = STAGE_VALUE;
    scan->next = stop + 1;
    return NEXT;
}

step void set_value(vn_field *field, const uint8_t *bytes, size_t to)
{
    size_t from = (size_t) field->name_at + field->name_count + 1;
    while (from < to && vn_is_blank(bytes[from]))
        from++;
    while (to > from && vn_is_blank(bytes[to - 1]))
        to--;
    field->value_at = (uint32_t) from;
    field->value_count = (uint32_t) (to - from);
}

step int32_t scan_value(struct scan *scan)
{
    size_t end = search_end(scan);
    size_t stop = search_control(scan->bytes, scan->next, end);
    scan->next = stop;
    if (stop == scan->count)
        return MORE;
    if (scan->bytes[stop] != '\r')
        return stop == scan->cap ? -431 : -400;
    if (stop + 1 == scan->count)
        return MORE;
    if (scan->bytes[stop + 1] != '\n')
        return -400;
    set_value(&scan->request->fields[scan->field_count], scan->bytes, stop);
    scan->field_count++;
    scan->at = scan->next = stop + 2;
    scan->stage = STAGE_LINE;
    return NEXT;
}

/* Field lines up to and with the empty line. Only those of a head mean something to the core. */
step int32_t scan_fields(struct scan *scan, bool is_head)
{
    vn_request *request = scan->request;
    size_t most = vn_smaller(scan->limits->fields, SECTION_MAX);
    /* The last line's CRLF counts too. */
    scan->section_cap = request->line + (most > 2 ? most - 2 : 0);
    for (;;) {
        int32_t verdict = NEXT;
        begin_line(scan);
        if (scan->stage == STAGE_LINE)
            verdict = scan_line_start(scan);
        if (verdict == NEXT && scan->stage == STAGE_NAME)
            verdict = scan_name(scan);
        if (verdict == NEXT)
            verdict = scan_value(scan);
        if (verdict != NEXT)
            return verdict;
        if (is_head &&
            (verdict = vn_fields_note(request, &request->fields[scan->field_count - 1])) < 0)
            return verdict;
    }
}

/* ---- The two ways in ---- */

step struct scan resume(vn_request *request, const uint8_t *bytes, size_t count,
                        const struct vn_scan_limits *limits)
{
    request->head = bytes;
    return (struct scan) {
        .request = request,
        .bytes = bytes,
        .count = count,
        .next = (size_t) request->at + request->searched,
        .at = request->at,
        .limits = limits,
        .field_count = request->field_count,
        .stage = request->stage,
    };
}

step void save(const struct scan *scan)
{
    scan->request->at = (uint32_t) scan->at;
    scan->request->searched = (uint32_t) (scan->next - scan->at);
    scan->request->field_count = (uint16_t) scan->field_count;
    scan->request->stage = scan->stage;
}

step int32_t scan_head(vn_request *request, const uint8_t *bytes, size_t count,
                       const struct vn_scan_limits *limits)
{
    struct scan scan = resume(request, bytes, count, limits);
    int32_t verdict = NEXT;
    if (scan.stage < STAGE_LINE)
        verdict = scan_request_line(&scan);
    if (verdict == NEXT)
        verdict = scan_fields(&scan, true);
    save(&scan);
    if (verdict <= 0)
        return verdict;
    int32_t refusal = vn_fields_end(request);
    return refusal < 0 ? refusal : verdict;
}

step int32_t scan_trailers(vn_request *request, const uint8_t *bytes, size_t count,
                           const struct vn_scan_limits *limits)
{
    struct scan scan = resume(request, bytes, count, limits);
    if (scan.stage == STAGE_BLANK)
        scan.stage = STAGE_LINE;
    int32_t verdict = scan_fields(&scan, false);
    save(&scan);
    return verdict;
}
