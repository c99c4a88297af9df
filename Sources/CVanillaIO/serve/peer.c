// SPDX-License-Identifier: MIT
/* peer.c - where a request came from, how, and whose process its client was. */
#include "../system/socket.h"
#include "connection.h"

/* Elsewhere its slot may be another connection's by now. */
static const struct vn_connection *connection_here(const vn_request *request)
{
    const struct vn_connection *connection = request->connection;
    return connection != NULL && vn_worker_current() == connection->worker ? connection : NULL;
}

bool vn_request_is_secure(const vn_request *request)
{
    const struct vn_connection *connection = connection_here(request);
    return connection != NULL && connection->transport->is_secure;
}

size_t vn_request_peer(const vn_request *request, char *text, size_t capacity, uint16_t *port)
{
    const struct vn_connection *connection = connection_here(request);
    if (connection != NULL)
        return vn_socket_peer(connection->entry.source.fd, text, capacity, port);
    *port = 0;
    return 0;
}

bool vn_request_peer_credentials(const vn_request *request, vn_peer_credentials *credentials)
{
    const struct vn_connection *connection = connection_here(request);
    struct vn_credentials found;
    if (connection == NULL || !vn_socket_credentials(connection->entry.source.fd, &found))
        return false;
    *credentials = (vn_peer_credentials) {found.user, found.group, found.process};
    return true;
}
