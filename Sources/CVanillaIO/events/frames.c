// SPDX-License-Identifier: MIT
#include "frames.h"

#include <stdlib.h>
#include <string.h>

#include "../http/websocket_frame.h"

static const char field[] = "data: ";

/* The value of the next data line from `*at` on, which moves behind it. Returns false where there
 * is none. */
static bool next_line(vn_span lines, size_t *at, vn_span *value)
{
    while (*at < lines.count) {
        const uint8_t *line = lines.bytes + *at;
        const uint8_t *end = memchr(line, '\n', lines.count - *at);
        size_t count = end == NULL ? lines.count - *at : (size_t) (end - line);
        *at += count + 1;
        if (count >= sizeof field - 1 && memcmp(line, field, sizeof field - 1) == 0) {
            *value = (vn_span) {line + sizeof field - 1, count - (sizeof field - 1)};
            return true;
        }
    }
    return false;
}

/* Bytes of an event's data, whose lines are joined by LF; `to` (may be NULL) gets them. Returns -1
 * where it has none. */
static int64_t join_data(const struct vn_message *message, uint8_t *to)
{
    vn_span lines = vn_chunk_data(&message->chunk), value;
    int64_t count = -1;
    for (size_t at = 0; next_line(lines, &at, &value);) {
        if (count >= 0 && to != NULL)
            *to++ = '\n';
        if (to != NULL) {
            memcpy(to, value.bytes, value.count);
            to += value.count;
        }
        count += 1 + (int64_t) value.count;
    }
    return count;
}

struct vn_batch *vn_frames_make(struct vn_message *const *messages, uint32_t count)
{
    size_t room = 0;
    for (uint32_t i = 0; i < count; i++)
        room += VN_FRAME_HEAD_MAX + vn_chunk_data(&messages[i]->chunk).count;
    struct vn_batch *batch = malloc(sizeof *batch + room);
    if (batch == NULL)
        return NULL;
    *batch = (struct vn_batch) {.references = 1, .events = count, .at = messages[0]->at};
    if (count == 1) { /* whose key counts */
        batch->message = messages[0];
        vn_message_retain(batch->message);
    }
    uint8_t *at = batch->bytes;
    for (uint32_t i = 0; i < count; i++) {
        int64_t data = join_data(messages[i], NULL);
        if (data < 0)
            continue;
        at = vn_frame_write_head(at, VN_FRAME_TEXT, false, (uint64_t) data);
        join_data(messages[i], at);
        at += data;
    }
    uint32_t size = (uint32_t) (at - batch->bytes);
    batch->chunk = (struct vn_chunk) {.bytes = batch->bytes, .count = size, .data_count = size};
    return batch;
}
