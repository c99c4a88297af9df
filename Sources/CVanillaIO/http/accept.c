// SPDX-License-Identifier: MIT
#include "accept.h"

#include "classes.h"
#include "literal.h"
#include "scan.h"

enum { NOT_NAMED = -1, QUALITY_MAX = 1000 };

/* What the field lines say so far, in thousandths. */
struct preference {
    int32_t problem;
    int32_t text; /* by the range that names it best */
    int32_t text_rank;
};

static vn_span trim(vn_span text)
{
    while (text.count > 0 && vn_is_blank(text.bytes[0]))
        text = (vn_span) {text.bytes + 1, text.count - 1};
    while (text.count > 0 && vn_is_blank(text.bytes[text.count - 1]))
        text.count--;
    return text;
}

/* Take what comes before the next `end`, which does not count within quotes. */
static vn_span take_until(vn_span *text, uint8_t end)
{
    bool is_quoted = false;
    size_t at = 0;
    for (; at < text->count && (is_quoted || text->bytes[at] != end); at++) {
        if (text->bytes[at] == '\\' && is_quoted && at + 1 < text->count)
            at++;
        else if (text->bytes[at] == '"')
            is_quoted = !is_quoted;
    }
    vn_span taken = {text->bytes, at};
    size_t used = at < text->count ? at + 1 : at;
    *text = (vn_span) {text->bytes + used, text->count - used};
    return trim(taken);
}

/* RFC 9110, section 12.4.2. What is no weight counts as none given. */
static int32_t read_quality(vn_span value)
{
    int32_t quality = 0, unit = QUALITY_MAX;
    for (size_t i = 0; i < value.count; i++) {
        if (i == 1 && value.bytes[i] == '.')
            continue;
        if (!vn_is_digit(value.bytes[i]) || unit == 0)
            return QUALITY_MAX;
        quality += (value.bytes[i] - '0') * unit;
        unit /= 10;
    }
    return value.count == 0 || quality > QUALITY_MAX ? QUALITY_MAX : quality;
}

/* Of the parameters that follow a media range. */
static int32_t find_quality(vn_span parameters)
{
    while (parameters.count > 0) {
        vn_span parameter = take_until(&parameters, ';');
        if (parameter.count >= 2 && (parameter.bytes[0] | 0x20) == 'q' && parameter.bytes[1] == '=')
            return read_quality((vn_span) {parameter.bytes + 2, parameter.count - 2});
    }
    return QUALITY_MAX;
}

/* How well a range names plain text; 0: not at all. */
static int32_t rank_of_text(vn_span range)
{
    static const vn_span ranges[] = {VN_LITERAL("*/*"), VN_LITERAL("text/*"),
                                     VN_LITERAL("text/plain")};
    for (int32_t i = 0; i < (int32_t) (sizeof ranges / sizeof *ranges); i++)
        if (vn_equals_ignoring_case(range, ranges[i]))
            return i + 1;
    return 0;
}

static bool is_problem(vn_span range)
{
    return vn_equals_ignoring_case(range, VN_LITERAL("application/problem+json")) ||
           vn_equals_ignoring_case(range, VN_LITERAL("application/json"));
}

static void note(struct preference *preference, vn_span element)
{
    vn_span range = take_until(&element, ';');
    int32_t rank = rank_of_text(range);
    if (is_problem(range)) {
        int32_t quality = find_quality(element);
        preference->problem = quality > preference->problem ? quality : preference->problem;
    } else if (rank > preference->text_rank) {
        preference->text = find_quality(element);
        preference->text_rank = rank;
    }
}

bool vn_accepts_problem(const vn_request *request)
{
    const vn_span name = VN_LITERAL("Accept");
    struct preference preference = {.problem = NOT_NAMED, .text = NOT_NAMED};
    for (size_t i = vn_request_find(request, name, 0); i < request->field_count;
         i = vn_request_find(request, name, i + 1)) {
        vn_span value = vn_field_value(request, i);
        while (value.count > 0)
            note(&preference, take_until(&value, ','));
    }
    return preference.problem > 0 && preference.problem >= preference.text;
}
