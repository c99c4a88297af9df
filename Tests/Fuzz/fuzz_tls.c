// SPDX-License-Identifier: MIT
/* fuzz_tls.c - a connection over TLS, between a client of OpenSSL's and the memory ring: however
 * its bytes come, are spoilt or break off, the client reads the answers that plain bytes get, or
 * the begin of them; what was not sent is never handled; each source ends, and nothing leaks.
 *
 * Steering: a byte of options, the number of steps, the steps of two bytes (see
 * step), what the client asks. */
#include <errno.h>
#include <string.h>

#include "../CVanillaIOChecks/serving.h"
#include "fuzz.h"
#include "server/config.h"
#include "system.h"
#include "tls.h"

enum {
    IS_OLD = 1 << 0, /* TLS 1.2 */
    NAMES_HOST = 1 << 1,
    AMOUNTS = 32, /* of a step */
    BEGIN = 1000000, /* milliseconds: when every run begins */
    TURNS_MAX = 4000,
    RENEWALS_TAKEN = 2,
    SETTLED = 8, /* turns until the client has nothing more to say */
    PATIENCE = 200, /* turns until time passes */
    INPUT_MAX = 16 << 10,
    PLAIN_MAX = 1 << 20,
    WIRE_MAX = 1 << 18,
};

static struct vn_worker *worker;
static struct vn_wheel wheel; /* the worker's, as it was when it was opened */
static vn_config config;
static vn_tls *tls;

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

/* ---- The server ---- */

static bool has_no_input(int fd)
{
    (void) fd;
    return false;
}

static void note_finished(int fd)
{
    (void) fd;
}

/* The answer says what was asked. */
static void handle(void *context, const vn_request *request, vn_response *response)
{
    (void) context;
    vn_span type = {(const uint8_t *) "text/plain", sizeof "text/plain" - 1};
    vn_response_send(response, type,
                     request->body.count > 0 ? request->body : vn_request_target(request));
}

static void open_worker(void)
{
    vn_tls_config tls_config;
    vn_tls_error error;
    vn_tls_config_init(&tls_config);
    fuzz_system.now = BEGIN;
    fuzz_system.has_input = has_no_input;
    fuzz_system.finished = note_finished;
    fuzz_require(vn_tls_config_add_self_signed(&tls_config, "localhost") == 0, "no certificate");
    fuzz_require((tls = vn_tls_open(&tls_config, &error)) != NULL, "%s", error.message);
    vn_config_init(&config);
    config.handlers.handle = handle;
    config.error_body = VN_ERROR_BODY_EMPTY;
    config.keeps_memory = true; /* no deadline but those of clients */
    fuzz_require(vn_config_check(&config, NULL) == 0, "the configuration is impossible");
    fuzz_require(posix_memalign((void **) &worker, 128, sizeof *worker) == 0, "no memory");
    fuzz_require(vn_worker_init(worker, &config) == 0, "the worker does not begin");
    fuzz_require(serving_open(worker, vn_loopback_open, 2, 0) == 0, "it does not open");
    wheel = worker->loop.wheel;
}

static void reset_worker(void)
{
    fuzz_system.now = BEGIN;
    worker->loop.now = BEGIN;
    worker->loop.turn = 0;
    worker->loop.random = 1;
    worker->counted = (vn_statistics) {0};
    worker->listeners[0].counted = (vn_listener_statistics) {0};
    worker->loop.wheel = wheel;
    *vn_loopback_script(worker->loop.ring) = (struct vn_loopback_script) {.stays_open = true};
}

static void check_worker(void)
{
    fuzz_require(worker->connection_count == 0 && worker->loop.sources.count == 0,
                 "a connection is left");
    fuzz_require(vn_loopback_lent(worker->loop.ring) == 0, "a buffer was not given back");
    fuzz_require(vn_wheel_next(&worker->loop.wheel) == UINT64_MAX, "a deadline is left");
    const struct vn_tls_shard *shard = tls->shards;
    fuzz_require(shard == NULL ||
                     (shard->handshake_count == 0 && vn_list_is_empty(&shard->handshakes) &&
                      vn_list_is_empty(&shard->queue)),
                 "a handshake is left");
}

/* ---- The client ---- */

