// SPDX-License-Identifier: MIT
/* hpack_encoder.c - names and values to a block of fields (RFC 7541, section 6). */
#include <string.h>

#include "hpack.h"
#include "huffman.h"

enum {
    INDEX_OF_STATUS = 8, /* of ":status: 200", the first that has that name */
    NAME_INDEXED_MAX = 64, /* bytes of a name and of a value that go into the table */
    VALUE_INDEXED_MAX = 512,
    NAME_MAX = 27, /* bytes of the longest name in the table that every connection has */
};

/* The entries of that table by the size of their names: the first, and the next of the same size.
 * Those of names that begin with a colon are not among them. */
static const uint8_t first_of_count[NAME_MAX + 1] = {
    0,  0,  0,  21, 33, 22, 19, 36, 39, 0, 55, 53, 31, 18,
    15, 16, 26, 40, 48, 25, 0,  0,  0,  0, 0,  56, 0,  20,
};
static const uint8_t next_of_count[VN_HPACK_STATIC + 1] = {
    0,  0,  0,  0,  0,  0,  0,  0, 0,  0,  0,  0,  0,  0,  0,  28, 17, 0,  23, 32, 0,
    60, 50, 24, 30, 43, 27, 29, 0, 61, 41, 47, 35, 34, 37, 54, 51, 38, 45, 42, 57, 44,
    46, 49, 0,  59, 0,  0,  0,  0, 0,  52, 0,  0,  0,  58, 0,  0,  0,  0,  0,  0,
};

/* ---- The table ---- */

void vn_hpack_encoder_init(struct vn_hpack_encoder *encoder)
{
    memset(encoder, 0, offsetof(struct vn_hpack_encoder, table.entries));
    encoder->table.max = VN_HPACK_TABLE_MAX;
    encoder->limit = encoder->least = VN_HPACK_TABLE_MAX;
    encoder->has_changed = false;
    encoder->changes = 0;
}

/* What an encoder does not use, it does not say: a limit that comes back between two blocks still
 * has emptied the peer's table (RFC 7541, section 4.2). */
void vn_hpack_encoder_limit(struct vn_hpack_encoder *encoder, uint32_t limit)
{
    limit = limit < VN_HPACK_TABLE_MAX ? limit : VN_HPACK_TABLE_MAX;
    if (!encoder->has_changed && limit == encoder->limit)
        return;
    if (!encoder->has_changed || limit < encoder->least)
        encoder->least = limit;
    encoder->limit = limit;
    encoder->has_changed = true;
    encoder->changes++;
}

static uint32_t hash_of(vn_span name, vn_span value)
{
    uint64_t hash = name.count * 0x9e3779b97f4a7c15 + value.count;
    for (size_t i = 0; i < name.count; i++)
        hash = (hash ^ (name.bytes[i] | 0x20)) * 0x100000001b3;
    for (size_t i = 0; i < value.count; i++)
        hash = (hash ^ value.bytes[i]) * 0x100000001b3;
    return (uint32_t) (hash >> 32 ^ hash);
}

