// SPDX-License-Identifier: MIT
/* vn_tls_client.h - a client's side of TLS for tests and local development: bytes in, bytes out,
 * and no descriptor. It trusts whatever certificate it sees, unless it is given one to trust. */
#ifndef VN_TLS_CLIENT_H
#define VN_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vn_tls_client vn_tls_client;

typedef struct vn_tls_client_options {
    const char *server_name; /* NULL: none is asked for */
    const char *protocols; /* of ALPN, separated by commas; NULL: none are offered */
    uint16_t version_max; /* VN_TLS_1_2 ...; 0: the highest */
} vn_tls_client_options;

/* NULL when memory ran out. */
vn_tls_client *vn_tls_client_open(const vn_tls_client_options *options);
void vn_tls_client_close(vn_tls_client *client);

/* Bytes that came from the server. */
void vn_tls_client_feed(vn_tls_client *client, const void *bytes, size_t count);

/* Bytes for the server that wait: up to `most` of them; returns how many. */
size_t vn_tls_client_take(vn_tls_client *client, void *bytes, size_t most);

/* Plain bytes of the server: up to `most`; 0 where there are none for now. */
size_t vn_tls_client_read(vn_tls_client *client, void *bytes, size_t most);

/* Plain bytes for the server. Before the handshake is over they wait. */
void vn_tls_client_write(vn_tls_client *client, const void *bytes, size_t count);

/* Go on with other keys (KeyUpdate, RFC 8446, section 4.6.3); `asks`: the server is to do so, too.
 * Not before the handshake is over, and nothing in TLS 1.2. */
void vn_tls_client_renew_keys(vn_tls_client *client, bool asks);

/* Nothing more is written: close_notify. */
void vn_tls_client_finish(vn_tls_client *client);

bool vn_tls_client_is_open(const vn_tls_client *client); /* the handshake is over */
bool vn_tls_client_is_over(const vn_tls_client *client); /* the server's close_notify came */
bool vn_tls_client_has_failed(const vn_tls_client *client); /* an alert, or no TLS at all */

/* Make a certificate for these names, separated by commas, and its key, both in PEM and terminated;
 * the caller frees them. It is signed by itself, and valid for a year from a day before. Returns
 * false on failure. */
bool vn_tls_make_certificate(const char *names, char **chain, char **key);

#endif
