// SPDX-License-Identifier: MIT
#include "body_writer.h"

#include <errno.h>

size_t vn_body_capacity(const vn_body_writer *writer)
{
    const struct vn_exchange *exchange = writer->exchange;
    uint64_t unsent = exchange->protocol->unsent(exchange);
    uint64_t room = unsent < VN_WRITE_MAX ? VN_WRITE_MAX - unsent : 0;
    return (size_t) vn_smaller(exchange->pending->left, room);
}

uint64_t vn_body_left(const vn_body_writer *writer)
{
    return writer->exchange->pending->left;
}

/* Returns 0, or -EMSGSIZE when more would be written than was declared. */
static int32_t count_written(struct vn_exchange *exchange, size_t count)
{
    struct vn_pending *pending = exchange->pending;
    if (count > pending->left)
        return -EMSGSIZE;
    vn_unread_expect(&exchange->worker->unread, &exchange->worker->loop);
    if (pending->left != UINT64_MAX)
        pending->left -= count;
    return 0;
}

int32_t vn_body_write(vn_body_writer *writer, vn_span bytes)
{
    struct vn_exchange *exchange = writer->exchange;
    int32_t result = count_written(exchange, bytes.count);
    if (result < 0 || bytes.count == 0)
        return result;
    result = exchange->protocol->write(exchange, bytes);
    writer->has_failed = writer->has_failed || result < 0;
    return result;
}

int32_t vn_body_write_shared(vn_body_writer *writer, vn_span bytes, vn_release *release,
                             void *context)
{
    struct vn_exchange *exchange = writer->exchange;
    int32_t result = count_written(exchange, bytes.count);
    if (result < 0 || bytes.count == 0) {
        if (release != NULL)
            release(context);
        return result;
    }
    result = exchange->protocol->write_shared(exchange, bytes, release, context);
    writer->has_failed = writer->has_failed || result < 0;
    return result;
}

bool vn_body_writer_finish(struct vn_exchange *exchange)
{
    uint64_t left = exchange->pending->left;
    if (left != 0 && left != UINT64_MAX)
        return false; /* less than was declared: the client must not take it for whole */
    exchange->answer = VN_ANSWER_DONE;
    return exchange->protocol->finish(exchange) == 0;
}
