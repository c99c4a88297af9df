// SPDX-License-Identifier: MIT
/* http2_state.h - what HTTP/2 keeps of a connection, and of each of its streams. */
#ifndef VN_SERVE_HTTP2_STATE_H
#define VN_SERVE_HTTP2_STATE_H

#include "../base/list.h"
#include "../http/frame.h"
#include "../http/hpack.h"
#include "../http/priority.h"
#include "connection.h"
#include "exchange.h"
#include "http2_limits.h"
#include "input.h"

enum {
    VN_HTTP2_BUCKETS = 32, /* of the table of streams; a power of two */
    VN_HTTP2_ENDED_KEPT = 256, /* streams that ended last, of which is known how */
    VN_HTTP2_REPEATED_MAX = 384, /* bytes of the text of a head that is kept, and of its block */
};

/* How often something may be done: `left` times at once, and so many times in each second. */
struct vn_allowance {
    uint64_t at; /* milliseconds: when that was counted last */
    uint32_t left;
};

/* A stream that has ended. */
struct vn_ended_stream {
    uint32_t number;
    bool is_reset; /* by this server: what the client had sent by then may still come */
};

/* The last head that was sent, and its block. It can be sent again while the table is the same. */
struct vn_repeated_head {
    uint16_t text_count;
    uint16_t block_count;
    uint32_t changes; /* of the encoder */
    uint8_t text[VN_HTTP2_REPEATED_MAX];
    uint8_t block[VN_HTTP2_REPEATED_MAX];
};

/* The payload of DATA that is still to come. */
struct vn_http2_data {
    struct vn_stream *stream; /* NULL: nobody's, it is thrown away */
    uint32_t left;
    uint32_t padding; /* after that */
    bool ends; /* the stream */
};

/* The block of a head that is to come in more than one frame. */
struct vn_http2_head {
    uint8_t *bytes;
    uint32_t count;
    uint32_t capacity;
    uint32_t stream;
    uint32_t continuations;
    bool ends; /* the stream */
    bool depends_on_itself;
};

struct vn_http2 {
    struct vn_connection *connection;
    struct vn_link streams; /* all that are open, by their numbers */
    struct vn_link ready[VN_URGENCIES]; /* those that have something to send */
    struct vn_link changed; /* those for which something was done outside of their events */
    struct vn_stream *buckets[VN_HTTP2_BUCKETS];
    uint32_t stream_count;
    uint32_t postponed; /* streams whose handlers begin later in this turn */
    uint32_t last; /* the highest number that a client has used */
    uint32_t last_taken; /* and that became an exchange */
    uint32_t requests;
    int64_t send_window;
    int64_t receive_window; /* bytes that the client may send */
    uint32_t owed; /* bytes that came and are still to be added to it */
    uint32_t waiting; /* bytes of bodies that wait for their handlers */
    uint64_t gathered; /* bytes of whole bodies */
    uint32_t peer_window; /* of a new stream */
    bool has_preface;
    bool has_settings; /* the client's first */
    bool is_in_head; /* only CONTINUATION may come */
    bool is_in_data;
    bool is_leaving; /* a first GOAWAY was sent: no new streams are wanted */
    bool is_last_named; /* and the last one, which says which streams were taken */
    bool is_amid; /* bytes of a frame wait for the rest of it */
    bool input_is_over;
    bool is_unwanted; /* an answer asked for its end: vn_http2_leave is to be called */
    uint64_t progress; /* milliseconds: when the client last took content of any stream */
    uint64_t sent; /* bytes of content of all streams */
    struct vn_stall stall; /* of all streams */
    uint64_t began; /* milliseconds: when what has come last was used, and so a frame began */
    struct vn_http2_data data;
    struct vn_http2_head head;
    struct vn_allowance resets;
    struct vn_allowance empty_frames;
    struct vn_allowance window_updates;
    struct vn_ended_stream ended[VN_HTTP2_ENDED_KEPT];
    uint32_t ended_count; /* all of them; the last ones are kept */
    struct vn_hpack_decoder decoder;
    struct vn_hpack_encoder encoder;
    struct vn_repeated_head repeated;
};

/* It lies in vn_connection.state, before what is fetched ahead. */
struct vn_http2_place {
    struct vn_http2 *http2; /* NULL: memory ran out at the begin */
};

struct vn_stream {
    struct vn_exchange exchange;
    struct vn_link link; /* of all */
    struct vn_link ready; /* alone: nothing can be sent */
    struct vn_link changed; /* alone: nothing was done */
    struct vn_stream *next; /* in its bucket */
    struct vn_http2 *http2;
    struct vn_output *output; /* what waits for its turn and for windows; NULL: nothing */
    struct vn_input *input; /* what of the body waits for its handler; NULL: nothing */
    int64_t send_window;
    int64_t receive_window;
    uint32_t owed; /* bytes that were taken and are still to be added to it */
    uint32_t window_size; /* that it grows to */
    uint32_t number;
    struct vn_priority priority;
    uint64_t since; /* milliseconds: begin of what its deadline is about */
    uint64_t body_at; /* milliseconds: when the body's last bytes came */
    uint64_t body_base; /* bytes of the body that had come at `since` */
    uint64_t body; /* bytes of it */
    uint64_t gathered; /* of them, in memory of the exchange */
    uint64_t length; /* that was declared; UINT64_MAX: none was */
    uint64_t progress; /* milliseconds: when the client last took content */
    uint64_t sent; /* bytes of its frames */
    struct vn_stall stall;
    bool has_priority : 1; /* something was said about it */
    bool has_ended : 1; /* the request */
    bool is_ended : 1; /* the answer, END_STREAM included */
    bool is_over : 1; /* the exchange */
    bool is_broken : 1; /* the answer cannot be completed */
    bool has_head : 1; /* of the answer, sent */
    bool pauses : 1; /* its consumer */
    bool lacks_consumer : 1; /* the handler has not asked for the body yet */
    bool is_postponed : 1; /* its handler begins later in this turn */
    bool awaits_continue : 1; /* it expects 100-continue and got none */
    bool had_data : 1; /* of the body */
};

static inline struct vn_http2 *vn_http2_of(const struct vn_connection *connection)
{
    return ((const struct vn_http2_place *) (const void *) &connection->state)->http2;
}

static inline struct vn_stream *vn_stream_of(const struct vn_exchange *exchange)
{
    return vn_holder((uintptr_t) exchange, struct vn_stream, exchange);
}

static inline struct vn_connection *vn_stream_connection(const struct vn_stream *stream)
{
    return stream->http2->connection;
}

static inline struct vn_stream *vn_stream_at(const struct vn_link *link)
{
    return vn_holder((uintptr_t) link, struct vn_stream, link);
}

static inline uint64_t vn_stream_unsent(const struct vn_stream *stream)
{
    return stream->output == NULL ? 0 : stream->output->unsent;
}

#endif
