// SPDX-License-Identifier: MIT
/* peer.c - the address that a request came from, and whose process its client was. */
#include "../system/socket.h"
#include "connection.h"

/* The connection's descriptor; -1 elsewhere, where it may be another connection's by now. */
static int32_t descriptor_of(const vn_request *request)
{
    const struct vn_connection *connection = request->connection;
    bool is_here = connection != NULL && vn_worker_current() == connection->worker;
    return is_here ? connection->entry.source.fd : -1;
}

size_t vn_request_peer(const vn_request *request, char *text, size_t capacity, uint16_t *port)
{
    int32_t fd = descriptor_of(request);
    if (fd >= 0)
        return vn_socket_peer(fd, text, capacity, port);
    *port = 0;
    return 0;
}

bool vn_request_peer_credentials(const vn_request *request, vn_peer_credentials *credentials)
{
    struct vn_credentials found;
    int32_t fd = descriptor_of(request);
    if (fd < 0 || !vn_socket_credentials(fd, &found))
        return false;
    *credentials = (vn_peer_credentials) {found.user, found.group, found.process};
    return true;
}
