// SPDX-License-Identifier: MIT
#include "message.h"

#include <stdlib.h>
#include <string.h>

/* "id: ", LF after it and after the event, and the frame of a chunk. */
enum { FRAME_ROOM = 4 + 1 + 1 + VN_CHUNK_FRAME_MAX };

void vn_message_retain(struct vn_message *message)
{
    __atomic_fetch_add(&message->references, 1, __ATOMIC_RELAXED);
}

void vn_message_release(struct vn_message *message)
{
    if (__atomic_sub_fetch(&message->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(message);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count)
{
    if (count > 0)
        memcpy(at, bytes, count);
    return at + count;
}

struct vn_message *vn_message_make(vn_span lines, vn_span id, vn_span key)
{
    size_t id_count = id.count > 0 ? id.count : VN_MADE_ID_MAX;
    size_t size = 2 * id_count + key.count + lines.count + FRAME_ROOM;
    struct vn_message *message = malloc(sizeof *message + size);
    if (message != NULL) {
        *message = (struct vn_message) {
            .references = 1, .id_count = (uint8_t) id.count, .key_count = (uint8_t) key.count};
        put(message->bytes, id.bytes, id.count);
    }
    return message;
}

void vn_message_finish(struct vn_message *message, uint32_t epoch, vn_span lines, vn_span key)
{
    if (message->id_count == 0)
        message->id_count = (uint8_t) vn_message_write_id(epoch, message->number, message->bytes);
    uint8_t *frame = put(message->bytes + message->id_count, key.bytes, key.count);
    uint32_t count = (uint32_t) (4 + message->id_count + 1 + lines.count + 1);
    uint8_t *data = vn_chunk_write_line(frame, count);
    uint8_t *at = put(data, "id: ", 4);
    at = put(at, message->bytes, message->id_count);
    at = put(at, "\n", 1);
    at = put(at, lines.bytes, lines.count);
    put(at, "\n", 1);
    message->chunk = vn_chunk_finish(frame, data, count);
}

/* ---- Ids ---- */

size_t vn_message_write_id(uint32_t epoch, uint64_t number, uint8_t *id)
{
    for (int i = 0; i < 8; i++)
        id[i] = (uint8_t) "0123456789abcdef"[epoch >> (28 - 4 * i) & 15];
    id[8] = '-';
    return (size_t) (vn_write_decimal(id + 9, number) - id);
}

bool vn_message_parse_id(uint32_t epoch, vn_span id, uint64_t *number)
{
    uint8_t made[VN_MADE_ID_MAX];
    if (id.count < 10 || id.count > VN_MADE_ID_MAX)
        return false;
    *number = 0;
    for (size_t i = 9; i < id.count; i++) {
        uint8_t digit = (uint8_t) (id.bytes[i] - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    /* Written again it must be the same: one epoch, one spelling. */
    return vn_message_write_id(epoch, *number, made) == id.count &&
           memcmp(made, id.bytes, id.count) == 0;
}
