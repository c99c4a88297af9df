// SPDX-License-Identifier: MIT
#include "include/websocket_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/scan.h"
#include "http/websocket_frame.h"
#include "http/websocket_handshake.h"
#include "rig.h"

#define MASK "\x01\x02\x03\x04"
#define WRONG (-VN_CLOSE_PROTOCOL_ERROR)

/* ---- Heads ---- */

static const struct {
    const char *name;
    const char *bytes;
    uint64_t length;
    size_t count;
    struct vn_frame_rules rules;
    int32_t verdict; /* the size, or what is wrong */
    size_t decided; /* bytes that it takes to know */
} heads[] = {
    {"text", "\x81\x85" MASK, 5, 6, {0}, 6, 6},
    {"empty binary", "\x82\x80" MASK, 0, 6, {0}, 6, 6},
    {"begin of a message", "\x01\x81" MASK, 1, 6, {0}, 6, 6},
    {"continuation", "\x00\x81" MASK, 1, 6, {true, false}, 6, 6},
    {"last continuation", "\x80\xfd" MASK, 125, 6, {true, false}, 6, 6},
    {"length in 2", "\x82\xfe\x00\x7e" MASK, 126, 8, {0}, 8, 8},
    {"largest in 2", "\x82\xfe\xff\xff" MASK, 65535, 8, {0}, 8, 8},
    {"length in 8", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00" MASK, 65536, 14, {0}, 14, 14},
    {"largest of all", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK, INT64_MAX, 14, {0}, 14, 14},
    {"ping", "\x89\xfd" MASK, 125, 6, {0}, 6, 6},
    {"pong in a message", "\x8a\x80" MASK, 0, 6, {true, false}, 6, 6},
    {"close", "\x88\x82" MASK, 2, 6, {0}, 6, 6},
    {"compressed", "\xc1\x81" MASK, 1, 6, {false, true}, 6, 6},
    {"RSV1 that means nothing", "\xc1\x81" MASK, 0, 6, {0}, WRONG, 1},
    {"RSV2", "\xa1\x81" MASK, 0, 6, {false, true}, WRONG, 1},
    {"RSV3", "\x91\x81" MASK, 0, 6, {false, true}, WRONG, 1},
    {"compressed continuation", "\xc0\x81" MASK, 0, 6, {true, true}, WRONG, 1},
    {"compressed ping", "\xc9\x80" MASK, 0, 6, {false, true}, WRONG, 1},
    {"kind 3", "\x83\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"kind 7", "\x87\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"kind 11", "\x8b\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"kind 15", "\x8f\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"continuation of nothing", "\x80\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"text in a message", "\x81\x80" MASK, 0, 6, {true, false}, WRONG, 1},
    {"ping in parts", "\x09\x80" MASK, 0, 6, {0}, WRONG, 1},
    {"no mask", "\x81\x05hello", 0, 7, {0}, WRONG, 2},
    {"long ping", "\x89\xfe\x00\x7e" MASK, 0, 8, {0}, WRONG, 2},
    {"long close", "\x88\xff\x00\x00\x00\x00\x00\x01\x00\x00" MASK, 0, 14, {0}, WRONG, 2},
    {"125 in 2", "\x82\xfe\x00\x7d" MASK, 0, 8, {0}, WRONG, 4},
    {"65535 in 8", "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff" MASK, 0, 14, {0}, WRONG, 10},
    {"the top bit", "\x82\xff\x80\x00\x00\x00\x00\x01\x00\x00" MASK, 0, 14, {0}, WRONG, 3},
};

const char *vn_check_frame_heads(void)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t count = 0; count <= heads[i].count; count++) {
            struct vn_frame_head head = {0};
            uint8_t *bytes = malloc(count + 1); /* sanitizers see what is read beyond */
            memcpy(bytes, heads[i].bytes, count);
            int32_t verdict = vn_frame_read_head(&head, &heads[i].rules, bytes, count);
            free(bytes);
            int32_t want = count < heads[i].decided ? 0 : heads[i].verdict;
            if (verdict != want)
                return rig_failed("%s, %zu bytes: %d in place of %d", heads[i].name, count, verdict,
                                  want);
            if (verdict > 0 &&
                (head.length != heads[i].length || memcmp(&head.mask, MASK, sizeof head.mask) != 0))
                return rig_failed("%s: length %llu", heads[i].name,
                                  (unsigned long long) head.length);
        }
    return NULL;
}

