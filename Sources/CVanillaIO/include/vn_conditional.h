// SPDX-License-Identifier: MIT
/* vn_conditional.h - validators, and the preconditions that clients make of them (RFC 9110,
 * sections 8.8 and 13).
 *
 * A handler that can name the state of what it serves, by an entity tag or a date, saves sending
 * what the client has already, and refuses to change what the client has not seen. */
#ifndef VN_CONDITIONAL_H
#define VN_CONDITIONAL_H

#include "vn_response.h"

/* An entity tag: `opaque` is what stands between the quotes (RFC 9110, section 8.8.3): bytes from
 * 0x21 to 0xff but 0x22, the quote itself, and 0x7f. It may be empty. */
typedef struct vn_entity_tag {
    vn_span opaque;
    bool is_weak;
} vn_entity_tag;

enum { VN_TAG_HASH_SIZE = 32, VN_TAG_HASHER_SIZE = 640 };

/* Write the XXH3-128 of `bytes` as 32 lower-case hexadecimal digits: the opaque part of a strong tag
 * for these bytes. Not for bytes that an adversary chooses so that two representations have one tag:
 * it is no cryptographic hash. */
void vn_tag_hash(vn_span bytes, uint8_t text[VN_TAG_HASH_SIZE]);

/* The same for bytes that come in pieces. It holds no other memory. */
typedef struct vn_tag_hasher {
    _Alignas(64) uint8_t state[VN_TAG_HASHER_SIZE];
} vn_tag_hasher;

void vn_tag_hasher_begin(vn_tag_hasher *hasher);
void vn_tag_hasher_add(vn_tag_hasher *hasher, vn_span bytes);
/* Of all that was added since the begin; more may be added behind it. */
void vn_tag_hasher_write(const vn_tag_hasher *hasher, uint8_t text[VN_TAG_HASH_SIZE]);

/* What is known of the current representation. All zero: nothing. */
typedef struct vn_validators {
    vn_entity_tag tag;
    int64_t last_modified; /* seconds since 1970, up to the end of 9999 */
    bool has_tag;
    bool has_last_modified;
} vn_validators;

/* What a request's preconditions come to. */
enum {
    VN_PERFORM = 0, /* do what the method says */
    VN_NOT_MODIFIED = 304, /* GET and HEAD: the client has it */
    VN_PRECONDITION_FAILED = 412, /* do nothing */
};

#endif
