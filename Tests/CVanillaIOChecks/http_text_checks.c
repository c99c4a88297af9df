// SPDX-License-Identifier: MIT
/* http_text_checks.c - dates and numbers. */
#include <string.h>
#include <time.h>

#include "http/digits.h"
#include "http_checks.h"
#include "http/media_type.h"
#include "http_delivery.h"
#include "include/vn_date.h"

static const int64_t last_second = 253402300799; /* of 9999 */

/* The C library is asked for the same date. */
static const char *check_date(int64_t seconds)
{
    char wanted[64];
    uint8_t date[VN_DATE_SIZE + 1];
    time_t time = (time_t) seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    strftime(wanted, sizeof wanted, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date[VN_DATE_SIZE] = 0xee;
    vn_date_write(date, seconds);
    if (strlen(wanted) != VN_DATE_SIZE || memcmp(date, wanted, VN_DATE_SIZE) != 0)
        return vn_fail("%lld: \"%.29s\" in place of \"%s\"", (long long) seconds,
                       (const char *) date, wanted);
    return date[VN_DATE_SIZE] == 0xee ? NULL
                                      : vn_fail("%lld: a byte too many", (long long) seconds);
}

/* The seconds around midnight at the ends of February and of each year, 1970 to 9999. */
const char *vn_check_dates_at_edges(void)
{
    const char *failure = check_date(784111777); /* the example of RFC 9110, section 5.6.7 */
    for (int year = 1970; failure == NULL && year <= 9999; year++) {
        for (int month = 0; failure == NULL && month < 12; month++) {
            struct tm parts = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = 1};
            int64_t first = (int64_t) timegm(&parts);
            failure = check_date(first);
            if (failure == NULL && first > 0)
                failure = check_date(first - 1);
            if (failure == NULL && first > 0)
                failure = check_date(first - 86400);
        }
    }
    return failure != NULL ? failure : check_date(last_second);
}

const char *vn_check_dates_at_random(uint64_t seed)
{
    uint64_t random = seed;
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < 100000; round++)
        failure = check_date((int64_t) (vn_random(&random) % (uint64_t) (last_second + 1)));
    return failure != NULL ? vn_fail_in("seed %llu", (unsigned long long) seed) : NULL;
}

const char *vn_check_decimal(void)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        {"0", 0},
        {"9", 9},
        {"10", 10},
        {"007", 7},
        {"4294967295", 4294967295},
        {"4294967296", 4294967296},
        {"9223372036854775806", INT64_MAX - 1},
        {"9223372036854775807", INT64_MAX},
        {"0000000000000000000000009223372036854775807", INT64_MAX},
        {"9223372036854775808", -1},
        {"9223372036854775810", -1},
        {"18446744073709551615", -1},
        {"18446744073709551616", -1},
        {"92233720368547758070", -1},
        {"", -1},
        {"+1", -1},
        {"-1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1a", -1},
        {"0x1", -1},
        {"1.0", -1},
        {"/", -1},
        {":", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = vn_parse_decimal((const uint8_t *) rows[i].text, strlen(rows[i].text));
        if (value != rows[i].value)
            return vn_fail("\"%s\": %lld", rows[i].text, (long long) value);
    }
    for (uint32_t shift = 0; shift < 64; shift++) {
        for (int64_t step = -1; step <= 1; step++) {
            uint64_t value = (1ull << shift) + (uint64_t) step;
            char wanted[32];
            uint8_t text[VN_DECIMAL_MAX];
            snprintf(wanted, sizeof wanted, "%llu", (unsigned long long) value);
            size_t count = (size_t) (vn_write_decimal(text, value) - text);
            if (count != strlen(wanted) || memcmp(text, wanted, count) != 0)
                return vn_fail("%s was written as %.*s", wanted, (int) count, (const char *) text);
        }
    }
    return NULL;
}

const char *vn_check_hexadecimal(void)
{
    for (uint32_t shift = 0; shift < 64; shift++) {
        for (int64_t step = -1; step <= 1; step++) {
            uint64_t value = (1ull << shift) + (uint64_t) step;
            char wanted[32];
            uint8_t text[VN_HEX_MAX];
            snprintf(wanted, sizeof wanted, "%llx", (unsigned long long) value);
            size_t count = (size_t) (vn_write_hex(text, value) - text);
            if (count != strlen(wanted) || memcmp(text, wanted, count) != 0)
                return vn_fail("%s was written as %.*s", wanted, (int) count, (const char *) text);
        }
    }
    for (int byte = 0; byte < 256; byte++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *found = byte != 0 ? strchr(digits, byte) : NULL;
        int32_t wanted = found != NULL ? (int32_t) ((found - digits) % 16) : -1;
        if (vn_parse_hex_digit((uint8_t) byte) != wanted)
            return vn_fail("digit %#x: %d", (unsigned) byte, vn_parse_hex_digit((uint8_t) byte));
    }
    return NULL;
}

/* ---- Media types ---- */

const char *vn_check_media_types(void)
{
    static const struct {
        const char *value, *pattern;
        bool matches;
    } rows[] = {
        {"text/html", "text/", true},
        {"Text/HTML; charset=utf-8", "text/html", true},
        {"text/html;charset=utf-8", "text/htm", false},
        {"text/htm", "text/html", false},
        {"image/svg+xml", "+xml", true},
        {"application/problem+JSON ; a=b", "+json", true},
        {"application/json", "+json", false},
        {"application/json", "application/json", true},
        {"a/b; c=application/json", "application/json", false},
        {"text", "text/", false},
        {"", "text/", false},
        {"text/html", "", false},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (vn_media_type_matches(vn_span_of(rows[i].value), vn_span_of(rows[i].pattern)) !=
            rows[i].matches)
            return vn_fail("\"%s\" and \"%s\"", rows[i].value, rows[i].pattern);
    return NULL;
}
