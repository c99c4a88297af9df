// SPDX-License-Identifier: MIT
#include "preference.h"

#include "classes.h"

vn_span vn_trimmed(vn_span text)
{
    while (text.count > 0 && vn_is_blank(text.bytes[0]))
        text = (vn_span) {text.bytes + 1, text.count - 1};
    while (text.count > 0 && vn_is_blank(text.bytes[text.count - 1]))
        text.count--;
    return text;
}

vn_span vn_take_until(vn_span *text, uint8_t end)
{
    bool is_quoted = false;
    size_t at = 0;
    for (; at < text->count && (is_quoted || text->bytes[at] != end); at++) {
        if (text->bytes[at] == '\\' && is_quoted && at + 1 < text->count)
            at++;
        else if (text->bytes[at] == '"')
            is_quoted = !is_quoted;
    }
    vn_span taken = {text->bytes, at};
    size_t used = at < text->count ? at + 1 : at;
    *text = (vn_span) {text->bytes + used, text->count - used};
    return vn_trimmed(taken);
}

/* RFC 9110, section 12.4.2. What is no weight counts as none given. */
static int32_t read_quality(vn_span value)
{
    int32_t quality = 0, unit = VN_QUALITY_MAX;
    for (size_t i = 0; i < value.count; i++) {
        if (i == 1 && value.bytes[i] == '.')
            continue;
        if (!vn_is_digit(value.bytes[i]))
            return VN_QUALITY_MAX;
        if (unit == 0)
            continue; /* a digit too many: a refusal stays one */
        quality += (value.bytes[i] - '0') * unit;
        unit /= 10;
    }
    return value.count == 0 || quality > VN_QUALITY_MAX ? VN_QUALITY_MAX : quality;
}

int32_t vn_find_quality(vn_span parameters)
{
    while (parameters.count > 0) {
        vn_span parameter = vn_take_until(&parameters, ';');
        if (parameter.count >= 2 && (parameter.bytes[0] | 0x20) == 'q' && parameter.bytes[1] == '=')
            return read_quality((vn_span) {parameter.bytes + 2, parameter.count - 2});
    }
    return VN_QUALITY_MAX;
}
