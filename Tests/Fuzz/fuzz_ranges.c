// SPDX-License-Identifier: MIT
/* fuzz_ranges.c - the value of Range: what is selected lies in the representation, is what a plain
 * reader of the grammar finds, and has texts that fit their room.
 *
 * Steering: the length of the representation. */
#include <string.h>

#include "fuzz.h"
#include "http/classes.h"
#include "http/ranges.h"

static const uint64_t lengths[] = {0, 1, 2, 10, 100, 10000, 1ull << 40, UINT64_MAX};

static struct fuzz_place place;

/* ---- The plain reader ---- */

/* Digits, as a number; false: there is none. */
static bool read_digits(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    const uint8_t *from = *at;
    __uint128_t value = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
        if (value <= UINT64_MAX)
            value = value * 10 + (**at - '0');
    *number = value > UINT64_MAX ? UINT64_MAX : (uint64_t) value;
    return *at > from;
}

/* One range-spec. Returns whether it is one; `extent->count` is 0 where nothing of it exists. */
static bool read_spec(const uint8_t *at, const uint8_t *end, uint64_t length, vn_extent *extent)
{
    uint64_t first, last;
    bool has_first = read_digits(&at, end, &first);
    if (at == end || *at++ != '-')
        return false;
    bool has_last = read_digits(&at, end, &last);
    if (at != end || (!has_first && !has_last) || (has_first && has_last && last < first))
        return false;
    *extent = (vn_extent) {0};
    if (!has_first && length > 0)
        *extent = (vn_extent) {last < length ? length - last : 0, last < length ? last : length};
    else if (has_first && first < length) {
        uint64_t beyond = has_last && last < length ? last + 1 : length;
        *extent = (vn_extent) {first, beyond - first};
    }
    return true;
}

/* Those that exist; -1: it is no set of ranges, or of more than one answer has. */
static int read_set(vn_span value, uint64_t length, vn_extent *extents)
{
    static const char unit[] = "bytes=";
    int count = 0, named = 0;
    if (value.count < sizeof unit - 1)
        return -1;
    for (size_t i = 0; i < sizeof unit - 1; i++) {
        uint8_t byte = value.bytes[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte + 0x20 : byte) != unit[i])
            return -1;
    }
    const uint8_t *at = value.bytes + sizeof unit - 1, *all = value.bytes + value.count;
    for (const uint8_t *end; at < all; at = end + 1) {
        end = memchr(at, ',', (size_t) (all - at));
        end = end == NULL ? all : end;
        const uint8_t *from = at, *to = end;
        while (from < to && vn_is_blank(*from))
            from++;
        while (to > from && vn_is_blank(to[-1]))
            to--;
        vn_extent extent;
        if (from == to)
            continue;
        if (++named > VN_EXTENTS_MAX || !read_spec(from, to, length, &extent))
            return -1;
        if (extent.count > 0)
            extents[count++] = extent;
    }
    return named == 0 ? -1 : count;
}

/* ---- What is selected ---- */

static void check_texts(const vn_selection *selection, uint64_t length)
{
    uint8_t text[VN_CONTENT_RANGE_ROOM], head[VN_PART_HEAD_ROOM], end[VN_PARTS_END_ROOM];
    static vn_parts parts;
    fuzz_require(vn_ranges_write_content_range(text, NULL, length) <= sizeof text, "no room");
    parts = (vn_parts) {.selection = *selection, .size = length};
    memset(parts.boundary, 'b', sizeof parts.boundary);
    vn_ranges_prepare(&parts, vn_span_of("text/plain; charset=utf-8"));
    uint64_t count = 0;
    for (uint8_t i = 0; i < selection->count; i++) {
        const vn_extent *extent = &selection->extents[i];
        fuzz_require(vn_ranges_write_content_range(text, extent, length) <= sizeof text,
                     "no room for an extent");
        count += extent->count;
        if (selection->count > 1)
            count += vn_ranges_write_part_head(head, &parts, i);
    }
    if (selection->count > 1)
        count += vn_ranges_write_parts_end(end, &parts);
    fuzz_require(count == parts.length, "%llu bytes, not %llu", (unsigned long long) count,
                 (unsigned long long) parts.length);
}

static void check(vn_span value, uint64_t length)
{
    vn_extent extents[VN_EXTENTS_MAX];
    vn_selection selection;
    vn_ranges_select(value, length, &selection);
    int count = read_set(value, length, extents);
    uint64_t sum = 0;
    for (uint8_t i = 0; i < selection.count; i++) {
        const vn_extent *extent = &selection.extents[i];
        fuzz_require(extent->at <= length && extent->count <= length - extent->at,
                     "an extent beyond the end");
        fuzz_require(extent->count <= length - sum, "more bytes than there are");
        sum += extent->count;
    }
    switch (selection.status) {
    case 200:
        fuzz_require(selection.count == 1 && sum == length, "not all of it");
        fuzz_require(count != 1 || length == 0, "one range is not answered");
        break;
    case 206:
        fuzz_require(count == selection.count && length > 0, "%d ranges, not %d", selection.count,
                     count);
        fuzz_require(memcmp(extents, selection.extents, (size_t) count * sizeof *extents) == 0,
                     "other ranges");
        check_texts(&selection, length);
        break;
    default:
        fuzz_require(selection.status == 416 && count == 0, "%d for %d", selection.status, count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    uint64_t length = lengths[fuzz_take(&input) % (sizeof lengths / sizeof *lengths)];
    if (input.count > FUZZ_PLACE_MAX / 2)
        return 0;
    check((vn_span) {fuzz_put(&place, input.bytes, input.count), input.count}, length);
    fuzz_clear(&place);
    return 0;
}
