// SPDX-License-Identifier: MIT
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "include/CVanillaTLS.h"

struct vn_tls_client {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
    uint8_t *waiting; /* plain bytes until the handshake is over */
    size_t waiting_count;
    bool has_finished;
    bool is_over;
    bool has_failed;
};

static bool set_protocols(SSL *ssl, const char *protocols)
{
    unsigned char wire[256];
    size_t count = 0;
    while (*protocols != '\0') {
        size_t size = strcspn(protocols, ",");
        if (size == 0 || size > 255 || count + 1 + size > sizeof wire)
            return false;
        wire[count++] = (unsigned char) size;
        memcpy(wire + count, protocols, size);
        count += size;
        protocols += size + (protocols[size] == ',');
    }
    return SSL_set_alpn_protos(ssl, wire, (unsigned int) count) == 0;
}

static bool set_up(vn_tls_client *client, const vn_tls_client_options *options)
{
    client->context = SSL_CTX_new(TLS_client_method());
    client->ssl = client->context == NULL ? NULL : SSL_new(client->context);
    client->in = BIO_new(BIO_s_mem());
    client->out = BIO_new(BIO_s_mem());
    if (client->ssl == NULL || client->in == NULL || client->out == NULL) {
        BIO_free(client->in);
        BIO_free(client->out);
        return false;
    }
    BIO_set_mem_eof_return(client->in, -1);
    SSL_set_bio(client->ssl, client->in, client->out);
    SSL_set_connect_state(client->ssl);
    if (options->version_max != 0 &&
        SSL_set_max_proto_version(client->ssl, options->version_max) != 1)
        return false;
    if (options->server_name != NULL &&
        SSL_set_tlsext_host_name(client->ssl, options->server_name) != 1)
        return false;
    return options->protocols == NULL || set_protocols(client->ssl, options->protocols);
}

/* Whether it goes on. */
static bool check(vn_tls_client *client, int result)
{
    int error = SSL_get_error(client->ssl, result);
    client->is_over = client->is_over || error == SSL_ERROR_ZERO_RETURN;
    client->has_failed = client->has_failed || error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
    ERR_clear_error();
    return !client->is_over && !client->has_failed;
}

/* Go on with the handshake, and when it is over with what waited for that. */
static void go_on(vn_tls_client *client)
{
    if (client->has_failed || SSL_is_init_finished(client->ssl))
        return;
    int result = SSL_do_handshake(client->ssl);
    if (result != 1) {
        check(client, result);
        return;
    }
    uint8_t *waiting = client->waiting;
    size_t count = client->waiting_count;
    client->waiting = NULL;
    client->waiting_count = 0;
    if (count > 0)
        vn_tls_client_write(client, waiting, count);
    free(waiting);
    if (client->has_finished)
        SSL_shutdown(client->ssl);
}

vn_tls_client *vn_tls_client_open(const vn_tls_client_options *options)
{
    vn_tls_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    if (!set_up(client, options)) {
        vn_tls_client_close(client);
        return NULL;
    }
    go_on(client);
    return client;
}

void vn_tls_client_close(vn_tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    free(client->waiting);
    free(client);
}

void vn_tls_client_feed(vn_tls_client *client, const void *bytes, size_t count)
{
    BIO_write(client->in, bytes, (int) count);
    go_on(client);
}

size_t vn_tls_client_take(vn_tls_client *client, void *bytes, size_t most)
{
    int count = BIO_read(client->out, bytes, (int) most);
    return count > 0 ? (size_t) count : 0;
}

size_t vn_tls_client_read(vn_tls_client *client, void *bytes, size_t most)
{
    size_t count;
    if (client->has_failed || client->is_over || !SSL_is_init_finished(client->ssl))
        return 0;
    int result = SSL_read_ex(client->ssl, bytes, most, &count);
    if (result == 1)
        return count;
    check(client, result);
    return 0;
}

void vn_tls_client_write(vn_tls_client *client, const void *bytes, size_t count)
{
    size_t written;
    if (client->has_failed || count == 0)
        return;
    if (SSL_is_init_finished(client->ssl)) {
        if (SSL_write_ex(client->ssl, bytes, count, &written) != 1)
            check(client, 0);
        return;
    }
    uint8_t *grown = realloc(client->waiting, client->waiting_count + count);
    if (grown == NULL) {
        client->has_failed = true;
        return;
    }
    memcpy(grown + client->waiting_count, bytes, count);
    client->waiting = grown;
    client->waiting_count += count;
}

void vn_tls_client_renew_keys(vn_tls_client *client, bool asks)
{
    if (client->has_failed || client->has_finished || !SSL_is_init_finished(client->ssl))
        return;
    if (SSL_key_update(client->ssl, asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED))
        SSL_do_handshake(client->ssl);
    ERR_clear_error();
}

void vn_tls_client_finish(vn_tls_client *client)
{
    bool is_first = !client->has_finished;
    client->has_finished = true;
    if (is_first && !client->has_failed && SSL_is_init_finished(client->ssl))
        SSL_shutdown(client->ssl);
    ERR_clear_error();
}

bool vn_tls_client_is_open(const vn_tls_client *client)
{
    return SSL_is_init_finished(client->ssl) == 1;
}

bool vn_tls_client_is_over(const vn_tls_client *client)
{
    return client->is_over;
}

bool vn_tls_client_has_failed(const vn_tls_client *client)
{
    return client->has_failed;
}
