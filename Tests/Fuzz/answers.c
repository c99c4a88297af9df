// SPDX-License-Identifier: MIT
#include "answers.h"

#include <string.h>

#include "plain.h"

/* The next line without its CRLF; false when its end is not there. */
static bool take_line(vn_span *bytes, vn_span *line)
{
    const uint8_t *end = bytes->count == 0 ? NULL : memchr(bytes->bytes, '\n', bytes->count);
    size_t count = end == NULL ? bytes->count : (size_t) (end - bytes->bytes);
    bool has_return = count > 0 && bytes->bytes[count - 1] == '\r';
    fuzz_require(end == NULL || has_return, "a line of an answer ends with a bare LF");
    *line = (vn_span) {bytes->bytes, count - has_return};
    for (size_t i = 0; i < line->count; i++)
        fuzz_require(plain_is_field_byte(line->bytes[i]), "byte %#x in an answer's line",
                     line->bytes[i]);
    if (end == NULL)
        return false;
    *bytes = (vn_span) {end + 1, bytes->count - count - 1};
    return true;
}

static uint64_t read_number(vn_span text, uint32_t base)
{
    uint64_t number = 0;
    fuzz_require(text.count > 0 && text.count < 16, "a number of %zu digits", text.count);
    for (size_t i = 0; i < text.count; i++) {
        uint8_t byte = text.bytes[i];
        uint32_t digit = byte >= '0' && byte <= '9'   ? (uint32_t) (byte - '0')
                         : byte >= 'a' && byte <= 'f' ? (uint32_t) (byte - 'a') + 10
                                                      : 99;
        fuzz_require(digit < base, "a digit is %#x", byte);
        number = number * base + digit;
    }
    return number;
}

/* "HTTP/1.1 200 OK": the reason may be empty, the space before it not. */
static uint16_t read_status(vn_span line)
{
    fuzz_require(line.count >= 13 && memcmp(line.bytes, "HTTP/1.1 ", 9) == 0 &&
                     line.bytes[12] == ' ',
                 "a status line is \"%.*s\"", (int) line.count, line.bytes);
    uint64_t status = read_number((vn_span) {line.bytes + 9, 3}, 10);
    fuzz_require(status >= 100 && status <= 999, "status %llu", (unsigned long long) status);
    return (uint16_t) status;
}

static void set_once(bool *is_there, const char *name)
{
    fuzz_require(!*is_there, "%s twice", name);
    *is_there = true;
}

static void read_field(struct answer_head *head, vn_span line)
{
    const uint8_t *colon = memchr(line.bytes, ':', line.count);
    fuzz_require(colon != NULL, "a field without a colon: \"%.*s\"", (int) line.count, line.bytes);
    size_t count = (size_t) (colon - line.bytes);
    vn_span name = {line.bytes, count};
    vn_span value = plain_trim((vn_span) {colon + 1, line.count - count - 1});
    fuzz_require(plain_is_token(name), "a field's name is \"%.*s\"", (int) count, name.bytes);
    if (plain_is_word(name, "content-length")) {
        set_once(&head->has_length, "Content-Length");
        head->length = read_number(value, 10);
    } else if (plain_is_word(name, "transfer-encoding")) {
        set_once(&head->is_chunked, "Transfer-Encoding");
        fuzz_require(plain_is_word(value, "chunked"), "another coding");
    } else if (plain_is_word(name, "connection")) {
        fuzz_require(!head->closes && !head->keeps_alive, "Connection twice");
        head->closes = plain_is_word(value, "close");
        head->keeps_alive = plain_is_word(value, "keep-alive");
        fuzz_require(head->closes || head->keeps_alive, "another connection option");
    } else if (plain_is_word(name, "date")) {
        set_once(&head->has_date, "Date");
        fuzz_require(plain_is_word(value, "sun, 06 nov 1994 08:49:37 gmt"), "another date");
    } else if (plain_is_word(name, "content-type"))
        set_once(&head->has_type, "Content-Type");
    else if (plain_is_word(name, "x-number")) {
        set_once(&head->has_number, "X-Number");
        head->number = read_number(value, 10);
    }
}

bool answer_read_head(vn_span bytes, struct answer_head *head)
{
    vn_span line, rest = bytes;
    *head = (struct answer_head) {0};
    if (!take_line(&rest, &line))
        return false;
    head->status = read_status(line);
    for (;;) {
        if (!take_line(&rest, &line))
            return false;
        if (line.count == 0)
            break;
        read_field(head, line);
    }
    head->count = bytes.count - rest.count;
    fuzz_require(!head->has_length || !head->is_chunked, "framed twice");
    fuzz_require((head->status >= 200 && head->status != 204) ||
                     (!head->has_length && !head->is_chunked),
                 "%u with a body", head->status);
    return true;
}

size_t answer_read_chunk(vn_span bytes, vn_span *data)
{
    vn_span line, rest = bytes;
    *data = (vn_span) {bytes.bytes, 0};
    if (!take_line(&rest, &line))
        return 0;
    uint64_t size = read_number(line, 16);
    fuzz_require(line.bytes[0] != '0' || (size == 0 && line.count == 1), "zeros before a size");
    *data = (vn_span) {rest.bytes, size < rest.count ? (size_t) size : rest.count};
    rest = (vn_span) {rest.bytes + data->count, rest.count - data->count};
    if (data->count < size || !take_line(&rest, &line))
        return 0;
    fuzz_require(line.count == 0, "something after a chunk's data");
    return bytes.count - rest.count;
}
