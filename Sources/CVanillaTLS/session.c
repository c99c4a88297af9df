// SPDX-License-Identifier: MIT
/* session.c - what a connection has agreed on, for handlers. */
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "transport.h"

static const struct vn_tls_connection *open_connection(const void *request)
{
    struct vn_connection *connection = ((const vn_request *) request)->connection;
    /* Elsewhere it may be gone, or another one's. */
    if (connection == NULL || vn_worker_current() != connection->worker ||
        connection->transport->received != vn_tls_table.received)
        return NULL;
    const struct vn_tls_connection *tls = vn_tls_of(connection);
    return tls->is_open ? tls : NULL;
}

/* NULL where a session of TLS 1.2 was resumed without it. */
static const char *group_of(SSL *ssl)
{
    int group = (int) SSL_get_negotiated_group(ssl);
    return group == NID_undef ? NULL : SSL_group_to_name(ssl, group);
}

bool vn_tls_session_of(const void *request, vn_tls_session *session)
{
    const struct vn_tls_connection *tls = open_connection(request);
    if (tls == NULL)
        return false;
    const unsigned char *protocol;
    unsigned int count;
    SSL_get0_alpn_selected(tls->ssl, &protocol, &count);
    *session = (vn_tls_session) {
        .version = (uint16_t) SSL_version(tls->ssl),
        .is_resumed = SSL_session_reused(tls->ssl) == 1,
        .cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(tls->ssl)),
        .group = group_of(tls->ssl),
        .server_name = SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name),
        .protocol = (const char *) protocol,
        .protocol_count = count,
    };
    return true;
}

/* ---- The client's certificate ---- */

uint8_t *vn_tls_client_certificate(const void *request, size_t *count)
{
    const struct vn_tls_connection *tls = open_connection(request);
    X509 *shown = tls == NULL ? NULL : SSL_get0_peer_certificate(tls->ssl);
    int size = shown == NULL ? -1 : i2d_X509(shown, NULL);
    uint8_t *bytes = size <= 0 ? NULL : malloc((size_t) size), *at = bytes;
    if (bytes == NULL)
        return NULL;
    *count = (size_t) i2d_X509(shown, &at);
    return bytes;
}

/* What was written to memory, terminated, in memory of malloc; frees the source. */
static char *take_text(BIO *bio, bool is_written)
{
    char *bytes, *text = NULL;
    if (bio != NULL && is_written) {
        long count = BIO_get_mem_data(bio, &bytes);
        text = strndup(count > 0 ? bytes : "", count > 0 ? (size_t) count : 0);
    }
    BIO_free(bio);
    return text;
}

char *vn_tls_certificate_subject(const uint8_t *der, size_t count)
{
    X509 *certificate = d2i_X509(NULL, &der, (long) count);
    BIO *bio = certificate == NULL ? NULL : BIO_new(BIO_s_mem());
    bool is_written = bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                                                        XN_FLAG_RFC2253) >= 0;
    X509_free(certificate);
    return take_text(bio, is_written);
}

char *vn_tls_certificate_names(const uint8_t *der, size_t count)
{
    X509 *certificate = d2i_X509(NULL, &der, (long) count);
    BIO *bio = certificate == NULL ? NULL : BIO_new(BIO_s_mem());
    GENERAL_NAMES *names =
        bio == NULL ? NULL : X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
        BIO_puts(bio, "\n");
    }
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    return take_text(bio, true);
}

void vn_tls_certificate_fingerprint(const uint8_t *der, size_t count, uint8_t digest[32])
{
    SHA256(der, count, digest);
}
