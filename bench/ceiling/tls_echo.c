// SPDX-License-Identifier: MIT
/* tls_echo.c - a bare server over epoll and OpenSSL that parses nothing: each end of a head is
 * answered, all answers to what one read brought in one record. What it costs is what TLS, the
 * system calls and the loop cost, and no server does with less.
 *
 *   tls_echo PORT CERTIFICATE KEY
 *
 * One thread, TLS 1.3 and 1.2, AES-128-GCM first. It prints "listening" and serves until it is
 * ended. */
#include "common.h"

#include <openssl/ssl.h>
#include <sys/epoll.h>

enum { EVENTS = 256, READ_SIZE = 16384 };

struct connection {
    SSL *ssl;
    int fd;
    int is_open;
    uint8_t matched; /* of the end of a head */
};

static SSL_CTX *context;

static SSL_CTX *make_context(const char *certificate, const char *key)
{
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
    SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    SSL_CTX_set1_groups_list(made, "X25519:P-256");
    SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    /* One read(2) takes what there is; without this there are two of them for each record. */
    SSL_CTX_set_read_ahead(made, 1);
    if (SSL_CTX_use_certificate_chain_file(made, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) != 1)
        return NULL;
    return made;
}

static void end(struct connection *connection)
{
    SSL_free(connection->ssl);
    close(connection->fd);
    free(connection);
}

static void accept_all(int listener, int epoll)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection->fd = fd;
        connection->ssl = SSL_new(context);
        SSL_set_fd(connection->ssl, fd);
        SSL_set_accept_state(connection->ssl);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Returns false when it has ended. */
static int serve(struct connection *connection)
{
    static char bytes[READ_SIZE];
    if (!connection->is_open) {
        int result = SSL_do_handshake(connection->ssl);
        if (result != 1)
            return SSL_get_error(connection->ssl, result) == SSL_ERROR_WANT_READ;
        connection->is_open = 1;
    }
    for (;;) {
        int count = SSL_read(connection->ssl, bytes, sizeof bytes);
        if (count <= 0)
            return SSL_get_error(connection->ssl, count) == SSL_ERROR_WANT_READ;
        unsigned ends = count_ends(bytes, (unsigned) count, &connection->matched);
        if (ends > 0 && SSL_write(connection->ssl, resp, (int) (ends * RLEN)) <= 0)
            return 0;
        if (!SSL_has_pending(connection->ssl))
            return 1;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || (context = make_context(argv[2], argv[3])) == NULL)
        return 64;
    raise_nofile();
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < MAXK; i++)
        memcpy(resp + i * RLEN, RESP, RLEN);
    int listener = listen_on(atoi(argv[1]), 1), epoll = epoll_create1(0);
    if (listener < 0)
        return 1;
    struct epoll_event events[EVENTS], of_listener = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &of_listener);
    printf("listening\n");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr == NULL)
                accept_all(listener, epoll);
            else if (!serve(events[i].data.ptr))
                end(events[i].data.ptr);
    }
}
