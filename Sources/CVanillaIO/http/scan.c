// SPDX-License-Identifier: MIT
#include "scan.h"

void vn_scan_begin(vn_request *request)
{
    void *connection = request->connection;
    memset(request, 0, offsetof(vn_request, fields));
    request->connection = connection;
}

bool vn_is_token(vn_span text)
{
    return text.count > 0 && vn_scan_token(text.bytes, 0, text.count) == text.count;
}

bool vn_is_field_value(vn_span text)
{
    return vn_scan_control(text.bytes, 0, text.count) == text.count;
}
