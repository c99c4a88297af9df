// SPDX-License-Identifier: MIT
#include "event_stream.h"

#include <string.h>

#include "../http/digits.h"
#include "response.h"

/* ---- Begin ---- */

int32_t vn_response_stream_events(vn_response *response, const vn_event_stream *options,
                                  vn_producer *producer, vn_release *release, void *context)
{
    static const struct {
        vn_span name, value;
    } fields[] = {
        {VN_LITERAL("Cache-Control"), VN_LITERAL("no-cache, no-transform")},
        {VN_LITERAL("X-Accel-Buffering"), VN_LITERAL("no")}, /* of nginx: do not hold events back */
    };
    int32_t result = 0;
    for (size_t i = 0; result == 0 && i < sizeof fields / sizeof *fields; i++)
        result = vn_response_add_field(response, fields[i].name, fields[i].value);
    if (result < 0) {
        if (release != NULL)
            release(context);
        return result;
    }
    struct vn_exchange *exchange = response->exchange;
    result = vn_response_stream(response, VN_LITERAL("text/event-stream"), -1, producer, release,
                                context);
    if (result == 0 && exchange->answer == VN_ANSWER_STREAM) {
        exchange->is_event_stream = true;
        exchange->pending->events = *options;
        if (exchange->worker->loop.is_draining)
            vn_event_stream_plan_end(exchange);
    }
    return result;
}

/* ---- Life ---- */

/* When to come back: drawn for each, for the same reason as the moment of its end. */
static vn_span write_retry(const struct vn_exchange *exchange, uint8_t *text)
{
    const vn_event_stream *events = &exchange->pending->events;
    uint64_t span = events->retry_max - events->retry_min + 1ull;
    uint64_t retry = events->retry_min + vn_loop_draw(&exchange->worker->loop, span);
    memcpy(text, "retry: ", 7);
    uint8_t *at = vn_write_decimal(text + 7, retry);
    *at++ = '\n';
    *at++ = '\n';
    return (vn_span) {text, (size_t) (at - text)};
}

bool vn_event_stream_expired(struct vn_exchange *exchange, enum vn_timeout_kind kind)
{
    uint8_t text[sizeof "retry: \n\n" + VN_DECIMAL_MAX];
    if (kind == VN_TIMEOUT_HEARTBEAT)
        return exchange->protocol->write(exchange, VN_LITERAL(":\n\n")) == 0;
    return exchange->protocol->write(exchange, write_retry(exchange, text)) == 0 &&
           vn_event_stream_end(exchange);
}

void vn_event_stream_plan_end(struct vn_exchange *exchange)
{
    struct vn_loop *loop = &exchange->worker->loop;
    uint64_t half = loop->drain_due > loop->now ? (loop->drain_due - loop->now) / 2 : 0;
    uint64_t spread = exchange->pending->events.shutdown_spread;
    exchange->pending->shutdown_at = loop->now + vn_loop_draw(loop, 1 + vn_smaller(half, spread));
}

bool vn_event_stream_end(struct vn_exchange *exchange)
{
    exchange->closes = true;
    exchange->answer = VN_ANSWER_DONE;
    return exchange->protocol->finish(exchange) == 0;
}
