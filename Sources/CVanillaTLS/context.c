// SPDX-License-Identifier: MIT
/* context.c - the TLS of a listener: its rules for OpenSSL, and its life. */
#include <openssl/err.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "identity.h"
#include "kernel.h"
#include "pair.h"
#include "reload.h"
#include "tls.h"
#include "transport.h"

/* ---- Rules ---- */

/* Forward secrecy and AEAD alone, those with hardware first; a client that prefers ChaCha20, for
 * want of it, gets that: SSL_OP_PRIORITIZE_CHACHA. */
static const char ciphers_1_2[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_1_3[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/* No SHA-1, and no SHA-224. */
static const char signatures[] =
    "ECDSA+SHA256:ed25519:RSA-PSS+SHA256:rsa_pss_pss_sha256:ECDSA+SHA384:RSA-PSS+SHA384:"
    "rsa_pss_pss_sha384:ECDSA+SHA512:ed448:RSA-PSS+SHA512:rsa_pss_pss_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/* The first that the library has all of: hybrid groups came with OpenSSL 3.5. */
static const char *const groups[] = {"X25519MLKEM768:X25519:P-256", "X25519:P-256"};

static const uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;

static bool set_groups(SSL_CTX *context)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (SSL_CTX_set1_groups_list(context, groups[i]) == 1) {
            ERR_clear_error();
            return true;
        }
    return false;
}

/* ---- What OpenSSL asks ---- */

static vn_tls *tls_of(SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* The first of the server's protocols that the client offers. One that offers only others is told
 * so, and not served in a protocol that it does not expect (RFC 7301, section 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *count,
                           const unsigned char *offered, unsigned int offered_count, void *context)
{
    const vn_tls *tls = context;
    (void) ssl;
    for (uint32_t at = 0; at < tls->protocols_count; at += 1 + tls->protocols[at])
        for (unsigned int i = 0; i < offered_count; i += 1u + offered[i])
            if (offered[i] == tls->protocols[at] &&
                memcmp(offered + i + 1, tls->protocols + at + 1, offered[i]) == 0) {
                *chosen = offered + i + 1;
                *count = offered[i];
                return SSL_TLSEXT_ERR_OK;
            }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The name in the server_name extension; NULL where there is none. */
static const uint8_t *asked_name(SSL *ssl, size_t *count)
{
    const unsigned char *bytes;
    size_t size;
    enum { BEFORE = 5 }; /* the list's size, the type, the name's size */
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1 ||
        size <= BEFORE || bytes[2] != TLSEXT_NAMETYPE_host_name)
        return NULL;
    *count = (size_t) bytes[3] << 8 | bytes[4];
    return *count > size - BEFORE ? NULL : bytes + BEFORE;
}

/* Before anything else is decided: whose certificates are used. */
static int choose_identity(SSL *ssl, int *alert, void *context)
{
    const struct vn_tls_connection *connection = vn_tls_of_ssl(ssl);
    size_t count;
    const uint8_t *name = asked_name(ssl, &count);
    (void) alert, (void) context;
    if (name != NULL && connection->identity != NULL)
        SSL_set_SSL_CTX(ssl, vn_tls_identity_find(connection->identity, name, count));
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* It was chosen above; here it is only said to have been heard. */
static int acknowledge_name(SSL *ssl, int *alert, void *context)
{
    (void) ssl, (void) alert, (void) context;
    return SSL_TLSEXT_ERR_OK;
}

static int use_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int makes)
{
    return vn_tls_tickets_use(&tls_of(ssl)->tickets, name, iv, cipher, mac, makes);
}

/* OpenSSL does not look at a client's certificate again when its session is resumed. Where it is
 * not good any more - revoked, expired, its authority gone - the ticket does not count, and a full
 * handshake says so. The same where others that led to it are not known here: they are in no
 * ticket. */
static bool is_still_good(SSL *ssl, const SSL_SESSION *session)
{
    X509 *shown = SSL_SESSION_get0_peer((SSL_SESSION *) (uintptr_t) session);
    if (shown == NULL)
        return true;
    X509_STORE_CTX *look = X509_STORE_CTX_new();
    X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    bool is_good = look != NULL && X509_STORE_CTX_init(look, store, shown, NULL) == 1 &&
                   X509_STORE_CTX_set_default(look, "ssl_client") == 1 &&
                   X509_verify_cert(look) == 1;
    X509_STORE_CTX_free(look);
    ERR_clear_error();
    return is_good;
}

static SSL_TICKET_RETURN take_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t count, SSL_TICKET_STATUS status, void *context)
{
    (void) name, (void) count, (void) context;
    bool is_known = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!is_known || !is_still_good(ssl, session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static int show_staple(SSL *ssl, void *context)
{
    const struct vn_tls_connection *connection = vn_tls_of_ssl(ssl);
    (void) context;
    return connection->identity != NULL && vn_tls_identity_show_staple(connection->identity, ssl)
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

/* ---- Setting up ---- */

static bool set_up_sessions(const vn_tls *tls, SSL_CTX *context)
{
    static const unsigned char name[] = "vanilla";
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (tls->config.ticket_lifetime == 0) {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        return SSL_CTX_set_num_tickets(context, 0) == 1;
    }
    SSL_CTX_set_timeout(context, (long) tls->config.ticket_lifetime);
    return SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_ticket) == 1 &&
           SSL_CTX_set_session_ticket_cb(context, NULL, take_ticket, NULL) == 1;
}

/* Whose certificates of clients are taken. All of a chain are looked up in the lists. */
static bool set_up_clients(const vn_tls *tls, SSL_CTX *context)
{
    const vn_tls_config *config = &tls->config;
    if (config->client == VN_TLS_CLIENT_NONE)
        return true;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(config->client_ca_file);
    if (names == NULL || SSL_CTX_load_verify_file(context, config->client_ca_file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    int mode = SSL_VERIFY_PEER;
    if (config->client == VN_TLS_CLIENT_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, NULL);
    if (config->client_crl_file == NULL)
        return true;
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    return lookup != NULL &&
           X509_load_crl_file(lookup, config->client_crl_file, X509_FILETYPE_PEM) > 0;
}

bool vn_tls_set_up(void *setup_context, SSL_CTX *context)
{
    vn_tls *tls = setup_context;
    SSL_CTX_set_app_data(context, tls);
    SSL_CTX_set_options(context, options);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_quiet_shutdown(context, 0);
    SSL_CTX_set_read_ahead(context, 0);
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_client_hello_cb(context, choose_identity, NULL);
    SSL_CTX_set_tlsext_servername_callback(context, acknowledge_name);
    SSL_CTX_set_info_callback(context, vn_tls_note_state);
    SSL_CTX_set_tlsext_status_cb(context, show_staple);
    if (tls->protocols_count > 0)
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, tls);
    return SSL_CTX_set_min_proto_version(context, tls->config.version_min) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers_1_2) == 1 &&
           SSL_CTX_set_ciphersuites(context, ciphers_1_3) == 1 &&
           SSL_CTX_set1_sigalgs_list(context, signatures) == 1 && set_groups(context) &&
           set_up_sessions(tls, context) && set_up_clients(tls, context);
}

/* ---- Life ---- */

/* As they are on the wire. */
static int32_t write_protocols(vn_tls *tls, vn_tls_error *error)
{
    static const unsigned char http2[] = {2, 'h', '2'};
    if (tls->config.offers_http2) {
        memcpy(tls->protocols, http2, sizeof http2);
        tls->protocols_count = sizeof http2;
    }
    for (uint32_t i = 0; i < tls->config.protocol_count; i++) {
        const char *protocol = tls->config.protocols[i];
        size_t count = strlen(protocol);
        if (count == 0 || tls->protocols_count + 1 + count > sizeof tls->protocols)
            return vn_tls_error_fill(error, "the protocol \"%s\" cannot be one of ALPN", protocol);
        tls->protocols[tls->protocols_count++] = (unsigned char) count;
        memcpy(tls->protocols + tls->protocols_count, protocol, count);
        tls->protocols_count += (uint32_t) count;
    }
    return 0;
}

/* OpenSSL gives the kernel its keys on sockets of its own alone (SSL_OP_ENABLE_KTLS), and here the
 * ring sends. */
static void say_about_kernel(const vn_tls *tls)
{
    char message[160];
    if (!tls->config.probes_kernel || tls->config.log == NULL)
        return;
    int32_t result = vn_tls_kernel_probe();
    if (result == 0)
        snprintf(message, sizeof message, "TLS: kernel TLS is not used, though this kernel has it");
    else
        snprintf(message, sizeof message, "TLS: kernel TLS is not used, and unavailable here: %s",
                 strerror(-result));
    tls->config.log(tls->config.log_context, VN_LOG_INFO, message);
}

vn_tls *vn_tls_open(vn_tls_config *config, vn_tls_error *error)
{
    if (vn_tls_config_check(config, error) < 0)
        return NULL;
    vn_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        vn_tls_error_fill(error, "out of memory");
        return NULL;
    }
    tls->table = vn_tls_table;
    pthread_mutex_init(&tls->lock, NULL);
    pthread_mutex_init(&tls->reload_lock, NULL);
    tls->config = *config;
    config->certificates = NULL;
    config->certificate_count = 0;
    config->client_ca_file = config->client_crl_file = config->ticket_key_file = NULL;
    tls->table.strict = tls->config.strict[0] == '\0' ? NULL : tls->config.strict;
    int32_t made = vn_tls_tickets_init(&tls->tickets, tls->config.ticket_lifetime);
    if (made < 0)
        vn_tls_error_fill(error, "tickets cannot be encrypted");
    if (made == 0 && write_protocols(tls, error) == 0 &&
        vn_tls_tickets_load(&tls->tickets, tls->config.ticket_key_file, error) == 0)
        tls->identity = vn_tls_identity_load(&tls->config, vn_tls_set_up, tls, error);
    if (tls->identity == NULL) {
        vn_tls_close(tls);
        return NULL;
    }
    vn_tls_reload_begin(tls);
    say_about_kernel(tls);
    return tls;
}

void vn_tls_close(vn_tls *tls)
{
    vn_tls_identity_release(tls->identity);
    vn_tls_shards_free(tls);
    vn_tls_tickets_deinit(&tls->tickets);
    vn_tls_config_free(&tls->config);
    pthread_mutex_destroy(&tls->lock);
    pthread_mutex_destroy(&tls->reload_lock);
    free(tls);
}

const struct vn_transport *vn_tls_transport(const vn_tls *tls)
{
    return &tls->table;
}
