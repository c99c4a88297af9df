// SPDX-License-Identifier: MIT
/* bio.c - where OpenSSL reads and writes: in the ring's buffer, and on the wire. */
#include "transport.h"

static int bio_read(BIO *bio, char *bytes, size_t most, size_t *count)
{
    struct vn_tls_connection *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *count = vn_smaller(most, tls->in_count);
    if (*count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(bytes, tls->in, *count);
    tls->in += *count;
    tls->in_count -= *count;
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *count)
{
    struct vn_tls_connection *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!vn_tls_wire_put(&tls->wire, &tls->shard->blocks, bytes, size))
        return 0;
    *count = size;
    return 1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void) bio, (void) number, (void) pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vanilla");
    if (method == NULL)
        return;
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
}

SSL *vn_tls_ssl_make(struct vn_tls_connection *tls, SSL_CTX *context)
{
    pthread_once(&once, make_method);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    SSL *ssl = bio == NULL ? NULL : SSL_new(context);
    if (ssl == NULL) {
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}
