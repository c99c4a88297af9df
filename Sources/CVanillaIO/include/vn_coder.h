// SPDX-License-Identifier: MIT
/* vn_coder.h - content codings of answers (RFC 9110, section 8.4), made on the way out by a library
 * that another target links. */
#ifndef VN_CODER_H
#define VN_CODER_H

#include "vn_codings.h"
#include "vn_response.h"

/* Bytes that were coded; allocated by malloc. */
typedef struct vn_coded_bytes {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} vn_coded_bytes;

/* What follows the bytes that are coded. */
enum {
    VN_CODER_MORE, /* more, soon: what is coded may be kept back */
    VN_CODER_FLUSH, /* a pause: all of it has to leave */
    VN_CODER_END, /* nothing */
};

/* One coding. Each function is called on the thread of a worker, of several workers at once. */
typedef struct vn_coder {
    void *context; /* for `begin` */
    /* A new answer; NULL: there is no memory, and it is sent as it is. */
    void *(*begin)(void *context);
    /* Code bytes, and append what comes of it to `output`. Returns 0 or -ENOMEM. */
    int32_t (*encode)(void *encoder, vn_span bytes, int32_t follows, vn_coded_bytes *output);
    /* Called once, whether or not the answer came to its end. */
    void (*end)(void *encoder);
} vn_coder;

/* Which answers are coded, and how. */
typedef struct vn_coding {
    const vn_coder *coders[VN_CODINGS]; /* by VN_CODING_...; NULL: there is none */
    /* Media types, in lower case: "text/html"; "text/" stands for all that begin so, and "+json"
     * for all that end so. */
    const vn_span *types;
    size_t type_count;
    uint64_t min; /* bytes: what is known to be shorter is sent as it is */
    uint64_t max; /* bytes: what is known to be longer would hold the worker for too long */
} vn_coding;

/* Code this answer, where its client takes a coding and where it is of such a type: then it has
 * Content-Encoding, and its entity tag is weak; a body of more than 8 KiB has no Content-Length. An
 * answer that would be coded for another client says so in Vary. Left as they are: one that has
 * Content-Encoding or Content-Range, or Cache-Control with `no-transform` (as event streams have),
 * and bytes that the handler made as a whole message. NULL: code nothing, as before.
 *
 * Content that comes in pieces is flushed after each of them where its length is not known.
 * `coding` stays valid until `release` is called, which is not NULL. Returns 0, -ENOMEM, or
 * -EALREADY when an answer was given. */
int32_t vn_response_code(vn_response *response, const vn_coding *coding, vn_release *release,
                         void *context);

#endif
