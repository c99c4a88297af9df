// SPDX-License-Identifier: MIT
#include "body.h"

#include "classes.h"
#include "digits.h"

/* vn_body.state: what the next byte belongs to. */
enum {
    STATE_CHUNK_LINE, /* zeroed is the start of a chunked body */
    STATE_DATA,
    STATE_DATA_END, /* the CRLF after a chunk's data */
    STATE_TRAILERS,
};

/* vn_body.part in a chunk line: what has been seen of
 *     chunk-size *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CRLF
 * (RFC 9112, section 7.1.1). */
enum {
    PART_START,
    PART_SIZE,
    PART_GAP, /* white space that only ";" may follow */
    PART_NAME_START,
    PART_NAME,
    PART_NAME_GAP,
    PART_VALUE_START,
    PART_VALUE,
    PART_QUOTED,
    PART_ESCAPE,
    PART_QUOTED_END,
    PART_LINE_END,
};

/* vn_body.part after a chunk's data, and in the trailers. */
enum { PART_CR, PART_LF };
enum { PART_LINE, PART_FIELD_NAME, PART_FIELD_VALUE, PART_FIELD_END, PART_LAST };

int32_t vn_body_begin(struct vn_body *body, const vn_request *request,
                      const struct vn_body_limits *limits)
{
    *body = (struct vn_body) {0};
    if ((request->facts & VN_IS_CHUNKED) != 0) {
        body->is_chunked = true;
        return 0;
    }
    if (request->content_length > limits->size)
        return -413;
    body->state = STATE_DATA;
    body->left = request->content_length;
    body->is_complete = body->left == 0;
    return 0;
}

/* The line is at its end: data of the size read follows, or the trailers. */
static int32_t begin_chunk(struct vn_body *body, const struct vn_body_limits *limits)
{
    body->line = 0;
    body->part = 0;
    if (body->left > limits->size - body->received)
        return -413;
    body->state = body->left != 0 ? STATE_DATA : STATE_TRAILERS;
    return 0;
}

/* What may follow a size, an extension's name or its value. */
static int32_t end_of_element(uint8_t byte)
{
    if (byte == '\r')
        return PART_LINE_END;
    if (byte == ';')
        return PART_NAME_START;
    return vn_is_blank(byte) ? PART_GAP : -400;
}

/* The part of an extension that `byte` leads to, or -400. */
static int32_t next_extension_part(uint8_t part, uint8_t byte)
{
    bool is_blank = vn_is_blank(byte);
    bool is_token = vn_is_token_byte(byte);
    switch (part) {
    case PART_GAP:
        return is_blank ? PART_GAP : byte == ';' ? PART_NAME_START : -400;
    case PART_NAME_START:
        return is_blank ? PART_NAME_START : is_token ? PART_NAME : -400;
    case PART_NAME:
        if (is_token)
            return PART_NAME;
        return byte == '=' ? PART_VALUE_START : is_blank ? PART_NAME_GAP : end_of_element(byte);
    case PART_NAME_GAP:
        if (is_blank)
            return PART_NAME_GAP;
        return byte == '=' ? PART_VALUE_START : byte == ';' ? PART_NAME_START : -400;
    case PART_VALUE_START:
        return is_blank      ? PART_VALUE_START
               : byte == '"' ? PART_QUOTED
               : is_token    ? PART_VALUE
                             : -400;
    case PART_VALUE:
        return is_token ? PART_VALUE : end_of_element(byte);
    case PART_QUOTED:
        if (vn_is_control_byte(byte))
            return -400;
        return byte == '"' ? PART_QUOTED_END : byte == '\\' ? PART_ESCAPE : PART_QUOTED;
    case PART_ESCAPE:
        return vn_is_control_byte(byte) ? -400 : PART_QUOTED;
    default: /* PART_QUOTED_END */
        return end_of_element(byte);
    }
}

/* One more digit of a chunk's size, or what follows the digits. Returns the next part or -400. */
static int32_t take_size_byte(struct vn_body *body, uint8_t byte)
{
    int32_t digit = vn_parse_hex_digit(byte);
    if (digit < 0)
        return body->part == PART_SIZE ? end_of_element(byte) : -400;
    if (body->left > (uint64_t) INT64_MAX >> 4)
        return -400;
    body->left = body->left << 4 | (uint64_t) digit;
    return PART_SIZE;
}

