// SPDX-License-Identifier: MIT
#include "preconditions.h"

#include "../include/vn_date.h"
#include "entity_tag.h"
#include "fields.h"

#define LITERAL(text) ((vn_span) {(const uint8_t *) text, sizeof text - 1})

enum { IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, CONDITIONS };

static const vn_span names[CONDITIONS] = {
    [IF_MATCH] = LITERAL("If-Match"),
    [IF_NONE_MATCH] = LITERAL("If-None-Match"),
    [IF_MODIFIED_SINCE] = LITERAL("If-Modified-Since"),
    [IF_UNMODIFIED_SINCE] = LITERAL("If-Unmodified-Since"),
};

/* Where a condition stands in the request. */
struct lines {
    uint16_t first;
    uint16_t count;
};

struct conditions {
    const vn_request *request;
    struct lines lines[CONDITIONS];
};

#define IS(lower) vn_is_name(name.bytes, lower, sizeof lower - 1)

/* All have names of different sizes. */
static inline int32_t condition_of(vn_span name)
{
    switch (name.count) {
    case sizeof "if-match" - 1:
        return IS("if-match") ? IF_MATCH : -1;
    case sizeof "if-none-match" - 1:
        return IS("if-none-match") ? IF_NONE_MATCH : -1;
    case sizeof "if-modified-since" - 1:
        return IS("if-modified-since") ? IF_MODIFIED_SINCE : -1;
    case sizeof "if-unmodified-since" - 1:
        return IS("if-unmodified-since") ? IF_UNMODIFIED_SINCE : -1;
    default:
        return -1;
    }
}

/* Note every line that is a condition. Returns whether there is any. */
static bool find_conditions(const vn_request *request, struct conditions *conditions)
{
    bool is_any = false;
    for (uint16_t i = 0; i < request->field_count; i++) {
        int32_t condition = condition_of(vn_field_name(request, i));
        if (vn_likely(condition < 0))
            continue;
        if (!is_any)
            *conditions = (struct conditions) {.request = request};
        is_any = true;
        struct lines *lines = &conditions->lines[condition];
        if (lines->count++ == 0)
            lines->first = i;
    }
    return is_any;
}

/* Whether a list of tags names the current representation: by any of its lines, since they are one
 * list (RFC 9110, section 5.3). "*" names whatever is there. */
static bool names_current(const struct conditions *conditions, int32_t condition,
                          const vn_validators *validators, bool is_strong)
{
    const vn_request *request = conditions->request;
    struct lines lines = conditions->lines[condition];
    vn_span value = vn_field_value(request, lines.first);
    if (validators == NULL)
        return false;
    if (lines.count == 1 && value.count == 1 && value.bytes[0] == '*')
        return true;
    if (!validators->has_tag)
        return false;
    for (size_t i = lines.first; i < request->field_count;
         i = vn_request_find(request, names[condition], i + 1)) {
        vn_span list = vn_field_value(request, i);
        vn_entity_tag tag;
        while (vn_entity_tag_take(&list, &tag))
            if (is_strong ? vn_entity_tags_match_strongly(&tag, &validators->tag)
                          : vn_entity_tags_match_weakly(&tag, &validators->tag))
                return true;
    }
    return false;
}

/* The date of a condition, where it is there and counts: on one line, a date, and with one of the
 * representation to compare it with (RFC 9110, sections 13.1.3 and 13.1.4). */
static bool find_date(const struct conditions *conditions, int32_t condition,
                      const vn_validators *validators, int64_t now, int64_t *date)
{
    struct lines lines = conditions->lines[condition];
    return lines.count == 1 && validators != NULL && validators->has_last_modified &&
           vn_date_parse(vn_field_value(conditions->request, lines.first), now, date);
}

static bool is_read(const vn_request *request)
{
    return request->method_id == VN_METHOD_GET || request->method_id == VN_METHOD_HEAD;
}

/* Methods that neither select nor change a representation: RFC 9110, section 13.2.1. */
static bool has_no_preconditions(const vn_request *request)
{
    return request->method_id == VN_METHOD_OPTIONS || request->method_id == VN_METHOD_TRACE ||
           request->method_id == VN_METHOD_CONNECT;
}

/* The steps of RFC 9110, section 13.2.2. */
static int32_t evaluate(const struct conditions *conditions, const vn_validators *validators,
                        int64_t now)
{
    bool reads = is_read(conditions->request);
    int64_t date;
    if (conditions->lines[IF_MATCH].count > 0) {
        if (!names_current(conditions, IF_MATCH, validators, true))
            return VN_PRECONDITION_FAILED;
    } else if (find_date(conditions, IF_UNMODIFIED_SINCE, validators, now, &date)) {
        if (validators->last_modified > date)
            return VN_PRECONDITION_FAILED;
    }
    if (conditions->lines[IF_NONE_MATCH].count > 0) {
        if (names_current(conditions, IF_NONE_MATCH, validators, false))
            return reads ? VN_NOT_MODIFIED : VN_PRECONDITION_FAILED;
    } else if (reads && find_date(conditions, IF_MODIFIED_SINCE, validators, now, &date)) {
        if (validators->last_modified <= date)
            return VN_NOT_MODIFIED;
    }
    return VN_PERFORM;
}

bool vn_preconditions_are_there(const vn_request *request)
{
    struct conditions conditions;
    return find_conditions(request, &conditions);
}

bool vn_preconditions_have_range(const vn_request *request)
{
    return vn_request_find(request, LITERAL("Range"), 0) != request->field_count;
}

int32_t vn_preconditions_evaluate(const vn_request *request, const vn_validators *validators,
                                  int64_t now)
{
    struct conditions conditions;
    if (!find_conditions(request, &conditions) || has_no_preconditions(request) ||
        (validators == NULL && is_read(request)))
        return VN_PERFORM;
    return evaluate(&conditions, validators, now);
}

bool vn_preconditions_allow_range(const vn_request *request, const vn_validators *validators,
                                  int64_t now)
{
    static const vn_span if_range = LITERAL("If-Range");
    size_t count = request->field_count;
    if (request->method_id != VN_METHOD_GET || validators == NULL ||
        !vn_preconditions_have_range(request))
        return false;
    size_t found = vn_request_find(request, if_range, 0);
    if (found == count)
        return true;
    if (vn_request_find(request, if_range, found + 1) != count)
        return false;

    vn_span value = vn_field_value(request, found);
    vn_entity_tag tag;
    int64_t date;
    if (vn_entity_tag_parse(value, &tag))
        return validators->has_tag && vn_entity_tags_match_strongly(&tag, &validators->tag);
    return validators->has_last_modified && validators->last_modified < now &&
           vn_date_parse(value, now, &date) && date == validators->last_modified;
}
