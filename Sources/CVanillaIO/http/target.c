// SPDX-License-Identifier: MIT
#include "target.h"

#include "authority.h"
#include "scan.h"

/* The size of the scheme and the "://" after it, or 0. Only what this server can be the origin
 * of. */
static uint32_t measure_scheme(vn_span target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        vn_span scheme = vn_span_of(schemes[i]);
        if (target.count >= scheme.count &&
            vn_equals_ignoring_case((vn_span) {target.bytes, scheme.count}, scheme))
            return (uint32_t) scheme.count;
    }
    return 0;
}

/* authority-form: CONNECT host:port. There is no path. */
static int32_t split_authority_form(vn_request *request)
{
    if (!vn_is_authority_with_port(vn_request_target(request)))
        return -400;
    request->authority = request->target;
    request->path.count = 0;
    return 0;
}

/* absolute-form: the path begins after the authority, and may be empty. */
static int32_t split_absolute_form(vn_request *request)
{
    uint32_t scheme = measure_scheme(vn_request_target(request));
    if (scheme == 0)
        return -400;
    uint32_t path_end = request->path.at + request->path.count;
    uint32_t start = request->path.at + scheme;
    uint32_t end = start;
    while (end < path_end && request->head[end] != '/')
        end++;
    request->authority = (vn_range) {start, end - start};
    request->path = (vn_range) {end, path_end - end};
    return vn_is_authority(vn_request_span(request, request->authority)) ? 0 : -400;
}

int32_t vn_target_split_other(vn_request *request)
{
    if (request->method_id == VN_METHOD_CONNECT)
        return split_authority_form(request);
    if (request->target.count == 1 && request->head[request->target.at] == '*')
        return request->method_id == VN_METHOD_OPTIONS ? 0 : -400;
    return split_absolute_form(request);
}
