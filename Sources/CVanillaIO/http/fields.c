// SPDX-License-Identifier: MIT
#include "fields.h"

#include "authority.h"
#include "classes.h"
#include "digits.h"
#include "scan.h"

/* A bit of vn_request.facts that no handler sees: a request that has it is refused at the head's
 * end and not at the line, because a Content-Length further down makes it worse (400 in place of
 * 501). */
enum { HAS_UNKNOWN_CODING = 1 << 15 };

bool vn_equals_ignoring_case(vn_span a, vn_span b)
{
    if (a.count != b.count)
        return false;
    for (size_t i = 0; i < a.count; i++) {
        uint8_t lower = a.bytes[i] | 0x20;
        uint8_t difference = a.bytes[i] ^ b.bytes[i];
        if (difference != 0 && (difference != 0x20 || lower < 'a' || lower > 'z'))
            return false;
    }
    return true;
}

static bool equals(vn_span text, const char *word)
{
    return vn_equals_ignoring_case(text, vn_span_of(word));
}

/* Cut the next element off a comma-separated list, trimmed. False at the list's end. An empty
 * list has one empty element (RFC 9110, section 5.6.1). */
static bool take_element(vn_span *list, vn_span *element)
{
    if (list->bytes == NULL)
        return false;
    size_t end = 0;
    while (end < list->count && list->bytes[end] != ',')
        end++;
    *element = (vn_span) {list->bytes, end};
    *list = end < list->count ? (vn_span) {list->bytes + end + 1, list->count - end - 1}
                              : (vn_span) {NULL, 0};

    while (element->count > 0 && vn_is_blank(element->bytes[0]))
        *element = (vn_span) {element->bytes + 1, element->count - 1};
    while (element->count > 0 && vn_is_blank(element->bytes[element->count - 1]))
        element->count--;
    return true;
}

static int32_t note_host(vn_request *request, vn_range value)
{
    if ((request->facts & VN_HAS_HOST) != 0 || !vn_is_authority(vn_request_span(request, value)))
        return -400;
    request->facts |= VN_HAS_HOST;
    if (request->authority.count == 0) /* that of an absolute form wins: RFC 9112, section 3.2.2 */
        request->authority = value;
    return 0;
}

static int32_t note_connection(vn_request *request, vn_range value)
{
    vn_span list = vn_request_span(request, value);
    vn_span option;
    while (take_element(&list, &option)) {
        if (equals(option, "close"))
            request->facts |= VN_SAYS_CLOSE;
        else if (equals(option, "keep-alive"))
            request->facts |= VN_SAYS_KEEP_ALIVE;
    }
    return 0;
}

static int32_t note_length(vn_request *request, vn_range value)
{
    int64_t length = vn_parse_decimal(request->head + value.at, value.count);
    if (length < 0 || (request->facts & (VN_HAS_LENGTH | VN_IS_CHUNKED | HAS_UNKNOWN_CODING)) != 0)
        return -400;
    request->facts |= VN_HAS_LENGTH;
    request->content_length = (uint64_t) length;
    return 0;
}

/* One list over all lines, with chunked exactly once and last. Empty elements, which RFC 9110,
 * section 5.6.1.2, lets a recipient ignore, are refused: another server on the way may read the
 * list differently. */
static int32_t note_coding(vn_request *request, vn_range value)
{
    vn_span list = vn_request_span(request, value);
    if (request->minor == 0 || (request->facts & VN_HAS_LENGTH) != 0)
        return -400;
    vn_span coding;
    while (take_element(&list, &coding)) {
        if ((request->facts & VN_IS_CHUNKED) != 0 || !vn_is_token(coding))
            return -400;
        request->facts |= equals(coding, "chunked") ? VN_IS_CHUNKED : HAS_UNKNOWN_CODING;
    }
    return 0;
}

static int32_t note_expectation(vn_request *request, vn_range value)
{
    if (request->minor == 1 && equals(vn_request_span(request, value), "100-continue"))
        request->facts |= VN_EXPECTS_CONTINUE;
    return 0;
}

#define IS(lower) vn_is_name(name, lower, sizeof lower - 1)

int32_t vn_fields_note_candidate(vn_request *request, const vn_field *field)
{
    const uint8_t *name = request->head + field->name_at;
    vn_range value = {field->value_at, field->value_count};
    switch (field->name_count) {
    case sizeof "host" - 1:
        return IS("host") ? note_host(request, value) : 0;
    case sizeof "expect" - 1:
        return IS("expect") ? note_expectation(request, value) : 0;
    case sizeof "connection" - 1:
        return IS("connection") ? note_connection(request, value) : 0;
    case sizeof "content-length" - 1:
        return IS("content-length") ? note_length(request, value) : 0;
    default:
        return IS("transfer-encoding") ? note_coding(request, value) : 0;
    }
}

int32_t vn_fields_end(const vn_request *request)
{
    if (request->minor == 1 && (request->facts & VN_HAS_HOST) == 0)
        return -400;
    if ((request->facts & HAS_UNKNOWN_CODING) != 0)
        return -501;
    return 0;
}

size_t vn_request_find(const vn_request *request, vn_span name, size_t from)
{
    size_t index = from;
    while (index < request->field_count &&
           !vn_equals_ignoring_case(vn_field_name(request, index), name))
        index++;
    return vn_smaller(index, request->field_count);
}