static struct run {
    struct vn_loopback_peer peer;
    struct vn_source *source; /* until the peer's end */
    vn_tls_client *client;
    vn_span rest; /* what it has still to ask */
    uint8_t wire[WIRE_MAX]; /* its bytes that are not with the server */
    size_t wire_count;
    size_t heard; /* bytes of the server that it knows */
    uint8_t plain[PLAIN_MAX]; /* the server's answers */
    size_t plain_count;
    uint32_t renewals; /* of keys, of which a server takes a few */
    bool is_spoilt; /* the wire, so that the server has to end */
    bool is_over; /* the client sends nothing more */
} run;

/* Bytes go both ways as far as they can. */
static void hear(void)
{
    if (run.peer.output_count > run.heard) {
        vn_tls_client_feed(run.client, run.peer.output + run.heard,
                           run.peer.output_count - run.heard);
        run.heard = run.peer.output_count;
    }
    size_t count;
    while ((count = vn_tls_client_read(run.client, run.plain + run.plain_count,
                                       PLAIN_MAX - run.plain_count)) > 0)
        run.plain_count += count;
    run.wire_count +=
        vn_tls_client_take(run.client, run.wire + run.wire_count, WIRE_MAX - run.wire_count);
}

static void deliver(size_t most)
{
    size_t count = vn_smaller(most, run.wire_count);
    if (run.peer.ended == 0 && count > 0)
        fuzz_require(vn_loopback_feed(worker->loop.ring, run.source, run.wire, count) == 0,
                     "no memory");
    memmove(run.wire, run.wire + count, run.wire_count - count);
    run.wire_count -= count;
}

static void turn(void)
{
    int32_t turned = vn_loop_turn(&worker->loop, 0);
    fuzz_require(turned == 0, "the ring broke: %d", turned);
    hear();
}

static void ask(size_t most)
{
    size_t count = vn_smaller(most, run.rest.count);
    if (run.is_over || count == 0)
        return;
    vn_tls_client_write(run.client, run.rest.bytes, count);
    run.rest = (vn_span) {run.rest.bytes + count, run.rest.count - count};
    hear();
}

/* Nothing of the client's comes after that, with a word about it or without. */
static void finish(bool says_so)
{
    if (says_so && !run.is_over)
        vn_tls_client_finish(run.client);
    hear();
    deliver(WIRE_MAX);
    run.is_over = true;
    run.is_spoilt = run.is_spoilt || !vn_tls_client_is_open(run.client);
    vn_loopback_script(worker->loop.ring)->stays_open = false;
}

static void spoil(size_t at)
{
    if (run.wire_count == 0)
        return;
    run.wire[at % run.wire_count] ^= 1;
    run.is_spoilt = true;
}

static void inject(size_t count)
{
    count = vn_smaller(count, run.rest.count);
    if (run.is_over || run.wire_count + count > WIRE_MAX)
        return;
    memcpy(run.wire + run.wire_count, run.rest.bytes, count);
    run.wire_count += count;
    run.is_spoilt = run.is_spoilt || count > 0;
}

static void change_ring(uint32_t how)
{
    struct vn_loopback_script *script = vn_loopback_script(worker->loop.ring);
    script->sends_later = (how & 1) != 0;
    script->send_max = (how & 2) != 0 ? 1 + how * 40 : 0;
    script->receive_max = (how & 4) != 0 ? 1 + how / 8 * 50 : 0;
    script->is_stalled = how == 31;
}

static void step(uint8_t what, uint32_t amount)
{
    switch (what % 8) {
    case 1:
        deliver(amount + 1);
        break;
    case 2:
        ask(1 + amount * 8);
        break;
    case 3:
        spoil(amount * 11);
        break;
    case 4:
        inject(amount);
        break;
    case 5:
        fuzz_system.now += amount * 400;
        break;
    case 6:
        change_ring(amount);
        break;
    case 7:
        if (amount < 16) {
            vn_tls_client_renew_keys(run.client, amount % 2 != 0);
            run.renewals++;
        } else
            finish(amount % 2 != 0);
        hear();
        break;
    default:
        deliver(WIRE_MAX);
        break;
    }
    turn();
}

/* ---- Runs ---- */

