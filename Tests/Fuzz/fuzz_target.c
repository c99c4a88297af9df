// SPDX-License-Identifier: MIT
/* fuzz_target.c - targets in their four forms, authorities, and numbers: what is accepted, and how
 * it is split, against the plain reading of the same bytes.
 *
 * Steering: method, and whether numbers and dates are written. */
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "http/authority.h"
#include "include/vn_date.h"
#include "http/digits.h"
#include "plain.h"

static const struct {
    const char *name;
    uint8_t id;
} methods[] = {
    {"GET", VN_METHOD_GET},        {"OPTIONS", VN_METHOD_OPTIONS}, {"CONNECT", VN_METHOD_CONNECT},
    {"HEAD", VN_METHOD_HEAD},      {"POST", VN_METHOD_POST},       {"DELETE", VN_METHOD_DELETE},
    {"PROPFIND", VN_METHOD_OTHER}, {"get", VN_METHOD_OTHER},
};

static struct fuzz_place place;

/* ---- Targets ---- */

/* How a target is split, and whether it is one. */
struct split {
    bool is_right;
    vn_span path;
    vn_span query;
    vn_span authority;
};

static bool starts_with(vn_span text, const char *lower)
{
    size_t count = strlen(lower);
    return text.count >= count && plain_is_word((vn_span) {text.bytes, count}, lower);
}

static vn_span rest_of(vn_span text, size_t from)
{
    return (vn_span) {text.bytes + from, text.count - from};
}

static struct split split_plainly(vn_span target, uint8_t method)
{
    struct split split = {.path = target, .query = rest_of(target, target.count)};
    for (size_t i = 0; i < target.count; i++)
        if (target.bytes[i] <= ' ' || target.bytes[i] >= 0x7f || target.bytes[i] == '#')
            return split;
    const uint8_t *mark = target.count == 0 ? NULL : memchr(target.bytes, '?', target.count);
    if (mark != NULL) {
        split.path.count = (size_t) (mark - target.bytes);
        split.query = rest_of(target, split.path.count + 1);
    }
    if (target.count == 0)
        return split;
    if (method == VN_METHOD_CONNECT) {
        split.authority = target;
        split.path.count = 0;
        split.is_right = plain_is_authority(target, true);
    } else if (target.bytes[0] == '/')
        split.is_right = true;
    else if (target.count == 1 && target.bytes[0] == '*')
        split.is_right = method == VN_METHOD_OPTIONS;
    else if (starts_with(target, "http://") || starts_with(target, "https://")) {
        vn_span rest = rest_of(split.path, starts_with(target, "http://") ? 7 : 8);
        const uint8_t *slash = rest.count == 0 ? NULL : memchr(rest.bytes, '/', rest.count);
        size_t host = slash == NULL ? rest.count : (size_t) (slash - rest.bytes);
        split.authority = (vn_span) {rest.bytes, host};
        split.path = rest_of(rest, host);
        split.is_right = plain_is_authority(split.authority, false);
    }
    return split;
}

static void compare(const char *what, vn_span have, vn_span want)
{
    fuzz_require(have.count == want.count && memcmp(have.bytes, want.bytes, want.count) == 0,
                 "%s: \"%.*s\" in place of \"%.*s\"", what, (int) have.count, have.bytes,
                 (int) want.count, want.bytes);
}

static void check_request(const vn_request *request, const struct split *split)
{
    compare("path", vn_request_span(request, request->path), split->path);
    compare("query", vn_request_query(request), split->query);
    compare("authority", vn_request_span(request, request->authority),
            split->authority.count > 0 ? split->authority : vn_span_of("h"));
    fuzz_require(vn_request_path(request).count > 0, "the path is empty");
}

