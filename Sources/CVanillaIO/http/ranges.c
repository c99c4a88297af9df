// SPDX-License-Identifier: MIT
#include "ranges.h"

#include "digits.h"
#include "classes.h"
#include "literal.h"
#include "preference.h"
#include "scan.h"

enum { OVERLAPS_MAX = 2 }; /* pairs: RFC 9110, section 14.2 */

/* ---- Range ---- */

static void select_all(vn_selection *selection, uint64_t length)
{
    selection->status = 200;
    selection->count = 1;
    selection->extents[0] = (vn_extent) {0, length};
}

/* Take the digits at the beginning. Returns how many there are; a number that is too large is the
 * largest. */
static size_t take_number(vn_span *text, uint64_t *number)
{
    size_t count = 0;
    *number = 0;
    for (; count < text->count && vn_is_digit(text->bytes[count]); count++) {
        uint64_t digit = (uint64_t) (text->bytes[count] - '0');
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    *text = (vn_span) {text->bytes + count, text->count - count};
    return count;
}

/* The extent that a range names. Returns 1; 0 where there is nothing of it; -1 for what is no
 * range. */
static int32_t read_range(vn_span text, uint64_t length, vn_extent *extent)
{
    uint64_t first, last;
    size_t before = take_number(&text, &first);
    if (text.count == 0 || text.bytes[0] != '-')
        return -1;
    text = (vn_span) {text.bytes + 1, text.count - 1};
    size_t after = take_number(&text, &last);
    if (text.count > 0 || before + after == 0 || (before > 0 && after > 0 && first > last))
        return -1;
    if (before == 0) {
        extent->count = vn_smaller(last, length);
        extent->at = length - extent->count;
        return last > 0;
    }
    if (first >= length)
        return 0;
    last = after == 0 ? length - 1 : vn_smaller(last, length - 1);
    *extent = (vn_extent) {first, last - first + 1};
    return 1;
}

/* Read the set of ranges. Returns false when it is malformed or has too many. */
static bool read_ranges(vn_span set, uint64_t length, vn_selection *selection)
{
    uint32_t named = 0;
    selection->count = 0;
    while (set.count > 0) {
        vn_span member = vn_take_until(&set, ',');
        if (member.count == 0)
            continue; /* RFC 9110, section 5.6.1.2 */
        if (++named > VN_EXTENTS_MAX)
            return false;
        int32_t found = read_range(member, length, &selection->extents[selection->count]);
        if (found < 0)
            return false;
        selection->count = (uint8_t) (selection->count + found);
    }
    return named > 0;
}

static bool overlap(const vn_extent *a, const vn_extent *b)
{
    return a->at < b->at + b->count && b->at < a->at + a->count;
}

/* Whether an answer with these would cost much more than the whole. */
static bool is_excessive(const vn_selection *selection, uint64_t length)
{
    uint32_t overlaps = 0;
    uint64_t left = length;
    for (uint8_t i = 0; i < selection->count; i++) {
        const vn_extent *extent = &selection->extents[i];
        if (extent->count > left)
            return true;
        left -= extent->count;
        for (uint8_t j = 0; j < i; j++)
            overlaps += overlap(extent, &selection->extents[j]);
    }
    return overlaps > OVERLAPS_MAX;
}

void vn_ranges_select(vn_span value, uint64_t length, vn_selection *selection)
{
    const vn_span unit = VN_LITERAL("bytes");
    if (value.count <= unit.count || value.bytes[unit.count] != '=' ||
        !vn_equals_ignoring_case((vn_span) {value.bytes, unit.count}, unit) ||
        !read_ranges((vn_span) {value.bytes + unit.count + 1, value.count - unit.count - 1}, length,
                     selection))
        return select_all(selection, length);
    if (selection->count == 0)
        selection->status = 416;
    else if (length == 0 || (selection->count > 1 && is_excessive(selection, length)))
        select_all(selection, length); /* no range names what has no byte */
    else
        selection->status = 206;
}

/* ---- Texts ---- */

static uint8_t *put(uint8_t *at, vn_span text)
{
    memcpy(at, text.bytes, text.count);
    return at + text.count;
}

size_t vn_ranges_write_content_range(uint8_t text[VN_CONTENT_RANGE_ROOM], const vn_extent *extent,
                                     uint64_t size)
{
    uint8_t *at = put(text, VN_LITERAL("bytes "));
    if (extent == NULL)
        *at++ = '*';
    else {
        at = vn_write_decimal(at, extent->at);
        *at++ = '-';
        at = vn_write_decimal(at, extent->at + extent->count - 1);
    }
    *at++ = '/';
    return (size_t) (vn_write_decimal(at, size) - text);
}

size_t vn_ranges_write_part_head(uint8_t text[VN_PART_HEAD_ROOM], const vn_parts *parts,
                                 uint8_t index)
{
    uint8_t *at = text;
    if (index > 0)
        at = put(at, VN_LITERAL("\r\n"));
    at = put(at, VN_LITERAL("--"));
    at = put(at, (vn_span) {parts->boundary, VN_BOUNDARY_SIZE});
    if (parts->type_count > 0) {
        at = put(at, VN_LITERAL("\r\nContent-Type: "));
        at = put(at, (vn_span) {parts->type, parts->type_count});
    }
    at = put(at, VN_LITERAL("\r\nContent-Range: "));
    at += vn_ranges_write_content_range(at, &parts->selection.extents[index], parts->size);
    at = put(at, VN_LITERAL("\r\n\r\n"));
    return (size_t) (at - text);
}

size_t vn_ranges_write_parts_end(uint8_t text[VN_PARTS_END_ROOM], const vn_parts *parts)
{
    uint8_t *at = put(text, VN_LITERAL("\r\n--"));
    at = put(at, (vn_span) {parts->boundary, VN_BOUNDARY_SIZE});
    at = put(at, VN_LITERAL("--\r\n"));
    return (size_t) (at - text);
}

void vn_ranges_prepare(vn_parts *parts, vn_span content_type)
{
    const vn_selection *selection = &parts->selection;
    uint8_t text[VN_PART_HEAD_ROOM];
    parts->length = 0;
    parts->done = 0;
    parts->index = 0;
    parts->has_head = false;
    parts->answer_type_count = 0;
    for (uint8_t i = 0; i < selection->count; i++)
        parts->length += selection->extents[i].count;
    if (selection->count < 2)
        return;
    assert(content_type.count <= VN_PART_TYPE_MAX);
    parts->type_count = (uint8_t) content_type.count;
    if (content_type.count > 0)
        memcpy(parts->type, content_type.bytes, content_type.count);
    uint8_t *at = put(parts->answer_type, VN_LITERAL("multipart/byteranges; boundary="));
    at = put(at, (vn_span) {parts->boundary, VN_BOUNDARY_SIZE});
    parts->answer_type_count = (uint8_t) (at - parts->answer_type);
    for (uint8_t i = 0; i < selection->count; i++)
        parts->length += vn_ranges_write_part_head(text, parts, i);
    parts->length += vn_ranges_write_parts_end(text, parts);
}
