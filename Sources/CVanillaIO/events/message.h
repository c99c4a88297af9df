// SPDX-License-Identifier: MIT
/* message.h - one published event, framed once for all its subscribers. */
#ifndef VN_EVENTS_MESSAGE_H
#define VN_EVENTS_MESSAGE_H

#include "../http/chunk.h"
#include "../http/digits.h"

enum {
    VN_ID_MAX = 255, /* bytes of an id, a key or a topic's name */
    VN_MADE_ID_MAX =
        8 + 1 + VN_DECIMAL_MAX, /* of an id that the hub makes: its epoch and a number */
};

/* Immutable once it is finished, and counted. */
struct vn_message {
    uint32_t references; /* atomic */
    uint64_t number; /* in the hub, from 1 */
    uint64_t at; /* when it was published: milliseconds */
    struct vn_chunk chunk; /* in `bytes` */
    uint8_t id_count; /* `bytes` begin with the id and the key */
    uint8_t key_count;
    uint8_t bytes[];
};

/* Room for an event, which is not numbered yet; NULL when memory ran out. */
struct vn_message *vn_message_make(vn_span lines, vn_span id, vn_span key);

/* Frame it, once its number is known; `epoch` is for an id that is made of it. */
void vn_message_finish(struct vn_message *message, uint32_t epoch, vn_span lines, vn_span key);

void vn_message_retain(struct vn_message *message);
void vn_message_release(struct vn_message *message);

/* The id that a hub of that epoch makes of a number. Returns its size; `id` has VN_MADE_ID_MAX
 * bytes. */
size_t vn_message_write_id(uint32_t epoch, uint64_t number, uint8_t *id);

/* The number of an id that such a hub made. Returns false for any other. */
bool vn_message_parse_id(uint32_t epoch, vn_span id, uint64_t *number);

static inline vn_span vn_message_key(const struct vn_message *message)
{
    return (vn_span) {message->bytes + message->id_count, message->key_count};
}

#endif
