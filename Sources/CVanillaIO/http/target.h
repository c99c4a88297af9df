// SPDX-License-Identifier: MIT
/* target.h - the four forms of a request's target (RFC 9112, section 3.2). */
#ifndef VN_HTTP_TARGET_H
#define VN_HTTP_TARGET_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* The forms that do not begin with "/", and CONNECT. */
int32_t vn_target_split_other(vn_request *request);

/* Find path, query and authority in the target, whose bytes are known to be 0x21 to 0x7e without
 * "#", and UTF-8 where that is taken. `query.at` is 0, or just after the first "?". Returns 0 or
 * -400. */
static inline int32_t vn_target_split(vn_request *request)
{
    uint32_t end = request->target.at + request->target.count;
    uint32_t path_end = request->query.at != 0 ? request->query.at - 1 : end;
    request->path = (vn_range) {request->target.at, path_end - request->target.at};
    if (request->query.at == 0)
        request->query.at = end;
    request->query.count = end - request->query.at;

    if (vn_likely(request->head[request->target.at] == '/' &&
                  request->method_id != VN_METHOD_CONNECT))
        return 0;
    return vn_target_split_other(request);
}

#endif
