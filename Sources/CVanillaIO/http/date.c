// SPDX-License-Identifier: MIT
#include "../base/base.h"
#include "../include/vn_date.h"

#include <string.h>

#include "classes.h"

enum {
    DAYS_OF_400_YEARS = 146097,
    DAYS_OF_100_YEARS = 36524,
    DAYS_OF_4_YEARS = 1461,
    DAYS_FROM_MARCH_0000_TO_1970 = 719468,
    SECONDS_OF_A_DAY = 86400,
};

struct date {
    uint32_t year;
    uint32_t month; /* 0 is January */
    uint32_t day;   /* 1 is the first */
};

/* Count in years that begin in March, so that a leap day is the last day of its year, of its 4
 * years, of its 100 and of its 400. */
static struct date date_of(uint32_t days)
{
    days += DAYS_FROM_MARCH_0000_TO_1970;
    uint32_t year = days / DAYS_OF_400_YEARS * 400;
    days %= DAYS_OF_400_YEARS;
    uint32_t hundreds = days / DAYS_OF_100_YEARS < 3 ? days / DAYS_OF_100_YEARS : 3;
    days -= hundreds * DAYS_OF_100_YEARS;
    uint32_t fours = days / DAYS_OF_4_YEARS;
    days -= fours * DAYS_OF_4_YEARS;
    uint32_t ones = days / 365 < 3 ? days / 365 : 3;
    days -= ones * 365;
    year += hundreds * 100 + fours * 4 + ones;

    /* Five months from March, and again from August, have 153 days, long and short ones in turn. */
    uint32_t month = (days * 5 + 2) / 153;
    uint32_t day = days - (month * 153 + 2) / 5 + 1;
    return month < 10 ? (struct date) {year, month + 2, day}
                      : (struct date) {year + 1, month - 10, day};
}

static uint8_t *write_text(uint8_t *at, const char *text, size_t count)
{
    memcpy(at, text, count);
    return at + count;
}

static uint8_t *write_two_digits(uint8_t *at, uint32_t value)
{
    *at++ = (uint8_t) ('0' + value / 10);
    *at++ = (uint8_t) ('0' + value % 10);
    return at;
}

void vn_date_write(uint8_t *at, int64_t seconds)
{
    static const char weekdays[] = "Thu, Fri, Sat, Sun, Mon, Tue, Wed, "; /* as 1970 began */
    static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
    assert(seconds >= 0 && seconds <= VN_DATE_LAST);
    uint32_t days = (uint32_t) (seconds / SECONDS_OF_A_DAY);
    uint32_t second = (uint32_t) (seconds % SECONDS_OF_A_DAY);
    struct date date = date_of(days);

    at = write_text(at, &weekdays[days % 7 * 5], 5);
    at = write_two_digits(at, date.day);
    at = write_text(at, &months[date.month * 5], 5);
    at = write_two_digits(at, date.year / 100);
    at = write_two_digits(at, date.year % 100);
    at = write_text(at, " ", 1);
    at = write_two_digits(at, second / 3600);
    at = write_text(at, ":", 1);
    at = write_two_digits(at, second / 60 % 60);
    at = write_text(at, ":", 1);
    at = write_two_digits(at, second % 60);
    write_text(at, " GMT", 4);
}

/* ---- To read one ---- */

/* A date as it is spelled. Anything below 0 is not a date. */
struct spelled {
    int32_t weekday; /* 0 is Sunday */
    int32_t year;
    int32_t month; /* 0 is January */
    int32_t day;
    int32_t second; /* of the day */
};

