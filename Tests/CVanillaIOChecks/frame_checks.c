// SPDX-License-Identifier: MIT
/* frame_checks.c - frames of HTTP/2 and priorities of answers. */
#include <string.h>

#include "hpack_checks.h"
#include "http/frame.h"
#include "http/priority.h"
#include "http_delivery.h"

/* ---- Shapes ---- */

enum { ON_0 = 0, ON_1 = 1, FULL = VN_FRAME_SIZE };

static const struct {
    struct vn_frame frame;
    enum vn_http2_error error;
    bool is_of_stream;
} shapes[] = {
    {{0, ON_1, VN_FRAME_DATA, 0}, VN_HTTP2_NO_ERROR, false},
    {{FULL, ON_1, VN_FRAME_DATA, 0}, VN_HTTP2_NO_ERROR, false},
    {{FULL + 1, ON_1, VN_FRAME_DATA, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{0, ON_1, VN_FRAME_DATA, VN_FLAG_PADDED}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{1, ON_1, VN_FRAME_DATA, VN_FLAG_PADDED}, VN_HTTP2_NO_ERROR, false},
    {{1, ON_0, VN_FRAME_DATA, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{0, ON_1, VN_FRAME_HEADERS, 0}, VN_HTTP2_NO_ERROR, false},
    {{0, ON_0, VN_FRAME_HEADERS, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{5, ON_1, VN_FRAME_HEADERS, VN_FLAG_PADDED | VN_FLAG_PRIORITY},
     VN_HTTP2_FRAME_SIZE_ERROR,
     false},
    {{6, ON_1, VN_FRAME_HEADERS, VN_FLAG_PADDED | VN_FLAG_PRIORITY}, VN_HTTP2_NO_ERROR, false},
    {{FULL + 1, ON_1, VN_FRAME_HEADERS, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{5, ON_1, VN_FRAME_PRIORITY, 0}, VN_HTTP2_NO_ERROR, false},
    {{5, ON_0, VN_FRAME_PRIORITY, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{4, ON_1, VN_FRAME_PRIORITY, 0}, VN_HTTP2_FRAME_SIZE_ERROR, true},
    {{4, ON_1, VN_FRAME_RST_STREAM, 0}, VN_HTTP2_NO_ERROR, false},
    {{4, ON_0, VN_FRAME_RST_STREAM, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{5, ON_1, VN_FRAME_RST_STREAM, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{12, ON_0, VN_FRAME_SETTINGS, 0}, VN_HTTP2_NO_ERROR, false},
    {{12, ON_1, VN_FRAME_SETTINGS, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{13, ON_0, VN_FRAME_SETTINGS, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{0, ON_0, VN_FRAME_SETTINGS, VN_FLAG_ACK}, VN_HTTP2_NO_ERROR, false},
    {{6, ON_0, VN_FRAME_SETTINGS, VN_FLAG_ACK}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{4, ON_1, VN_FRAME_PUSH_PROMISE, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{8, ON_0, VN_FRAME_PING, 0}, VN_HTTP2_NO_ERROR, false},
    {{8, ON_1, VN_FRAME_PING, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{7, ON_0, VN_FRAME_PING, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{8, ON_0, VN_FRAME_GOAWAY, 0}, VN_HTTP2_NO_ERROR, false},
    {{7, ON_0, VN_FRAME_GOAWAY, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{8, ON_1, VN_FRAME_GOAWAY, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{4, ON_0, VN_FRAME_WINDOW_UPDATE, 0}, VN_HTTP2_NO_ERROR, false},
    {{4, ON_1, VN_FRAME_WINDOW_UPDATE, 0}, VN_HTTP2_NO_ERROR, false},
    {{3, ON_1, VN_FRAME_WINDOW_UPDATE, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{0, ON_1, VN_FRAME_CONTINUATION, 0}, VN_HTTP2_NO_ERROR, false},
    {{0, ON_0, VN_FRAME_CONTINUATION, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{4, ON_0, VN_FRAME_PRIORITY_UPDATE, 0}, VN_HTTP2_NO_ERROR, false},
    {{4, ON_1, VN_FRAME_PRIORITY_UPDATE, 0}, VN_HTTP2_PROTOCOL_ERROR, false},
    {{3, ON_0, VN_FRAME_PRIORITY_UPDATE, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
    {{FULL, ON_1, 0xb, 0xff}, VN_HTTP2_NO_ERROR, false},
    {{FULL, ON_0, 0xff, 0xff}, VN_HTTP2_NO_ERROR, false},
    {{FULL + 1, ON_0, 0xff, 0}, VN_HTTP2_FRAME_SIZE_ERROR, false},
};

const char *vn_check_frame_shapes(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct vn_frame_fault fault = vn_frame_check(&shapes[i].frame);
        if (fault.error != shapes[i].error || fault.is_of_stream != shapes[i].is_of_stream)
            return vn_fail("row %zu: %d, %d", i, fault.error, fault.is_of_stream);
    }
    return NULL;
}

/* ---- Parts ---- */

static const char *check_padding(void)
{
    static const uint8_t bytes[] = {2, 'a', 0, 0};
    const struct vn_frame plain = {.type = VN_FRAME_DATA};
    const struct vn_frame padded = {.type = VN_FRAME_DATA, .flags = VN_FLAG_PADDED};
    vn_span whole = {bytes, 4}, parted = {bytes, 4}, empty = {bytes, 3}, over = {bytes, 2};
    if (!vn_frame_unpad(&plain, &whole) || whole.count != 4)
        return vn_fail("padding that is none");
    if (!vn_frame_unpad(&padded, &parted) || parted.count != 1 || parted.bytes[0] != 'a')
        return vn_fail("%zu bytes beside padding", parted.count);
    if (!vn_frame_unpad(&padded, &empty) || empty.count != 0)
        return vn_fail("%zu bytes of padding alone", empty.count);
    return vn_frame_unpad(&padded, &over) ? vn_fail("more padding than payload") : NULL;
}

static const char *check_settings(void)
{
    static const struct {
        uint16_t setting;
        uint32_t value;
        enum vn_http2_error error;
    } rows[] = {
        {VN_SETTING_ENABLE_PUSH, 1, VN_HTTP2_NO_ERROR},
        {VN_SETTING_ENABLE_PUSH, 2, VN_HTTP2_PROTOCOL_ERROR},
        {VN_SETTING_INITIAL_WINDOW_SIZE, VN_WINDOW_MAX, VN_HTTP2_NO_ERROR},
        {VN_SETTING_INITIAL_WINDOW_SIZE, VN_WINDOW_MAX + 1u, VN_HTTP2_FLOW_CONTROL_ERROR},
        {VN_SETTING_MAX_FRAME_SIZE, VN_FRAME_SIZE - 1, VN_HTTP2_PROTOCOL_ERROR},
        {VN_SETTING_MAX_FRAME_SIZE, VN_FRAME_SIZE, VN_HTTP2_NO_ERROR},
        {VN_SETTING_MAX_FRAME_SIZE, VN_FRAME_SIZE_MAX, VN_HTTP2_NO_ERROR},
        {VN_SETTING_MAX_FRAME_SIZE, VN_FRAME_SIZE_MAX + 1, VN_HTTP2_PROTOCOL_ERROR},
        {VN_SETTING_HEADER_TABLE_SIZE, UINT32_MAX, VN_HTTP2_NO_ERROR},
        {0xff, UINT32_MAX, VN_HTTP2_NO_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (vn_setting_check(rows[i].setting, rows[i].value) != rows[i].error)
            return vn_fail("setting %u of %u", rows[i].setting, rows[i].value);
    return NULL;
}

const char *vn_check_frame_parts(void)
{
    static const uint8_t wanted[] = {0x01, 0x02, 0x03, 0x09, 0x04, 0x7f, 0xff, 0xff, 0xff};
    const struct vn_frame frame = {0x010203, 0x7fffffff, VN_FRAME_CONTINUATION,
                                   VN_FLAG_END_HEADERS};
    uint8_t bytes[VN_FRAME_HEAD];
    vn_frame_write(bytes, &frame);
    if (memcmp(bytes, wanted, sizeof wanted) != 0)
        return vn_fail("another head");
    bytes[5] |= 0x80; /* which means nothing */
    struct vn_frame read = vn_frame_read(bytes);
    if (read.count != frame.count || read.stream != frame.stream || read.type != frame.type ||
        read.flags != frame.flags)
        return vn_fail("a head is read as another");
    const char *failure = check_padding();
    return failure != NULL ? failure : check_settings();
}

/* ---- Priorities ---- */

const char *vn_check_priorities(void)
{
    static const struct {
        const char *value;
        uint8_t urgency;
        bool is_incremental;
    } rows[] = {
        {"", 3, false},
        {"u=0", 0, false},
        {"u=7,i", 7, true},
        {"i, u=1", 1, true},
        {"  u=5 ,\ti=?1", 5, true},
        {"u=2;a=b;c, i;d", 2, true},
        {"i=?0", 3, false},
        {"u=8", 3, false},
        {"u=-1, i", 3, true},
        {"u=1.5", 3, false},
        {"u", 3, false},
        {"u=\"1,2\", i", 3, true},
        {"i=1", 3, false},
        {"a=1, u=4, zz, i", 4, true},
        {"u=1, u=6", 6, false},
        {"u=1,", 3, false},
        {"u=1, =", 3, false},
        {"U=1", 3, false},
        {",u=1", 3, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vn_priority priority = {VN_URGENCY, false};
        vn_priority_read(&priority, vn_span_of(rows[i].value));
        if (priority.urgency != rows[i].urgency ||
            priority.is_incremental != rows[i].is_incremental)
            return vn_fail("\"%s\": %u, %d", rows[i].value, priority.urgency,
                           priority.is_incremental);
    }
    return NULL;
}
