// SPDX-License-Identifier: MIT
#include "xor_transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve/connection.h"

/* A size_t with glibc, an int elsewhere. */
typedef __typeof__(((struct msghdr *) NULL)->msg_iovlen) vector_count;

enum {
    SMALL_MAX = 4096, /* bytes on the wire that are sent in odd pieces */
    VECTORS_MAX = 6,
    SERVER_KEY = 0x5a,
};

enum stage { STAGE_HELLO, STAGE_KEY, STAGE_COUNT, STAGE_BYTES };

struct xored {
    struct vn_transport table; /* first: what vn_connection.transport points to */
    uint8_t stage; /* of the input */
    uint8_t key_in;
    uint8_t need; /* bytes of the record that comes */
    uint8_t have; /* of them that are kept */
    uint8_t kept[XOR_RECORD_MAX];
    bool is_open; /* the hello was answered */
    bool is_over; /* the client's END came, or the end of the input */
    bool has_failed;
    bool has_ended; /* END was written */

    uint8_t key_out;
    uint32_t sizes; /* what the next record's size is drawn from, and how pieces are cut */
    uint8_t *wire; /* what is to be sent */
    size_t wire_at, wire_count, wire_capacity;
    bool is_sending; /* the ring has `message` */
    struct msghdr message;
    struct iovec vectors[VECTORS_MAX];
    const struct msghdr *waiting; /* the connection's, until what is on its way is sent */
    size_t
        owed; /* bytes of it that are in `wire`, of which the connection is told when that is sent */
    uint64_t taken; /* plain bytes of which it was told */
};

static struct xored *xored_of(const struct vn_connection *connection)
{
    return vn_holder((uintptr_t) connection->transport, struct xored, table);
}

static uint8_t next_key(uint8_t *key)
{
    *key = (uint8_t) (*key * 5 + 113);
    return *key;
}

static void xor_bytes(uint8_t *bytes, size_t count, uint8_t *key)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] ^= next_key(key);
}

/* From 1 to `most`. */
static size_t next_size(uint32_t *sizes, size_t most)
{
    *sizes = *sizes * 1664525 + 1013904223;
    return 1 + (*sizes >> 8) % most;
}

/* ---- Bytes out ---- */

static bool wire_reserve(struct xored *xored, size_t count)
{
    size_t need = xored->wire_count + count;
    if (need <= xored->wire_capacity)
        return true;
    assert(!xored->is_sending); /* the ring reads it */
    uint8_t *grown = realloc(xored->wire, 2 * need);
    if (grown == NULL)
        return false;
    xored->wire = grown;
    xored->wire_capacity = 2 * need;
    return true;
}

static void wire_put(struct xored *xored, const void *bytes, size_t count)
{
    memcpy(xored->wire + xored->wire_count, bytes, count);
    xored->wire_count += count;
}

static size_t records_size(size_t count)
{
    return 2 * count; /* at worst each byte is a record */
}

/* Write records of odd sizes. There is room. */
static void wire_put_records(struct xored *xored, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        size_t size = vn_smaller(next_size(&xored->sizes, XOR_RECORD_MAX), count);
        wire_put(xored, &(uint8_t) {(uint8_t) size}, 1);
        wire_put(xored, bytes, size);
        xor_bytes(xored->wire + xored->wire_count - size, size, &xored->key_out);
        bytes += size;
        count -= size;
    }
}

/* What is next on the wire, in vectors of odd sizes: all of much, a part of little. */
static void prepare(struct xored *xored)
{
    size_t at = xored->wire_at, left = xored->wire_count - at, i = 0;
    for (; i < VECTORS_MAX && left > 0; i++) {
        size_t size = next_size(&xored->sizes, 97);
        if (i == VECTORS_MAX - 1 && left > SMALL_MAX)
            size = left;
        size = vn_smaller(size, left);
        xored->vectors[i] = (struct iovec) {xored->wire + at, size};
        at += size;
        left -= size;
    }
    xored->message = (struct msghdr) {.msg_iov = xored->vectors, .msg_iovlen = (vector_count) i};
}

/* Give the ring what is on the wire. Returns above 0 when it took all, 0 when SENT comes, or
 * -errno. */
