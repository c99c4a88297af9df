// SPDX-License-Identifier: MIT
/* parts.c - the pure parts of the core, one at a time, to be counted. Built by
 * bench/instructions.py with the C files of a tree.
 *
 * parts NAME COUNT: one of the parts below, so often. Ends with 0 when each did what it should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/message.h"
#include "http/body.h"
#include "http/head.h"
#include "http/hpack.h"
#include "http/scan.h"
#include "http/utf8_check.h"
#include "http/websocket_frame.h"
#include "include/vn_multipart.h"

#define PAYLOAD "A message of sixty-four bytes, as long as many that people write"

static const char head_text[] = "GET /teams/red/users/7?page=2 HTTP/1.1\r\n"
                                "Host: example.com\r\n"
                                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\n"
                                "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
                                "Accept-Language: en-US,en;q=0.5\r\n"
                                "Accept-Encoding: gzip, deflate, br, zstd\r\n"
                                "Cookie: session=0123456789abcdef0123456789abcdef\r\n"
                                "Connection: keep-alive\r\n\r\n";
static const struct vn_scan_limits scan_limits = {16 << 10, 16 << 10, 64 << 10, 128, false};

static bool scan(vn_request *request, const char *text)
{
    size_t count = strlen(text);
    vn_scan_begin(request);
    return vn_scan_head(request, (const uint8_t *) text, count, &scan_limits) == (int32_t) count;
}

static bool scan_head(void)
{
    static vn_request request;
    return scan(&request, head_text);
}

static bool write_head(void)
{
    static uint8_t room[1024];
    static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    struct vn_head head = {room, room, room + sizeof room, 404};
    vn_head_begin(&head, (const uint8_t *) date);
    vn_head_add(&head, vn_span_of("Content-Type"), vn_span_of("text/plain"));
    vn_head_add(&head, vn_span_of("Cache-Control"), vn_span_of("no-cache"));
    return vn_head_count(&head) > 64;
}

/* Three chunks, in one piece. */
static bool read_chunks(void)
{
    static const char text[] = "40\r\n" PAYLOAD "\r\n40\r\n" PAYLOAD "\r\n5\r\nabcde\r\n0\r\n\r\n";
    static const struct vn_body_limits limits = {8 << 20, 4 << 10, 16 << 10, 16 << 10};
    static vn_request request;
    static struct vn_body body;
    size_t at = 0, found = 0;
    if (request.head == NULL &&
        !scan(&request, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"))
        return false;
    if (vn_body_begin(&body, &request, &limits) < 0)
        return false;
    for (int64_t used = 1; used > 0 && at < sizeof text - 1; at += (size_t) used) {
        vn_span piece;
        used =
            vn_body_feed(&body, (const uint8_t *) text + at, sizeof text - 1 - at, &limits, &piece);
        found += piece.count;
    }
    return found == 2 * 64 + 5;
}

static bool make_tag(void)
{
    static uint8_t bytes[1024], text[VN_TAG_HASH_SIZE];
    bytes[0]++;
    vn_tag_hash((vn_span) {bytes, sizeof bytes}, text);
    return text[0] != 0;
}

static bool frame_event(void)
{
    static const char lines[] = "data: " PAYLOAD "\n";
    static uint64_t number;
    vn_span text = vn_span_of(lines), nothing = {NULL, 0};
    struct vn_message *message = vn_message_make(text, nothing, nothing);
    if (message == NULL)
        return false;
    message->number = ++number;
    vn_message_finish(message, 7, text, nothing);
    bool is_whole = message->chunk.data_count > text.count;
    vn_message_release(message);
    return is_whole;
}

static const struct vn_hpack_field answer[] = {
    {VN_LITERAL("content-type"), VN_LITERAL("application/json; charset=utf-8")},
    {VN_LITERAL("cache-control"), VN_LITERAL("no-cache")},
    {VN_LITERAL("etag"), VN_LITERAL("\"0123456789abcdef0123456789abcdef\"")},
    {VN_LITERAL("content-length"), VN_LITERAL("1234")},
};
enum { ANSWER_FIELDS = sizeof answer / sizeof *answer };

static uint8_t *encode(struct vn_hpack_encoder *encoder, uint8_t *to)
{
    to = vn_hpack_write_status(encoder, vn_hpack_write_begin(encoder, to), 200);
    for (size_t i = 0; i < ANSWER_FIELDS; i++)
        to = vn_hpack_write(encoder, to, answer[i].name, answer[i].value, VN_HPACK_INDEXED);
    return to;
}

/* The head of an answer, and that of the one before, which is in the table by then. */
static bool encode_fields(void)
{
    static struct vn_hpack_encoder encoder;
    static uint8_t block[1024];
    vn_hpack_encoder_init(&encoder);
    uint8_t *at = encode(&encoder, block), *end = encode(&encoder, at);
    return end - at == 1 + ANSWER_FIELDS;
}

static bool decode_fields(void)
{
    static struct vn_hpack_encoder encoder;
    static struct vn_hpack_decoder decoder;
    static uint8_t block[1024], room[2 * VN_HPACK_TABLE_MAX];
    static size_t count;
    if (count == 0) {
        vn_hpack_encoder_init(&encoder);
        count = (size_t) (encode(&encoder, encode(&encoder, block)) - block);
    }
    vn_hpack_decoder_init(&decoder);
    struct vn_hpack_block read = {{block, count}, false, room, VN_HPACK_TABLE_MAX};
    struct vn_hpack_field field;
    size_t found = 0;
    while (vn_hpack_read(&decoder, &read, &field) == VN_HPACK_FIELD)
        found++;
    return found == 2 * (1 + ANSWER_FIELDS);
}

/* A text of 64 bytes, read and answered. */
static bool echo_frame(void)
{
    static uint8_t frame[6 + 64] = {0x81, 0x80 | 64, 1, 2, 3, 4}, out[VN_FRAME_HEAD_MAX];
    static const struct vn_frame_rules rules;
    struct vn_frame_head head;
    struct vn_utf8_check check = {0};
    for (size_t i = 0; frame[6] == 0 && i < 64; i++)
        frame[6 + i] = (uint8_t) (PAYLOAD[i] ^ frame[2 + i % 4]);
    int32_t size = vn_frame_read_head(&head, &rules, frame, sizeof frame);
    if (size != 6 || head.length != 64)
        return false;
    vn_frame_unmask(frame + size, 64, head.mask);
    bool is_text = vn_utf8_check(&check, (vn_span) {frame + size, 64}) == 64;
    vn_frame_unmask(frame + size, 64, head.mask); /* as it was, for the next time */
    return is_text && vn_frame_write_head(out, VN_FRAME_TEXT, false, 64) - out == 2;
}

/* A field, and a file of 1 KiB. */
static bool read_multipart(void)
{
    static const char begin[] = "--b0undary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
                                "value\r\n--b0undary\r\nContent-Disposition: form-data; "
                                "name=\"file\"; filename=\"a.bin\"\r\nContent-Type: text/plain"
                                "\r\n\r\n";
    static const char end[] = "\r\n--b0undary--\r\n";
    static uint8_t text[sizeof begin + 1024 + sizeof end];
    static vn_multipart multipart;
    uint8_t *at = text + sizeof begin - 1;
    if (text[0] == 0) {
        memcpy(text, begin, sizeof begin - 1);
        memset(at, 'x', 1024);
        memcpy(at + 1024, end, sizeof end - 1);
    }
    vn_span input = {text, sizeof begin - 1 + 1024 + sizeof end - 1}, data;
    vn_multipart_begin(&multipart, vn_span_of("b0undary"));
    size_t count = 0;
    int32_t found;
    while ((found = vn_multipart_next(&multipart, &input, &data)) > VN_MULTIPART_MORE &&
           found != VN_MULTIPART_END)
        if (found == VN_MULTIPART_DATA)
            count += data.count;
    return found == VN_MULTIPART_END && count == 5 + 1024;
}

static const struct part {
    const char *name;
    bool (*run)(void);
} parts[] = {
    {"scan", scan_head},
    {"head", write_head},
    {"chunks", read_chunks},
    {"tag", make_tag},
    {"event", frame_event},
    {"hpack-encode", encode_fields},
    {"hpack-decode", decode_fields},
    {"frame", echo_frame},
    {"multipart", read_multipart},
};

int main(int argc, char **argv)
{
    size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    for (size_t i = 0; count > 0 && i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, argv[1]) != 0)
            continue;
        for (size_t done = 0; done < count; done++) {
            if (!parts[i].run()) {
                fprintf(stderr, "parts: %s did not do what it should\n", argv[1]);
                return 1;
            }
        }
        return 0;
    }
    fprintf(stderr, "parts: NAME COUNT, the names are in this file\n");
    return 64;
}
