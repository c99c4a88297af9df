// SPDX-License-Identifier: MIT
/* vn_message_codec.h - what compresses the messages of WebSockets (RFC 6455, section 9): functions
 * of a library that the core does not link, named by the options of a socket. All are called on the
 * worker's thread, except `end`. */
#ifndef VN_MESSAGE_CODEC_H
#define VN_MESSAGE_CODEC_H

#include "vn_request.h"

enum { VN_CODEC_ANSWER_MAX = 192 };

/* Takes a part of an expanded message, lent for the call. Returns 0, or below 0 to have no more. */
typedef int32_t vn_message_take(void *context, vn_span plain);

typedef struct vn_message_codec {
    /* Read one offer of Sec-WebSocket-Extensions and write what answers it to `answer`, which has
     * VN_CODEC_ANSWER_MAX bytes. `settings` are the options', `agreed` is for `make`. Returns the
     * answer's size; 0: the offer is declined, and the next one is read. */
    size_t (*accept)(uint64_t settings, vn_span offer, uint8_t *answer, uint64_t *agreed);
    /* The state of one socket. NULL without memory. */
    void *(*make)(uint64_t agreed);
    void (*end)(void *state); /* any thread */
    /* Expand more of a message, in parts of bounded size. Returns 0; what `take` returned below 0;
     * -EBADMSG where the bytes are damaged; -ENOMEM. */
    int32_t (*expand)(void *state, vn_span bytes, bool is_last, vn_message_take *take,
                      void *context);
    /* The room that `compress` needs for a message. */
    size_t (*room)(void *state, size_t count);
    /* Compress a message. Returns the size; 0 where it is to be sent as it is; -ENOMEM. */
    int64_t (*compress)(void *state, vn_span bytes, uint8_t *at, size_t room);
} vn_message_codec;

#endif
