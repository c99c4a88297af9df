// SPDX-License-Identifier: MIT
/* event_stream.h - an answer that is a stream of events (WHATWG HTML, section 9.2): it shows that
 * it lives, and ends with the server. */
#ifndef VN_SERVE_EVENT_STREAM_H
#define VN_SERVE_EVENT_STREAM_H

#include "exchange.h"

/* When it shows that it lives, or ends with the server: milliseconds; 0: never. `progress` is when
 * the client last took bytes. */
static inline uint64_t vn_event_stream_deadline(const struct vn_exchange *exchange,
                                                uint64_t progress, enum vn_timeout_kind *kind)
{
    const struct vn_pending *pending = exchange->pending;
    uint64_t end = pending->shutdown_at;
    uint64_t beat = pending->events.heartbeat == 0 ? 0 : progress + pending->events.heartbeat;
    bool ends_first = end != 0 && (beat == 0 || end <= beat);
    *kind = ends_first ? VN_TIMEOUT_SHUTDOWN : VN_TIMEOUT_HEARTBEAT;
    return ends_first ? end : beat;
}

/* That moment has come. Returns false when memory ran out. */
bool vn_event_stream_expired(struct vn_exchange *exchange, enum vn_timeout_kind kind);

/* The server stops: draw when it ends. They end one by one, so that their clients do not all come
 * back at the same moment. */
void vn_event_stream_plan_end(struct vn_exchange *exchange);

/* End it. Returns false when memory ran out. */
bool vn_event_stream_end(struct vn_exchange *exchange);

#endif
