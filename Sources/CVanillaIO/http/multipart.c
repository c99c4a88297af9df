// SPDX-License-Identifier: MIT
/* multipart.c - a machine that looks at each byte once. A delimiter begins with CR, and no other
 * byte of it is CR: where it breaks off, what was matched of it is data, and the next can begin
 * only at the byte that broke it. */
#include "../include/vn_multipart.h"

#include "../base/base.h"
#include "classes.h"
#include "literal.h"
#include "preference.h"
#include "scan.h"

enum state {
    IN_PREAMBLE,
    AFTER_DELIMITER, /* a hyphen, white space, or the end of its line */
    AFTER_HYPHEN,
    IN_PADDING, /* white space after a delimiter */
    AT_LINE_END, /* its LF follows */
    IN_HEAD,
    IN_DATA,
    AT_END,
    BROKEN,
};

/* ---- The boundary ---- */

/* bchars: RFC 2046, section 5.1.1. */
static bool is_boundary(vn_span text)
{
    const vn_span others = VN_LITERAL("'()+_,-./:=? ");
    if (text.count == 0 || text.count > VN_MULTIPART_BOUNDARY_MAX ||
        text.bytes[text.count - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.count; i++) {
        uint8_t byte = text.bytes[i];
        bool is_alphanumeric = vn_is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!is_alphanumeric && memchr(others.bytes, byte, others.count) == NULL)
            return false;
    }
    return true;
}

static vn_span without_quotes(vn_span value)
{
    bool is_quoted =
        value.count >= 2 && value.bytes[0] == '"' && value.bytes[value.count - 1] == '"';
    return is_quoted ? (vn_span) {value.bytes + 1, value.count - 2} : value;
}

/* Take the next parameter, "name=value". Returns false at the end. */
static bool take_parameter(vn_span *parameters, vn_span *name, vn_span *value)
{
    while (parameters->count > 0) {
        vn_span parameter = vn_take_until(parameters, ';');
        if (parameter.count == 0)
            continue;
        *name = vn_take_until(&parameter, '=');
        *value = vn_trimmed(parameter);
        return true;
    }
    return false;
}

bool vn_multipart_boundary(vn_span content_type, vn_span *boundary)
{
    vn_span name, value;
    bool is_found = false;
    if (!vn_equals_ignoring_case(vn_take_until(&content_type, ';'),
                                 VN_LITERAL("multipart/form-data")))
        return false;
    while (take_parameter(&content_type, &name, &value)) {
        if (!vn_equals_ignoring_case(name, VN_LITERAL("boundary")))
            continue;
        if (is_found)
            return false; /* one of them would have to be believed */
        is_found = true;
        *boundary = without_quotes(value);
    }
    return is_found && is_boundary(*boundary);
}

void vn_multipart_begin(vn_multipart *multipart, vn_span boundary)
{
    assert(boundary.count > 0 && boundary.count <= VN_MULTIPART_BOUNDARY_MAX);
    *multipart = (vn_multipart) {.delimiter = "\r\n--", .state = IN_PREAMBLE, .matched = 2};
    memcpy(multipart->delimiter + 4, boundary.bytes, boundary.count);
    multipart->delimiter_count = (uint8_t) (4 + boundary.count);
}

/* ---- Heads of parts ---- */

/* What browsers escape in names: the quote, CR and LF as percent-encoded; and what others do, a
 * backslash before a quote or a backslash. Decoded where it stands. */
static vn_span decode_name(uint8_t *bytes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = bytes[i];
        size_t left = count - i;
        if (byte == '\\' && left > 1 && (bytes[i + 1] == '"' || bytes[i + 1] == '\\'))
            byte = bytes[++i];
        else if (byte == '%' && left > 2 && bytes[i + 1] == '2' && bytes[i + 2] == '2')
            byte = '"', i += 2;
        else if (byte == '%' && left > 2 && bytes[i + 1] == '0' && (bytes[i + 2] | 0x20) == 'd')
            byte = '\r', i += 2;
        else if (byte == '%' && left > 2 && bytes[i + 1] == '0' && (bytes[i + 2] | 0x20) == 'a')
            byte = '\n', i += 2;
        bytes[kept++] = byte;
    }
    return (vn_span) {bytes, kept};
}

/* A value in the part's own head, which is decoded in place. */
static vn_span own_name(vn_multipart *multipart, vn_span value)
{
    vn_span text = without_quotes(value);
    return decode_name(multipart->head + (text.bytes - multipart->head), text.count);
}

/* Returns false where it is no form-data with a name. */
static bool read_disposition(vn_multipart *multipart, vn_span value)
{
    vn_span name, text;
    bool has_name = false;
    if (!vn_equals_ignoring_case(vn_take_until(&value, ';'), VN_LITERAL("form-data")))
        return false;
    while (take_parameter(&value, &name, &text)) {
        if (vn_equals_ignoring_case(name, VN_LITERAL("name"))) {
            if (has_name)
                return false;
            has_name = true;
            multipart->name = own_name(multipart, text);
        } else if (vn_equals_ignoring_case(name, VN_LITERAL("filename"))) {
            if (multipart->file_name.bytes != NULL)
                return false;
            multipart->file_name = own_name(multipart, text);
        }
    }
    return has_name;
}

