// SPDX-License-Identifier: MIT
#include "websocket_handshake.h"

#include "literal.h"
#include "scan.h"
#include "sha1.h"

/* ---- Lists ---- */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static size_t element_end(vn_span value, size_t at)
{
    bool is_quoted = false;
    for (; at < value.count; at++) {
        uint8_t byte = value.bytes[at];
        if (is_quoted && byte == '\\' && at + 1 < value.count)
            at++;
        else if (byte == '"')
            is_quoted = !is_quoted;
        else if (byte == ',' && !is_quoted)
            break;
    }
    return at;
}

static vn_span trimmed(vn_span text)
{
    while (text.count > 0 && is_blank(text.bytes[0]))
        text = (vn_span) {text.bytes + 1, text.count - 1};
    while (text.count > 0 && is_blank(text.bytes[text.count - 1]))
        text.count--;
    return text;
}

bool vn_list_next(const vn_request *request, vn_span name, struct vn_list_place *place,
                  vn_span *element)
{
    for (;;) {
        place->field = vn_request_find(request, name, place->field);
        if (place->field >= request->field_count)
            return false;
        vn_span value = vn_field_value(request, place->field);
        if (place->at >= value.count) {
            *place = (struct vn_list_place) {place->field + 1, 0};
            continue;
        }
        size_t end = element_end(value, place->at);
        *element = trimmed((vn_span) {value.bytes + place->at, end - place->at});
        place->at = end + 1;
        if (element->count > 0)
            return true;
    }
}

static bool list_has(const vn_request *request, vn_span name, vn_span token)
{
    struct vn_list_place place = {0};
    vn_span element;
    while (vn_list_next(request, name, &place, &element))
        if (vn_equals_ignoring_case(element, token))
            return true;
    return false;
}

/* ---- The check ---- */

/* The value of a field that comes once. Returns how often it comes, as far as 2. */
static int32_t find_once(const vn_request *request, vn_span name, vn_span *value)
{
    size_t first = vn_request_find(request, name, 0);
    if (first == request->field_count)
        return 0;
    *value = vn_field_value(request, first);
    return vn_request_find(request, name, first + 1) == request->field_count ? 1 : 2;
}

static bool is_base64(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

/* Base64 of sixteen bytes: two digits and "==" at its end, of which the second digit has four bits
 * that are 0. */
static bool is_key(vn_span key)
{
    if (key.count != VN_WEBSOCKET_KEY_SIZE || key.bytes[22] != '=' || key.bytes[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!is_base64(key.bytes[i]))
            return false;
    return memchr("AQgw", key.bytes[21], 4) != NULL;
}

static bool has_body(const vn_request *request)
{
    return request->content_length > 0 || (request->facts & VN_IS_CHUNKED) != 0;
}

/* HTTP/1.0 has no Upgrade (RFC 9110, section 7.8), and only GET opens a socket. */
static bool asks_for_websocket(const vn_request *request)
{
    return request->method_id == VN_METHOD_GET && request->minor > 0 &&
           list_has(request, VN_LITERAL("Connection"), VN_LITERAL("upgrade")) &&
           list_has(request, VN_LITERAL("Upgrade"), VN_LITERAL("websocket"));
}

uint16_t vn_websocket_check(const vn_request *request)
{
    vn_span version = {0}, key = {0};
    if (has_body(request))
        return 400;
    if (!asks_for_websocket(request))
        return 426;
    int32_t versions = find_once(request, VN_LITERAL("Sec-WebSocket-Version"), &version);
    if (versions > 1)
        return 400;
    if (version.count != 2 || memcmp(version.bytes, "13", 2) != 0)
        return 426;
    if (find_once(request, VN_LITERAL("Sec-WebSocket-Key"), &key) != 1 || !is_key(key))
        return 400;
    return 0;
}

/* ---- The answer ---- */

static void write_base64(const uint8_t *bytes, size_t count, uint8_t *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        uint32_t group = (uint32_t) bytes[i] << 16;
        group |= i + 1 < count ? (uint32_t) bytes[i + 1] << 8 : 0;
        group |= i + 2 < count ? bytes[i + 2] : 0;
        *text++ = (uint8_t) digits[group >> 18];
        *text++ = (uint8_t) digits[group >> 12 & 63];
        *text++ = (uint8_t) (i + 1 < count ? digits[group >> 6 & 63] : '=');
        *text++ = (uint8_t) (i + 2 < count ? digits[group & 63] : '=');
    }
}

void vn_websocket_write_accept(const vn_request *request, uint8_t text[VN_WEBSOCKET_ACCEPT_SIZE])
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t both[VN_WEBSOCKET_KEY_SIZE + sizeof suffix - 1], digest[VN_SHA1_SIZE];
    vn_span key = {0};
    find_once(request, VN_LITERAL("Sec-WebSocket-Key"), &key);
    assert(key.count == VN_WEBSOCKET_KEY_SIZE);
    memcpy(both, key.bytes, VN_WEBSOCKET_KEY_SIZE);
    memcpy(both + VN_WEBSOCKET_KEY_SIZE, suffix, sizeof suffix - 1);
    vn_sha1((vn_span) {both, sizeof both}, digest);
    write_base64(digest, sizeof digest, text);
}