static int32_t push(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    if (xored->is_sending)
        return 0;
    while (xored->wire_at < xored->wire_count) {
        prepare(xored);
        int64_t sent =
            vn_ring_send(connection->worker->loop.ring, &connection->entry.source, &xored->message);
        xored->is_sending = sent == 0;
        if (sent <= 0)
            return (int32_t) sent;
        vn_connection_count_sent(connection, (uint64_t) sent);
        xored->wire_at += (size_t) sent;
    }
    xored->wire_at = 0;
    xored->wire_count = 0;
    return 1;
}

/* Write a message of the connection's to the wire, which is empty, or the first half of it now and
 * then. Returns plain bytes, or -ENOMEM. */
static int64_t put_message(struct xored *xored, const struct msghdr *message)
{
    size_t all = 0, count = 0;
    for (size_t i = 0; i < (size_t) message->msg_iovlen; i++)
        all += message->msg_iov[i].iov_len;
    if (all > 1 && all < SMALL_MAX && next_size(&xored->sizes, 3) == 1)
        all /= 2;
    if (!wire_reserve(xored, records_size(all)))
        return -ENOMEM;
    for (size_t i = 0; count < all; i++) {
        const struct iovec *part = &message->msg_iov[i];
        size_t size = vn_smaller(part->iov_len, all - count);
        wire_put_records(xored, part->iov_base, size);
        count += size;
    }
    return (int64_t) count;
}

static int64_t xor_send(struct vn_connection *connection, const struct msghdr *message)
{
    struct xored *xored = xored_of(connection);
    assert(xored->owed == 0 && xored->waiting == NULL && !xored->has_failed && !xored->has_ended);
    if (!xored->is_open)
        return -ENOTCONN;
    if (xored->wire_count > 0) {
        xored->waiting = message;
        return 0;
    }
    int64_t count = put_message(xored, message);
    int32_t pushed = count < 0 ? (int32_t) count : push(connection);
    if (pushed == 0)
        xored->owed = (size_t) count;
    if (pushed > 0)
        xored->taken += (uint64_t) count;
    return pushed > 0 ? count : pushed;
}

/* Nothing of it has left where the ring takes nothing, and so it never was. */
static int64_t xor_try_send(struct vn_connection *connection, const struct iovec *piece)
{
    struct xored *xored = xored_of(connection);
    if (!xored->is_open || xored->wire_count > 0)
        return 0;
    uint8_t key = xored->key_out;
    size_t count = next_size(&xored->sizes, 3) == 1 ? (piece->iov_len + 1) / 2 : piece->iov_len;
    if (!wire_reserve(xored, records_size(count)))
        return -ENOMEM;
    wire_put_records(xored, piece->iov_base, count);
    const struct iovec wire = {xored->wire, xored->wire_count};
    int64_t sent =
        vn_ring_try_send(connection->worker->loop.ring, &connection->entry.source, &wire);
    if (sent <= 0) {
        xored->key_out = key;
        xored->wire_count = 0;
        return sent;
    }
    vn_connection_count_sent(connection, (uint64_t) sent);
    xored->wire_at = (size_t) sent;
    int32_t pushed = push(connection);
    if (pushed < 0)
        return pushed;
    xored->taken += count;
    return (int64_t) count;
}

/* What was on its way is sent: tell of it, or go on with what waited for that. Returns as push. */
static int32_t sent_all(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    const struct msghdr *waiting = xored->waiting;
    size_t owed = xored->owed;
    xored->owed = 0;
    xored->waiting = NULL;
    xored->taken += owed;
    if (owed > 0)
        vn_connection_sent(connection, (int32_t) owed);
    if (waiting == NULL)
        return 0;
    int64_t count = put_message(xored, waiting);
    if (count < 0)
        return (int32_t) count;
    xored->owed = (size_t) count;
    return push(connection);
}

static void xor_sent(struct vn_connection *connection, int32_t count)
{
    struct xored *xored = xored_of(connection);
    xored->is_sending = false;
    if (count > 0) {
        vn_connection_count_sent(connection, (uint64_t) count);
        xored->wire_at += (size_t) count;
    }
    int32_t pushed = count < 0 ? count : push(connection);
    while (pushed > 0)
        pushed = sent_all(connection);
    if (pushed < 0)
        vn_connection_sent(connection, pushed);
}

