// SPDX-License-Identifier: MIT
/* scan_portable.c - the scanner byte at a time: the specification of the others. */
#include "classes.h"
#include "scan.h"

static inline size_t search_control(const uint8_t *bytes, size_t from, size_t count)
{
    while (from < count && !vn_is_control_byte(bytes[from]))
        from++;
    return from;
}

static inline size_t search_token(const uint8_t *bytes, size_t from, size_t count)
{
    while (from < count && vn_is_token_byte(bytes[from]))
        from++;
    return from;
}

static inline size_t search_target(const uint8_t *bytes, size_t from, size_t count, uint8_t also)
{
    while (from < count && bytes[from] > 0x20 && bytes[from] < 0x7f && bytes[from] != '#' &&
           bytes[from] != also)
        from++;
    return from;
}

#include "scan_grammar.c.h"

int32_t vn_scan_head_portable(vn_request *request, const uint8_t *bytes, size_t count,
                              const struct vn_scan_limits *limits)
{
    return scan_head(request, bytes, count, limits);
}

int32_t vn_scan_trailers_portable(vn_request *request, const uint8_t *bytes, size_t count,
                                  const struct vn_scan_limits *limits)
{
    return scan_trailers(request, bytes, count, limits);
}

size_t vn_scan_control_portable(const uint8_t *bytes, size_t from, size_t count)
{
    return search_control(bytes, from, count);
}

size_t vn_scan_token_portable(const uint8_t *bytes, size_t from, size_t count)
{
    return search_token(bytes, from, count);
}

size_t vn_scan_target_portable(const uint8_t *bytes, size_t from, size_t count, uint8_t also)
{
    return search_target(bytes, from, count, also);
}