/* What plain bytes are answered. */
static vn_span answer_plainly(vn_span input, struct vn_loopback_peer *peer)
{
    reset_worker();
    vn_loopback_script(worker->loop.ring)->stays_open = false;
    *peer = (struct vn_loopback_peer) {0};
    fuzz_require(vn_loopback_expect(worker->loop.ring, peer, input.bytes, input.count) == 0,
                 "no memory");
    vn_connection_open(worker, -1, &vn_transport_plain, &vn_protocol_http1, 0);
    for (uint32_t turns = 0; worker->connection_count > 0; turns++) {
        fuzz_require(turns < TURNS_MAX, "plain bytes do not end");
        fuzz_system.now += turns > PATIENCE ? 1000 : 0;
        fuzz_require(vn_loop_turn(&worker->loop, 0) == 0, "the ring broke");
    }
    check_worker();
    return (vn_span) {peer->output, peer->output_count};
}

static void serve(uint8_t options, vn_span steps, vn_span input)
{
    reset_worker();
    vn_tls_client_options how = {
        .server_name = (options & NAMES_HOST) != 0 ? "localhost" : NULL,
        .version_max = (options & IS_OLD) != 0 ? VN_TLS_1_2 : VN_TLS_1_3,
    };
    run.peer = (struct vn_loopback_peer) {0};
    run.client = vn_tls_client_open(&how);
    run.rest = input;
    run.wire_count = run.heard = run.plain_count = 0;
    run.renewals = 0;
    run.is_spoilt = run.is_over = false;
    fuzz_require(vn_loopback_expect(worker->loop.ring, &run.peer, NULL, 0) == 0, "no memory");
    run.source =
        &vn_connection_open(worker, -1, vn_tls_transport(tls), &vn_protocol_http1, 0)->entry.source;
    hear();
    while (steps.count > 1 && worker->connection_count > 0) {
        uint8_t what = fuzz_take(&steps);
        step(what, fuzz_take(&steps) % AMOUNTS);
    }
    /* From here on nothing unusual happens any more. */
    struct vn_loopback_script *script = vn_loopback_script(worker->loop.ring);
    *script = (struct vn_loopback_script) {.stays_open = script->stays_open};
    for (uint32_t turns = 0; worker->connection_count > 0; turns++) {
        fuzz_require(turns < TURNS_MAX, "it does not end");
        deliver(WIRE_MAX);
        turn();
        if (vn_tls_client_is_open(run.client) && run.wire_count == 0)
            ask(SIZE_MAX);
        bool has_asked = run.rest.count == 0 || vn_tls_client_has_failed(run.client);
        if (has_asked && run.wire_count == 0 && !run.is_over && turns > SETTLED)
            finish(true);
        fuzz_system.now += turns > PATIENCE ? 1000 : 0;
    }
    hear();
    vn_tls_client_close(run.client);
    check_worker();
}

static bool has_interim(const uint8_t *bytes, size_t count)
{
    return count > 0 && memmem(bytes, count, "HTTP/1.1 100 ", 13) != NULL;
}

/* Whether the answer depends, and may, on when the bytes come. */
static bool is_timed(vn_span answer)
{
    const vn_statistics *counted = &worker->counted;
    return counted->timeouts_head + counted->timeouts_body + counted->timeouts_idle +
                   counted->timeouts_write_stall + counted->timeouts_handler >
               0 ||
           has_interim(answer.bytes, answer.count) || has_interim(run.plain, run.plain_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    struct vn_loopback_peer peer;
    if (worker == NULL)
        open_worker();
    uint8_t options = fuzz_take(&input);
    size_t steps = vn_smaller(2 * (fuzz_take(&input) % 64), input.count);
    vn_span script = {input.bytes, steps};
    input = (vn_span) {input.bytes + steps, input.count - steps};
    if (input.count > INPUT_MAX)
        return 0;
    vn_span answer = answer_plainly(input, &peer);
    serve(options, script, input);
    if (!is_timed(answer)) {
        bool is_whole = !run.is_spoilt && run.renewals <= RENEWALS_TAKEN && run.rest.count == 0;
        fuzz_require(run.plain_count == answer.count ||
                         (!is_whole && run.plain_count < answer.count),
                     "%zu plain bytes in place of %zu", run.plain_count, answer.count);
        fuzz_require(run.plain_count == 0 || memcmp(run.plain, answer.bytes, run.plain_count) == 0,
                     "other bytes");
    }
    free(peer.output);
    free(run.peer.output);
    return 0;
}