/* The letter: section 5.2, written a second time. */
static bool may_begin(int first, int second, const struct vn_frame_rules *rules)
{
    int kind = first & 15, length = second & 127;
    bool is_control = kind >= 8, is_final = (first & 128) != 0, rsv1 = (first & 64) != 0;
    if ((first & 0x30) != 0 || (kind > 2 && kind < 8) || kind > 10 || (second & 128) == 0)
        return false;
    if (is_control)
        return is_final && !rsv1 && length < 126;
    if (rules->is_in_message != (kind == 0))
        return false;
    return !rsv1 || (rules->may_compress && kind != 0);
}

const char *vn_check_frame_first_bytes(void)
{
    for (int way = 0; way < 4; way++)
        for (int first = 0; first < 256; first++)
            for (int second = 0; second < 256; second++) {
                const struct vn_frame_rules rules = {(way & 1) != 0, (way & 2) != 0};
                const uint8_t bytes[] = {(uint8_t) first, (uint8_t) second};
                struct vn_frame_head head;
                int32_t verdict = vn_frame_read_head(&head, &rules, bytes, sizeof bytes);
                if (verdict != (may_begin(first, second, &rules) ? 0 : WRONG))
                    return rig_failed("%02x %02x: %d", first, second, verdict);
            }
    return NULL;
}

const char *vn_check_frame_lengths(void)
{
    static const uint64_t lengths[] = {0,   1,     125,   126,   127,      128,        255,
                                       256, 65535, 65536, 65537, 1u << 24, UINT32_MAX, INT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t bytes[VN_FRAME_CLIENT_HEAD_MAX] = {0};
        struct vn_frame_head head = {0};
        const struct vn_frame_rules rules = {false, true};
        size_t size =
            (size_t) (vn_frame_write_head(bytes, VN_FRAME_TEXT, true, lengths[i]) - bytes);
        size_t want = lengths[i] < 126 ? 2 : lengths[i] < 65536 ? 4 : 10;
        bytes[1] |= 0x80; /* as a client would */
        int32_t read = vn_frame_read_head(&head, &rules, bytes, size + 4);
        if (size != want || read != (int32_t) size + 4 || head.length != lengths[i] ||
            !head.is_final || !head.is_compressed || head.kind != VN_FRAME_TEXT)
            return rig_failed("%llu: %zu bytes, read as %llu", (unsigned long long) lengths[i],
                              size, (unsigned long long) head.length);
    }
    return NULL;
}

/* ---- The mask ---- */

const char *vn_check_frame_unmask(uint64_t seed)
{
    uint64_t random = seed * 2 + 1;
    uint8_t have[200], want[200];
    for (size_t i = 0; i < sizeof have; i++)
        have[i] = want[i] = (uint8_t) rig_draw(&random, 256);
    size_t begin = rig_draw(&random, 16), end = begin + rig_draw(&random, sizeof have - begin + 1);
    uint32_t mask = (uint32_t) rig_draw(&random, UINT32_MAX), portable = mask;
    portable = vn_frame_unmask_portable(want + begin, end - begin, portable);
    for (size_t at = begin; at < end;) { /* in pieces */
        size_t count = 1 + rig_draw(&random, end - at);
        mask = vn_frame_unmask(have + at, count, mask);
        at += count;
    }
    return memcmp(have, want, sizeof have) == 0 && mask == portable
               ? NULL
               : rig_failed("bytes %zu to %zu", begin, end);
}

/* ---- Close ---- */

const char *vn_check_frame_closes(void)
{
    static const struct {
        const char *bytes;
        size_t count;
        int32_t want;
    } rows[] = {
        {"", 0, VN_CLOSE_NONE},
        {"\x03", 1, WRONG},
        {"\x03\xe8", 2, 1000},
        {"\x03\xe8gr\xc3\xbc\xc3\x9f", 8, 1000},
        {"\x03\xe8\xc3", 3, -VN_CLOSE_INVALID_DATA},
        {"\x03\xe8\xff", 3, -VN_CLOSE_INVALID_DATA},
        {"\x03\xec\xff", 3, WRONG},
    };
    uint8_t bytes[VN_FRAME_CONTROL_MAX];
    vn_span reason;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vn_span payload = {(const uint8_t *) rows[i].bytes, rows[i].count};
        if (vn_frame_read_close(payload, &reason) != rows[i].want)
            return rig_failed("row %zu", i);
    }
    for (uint32_t code = 0; code <= UINT16_MAX; code++) {
        bool is_sent = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 4999);
        bytes[0] = (uint8_t) (code >> 8);
        bytes[1] = (uint8_t) code;
        if (vn_frame_read_close((vn_span) {bytes, 2}, &reason) !=
            (is_sent ? (int32_t) code : WRONG))
            return rig_failed("code %u", code);
    }
    /* A reason that is too long is cut behind a whole character: two bytes each here. */
    char text[201];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char) (i % 2 == 0 ? 0xc3 : 0xbc);
    text[sizeof text - 1] = 0;
    size_t count = vn_frame_write_close(bytes, 4999, vn_span_of(text));
    if (count != 2 + 122 || vn_frame_read_close((vn_span) {bytes, count}, &reason) != 4999 ||
        vn_frame_write_close(bytes, VN_CLOSE_NONE, vn_span_of("a")) != 0)
        return rig_failed("a long reason: %zu bytes", count);
    return NULL;
}

