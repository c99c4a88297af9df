// SPDX-License-Identifier: MIT
#include "entity_tag.h"

#include "classes.h"

/* etagc: RFC 9110, section 8.8.3. */
static inline bool is_tag_byte(uint8_t byte)
{
    return byte > 0x20 && byte != '"' && byte != 0x7f;
}

/* Without a way out on the way, so that the compiler takes many bytes at once. */
static bool is_opaque(vn_span text)
{
    bool is_opaque = true;
    for (size_t i = 0; i < text.count; i++)
        is_opaque &= is_tag_byte(text.bytes[i]);
    return is_opaque;
}

static vn_span skip(vn_span text, size_t count)
{
    return (vn_span) {text.bytes + count, text.count - count};
}

/* Read the entity tag that a text begins with. Returns its size, or 0 where there is none. */
static size_t read_quoted(vn_span text, vn_entity_tag *tag)
{
    bool is_weak = text.count >= 2 && text.bytes[0] == 'W' && text.bytes[1] == '/';
    size_t from = is_weak ? 3 : 1;
    if (text.count <= from || text.bytes[from - 1] != '"')
        return 0;
    const uint8_t *quote = memchr(text.bytes + from, '"', text.count - from);
    if (quote == NULL)
        return 0;
    vn_span opaque = {text.bytes + from, (size_t) (quote - text.bytes) - from};
    if (!is_opaque(opaque))
        return 0;
    *tag = (vn_entity_tag) {opaque, is_weak};
    return from + opaque.count + 1;
}

/* The same without the quotes. */
static size_t read_bare(vn_span text, vn_entity_tag *tag)
{
    size_t at = 0;
    while (at < text.count && vn_is_token_byte(text.bytes[at]))
        at++;
    if (at == 1 && text.bytes[0] == '*')
        return 0;
    *tag = (vn_entity_tag) {{text.bytes, at}, false};
    return at;
}

bool vn_entity_tag_parse(vn_span text, vn_entity_tag *tag)
{
    vn_entity_tag read;
    if (text.count == 0 || read_quoted(text, &read) != text.count)
        return false;
    *tag = read;
    return true;
}

/* A member ends with the list, or with a comma after white space. */
static bool is_member_end(vn_span text)
{
    size_t at = 0;
    while (at < text.count && vn_is_blank(text.bytes[at]))
        at++;
    return at == text.count || text.bytes[at] == ',';
}

/* Linear, because each byte is passed a few times at most: a quoted text is searched up to the next
 * quote and no other begins before that, the white space after it once, and what was malformed for
 * its first comma. */
bool vn_entity_tag_take(vn_span *list, vn_entity_tag *tag)
{
    vn_span rest = *list;
    while (rest.count > 0) {
        if (vn_is_blank(rest.bytes[0]) || rest.bytes[0] == ',') {
            rest = skip(rest, 1);
            continue;
        }
        vn_entity_tag read;
        size_t count = read_quoted(rest, &read);
        if (count == 0)
            count = read_bare(rest, &read);
        if (count > 0 && is_member_end(skip(rest, count))) {
            *tag = read;
            *list = skip(rest, count);
            return true;
        }
        const uint8_t *comma = memchr(rest.bytes, ',', rest.count);
        rest = skip(rest, comma == NULL ? rest.count : (size_t) (comma - rest.bytes) + 1);
    }
    *list = rest;
    return false;
}

bool vn_entity_tag_is_valid(const vn_entity_tag *tag)
{
    return is_opaque(tag->opaque);
}
