// SPDX-License-Identifier: MIT
/* output.c - plain bytes to the wire. */
#include <openssl/err.h>

#include "transport.h"

enum {
    /* Plain bytes that are on the wire at once: a few records, so that a client that takes nothing
     * costs no more than that, and the next are encrypted when these have gone. */
    SEALED_MAX = 4 * VN_TLS_RECORD_MAX,
    /* A record that a segment of the first flight carries whole, so that a browser can use what has
     * come; how many there are of them, and after how many milliseconds of silence. */
    SMALL_RECORD = 1300,
    SMALL_COUNT = 3,
    SMALL_AFTER = 1000,
};

int32_t vn_tls_push(struct vn_tls_connection *tls)
{
    struct vn_connection *connection = tls->connection;
    if (tls->is_sending)
        return 0;
    while (tls->wire.count > 0) {
        int64_t sent = vn_ring_send(connection->worker->loop.ring, &connection->entry.source,
                                    vn_tls_wire_message(&tls->wire));
        tls->is_sending = sent == 0;
        if (sent <= 0)
            return (int32_t) sent;
        vn_connection_count_sent(connection, (uint64_t) sent);
        vn_tls_wire_sent(&tls->wire, &tls->shard->blocks, (size_t) sent);
    }
    return 1;
}

/* ---- Records ---- */

static size_t record_size(struct vn_tls_connection *tls, size_t left)
{
    if (vn_likely(tls->small_left == 0) || left <= SMALL_RECORD)
        return VN_TLS_RECORD_MAX;
    tls->small_left--;
    return SMALL_RECORD;
}

static bool write_record(struct vn_tls_connection *tls, const void *bytes, size_t count)
{
    size_t written;
    if (vn_likely(SSL_write_ex(tls->ssl, bytes, count, &written) == 1))
        return true;
    ERR_clear_error();
    return false;
}

/* Some of the message's bytes that are to be one record, from there on; returns how many. Where
 * they lie in several pieces they are gathered. */
static size_t take_record(struct vn_tls_connection *tls, const struct iovec **part, size_t *at,
                          size_t size, const void **bytes)
{
    uint8_t *gathered = tls->shard->gathered;
    size_t count = vn_smaller((*part)->iov_len - *at, size);
    *bytes = (const uint8_t *) (*part)->iov_base + *at;
    *at += count;
    if (*at == (*part)->iov_len) {
        *part += 1;
        *at = 0;
    }
    if (vn_likely(count == size))
        return count;
    memcpy(gathered, *bytes, count);
    *bytes = gathered;
    while (count < size) {
        size_t more = vn_smaller((*part)->iov_len - *at, size - count);
        memcpy(gathered + count, (const uint8_t *) (*part)->iov_base + *at, more);
        count += more;
        *at += more;
        if (*at == (*part)->iov_len) {
            *part += 1;
            *at = 0;
        }
    }
    return count;
}

/* Write so many bytes of the message as records. Answers of a batch share them. */
static bool seal(struct vn_tls_connection *tls, const struct msghdr *message, size_t all)
{
    const struct iovec *part = message->msg_iov;
    size_t at = 0;
    uint64_t now = tls->connection->worker->loop.now;
    if (vn_unlikely(now - tls->sent_at >= SMALL_AFTER))
        tls->small_left = SMALL_COUNT;
    tls->sent_at = now;
    /* One look for memory: a record and what it is wrapped in. */
    if (!vn_tls_wire_reserve(&tls->wire, &tls->shard->blocks, all + 64))
        return false;
    while (all > 0) {
        const void *bytes;
        size_t size = vn_smaller(record_size(tls, all), all);
        size_t count = take_record(tls, &part, &at, size, &bytes);
        if (!write_record(tls, bytes, count))
            return false;
        all -= count;
    }
    return true;
}

/* ---- What a connection sends ---- */

static size_t sealed_size(const struct msghdr *message)
{
    size_t all = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        all += message->msg_iov[i].iov_len;
    return vn_smaller(all, SEALED_MAX);
}

int64_t vn_tls_send(struct vn_connection *connection, const struct msghdr *message)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    assert(tls->owed == 0 && tls->waiting == NULL);
    if (vn_unlikely(!tls->is_open || tls->has_failed || tls->has_shut))
        return -ENOTCONN;
    if (tls->is_sending) {
        tls->waiting = message;
        return 0;
    }
    size_t count = sealed_size(message);
    if (!seal(tls, message, count))
        return -EPROTO;
    int32_t pushed = vn_tls_push(tls);
    if (pushed == 0)
        tls->owed = count;
    if (pushed <= 0)
        return pushed;
    tls->taken += count;
    return (int64_t) count;
}

int64_t vn_tls_try_send(struct vn_connection *connection, const struct iovec *piece)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    const struct msghdr message = {.msg_iov = (struct iovec *) (uintptr_t) piece, .msg_iovlen = 1};
    if (vn_unlikely(!tls->is_open || tls->has_failed || tls->has_shut || tls->wire.count > 0))
        return 0;
    /* A record cannot be taken back: what does not leave now is copied, and will. */
    if (!seal(tls, &message, piece->iov_len))
        return -EPROTO;
    int32_t pushed = vn_tls_push(tls);
    if (pushed < 0)
        return pushed;
    tls->taken += piece->iov_len;
    return (int64_t) piece->iov_len;
}

/* What was on its way is sent: tell of it, or go on with what waited for that. Returns as push. */
static int32_t sent_all(struct vn_tls_connection *tls)
{
    const struct msghdr *waiting = tls->waiting;
    size_t owed = tls->owed;
    tls->owed = 0;
    tls->waiting = NULL;
    tls->taken += owed;
    if (owed > 0)
        vn_connection_sent(tls->connection, (int32_t) owed);
    if (waiting == NULL)
        return 0;
    size_t count = sealed_size(waiting);
    if (!seal(tls, waiting, count))
        return -EPROTO;
    tls->owed = count;
    return vn_tls_push(tls);
}

void vn_tls_sent(struct vn_connection *connection, int32_t count)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    tls->is_sending = false;
    if (count > 0) {
        vn_connection_count_sent(connection, (uint64_t) count);
        vn_tls_wire_sent(&tls->wire, &tls->shard->blocks, (size_t) count);
    }
    int32_t pushed = count < 0 ? count : vn_tls_push(tls);
    while (pushed > 0 && (tls->owed > 0 || tls->waiting != NULL))
        pushed = sent_all(tls);
    if (pushed < 0)
        vn_connection_sent(connection, pushed);
}

int32_t vn_tls_finish(struct vn_connection *connection)
{
    struct vn_tls_connection *tls = vn_tls_of(connection);
    if (tls->is_open && !tls->has_failed && !tls->has_shut) {
        tls->has_shut = true;
        SSL_shutdown(tls->ssl); /* writes close_notify, and waits for none */
        ERR_clear_error();
    }
    return vn_tls_push(tls);
}

uint64_t vn_tls_taken(const struct vn_connection *connection)
{
    return vn_tls_of(connection)->taken;
}