static uint8_t lowered(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static bool is_lowered(vn_span name, const uint8_t *lower)
{
    for (size_t i = 0; i < name.count; i++)
        if (lowered(name.bytes[i]) != lower[i])
            return false;
    return true;
}

static bool is_entry(const struct vn_hpack_encoder *encoder, uint32_t place, vn_span name,
                     vn_span value)
{
    const struct vn_hpack_entry *entry = &encoder->table.entries[place];
    const uint8_t *bytes = encoder->table.bytes + entry->at;
    return entry->name_count == name.count && entry->value_count == value.count &&
           is_lowered(name, bytes) && memcmp(bytes + name.count, value.bytes, value.count) == 0;
}

/* The index of an entry of the dynamic table, or 0. */
static uint32_t find_entry(const struct vn_hpack_encoder *encoder, vn_span name, vn_span value,
                           uint32_t hash)
{
    const struct vn_hpack_table *table = &encoder->table;
    uint32_t place = table->next;
    for (uint32_t age = 0; age < table->count; age++) {
        place = (place == 0 ? VN_HPACK_ENTRIES_MAX : place) - 1;
        if (encoder->hashes[place] == hash && is_entry(encoder, place, name, value))
            return VN_HPACK_STATIC + 1 + age;
    }
    return 0;
}

/* The index of an entry that every table has and whose name it is, or 0. */
static uint32_t find_name(const struct vn_hpack_encoder *encoder, vn_span name)
{
    uint32_t index = name.count > NAME_MAX ? 0 : first_of_count[name.count];
    struct vn_hpack_field field;
    while (index != 0 && vn_hpack_table_find(&encoder->table, index, &field) &&
           !is_lowered(name, field.name.bytes))
        index = next_of_count[index];
    return index;
}

static void add_entry(struct vn_hpack_encoder *encoder, vn_span name, vn_span value, uint32_t hash)
{
    struct vn_hpack_table *table = &encoder->table;
    uint32_t place = table->next;
    encoder->changes++;
    vn_hpack_table_add(table, name, value);
    if (place == table->next) /* it is larger than the table */
        return;
    encoder->hashes[place] = hash;
    uint8_t *bytes = table->bytes + table->entries[place].at;
    for (size_t i = 0; i < name.count; i++)
        bytes[i] = lowered(bytes[i]);
}

/* ---- Numbers and texts ---- */

static uint8_t *write_number(uint8_t *to, uint8_t pattern, uint32_t bits, uint64_t number)
{
    uint32_t mask = (1u << bits) - 1;
    if (number < mask) {
        *to++ = (uint8_t) (pattern | number);
        return to;
    }
    *to++ = (uint8_t) (pattern | mask);
    for (number -= mask; number >= 0x80; number >>= 7)
        *to++ = (uint8_t) (0x80 | (number & 0x7f));
    *to++ = (uint8_t) number;
    return to;
}

static uint8_t *write_text(uint8_t *to, vn_span text, bool lowers)
{
    size_t encoded = vn_huffman_count(text, lowers);
    if (encoded < text.count)
        return vn_huffman_encode(write_number(to, 0x80, 7, encoded), text, lowers);
    to = write_number(to, 0, 7, text.count);
    for (size_t i = 0; i < text.count; i++)
        *to++ = lowers ? lowered(text.bytes[i]) : text.bytes[i];
    return to;
}

/* ---- Fields ---- */

uint8_t *vn_hpack_write_begin(struct vn_hpack_encoder *encoder, uint8_t *to)
{
    if (vn_likely(!encoder->has_changed))
        return to;
    if (encoder->least < encoder->limit)
        to = write_number(to, 0x20, 5, encoder->least);
    vn_hpack_table_limit(&encoder->table, encoder->least);
    to = write_number(to, 0x20, 5, encoder->limit);
    vn_hpack_table_limit(&encoder->table, encoder->limit);
    encoder->has_changed = false;
    encoder->changes++;
    return to;
}

static uint8_t *write_literal(const struct vn_hpack_encoder *encoder, uint8_t *to, vn_span name,
                              vn_span value, uint8_t pattern, uint32_t bits)
{
    uint32_t index = find_name(encoder, name);
    to = write_number(to, pattern, bits, index);
    if (index == 0)
        to = write_text(to, name, true);
    return write_text(to, value, false);
}

uint8_t *vn_hpack_write(struct vn_hpack_encoder *encoder, uint8_t *to, vn_span name, vn_span value,
                        enum vn_hpack_indexing indexing)
{
    bool is_short = name.count <= NAME_INDEXED_MAX && value.count <= VALUE_INDEXED_MAX;
    if (indexing == VN_HPACK_NEVER_INDEXED)
        return write_literal(encoder, to, name, value, 0x10, 4);
    if (indexing == VN_HPACK_NOT_INDEXED || !is_short)
        return write_literal(encoder, to, name, value, 0, 4);
    uint32_t hash = hash_of(name, value);
    uint32_t index = find_entry(encoder, name, value, hash);
    if (index != 0)
        return write_number(to, 0x80, 7, index);
    to = write_literal(encoder, to, name, value, 0x40, 6);
    add_entry(encoder, name, value, hash);
    return to;
}

/* Whole, in one of the entries that every table has, or as three digits. */
uint8_t *vn_hpack_write_status(struct vn_hpack_encoder *encoder, uint8_t *to, uint16_t status)
{
    static const uint16_t statuses[] = {200, 204, 206, 304, 400, 404, 500};
    for (uint32_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i] == status)
            return write_number(to, 0x80, 7, INDEX_OF_STATUS + i);
    const uint8_t digits[] = {(uint8_t) ('0' + status / 100 % 10),
                              (uint8_t) ('0' + status / 10 % 10), (uint8_t) ('0' + status % 10)};
    (void) encoder;
    return write_text(write_number(to, 0, 4, INDEX_OF_STATUS), (vn_span) {digits, sizeof digits},
                      false);
}
