// SPDX-License-Identifier: MIT
#include "plain.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_alpha(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hexdig(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
}

static bool is_one_of(uint8_t byte, const char *list)
{
    while (*list != '\0' && (uint8_t) *list != byte)
        list++;
    return *list != '\0';
}

bool plain_is_tchar(uint8_t byte)
{
    /* Any VCHAR, except delimiters. */
    switch (byte) {
    case '"':
    case '(':
    case ')':
    case ',':
    case '/':
    case ':':
    case ';':
    case '<':
    case '=':
    case '>':
    case '?':
    case '@':
    case '[':
    case '\\':
    case ']':
    case '{':
    case '}':
        return false;
    default:
        return byte > ' ' && byte < 0x7f;
    }
}

bool plain_is_token(vn_span text)
{
    for (size_t i = 0; i < text.count; i++)
        if (!plain_is_tchar(text.bytes[i]))
            return false;
    return text.count > 0;
}

bool plain_is_field_byte(uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte <= '~') || byte >= 0x80;
}

bool plain_is_word(vn_span text, const char *lower)
{
    for (size_t i = 0; i < text.count; i++) {
        uint8_t byte = text.bytes[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (uint8_t) (byte - 'A' + 'a');
        if (lower[i] == '\0' || byte != (uint8_t) lower[i])
            return false;
    }
    return lower[text.count] == '\0';
}

static bool is_white(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

vn_span plain_trim(vn_span text)
{
    size_t from = 0, to = text.count;
    while (from < to && is_white(text.bytes[from]))
        from++;
    while (to > from && is_white(text.bytes[to - 1]))
        to--;
    return (vn_span) {text.bytes + from, to - from};
}

bool plain_next_element(vn_span *list, bool *is_begun, vn_span *element)
{
    size_t from = 0;
    if (*is_begun) {
        if (list->count == 0)
            return false;
        from = 1; /* the comma after the last one */
    }
    size_t to = from;
    while (to < list->count && list->bytes[to] != ',')
        to++;
    *is_begun = true;
    *element = plain_trim((vn_span) {list->bytes + from, to - from});
    *list = (vn_span) {list->bytes + to, list->count - to};
    return true;
}

/* ---- Authorities ---- */

static bool is_unreserved_or_sub_delim(uint8_t byte)
{
    return is_alpha(byte) || is_digit(byte) || is_one_of(byte, "-._~!$&'()*+,;=");
}

static bool is_reg_name(vn_span host)
{
    for (size_t i = 0; i < host.count; i++) {
        if (host.bytes[i] == '%') {
            if (host.count - i < 3 || !is_hexdig(host.bytes[i + 1]) ||
                !is_hexdig(host.bytes[i + 2]))
                return false;
            i += 2;
        } else if (!is_unreserved_or_sub_delim(host.bytes[i]))
            return false;
    }
    return host.count > 0;
}

static bool is_ip_future(vn_span inside)
{
    size_t dot = 1;
    while (dot < inside.count && is_hexdig(inside.bytes[dot]))
        dot++;
    if (inside.count == 0 || (inside.bytes[0] != 'v' && inside.bytes[0] != 'V') || dot == 1 ||
        dot + 1 >= inside.count || inside.bytes[dot] != '.')
        return false;
    for (size_t i = dot + 1; i < inside.count; i++)
        if (!is_unreserved_or_sub_delim(inside.bytes[i]) && inside.bytes[i] != ':')
            return false;
    return true;
}

/* The C library's opinion. */
static bool is_ip_6(vn_span inside)
{
    char text[64] = "";
    struct in6_addr address;
    if (inside.count >= sizeof text || memchr(inside.bytes, 0, inside.count) != NULL)
        return false;
    memcpy(text, inside.bytes, inside.count);
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_port(vn_span port, bool is_needed)
{
    uint32_t number = 0;
    for (size_t i = 0; i < port.count; i++) {
        if (!is_digit(port.bytes[i]))
            return false;
        number = number * 10 + (uint32_t) (port.bytes[i] - '0');
        if (number > 65535)
            number = 65536; /* and stays above */
    }
    return !is_needed || (number > 0 && number < 65536);
}

bool plain_is_authority(vn_span text, bool has_port)
{
    size_t host = 0;
    bool is_host;
    if (text.count > 0 && text.bytes[0] == '[') {
        const uint8_t *bracket = memchr(text.bytes, ']', text.count);
        if (bracket == NULL)
            return false;
        host = (size_t) (bracket - text.bytes) + 1;
        vn_span inside = {text.bytes + 1, host - 2};
        is_host = is_ip_6(inside) || is_ip_future(inside);
    } else {
        while (host < text.count && text.bytes[host] != ':')
            host++;
        is_host = is_reg_name((vn_span) {text.bytes, host});
    }
    if (!is_host || host == text.count)
        return is_host && !has_port;
    return text.bytes[host] == ':' &&
           is_port((vn_span) {text.bytes + host + 1, text.count - host - 1}, has_port);
}

/* ---- Field sections ---- */

enum { SAW_UNKNOWN_CODING = 1 << 15 };

/* 1*DIGIT up to 2^63-1, or -1. */
static int64_t read_length(vn_span value)
{
    unsigned __int128 number = 0;
    for (size_t i = 0; i < value.count; i++) {
        if (!is_digit(value.bytes[i]))
            return -1;
        number = number * 10 + (uint64_t) (value.bytes[i] - '0');
        if (number > INT64_MAX)
            return -1;
    }
    return value.count > 0 ? (int64_t) number : -1;
}

static int32_t read_codings(struct plain_section *section, vn_span value)
{
    vn_span coding;
    bool is_begun = false;
    while (plain_next_element(&value, &is_begun, &coding)) {
        if (!plain_is_token(coding) || (section->facts & VN_IS_CHUNKED) != 0)
            return -400;
        section->facts |= plain_is_word(coding, "chunked") ? VN_IS_CHUNKED : SAW_UNKNOWN_CODING;
    }
    return 0;
}

static void read_options(struct plain_section *section, vn_span value)
{
    vn_span option;
    bool is_begun = false;
    while (plain_next_element(&value, &is_begun, &option))
        section->facts |= plain_is_word(option, "close")        ? VN_SAYS_CLOSE
                          : plain_is_word(option, "keep-alive") ? VN_SAYS_KEEP_ALIVE
                                                                : 0;
}

/* What one line of a head means. */
static int32_t read_field(struct plain_section *section, vn_span name, vn_span value, int32_t minor)
{
    uint16_t *facts = &section->facts;
    if (plain_is_word(name, "host")) {
        if ((*facts & VN_HAS_HOST) != 0 || !plain_is_authority(value, false))
            return -400;
        *facts |= VN_HAS_HOST;
    } else if (plain_is_word(name, "content-length")) {
        int64_t length = read_length(value);
        if (length < 0 || (*facts & (VN_HAS_LENGTH | VN_IS_CHUNKED | SAW_UNKNOWN_CODING)) != 0)
            return -400;
        *facts |= VN_HAS_LENGTH;
        section->length = (uint64_t) length;
    } else if (plain_is_word(name, "transfer-encoding")) {
        if (minor == 0 || (*facts & VN_HAS_LENGTH) != 0)
            return -400;
        return read_codings(section, value);
    } else if (plain_is_word(name, "connection"))
        read_options(section, value);
    else if (plain_is_word(name, "expect") && plain_is_word(value, "100-continue") && minor == 1)
        *facts |= VN_EXPECTS_CONTINUE;
    return 0;
}

static int32_t read_end(const struct plain_section *section, int32_t minor)
{
    if (minor == 1 && (section->facts & VN_HAS_HOST) == 0)
        return -400;
    return (section->facts & SAW_UNKNOWN_CODING) != 0 ? -501 : 0;
}

/* The section's lines one after the other, as long as this returns 0. `at` is where the next one
 * begins. */
static int32_t read_line(struct plain_section *section, vn_span bytes, size_t *at, int32_t minor,
                         const struct vn_scan_limits *limits)
{
    enum { MORE = INT32_MAX };
    const uint8_t *text = bytes.bytes;
    size_t count = bytes.count, start = *at;
    if (start == count)
        return MORE;
    if (text[start] == '\r') {
        if (start + 1 == count)
            return MORE;
        return text[start + 1] == '\n' ? (int32_t) start + 2 : -400;
    }
    if (section->field_count == limits->field_count)
        return -431;

    /* The line's CR may be here at the latest, because of its own limit or that of all lines. */
    size_t last = vn_smaller(start + limits->field, limits->fields < 2 ? 0 : limits->fields - 2);
    if (last < start)
        last = start;
    size_t colon = start;
    while (colon < count && colon < last && plain_is_tchar(text[colon]))
        colon++;
    if (colon == last)
        return -431;
    if (colon == count)
        return MORE;
    if (text[colon] != ':' || colon == start)
        return -400;
    size_t end = colon + 1;
    while (end < count && end < last && plain_is_field_byte(text[end]))
        end++;
    if (end == count)
        return MORE;
    if (text[end] != '\r')
        return end == last ? -431 : -400;
    if (end + 1 == count)
        return MORE;
    if (text[end + 1] != '\n')
        return -400;
    section->field_count++;
    *at = end + 2;
    vn_span name = {text + start, colon - start};
    vn_span value = plain_trim((vn_span) {text + colon + 1, end - colon - 1});
    return minor < 0 ? 0 : read_field(section, name, value, minor);
}

struct plain_section plain_read_section(vn_span bytes, int32_t minor,
                                        const struct vn_scan_limits *limits)
{
    struct plain_section section = {0};
    size_t at = 0;
    int32_t verdict;
    while ((verdict = read_line(&section, bytes, &at, minor, limits)) == 0) {
    }
    if (verdict > 0 && verdict != INT32_MAX && minor >= 0) {
        int32_t refusal = read_end(&section, minor);
        verdict = refusal < 0 ? refusal : verdict;
    }
    section.verdict = verdict == INT32_MAX ? 0 : verdict;
    return section;
}
