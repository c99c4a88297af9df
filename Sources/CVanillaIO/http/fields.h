// SPDX-License-Identifier: MIT
/* fields.h - what the fields that frame a message mean: Host, Connection, Content-Length,
 * Transfer-Encoding, Expect. */
#ifndef VN_HTTP_FIELDS_H
#define VN_HTTP_FIELDS_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* Whether a token is `lower`, of the same size, case-insensitively. "|" maps no other token byte to
 * "-" or a letter. */
static inline bool vn_is_name(const uint8_t *name, const char *lower, size_t count)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < count; i++)
        difference |= (uint8_t) ((name[i] | 0x20) ^ lower[i]);
    return difference == 0;
}

/* A field whose name has the size and the initial of one that matters. */
int32_t vn_fields_note_candidate(vn_request *request, const vn_field *field);

/* Record in the request what a complete field line says. Returns 0 or -status. */
static inline int32_t vn_fields_note(vn_request *request, const vn_field *field)
{
    static const uint8_t initials[] = {
        [sizeof "host" - 1] = 'h',
        [sizeof "expect" - 1] = 'e',
        [sizeof "connection" - 1] = 'c',
        [sizeof "content-length" - 1] = 'c',
        [sizeof "transfer-encoding" - 1] = 't',
    };
    if (field->name_count >= sizeof initials ||
        (request->head[field->name_at] | 0x20) != initials[field->name_count])
        return 0;
    return vn_fields_note_candidate(request, field);
}

/* What can only be said when all field lines are known. Returns 0 or -status. */
int32_t vn_fields_end(const vn_request *request);

#endif
