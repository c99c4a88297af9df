// SPDX-License-Identifier: MIT
#include "transport.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "handshake.h"
#include "identity.h"
#include "plain_http.h"
#include "reload.h"

enum {
    /* Messages after the handshake that a client may send: a few, and one more with so many bytes.
     * Each costs new keys. */
    WORDS_FREE = 16,
    BYTES_A_WORD = 64 * 1024,
    /* Bytes of its own that wait for a client that takes nothing. */
    WIRE_MAX = 256 * 1024,
};

/* ---- Failure ---- */

void vn_tls_fail(struct vn_tls_connection *tls)
{
    if (tls->has_failed)
        return;
    tls->has_failed = true;
    tls->waiting = NULL;
    tls->owed = 0;
    ERR_clear_error();
    if (!tls->is_open)
        vn_tls_count(&tls->shard->counted.failed);
    vn_tls_handshake_end(tls);
    vn_connection_fail(tls->connection);
}

void vn_tls_note_state(const SSL *ssl, int where, int value)
{
    struct vn_tls_connection *tls = vn_tls_of_ssl(ssl);
    (void) value;
    if (where == SSL_CB_ACCEPT_LOOP && tls->is_open)
        tls->words++;
}

static bool says_too_much(const struct vn_tls_connection *tls)
{
    return tls->words > WORDS_FREE + tls->plain_received / BYTES_A_WORD ||
           tls->wire.count > WIRE_MAX;
}

/* ---- Bytes in ---- */

static bool goes_on(const struct vn_tls_connection *tls)
{
    const struct vn_connection *connection = tls->connection;
    return !connection->is_cut && !connection->is_ending && !tls->is_over && !tls->has_failed;
}

/* The client's close_notify: nothing after it is read. */
static void take_end(struct vn_tls_connection *tls)
{
    struct vn_connection *connection = tls->connection;
    tls->is_over = true;
    vn_ring_pause(connection->worker->loop.ring, &connection->entry.source);
    vn_connection_input_ended(connection);
}

/* OpenSSL has no plain bytes. Returns whether it only waits for more. */
static bool waits_for_more(struct vn_tls_connection *tls, int result)
{
    int error = SSL_get_error(tls->ssl, result);
    if (vn_likely(error == SSL_ERROR_WANT_READ))
        return true;
    if (error == SSL_ERROR_ZERO_RETURN && tls->is_open)
        take_end(tls);
    else
        vn_tls_fail(tls);
    return false;
}

static bool do_handshake(struct vn_tls_connection *tls)
{
    struct vn_tls *listener = tls->shard->tls;
    if (tls->ssl == NULL) {
        pthread_mutex_lock(&listener->lock);
        tls->identity = vn_tls_identity_retain(listener->identity);
        pthread_mutex_unlock(&listener->lock);
        if ((tls->ssl = vn_tls_ssl_make(tls, tls->identity->fallback)) == NULL) {
            tls->connection->is_cut = true;
            return false;
        }
    }
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1) {
        waits_for_more(tls, result);
        return false;
    }
    tls->is_open = true;
    vn_tls_statistics *counted = &tls->shard->counted;
    vn_tls_count(SSL_session_reused(tls->ssl) ? &counted->resumed : &counted->full);
    vn_tls_handshake_end(tls);
    return true;
}

/* Records, as long as there are some. */
static void read_records(struct vn_tls_connection *tls)
{
    uint8_t *plain = tls->shard->plain;
    size_t count;
    while (goes_on(tls)) {
        int result = SSL_read_ex(tls->ssl, plain, VN_TLS_RECORD_MAX, &count);
        if (vn_unlikely(result != 1)) {
            waits_for_more(tls, result);
            break;
        }
        tls->plain_received += count;
        vn_connection_received(tls->connection, plain, count);
        if (tls->in_count == 0) /* a record was read to its end, and none after it */
            break;
    }
}

