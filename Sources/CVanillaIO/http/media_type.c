// SPDX-License-Identifier: MIT
#include "media_type.h"

#include "preference.h"
#include "scan.h"

bool vn_media_type_matches(vn_span value, vn_span pattern)
{
    vn_span type = vn_take_until(&value, ';');
    if (pattern.count == 0 || type.count < pattern.count)
        return false;
    if (pattern.bytes[0] == '+')
        type.bytes += type.count - pattern.count;
    else if (pattern.bytes[pattern.count - 1] != '/' && type.count > pattern.count)
        return false;
    return vn_equals_ignoring_case((vn_span) {type.bytes, pattern.count}, pattern);
}
