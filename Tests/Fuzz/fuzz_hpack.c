// SPDX-License-Identifier: MIT
/* fuzz_hpack.c - blocks of fields: what an encoder writes is what a decoder reads, with alike
 * tables after it; and any other block is read to its end or to an error, within its bounds, in the
 * same way a second time.
 *
 * Steering: which of the two, and whether the rest is hexadecimal; how many bytes of a block. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/digits.h"
#include "http/hpack.h"

enum { ROOM = VN_HPACK_TABLE_MAX };

static uint8_t room[2][2 * ROOM];
static uint8_t written[1 << 18];
static struct vn_hpack_decoder decoder, twin;
static struct vn_hpack_encoder encoder;

static struct vn_hpack_block block_of(vn_span bytes, int which)
{
    return (struct vn_hpack_block) {.rest = bytes, .room = room[which], .room_count = ROOM};
}

static bool is_same(vn_span a, vn_span b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.bytes, b.bytes, a.count) == 0);
}

static void check_table(const struct vn_hpack_table *table)
{
    uint32_t size = 0;
    fuzz_require(table->size <= table->max && table->max <= VN_HPACK_TABLE_MAX, "%u of %u bytes",
                 table->size, table->max);
    for (uint32_t i = 1; i <= table->count; i++) {
        struct vn_hpack_field field;
        fuzz_require(vn_hpack_table_find(table, VN_HPACK_STATIC + (uint64_t) i, &field),
                     "entry %u is not there", i);
        size += VN_HPACK_ENTRY_SIZE + (uint32_t) (field.name.count + field.value.count);
    }
    fuzz_require(size == table->size, "%u bytes in entries of %u", size, table->size);
}

/* Any bytes, in memory of their own, by two decoders. */
static void read_any(vn_span input)
{
    uint8_t *copy = malloc(input.count + 1);
    memcpy(copy, input.bytes, input.count);
    struct vn_hpack_block one = block_of((vn_span) {copy, input.count}, 0);
    struct vn_hpack_block other = block_of(input, 1);
    enum vn_hpack_found found, second;
    do {
        struct vn_hpack_field field, same;
        found = vn_hpack_read(&decoder, &one, &field);
        second = vn_hpack_read(&twin, &other, &same);
        fuzz_require(found == second, "%d, then %d", found, second);
        if (found != VN_HPACK_FIELD)
            continue;
        fuzz_require(is_same(field.name, same.name) && is_same(field.value, same.value),
                     "two fields of one block");
        fuzz_require(field.name.count <= ROOM && field.value.count <= ROOM, "beyond the room");
    } while (found > VN_HPACK_END);
    check_table(&decoder.table);
    free(copy);
}

static bool is_lower(vn_span text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.bytes[i] >= 'A' && text.bytes[i] <= 'Z')
            return false;
    return true;
}

/* Pieces of the input as names and values. */
static void write_and_read(vn_span input)
{
    struct vn_hpack_field fields[32];
    size_t count = 0, limit = (size_t) fuzz_take(&input) * 32;
    if (limit > 0)
        vn_hpack_encoder_limit(&encoder, (uint32_t) limit - 32);
    uint8_t *end = vn_hpack_write_begin(&encoder, written);
    while (input.count > 3 && count < sizeof fields / sizeof *fields) {
        uint8_t how = fuzz_take(&input);
        size_t name = vn_smaller(fuzz_take(&input) & 15, input.count);
        fields[count].name = (vn_span) {input.bytes, name};
        input = (vn_span) {input.bytes + name, input.count - name};
        size_t value = vn_smaller(input.count, fuzz_take(&input) & 63);
        value = vn_smaller(value, input.count);
        fields[count].value = (vn_span) {input.bytes, value};
        input = (vn_span) {input.bytes + value, input.count - value};
        if (!is_lower(fields[count].name))
            continue;
        end = vn_hpack_write(&encoder, end, fields[count].name, fields[count].value,
                             (enum vn_hpack_indexing)(how % 3));
        count++;
    }
    struct vn_hpack_block block = block_of((vn_span) {written, (size_t) (end - written)}, 0);
    struct vn_hpack_field found;
    for (size_t i = 0; i < count; i++)
        fuzz_require(vn_hpack_read(&decoder, &block, &found) == VN_HPACK_FIELD &&
                         is_same(found.name, fields[i].name) &&
                         is_same(found.value, fields[i].value),
                     "field %zu of %zu is another", i, count);
    fuzz_require(vn_hpack_read(&decoder, &block, &found) == VN_HPACK_END, "more than was written");
    check_table(&decoder.table);
    check_table(&encoder.table);
    fuzz_require(decoder.table.count == encoder.table.count &&
                     decoder.table.size == encoder.table.size,
                 "the tables differ");
}

/* The seeds are texts: theirs are two digits a byte. */
static vn_span read_hex(vn_span text)
{
    static uint8_t bytes[1 << 15];
    size_t count = 0;
    for (size_t i = 0; i + 1 < text.count && count < sizeof bytes; i += 2) {
        int32_t high = vn_parse_hex_digit(text.bytes[i]);
        int32_t low = vn_parse_hex_digit(text.bytes[i + 1]);
        bytes[count++] = (uint8_t) ((high & 15) << 4 | (low & 15));
    }
    return (vn_span) {bytes, count};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    uint8_t which = fuzz_take(&input);
    if ((which & 2) != 0)
        input = read_hex(input);
    vn_hpack_decoder_init(&decoder);
    vn_hpack_decoder_init(&twin);
    vn_hpack_encoder_init(&encoder);
    while (input.count > 0) {
        size_t size = vn_smaller((size_t) fuzz_take(&input) * 4 + 1, input.count);
        vn_span piece = {input.bytes, size};
        input = (vn_span) {input.bytes + size, input.count - size};
        if (which % 2 == 0)
            read_any(piece);
        else
            write_and_read(piece);
    }
    return 0;
}
