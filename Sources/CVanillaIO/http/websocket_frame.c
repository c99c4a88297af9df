// SPDX-License-Identifier: MIT
#include "websocket_frame.h"

enum {
    FINAL = 0x80, /* bits of the first byte */
    COMPRESSED = 0x40,
    RESERVED = 0x30,
    KIND = 0x0f,
    MASKED = 0x80, /* of the second */
    LENGTH = 0x7f,
    LENGTH_IN_2 = 126,
    LENGTH_IN_8 = 127,
};

/* ---- The head of a client's frame ---- */

static bool is_known(uint8_t kind)
{
    return kind <= VN_FRAME_BINARY || (kind >= VN_FRAME_CLOSE && kind <= VN_FRAME_PONG);
}

/* Sections 5.2, 5.4 and 5.5; of RSV1 RFC 7692, section 6.1. */
static bool is_first_byte(uint8_t byte, const struct vn_frame_rules *rules)
{
    uint8_t kind = byte & KIND;
    if ((byte & RESERVED) != 0 || !is_known(kind))
        return false;
    if (vn_frame_is_control(kind))
        return (byte & FINAL) != 0 && (byte & COMPRESSED) == 0;
    if ((kind == VN_FRAME_CONTINUATION) != rules->is_in_message)
        return false;
    return (byte & COMPRESSED) == 0 || (rules->may_compress && kind != VN_FRAME_CONTINUATION);
}

/* A client masks, always; a control frame is short. */
static bool is_second_byte(uint8_t byte, uint8_t kind)
{
    return (byte & MASKED) != 0 &&
           (!vn_frame_is_control(kind) || (byte & LENGTH) <= VN_FRAME_CONTROL_MAX);
}

static size_t length_size(uint8_t short_length)
{
    return short_length < LENGTH_IN_2 ? 0 : short_length == LENGTH_IN_2 ? 2 : 8;
}

/* The bytes that are there of a length are those of one that needs them all, and has no sign. */
static bool is_length(const uint8_t *bytes, size_t count, size_t size)
{
    if (size == 8 && count > 0 && bytes[0] >= 0x80)
        return false;
    if (count < size)
        return true;
    uint64_t length = 0;
    for (size_t i = 0; i < size; i++)
        length = length << 8 | bytes[i];
    return size == 2 ? length >= LENGTH_IN_2 : length > UINT16_MAX;
}

int32_t vn_frame_read_head(struct vn_frame_head *head, const struct vn_frame_rules *rules,
                           const uint8_t *bytes, size_t count)
{
    if (count == 0)
        return 0;
    if (!is_first_byte(bytes[0], rules))
        return -VN_CLOSE_PROTOCOL_ERROR;
    if (count == 1)
        return 0;
    uint8_t kind = bytes[0] & KIND, short_length = bytes[1] & LENGTH;
    if (!is_second_byte(bytes[1], kind))
        return -VN_CLOSE_PROTOCOL_ERROR;
    size_t more = length_size(short_length), size = 2 + more + 4;
    if (more > 0 && !is_length(bytes + 2, vn_smaller(count - 2, more), more))
        return -VN_CLOSE_PROTOCOL_ERROR;
    if (count < size)
        return 0;
    head->length = more == 0 ? short_length : 0;
    for (size_t i = 0; i < more; i++)
        head->length = head->length << 8 | bytes[2 + i];
    memcpy(&head->mask, bytes + 2 + more, sizeof head->mask);
    head->kind = kind;
    head->is_final = (bytes[0] & FINAL) != 0;
    head->is_compressed = (bytes[0] & COMPRESSED) != 0;
    return (int32_t) size;
}

/* ---- The mask ---- */

uint32_t vn_frame_unmask_portable(uint8_t *bytes, size_t count, uint32_t mask)
{
    uint8_t of[4], next[4];
    memcpy(of, &mask, sizeof of);
    for (size_t i = 0; i < count; i++)
        bytes[i] ^= of[i % 4];
    for (size_t i = 0; i < 4; i++)
        next[i] = of[(count + i) % 4];
    memcpy(&mask, next, sizeof mask);
    return mask;
}

/* Words of eight bytes, which the compiler joins to what the processor has registers for. */
uint32_t vn_frame_unmask(uint8_t *bytes, size_t count, uint32_t mask)
{
    const uint64_t wide = mask | (uint64_t) mask << 32;
    size_t at = 0;
    for (; count - at >= sizeof wide; at += sizeof wide) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        word ^= wide;
        memcpy(bytes + at, &word, sizeof word);
    }
    return vn_frame_unmask_portable(bytes + at, count - at, mask);
}

/* ---- A server's frames ---- */

static uint8_t *write_length(uint8_t *at, uint64_t length, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *at++ = (uint8_t) (length >> (8 * (size - 1 - i)));
    return at;
}

uint8_t *vn_frame_write_head(uint8_t *at, uint8_t kind, bool is_compressed, uint64_t length)
{
    *at++ = (uint8_t) (FINAL | (is_compressed ? COMPRESSED : 0) | kind);
    if (vn_likely(length < LENGTH_IN_2)) {
        *at++ = (uint8_t) length;
        return at;
    }
    size_t size = length <= UINT16_MAX ? 2 : 8;
    *at++ = size == 2 ? LENGTH_IN_2 : LENGTH_IN_8;
    return write_length(at, length, size);
}

/* ---- Close ---- */

bool vn_frame_is_close_code(uint32_t code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != VN_CLOSE_NONE &&
            code != VN_CLOSE_ABNORMAL) ||
           (code >= 3000 && code <= 4999);
}

int32_t vn_frame_read_close(vn_span payload, vn_span *reason)
{
    struct vn_utf8_check check = {0};
    *reason = (vn_span) {0};
    if (payload.count == 0)
        return VN_CLOSE_NONE;
    if (payload.count == 1)
        return -VN_CLOSE_PROTOCOL_ERROR;
    uint32_t code = (uint32_t) payload.bytes[0] << 8 | payload.bytes[1];
    if (!vn_frame_is_close_code(code))
        return -VN_CLOSE_PROTOCOL_ERROR;
    *reason = (vn_span) {payload.bytes + 2, payload.count - 2};
    if (vn_utf8_check(&check, *reason) < reason->count || !vn_utf8_is_complete(&check))
        return -VN_CLOSE_INVALID_DATA;
    return (int32_t) code;
}

size_t vn_frame_write_close(uint8_t *at, uint16_t code, vn_span reason)
{
    size_t count = reason.count;
    if (code == VN_CLOSE_NONE)
        return 0;
    if (count > VN_FRAME_REASON_MAX) {
        count = VN_FRAME_REASON_MAX;
        while (count > 0 && (reason.bytes[count] & 0xc0) == 0x80)
            count--;
    }
    at[0] = (uint8_t) (code >> 8);
    at[1] = (uint8_t) code;
    if (count > 0)
        memcpy(at + 2, reason.bytes, count);
    return 2 + count;
}
