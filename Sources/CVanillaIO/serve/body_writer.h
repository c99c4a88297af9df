// SPDX-License-Identifier: MIT
/* body_writer.h - the body of an answer, written piece by piece by its producer. */
#ifndef VN_SERVE_BODY_WRITER_H
#define VN_SERVE_BODY_WRITER_H

#include "exchange.h"

struct vn_stream {
    struct vn_exchange *exchange;
    bool has_failed; /* memory ran out */
};

/* Call the producer, which may write now. Returns false when the body cannot be completed. */
bool vn_body_writer_produce(struct vn_exchange *exchange);

#endif
