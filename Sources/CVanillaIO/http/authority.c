// SPDX-License-Identifier: MIT
#include "authority.h"

#include "classes.h"
#include "digits.h"

/* The bytes of `text` from `from` on that are hexadecimal digits. */
static size_t count_hex_digits(vn_span text, size_t from)
{
    size_t at = from;
    while (at < text.count && vn_parse_hex_digit(text.bytes[at]) >= 0)
        at++;
    return at - from;
}

/* IPv4address: four decimal octets without leading zeros. */
static bool is_ipv4(vn_span text)
{
    size_t at = 0;
    for (size_t octet = 0; octet < 4; octet++) {
        if (octet > 0 && (at == text.count || text.bytes[at++] != '.'))
            return false;
        size_t start = at;
        uint32_t value = 0;
        while (at < text.count && at - start < 3 && vn_is_digit(text.bytes[at]))
            value = value * 10 + text.bytes[at++] - '0';
        if (at == start || value > 255 || (at - start > 1 && text.bytes[start] == '0'))
            return false;
    }
    return at == text.count;
}

/* IPv6address: eight groups, the last two perhaps an IPv4 address; "::" once, for at least one
 * group. */
static bool is_ipv6(vn_span text)
{
    size_t groups = 0;
    bool is_compressed = text.count >= 2 && text.bytes[0] == ':' && text.bytes[1] == ':';
    size_t at = is_compressed ? 2 : 0;
    while (at < text.count) {
        size_t digits = count_hex_digits(text, at);
        if (at + digits < text.count && text.bytes[at + digits] == '.') {
            if (!is_ipv4((vn_span) {text.bytes + at, text.count - at}))
                return false;
            groups += 2;
            break;
        }
        if (digits == 0 || digits > 4)
            return false;
        groups++;
        at += digits;
        if (at == text.count)
            break;
        if (text.bytes[at++] != ':' || at == text.count)
            return false;
        if (text.bytes[at] == ':') {
            if (is_compressed)
                return false;
            is_compressed = true;
            at++;
        }
    }
    return is_compressed ? groups < 8 : groups == 8;
}

/* IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ). */
static bool is_ipv_future(vn_span text)
{
    if (text.count == 0 || (text.bytes[0] | 0x20) != 'v')
        return false;
    size_t at = 1 + count_hex_digits(text, 1);
    if (at == 1 || at == text.count || text.bytes[at++] != '.' || at == text.count)
        return false;
    while (at < text.count && (vn_is_name_byte(text.bytes[at]) || text.bytes[at] == ':'))
        at++;
    return at == text.count;
}

/* The size of the IP-literal, brackets included, that `text` begins with; 0 when it is
 * malformed. */
static size_t measure_literal(vn_span text)
{
    size_t end = 1;
    while (end < text.count && text.bytes[end] != ']')
        end++;
    if (end == text.count)
        return 0;
    vn_span inside = {text.bytes + 1, end - 1};
    return is_ipv6(inside) || is_ipv_future(inside) ? end + 1 : 0;
}

/* The size of the reg-name that `text` begins with. An IPv4 address is one too. */
static size_t measure_name(vn_span text)
{
    size_t at = 0;
    for (;;) {
        while (at < text.count && vn_is_name_byte(text.bytes[at]))
            at++;
        if (at == text.count || text.bytes[at] != '%' || count_hex_digits(text, at + 1) < 2)
            return at;
        at += 3;
    }
}

/* Find the port's digits after the host. False when the text is not an authority. */
static bool find_port(vn_span text, vn_span *port)
{
    bool is_literal = text.count > 0 && text.bytes[0] == '[';
    size_t at = is_literal ? measure_literal(text) : measure_name(text);
    if (at == 0 || (at < text.count && text.bytes[at++] != ':'))
        return false;
    *port = (vn_span) {text.bytes + at, text.count - at};
    while (at < text.count && vn_is_digit(text.bytes[at]))
        at++;
    return at == text.count;
}

bool vn_is_authority(vn_span text)
{
    vn_span port;
    return find_port(text, &port);
}

bool vn_is_authority_with_port(vn_span text)
{
    vn_span port;
    if (!find_port(text, &port))
        return false;
    int64_t number = vn_parse_decimal(port.bytes, port.count);
    return number >= 1 && number <= UINT16_MAX;
}
