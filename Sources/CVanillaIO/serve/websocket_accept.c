// SPDX-License-Identifier: MIT
/* websocket_accept.c - the answer to a request that opens a WebSocket (RFC 6455, section 4.2.2). */
#include <errno.h>
#include <stdlib.h>

#include "../http/scan.h"
#include "../http/websocket_handshake.h"
#include "response.h"
#include "websocket.h"
#include "websocket_send.h"

void vn_websocket_options_init(vn_websocket_options *options)
{
    *options = (vn_websocket_options) {
        .message = 1024 * 1024,
        .frame = UINT64_MAX,
        .frames = 131072,
        .control_frames = 1000,
        .unsent = 1024 * 1024,
        .ping_interval = 30000,
        .ping_timeout = 20000,
        .close_timeout = 2000,
        .shutdown_spread = 2000,
    };
}

uint16_t vn_request_check_websocket(const vn_request *request)
{
    return vn_websocket_check(request);
}

/* ---- Refusing ---- */

/* Connection is the core's own field: this line names the one before it. */
static int32_t add_upgrade(struct vn_response *response)
{
    const vn_span name = VN_LITERAL("Connection"), value = VN_LITERAL("Upgrade");
    int32_t result =
        vn_response_set_field(response, VN_LITERAL("Upgrade"), VN_LITERAL("websocket"));
    if (result == 0)
        result = vn_response_begin_line(response, name.count + value.count + 4);
    if (result == 0)
        vn_head_add(&response->head, name, value);
    return result;
}

int32_t vn_response_refuse_websocket(vn_response *response, uint16_t status)
{
    int32_t result = 0;
    if (status == 426)
        result =
            vn_response_set_field(response, VN_LITERAL("Sec-WebSocket-Version"), VN_LITERAL("13"));
    if (status == 426 && result == 0)
        result = add_upgrade(response);
    return result < 0 ? result : vn_response_send_error(response, status, (vn_span) {0});
}

/* ---- Accepting ---- */

static struct vn_websocket *make_socket(struct vn_worker *worker,
                                        const vn_websocket_options *options,
                                        const vn_websocket_calls *calls, void *context)
{
    struct vn_websocket *socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return NULL;
    socket->references = 1;
    socket->worker = worker;
    socket->options = *options;
    socket->options.protocol = (vn_span) {0}; /* it is said in the answer, and not kept */
    socket->calls = calls;
    vn_list_init(&socket->sources);
    socket->context = context;
    socket->collect.run = vn_websocket_collect;
    socket->collect.context = socket;
    return socket;
}

/* The first offer of an extension that is accepted (section 9.1). */
static int32_t agree(struct vn_response *response, const vn_request *request,
                     struct vn_websocket *socket)
{
    const vn_span name = VN_LITERAL("Sec-WebSocket-Extensions");
    const vn_message_codec *codec = socket->options.codec;
    uint8_t answer[VN_CODEC_ANSWER_MAX];
    struct vn_list_place place = {0};
    vn_span offer;
    uint64_t agreed;
    size_t count = 0;
    while (codec != NULL && count == 0 && vn_list_next(request, name, &place, &offer))
        count = codec->accept(socket->options.codec_settings, offer, answer, &agreed);
    if (count == 0)
        return 0;
    socket->codec_state = codec->make(agreed);
    if (socket->codec_state == NULL)
        return -ENOMEM;
    socket->codec = codec;
    socket->incoming.rules.may_compress = true;
    return vn_response_set_field(response, name, (vn_span) {answer, count});
}

static int32_t add_fields(struct vn_response *response, const vn_request *request,
                          const vn_websocket_options *options)
{
    uint8_t accept[VN_WEBSOCKET_ACCEPT_SIZE];
    vn_websocket_write_accept(request, accept);
    int32_t result = vn_response_set_field(response, VN_LITERAL("Sec-WebSocket-Accept"),
                                           (vn_span) {accept, sizeof accept});
    if (result == 0 && options->protocol.count > 0)
        result = vn_response_set_field(response, VN_LITERAL("Sec-WebSocket-Protocol"),
                                       options->protocol);
    return result < 0 ? result : add_upgrade(response);
}

int32_t vn_response_accept_websocket(vn_response *response, const vn_request *request,
                                     const vn_websocket_options *options,
                                     const vn_websocket_calls *calls, void *context,
                                     vn_websocket **made)
{
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    uint16_t status = vn_websocket_check(request);
    if (status != 0)
        return -status;
    if (response->exchange->protocol->upgrade == NULL)
        return -ENOTSUP;
    if (options->protocol.count > 0 && !vn_is_token(options->protocol))
        return -EINVAL;
    struct vn_worker *worker = response->worker;
    struct vn_websocket *socket = make_socket(worker, options, calls, context);
    if (socket == NULL)
        return -ENOMEM;
    int32_t result = agree(response, request, socket);
    if (result == 0)
        result = add_fields(response, request, options);
    socket->connection = request->connection;
    if (result == 0)
        result = vn_response_upgrade(response, &vn_protocol_websocket, socket);
    if (result < 0) {
        vn_websocket_release(socket);
        return result;
    }
    vn_count_more(&worker->counted.websockets, 1);
    vn_count_more(&worker->counted.websockets_open, 1);
    *made = socket;
    return 0;
}