static int32_t take_chunk_line_byte(struct vn_body *body, uint8_t byte,
                                    const struct vn_body_limits *limits)
{
    if (body->line == limits->chunk_line)
        return -400;
    body->line++;
    if (body->part == PART_LINE_END)
        return byte == '\n' ? begin_chunk(body, limits) : -400;
    int32_t part = body->part <= PART_SIZE ? take_size_byte(body, byte)
                                           : next_extension_part(body->part, byte);
    if (part < 0)
        return part;
    body->part = (uint8_t) part;
    return 0;
}

/* How many bytes at the start go on with the name, value or quoted string that an extension is in:
 * nothing but their number is of interest. */
static size_t skip_extension(struct vn_body *body, const uint8_t *bytes, size_t count,
                             const struct vn_body_limits *limits)
{
    size_t at = 0, most = vn_smaller(count, limits->chunk_line - body->line);
    if (body->part == PART_NAME || body->part == PART_VALUE)
        while (at < most && vn_is_token_byte(bytes[at]))
            at++;
    else if (body->part == PART_QUOTED)
        while (at < most && !vn_is_control_byte(bytes[at]) && bytes[at] != '"' && bytes[at] != '\\')
            at++;
    body->line += (uint32_t) at;
    return at;
}

static int32_t take_data_end_byte(struct vn_body *body, uint8_t byte)
{
    if (byte != (body->part == PART_CR ? '\r' : '\n'))
        return -400;
    if (body->part == PART_LF)
        body->state = STATE_CHUNK_LINE;
    body->part = body->part == PART_CR ? PART_LF : PART_START;
    return 0;
}

/* The part of a trailer line that `byte` leads to, or -400. */
static int32_t next_trailer_part(uint8_t part, uint8_t byte)
{
    switch (part) {
    case PART_LINE:
        return byte == '\r' ? PART_LAST : vn_is_token_byte(byte) ? PART_FIELD_NAME : -400;
    case PART_FIELD_NAME:
        return vn_is_token_byte(byte) ? PART_FIELD_NAME : byte == ':' ? PART_FIELD_VALUE : -400;
    case PART_FIELD_VALUE:
        if (byte == '\r')
            return PART_FIELD_END;
        return vn_is_control_byte(byte) ? -400 : PART_FIELD_VALUE;
    default: /* PART_FIELD_END, PART_LAST */
        return byte == '\n' ? PART_LINE : -400;
    }
}

/* `left` counts the bytes of this line and `line` those of all, CRLFs included except the last. */
static int32_t take_trailer_byte(struct vn_body *body, uint8_t byte,
                                 const struct vn_body_limits *limits)
{
    int32_t part = next_trailer_part(body->part, byte);
    if (part < 0)
        return part;
    if (body->part == PART_LAST)
        body->is_complete = true;
    else if (part != PART_LAST && body->line++ == limits->trailers)
        return -431;
    if (part == PART_LINE)
        body->left = 0;
    else if ((part == PART_FIELD_NAME || part == PART_FIELD_VALUE) && body->left++ == limits->field)
        return -431;
    body->part = (uint8_t) part;
    return 0;
}

static int32_t take_frame_byte(struct vn_body *body, uint8_t byte,
                               const struct vn_body_limits *limits)
{
    switch (body->state) {
    case STATE_CHUNK_LINE:
        return take_chunk_line_byte(body, byte, limits);
    case STATE_DATA_END:
        return take_data_end_byte(body, byte);
    default: /* STATE_TRAILERS */
        return take_trailer_byte(body, byte, limits);
    }
}

/* As much data as there is. Returns its size. */
static size_t take_data(struct vn_body *body, size_t count)
{
    size_t size = body->left < count ? (size_t) body->left : count;
    body->left -= size;
    body->received += size;
    if (body->left == 0) {
        body->is_complete = !body->is_chunked;
        body->state = STATE_DATA_END;
    }
    return size;
}

int64_t vn_body_feed(struct vn_body *body, const uint8_t *bytes, size_t count,
                     const struct vn_body_limits *limits, vn_span *piece)
{
    *piece = (vn_span) {bytes, 0};
    size_t used = 0;
    while (used < count && !body->is_complete) {
        if (body->state == STATE_DATA) {
            *piece = (vn_span) {bytes + used, take_data(body, count - used)};
            used += piece->count;
            break;
        }
        if (body->state == STATE_CHUNK_LINE && body->part >= PART_NAME)
            used += skip_extension(body, bytes + used, count - used, limits);
        if (used == count)
            break;
        int32_t refusal = take_frame_byte(body, bytes[used++], limits);
        if (refusal < 0)
            return refusal;
    }
    return (int64_t) used;
}