static int32_t read_digits(const uint8_t *text, size_t count)
{
    int32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (!vn_is_digit(text[i]))
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* The index of a name of three letters among several, or -1. */
static int32_t read_name(const uint8_t *text, const char *names)
{
    for (int32_t i = 0; names[i * 3] != 0; i++)
        if (memcmp(text, &names[i * 3], 3) == 0)
            return i;
    return -1;
}

static int32_t read_weekday(const uint8_t *text)
{
    return read_name(text, "SunMonTueWedThuFriSat");
}

static int32_t read_month(const uint8_t *text)
{
    return read_name(text, "JanFebMarAprMayJunJulAugSepOctNovDec");
}

/* HH:MM:SS. A leap second is the day's last. */
static int32_t read_time(const uint8_t *text)
{
    int32_t hour = read_digits(text, 2);
    int32_t minute = read_digits(text + 3, 2);
    int32_t second = read_digits(text + 6, 2);
    bool is_leap = hour == 23 && minute == 59 && second == 60;
    if (text[2] != ':' || text[5] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || (second > 59 && !is_leap))
        return -1;
    return hour * 3600 + minute * 60 + second;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool read_fixdate(const uint8_t *text, struct spelled *date)
{
    *date = (struct spelled) {read_weekday(text), read_digits(text + 12, 4), read_month(text + 8),
                              read_digits(text + 5, 2), read_time(text + 17)};
    return memcmp(text + 3, ", ", 2) == 0 && text[7] == ' ' && text[11] == ' ' && text[16] == ' ' &&
           memcmp(text + 25, " GMT", 4) == 0;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool read_asctime(const uint8_t *text, struct spelled *date)
{
    bool is_short = text[8] == ' ';
    *date = (struct spelled) {read_weekday(text), read_digits(text + 20, 4), read_month(text + 4),
                              is_short ? read_digits(text + 9, 1) : read_digits(text + 8, 2),
                              read_time(text + 11)};
    return text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' ';
}

/* The latest year with these last two digits by which the date is at most 50 years after `now`. */
static int32_t year_of_two_digits(const struct spelled *date, int64_t now)
{
    struct date today = date_of((uint32_t) (now / SECONDS_OF_A_DAY));
    int32_t limit = (int32_t) today.year + 50;
    int32_t year = limit / 100 * 100 + date->year;
    int32_t month = (int32_t) today.month, day = (int32_t) today.day;
    int32_t second = (int32_t) (now % SECONDS_OF_A_DAY);
    bool is_later_in_year = date->month != month ? date->month > month
                            : date->day != day   ? date->day > day
                                                 : date->second > second;
    return year > limit || (year == limit && is_later_in_year) ? year - 100 : year;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool read_rfc_850(vn_span text, int64_t now, struct spelled *date)
{
    static const char weekdays[][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    size_t name_count = text.count - (sizeof ", 06-Nov-94 08:49:37 GMT" - 1);
    const uint8_t *rest = text.bytes + name_count;
    *date = (struct spelled) {read_weekday(text.bytes), read_digits(rest + 9, 2),
                              read_month(rest + 5), read_digits(rest + 2, 2), read_time(rest + 12)};
    if (date->weekday < 0 || strlen(weekdays[date->weekday]) != name_count ||
        memcmp(text.bytes, weekdays[date->weekday], name_count) != 0 || date->year < 0 ||
        memcmp(rest, ", ", 2) != 0 || rest[4] != '-' || rest[8] != '-' || rest[11] != ' ' ||
        memcmp(rest + 20, " GMT", 4) != 0)
        return false;
    date->year = year_of_two_digits(date, now);
    return true;
}

/* Days from 1970 to a date, in years that begin in March; 400 years are added so that none is
 * negative. */
static int64_t days_to(const struct spelled *date)
{
    int64_t year = date->year + 400 - (date->month < 2 ? 1 : 0);
    int64_t month = date->month < 2 ? date->month + 10 : date->month - 2;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date->day - 1 -
           DAYS_OF_400_YEARS - DAYS_FROM_MARCH_0000_TO_1970;
}

static int32_t days_of_month(const struct spelled *date)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return days[date->month] + (date->month == 1 && is_leap ? 1 : 0);
}

bool vn_date_parse(vn_span text, int64_t now, int64_t *seconds)
{
    struct spelled date;
    bool is_read = text.count == VN_DATE_SIZE             ? read_fixdate(text.bytes, &date)
                   : text.count == 24                     ? read_asctime(text.bytes, &date)
                   : text.count >= 30 && text.count <= 33 ? read_rfc_850(text, now, &date)
                                                          : false;
    if (!is_read || date.weekday < 0 || date.year < 0 || date.month < 0 || date.second < 0 ||
        date.day < 1 || date.day > days_of_month(&date))
        return false;
    int64_t days = days_to(&date);
    if ((days % 7 + 4 + 7) % 7 != date.weekday) /* 1970 began on a Thursday */
        return false;
    *seconds = days * SECONDS_OF_A_DAY + date.second;
    return true;
}
