// SPDX-License-Identifier: MIT
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "../system/clock.h"

void vn_batch_release(void *context)
{
    struct vn_batch *batch = context;
    if (--batch->references > 0)
        return;
    if (batch->message != NULL)
        vn_message_release(batch->message);
    free(batch);
}

static struct vn_batch *batch_of_one(struct vn_message *message)
{
    struct vn_batch *batch = malloc(sizeof *batch);
    if (batch == NULL)
        return NULL;
    *batch = (struct vn_batch) {
        .references = 1,
        .events = 1,
        .at = message->at,
        .message = message,
        .chunk = message->chunk,
    };
    vn_message_retain(message);
    return batch;
}

struct vn_batch *vn_batch_make_room(uint32_t count, uint8_t **data)
{
    struct vn_batch *batch = malloc(sizeof *batch + count + VN_CHUNK_FRAME_MAX);
    if (batch == NULL)
        return NULL;
    *batch = (struct vn_batch) {.references = 1, .at = vn_clock()};
    *data = vn_chunk_write_line(batch->bytes, count);
    batch->chunk = vn_chunk_finish(batch->bytes, *data, count);
    return batch;
}

struct vn_batch *vn_batch_make(struct vn_message *const *messages, uint32_t count, uint32_t bytes)
{
    if (count == 1)
        return batch_of_one(messages[0]);
    uint8_t *at;
    struct vn_batch *batch = vn_batch_make_room(bytes, &at);
    if (batch == NULL)
        return NULL;
    batch->events = count;
    batch->at = messages[0]->at;
    for (uint32_t i = 0; i < count; i++) {
        vn_span data = vn_chunk_data(&messages[i]->chunk);
        memcpy(at, data.bytes, data.count);
        at += data.count;
    }
    return batch;
}
