// SPDX-License-Identifier: MIT
/* hpack.h - fields as HTTP/2 has them (RFC 7541): a table that both sides build alike, a decoder
 * and an encoder. Pure: all memory is in the structs. */
#ifndef VN_HTTP_HPACK_H
#define VN_HTTP_HPACK_H

#include "../base/base.h"
#include "../include/vn_request.h"

enum {
    VN_HPACK_TABLE_MAX = 4096, /* bytes of a table, by the count of section 4.1 */
    VN_HPACK_ENTRY_SIZE = 32, /* bytes that an entry counts besides its own */
    VN_HPACK_ENTRIES_MAX = VN_HPACK_TABLE_MAX / VN_HPACK_ENTRY_SIZE,
    VN_HPACK_STATIC = 61, /* entries of appendix A, by indices from 1 */
};

/* ---- The table ---- */

struct vn_hpack_entry {
    uint32_t at; /* of the name in `bytes`; the value follows it */
    uint16_t name_count;
    uint16_t value_count;
};

/* A ring of entries over a ring of bytes. An entry's bytes are never parted: one that does not fit
 * before the end of the memory lies at its begin, and twice the size is enough for that. Zeroed
 * but for `max`, it is empty. */
struct vn_hpack_table {
    uint32_t max; /* bytes that it may have now, at most VN_HPACK_TABLE_MAX */
    uint32_t size; /* bytes that it has */
    uint32_t count; /* entries */
    uint32_t next; /* place of the next one */
    uint32_t at; /* of the next one's bytes */
    struct vn_hpack_entry entries[VN_HPACK_ENTRIES_MAX];
    uint8_t bytes[2 * VN_HPACK_TABLE_MAX];
};

struct vn_hpack_field {
    vn_span name;
    vn_span value;
};

/* Change what it may have; the oldest go. */
void vn_hpack_table_limit(struct vn_hpack_table *table, uint32_t max);

/* Add an entry, before which the oldest go that find no room beside it; one that is larger than the
 * table leaves that empty. The name may be one of the table's own. Returns it where it lies, or, if
 * it was not added, what was given. */
struct vn_hpack_field vn_hpack_table_add(struct vn_hpack_table *table, vn_span name, vn_span value);

/* The entry of an index as it is on the wire. Returns false where there is none. */
bool vn_hpack_table_find(const struct vn_hpack_table *table, uint64_t index,
                         struct vn_hpack_field *field);

/* ---- Decoding ---- */

struct vn_hpack_decoder {
    struct vn_hpack_table table;
    uint32_t limit; /* the most that its table may be set to: of SETTINGS_HEADER_TABLE_SIZE */
};

void vn_hpack_decoder_init(struct vn_hpack_decoder *decoder);

/* A block of fields, complete. */
struct vn_hpack_block {
    vn_span rest;
    bool has_field; /* one was read: the size of the table cannot change any more */
    uint8_t *room; /* for texts that are decoded: twice `room_count` bytes */
    size_t room_count; /* at least VN_HPACK_TABLE_MAX */
};

/* What vn_hpack_read found. */
enum vn_hpack_found {
    VN_HPACK_INVALID = -1, /* the two tables are no longer alike: the connection cannot go on */
    VN_HPACK_END, /* of the block */
    VN_HPACK_FIELD,
    /* a name or a value that is longer than the block's room: the table is right, and `field` has
     * the begin of it */
    VN_HPACK_LONG_FIELD,
};

/* Read the next field. It is there until the next one is read. */
enum vn_hpack_found vn_hpack_read(struct vn_hpack_decoder *decoder, struct vn_hpack_block *block,
                                  struct vn_hpack_field *field);

/* ---- Encoding ---- */

enum {
    /* bytes that a field takes besides those of its name and value */
    VN_HPACK_FIELD_ROOM = 16,
    VN_HPACK_BEGIN_ROOM = 16, /* bytes of vn_hpack_write_begin */
};

struct vn_hpack_encoder {
    struct vn_hpack_table table;
    uint32_t limit; /* the peer's, at most VN_HPACK_TABLE_MAX */
    uint32_t least; /* that it was since the last block */
    bool has_changed; /* since then */
    uint32_t changes; /* of the table: what was written refers to the table that it was then */
    uint32_t hashes[VN_HPACK_ENTRIES_MAX]; /* of entries, in their places */
};

void vn_hpack_encoder_init(struct vn_hpack_encoder *encoder);

/* The peer has said how large the table may be. */
void vn_hpack_encoder_limit(struct vn_hpack_encoder *encoder, uint32_t limit);

/* How a field goes into the table. */
enum vn_hpack_indexing {
    VN_HPACK_INDEXED,
    VN_HPACK_NOT_INDEXED, /* as it differs from answer to answer */
    VN_HPACK_NEVER_INDEXED, /* as it is a secret: nobody on the way may index it either */
};

/* Begin a block, at `to`: what is to be said of the table's size. Returns where it ends. */
uint8_t *vn_hpack_write_begin(struct vn_hpack_encoder *encoder, uint8_t *to);

/* Write :status. */
uint8_t *vn_hpack_write_status(struct vn_hpack_encoder *encoder, uint8_t *to, uint16_t status);

/* Write a field, whose name is in any case and written in lower case. */
uint8_t *vn_hpack_write(struct vn_hpack_encoder *encoder, uint8_t *to, vn_span name, vn_span value,
                        enum vn_hpack_indexing indexing);

#endif
