// SPDX-License-Identifier: MIT
#include "redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../http/literal.h"
#include "connection.h"

static const vn_listener *listener_of(const vn_request *request)
{
    const struct vn_connection *connection = request->connection;
    return &connection->worker->config->listeners[connection->listener];
}

/* A connection without a descriptor came to no listener. */
bool vn_redirect_is_due(const vn_request *request)
{
    const struct vn_connection *connection = request->connection;
    return connection != NULL && connection->entry.source.fd >= 0 &&
           listener_of(request)->redirect_port != 0;
}

/* The authority without its port. It is well-formed, or empty. */
static vn_span host_of(const vn_request *request)
{
    vn_span host = vn_request_span(request, request->authority);
    const uint8_t *end = host.bytes[0] == '[' ? memchr(host.bytes, ']', host.count) : NULL;
    size_t from = end == NULL ? 0 : (size_t) (end - host.bytes);
    const uint8_t *colon = memchr(host.bytes + from, ':', host.count - from);
    if (colon != NULL)
        host.count = (size_t) (colon - host.bytes);
    return host;
}

static char *put(char *at, vn_span text)
{
    memcpy(at, text.bytes, text.count);
    return at + text.count;
}

/* What was taken beyond ASCII (takes_utf8_targets) has to be percent-encoded here. */
static char *put_encoded(char *at, vn_span text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.bytes[i] < 0x80)
            *at++ = (char) text.bytes[i];
        else
            at += sprintf(at, "%%%02X", text.bytes[i]);
    return at;
}

static char *put_location(char *at, const vn_request *request, vn_span host)
{
    enum { HTTPS_PORT = 443 };
    uint16_t port = listener_of(request)->redirect_port;
    at = put(put(at, VN_LITERAL("https://")), host);
    if (port != HTTPS_PORT)
        at += sprintf(at, ":%u", port);
    at = put_encoded(at, vn_request_path(request));
    vn_span query = vn_request_query(request);
    if (query.bytes > request->head && query.bytes[-1] == '?') /* it may be empty, too */
        at = put_encoded(put(at, VN_LITERAL("?")), query);
    return at;
}

void vn_redirect_send(vn_response *response, const vn_request *request)
{
    enum { ROOM = sizeof "https://:65535/?", ENCODED = 3 };
    vn_span authority = vn_request_span(request, request->authority);
    if (authority.count == 0) {
        vn_response_send_error(response, 400, VN_LITERAL("A redirect needs the name of a host."));
        return;
    }
    vn_span host = host_of(request);
    size_t most = ROOM + host.count + ENCODED * (size_t) request->target.count;
    char *location = malloc(most);
    if (location == NULL) {
        vn_response_send_error(response, 503, (vn_span) {0});
        return;
    }
    size_t count = (size_t) (put_location(location, request, host) - location);
    vn_span value = {(const uint8_t *) location, count};
    vn_response_set_status(response, 308);
    int32_t added = vn_response_add_field(response, VN_LITERAL("Location"), value);
    if (added == 0)
        vn_response_send(response, (vn_span) {0}, (vn_span) {0});
    else
        vn_response_send_error(response, 414, (vn_span) {0});
    free(location);
}
