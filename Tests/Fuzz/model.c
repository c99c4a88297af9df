// SPDX-License-Identifier: MIT
#include "model.h"

#include <string.h>

#include "http/body.h"
#include "http/scan.h"

/* What comes of one request: the next one is looked at, or not. */
enum { GOES_ON, IS_OVER };

struct state {
    struct model model;
    vn_span rest;
    const vn_config *config;
    uint32_t requests;
    vn_request request;
    struct vn_body body;
    struct vn_body_limits limits;
};

static void skip(struct state *state, size_t count)
{
    state->rest = (vn_span) {state->rest.bytes + count, state->rest.count - count};
}

static int refuse(struct state *state, int64_t verdict)
{
    state->model.refusal = (uint16_t) -verdict;
    return IS_OVER;
}

static int give_up(struct state *state)
{
    state->model.is_known = false;
    return IS_OVER;
}

static bool is_for_server(const vn_request *request)
{
    return request->method_id == VN_METHOD_OPTIONS && vn_request_path(request).bytes[0] == '*';
}

/* RFC 9112, section 9.3, and the limit. */
static bool closes(const struct state *state)
{
    const vn_request *request = &state->request;
    if (state->requests >= state->config->limits.requests)
        return true;
    if (state->config->keep_alive != VN_KEEP_ALIVE_RFC)
        return state->config->keep_alive == VN_KEEP_ALIVE_NEVER;
    return (request->facts & VN_SAYS_CLOSE) != 0 ||
           (request->minor == 0 && (request->facts & VN_SAYS_KEEP_ALIVE) == 0);
}

/* Read the body to its end. Returns 0, or -status; `data` counts its bytes. */
static int64_t read_body(struct state *state, uint64_t *data)
{
    *data = 0;
    while (!state->body.is_complete && state->rest.count > 0) {
        vn_span piece;
        int64_t used = vn_body_feed(&state->body, state->rest.bytes, state->rest.count,
                                    &state->limits, &piece);
        if (used < 0)
            return used;
        *data += piece.count;
        skip(state, (size_t) used);
    }
    return 0;
}

/* The handler's answers to a request whose body it has. */
static int handle_whole(struct state *state, uint8_t what)
{
    bool is_head = state->request.method_id == VN_METHOD_HEAD;
    bool is_old = state->request.minor == 0;
    bool is_over = closes(state);
    switch (what) {
    case 'p':
    case 'q':
    case 'w':
        is_over = is_over || is_old; /* its end is the connection's */
        break;
    case 'f':
        is_over = is_over || is_old || !is_head;
        break;
    case 'h':
        is_over = is_over || !is_head;
        break;
    case 'k':
        is_over = true;
        break;
    case 'v':
        return refuse(state, -500);
    case 't':
        return refuse(state, -503);
    case 'g': /* ends when the input does */
        return give_up(state);
    default:
        break;
    }
    return is_over ? IS_OVER : GOES_ON;
}

/* The answer is given before the body came, which is drained within its limit. */
static int handle_early(struct state *state, bool is_over)
{
    uint32_t most = state->config->limits.discard;
    uint64_t data;
    if (is_over || state->request.content_length > most)
        return IS_OVER;
    int64_t result = read_body(state, &data);
    return result < 0 || data > most || !state->body.is_complete ? IS_OVER : GOES_ON;
}

/* The body is consumed, and answered at its end. */
static int handle_consumer(struct state *state)
{
    uint64_t data;
    int64_t result = read_body(state, &data);
    if (result < 0)
        return refuse(state, result);
    return !state->body.is_complete || closes(state) ? IS_OVER : GOES_ON;
}

/* The consumer fails at whatever comes first. */
static int handle_failing_consumer(struct state *state)
{
    while (state->rest.count > 0) {
        vn_span piece;
        int64_t used = vn_body_feed(&state->body, state->rest.bytes, state->rest.count,
                                    &state->limits, &piece);
        if (used < 0 || piece.count > 0 || state->body.is_complete)
            return refuse(state, used < 0 ? used : -500);
        skip(state, (size_t) used);
    }
    return IS_OVER;
}

static int handle_open(struct state *state, uint8_t what)
{
    if ((state->request.facts & VN_EXPECTS_CONTINUE) != 0)
        return give_up(state);
    /* HTTP/1.0 would have to be told that the connection stays, which is not known yet. */
    bool is_over = closes(state) || state->request.minor == 0;
    if (is_for_server(&state->request))
        return handle_early(state, is_over);
    switch (what) {
    case 'c':
    case 'u':
        return handle_consumer(state);
    case 'v':
        return handle_failing_consumer(state);
    case 'g':
    case 'a': /* a race between the answer and the body */
    case 'd':
    case 't':
    case 'y':
    case 'p':
    case 'l':
    case 'q':
    case 'w':
    case 'f':
    case 'h':
        return give_up(state);
    case 'z': /* a raw answer says nothing about it */
        return handle_early(state, closes(state));
    default:
        return handle_early(state, is_over || what == 'k');
    }
}

static int begin_body(struct state *state, int32_t mode)
{
    const vn_limits *limits = &state->config->limits;
    state->limits = (struct vn_body_limits) {
        .size = mode == VN_BODY_WHOLE ? limits->body : limits->streamed_body,
        .chunk_line = limits->chunk_line,
        .trailers = limits->trailers,
        .field = limits->field,
    };
    return vn_body_begin(&state->body, &state->request, &state->limits);
}

static int take_request(struct state *state)
{
    const vn_limits *limits = &state->config->limits;
    struct vn_scan_limits scan_limits = {limits->request_line, limits->field, limits->fields,
                                         limits->field_count, false};
    vn_request *request = &state->request;
    vn_scan_begin(request);
    int32_t verdict = vn_scan_head(request, state->rest.bytes, state->rest.count, &scan_limits);
    if (verdict > 0 && request->method_id == VN_METHOD_CONNECT)
        verdict = -501;
    if (verdict <= 0)
        return verdict == 0 ? IS_OVER : refuse(state, verdict);
    skip(state, (size_t) verdict);
    state->requests++;

    bool is_server = is_for_server(request);
    vn_span path = vn_request_path(request);
    uint8_t what = path.count > 1 ? path.bytes[1] : 0;
    if (what >= 'A' && what <= 'Z')
        what |= 0x20;
    int32_t mode = is_server ? VN_BODY_IGNORED : client_handlers.choose_body(NULL, request);
    int result = begin_body(state, mode);
    if (result < 0)
        return refuse(state, result);
    if (!state->body.is_complete && mode == VN_BODY_WHOLE) {
        uint64_t data;
        int64_t read = read_body(state, &data);
        if (read < 0 || !state->body.is_complete)
            return read < 0 ? refuse(state, read) : IS_OVER;
    }
    state->model.handled += !is_server;
    if (state->body.is_complete)
        return handle_whole(state, is_server ? 0 : what);
    return handle_open(state, what);
}

struct model model_of(vn_span input, const vn_config *config)
{
    static struct state state;
    state.model = (struct model) {.is_known = true};
    state.rest = input;
    state.config = config;
    state.requests = 0;
    while (state.rest.count > 0 && take_request(&state) == GOES_ON) {
    }
    return state.model;
}
