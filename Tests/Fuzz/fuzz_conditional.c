// SPDX-License-Identifier: MIT
/* fuzz_conditional.c - entity tags and lists of them, dates, and what a
 * request's preconditions come to, against a plain reading of the same fields
 * and the C library's dates.
 *
 * Steering: method, what is known of the representation; the rest are field
 * lines, and the text of a tag, of a list and of a date. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "include/vn_date.h"
#include "http/entity_tag.h"
#include "http/preconditions.h"
#include "plain.h"

enum {
    HAS_TAG = 1 << 0,
    IS_WEAK = 1 << 1,
    HAS_DATE = 1 << 2,
    IS_MISSING = 1 << 3, /* there is no representation */
    IS_HASHED = 1 << 4,  /* the hash of the input instead */
    IS_SPELLED = 3 << 5, /* a date is written and read, in one of its three forms */
};

static const int64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT, and its representation's */

static struct fuzz_place place;

/* ---- Entity tags ---- */

static bool is_etagc(uint8_t byte)
{
    return byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
}

/* The size of entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE at the beginning of a
 * text; 0: none. */
static size_t measure_tag(vn_span text, vn_entity_tag *tag)
{
    size_t at = 0;
    tag->is_weak = text.count >= 2 && memcmp(text.bytes, "W/", 2) == 0;
    if (tag->is_weak)
        at = 2;
    if (at == text.count || text.bytes[at++] != '"')
        return 0;
    size_t from = at;
    while (at < text.count && is_etagc(text.bytes[at]))
        at++;
    tag->opaque = (vn_span) {text.bytes + from, at - from};
    return at < text.count && text.bytes[at] == '"' ? at + 1 : 0;
}

/* A member without quotes: a token, but not "*". */
static size_t measure_bare(vn_span text, vn_entity_tag *tag)
{
    size_t at = 0;
    while (at < text.count && plain_is_tchar(text.bytes[at]))
        at++;
    *tag = (vn_entity_tag) {{text.bytes, at}, false};
    return at == 1 && text.bytes[0] == '*' ? 0 : at;
}

