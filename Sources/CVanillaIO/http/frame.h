// SPDX-License-Identifier: MIT
/* frame.h - the frames of HTTP/2 (RFC 9113, sections 4 and 6), read and written. Pure: what a frame
 * says about itself, and not what it means to a connection. */
#ifndef VN_HTTP_FRAME_H
#define VN_HTTP_FRAME_H

#include <string.h>

#include "../base/base.h"
#include "literal.h"

enum {
    VN_FRAME_HEAD = 9, /* bytes before a frame's payload */
    VN_FRAME_SIZE = 16 * 1024, /* bytes of payload that every peer takes */
    VN_FRAME_SIZE_MAX = (1 << 24) - 1,
    VN_SETTING_SIZE = 6,
    VN_PRIORITY_SIZE = 5,
};

#define VN_WINDOW_MAX INT32_MAX
enum { VN_WINDOW_FIRST = 65535 }; /* bytes, until something else is said */

/* What a client begins with, before its first frame. */
#define VN_PREFACE VN_LITERAL("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

enum vn_frame_type {
    VN_FRAME_DATA,
    VN_FRAME_HEADERS,
    VN_FRAME_PRIORITY,
    VN_FRAME_RST_STREAM,
    VN_FRAME_SETTINGS,
    VN_FRAME_PUSH_PROMISE,
    VN_FRAME_PING,
    VN_FRAME_GOAWAY,
    VN_FRAME_WINDOW_UPDATE,
    VN_FRAME_CONTINUATION,
    VN_FRAME_PRIORITY_UPDATE = 0x10, /* RFC 9218, section 7.1 */
};

enum {
    VN_FLAG_ACK = 0x1,
    VN_FLAG_END_STREAM = 0x1,
    VN_FLAG_END_HEADERS = 0x4,
    VN_FLAG_PADDED = 0x8,
    VN_FLAG_PRIORITY = 0x20,
};

/* RFC 9113, section 7. */
enum vn_http2_error {
    VN_HTTP2_NO_ERROR,
    VN_HTTP2_PROTOCOL_ERROR,
    VN_HTTP2_INTERNAL_ERROR,
    VN_HTTP2_FLOW_CONTROL_ERROR,
    VN_HTTP2_SETTINGS_TIMEOUT,
    VN_HTTP2_STREAM_CLOSED,
    VN_HTTP2_FRAME_SIZE_ERROR,
    VN_HTTP2_REFUSED_STREAM,
    VN_HTTP2_CANCEL,
    VN_HTTP2_COMPRESSION_ERROR,
    VN_HTTP2_CONNECT_ERROR,
    VN_HTTP2_ENHANCE_YOUR_CALM,
    VN_HTTP2_INADEQUATE_SECURITY,
    VN_HTTP2_HTTP_1_1_REQUIRED,
};

enum vn_setting {
    VN_SETTING_HEADER_TABLE_SIZE = 1,
    VN_SETTING_ENABLE_PUSH,
    VN_SETTING_MAX_CONCURRENT_STREAMS,
    VN_SETTING_INITIAL_WINDOW_SIZE,
    VN_SETTING_MAX_FRAME_SIZE,
    VN_SETTING_MAX_HEADER_LIST_SIZE,
    VN_SETTING_ENABLE_CONNECT_PROTOCOL = 8, /* RFC 8441 */
    VN_SETTING_NO_RFC7540_PRIORITIES = 9, /* RFC 9218, section 2.1 */
};

struct vn_frame {
    uint32_t count; /* bytes of the payload */
    uint32_t stream;
    uint8_t type; /* enum vn_frame_type, or one that is not known */
    uint8_t flags;
};

/* ---- Reading ---- */

static inline uint32_t vn_read_u32(const uint8_t *at)
{
    return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

/* A number of 31 bits, whose first bit means nothing. */
static inline uint32_t vn_read_u31(const uint8_t *at)
{
    return vn_read_u32(at) & 0x7fffffff;
}

/* From VN_FRAME_HEAD bytes. */
static inline struct vn_frame vn_frame_read(const uint8_t *at)
{
    return (struct vn_frame) {
        .count = (uint32_t) at[0] << 16 | (uint32_t) at[1] << 8 | at[2],
        .type = at[3],
        .flags = at[4],
        .stream = vn_read_u31(at + 5),
    };
}

/* What is wrong with a frame. */
struct vn_frame_fault {
    enum vn_http2_error error; /* VN_HTTP2_NO_ERROR: nothing */
    bool is_of_stream; /* its stream alone has failed */
};

/* Look at the head of a frame that a client has sent: its length, stream and type. */
struct vn_frame_fault vn_frame_check(const struct vn_frame *frame);

/* What a payload that may be padded holds: cut off what says how much padding there is, and the
 * padding. Returns false when there is more of that than payload. */
bool vn_frame_unpad(const struct vn_frame *frame, vn_span *payload);

/* Look at the value of a setting of a client. Unknown ones mean nothing. */
enum vn_http2_error vn_setting_check(uint16_t setting, uint32_t value);

/* ---- Writing: each returns where it ends ---- */

static inline uint8_t *vn_write_u32(uint8_t *to, uint32_t number)
{
    to[0] = (uint8_t) (number >> 24);
    to[1] = (uint8_t) (number >> 16);
    to[2] = (uint8_t) (number >> 8);
    to[3] = (uint8_t) number;
    return to + 4;
}

/* The head of a frame, VN_FRAME_HEAD bytes. */
static inline uint8_t *vn_frame_write(uint8_t *to, const struct vn_frame *frame)
{
    to[0] = (uint8_t) (frame->count >> 16);
    to[1] = (uint8_t) (frame->count >> 8);
    to[2] = (uint8_t) frame->count;
    to[3] = frame->type;
    to[4] = frame->flags;
    return vn_write_u32(to + 5, frame->stream);
}

static inline uint8_t *vn_setting_write(uint8_t *to, uint16_t setting, uint32_t value)
{
    to[0] = (uint8_t) (setting >> 8);
    to[1] = (uint8_t) setting;
    return vn_write_u32(to + 2, value);
}

#endif
