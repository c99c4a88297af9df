// SPDX-License-Identifier: MIT
/* vn_conditional.h - validators, and the preconditions that clients make of them (RFC 9110,
 * sections 8.8 and 13).
 *
 * A handler that can name the state of what it serves, by an entity tag or a date, need not
 * send what the client already has, and refuses to change what the client has not seen. */
#ifndef VN_CONDITIONAL_H
#define VN_CONDITIONAL_H

#include "vn_response.h"

/* An entity tag: `opaque` is what stands between the quotes (RFC 9110, section 8.8.3): bytes from
 * 0x21 to 0xff except 0x22, the quote itself, and 0x7f. It may be empty. */
typedef struct vn_entity_tag {
    vn_span opaque;
    bool is_weak;
} vn_entity_tag;

/* Read a whole text as one entity tag: quoted, with W/ before it when it is weak, and nothing else.
 * Returns false, and leaves `tag`, for anything else. What is read are ranges of the text. */
bool vn_entity_tag_parse(vn_span text, vn_entity_tag *tag);

enum { VN_TAG_HASH_SIZE = 32 };

/* Write the XXH3-128 of `bytes` as 32 lower-case hexadecimal digits: the opaque part of a strong
 * tag for these bytes. Not for bytes that an adversary chooses so that two representations have one
 * tag: it is not a cryptographic hash. */
void vn_tag_hash(vn_span bytes, uint8_t text[VN_TAG_HASH_SIZE]);

/* The same for bytes that come in pieces. It needs no other memory, and must not be moved after
 * vn_tag_hasher_begin. */
typedef struct vn_tag_hasher {
    uint64_t state[80];
} vn_tag_hasher;

void vn_tag_hasher_begin(vn_tag_hasher *hasher);
void vn_tag_hasher_add(vn_tag_hasher *hasher, vn_span bytes);

/* Of all that was added so far; more may be added afterwards. */
void vn_tag_hasher_write(const vn_tag_hasher *hasher, uint8_t text[VN_TAG_HASH_SIZE]);

/* What is known of the current representation. All zero: that it is there, and no more. */
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

/* Evaluate the preconditions of a request in the order of RFC 9110, section 13.2.2, before anything
 * is done: against the validators of the current representation, or NULL where there is none.
 * Returns VN_PERFORM, VN_NOT_MODIFIED or VN_PRECONDITION_FAILED; answers nothing.
 *
 * If-None-Match and If-Match take lists over several lines; a malformed member matches nothing and
 * hides no other; a token without quotes is taken for the strong tag of these bytes. Malformed
 * dates are ignored. VN_PERFORM for CONNECT, OPTIONS and TRACE, and for a GET or HEAD of what does
 * not exist, because there preconditions do not apply (section 13.2.1). */
int32_t vn_request_evaluate(const vn_request *request, const vn_validators *validators);

/* Whether a GET's Range is to be honoured: there is one, and its If-Range, if there is one, names
 * this very representation (RFC 9110, section 13.1.5). */
bool vn_request_allows_range(const vn_request *request, const vn_validators *validators);

/* Evaluate the request's preconditions for a representation that the handler is about to send: adds
 * ETag and Last-Modified and returns VN_PERFORM, and the handler sends it, at once or as a stream.
 * Where the status is 2xx and the request a GET or HEAD whose preconditions say otherwise, it
 * answers as vn_response_decline does and returns VN_NOT_MODIFIED or VN_PRECONDITION_FAILED. For
 * other methods the validators are those of the new state, and vn_request_evaluate comes before the
 * change.
 *
 * A date in the future is sent as now (RFC 9110, section 8.8.2.1). Returns -EINVAL for a tag with a
 * byte that a tag may not have and for a date before 1970, and else as vn_response_add_field. */
int32_t vn_response_evaluate(vn_response *response, const vn_validators *validators);

/* Answer VN_NOT_MODIFIED or VN_PRECONDITION_FAILED in place of a representation.
 *
 * A 304 keeps the fields that were added, except Content-Type, Content-Encoding, Content-Language
 * and Content-Range, and has Last-Modified only where there is no tag (RFC 9110, section 15.4.5). A
 * 412 also drops ETag, Last-Modified, Content-Location, Cache-Control and Expires, and adds no
 * validators, because these describe the representation. Returns 0, and else as
 * vn_response_evaluate. */
int32_t vn_response_decline(vn_response *response, const vn_validators *validators,
                            uint16_t verdict);

/* vn_response_evaluate, and vn_response_send where that says VN_PERFORM. Returns as both do. */
static inline int32_t vn_response_send_validated(vn_response *response,
                                                 const vn_validators *validators,
                                                 vn_span content_type, vn_span body)
{
    int32_t verdict = vn_response_evaluate(response, validators);
    return verdict == VN_PERFORM ? vn_response_send(response, content_type, body) : verdict;
}

#endif
