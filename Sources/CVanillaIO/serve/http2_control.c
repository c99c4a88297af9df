// SPDX-License-Identifier: MIT
#include "http2_control.h"

static void put(struct vn_http2 *http2, const uint8_t *bytes, const uint8_t *end)
{
    struct vn_connection *connection = http2->connection;
    if (vn_connection_put(connection, (vn_span) {bytes, (size_t) (end - bytes)}) < 0)
        connection->is_cut = true;
}

/* A frame of a number. */
static void put_number(struct vn_http2 *http2, uint8_t type, uint32_t stream, uint32_t number)
{
    uint8_t bytes[VN_FRAME_HEAD + 4];
    const struct vn_frame frame = {.count = 4, .stream = stream, .type = type};
    put(http2, bytes, vn_write_u32(vn_frame_write(bytes, &frame), number));
}

void vn_http2_put_settings(struct vn_http2 *http2)
{
    enum { SETTINGS = 3 };
    uint8_t bytes[VN_FRAME_HEAD + SETTINGS * VN_SETTING_SIZE];
    const struct vn_frame frame = {.count = SETTINGS * VN_SETTING_SIZE, .type = VN_FRAME_SETTINGS};
    uint8_t *at = vn_frame_write(bytes, &frame);
    at = vn_setting_write(at, VN_SETTING_MAX_CONCURRENT_STREAMS, VN_HTTP2_STREAMS_MAX);
    at = vn_setting_write(at, VN_SETTING_MAX_HEADER_LIST_SIZE,
                          http2->connection->worker->config->limits.fields);
    at = vn_setting_write(at, VN_SETTING_NO_RFC7540_PRIORITIES, 1);
    put(http2, bytes, at);
    vn_http2_put_window(http2, 0, VN_HTTP2_WINDOW - VN_WINDOW_FIRST);
}

void vn_http2_put_settings_ack(struct vn_http2 *http2)
{
    uint8_t bytes[VN_FRAME_HEAD];
    const struct vn_frame frame = {.type = VN_FRAME_SETTINGS, .flags = VN_FLAG_ACK};
    put(http2, bytes, vn_frame_write(bytes, &frame));
}

void vn_http2_put_ping(struct vn_http2 *http2, const uint8_t *opaque, bool is_ack)
{
    uint8_t bytes[VN_FRAME_HEAD + 8];
    const struct vn_frame frame = {
        .count = 8, .type = VN_FRAME_PING, .flags = is_ack ? VN_FLAG_ACK : 0};
    memcpy(vn_frame_write(bytes, &frame), opaque, 8);
    put(http2, bytes, bytes + sizeof bytes);
}

void vn_http2_put_reset(struct vn_http2 *http2, uint32_t stream, enum vn_http2_error error)
{
    put_number(http2, VN_FRAME_RST_STREAM, stream, error);
}

void vn_http2_put_window(struct vn_http2 *http2, uint32_t stream, uint32_t count)
{
    put_number(http2, VN_FRAME_WINDOW_UPDATE, stream, count);
}

void vn_http2_put_goaway(struct vn_http2 *http2, uint32_t last, enum vn_http2_error error)
{
    uint8_t bytes[VN_FRAME_HEAD + 8];
    const struct vn_frame frame = {.count = 8, .type = VN_FRAME_GOAWAY};
    put(http2, bytes, vn_write_u32(vn_write_u32(vn_frame_write(bytes, &frame), last), error));
}

/* ---- The end of a connection ---- */

static const uint8_t last_ping[8] = {'g', 'o', 'a', 'w', 'a', 'y', 0, 0};

void vn_http2_leave(struct vn_http2 *http2)
{
    if (http2->is_leaving || !http2->has_preface)
        return;
    http2->is_leaving = true;
    vn_http2_put_goaway(http2, VN_WINDOW_MAX, VN_HTTP2_NO_ERROR);
    vn_http2_put_ping(http2, last_ping, false);
}

void vn_http2_name_last(struct vn_http2 *http2)
{
    if (http2->is_last_named)
        return;
    http2->is_leaving = true;
    http2->is_last_named = true;
    vn_http2_put_goaway(http2, http2->last_taken, VN_HTTP2_NO_ERROR);
}

bool vn_http2_is_last_ping(const uint8_t *opaque)
{
    return memcmp(opaque, last_ping, sizeof last_ping) == 0;
}

/* ---- Allowances ---- */

bool vn_allowance_use(struct vn_allowance *allowance, uint64_t now, uint32_t burst, uint32_t rate)
{
    if (vn_unlikely(allowance->left == 0)) {
        uint64_t earned = (now - allowance->at) * rate / 1000;
        allowance->left = (uint32_t) (earned < burst ? earned : burst);
        allowance->at = earned > 0 ? now : allowance->at;
    }
    if (allowance->left == 0)
        return false;
    allowance->left--;
    return true;
}
