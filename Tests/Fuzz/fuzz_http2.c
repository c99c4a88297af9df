// SPDX-License-Identifier: MIT
/* fuzz_http2.c - a whole connection of HTTP/2 over the memory ring: frames that a client may send,
 * in any order, and others; handlers that answer now, later, in parts or never; memory that runs
 * out. Whatever comes, the connection ends once, what is lent is released, each exchange that began
 * ends, and what is sent are frames.
 *
 * Steering: the ring's seed; so many allocations until one fails. Then steps, each a byte that says
 * what it is, and its arguments. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../CVanillaIOChecks/serving.h"
#include "fuzz.h"
#include "http/frame.h"
#include "http/hpack.h"
#include "serve/http2.h"
#include "server/config.h"
#include "system.h"

enum {
    INPUT_MAX = 256 << 10,
    BEGIN = 1000000, /* milliseconds */
    TURNS_MAX = 20000,
    MAX_WAIT = 100000,
    LATER_MAX = 8,
};

static struct vn_worker *worker;
static struct vn_wheel wheel; /* the worker's, as it was when it was opened */
static vn_config config;
static uint8_t bytes_out[INPUT_MAX];
static size_t bytes_count;
static struct vn_hpack_encoder encoder;
static uint32_t lent, released, ended, next_stream;
static vn_handle later[LATER_MAX];
static uint32_t later_count;

/* There are no other rings here. */
int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring, (void) slab;
    return -ENOSYS;
}

int32_t vn_epoll_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring, (void) slab;
    return -ENOSYS;
}

int32_t vn_kqueue_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring, (void) slab;
    return -ENOSYS;
}

/* ---- Handlers ---- */

static void count_release(void *context)
{
    (void) context;
    released++;
}

static void note_later(const vn_response *response)
{
    later[later_count++ % LATER_MAX] = vn_response_handle(response);
}

static int32_t produce(void *context, vn_body_writer *writer)
{
    static const uint8_t piece[5000];
    uint32_t *left = context;
    vn_body_write(writer, (vn_span) {piece, *left * 100 % sizeof piece});
    if (--*left == 0)
        return VN_PRODUCE_DONE;
    return *left % 3 == 0 ? VN_PRODUCE_WAIT : VN_PRODUCE_MORE;
}

static void release_counter(void *context)
{
    released++;
    free(context);
}

static int32_t consume(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context;
    if (is_last)
        vn_response_send(response, vn_span_of("text/plain"), piece);
    return piece.count % 5 == 1 ? VN_RECEIVE_PAUSE : VN_RECEIVE_MORE;
}

static void stream_some(vn_response *response, int64_t length)
{
    uint32_t *left = malloc(sizeof *left);
    *left = 10;
    lent++;
    note_later(response);
    vn_response_stream(response, vn_span_of("text/plain"), length, produce, release_counter, left);
}