/* ---- Text ---- */

static const struct {
    const char *text;
    size_t good; /* bytes before the first wrong one */
    bool is_complete;
} texts[] = {
    {"", 0, true},
    {"plain", 5, true},
    {"0123456789abcdef0123456789abcdef0123456789abcdef", 48, true},
    {"0123456789abcdef0123456789abcdef\x80"
     "0123456789abcdef",
     32, true},
    {"0123456789abcdef0123456789abcde\xc3\xbc", 33, true},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", 11, true},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80", 12, false},
    {"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80", 20, true},
    {"\xf4\x8f\xbf\xbf", 4, true},
    {"\xf4\x90\x80\x80", 1, false},
    {"\xf5", 0, true},
    {"\xfe", 0, true},
    {"\xc0\xaf", 0, true},
    {"\xc1\xbf", 0, true},
    {"\xe0\x9f\xbf", 1, false},
    {"\xf0\x8f\xbf\xbf", 1, false},
    {"\xed\xa0\x80", 1, false},
    {"\xed\xbf\xbf", 1, false},
    {"\x80", 0, true},
    {"a\xbf", 1, true},
    {"\xc3(", 1, false},
    {"\xe2\x82", 2, false},
    {"\xf0\x9f\x98", 3, false},
    {"\xf0\x9f\x98\x80", 4, true},
};

static bool is_checked(const char *text, size_t step, size_t cut, size_t good, bool is_complete)
{
    struct vn_utf8_check check = {0};
    size_t count = strlen(text), at = 0;
    while (at < count) {
        size_t end = at < cut ? cut : at + step;
        end = vn_smaller(end, count);
        size_t taken = vn_utf8_check(&check, (vn_span) {(const uint8_t *) text + at, end - at});
        at += taken;
        if (at < end)
            break;
    }
    return at == good && (at < count || vn_utf8_is_complete(&check) == is_complete);
}

const char *vn_check_text_rows(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t count = strlen(texts[i].text);
        for (size_t cut = 0; cut <= count; cut++)
            if (!is_checked(texts[i].text, count + 1, cut, texts[i].good, texts[i].is_complete))
                return rig_failed("row %zu, cut at %zu", i, cut);
        if (!is_checked(texts[i].text, 1, 0, texts[i].good, texts[i].is_complete))
            return rig_failed("row %zu, byte by byte", i);
    }
    return NULL;
}