static bool is_white(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* The next tag of a list from `at` on. */
static bool next_tag(vn_span list, size_t *at, vn_entity_tag *tag)
{
    while (*at < list.count) {
        vn_span rest = {list.bytes + *at, list.count - *at};
        if (is_white(rest.bytes[0]) || rest.bytes[0] == ',') {
            ++*at;
            continue;
        }
        size_t count = measure_tag(rest, tag);
        if (count == 0)
            count = measure_bare(rest, tag);
        size_t end = count;
        while (end < rest.count && is_white(rest.bytes[end]))
            end++;
        if (count > 0 && (end == rest.count || rest.bytes[end] == ',')) {
            *at += count;
            return true;
        }
        while (*at < list.count && list.bytes[*at] != ',')
            ++*at;
    }
    return false;
}

static bool is_same_tag(const vn_entity_tag *a, const vn_entity_tag *b)
{
    return a->is_weak == b->is_weak && a->opaque.bytes == b->opaque.bytes &&
           a->opaque.count == b->opaque.count;
}

static void check_tags(vn_span text)
{
    vn_entity_tag have, want;
    vn_span rest = text;
    size_t at = 0;
    bool is_tag = measure_tag(text, &want) == text.count && text.count > 0;
    fuzz_require(vn_entity_tag_parse(text, &have) == is_tag, "a tag, or none");
    fuzz_require(!is_tag || is_same_tag(&have, &want), "another tag");
    for (;;) {
        bool is_next = next_tag(text, &at, &want);
        fuzz_require(vn_entity_tag_take(&rest, &have) == is_next, "a tag at %zu, or none", at);
        if (!is_next)
            break;
        fuzz_require(is_same_tag(&have, &want), "another tag at %zu", at);
        fuzz_require(rest.bytes == text.bytes + at && rest.count == text.count - at,
                     "the list goes on elsewhere");
        fuzz_require(vn_entity_tag_is_valid(&have), "a tag that cannot be sent");
    }
    fuzz_require(rest.count == 0, "something is left of the list");
}

/* ---- Dates ---- */

/* A date in one of its three forms, as the C library spells it. `form` is the
 * text's size. */
static size_t spell_date(char text[64], int64_t seconds, size_t form)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts;
    time_t time = seconds;
    gmtime_r(&time, &parts);
    const char *day = days[parts.tm_wday], *month = &months[parts.tm_mon * 3];
    int year = parts.tm_year + 1900;
    int count =
        form == 29 ? snprintf(text, 64, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", day,
                              parts.tm_mday, month, year, parts.tm_hour, parts.tm_min, parts.tm_sec)
        : form == 24
            ? snprintf(text, 64, "%.3s %.3s %2d %02d:%02d:%02d %04d", day, month, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec, year)
            : snprintf(text, 64, "%s, %02d-%.3s-%02d %02d:%02d:%02d GMT", day, parts.tm_mday, month,
                       (year % 100 + 100) % 100, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return (size_t) count;
}

/* What is read as a date is the very text of that date, except for a leap second.
 */
static void check_date(vn_span text)
{
    char want[64];
    int64_t seconds = INT64_MIN;
    if (!vn_date_parse(text, now, &seconds)) {
        fuzz_require(seconds == INT64_MIN, "no date, but its seconds");
        return;
    }
    fuzz_require(text.count >= 24 && text.count <= 33, "a date of %zu bytes", text.count);
    size_t time = text.count == 29 ? 17 : text.count == 24 ? 11 : text.count - 12;
    bool is_leap = memcmp(text.bytes + time, "23:59:60", 8) == 0;
    size_t count = spell_date(want, seconds - is_leap, text.count);
    if (is_leap)
        memcpy(want + time + 6, "60", 2);
    if (count == 24 && want[8] == ' ' && text.bytes[8] == '0')
        want[8] = '0'; /* asctime's day may have two digits */
    fuzz_require(count == text.count && memcmp(text.bytes, want, count) == 0,
                 "%lld is not \"%.*s\"", (long long) seconds, (int) text.count, text.bytes);
}

/* A moment in the years 0 to 9999; where a year has two digits, in the hundred years of which none
 * is more than 50 years after now. Every other one is at an end of February. */
static int64_t draw_moment(uint64_t drawn, bool is_short)
{
    if (drawn % 2 == 0)
        return is_short ? now - 1577836799 + (int64_t) (drawn / 2 % 3155760000)
                        : (int64_t) (drawn / 2 % 315569520000) - 62167219200;
    int32_t year = is_short ? 1945 + (int32_t) (drawn / 8 % 99) : (int32_t) (drawn / 8 % 10000);
    struct tm parts = {
        .tm_year = year - 1900, .tm_mon = 1, .tm_mday = 28 + (int32_t) (drawn / 2 % 4)};
    return timegm(&parts);
}

/* And every date is read. */
static void check_spelled(uint64_t drawn, size_t form)
{
    char text[64];
    int64_t seconds = draw_moment(drawn, form == 33), have = INT64_MIN;
    size_t count = spell_date(text, seconds, form);
    bool is_date = vn_date_parse((vn_span) {(uint8_t *) text, count}, now, &have);
    fuzz_require(is_date && have == seconds, "\"%s\" is read as %lld in place of %lld", text,
                 (long long) have, (long long) seconds);
}

/* ---- Preconditions ---- */

static vn_request request;
static vn_validators validators;

/* How many lines a field has, and the first one's value. */
static size_t find_lines(const char *lower, vn_span *value)
{
    size_t lines = 0;
    for (size_t i = request.field_count; i > 0; i--)
        if (plain_is_word(vn_field_name(&request, i - 1), lower)) {
            *value = vn_field_value(&request, i - 1);
            lines++;
        }
    return lines;
}

static bool matches_any(const char *lower, const vn_validators *current, bool is_strong)
{
    vn_span value;
    if (current == NULL)
        return false;
    if (find_lines(lower, &value) == 1 && value.count == 1 && value.bytes[0] == '*')
        return true;
    for (size_t i = 0; current->has_tag && i < request.field_count; i++) {
        vn_entity_tag tag;
        size_t at = 0;
        if (!plain_is_word(vn_field_name(&request, i), lower))
            continue;
        value = vn_field_value(&request, i);
        while (next_tag(value, &at, &tag))
            if (tag.opaque.count == current->tag.opaque.count &&
                memcmp(tag.opaque.bytes, current->tag.opaque.bytes, tag.opaque.count) == 0 &&
                !(is_strong && (tag.is_weak || current->tag.is_weak)))
                return true;
    }
    return false;
}

/* The one date of a field, where there is one to compare it with. */
static bool has_date(const char *lower, const vn_validators *current, int64_t *date)
{
    vn_span value;
    return find_lines(lower, &value) == 1 && current != NULL && current->has_last_modified &&
           vn_date_parse(value, now, date);
}

/* RFC 9110, section 13.2.2, step by step. */
static int32_t evaluate_plainly(const vn_validators *current)
{
    uint8_t method = request.method_id;
    bool reads = method == VN_METHOD_GET || method == VN_METHOD_HEAD;
    vn_span value;
    int64_t date;
    if (method == VN_METHOD_OPTIONS || method == VN_METHOD_TRACE || (reads && current == NULL))
        return VN_PERFORM;
    if (find_lines("if-match", &value) > 0) {
        if (!matches_any("if-match", current, true))
            return VN_PRECONDITION_FAILED;
    } else if (has_date("if-unmodified-since", current, &date) && current->last_modified > date)
        return VN_PRECONDITION_FAILED;
    if (find_lines("if-none-match", &value) > 0) {
        if (matches_any("if-none-match", current, false))
            return reads ? VN_NOT_MODIFIED : VN_PRECONDITION_FAILED;
    } else if (reads && has_date("if-modified-since", current, &date) &&
               current->last_modified <= date)
        return VN_NOT_MODIFIED;
    return VN_PERFORM;
}

/* RFC 9110, section 13.1.5. */
static bool allow_range_plainly(const vn_validators *current, int64_t at)
{
    vn_span value;
    vn_entity_tag tag;
    int64_t date;
    if (request.method_id != VN_METHOD_GET || current == NULL || find_lines("range", &value) == 0)
        return false;
    size_t lines = find_lines("if-range", &value);
    if (lines != 1)
        return lines == 0;
    if (value.count > 0 && measure_tag(value, &tag) == value.count)
        return current->has_tag && !tag.is_weak && !current->tag.is_weak &&
               tag.opaque.count == current->tag.opaque.count &&
               memcmp(tag.opaque.bytes, current->tag.opaque.bytes, tag.opaque.count) == 0;
    return current->has_last_modified && current->last_modified < at &&
           vn_date_parse(value, at, &date) && date == current->last_modified;
}

static const char *const begins[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS / HTTP/1.1\r\nHost: a\r\n",
};

static void check_preconditions(vn_span lines, const char *begin, uint8_t known)
{
    static const struct vn_scan_limits limits = {1000, 65535, 1 << 20, VN_FIELDS_MAX, false};
    static uint8_t head[64 + FUZZ_PLACE_MAX / 2];
    size_t begun = strlen(begin), count = begun + lines.count;
    memcpy(head, begin, begun);
    memcpy(head + begun, lines.bytes, lines.count);
    vn_scan_begin(&request);
    if (vn_scan_head(&request, fuzz_put(&place, head, count), count, &limits) > 0) {
        validators = (vn_validators) {
            .tag = {vn_span_of("a"), (known & IS_WEAK) != 0},
            .last_modified = now,
            .has_tag = (known & HAS_TAG) != 0,
            .has_last_modified = (known & HAS_DATE) != 0,
        };
        const vn_validators *current = (known & IS_MISSING) != 0 ? NULL : &validators;
        int32_t want = evaluate_plainly(current);
        int32_t have = vn_preconditions_evaluate(&request, current, now);
        fuzz_require(have == want, "preconditions: %d in place of %d", have, want);
        for (int64_t at = now; at <= now + 1; at++) {
            bool is_allowed = allow_range_plainly(current, at);
            fuzz_require(vn_preconditions_allow_range(&request, current, at) == is_allowed,
                         "a range, or none");
        }
    }
    fuzz_clear(&place);
}

/* ---- Hashes ---- */

/* Of all at once as of pieces. */
static void check_hash(vn_span text)
{
    static vn_tag_hasher hasher;
    uint8_t whole[VN_TAG_HASH_SIZE], pieces[VN_TAG_HASH_SIZE];
    vn_tag_hash(text, whole);
    vn_tag_hasher_begin(&hasher);
    for (size_t at = 0, size = 1; at < text.count; at += size, size = size * 3 % 61) {
        size_t count = vn_smaller(size, text.count - at);
        vn_tag_hasher_add(&hasher, (vn_span) {text.bytes + at, count});
    }
    vn_tag_hasher_write(&hasher, pieces);
    fuzz_require(memcmp(whole, pieces, sizeof whole) == 0, "pieces have another hash");
    for (size_t i = 0; i < sizeof whole; i++)
        fuzz_require((whole[i] >= '0' && whole[i] <= '9') || (whole[i] >= 'a' && whole[i] <= 'f'),
                     "a hash has byte %#x", whole[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    size_t method = fuzz_take(&input) % (sizeof begins / sizeof *begins);
    uint8_t known = fuzz_take(&input);
    uint64_t drawn = 0;
    if (input.count > FUZZ_PLACE_MAX / 2)
        return 0;
    if ((known & IS_HASHED) != 0) {
        check_hash(input);
        return 0;
    }
    memcpy(&drawn, input.bytes, vn_smaller(input.count, sizeof drawn));
    check_tags(input);
    check_date(input);
    static const size_t forms[] = {0, 29, 24, 33};
    size_t form = forms[(known & IS_SPELLED) >> 5];
    if (form != 0)
        check_spelled(drawn, form);
    check_preconditions(input, begins[method], known);
    return 0;
}
