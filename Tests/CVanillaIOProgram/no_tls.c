// SPDX-License-Identifier: MIT
/* no_tls.c - the TLS of the checks where there is no OpenSSL, as for another system: nothing is
 * checked over it there (OVER_MORE in checks.c), and so nobody calls these. */
#ifdef VN_CHECKS_WITHOUT_TLS

#include <stdlib.h>

#include "../CVanillaIOChecks/tls_listener.h"
#include "vn_tls_client.h"

vn_tls *tls_listener(void)
{
    abort();
}

bool tls_listener_is_open(const struct vn_connection *connection)
{
    (void) connection;
    abort();
}

const struct vn_transport *vn_tls_transport(const vn_tls *tls)
{
    (void) tls;
    abort();
}

vn_tls_client *vn_tls_client_open(const vn_tls_client_options *options)
{
    (void) options;
    abort();
}

void vn_tls_client_close(vn_tls_client *client)
{
    (void) client;
}

void vn_tls_client_feed(vn_tls_client *client, const void *bytes, size_t count)
{
    (void) client, (void) bytes, (void) count;
    abort();
}

size_t vn_tls_client_take(vn_tls_client *client, void *bytes, size_t most)
{
    (void) client, (void) bytes, (void) most;
    abort();
}

size_t vn_tls_client_read(vn_tls_client *client, void *bytes, size_t most)
{
    (void) client, (void) bytes, (void) most;
    abort();
}

void vn_tls_client_write(vn_tls_client *client, const void *bytes, size_t count)
{
    (void) client, (void) bytes, (void) count;
    abort();
}

void vn_tls_client_finish(vn_tls_client *client)
{
    (void) client;
    abort();
}

bool vn_tls_client_is_open(const vn_tls_client *client)
{
    (void) client;
    abort();
}

bool vn_tls_client_has_failed(const vn_tls_client *client)
{
    (void) client;
    abort();
}

#endif