/* Mostly good text, at times damaged, in random pieces. */
const char *vn_check_text_at_random(uint64_t seed)
{
    static const char *const parts[] = {"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                        "0123456789abcdef0123456789abcdef"};
    uint64_t random = seed * 2 + 1;
    uint8_t text[400];
    size_t count = 0, at = 0, want;
    while (count + 40 < sizeof text) {
        const char *part = parts[rig_draw(&random, sizeof parts / sizeof *parts)];
        memcpy(text + count, part, strlen(part));
        count += strlen(part);
    }
    if (rig_draw(&random, 2) == 0)
        text[rig_draw(&random, count)] = (uint8_t) rig_draw(&random, 256);
    struct vn_utf8_check check = {0}, portable = {0};
    want = vn_utf8_check_portable(&portable, (vn_span) {text, count});
    while (at < count) {
        size_t piece = 1 + rig_draw(&random, vn_smaller(count - at, 80));
        size_t taken = vn_utf8_check(&check, (vn_span) {text + at, piece});
        at += taken;
        if (taken < piece)
            break;
    }
    return at == want && check.left == portable.left ? NULL
                                                     : rig_failed("%zu in place of %zu", at, want);
}

/* ---- The handshake ---- */

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define UPGRADE "Upgrade: websocket\r\n"

static const struct {
    const char *line;
    const char *fields;
    uint16_t want;
} handshakes[] = {
#define GET "GET /chat HTTP/1.1"
    {GET, CONNECTION UPGRADE KEY VERSION, 0},
    {GET, "connection: keep-alive, UPGRADE\r\nUPGRADE: WebSocket\r\n" KEY VERSION, 0},
    {GET, "Connection: keep-alive\r\n" CONNECTION "Upgrade: h2c, websocket\r\n" KEY VERSION, 0},
    {GET, CONNECTION "Upgrade: h2c\r\nUpgrade: ,, websocket ,\r\n" KEY VERSION, 0},
    {GET, CONNECTION UPGRADE KEY VERSION "Content-Length: 0\r\n", 0},
    {GET, UPGRADE KEY VERSION, 426},
    {GET, "Connection: close\r\n" UPGRADE KEY VERSION, 426},
    {GET, CONNECTION KEY VERSION, 426},
    {GET, CONNECTION "Upgrade: websocket2\r\n" KEY VERSION, 426},
    {GET, CONNECTION "Upgrade: \"a, websocket, b\"\r\n" KEY VERSION, 426},
    {GET, "", 426},
    {GET, CONNECTION UPGRADE KEY, 426},
    {GET, CONNECTION UPGRADE KEY "Sec-WebSocket-Version: 8\r\n", 426},
    {GET, CONNECTION UPGRADE KEY "Sec-WebSocket-Version: 013\r\n", 426},
    {GET, CONNECTION UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n", 426},
    {GET, CONNECTION UPGRADE KEY VERSION VERSION, 400},
    {GET, CONNECTION UPGRADE VERSION, 400},
    {GET, CONNECTION UPGRADE KEY KEY VERSION, 400},
    {GET, CONNECTION UPGRADE "Sec-WebSocket-Key:\r\n" VERSION, 400},
    {GET, CONNECTION UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n" VERSION, 400},
    {GET, CONNECTION UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" VERSION, 400},
    {GET, CONNECTION UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==\r\n" VERSION, 400},
    {GET, CONNECTION UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==AAAA\r\n" VERSION, 400},
    {GET, CONNECTION UPGRADE KEY VERSION "Content-Length: 1\r\n", 400},
    {GET, CONNECTION UPGRADE KEY VERSION "Transfer-Encoding: chunked\r\n", 400},
    {"POST /chat HTTP/1.1", CONNECTION UPGRADE KEY VERSION, 426},
    {"HEAD /chat HTTP/1.1", CONNECTION UPGRADE KEY VERSION, 426},
    {"GET /chat HTTP/1.0", CONNECTION UPGRADE KEY VERSION, 426},
#undef GET
};

/* In memory of the thread. */
static const vn_request *read_request(const char *line, const char *fields)
{
    static _Thread_local vn_request request;
    static _Thread_local char head[1024];
    static const struct vn_scan_limits limits = {1000, 1000, 1000, 20, false};
    snprintf(head, sizeof head, "%s\r\nHost: a\r\n%s\r\n", line, fields);
    vn_scan_begin(&request);
    return vn_scan_head(&request, (const uint8_t *) head, strlen(head), &limits) > 0 ? &request
                                                                                     : NULL;
}

const char *vn_check_handshake_rows(void)
{
    for (size_t i = 0; i < sizeof handshakes / sizeof *handshakes; i++) {
        const vn_request *request = read_request(handshakes[i].line, handshakes[i].fields);
        if (request == NULL || vn_websocket_check(request) != handshakes[i].want)
            return rig_failed("row %zu: %d", i,
                              request == NULL ? -1 : (int) vn_websocket_check(request));
    }
    return NULL;
}

/* RFC 6455, section 1.3. */
const char *vn_check_handshake_accept(void)
{
    static const char want[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    uint8_t text[VN_WEBSOCKET_ACCEPT_SIZE];
    const vn_request *request = read_request("GET / HTTP/1.1", CONNECTION UPGRADE KEY VERSION
                                             "X: a, \"b,c\" ,,d\r\nx: e\r\n");
    vn_websocket_write_accept(request, text);
    if (memcmp(text, want, sizeof text) != 0)
        return rig_failed("%.*s", (int) sizeof text, (const char *) text);
    static const char *const elements[] = {"a", "\"b,c\"", "d", "e"};
    struct vn_list_place place = {0};
    vn_span element;
    size_t i = 0;
    while (vn_list_next(request, vn_span_of("X"), &place, &element)) {
        if (i == 4 || strlen(elements[i]) != element.count ||
            memcmp(elements[i], element.bytes, element.count) != 0)
            return rig_failed("element %zu is \"%.*s\"", i, (int) element.count, element.bytes);
        i++;
    }
    return i == 4 ? NULL : rig_failed("%zu elements", i);
}
