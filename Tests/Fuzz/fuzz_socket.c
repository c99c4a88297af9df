// SPDX-License-Identifier: MIT
/* fuzz_socket.c - a WebSocket from its handshake to its end, over the memory ring: it ends once,
 * its user is told so, nothing leaks, and how the bytes come and go changes none of what is said.
 *
 * Steering: bytes in a receive and in a send, how sends end, and the user's haste. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../CVanillaIOChecks/serving.h"
#include "fuzz.h"
#include "include/vn_websocket.h"
#include "system.h"

enum {
    BEGIN = 1000000, /* milliseconds */
    MAX_WAIT = 100000,
    TURNS_MAX = 2000, /* and some for each byte */
};

#define OPENING                                                                                    \
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                   \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static struct vn_worker *worker;
static vn_config config;
static vn_websocket *open_socket;
static uint32_t ended, closed;
static bool pauses;

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

/* ---- The user ---- */

static int32_t echo(void *context, uint8_t kind, vn_span bytes)
{
    (void) context;
    fuzz_require(ended == 0 && closed == 0, "a message after the end");
    return vn_websocket_send(open_socket, kind, bytes) < 0 ? -1
           : pauses                                        ? VN_RECEIVE_PAUSE
                                                           : VN_RECEIVE_MORE;
}

static bool note_ended(void *context, uint16_t code, vn_span reason)
{
    (void) context, (void) code, (void) reason;
    ended++;
    return false;
}

static void note_writable(void *context)
{
    (void) context;
}

static void note_closed(void *context)
{
    (void) context;
    closed++;
    open_socket = NULL;
}

static void handle(void *context, const vn_request *request, vn_response *response)
{
    static const vn_websocket_calls calls = {echo, note_ended, note_writable, note_closed};
    vn_websocket_options options;
    (void) context;
    vn_websocket_options_init(&options);
    options.message = 200;
    options.frame = 150;
    options.frames = 6;
    options.control_frames = 4;
    options.ping_interval = 0;
    fuzz_require(
        vn_response_accept_websocket(response, request, &options, &calls, NULL, &open_socket) == 0,
        "it does not open");
}

/* ---- A run ---- */

static void drop_log(void *context, int32_t level, const char *line)
{
    (void) context, (void) level, (void) line;
}

static bool has_input(int fd)
{
    (void) fd;
    return false;
}

static void note_finished(int fd)
{
    (void) fd;
}

/* One worker and its ring for all inputs. */
static void open_worker(void)
{
    vn_config_init(&config);
    config.handlers.handle = handle;
    config.log = drop_log;
    config.keeps_memory = true;
    fuzz_system.now = BEGIN;
    fuzz_system.has_input = has_input;
    fuzz_system.finished = note_finished;
    fuzz_require(posix_memalign((void **) &worker, 128, sizeof *worker) == 0, "no memory");
    fuzz_require(vn_worker_init(worker, &config) == 0, "the worker does not begin");
    fuzz_require(serving_open(worker, vn_loopback_open, 4, 0) == 0, "it does not open");
}

static void serve(struct vn_loopback_peer *peer, const struct vn_loopback_script *script,
                  vn_span input)
{
    *vn_loopback_script(worker->loop.ring) = *script;
    ended = closed = 0;
    fuzz_require(vn_loopback_expect(worker->loop.ring, peer, input.bytes, input.count) == 0,
                 "no memory");
    serving_connect(worker);
    for (size_t turns = 0; peer->ended == 0; turns++) {
        fuzz_require(turns < TURNS_MAX + 8 * input.count, "it does not end");
        fuzz_require(vn_loop_turn(&worker->loop, MAX_WAIT) == 0, "the ring broke");
        if (open_socket != NULL)
            vn_websocket_resume(open_socket);
    }
    fuzz_require(ended == 1 && closed == 1, "%u ended, %u closed", ended, closed);
    fuzz_require(worker->connection_count == 0 && worker->counted.websockets_open == 0,
                 "a socket is left");
    fuzz_require(vn_loopback_lent(worker->loop.ring) == 0, "a buffer was not given back");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static uint8_t sent[sizeof OPENING + FUZZ_PLACE_MAX];
    vn_span input = {bytes, count};
    uint8_t receive = fuzz_take(&input), send = fuzz_take(&input), way = fuzz_take(&input);
    const struct vn_loopback_script plain = {0};
    const struct vn_loopback_script script = {
        .receive_max = receive, .send_max = send, .sends_later = way & 1, .batch = way & 6};
    struct vn_loopback_peer peace = {0}, peer = {0};
    if (input.count > FUZZ_PLACE_MAX)
        return 0;
    if (worker == NULL)
        open_worker();
    memcpy(sent, OPENING, sizeof OPENING - 1);
    if (input.count > 0)
        memcpy(sent + sizeof OPENING - 1, input.bytes, input.count);
    vn_span all = {sent, sizeof OPENING - 1 + input.count};
    pauses = false;
    serve(&peace, &plain, all);
    pauses = (way & 8) != 0;
    serve(&peer, &script, all);
    fuzz_require(peace.output_count == peer.output_count &&
                     memcmp(peace.output, peer.output, peer.output_count) == 0,
                 "%zu bytes in peace, %zu otherwise", peace.output_count, peer.output_count);
    free(peace.output);
    free(peer.output);
    return 0;
}
