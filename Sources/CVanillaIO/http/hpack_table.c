// SPDX-License-Identifier: MIT
/* hpack_table.c - the entries that every table has, and those that come and go. */
#include <string.h>

#include "hpack.h"
#include "literal.h"

#define ENTRY(name, value) {VN_LITERAL(name), VN_LITERAL(value)}

static const struct vn_hpack_field fixed[VN_HPACK_STATIC] = {
    ENTRY(":authority", ""),
    ENTRY(":method", "GET"),
    ENTRY(":method", "POST"),
    ENTRY(":path", "/"),
    ENTRY(":path", "/index.html"),
    ENTRY(":scheme", "http"),
    ENTRY(":scheme", "https"),
    ENTRY(":status", "200"),
    ENTRY(":status", "204"),
    ENTRY(":status", "206"),
    ENTRY(":status", "304"),
    ENTRY(":status", "400"),
    ENTRY(":status", "404"),
    ENTRY(":status", "500"),
    ENTRY("accept-charset", ""),
    ENTRY("accept-encoding", "gzip, deflate"),
    ENTRY("accept-language", ""),
    ENTRY("accept-ranges", ""),
    ENTRY("accept", ""),
    ENTRY("access-control-allow-origin", ""),
    ENTRY("age", ""),
    ENTRY("allow", ""),
    ENTRY("authorization", ""),
    ENTRY("cache-control", ""),
    ENTRY("content-disposition", ""),
    ENTRY("content-encoding", ""),
    ENTRY("content-language", ""),
    ENTRY("content-length", ""),
    ENTRY("content-location", ""),
    ENTRY("content-range", ""),
    ENTRY("content-type", ""),
    ENTRY("cookie", ""),
    ENTRY("date", ""),
    ENTRY("etag", ""),
    ENTRY("expect", ""),
    ENTRY("expires", ""),
    ENTRY("from", ""),
    ENTRY("host", ""),
    ENTRY("if-match", ""),
    ENTRY("if-modified-since", ""),
    ENTRY("if-none-match", ""),
    ENTRY("if-range", ""),
    ENTRY("if-unmodified-since", ""),
    ENTRY("last-modified", ""),
    ENTRY("link", ""),
    ENTRY("location", ""),
    ENTRY("max-forwards", ""),
    ENTRY("proxy-authenticate", ""),
    ENTRY("proxy-authorization", ""),
    ENTRY("range", ""),
    ENTRY("referer", ""),
    ENTRY("refresh", ""),
    ENTRY("retry-after", ""),
    ENTRY("server", ""),
    ENTRY("set-cookie", ""),
    ENTRY("strict-transport-security", ""),
    ENTRY("transfer-encoding", ""),
    ENTRY("user-agent", ""),
    ENTRY("vary", ""),
    ENTRY("via", ""),
    ENTRY("www-authenticate", ""),
};

/* ---- The ring ---- */

/* The place of the entry that is `age` older than the newest. */
static uint32_t place_of(const struct vn_hpack_table *table, uint32_t age)
{
    return (table->next + VN_HPACK_ENTRIES_MAX - 1 - age) % VN_HPACK_ENTRIES_MAX;
}

static void drop_oldest(struct vn_hpack_table *table)
{
    const struct vn_hpack_entry *entry = &table->entries[place_of(table, table->count - 1)];
    table->size -= VN_HPACK_ENTRY_SIZE + entry->name_count + (uint32_t) entry->value_count;
    table->count--;
}

/* Drop the oldest until so much is left at most. */
static void shrink(struct vn_hpack_table *table, uint32_t size)
{
    while (table->size > size)
        drop_oldest(table);
    if (table->count == 0)
        table->at = 0;
}

static struct vn_hpack_field field_of(const struct vn_hpack_table *table,
                                      const struct vn_hpack_entry *entry)
{
    const uint8_t *name = table->bytes + entry->at;
    return (struct vn_hpack_field) {{name, entry->name_count},
                                    {name + entry->name_count, entry->value_count}};
}

void vn_hpack_table_limit(struct vn_hpack_table *table, uint32_t max)
{
    assert(max <= VN_HPACK_TABLE_MAX);
    table->max = max;
    shrink(table, max);
}

struct vn_hpack_field vn_hpack_table_add(struct vn_hpack_table *table, vn_span name, vn_span value)
{
    size_t count = name.count + value.count, size = VN_HPACK_ENTRY_SIZE + count;
    if (vn_unlikely(name.count > table->max || value.count > table->max || size > table->max)) {
        shrink(table, 0);
        return (struct vn_hpack_field) {name, value};
    }
    shrink(table, table->max - (uint32_t) size);
    if (table->at + count > sizeof table->bytes)
        table->at = 0;
    struct vn_hpack_entry *entry = &table->entries[table->next];
    *entry = (struct vn_hpack_entry) {table->at, (uint16_t) name.count, (uint16_t) value.count};
    memmove(table->bytes + entry->at, name.bytes, name.count);
    if (value.count > 0)
        memmove(table->bytes + entry->at + name.count, value.bytes, value.count);
    table->next = (table->next + 1) % VN_HPACK_ENTRIES_MAX;
    table->at += (uint32_t) count;
    table->size += (uint32_t) size;
    table->count++;
    return field_of(table, entry);
}

bool vn_hpack_table_find(const struct vn_hpack_table *table, uint64_t index,
                         struct vn_hpack_field *field)
{
    if (index == 0 || index > VN_HPACK_STATIC + (uint64_t) table->count)
        return false;
    if (index <= VN_HPACK_STATIC)
        *field = fixed[index - 1];
    else
        *field = field_of(table,
                          &table->entries[place_of(table, (uint32_t) index - VN_HPACK_STATIC - 1)]);
    return true;
}
