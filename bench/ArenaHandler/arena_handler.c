// SPDX-License-Identifier: MIT
#include "arena_handler.h"

static void send_status(vn_response *response, uint16_t status)
{
    vn_response_set_status(response, status);
    vn_response_send(response, (vn_span) {0}, (vn_span) {0});
}

void arena_handle(void *context, const vn_request *request, vn_response *response)
{
    (void) context;
    vn_span path = vn_request_path(request);
    if (path.count != 1 || path.bytes[0] != '/') {
        send_status(response, 404);
        return;
    }
    if (request->method_id != VN_METHOD_GET && request->method_id != VN_METHOD_HEAD) {
        vn_response_add_field(response, vn_span_of("Allow"), vn_span_of("GET, HEAD"));
        send_status(response, 405);
        return;
    }
    vn_response_send(response, vn_span_of("text/plain"), vn_span_of("Hello, World!"));
}
