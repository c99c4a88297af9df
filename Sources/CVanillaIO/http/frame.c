// SPDX-License-Identifier: MIT
#include "frame.h"

static const struct vn_frame_fault sound = {VN_HTTP2_NO_ERROR, false};

static struct vn_frame_fault connection_fault(enum vn_http2_error error)
{
    return (struct vn_frame_fault) {error, false};
}

/* What the length of a payload has to be, and whose frames they are. */
struct shape {
    uint32_t min;
    uint32_t max;
    enum { OF_STREAM, OF_CONNECTION, OF_EITHER } whose;
};

static const struct shape shapes[] = {
    [VN_FRAME_DATA] = {0, VN_FRAME_SIZE, OF_STREAM},
    [VN_FRAME_HEADERS] = {0, VN_FRAME_SIZE, OF_STREAM},
    [VN_FRAME_PRIORITY] = {VN_PRIORITY_SIZE, VN_PRIORITY_SIZE, OF_STREAM},
    [VN_FRAME_RST_STREAM] = {4, 4, OF_STREAM},
    [VN_FRAME_SETTINGS] = {0, VN_FRAME_SIZE, OF_CONNECTION},
    [VN_FRAME_PUSH_PROMISE] = {0, VN_FRAME_SIZE, OF_STREAM},
    [VN_FRAME_PING] = {8, 8, OF_CONNECTION},
    [VN_FRAME_GOAWAY] = {8, VN_FRAME_SIZE, OF_CONNECTION},
    [VN_FRAME_WINDOW_UPDATE] = {4, 4, OF_EITHER},
    [VN_FRAME_CONTINUATION] = {0, VN_FRAME_SIZE, OF_STREAM},
    [VN_FRAME_PRIORITY_UPDATE] = {4, VN_FRAME_SIZE, OF_CONNECTION},
};

/* Bytes that the flags add to a payload before what it holds. */
static uint32_t extra_of(const struct vn_frame *frame)
{
    bool can_be_padded = frame->type == VN_FRAME_DATA || frame->type == VN_FRAME_HEADERS;
    uint32_t padding = can_be_padded && (frame->flags & VN_FLAG_PADDED) != 0 ? 1 : 0;
    bool has_priority = frame->type == VN_FRAME_HEADERS && (frame->flags & VN_FLAG_PRIORITY) != 0;
    return padding + (has_priority ? VN_PRIORITY_SIZE : 0);
}

/* SETTINGS are in whole settings, and none where they acknowledge others. */
static bool is_settings_size(const struct vn_frame *frame)
{
    return (frame->flags & VN_FLAG_ACK) != 0 ? frame->count == 0
                                             : frame->count % VN_SETTING_SIZE == 0;
}

/* A type that is not known means nothing, but its size is bounded all the same. */
struct vn_frame_fault vn_frame_check(const struct vn_frame *frame)
{
    if (frame->count > VN_FRAME_SIZE)
        return connection_fault(VN_HTTP2_FRAME_SIZE_ERROR);
    if (frame->type >= sizeof shapes / sizeof *shapes ||
        (frame->type > VN_FRAME_CONTINUATION && frame->type < VN_FRAME_PRIORITY_UPDATE))
        return sound;
    const struct shape *shape = &shapes[frame->type];
    bool is_elsewhere =
        frame->stream == 0 ? shape->whose == OF_STREAM : shape->whose == OF_CONNECTION;
    if (is_elsewhere || frame->type == VN_FRAME_PUSH_PROMISE)
        return connection_fault(VN_HTTP2_PROTOCOL_ERROR);
    bool is_sized =
        frame->count >= shape->min && frame->count <= shape->max && frame->count >= extra_of(frame);
    if (frame->type == VN_FRAME_SETTINGS)
        is_sized = is_settings_size(frame);
    if (!is_sized)
        return (struct vn_frame_fault) {VN_HTTP2_FRAME_SIZE_ERROR,
                                        frame->type == VN_FRAME_PRIORITY};
    return sound;
}

bool vn_frame_unpad(const struct vn_frame *frame, vn_span *payload)
{
    if ((frame->flags & VN_FLAG_PADDED) == 0)
        return true;
    if (payload->count == 0 || payload->bytes[0] >= payload->count)
        return false;
    *payload = (vn_span) {payload->bytes + 1, payload->count - 1 - (size_t) payload->bytes[0]};
    return true;
}

enum vn_http2_error vn_setting_check(uint16_t setting, uint32_t value)
{
    switch (setting) {
    case VN_SETTING_ENABLE_PUSH:
    case VN_SETTING_ENABLE_CONNECT_PROTOCOL:
    case VN_SETTING_NO_RFC7540_PRIORITIES:
        return value <= 1 ? VN_HTTP2_NO_ERROR : VN_HTTP2_PROTOCOL_ERROR;
    case VN_SETTING_INITIAL_WINDOW_SIZE:
        return value <= VN_WINDOW_MAX ? VN_HTTP2_NO_ERROR : VN_HTTP2_FLOW_CONTROL_ERROR;
    case VN_SETTING_MAX_FRAME_SIZE:
        return value >= VN_FRAME_SIZE && value <= VN_FRAME_SIZE_MAX ? VN_HTTP2_NO_ERROR
                                                                    : VN_HTTP2_PROTOCOL_ERROR;
    default:
        return VN_HTTP2_NO_ERROR;
    }
}