static void check_target(vn_span target, size_t method)
{
    static const char after[] = " HTTP/1.1\r\nHost: h\r\n\r\n";
    static const struct vn_scan_limits limits = {1 << 20, 1 << 10, 1 << 10, 4, false};
    static uint8_t bytes[FUZZ_PLACE_MAX];
    static vn_request request;
    size_t name = strlen(methods[method].name);
    size_t count = name + 1 + target.count + sizeof after - 1;
    memcpy(bytes, methods[method].name, name);
    bytes[name] = ' ';
    memcpy(bytes + name + 1, target.bytes, target.count);
    memcpy(bytes + name + 1 + target.count, after, sizeof after - 1);

    struct split split = split_plainly(target, methods[method].id);
    vn_scan_begin(&request);
    int32_t verdict = vn_scan_head(&request, fuzz_put(&place, bytes, count), count, &limits);
    /* A space or a line end makes it another request line, of which the scanner's own target
     * judges. */
    if (memchr(target.bytes, ' ', target.count) == NULL) {
        fuzz_require(verdict == (split.is_right ? (int32_t) count : -400), "the verdict is %d",
                     verdict);
        fuzz_require(verdict < 0 || request.method_id == methods[method].id, "method %u",
                     request.method_id);
        if (verdict > 0)
            check_request(&request, &split);
    }
    fuzz_clear(&place);
}

/* ---- Authorities and numbers ---- */

static void check_authority(vn_span text)
{
    fuzz_require(vn_is_authority(text) == plain_is_authority(text, false), "an authority, or none");
    fuzz_require(vn_is_authority_with_port(text) == plain_is_authority(text, true),
                 "an authority with a port, or none");
}

/* Written and read again it is the same. */
static void check_number(uint64_t value)
{
    uint8_t text[VN_DECIMAL_MAX];
    size_t count = (size_t) (vn_write_decimal(text, value) - text);
    fuzz_require(count <= sizeof text, "%zu digits", count);
    fuzz_require(vn_parse_decimal(text, count) == (value <= INT64_MAX ? (int64_t) value : -1),
                 "%llu in decimal", (unsigned long long) value);
    uint8_t hex[VN_HEX_MAX];
    uint64_t read = 0;
    size_t digits = (size_t) (vn_write_hex(hex, value) - hex);
    fuzz_require(digits >= 1 && digits <= sizeof hex, "%zu hexadecimal digits", digits);
    for (size_t i = 0; i < digits; i++)
        read = read << 4 | (uint64_t) vn_parse_hex_digit(hex[i]);
    fuzz_require(read == value && (digits == 1 || hex[0] != '0'), "%llu in hexadecimal",
                 (unsigned long long) value);
}

static void check_digits(vn_span text)
{
    unsigned __int128 value = 0;
    bool is_number = text.count > 0;
    for (size_t i = 0; i < text.count && is_number; i++) {
        is_number = text.bytes[i] >= '0' && text.bytes[i] <= '9';
        value = value * 10 + (uint64_t) (text.bytes[i] - '0');
        is_number = is_number && value <= INT64_MAX;
    }
    int64_t want = is_number ? (int64_t) value : -1;
    fuzz_require(vn_parse_decimal(text.bytes, text.count) == want, "not %lld", (long long) want);
}

/* The same date as the C library writes. */
static void check_date(uint64_t drawn)
{
    uint8_t date[VN_DATE_SIZE];
    char want[VN_DATE_SIZE + 1];
    time_t seconds = (time_t) (drawn % 253402300800);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t count = strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    vn_date_write(date, seconds);
    fuzz_require(count == VN_DATE_SIZE && memcmp(date, want, count) == 0,
                 "\"%.29s\" in place of \"%s\"", date, want);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    uint8_t way = fuzz_take(&input);
    size_t method = way % (sizeof methods / sizeof *methods);
    uint64_t number = 0;
    if (input.count > FUZZ_PLACE_MAX / 2)
        return 0;
    check_target(input, method);
    check_authority(input);
    check_digits(input);
    if ((way & 8) == 0)
        return 0;
    memcpy(&number, input.bytes, vn_smaller(input.count, sizeof number));
    check_number(number);
    check_date(number);
    return 0;
}