static void fuzz_handle(void *context, const vn_request *request, vn_response *response)
{
    static const uint8_t large[100000];
    vn_span path = vn_request_path(request);
    (void) context;
    fuzz_require((request->facts & VN_IS_HTTP2) != 0, "it is not of HTTP/2");
    switch (path.count > 1 ? path.bytes[1] : '0') {
    case '1':
        lent++;
        vn_response_send_shared(response, vn_span_of("text/plain"), (vn_span) {large, 100000},
                                count_release, NULL);
        break;
    case '2':
        stream_some(response, -1);
        break;
    case '3':
        stream_some(response, 20000);
        break;
    case '4':
        note_later(response);
        vn_response_defer(response);
        break;
    case '5':
        note_later(response);
        lent++;
        vn_response_receive(response, consume, count_release, NULL);
        break;
    case '6':
        break;
    case '7':
        vn_response_send_raw(response, vn_span_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                                                  "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
        break;
    default:
        vn_response_add_field(response, vn_span_of("Set-Cookie"), vn_span_of("a=b"));
        vn_response_send(response, vn_span_of("text/plain"), request->body);
    }
}

static int32_t choose_body(void *context, const vn_request *request)
{
    vn_span path = vn_request_path(request);
    (void) context;
    return path.count > 1 && path.bytes[1] == '5'   ? VN_BODY_STREAMED
           : path.count > 1 && path.bytes[1] == '1' ? VN_BODY_IGNORED
                                                    : VN_BODY_WHOLE;
}

static void note_end(void *context, const vn_ended_exchange *exchange)
{
    (void) context, (void) exchange;
    ended++;
}

static void answer_later(void *context, vn_response *response)
{
    (void) context;
    if (response != NULL)
        vn_response_send(response, vn_span_of("text/plain"), vn_span_of("later"));
}

static void drop_log(void *context, int32_t level, const char *line)
{
    (void) context, (void) level, (void) line;
}

/* ---- What the client sends ---- */

static void put_frame(uint8_t type, uint8_t flags, uint32_t stream, vn_span payload)
{
    const struct vn_frame frame = {(uint32_t) payload.count, stream, type, flags};
    if (bytes_count + VN_FRAME_HEAD + payload.count > sizeof bytes_out)
        return;
    uint8_t *to = vn_frame_write(bytes_out + bytes_count, &frame);
    if (payload.count > 0)
        memcpy(to, payload.bytes, payload.count);
    bytes_count += VN_FRAME_HEAD + payload.count;
}

static vn_span take_bytes(vn_span *input, size_t most)
{
    size_t count = vn_smaller(vn_smaller(fuzz_take(input), most), input->count);
    vn_span taken = {input->bytes, count};
    *input = (vn_span) {input->bytes + count, input->count - count};
    return taken;
}

static void put_request(vn_span *input, uint8_t how)
{
    uint8_t block[512], *to = vn_hpack_write_begin(&encoder, block);
    const char path[] = {'/', (char) ('0' + fuzz_take(input) % 9), '\0'};
    static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS"};
    const struct {
        vn_span name, value;
    } fields[] = {
        {vn_span_of(":method"), vn_span_of(methods[how % 4])},
        {vn_span_of(":scheme"), vn_span_of("http")},
        {vn_span_of(":path"), vn_span_of(path)},
        {vn_span_of(":authority"), vn_span_of("a")},
        {vn_span_of("priority"), vn_span_of((how & 16) != 0 ? "u=1" : "i")},
    };
    for (size_t i = 0; i < 4 + (size_t) (how >> 3 & 1); i++)
        to = vn_hpack_write(&encoder, to, fields[i].name, fields[i].value, VN_HPACK_INDEXED);
    next_stream += 2;
    put_frame(VN_FRAME_HEADERS, VN_FLAG_END_HEADERS | ((how & 4) != 0 ? VN_FLAG_END_STREAM : 0),
              next_stream, (vn_span) {block, (size_t) (to - block)});
}

static void put_number(uint8_t type, uint32_t stream, uint32_t number)
{
    uint8_t bytes[4];
    vn_write_u32(bytes, number);
    put_frame(type, 0, stream, (vn_span) {bytes, sizeof bytes});
}

/* One of the last streams. */
static uint32_t take_stream(vn_span *input)
{
    uint32_t back = fuzz_take(input) % 8 * 2;
    return next_stream > back ? next_stream - back : 1;
}

static void put_step(vn_span *input)
{
    static const uint8_t large[VN_FRAME_SIZE];
    uint8_t what = fuzz_take(input), how = fuzz_take(input);
    switch (what % 10) {
    case 0:
    case 1:
        put_request(input, how);
        break;
    case 2:
        put_frame(VN_FRAME_DATA, how & (VN_FLAG_END_STREAM | VN_FLAG_PADDED), take_stream(input),
                  take_bytes(input, 64));
        break;
    case 3:
        put_frame(VN_FRAME_DATA, how & VN_FLAG_END_STREAM, take_stream(input),
                  (vn_span) {large, sizeof large});
        break;
    case 4:
        put_number(VN_FRAME_RST_STREAM, take_stream(input), how);
        break;
    case 5:
        put_number(VN_FRAME_WINDOW_UPDATE, (how & 1) != 0 ? 0 : take_stream(input),
                   (uint32_t) how << how % 24);
        break;
    case 6: {
        uint8_t setting[VN_SETTING_SIZE];
        vn_setting_write(setting, how % 8, (uint32_t) fuzz_take(input) << how % 12);
        put_frame(VN_FRAME_SETTINGS, 0, 0, (vn_span) {setting, sizeof setting});
        break;
    }
    case 7:
        put_frame(how, fuzz_take(input), take_stream(input), take_bytes(input, 64));
        break;
    case 8:
        put_frame(VN_FRAME_PING, how & 1, 0, vn_span_of("goaway\0"));
        break;
    default:
        put_frame(VN_FRAME_HEADERS, how, take_stream(input), take_bytes(input, 64));
    }
}

/* ---- The run ---- */

static bool has_input(int fd)
{
    (void) fd;
    return false;
}

static void note_finished(int fd)
{
    (void) fd;
}

static void open_worker(void)
{
    fuzz_system.has_input = has_input;
    fuzz_system.finished = note_finished;
    vn_config_init(&config);
    config.handlers = (vn_handlers) {
        .handle = fuzz_handle, .choose_body = choose_body, .exchange_ended = note_end};
    config.log = drop_log;
    config.keeps_memory = true;
    fuzz_system.now = BEGIN;
    fuzz_require(posix_memalign((void **) &worker, 128, sizeof *worker) == 0, "no memory");
    fuzz_require(vn_worker_init(worker, &config) == 0, "the worker does not begin");
    fuzz_require(serving_open(worker, vn_loopback_open, 2, 0) == 0, "it does not open");
    wheel = worker->loop.wheel;
}

static void check_output(const struct vn_loopback_peer *peer)
{
    const uint8_t *at = peer->output, *end = at + peer->output_count;
    while ((size_t) (end - at) >= VN_FRAME_HEAD) {
        struct vn_frame frame = vn_frame_read(at);
        fuzz_require(vn_frame_check(&frame).error == VN_HTTP2_NO_ERROR, "frame %u of %u bytes",
                     frame.type, frame.count);
        if ((size_t) (end - at) < VN_FRAME_HEAD + frame.count)
            break;
        at += VN_FRAME_HEAD + frame.count;
    }
}

static void run(uint64_t seed, uint32_t fails_in)
{
    struct vn_loopback_peer peer = {0};
    *vn_loopback_script(worker->loop.ring) = (struct vn_loopback_script) {.seed = seed};
    fuzz_require(vn_loopback_expect(worker->loop.ring, &peer, bytes_out, bytes_count) == 0,
                 "no memory");
    fuzz_system.fails_in = fails_in;
    vn_connection_open(worker, -1, &vn_transport_plain, &vn_protocol_http2, 0);
    for (uint32_t turn = 0; peer.ended == 0; turn++) {
        fuzz_require(turn < TURNS_MAX, "the connection does not end");
        fuzz_require(vn_loop_turn(&worker->loop, MAX_WAIT) == 0, "the ring broke");
        if (turn % 4 == 3 && later_count > 0) {
            vn_handle handle = later[--later_count % LATER_MAX];
            if (turn % 8 == 3)
                vn_handle_resume(handle);
            else
                vn_handle_run(handle, answer_later, NULL);
        }
    }
    check_output(&peer);
    free(peer.output);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    if (worker == NULL)
        open_worker();
    fuzz_system.now = BEGIN;
    worker->loop.now = BEGIN;
    worker->loop.turn = 0;
    worker->loop.random = 1;
    worker->loop.wheel = wheel;
    worker->counted = (vn_statistics) {0};
    worker->listeners[0].counted = (vn_listener_statistics) {0};
    lent = released = ended = later_count = 0;
    next_stream = UINT32_MAX; /* the first is 1 */
    vn_hpack_encoder_init(&encoder);
    memcpy(bytes_out, VN_PREFACE.bytes, VN_PREFACE.count);
    bytes_count = VN_PREFACE.count;
    put_frame(VN_FRAME_SETTINGS, 0, 0, (vn_span) {0});
    uint64_t seed = fuzz_take(&input);
    uint32_t fails_in = fuzz_take(&input);
    while (input.count > 0)
        put_step(&input);
    run(seed, fails_in);
    fuzz_system.fails_in = 0;
    fuzz_require(lent == released, "lent %u, released %u", lent, released);
    fuzz_require(worker->loop.sources.count == 0, "a slot is still taken");
    fuzz_require(vn_loopback_lent(worker->loop.ring) == 0, "buffers were not given back");
    return 0;
}
