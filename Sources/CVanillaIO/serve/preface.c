// SPDX-License-Identifier: MIT
#include "preface.h"

#include "../http/frame.h"
#include "connection.h"
#include "http1.h"
#include "http2.h"

/* It keeps nothing: what has come of a preface waits with the connection. */
static void preface_begin(struct vn_connection *connection)
{
    connection->state = (struct vn_protocol_state) {0};
}

static void preface_end(struct vn_connection *connection)
{
    (void) connection;
}

/* Begin with what the client speaks. Returns bytes used. */
static size_t speak(struct vn_connection *connection, const struct vn_protocol *protocol,
                    uint8_t *bytes, size_t count)
{
    vn_connection_speak(connection, protocol);
    return protocol->received(connection, bytes, count);
}

/* No request of HTTP/1 begins with as much of a preface as this: the method is none. */
static size_t preface_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    const vn_span preface = VN_PREFACE;
    size_t have = vn_smaller(count, preface.count);
    if (memcmp(bytes, preface.bytes, have) != 0)
        return speak(connection, &vn_protocol_http1, bytes, count);
    return have < preface.count ? 0 : speak(connection, &vn_protocol_http2, bytes, count);
}

static bool preface_can_receive(const struct vn_connection *connection)
{
    (void) connection;
    return true;
}

static void preface_passes(struct vn_connection *connection)
{
    (void) connection;
}

/* There will be no more of it: HTTP/1 says what is wrong with that. */
static void preface_input_over(struct vn_connection *connection)
{
    vn_connection_speak(connection, &vn_protocol_http1);
    connection->protocol->input_ended(connection);
    connection->protocol->input_over(connection);
}

static bool preface_produce(struct vn_connection *connection)
{
    connection->has_more = false;
    return true;
}

static bool preface_is_idle(const struct vn_connection *connection)
{
    return connection->input == NULL;
}

static uint64_t preface_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    *kind = connection->input == NULL ? VN_TIMEOUT_SILENCE : VN_TIMEOUT_HEAD;
    return vn_after(connection->since, connection->worker->config->deadlines.head);
}

static void preface_expired(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    vn_connection_speak(connection, &vn_protocol_http1);
    connection->protocol->expired(connection, kind);
}

static struct vn_exchange *preface_find(struct vn_connection *connection, uint32_t number)
{
    (void) connection, (void) number;
    return NULL;
}

const struct vn_protocol vn_protocol_by_preface = {
    .begin = preface_begin,
    .end = preface_end,
    .received = preface_received,
    .can_receive = preface_can_receive,
    .input_resumed = preface_passes,
    .input_ended = preface_passes,
    .input_over = preface_input_over,
    .output_sent = preface_passes,
    .produce = preface_produce,
    .go_on = preface_passes,
    .deadline = preface_deadline,
    .expired = preface_expired,
    .is_idle = preface_is_idle,
    .drain = preface_passes,
    .find = preface_find,
};
