// SPDX-License-Identifier: MIT
/* http2_client.h - what a client of HTTP/2 sends, frame by frame, and what it makes of what it
 * gets. */
#ifndef VN_CHECKS_HTTP2_CLIENT_H
#define VN_CHECKS_HTTP2_CLIENT_H

#include "http/frame.h"
#include "http/hpack.h"
#include "rig.h"

enum { H2_STREAMS = 64, H2_BYTES_MAX = 1 << 20 };

/* What is to be sent, from the preface on. */
struct h2_input {
    uint8_t *bytes;
    size_t count;
    struct vn_hpack_encoder encoder;
};

void h2_begin(struct h2_input *input);
void h2_free(struct h2_input *input);

void h2_frame(struct h2_input *input, uint8_t type, uint8_t flags, uint32_t stream,
              vn_span payload);

/* A request, whose fields beyond the usual are "name: value\n" lines in `more`. `parts`: frames
 * that its block comes in. */
void h2_request(struct h2_input *input, uint32_t stream, const char *method, const char *path,
                const char *more, bool ends, size_t parts);
void h2_data(struct h2_input *input, uint32_t stream, const char *text, bool ends);
void h2_number(struct h2_input *input, uint8_t type, uint32_t stream, uint32_t number);
void h2_setting(struct h2_input *input, uint16_t setting, uint32_t value);

/* What came on a stream. */
struct h2_answer {
    unsigned status; /* of the last head */
    uint32_t heads;
    size_t count; /* bytes of content */
    char text[24]; /* the begin of it */
    bool has_ended;
    int32_t reset; /* -1: it was not */
};

struct h2_output {
    struct h2_answer of[H2_STREAMS]; /* by number / 2 */
    bool is_wrong; /* it is not HTTP/2 */
    bool is_cut; /* within a frame */
    uint32_t goaways;
    int32_t error; /* of the last one; -1: there was none */
    uint32_t last; /* stream of the last one */
    uint32_t pings; /* of the server */
    uint32_t acks; /* of SETTINGS */
    uint64_t window; /* bytes that the connection was opened for */
};

/* What the client has got so far. */
struct h2_output *h2_read(struct scripted_client *client);

static inline struct h2_answer *h2_on(struct h2_output *output, uint32_t stream)
{
    return &output->of[stream / 2 % H2_STREAMS];
}

/* All answers as text. */
void h2_describe(struct h2_output *output, char *text, size_t size);

#endif
