// SPDX-License-Identifier: MIT
/* tls.h - what the files of this target share: the TLS of a listener, what of it each worker has,
 * and one connection. */
#ifndef VN_TLS_TLS_H
#define VN_TLS_TLS_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "include/CVanillaTLS.h"
#include "serve/connection.h"
#include "tickets.h"
#include "watched.h"
#include "wire.h"

enum { VN_TLS_RECORD_MAX = SSL3_RT_MAX_PLAIN_LENGTH };

struct vn_tls_identity;

/* What a worker has of a listener. Its thread's own, except that others read the counters. */
struct vn_tls_shard {
    struct vn_tls_shard *next;
    struct vn_tls *tls;
    struct vn_worker *worker;
    struct vn_tls_blocks blocks;
    struct vn_link handshakes; /* connections, the oldest first */
    uint32_t handshake_count;
    struct vn_link queue; /* those of them that have something to compute */
    vn_task task; /* which does it, at the end of a turn */
    vn_timer timer; /* of the oldest handshake's deadline */
    vn_timer watch; /* of the next look at files, on one worker */
    uint32_t looks;
    vn_stop_hook stop_hook;
    vn_tls_statistics counted;
    uint8_t plain[VN_TLS_RECORD_MAX]; /* of the record that is read */
    uint8_t gathered[VN_TLS_RECORD_MAX]; /* for a record that is made of several pieces */
};

struct vn_tls {
    struct vn_transport table; /* first: what vn_listener.transport points to */
    vn_tls_config config; /* `certificates` is its own copy */
    struct vn_tls_tickets tickets;
    unsigned char protocols[64]; /* as on the wire */
    uint32_t protocols_count;

    pthread_mutex_t reload_lock; /* for what is loaded again, once at a time, and for: */
    struct vn_tls_watched watched;

    pthread_mutex_t lock; /* for all below */
    struct vn_tls_shard *watcher; /* that looks at files; NULL: none yet */
    struct vn_tls_identity *identity;
    struct vn_tls_shard *shards;
};

struct vn_tls_connection {
    struct vn_transport table; /* first: what vn_connection.transport points to */
    struct vn_connection *connection;
    struct vn_tls_shard *shard;
    SSL *ssl; /* NULL: nothing has come yet */
    struct vn_tls_wire wire;
    const struct msghdr *waiting; /* the connection's, until what is on its way is sent */
    size_t owed; /* bytes of it that are on the wire, of which the connection is told when sent */

    const uint8_t *in; /* bytes of the wire that OpenSSL has not read; lent for the call */
    size_t in_count;
    bool is_open; /* the handshake is over */
    bool is_over; /* the client's close_notify came, or the end of the input */
    bool has_failed;
    bool has_shut; /* close_notify was written */
    bool is_sending; /* the ring has the wire's message */
    uint8_t small_left; /* records that are to be small */
    uint32_t words; /* messages of the client's after the handshake: KeyUpdate */
    uint64_t plain_received;
    uint64_t taken; /* plain bytes of which the connection was told */
    uint64_t sent_at; /* milliseconds: when something was last sent */

    /* Of the handshake: */
    struct vn_tls_identity *identity;
    struct vn_link handshake; /* in shard->handshakes */
    struct vn_link queued; /* in shard->queue */
    bool has_answered; /* the client's hello */
    uint64_t began; /* milliseconds */
    uint8_t *kept; /* bytes that wait for their turn */
    size_t kept_count;
};

static inline struct vn_tls_connection *vn_tls_of(const struct vn_connection *connection)
{
    return vn_holder((uintptr_t) connection->transport, struct vn_tls_connection, table);
}

/* Whose OpenSSL's object is. Not by its application data, which takes a hundred bytes more. */
static inline struct vn_tls_connection *vn_tls_of_ssl(const SSL *ssl)
{
    return BIO_get_data(SSL_get_rbio(ssl));
}

/* Each counter has one writer. */
static inline void vn_tls_count(uint64_t *counter)
{
    vn_count_more(counter, 1);
}

/* That of the worker, made on demand. NULL when memory ran out. */
struct vn_tls_shard *vn_tls_shard_of(struct vn_tls *tls, struct vn_worker *worker);
void vn_tls_shards_free(struct vn_tls *tls);

#endif
