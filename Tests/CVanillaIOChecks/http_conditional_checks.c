// SPDX-License-Identifier: MIT
/* http_conditional_checks.c - entity tags, dates to read, preconditions. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "include/vn_date.h"
#include "http/entity_tag.h"
#include "http/preconditions.h"
#include "http_checks.h"
#include "http_delivery.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const int64_t now = 1795348800; /* 2026-11-22 12:00:00 */

/* ---- Entity tags ---- */

/* A tag as a text, to compare and to print. */
static void spell(char *text, size_t capacity, const vn_entity_tag *tag)
{
    snprintf(text, capacity, "%s[%.*s]", tag->is_weak ? "W" : "", (int) tag->opaque.count,
             (const char *) tag->opaque.bytes);
}

const char *vn_check_tags(void)
{
    static const struct {
        const char *text;
        const char *tag; /* NULL: none */
    } rows[] = {
        {"\"\"", "[]"},
        {"\"a\"", "[a]"},
        {"W/\"a\"", "W[a]"},
        {"W/\"\"", "W[]"},
        {"\"W/\"", "[W/]"},
        {"\"a,b\"", "[a,b]"},
        {"\"a\\\"", "[a\\]"}, /* a backslash escapes nothing */
        {"\"*\"", "[*]"},
        {"\"c4ca4238a0b923820dcc509a6f75849b\"", "[c4ca4238a0b923820dcc509a6f75849b]"},
        {"\"\x80\xff\"", "[\x80\xff]"},
        {"", NULL},
        {"\"", NULL},
        {"a", NULL},
        {"*", NULL},
        {"W/", NULL},
        {"W/a", NULL},
        {"W/\"", NULL},
        {"w/\"a\"", NULL}, /* case counts: RFC 9110, section 8.8.3 */
        {"W /\"a\"", NULL},
        {"W/ \"a\"", NULL},
        {"W\"a\"", NULL},
        {"/\"a\"", NULL},
        {"\"a", NULL},
        {"a\"", NULL},
        {"'a'", NULL},
        {"\"a\"b", NULL},
        {"\"a\" ", NULL},
        {" \"a\"", NULL},
        {"\"a\"\"", NULL},
        {"\"a b\"", NULL},
        {"\"a\tb\"", NULL},
        {"\"a\",\"b\"", NULL},
        {"\"\x7f\"", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        vn_entity_tag tag = {{(const uint8_t *) "before", 6}, true};
        char found[128];
        bool is_tag = vn_entity_tag_parse(vn_span_of(rows[i].text), &tag);
        spell(found, sizeof found, &tag);
        if (is_tag != (rows[i].tag != NULL) ||
            strcmp(found, is_tag ? rows[i].tag : "W[before]") != 0)
            return vn_fail("%s: %d %s", rows[i].text, is_tag, found);
    }
    return NULL;
}

/* Each byte in a tag, by its grammar: 0x21, 0x23 to 0x7e, 0x80 to 0xff. */
const char *vn_check_bytes_of_tag(void)
{
    for (int byte = 0; byte < 256; byte++) {
        uint8_t text[] = {'"', 'a', (uint8_t) byte, 'b', '"'};
        vn_entity_tag tag = {{text + 1, 3}, false};
        bool wanted = byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
        if (vn_entity_tag_is_valid(&tag) != wanted ||
            vn_entity_tag_parse((vn_span) {text, sizeof text}, &tag) != wanted)
            return vn_fail("byte %#x", (unsigned) byte);
    }
    return NULL;
}

/* All tags of a list, as one text. */
static void spell_list(char *text, size_t capacity, vn_span list)
{
    vn_entity_tag tag;
    size_t at = 0;
    text[0] = 0;
    while (vn_entity_tag_take(&list, &tag) && at + 64 < capacity) {
        spell(text + at, capacity - at, &tag);
        at += strlen(text + at);
    }
}

const char *vn_check_tag_lists(void)
{
    static const struct {
        const char *list;
        const char *tags;
    } rows[] = {
        {"", ""},
        {" \t", ""},
        {",", ""},
        {" , ,\t, ", ""},
        {"\"a\"", "[a]"},
        {"W/\"a\"", "W[a]"},
        {"\"a\",\"b\"", "[a][b]"},
        {"\"a\" ,\t W/\"b\" , \"\"", "[a]W[b][]"},
        {",\"a\",, ,\"b\",", "[a][b]"},
        {"\"a,b\",\"c\"", "[a,b][c]"},
        {"\",\",\",,\"", "[,][,,]"},
        /* without quotes: a token, and nothing else */
        {"c4ca4238a0b923820dcc509a6f75849b", "[c4ca4238a0b923820dcc509a6f75849b]"},
        {"a,b-1.2~!, \"c\"", "[a][b-1.2~!][c]"},
        {"W,W/\"a\"", "[W]W[a]"},
        {"a=,b/c,d:,(e),f", "[f]"},
        {"W/a, \"b\"", "[b]"},
        {"'a', \"b\"", "['a'][b]"},
        {"\x80", ""},
        /* "*" is no tag among tags */
        {"*", ""},
        {"*, \"a\"", "[a]"},
        {"\"a\",*", "[a]"},
        {"**", "[**]"},
        {"\"*\"", "[*]"},
        /* malformed members end at their first comma */
        {"\"", ""},
        {"\"a", ""},
        {"\"a, \"b\"", "[b]"},
        {"a\", \"b\"", "[b]"},
        {"\"a\"b, \"c\"", "[c]"},
        {"\"a\" \"b\", \"c\"", "[c]"},
        {"\"a\" b, \"c\"", "[c]"},
        {"a b, \"c\"", "[c]"},
        {"\"a b\", \"c\"", "[c]"},
        {"\"a\"\"b\", \"c\"", "[c]"},
        {"w/\"a\", \"b\"", "[b]"},
        {"W/\"a, W/\"b\"", "W[b]"},
        {"W/, \"a\"", "[a]"},
        {"W/ \"a\", \"b\"", "[b]"},
        {"\"a\";q=1, \"b\"", "[b]"},
        {"\"\"\", \"b\"", "[b]"},
        {"\"x,y\"z, \"b\"", "[b]"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char found[256];
        spell_list(found, sizeof found, vn_span_of(rows[i].list));
        if (strcmp(found, rows[i].tags) != 0)
            return vn_fail("%s: %s in place of %s", rows[i].list, found, rows[i].tags);
    }
    return NULL;
}

/* Lists made of members whose meaning is known, between commas and white space of any number. */
const char *vn_check_tag_lists_at_random(uint64_t seed)
{
    static const struct {
        const char *member;
        const char *tag;
    } members[] = {
        {"\"a\"", "[a]"}, {"W/\"b,c\"", "W[b,c]"}, {"d", "[d]"},
        {"\"\"", "[]"},   {"\"e f\"", ""},         {"*", ""},
        {"W/g", ""},      {"\"h\"i", ""},          {"\"j\" \"k\"", ""},
        {"\x01", ""},     {"\"\xfe\"", "[\xfe]"},  {"", ""},
    };
    static const char *const separators[] = {",", " , ", ",,", "\t,", ", ,"};
    struct vn_edges edges = vn_edges_open(1024);
    uint64_t random = seed;
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < 20000; round++) {
        char list[256] = "", wanted[256] = "", found[256];
        for (size_t count = vn_random_below(&random, 8); count > 0; count--) {
            size_t member = vn_random_below(&random, COUNT(members));
            if (list[0] != 0 || vn_random_below(&random, 4) == 0)
                strcat(list, separators[vn_random_below(&random, COUNT(separators))]);
            strcat(list, members[member].member);
            strcat(wanted, members[member].tag);
        }
        size_t count = strlen(list);
        spell_list(found, sizeof found,
                   (vn_span) {vn_edges_put_last(&edges, (uint8_t *) list, count), count});
        if (strcmp(found, wanted) != 0)
            failure = vn_fail("%s: %s in place of %s", list, found, wanted);
    }
    vn_edges_close(&edges);
    return failure != NULL ? vn_fail_in("seed %llu", (unsigned long long) seed) : NULL;
}

/* RFC 9110, section 8.8.3.2, has these rows. */
const char *vn_check_tag_comparison(void)
{
    static const struct {
        const char *a, *b;
        bool is_strong, is_weak;
    } rows[] = {
        {"W/\"1\"", "W/\"1\"", false, true}, {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},   {"\"1\"", "\"1\"", true, true},
        {"\"1\"", "W/\"1\"", false, true},   {"\"\"", "\"\"", true, true},
        {"\"1\"", "\"12\"", false, false},   {"\"a\"", "\"A\"", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        vn_entity_tag a, b;
        if (!vn_entity_tag_parse(vn_span_of(rows[i].a), &a) ||
            !vn_entity_tag_parse(vn_span_of(rows[i].b), &b) ||
            vn_entity_tags_match_strongly(&a, &b) != rows[i].is_strong ||
            vn_entity_tags_match_weakly(&a, &b) != rows[i].is_weak)
            return vn_fail("%s and %s", rows[i].a, rows[i].b);
    }
    return NULL;
}

/* ---- The hash of a tag ---- */

const char *vn_check_tag_hash(void)
{
    static const struct {
        const char *text;
        const char *hash; /* as xxhsum prints it */
    } rows[] = {
        {"", "99aa06d3014798d86001c324468d497f"},
        {"1", "df3ce784d856334d65cd25028f98f158"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char hash[VN_TAG_HASH_SIZE + 1] = "";
        vn_tag_hash(vn_span_of(rows[i].text), (uint8_t *) hash);
        if (strcmp(hash, rows[i].hash) != 0)
            return vn_fail("\"%s\": %s", rows[i].text, hash);
    }
    return NULL;
}

/* Bytes in pieces have the hash that they have at once. */
const char *vn_check_tag_hash_in_pieces(uint64_t seed)
{
    uint64_t random = seed;
    uint8_t bytes[5000];
    const char *failure = NULL;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t) vn_random(&random);
    for (size_t round = 0; failure == NULL && round < 500; round++) {
        size_t count = vn_random_below(&random, sizeof bytes + 1);
        uint8_t whole[VN_TAG_HASH_SIZE], pieces[VN_TAG_HASH_SIZE];
        vn_tag_hasher hasher;
        vn_tag_hash((vn_span) {bytes, count}, whole);
        vn_tag_hasher_begin(&hasher);
        for (size_t at = 0, next; at < count; at = next) {
            next = vn_smaller(at + vn_random_below(&random, 700), count);
            vn_tag_hasher_add(&hasher, (vn_span) {bytes + at, next - at});
        }
        vn_tag_hasher_write(&hasher, pieces);
        if (memcmp(whole, pieces, sizeof whole) != 0)
            failure = vn_fail("%zu bytes", count);
    }
    return failure != NULL ? vn_fail_in("seed %llu", (unsigned long long) seed) : NULL;
}

/* ---- Dates ---- */

static const int64_t none = INT64_MIN;

static int64_t parse(const char *text, int64_t at)
{
    int64_t seconds = none;
    return vn_date_parse(vn_span_of(text), at, &seconds) ? seconds : none;
}

const char *vn_check_dates_read(void)
{
    static const struct {
        const char *text;
        int64_t seconds; /* INT64_MIN: no date */
    } rows[] = {
        /* the examples of RFC 9110, section 5.6.7 */
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 06 08:49:37 1994", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784975777},
        /* edges */
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Tuesday, 29-Feb-00 00:00:00 GMT", 951782400},
        {"Wednesday, 16-Nov-94 08:49:37 GMT", 784975777},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
        /* days and times that do not exist */
        {"Thu, 29 Feb 2023 00:00:00 GMT", INT64_MIN},
        {"Wed, 01 Mar 2023 00:00:00 GMT", 1677628800},
        {"Thu, 29 Feb 1900 00:00:00 GMT", INT64_MIN},
        {"Sat, 29 Feb 2200 00:00:00 GMT", INT64_MIN},
        {"Fri, 31 Apr 2026 00:00:00 GMT", INT64_MIN},
        {"Thu, 32 Jan 2026 00:00:00 GMT", INT64_MIN},
        {"Wed, 00 Jan 2026 00:00:00 GMT", INT64_MIN},
        {"Sun Nov  0 08:49:37 1994", INT64_MIN},
        {"Sun, 06 Nov 1994 24:00:00 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994 08:60:00 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:60 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994 23:59:61 GMT", INT64_MIN},
        {"Mon, 06 Nov 1994 08:49:37 GMT", INT64_MIN}, /* it was a Sunday */
        {"Monday, 06-Nov-94 08:49:37 GMT", INT64_MIN},
        {"Mon Nov  6 08:49:37 1994", INT64_MIN},
        /* to the letter */
        {"", INT64_MIN},
        {"0", INT64_MIN},
        {"784111777", INT64_MIN},
        {"yesterday", INT64_MIN},
        {"1994-11-06T08:49:37Z", INT64_MIN},
        {"sun, 06 Nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06 nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37 gmt", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37 UTC", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37 +00", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", INT64_MIN},
        {" Sun, 06 Nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 6 Nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06 Nov 94 08:49:37 GMT", INT64_MIN},
        {"Sun 06 Nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06-Nov-1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06-Nov-94 08:49:37 GMT", INT64_MIN},
        {"Sunday, 06 Nov 94 08:49:37 GMT", INT64_MIN},
        {"Sunny, 006-Nov-94 08:49:37 GMT", INT64_MIN},
        {"Sunday, 06-Nov-94 08:49:37 EST", INT64_MIN},
        {"Sun Nov 6 08:49:37 1994 ", INT64_MIN},
        {"Sun Nov  6 08:49:37 1994 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06 Nov +994 08:49:37 GMT", INT64_MIN},
        {"Sun, 06 Nov 1994  8:49:37 GMT", INT64_MIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = parse(rows[i].text, now);
        if (seconds != rows[i].seconds)
            return vn_fail("%s: %lld", rows[i].text, (long long) seconds);
    }
    return NULL;
}

/* Years of two digits: 50 years ahead, to the second, and one past it (RFC 9110, section 5.6.7). */
const char *vn_check_dates_of_two_digits(void)
{
    static const struct {
        const char *text;
        int64_t now;
        int64_t seconds;
    } rows[] = {
        {"Sunday, 22-Nov-76 12:00:00 GMT", 1795348800, 3373272000}, /* 2076: 50 years ahead */
        {"Sunday, 22-Nov-76 12:00:01 GMT", 1795348800, INT64_MIN}, /* 1976 had a Monday */
        {"Monday, 22-Nov-76 12:00:01 GMT", 1795348800, 217512001},
        {"Monday, 23-Nov-76 12:00:00 GMT", 1795348800, INT64_MIN},
        {"Tuesday, 23-Nov-76 12:00:00 GMT", 1795348800, 217598400},
        {"Thursday, 01-Oct-76 23:59:59 GMT", 1795348800, 3368822399},
        {"Saturday, 01-Jan-77 00:00:00 GMT", 1795348800, 220924800},
        {"Friday, 31-Dec-99 23:59:59 GMT", 946684799, 946684799}, /* now, in 1999 */
        {"Saturday, 01-Jan-00 00:00:00 GMT", 946684799, 946684800}, /* a second later */
        {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800, 946684800},
        {"Friday, 31-Dec-99 23:59:59 GMT", 946684800, 946684799}, /* a second earlier */
        {"Monday, 01-Jan-05 00:00:00 GMT", 3471292800, INT64_MIN}, /* in 2080: 2105, a Thursday */
        {"Thursday, 01-Jan-05 00:00:00 GMT", 3471292800, 4260211200},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = parse(rows[i].text, rows[i].now);
        if (seconds != rows[i].seconds)
            return vn_fail("%s: %lld", rows[i].text, (long long) seconds);
    }
    return NULL;
}

/* What the C library writes is read, in each form, from memory that ends at an unreadable page. */
static const char *check_reading(const struct vn_edges *edges, int64_t seconds)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    time_t time = (time_t) seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    for (size_t i = 0; i < COUNT(forms); i++) {
        char text[64];
        int64_t found = none;
        size_t count = strftime(text, sizeof text, forms[i], &parts);
        const uint8_t *bytes = vn_edges_put_last(edges, (uint8_t *) text, count);
        /* Two digits mean this century only near it. */
        int64_t at = i == 1 ? seconds : now;
        if (!vn_date_parse((vn_span) {bytes, count}, at, &found) || found != seconds)
            return vn_fail("%s: %lld in place of %lld", text, (long long) found,
                           (long long) seconds);
    }
    return NULL;
}

const char *vn_check_dates_read_at_random(uint64_t seed)
{
    struct vn_edges edges = vn_edges_open(64);
    uint64_t random = seed;
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < 20000; round++)
        failure = check_reading(&edges, (int64_t) (vn_random(&random) % (VN_DATE_LAST + 1ull)));
    vn_edges_close(&edges);
    return failure != NULL ? vn_fail_in("seed %llu", (unsigned long long) seed) : NULL;
}

/* A date with any one byte changed is the text of another date, or none. */
const char *vn_check_damaged_dates(void)
{
    static const char good[] = "Fri, 25 Dec 2026 23:59:59 GMT";
    size_t others = 0;
    for (size_t at = 0; at < VN_DATE_SIZE; at++) {
        for (int byte = 0; byte < 256; byte++) {
            uint8_t text[VN_DATE_SIZE], again[VN_DATE_SIZE];
            int64_t seconds;
            memcpy(text, good, sizeof text);
            text[at] = (uint8_t) byte;
            if (!vn_date_parse((vn_span) {text, sizeof text}, now, &seconds))
                continue;
            others++;
            if (seconds < 0)
                continue; /* before what can be written */
            vn_date_write(again, seconds);
            if (memcmp(text, again, sizeof text) != 0)
                return vn_fail("%.29s was read as %.29s", (const char *) text,
                               (const char *) again);
        }
    }
    /* Itself at each of 29 bytes, 33 other times of that day, and 8 other years in which that day
     * is a Friday. */
    return others == 29 + 33 + 8 ? NULL : vn_fail("%zu texts are dates", others);
}

/* ---- Preconditions, by rows ---- */

/* Scan a request; false when it is none. */
static bool scan(vn_request *request, const char *head)
{
    static const struct vn_scan_limits limits = {16384, 16384, 65536, 128, false};
    vn_scan_begin(request);
    return vn_scan_head(request, (const uint8_t *) head, strlen(head), &limits) ==
           (int32_t) strlen(head);
}

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

enum { CURRENT = 784111777 };

/* What is there: a tag "v1", strong or weak, and DATE. */
static const struct {
    const char *name;
    vn_validators validators;
    bool is_there;
} representations[] = {
    {"nothing", {{{0}, false}, 0, false, false}, false},
    {"unknown", {{{0}, false}, 0, false, false}, true},
    {"strong", {{{(const uint8_t *) "v1", 2}, false}, 0, true, false}, true},
    {"weak", {{{(const uint8_t *) "v1", 2}, true}, 0, true, false}, true},
    {"dated", {{{0}, false}, CURRENT, false, true}, true},
    {"strong, dated", {{{(const uint8_t *) "v1", 2}, false}, CURRENT, true, true}, true},
    {"weak, dated", {{{(const uint8_t *) "v1", 2}, true}, CURRENT, true, true}, true},
};
enum { NOTHING, UNKNOWN, STRONG, WEAK, DATED, STRONG_DATED, WEAK_DATED };

static const vn_validators *validators_of(size_t representation)
{
    return representations[representation].is_there ? &representations[representation].validators
                                                    : NULL;
}

const char *vn_check_precondition_rows(void)
{
    static const struct {
        const char *method;
        const char *fields;
        int representation;
        int32_t verdict;
    } rows[] = {
        {"GET", "", STRONG_DATED, 0},
        /* If-None-Match: RFC 9110, section 13.1.2 */
        {"GET", "If-None-Match: \"v1\"\r\n", STRONG, 304},
        {"HEAD", "If-None-Match: \"v1\"\r\n", STRONG, 304},
        {"GET", "if-none-match: \"v1\"\r\n", STRONG, 304},
        {"GET", "If-None-Match: W/\"v1\"\r\n", STRONG, 304},
        {"GET", "If-None-Match: \"v1\"\r\n", WEAK, 304},
        {"GET", "If-None-Match: v1\r\n", STRONG, 304},
        {"GET", "If-None-Match: \"v2\"\r\n", STRONG, 0},
        {"GET", "If-None-Match: \"V1\"\r\n", STRONG, 0},
        {"GET", "If-None-Match: \"v1\r\n", STRONG, 0},
        {"GET", "If-None-Match:\r\n", STRONG, 0},
        {"GET", "If-None-Match: \"v0\", , W/\"v1\"\r\n", STRONG, 304},
        {"GET", "If-None-Match: \"v0\r\nIf-None-Match: \"x,y\"\r\nIf-None-Match: \"v1\"\r\n",
         STRONG, 304},
        {"GET", "If-None-Match: *\r\n", STRONG, 304},
        {"GET", "If-None-Match: *\r\n", UNKNOWN, 304},
        {"GET", "If-None-Match: *\r\n", NOTHING, 0},
        {"GET", "If-None-Match: *, \"v2\"\r\n", STRONG, 0},
        {"GET", "If-None-Match: *\r\nIf-None-Match: \"v2\"\r\n", STRONG, 0},
        {"PUT", "If-None-Match: *\r\n", STRONG, 412},
        {"PUT", "If-None-Match: *\r\n", UNKNOWN, 412},
        {"PUT", "If-None-Match: *\r\n", NOTHING, 0},
        {"DELETE", "If-None-Match: \"v1\"\r\n", STRONG, 412},
        {"OPTIONS", "If-None-Match: *\r\n", STRONG, 0},
        {"TRACE", "If-Match: \"v2\"\r\n", STRONG, 0},
        {"LOCK", "If-None-Match: \"v1\"\r\n", STRONG, 412},
        /* If-Modified-Since: section 13.1.3 */
        {"GET", "If-Modified-Since: " DATE "\r\n", DATED, 304},
        {"GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", DATED, 304},
        {"GET", "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", DATED, 304},
        {"GET", "If-Modified-Since: " AFTER "\r\n", DATED, 304},
        {"GET", "If-Modified-Since: " BEFORE "\r\n", DATED, 0},
        {"GET", "If-Modified-Since: " DATE "\r\n", STRONG, 0},
        {"GET", "If-Modified-Since: 784111777\r\n", DATED, 0},
        {"GET", "If-Modified-Since: " DATE "\r\nIf-Modified-Since: " DATE "\r\n", DATED, 0},
        {"PUT", "If-Modified-Since: " DATE "\r\n", DATED, 0},
        {"GET", "If-None-Match: \"v2\"\r\nIf-Modified-Since: " DATE "\r\n", STRONG_DATED, 0},
        {"GET", "If-Modified-Since: " BEFORE "\r\nIf-None-Match: \"v1\"\r\n", STRONG_DATED, 304},
        {"GET", "If-None-Match: x y\r\nIf-Modified-Since: " DATE "\r\n", STRONG_DATED, 0},
        /* If-Match: section 13.1.1 */
        {"PUT", "If-Match: \"v1\"\r\n", STRONG, 0},
        {"PUT", "If-Match: v1\r\n", STRONG, 0},
        {"PUT", "If-Match: \"v2\"\r\n", STRONG, 412},
        {"PUT", "If-Match: W/\"v1\"\r\n", STRONG, 412},
        {"PUT", "If-Match: \"v1\"\r\n", WEAK, 412},
        {"PUT", "If-Match: *\r\n", WEAK, 0},
        {"PUT", "If-Match: *\r\n", NOTHING, 412},
        {"PUT", "If-Match: \"v1\"\r\n", NOTHING, 412},
        {"PUT", "If-Match: \"v1\"\r\n", UNKNOWN, 412},
        {"PUT", "If-Match:\r\n", STRONG, 412},
        {"PUT", "If-Match: \"v0\"\r\nIf-Match: \"v1\"\r\n", STRONG, 0},
        {"GET", "If-Match: \"v2\"\r\n", STRONG, 412},
        {"GET", "If-Match: \"v2\"\r\n", NOTHING, 0}, /* 404 whatever it says: section 13.2.1 */
        {"GET", "If-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n", STRONG, 412},
        {"GET", "If-Match: \"v1\"\r\nIf-None-Match: \"v1\"\r\n", STRONG, 304},
        /* If-Unmodified-Since: section 13.1.4 */
        {"PUT", "If-Unmodified-Since: " DATE "\r\n", DATED, 0},
        {"PUT", "If-Unmodified-Since: " AFTER "\r\n", DATED, 0},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\n", DATED, 412},
        {"GET", "If-Unmodified-Since: " BEFORE "\r\n", DATED, 412},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\n", STRONG, 0},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\n", NOTHING, 0},
        {"PUT", "If-Unmodified-Since: never\r\n", DATED, 0},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\nIf-Unmodified-Since: " BEFORE "\r\n", DATED, 0},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\nIf-Match: \"v1\"\r\n", STRONG_DATED, 0},
        /* names of the same sizes are something else */
        {"GET", "Xf-None-Match: \"v1\"\r\nIf_Match: \"v2\"\r\nIf-Modified-Sinc3: x\r\n", STRONG, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char head[1024];
        vn_request request;
        snprintf(head, sizeof head, "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].method,
                 rows[i].fields);
        if (!scan(&request, head))
            return vn_fail("row %zu is no request: %s", i, head);
        int32_t verdict = vn_preconditions_evaluate(
            &request, validators_of((size_t) rows[i].representation), now);
        if (verdict != rows[i].verdict)
            return vn_fail("%s of %s: %d", head, representations[rows[i].representation].name,
                           verdict);
        if (vn_preconditions_are_there(&request) !=
                (strstr(rows[i].fields, "If-") != NULL || strstr(rows[i].fields, "if-") != NULL) &&
            strstr(rows[i].fields, "Xf-") == NULL)
            return vn_fail("%s: conditions there or not", head);
    }
    return NULL;
}

/* ---- All combinations, against the RFC said again ---- */

/* A condition with tags, and what it says about "v1". */
struct tag_state {
    const char *value; /* NULL: absent; a "|" begins another line */
    bool is_any; /* "*" */
    bool names_strong; /* it names "v1" as a strong tag */
    bool names_weak; /* as a strong or a weak one */
};

static const struct tag_state tag_states[] = {
    {NULL, false, false, false},
    {"*", true, false, false},
    {"\"v1\"", false, true, true},
    {"W/\"v1\"", false, false, true},
    {"\"v0\", \"v2\"", false, false, false},
    {"\"v1", false, false, false},
    {"\"v1|\"v1\"", false, true, true},
};

/* A condition with a date, and how that lies to DATE. */
struct date_state {
    const char *value; /* as above */
    bool is_date;
    int order; /* below 0: before DATE */
};

static const struct date_state date_states[] = {
    {NULL, false, 0}, {BEFORE, true, -1}, {DATE, true, 0},
    {AFTER, true, 1}, {"soon", false, 0}, {BEFORE "|" BEFORE, false, 0},
};

static const char *const methods[] = {"GET",   "HEAD",    "POST",  "PUT",  "DELETE",
                                      "PATCH", "OPTIONS", "TRACE", "LOCK", "CONNECT"};

/* What RFC 9110 says, sentence by sentence, about requests whose fields mean what the tables
 * say. */
static int32_t oracle(const char *method, size_t representation, const struct tag_state *match,
                      const struct tag_state *none_match, const struct date_state *modified,
                      const struct date_state *unmodified)
{
    const vn_validators *current = &representations[representation].validators;
    bool exists = representations[representation].is_there;
    bool is_get_or_head = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

    /* 13.2.1: a method that involves no selected representation ignores them all. */
    if (strcmp(method, "CONNECT") == 0 || strcmp(method, "OPTIONS") == 0 ||
        strcmp(method, "TRACE") == 0)
        return VN_PERFORM;
    /* 13.2.1: so does a request whose answer would be neither 2xx nor 412: 404 here. */
    if (is_get_or_head && !exists)
        return VN_PERFORM;

    /* 13.2.2, step 1: If-Match. */
    if (match->value != NULL) {
        bool is_true;
        if (match->is_any)
            is_true = exists; /* 13.1.1: any current representation */
        else /* 13.1.1: strong comparison, with a strong tag (8.8.3.2) */
            is_true = exists && current->has_tag && !current->tag.is_weak && match->names_strong;
        if (!is_true)
            return VN_PRECONDITION_FAILED;
    }
    /* Step 2: If-Unmodified-Since, without If-Match. */
    if (match->value == NULL && unmodified->value != NULL) {
        /* 13.1.4: ignored without a modification date and where it is not one date */
        bool counts = unmodified->is_date && exists && current->has_last_modified;
        bool is_true = unmodified->order >= 0; /* "earlier or equal" */
        if (counts && !is_true)
            return VN_PRECONDITION_FAILED;
    }
    /* Step 3: If-None-Match. */
    if (none_match->value != NULL) {
        bool is_true;
        if (none_match->is_any)
            is_true = !exists; /* 13.1.2: false if there is a current representation */
        else /* 13.1.2: weak comparison */
            is_true = !(exists && current->has_tag && none_match->names_weak);
        if (!is_true)
            return is_get_or_head ? VN_NOT_MODIFIED : VN_PRECONDITION_FAILED;
    }
    /* Step 4: If-Modified-Since, for GET and HEAD, without If-None-Match. */
    if (is_get_or_head && none_match->value == NULL && modified->value != NULL) {
        /* 13.1.3: ignored as in step 2 */
        bool counts = modified->is_date && exists && current->has_last_modified;
        bool is_true = modified->order < 0; /* "earlier or equal" makes it false */
        if (counts && !is_true)
            return VN_NOT_MODIFIED;
    }
    /* Step 6. */
    return VN_PERFORM;
}

/* Write the lines of a field, a "|" between their values. */
static char *write_lines(char *at, const char *name, const char *value)
{
    while (value != NULL) {
        const char *bar = strchr(value, '|');
        int count = bar == NULL ? (int) strlen(value) : (int) (bar - value);
        at += sprintf(at, "%s: %.*s\r\n", name, count, value);
        value = bar == NULL ? NULL : bar + 1;
    }
    return at;
}

static const char *check_combination(const char *method, const struct tag_state *match,
                                     const struct tag_state *none_match,
                                     const struct date_state *modified,
                                     const struct date_state *unmodified)
{
    char head[1024];
    vn_request request;
    char *at = head + sprintf(head, "%s %s HTTP/1.1\r\nHost: a\r\n", method,
                              strcmp(method, "CONNECT") == 0 ? "a:1" : "/");
    at = write_lines(at, "If-Modified-Since", modified->value);
    at = write_lines(at, "If-None-Match", none_match->value);
    at = write_lines(at, "If-Unmodified-Since", unmodified->value);
    at = write_lines(at, "If-Match", match->value);
    sprintf(at, "\r\n");
    if (!scan(&request, head))
        return vn_fail("no request: %s", head);
    for (size_t i = 0; i < COUNT(representations); i++) {
        int32_t wanted = oracle(method, i, match, none_match, modified, unmodified);
        int32_t verdict = vn_preconditions_evaluate(&request, validators_of(i), now);
        if (verdict != wanted)
            return vn_fail("%s of %s: %d in place of %d", head, representations[i].name, verdict,
                           wanted);
    }
    return NULL;
}

const char *vn_check_precondition_combinations(void)
{
    const char *failure = NULL;
    for (size_t method = 0; method < COUNT(methods); method++)
        for (size_t match = 0; match < COUNT(tag_states); match++)
            for (size_t none = 0; none < COUNT(tag_states); none++)
                for (size_t modified = 0; modified < COUNT(date_states); modified++)
                    for (size_t un = 0; failure == NULL && un < COUNT(date_states); un++)
                        failure = check_combination(methods[method], &tag_states[match],
                                                    &tag_states[none], &date_states[modified],
                                                    &date_states[un]);
    return failure;
}

/* ---- If-Range ---- */

static const struct {
    const char *value; /* as above */
    bool is_strong_tag; /* "v1" */
    bool is_current_date;
} range_states[] = {
    {NULL, false, false},
    {"\"v1\"", true, false},
    {"W/\"v1\"", false, false},
    {"\"v0\"", false, false},
    {"v1", false, false},
    {"*", false, false},
    {DATE, false, true},
    {BEFORE, false, false},
    {AFTER, false, false},
    {"soon", false, false},
    {"\"v1\", \"v0\"", false, false},
    {"\"v1\"|\"v1\"", false, false},
    {DATE "|" DATE, false, false},
};

/* RFC 9110, section 13.1.5, and step 5 of section 13.2.2. */
static bool range_oracle(const char *method, size_t representation, bool has_range, size_t state,
                         int64_t at)
{
    const vn_validators *current = &representations[representation].validators;
    if (strcmp(method, "GET") != 0 || !has_range || !representations[representation].is_there)
        return false; /* 14.2: Range is defined for GET alone */
    if (range_states[state].value == NULL)
        return true;
    /* A date is strong once it cannot change again within its second: 8.8.2.2. */
    if (range_states[state].is_current_date)
        return current->has_last_modified && at > CURRENT;
    return range_states[state].is_strong_tag && current->has_tag && !current->tag.is_weak;
}

const char *vn_check_if_range_combinations(void)
{
    for (size_t method = 0; method < COUNT(methods); method++) {
        for (size_t state = 0; state < COUNT(range_states); state++) {
            for (int has_range = 0; has_range < 2; has_range++) {
                char head[1024];
                vn_request request;
                char *at = head + sprintf(head, "%s %s HTTP/1.1\r\nHost: a\r\n", methods[method],
                                          strcmp(methods[method], "CONNECT") == 0 ? "a:1" : "/");
                at = write_lines(at, "If-Range", range_states[state].value);
                at = write_lines(at, "Range", has_range ? "bytes=0-1" : NULL);
                sprintf(at, "\r\n");
                if (!scan(&request, head))
                    return vn_fail("no request: %s", head);
                for (size_t i = 0; i < COUNT(representations) * 2; i++) {
                    int64_t time = CURRENT + (int64_t) (i % 2);
                    bool wanted = range_oracle(methods[method], i / 2, has_range, state, time);
                    if (vn_preconditions_allow_range(&request, validators_of(i / 2), time) !=
                        wanted)
                        return vn_fail("%s of %s: not %d", head, representations[i / 2].name,
                                       wanted);
                }
            }
        }
    }
    return NULL;
}