/* A word of its own. Returns as push. */
static int32_t say(struct vn_connection *connection, const void *bytes, size_t count)
{
    struct xored *xored = xored_of(connection);
    assert(xored->wire_count + count <= xored->wire_capacity || !xored->is_sending);
    if (!wire_reserve(xored, count))
        return -ENOMEM;
    wire_put(xored, bytes, count);
    return push(connection);
}

static int32_t xor_finish(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    if (!xored->is_open || xored->has_ended)
        return push(connection);
    if (xored->is_sending) /* the ring reads what is on the wire */
        return 0;
    xored->has_ended = true;
    return say(connection, &(uint8_t) {XOR_END}, 1);
}

static uint64_t xor_taken(const struct vn_connection *connection)
{
    return xored_of(connection)->taken;
}

/* ---- Bytes in ---- */

static bool goes_on(const struct vn_connection *connection)
{
    const struct xored *xored = xored_of(connection);
    return !connection->is_cut && !connection->is_ending && !xored->is_over && !xored->has_failed;
}

static void fail(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    int32_t said = 1;
    xored->has_failed = true;
    xored->waiting = NULL;
    xored->owed = 0;
    if (!xored->has_ended) {
        xored->has_ended = true;
        said = say(connection, &(uint8_t) {XOR_ALERT}, 1);
    }
    if (said < 0)
        connection->is_cut = true;
    else
        vn_connection_fail(connection);
}

/* Plain bytes, a few at a time. */
static void deliver(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct xored *xored = xored_of(connection);
    xor_bytes(bytes, count, &xored->key_in);
    while (count > 0 && goes_on(connection)) {
        size_t size = vn_smaller(next_size(&xored->sizes, 61), count);
        vn_connection_received(connection, bytes, size);
        bytes += size;
        count -= size;
    }
}

/* Bytes of a record: one of an odd size is kept until it is whole, others are handed on as they
 * come. Returns bytes used. */
static size_t take_bytes(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct xored *xored = xored_of(connection);
    size_t size = vn_smaller(count, xored->need - xored->have);
    bool is_kept = xored->need % 2 == 1, is_whole = xored->have + size == xored->need;
    if (is_kept)
        memcpy(xored->kept + xored->have, bytes, size);
    xored->have = (uint8_t) (xored->have + size);
    if (is_whole)
        xored->stage = STAGE_COUNT;
    if (!is_kept)
        deliver(connection, bytes, size);
    else if (is_whole)
        deliver(connection, xored->kept, xored->need);
    return size;
}

/* What comes after the END is not read. */
static void take_end(struct vn_connection *connection)
{
    xored_of(connection)->is_over = true;
    vn_ring_pause(connection->worker->loop.ring, &connection->entry.source);
    vn_connection_input_ended(connection);
}

static void take_count(struct vn_connection *connection, uint8_t count)
{
    struct xored *xored = xored_of(connection);
    if (count == XOR_END) {
        take_end(connection);
        return;
    }
    if (count > XOR_RECORD_MAX) {
        fail(connection);
        return;
    }
    xored->need = count;
    xored->have = 0;
    xored->stage = STAGE_BYTES;
}

static void take_key(struct vn_connection *connection, uint8_t key)
{
    struct xored *xored = xored_of(connection);
    xored->key_in = key;
    xored->key_out = SERVER_KEY;
    xored->is_open = true;
    xored->stage = STAGE_COUNT;
    if (say(connection, (uint8_t[]) {XOR_ANSWER, SERVER_KEY}, 2) < 0)
        connection->is_cut = true;
}

static void take_byte(struct vn_connection *connection, uint8_t byte)
{
    struct xored *xored = xored_of(connection);
    if (xored->stage == STAGE_COUNT)
        take_count(connection, byte);
    else if (xored->stage == STAGE_KEY)
        take_key(connection, byte);
    else if (byte == XOR_HELLO)
        xored->stage = STAGE_KEY;
    else
        fail(connection);
}

static void xor_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    const struct xored *xored = xored_of(connection);
    size_t at = 0;
    while (at < count && goes_on(connection)) {
        if (xored->stage == STAGE_BYTES)
            at += take_bytes(connection, bytes + at, count - at);
        else
            take_byte(connection, bytes[at++]);
    }
    if (at < count && xored->has_failed) /* thrown away there, within its bounds */
        vn_connection_received(connection, bytes + at, count - at);
}

