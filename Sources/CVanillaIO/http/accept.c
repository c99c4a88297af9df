// SPDX-License-Identifier: MIT
#include "accept.h"

#include "literal.h"
#include "preference.h"
#include "scan.h"

enum { NOT_NAMED = -1 };

/* What the field lines say so far, in thousandths. */
struct preference {
    int32_t problem;
    int32_t text; /* by the range that names it best */
    int32_t text_rank;
};

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
    vn_span range = vn_take_until(&element, ';');
    int32_t rank = rank_of_text(range);
    if (is_problem(range)) {
        int32_t quality = vn_find_quality(element);
        preference->problem = quality > preference->problem ? quality : preference->problem;
    } else if (rank > preference->text_rank) {
        preference->text = vn_find_quality(element);
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
            note(&preference, vn_take_until(&value, ','));
    }
    return preference.problem > 0 && preference.problem >= preference.text;
}
