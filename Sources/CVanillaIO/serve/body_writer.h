// SPDX-License-Identifier: MIT
/* body_writer.h - the body of an answer, written piece by piece by its producer. */
#ifndef VN_SERVE_BODY_WRITER_H
#define VN_SERVE_BODY_WRITER_H

#include "exchange.h"

/* Bytes that should wait in memory: what one call of a producer should write, and a handler that
 * writes is told to wait. */
enum { VN_WRITE_MAX = 32 * 1024 };

struct vn_body_writer {
    struct vn_exchange *exchange;
    bool has_failed; /* memory ran out */
};

/* The producer is done. Returns false when the body is not complete. */
bool vn_body_writer_finish(struct vn_exchange *exchange);

/* Call the producer, which may write now. Returns false when the body cannot be completed. */
static inline bool vn_body_writer_produce(struct vn_exchange *exchange)
{
    const struct vn_pending *pending = exchange->pending;
    struct vn_body_writer writer = {.exchange = exchange};
    int32_t result = pending->producer(pending->producer_context, &writer);
    if (vn_unlikely(result < 0 || writer.has_failed))
        return false;
    exchange->waits = result == VN_PRODUCE_WAIT;
    if (exchange->waits || (result != VN_PRODUCE_DONE && pending->left != 0))
        return true;
    return vn_body_writer_finish(exchange);
}

#endif