/* Without an END it is one all the same, but not within a record. */
static void xor_input_ended(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    bool is_between = xored->stage == STAGE_COUNT || xored->stage == STAGE_HELLO;
    if (xored->is_over)
        return;
    xored->is_over = true;
    if (is_between || xored->has_failed)
        vn_connection_input_ended(connection);
    else
        connection->is_cut = true;
}

/* ---- Begin and end ---- */

static void xor_end(struct vn_connection *connection)
{
    struct xored *xored = xored_of(connection);
    free(xored->wire);
    free(xored);
}

static int32_t xor_begin(struct vn_connection *connection)
{
    enum { WIRE_MIN = 16 }; /* its own words fit without a move */
    struct xored *xored = calloc(1, sizeof *xored);
    uint8_t *wire = malloc(WIRE_MIN);
    if (xored == NULL || wire == NULL) {
        free(xored);
        free(wire);
        return -ENOMEM;
    }
    xored->table = xor_transport;
    xored->table.end = xor_end;
    xored->wire = wire;
    xored->wire_capacity = WIRE_MIN;
    connection->transport = &xored->table;
    return 0;
}

/* It did not begin. */
static void xor_end_nothing(struct vn_connection *connection)
{
    (void) connection;
}

const struct vn_transport xor_transport = {
    .begin = xor_begin,
    .end = xor_end_nothing,
    .received = xor_received,
    .input_ended = xor_input_ended,
    .send = xor_send,
    .try_send = xor_try_send,
    .sent = xor_sent,
    .finish = xor_finish,
    .taken = xor_taken,
};

/* ---- The client's side ---- */

uint8_t *xor_write(struct xor_sender *sender, const void *bytes, size_t count, size_t *wire_count)
{
    enum { CLIENT_KEY = 0xc3 };
    uint8_t *wire = malloc(2 + 2 * count), *at = wire;
    const uint8_t *plain = bytes;
    if (!sender->has_begun) {
        *sender =
            (struct xor_sender) {.has_begun = true, .key = CLIENT_KEY, .sizes = sender->sizes};
        *at++ = XOR_HELLO;
        *at++ = CLIENT_KEY;
    }
    while (count > 0) {
        size_t size = vn_smaller(next_size(&sender->sizes, XOR_RECORD_MAX), count);
        *at++ = (uint8_t) size;
        memcpy(at, plain, size);
        xor_bytes(at, size, &sender->key);
        at += size;
        plain += size;
        count -= size;
    }
    *wire_count = (size_t) (at - wire);
    return wire;
}

static void read_byte(struct xor_receiver *receiver, uint8_t byte)
{
    bool is_answered = receiver->stage > STAGE_KEY;
    if (receiver->has_ended || receiver->was_alerted)
        receiver->is_broken = true;
    else if (byte == XOR_ALERT && receiver->stage != STAGE_KEY)
        receiver->was_alerted = true;
    else if (receiver->stage == STAGE_HELLO && byte == XOR_ANSWER)
        receiver->stage = STAGE_KEY;
    else if (receiver->stage == STAGE_KEY) {
        receiver->key = byte;
        receiver->stage = STAGE_COUNT;
    } else if (!is_answered || byte > XOR_RECORD_MAX)
        receiver->is_broken = true;
    else if (byte == XOR_END)
        receiver->has_ended = true;
    else {
        receiver->left = byte;
        receiver->stage = STAGE_BYTES;
    }
}

size_t xor_read(struct xor_receiver *receiver, const uint8_t *wire, size_t count, uint8_t *plain)
{
    size_t plain_count = 0;
    for (size_t at = 0; at < count && !receiver->is_broken;) {
        if (receiver->stage != STAGE_BYTES) {
            read_byte(receiver, wire[at++]);
            continue;
        }
        size_t size = vn_smaller(receiver->left, count - at);
        memcpy(plain + plain_count, wire + at, size);
        xor_bytes(plain + plain_count, size, &receiver->key);
        plain_count += size;
        at += size;
        receiver->left = (uint8_t) (receiver->left - size);
        if (receiver->left == 0)
            receiver->stage = STAGE_COUNT;
    }
    return plain_count;
}