/* A field line. Returns false for what is none. */
static bool read_line(vn_multipart *multipart, vn_span line, bool *is_named)
{
    vn_span name = {line.bytes, 0};
    while (name.count < line.count && line.bytes[name.count] != ':')
        name.count++;
    if (name.count == line.count || !vn_is_token(name))
        return false;
    vn_span value =
        vn_trimmed((vn_span) {line.bytes + name.count + 1, line.count - name.count - 1});
    if (!vn_is_field_value(value))
        return false;
    if (vn_equals_ignoring_case(name, VN_LITERAL("Content-Disposition"))) {
        if (*is_named || !read_disposition(multipart, value))
            return false;
        *is_named = true;
    } else if (vn_equals_ignoring_case(name, VN_LITERAL("Content-Type")))
        multipart->content_type = value;
    return true;
}

/* The head is complete, with its empty line. */
static int32_t read_head(vn_multipart *multipart)
{
    bool is_named = false;
    const uint8_t *at = multipart->head, *end = at + multipart->head_count - 2;
    while (at < end) {
        const uint8_t *line_end = memchr(at, '\r', (size_t) (end - at));
        if (line_end == NULL || line_end[1] != '\n' ||
            !read_line(multipart, (vn_span) {at, (size_t) (line_end - at)}, &is_named))
            return -400;
        at = line_end + 2;
    }
    multipart->state = IN_DATA;
    return is_named ? VN_MULTIPART_PART : -400;
}

static void begin_head(vn_multipart *multipart)
{
    multipart->state = IN_HEAD;
    multipart->head_count = 0;
    multipart->line_ends = 2; /* that of the delimiter: a part may have no field */
    multipart->name = multipart->file_name = multipart->content_type = (vn_span) {0};
}

/* One byte of a head. Returns PART when it was the last, MORE, or -status. */
static int32_t take_head(vn_multipart *multipart, uint8_t byte)
{
    if (multipart->head_count == VN_MULTIPART_HEAD_MAX)
        return -431;
    multipart->head[multipart->head_count++] = byte;
    if (byte == ("\r\n\r\n")[multipart->line_ends])
        multipart->line_ends++;
    else
        multipart->line_ends = byte == '\r';
    return multipart->line_ends == 4 ? read_head(multipart) : VN_MULTIPART_MORE;
}

/* ---- Bytes ---- */

/* What the preamble has is thrown away. */
static int32_t give(vn_multipart *multipart, vn_span bytes, vn_span *data)
{
    if (multipart->state == IN_DATA) {
        *data = bytes;
        return VN_MULTIPART_DATA;
    }
    multipart->preamble = (uint16_t) vn_smaller(multipart->preamble + bytes.count, UINT16_MAX);
    return multipart->preamble > VN_MULTIPART_PREAMBLE_MAX ? -400 : VN_MULTIPART_MORE;
}

static void drop(vn_span *input, size_t count)
{
    *input = (vn_span) {input->bytes + count, input->count - count};
}

/* Look for the delimiter. Returns MORE where nothing is to be told. */
static int32_t take_data(vn_multipart *multipart, vn_span *input, vn_span *data)
{
    if (multipart->matched == 0) {
        const uint8_t *found = memchr(input->bytes, '\r', input->count);
        size_t count = found == NULL ? input->count : (size_t) (found - input->bytes);
        vn_span bytes = {input->bytes, count};
        drop(input, count);
        multipart->matched = 0;
        if (count > 0)
            return give(multipart, bytes, data);
    }
    while (input->count > 0 && multipart->matched < multipart->delimiter_count &&
           *input->bytes == multipart->delimiter[multipart->matched]) {
        multipart->matched++;
        drop(input, 1);
    }
    if (multipart->matched == multipart->delimiter_count) {
        bool ends_part = multipart->state == IN_DATA;
        multipart->matched = 0;
        multipart->state = AFTER_DELIMITER;
        return ends_part ? VN_MULTIPART_PART_END : VN_MULTIPART_MORE;
    }
    if (input->count == 0)
        return VN_MULTIPART_MORE;
    vn_span bytes = {multipart->delimiter, multipart->matched};
    multipart->matched = 0;
    return bytes.count > 0 ? give(multipart, bytes, data) : VN_MULTIPART_MORE;
}

/* What follows a delimiter on its line. */
static int32_t take_after(vn_multipart *multipart, uint8_t byte)
{
    switch (multipart->state) {
    case AFTER_HYPHEN:
        multipart->state = AT_END;
        return byte == '-' ? VN_MULTIPART_END : -400;
    case AT_LINE_END:
        begin_head(multipart);
        return byte == '\n' ? VN_MULTIPART_MORE : -400;
    default:
        if (byte == '-' && multipart->state == AFTER_DELIMITER)
            multipart->state = AFTER_HYPHEN;
        else if (byte == '\r')
            multipart->state = AT_LINE_END;
        else if (vn_is_blank(byte))
            multipart->state = IN_PADDING;
        else
            return -400;
        return VN_MULTIPART_MORE;
    }
}

int32_t vn_multipart_next(vn_multipart *multipart, vn_span *input, vn_span *data)
{
    int32_t result = VN_MULTIPART_MORE;
    if (multipart->state == BROKEN)
        return -400;
    while (input->count > 0 && result == VN_MULTIPART_MORE) {
        if (multipart->state == AT_END) {
            drop(input, input->count);
            return VN_MULTIPART_END;
        }
        if (multipart->state == IN_DATA || multipart->state == IN_PREAMBLE) {
            result = take_data(multipart, input, data);
            continue;
        }
        uint8_t byte = *input->bytes;
        drop(input, 1);
        result =
            multipart->state == IN_HEAD ? take_head(multipart, byte) : take_after(multipart, byte);
    }
    if (result < 0)
        multipart->state = BROKEN;
    return result;
}
