// SPDX-License-Identifier: MIT
/* entity_tag.h - entity tags as they are sent, and lists of them (RFC 9110, sections 8.8.3, 13.1.1
 * and 13.1.2). Pure, in linear time, without memory of its own. */
#ifndef VN_HTTP_ENTITY_TAG_H
#define VN_HTTP_ENTITY_TAG_H

#include "../base/base.h"
#include "../include/vn_conditional.h"

/* Take the next tag off the value of an If-Match or If-None-Match line. Returns false at its end.
 *
 * White space and empty members are skipped. A member without quotes that is a token (RFC 9110,
 * section 5.6.2) other than "*" is read as the strong tag of these bytes: people write it so, and
 * it cannot be mistaken for anything else. Any other member is malformed and skipped: it ends at
 * its first comma, so it hides no other. A comma between quotes belongs to its tag. */
bool vn_entity_tag_take(vn_span *list, vn_entity_tag *tag);

/* Whether a tag can be sent: no byte of it ends or breaks the quotes. */
bool vn_entity_tag_is_valid(const vn_entity_tag *tag);

/* RFC 9110, section 8.8.3.2: weak comparison looks at the bytes alone, strong comparison fails as
 * soon as one of them is weak. */
static inline bool vn_entity_tags_match_weakly(const vn_entity_tag *a, const vn_entity_tag *b)
{
    return a->opaque.count == b->opaque.count &&
           (a->opaque.count == 0 || memcmp(a->opaque.bytes, b->opaque.bytes, a->opaque.count) == 0);
}

static inline bool vn_entity_tags_match_strongly(const vn_entity_tag *a, const vn_entity_tag *b)
{
    return !a->is_weak && !b->is_weak && vn_entity_tags_match_weakly(a, b);
}

#endif
