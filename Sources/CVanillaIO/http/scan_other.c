// SPDX-License-Identifier: MIT
/* scan_other.c - processors without a scanner of their own take the portable one. */
#if !defined(__x86_64__) && !defined(__aarch64__)

#include "scan.h"

int32_t vn_scan_head(vn_request *request, const uint8_t *bytes, size_t count,
                     const struct vn_scan_limits *limits)
{
    return vn_scan_head_portable(request, bytes, count, limits);
}

int32_t vn_scan_trailers(vn_request *request, const uint8_t *bytes, size_t count,
                         const struct vn_scan_limits *limits)
{
    return vn_scan_trailers_portable(request, bytes, count, limits);
}

size_t vn_scan_control(const uint8_t *bytes, size_t from, size_t count)
{
    return vn_scan_control_portable(bytes, from, count);
}

size_t vn_scan_token(const uint8_t *bytes, size_t from, size_t count)
{
    return vn_scan_token_portable(bytes, from, count);
}

size_t vn_scan_target(const uint8_t *bytes, size_t from, size_t count, uint8_t also)
{
    return vn_scan_target_portable(bytes, from, count, also);
}

#endif
