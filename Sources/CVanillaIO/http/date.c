// SPDX-License-Identifier: MIT
#include "../base/base.h"
#include "../include/vn_date.h"

#include <string.h>

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
    assert(seconds >= 0 && seconds <= 253402300799); /* the last second of 9999 */
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
