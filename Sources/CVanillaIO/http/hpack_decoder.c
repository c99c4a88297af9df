// SPDX-License-Identifier: MIT
/* hpack_decoder.c - a block of fields, from bytes to names and values (RFC 7541, section 6). */
#include <string.h>

#include "hpack.h"
#include "huffman.h"

enum { INTEGER_BYTES_MAX = 4 }; /* after the first one: no number of a block is larger */

void vn_hpack_decoder_init(struct vn_hpack_decoder *decoder)
{
    memset(decoder, 0, offsetof(struct vn_hpack_decoder, table.entries));
    decoder->table.max = decoder->limit = VN_HPACK_TABLE_MAX;
}

/* ---- Numbers and texts ---- */

/* A number whose first byte has `bits` bits of it (RFC 7541, section 5.1). Returns -1 where it is
 * cut off, or too long. */
static int64_t read_number(vn_span *rest, uint32_t bits)
{
    uint32_t mask = (1u << bits) - 1;
    uint64_t number = rest->bytes[0] & mask;
    size_t at = 1;
    if (number == mask) {
        uint32_t shift = 0;
        uint8_t byte;
        do {
            if (at == rest->count || at > INTEGER_BYTES_MAX)
                return -1;
            byte = rest->bytes[at++];
            number += (uint64_t) (byte & 0x7f) << shift;
            shift += 7;
        } while ((byte & 0x80) != 0);
    }
    *rest = (vn_span) {rest->bytes + at, rest->count - at};
    return (int64_t) number;
}

/* A text (RFC 7541, section 5.2), which is decoded to `room` where it is encoded. Its count may be
 * more than that has space for. Returns false where it is none. */
static bool read_text(vn_span *rest, uint8_t *room, size_t room_count, vn_span *text)
{
    if (rest->count == 0)
        return false;
    bool is_encoded = (rest->bytes[0] & 0x80) != 0;
    int64_t count = read_number(rest, 7);
    if (count < 0 || (uint64_t) count > rest->count)
        return false;
    *text = (vn_span) {rest->bytes, (size_t) count};
    *rest = (vn_span) {rest->bytes + count, rest->count - (size_t) count};
    if (!is_encoded)
        return true;
    int64_t decoded = vn_huffman_decode(room, room_count, *text);
    *text = (vn_span) {room, decoded < 0 ? 0 : (size_t) decoded};
    return decoded >= 0;
}

/* ---- Fields ---- */

/* Index and name, or a name alone, and the value: `bits` of the first byte are of the index. */
static bool read_literal(const struct vn_hpack_table *table, struct vn_hpack_block *block,
                         uint32_t bits, struct vn_hpack_field *field)
{
    int64_t index = read_number(&block->rest, bits);
    if (index < 0 || (index > 0 && !vn_hpack_table_find(table, (uint64_t) index, field)))
        return false;
    if (index == 0 && !read_text(&block->rest, block->room, block->room_count, &field->name))
        return false;
    return read_text(&block->rest, block->room + block->room_count, block->room_count,
                     &field->value);
}

/* Of a text that is longer than the room there is only the begin. */
static enum vn_hpack_found cut_field(const struct vn_hpack_block *block,
                                     struct vn_hpack_field *field)
{
    bool is_long = field->name.count > block->room_count || field->value.count > block->room_count;
    if (vn_likely(!is_long))
        return VN_HPACK_FIELD;
    field->name.count = vn_smaller(field->name.count, block->room_count);
    field->value.count = vn_smaller(field->value.count, block->room_count);
    return VN_HPACK_LONG_FIELD;
}

static enum vn_hpack_found read_indexed(const struct vn_hpack_decoder *decoder,
                                        struct vn_hpack_block *block, struct vn_hpack_field *field)
{
    int64_t index = read_number(&block->rest, 7);
    if (index < 0 || !vn_hpack_table_find(&decoder->table, (uint64_t) index, field))
        return VN_HPACK_INVALID;
    return cut_field(block, field);
}

static enum vn_hpack_found read_added(struct vn_hpack_decoder *decoder,
                                      struct vn_hpack_block *block, struct vn_hpack_field *field)
{
    if (!read_literal(&decoder->table, block, 6, field))
        return VN_HPACK_INVALID;
    *field = vn_hpack_table_add(&decoder->table, field->name, field->value);
    return cut_field(block, field);
}

/* Only at the begin of a block (RFC 7541, section 4.2). */
static bool read_limit(struct vn_hpack_decoder *decoder, struct vn_hpack_block *block)
{
    int64_t limit = block->has_field ? -1 : read_number(&block->rest, 5);
    if (limit < 0 || limit > decoder->limit)
        return false;
    vn_hpack_table_limit(&decoder->table, (uint32_t) limit);
    return true;
}

enum vn_hpack_found vn_hpack_read(struct vn_hpack_decoder *decoder, struct vn_hpack_block *block,
                                  struct vn_hpack_field *field)
{
    assert(block->room_count >= VN_HPACK_TABLE_MAX);
    while (block->rest.count > 0) {
        uint8_t first = block->rest.bytes[0];
        if ((first & 0xe0) == 0x20) {
            if (!read_limit(decoder, block))
                return VN_HPACK_INVALID;
            continue;
        }
        block->has_field = true;
        if ((first & 0x80) != 0)
            return read_indexed(decoder, block, field);
        if ((first & 0x40) != 0)
            return read_added(decoder, block, field);
        return read_literal(&decoder->table, block, 4, field) ? cut_field(block, field)
                                                              : VN_HPACK_INVALID;
    }
    return VN_HPACK_END;
}