void vn_tls_read(struct vn_tls_connection *tls)
{
    struct vn_connection *connection = tls->connection;
    if (vn_likely(tls->is_open) || do_handshake(tls))
        read_records(tls);
    tls->in_count = 0;
    tls->in = NULL;
    if (vn_unlikely(says_too_much(tls)))
        connection->is_cut = true;
    /* What OpenSSL has to say leaves with the answer, where there is one. */
    bool leaves_with_answer = vn_connection_unsent(connection) > 0 && !connection->holds_output;
    if (tls->wire.count > 0 && !leaves_with_answer && !connection->is_cut &&
        !connection->is_ending && vn_tls_push(tls) < 0)
        connection->is_cut = true;
}

static void read_bytes(struct vn_tls_connection *tls, const uint8_t *bytes, size_t count)
{
    tls->in = bytes;
    tls->in_count = count;
    vn_tls_read(tls);
}

static void handshake_received(struct vn_tls_connection *tls, const uint8_t *bytes, size_t count)
{
    if (tls->ssl == NULL && tls->kept_count == 0 && vn_tls_is_plain_http(bytes, count)) {
        vn_tls_refuse_plain_http(tls, bytes);
        return;
    }
    if (vn_tls_handshake_waits(tls, bytes, count)) {
        if (!vn_tls_handshake_keep(tls, bytes, count))
            tls->connection->is_cut = true;
        return;
    }
    if (tls->kept_count > 0)
        vn_tls_handshake_go_on(tls);
    if (goes_on(tls))
        read_bytes(tls, bytes, count);
}

static void tls_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    if (vn_likely(tls->is_open && !tls->has_failed))
        read_bytes(tls, bytes, count);
    else if (tls->has_failed) /* thrown away there, within its bounds */
        vn_connection_received(connection, bytes, count);
    else
        handshake_received(tls, bytes, count);
}

/* Without a close_notify it is an end all the same, since HTTP has ends of its own, by which what
 * is cut is seen not to be whole. Within a record, or within the handshake, it is none. */
static void tls_input_ended(struct vn_connection *connection)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    if (tls->is_over)
        return;
    tls->is_over = true;
    if (tls->has_failed || (tls->is_open && SSL_has_pending(tls->ssl) == 0))
        vn_connection_input_ended(connection);
    else
        connection->is_cut = true;
}

/* ---- Begin and end ---- */

static void tls_end(struct vn_connection *connection)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    if (tls->handshake.next != NULL) {
        vn_tls_count(&tls->shard->counted.failed);
        vn_tls_handshake_end(tls);
    }
    SSL_free(tls->ssl);
    vn_tls_wire_clear(&tls->wire, &tls->shard->blocks);
    free(tls);
}

static int32_t tls_begin(struct vn_connection *connection)
{
    struct vn_tls *listener = vn_holder((uintptr_t) connection->transport, struct vn_tls, table);
    struct vn_tls_shard *shard = vn_tls_shard_of(listener, connection->worker);
    struct vn_tls_connection *tls = shard == NULL ? NULL : calloc(1, sizeof *tls);
    if (tls == NULL)
        return -ENOMEM;
    tls->table = listener->table;
    tls->table.end = tls_end;
    tls->connection = connection;
    tls->shard = shard;
    connection->transport = &tls->table;
    vn_tls_handshake_begin(tls);
    return 0;
}

/* It did not begin. */
static void tls_end_nothing(struct vn_connection *connection)
{
    (void) connection;
}

const struct vn_transport vn_tls_table = {
    .is_secure = true,
    .opened = vn_tls_opened,
    .reload = vn_tls_hung_up,
    .begin = tls_begin,
    .end = tls_end_nothing,
    .received = tls_received,
    .input_ended = tls_input_ended,
    .send = vn_tls_send,
    .try_send = vn_tls_try_send,
    .sent = vn_tls_sent,
    .finish = vn_tls_finish,
    .taken = vn_tls_taken,
};
