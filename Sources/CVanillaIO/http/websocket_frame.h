// SPDX-License-Identifier: MIT
/* websocket_frame.h - frames of WebSocket (RFC 6455, section 5): a client's are read by the
 * letter, a server's are written. */
#ifndef VN_HTTP_WEBSOCKET_FRAME_H
#define VN_HTTP_WEBSOCKET_FRAME_H

#include "../base/base.h"
#include "../include/vn_request.h"
#include "utf8_check.h"

enum vn_frame_kind {
    VN_FRAME_CONTINUATION = 0,
    VN_FRAME_TEXT = 1,
    VN_FRAME_BINARY = 2,
    VN_FRAME_CLOSE = 8, /* and above: a control frame */
    VN_FRAME_PING = 9,
    VN_FRAME_PONG = 10,
};

/* Status codes of Close frames (section 7.4.1) that are sent by a server of its own, and two that
 * stand for what no frame says. */
enum {
    VN_CLOSE_NORMAL = 1000,
    VN_CLOSE_GOING_AWAY = 1001,
    VN_CLOSE_PROTOCOL_ERROR = 1002,
    VN_CLOSE_NONE = 1005, /* the frame had no code. Never sent */
    VN_CLOSE_ABNORMAL = 1006, /* there was no frame. Never sent */
    VN_CLOSE_INVALID_DATA = 1007, /* text that is not UTF-8 */
    VN_CLOSE_POLICY = 1008,
    VN_CLOSE_TOO_BIG = 1009,
    VN_CLOSE_INTERNAL_ERROR = 1011,
};

enum {
    VN_FRAME_CONTROL_MAX = 125, /* bytes of a control frame's payload */
    VN_FRAME_REASON_MAX = 123, /* of the reason in a Close frame */
    VN_FRAME_HEAD_MAX = 10, /* of a server's frame: without a mask */
    VN_FRAME_CLIENT_HEAD_MAX = 14,
};

struct vn_frame_head {
    uint64_t length; /* of the payload */
    uint32_t mask; /* its bytes in the order of memory */
    uint8_t kind; /* enum vn_frame_kind */
    bool is_final;
    bool is_compressed; /* RSV1 */
};

/* What the frames before it allow. */
struct vn_frame_rules {
    bool is_in_message; /* a message was begun, and is not complete */
    bool may_compress; /* an extension gives RSV1 a meaning (RFC 7692, section 6) */
};

static inline bool vn_frame_is_control(uint8_t kind)
{
    return kind >= VN_FRAME_CLOSE;
}

/* Read the head of a client's frame. Returns its size; 0 where more bytes are needed; or
 * -VN_CLOSE_PROTOCOL_ERROR, as soon as the bytes that are there are wrong. */
int32_t vn_frame_read_head(struct vn_frame_head *head, const struct vn_frame_rules *rules,
                           const uint8_t *bytes, size_t count);

/* Take the mask off where the bytes lie. Returns the mask for the bytes after them. */
uint32_t vn_frame_unmask(uint8_t *bytes, size_t count, uint32_t mask);

/* The same byte by byte: what the other is measured by. */
uint32_t vn_frame_unmask_portable(uint8_t *bytes, size_t count, uint32_t mask);

/* Write the head of a server's frame of `length` bytes. Returns where it ends, at most
 * VN_FRAME_HEAD_MAX bytes further. */
uint8_t *vn_frame_write_head(uint8_t *at, uint8_t kind, bool is_compressed, uint64_t length);

/* Read the payload of a Close frame. Returns its code, VN_CLOSE_NONE where it is empty, or what is
 * wrong with it: -VN_CLOSE_PROTOCOL_ERROR or -VN_CLOSE_INVALID_DATA. */
int32_t vn_frame_read_close(vn_span payload, vn_span *reason);

/* Whether a Close frame may have that code: one of the IANA registry's that are sent, or 3000 to
 * 4999. */
bool vn_frame_is_close_code(uint32_t code);

/* Write the payload of a Close frame: nothing for VN_CLOSE_NONE. A reason that is too long is cut
 * behind a whole character. Returns its size; `at` has VN_FRAME_CONTROL_MAX bytes. */
size_t vn_frame_write_close(uint8_t *at, uint16_t code, vn_span reason);

#endif
