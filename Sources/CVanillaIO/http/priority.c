// SPDX-License-Identifier: MIT
#include "priority.h"

#include "classes.h"
#include "digits.h"

static bool is_at(vn_span text, char byte)
{
    return text.count > 0 && text.bytes[0] == (uint8_t) byte;
}

static void skip(vn_span *text, size_t count)
{
    *text = (vn_span) {text->bytes + count, text->count - count};
}

static void skip_blanks(vn_span *text)
{
    while (text->count > 0 && vn_is_blank(text->bytes[0]))
        skip(text, 1);
}

static bool is_key_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || vn_is_digit(byte) || byte == '_' || byte == '-' ||
           byte == '.' || byte == '*';
}

/* A key of a dictionary. Empty: there is none. */
static vn_span take_key(vn_span *text)
{
    vn_span key = {text->bytes, 0};
    if (text->count > 0 && !vn_is_digit(text->bytes[0]))
        while (key.count < text->count && is_key_byte(text->bytes[key.count]))
            key.count++;
    skip(text, key.count);
    return key;
}

/* Up to what ends a member: of values that mean something here nothing else is in them. */
static vn_span take_value(vn_span *text)
{
    vn_span value = {text->bytes, 0};
    bool is_quoted = false;
    for (; value.count < text->count; value.count++) {
        uint8_t byte = text->bytes[value.count];
        if (byte == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && byte == ',')
            break;
    }
    skip(text, value.count);
    while (value.count > 0 && vn_is_blank(value.bytes[value.count - 1]))
        value.count--;
    return value;
}

/* The value without its parameters, which mean nothing. */
static vn_span bare(vn_span value)
{
    size_t count = 0;
    while (count < value.count && value.bytes[count] != ';')
        count++;
    return (vn_span) {value.bytes, count};
}

/* A value of another type is as good as none (RFC 9218, section 4). */
static void note(struct vn_priority *priority, uint8_t key, bool has_value, vn_span value)
{
    value = bare(value);
    if (key == 'u' && has_value && value.count == 1 && value.bytes[0] >= '0' &&
        value.bytes[0] < '0' + VN_URGENCIES)
        priority->urgency = (uint8_t) (value.bytes[0] - '0');
    else if (key == 'i' && !has_value)
        priority->is_incremental = true;
    else if (key == 'i' && value.count == 2 && value.bytes[0] == '?' &&
             (value.bytes[1] == '0' || value.bytes[1] == '1'))
        priority->is_incremental = value.bytes[1] == '1';
}

void vn_priority_read(struct vn_priority *priority, vn_span value)
{
    struct vn_priority read = *priority;
    skip_blanks(&value);
    while (value.count > 0) {
        vn_span key = take_key(&value);
        bool has_value = is_at(value, '=');
        if (key.count == 0)
            return;
        if (has_value)
            skip(&value, 1);
        vn_span member = take_value(&value);
        if (key.count == 1)
            note(&read, key.bytes[0], has_value, member);
        if (is_at(value, ',')) {
            skip(&value, 1);
            skip_blanks(&value);
            if (value.count == 0)
                return; /* a comma that nothing follows */
        }
    }
    *priority = read;
}
