// SPDX-License-Identifier: MIT
/* session.c - what a connection has agreed on, for handlers. */
#include "transport.h"

bool vn_tls_session_of(const void *request, vn_tls_session *session)
{
    struct vn_connection *connection = ((const vn_request *) request)->connection;
    /* Elsewhere it may be gone, or another one's. */
    if (connection == NULL || vn_worker_current() != connection->worker ||
        connection->transport->received != vn_tls_table.received)
        return false;
    const struct vn_tls_connection *tls = vn_tls_of(connection);
    if (!tls->is_open)
        return false;
    const unsigned char *protocol;
    unsigned int count;
    SSL_get0_alpn_selected(tls->ssl, &protocol, &count);
    *session = (vn_tls_session) {
        .version = (uint16_t) SSL_version(tls->ssl),
        .is_resumed = SSL_session_reused(tls->ssl) == 1,
        .cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(tls->ssl)),
        .server_name = SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name),
        .protocol = (const char *) protocol,
        .protocol_count = count,
    };
    return true;
}
