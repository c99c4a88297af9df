// SPDX-License-Identifier: MIT
/* peer.c - the address that a request came from. */
#include "../system/socket.h"
#include "connection.h"

size_t vn_request_peer(const vn_request *request, char *text, size_t capacity, uint16_t *port)
{
    const struct vn_connection *connection = request->connection;
    /* Elsewhere the descriptor may be another connection's by now. */
    if (connection == NULL || vn_worker_current() != connection->worker) {
        *port = 0;
        return 0;
    }
    return vn_socket_peer(connection->entry.source.fd, text, capacity, port);
}
