// SPDX-License-Identifier: MIT
/* fuzz_connection.c - the whole connection: scanner, bodies, handlers' calls, answers, deadlines
 * and ends, over the memory ring. Each source ends once, nothing leaks, answers are well formed,
 * complete and in order, and how bytes come and go changes none of them.
 *
 * Steering: a byte of options, the number of bytes in the script (see scripted.c), the script. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "scripted.h"
#include "../CVanillaIOChecks/serving.h"
#include "server/config.h"
#include "system.h"

enum {
    GOES_ON = 1 << 0,     /* at random, after the script */
    IS_PAIR = 1 << 1,     /* two clients send the same, at the same time */
    MAY_BREAK = 1 << 2,   /* clients vanish, and the server stops */
    IS_CRAMPED = 1 << 3,  /* the smallest limits */
    IS_STUBBORN = 1 << 4, /* connections stay open whatever the client says */
    IS_CURT = 1 << 5,     /* connections close */
    CONFIGS = 8,          /* by the last three */
    BEGIN = 1000000,      /* milliseconds: when every run begins */
    MAX_WAIT = 100000,
    TURNS_MAX = 1000, /* and one for each byte */
    IN_PEACE = CLIENTS - 1, /* the client whose run has no script */
};

static struct vn_worker *worker;
static struct vn_wheel wheel; /* the worker's, as it was when it was opened */
static vn_config configs[CONFIGS];

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

static void drop_log(void *context, int32_t level, const char *line)
{
    (void) context, (void) level, (void) line;
}

static void make_configs(void)
{
    for (uint32_t i = 0; i < CONFIGS; i++) {
        vn_config *config = &configs[i];
        vn_config_init(config);
        config->error_body = VN_ERROR_BODY_EMPTY; /* the model knows no texts */
        config->handlers = client_handlers;
        config->log = drop_log;
        config->keeps_memory = true; /* no deadline but those of clients */
        if (i & 1)
            config->limits = (vn_limits) {
                .request_line = 64,
                .field = 48,
                .fields = 150,
                .field_count = 5,
                .body = 40,
                .streamed_body = 60,
                .chunk_line = 16,
                .trailers = 20,
                .requests = 3,
                .output = 1024,
                .discard = 10,
            };
        config->keep_alive = (i & 4) != 0   ? VN_KEEP_ALIVE_NEVER
                             : (i & 2) != 0 ? VN_KEEP_ALIVE_ALWAYS
                                            : VN_KEEP_ALIVE_RFC;
        fuzz_require(vn_config_check(config, NULL) == 0, "the configuration is impossible");
    }
}

static bool has_input(int fd);

static void note_finished(int fd)
{
    struct client *client = client_of_descriptor(fd);
    fuzz_require(!client->is_finished, "FIN twice");
    client->is_finished = true;
}

/* One worker and its ring for all inputs. */
static void open_worker(void)
{
    make_configs();
    fuzz_system.now = BEGIN;
    fuzz_system.has_input = has_input;
    fuzz_system.finished = note_finished;
    fuzz_require(posix_memalign((void **) &worker, 128, sizeof *worker) == 0, "no memory");
    fuzz_require(vn_worker_init(worker, &configs[0]) == 0, "the worker does not begin");
    fuzz_require(serving_open(worker, scripted_open, CLIENTS, 0) == 0, "it does not open");
    wheel = worker->loop.wheel;
}

/* As it was when it was opened: it has no connection. */
static void reset_worker(const vn_config *config)
{
    fuzz_system.now = BEGIN;
    worker->config = config;
    worker->loop.now = BEGIN;
    worker->loop.lost = 0;
    worker->loop.put_off_count = 0;
    worker->loop.turn = 0;
    worker->loop.random = 1;
    worker->loop.budget.was_busy = false;
    worker->counted = (vn_statistics) {0};
    worker->listeners[0].counted = (vn_listener_statistics) {0};
    worker->loop.wheel = wheel;
}

/* Whether bytes wait in the socket. */
static bool has_input(int fd)
{
    const struct client *client = client_of_descriptor(fd);
    return client->received < client->input.count;
}

static void connect_client(size_t number, vn_span input)
{
    struct client *client = &clients[number];
    client_begin(client, input);
    fuzz_require(vn_loopback_expect(worker->loop.ring, &client->peer, input.bytes, input.count) ==
                     0,
                 "no memory");
    vn_connection_open(worker, FIRST_DESCRIPTOR + (int32_t) number, &vn_transport_plain,
                       &vn_protocol_http1, 0);
}

/* Once nothing unusual happens any more, all that waits goes on. */
static void turn(size_t first, size_t last)
{
    if (scripted_is_over())
        for (size_t i = first; i <= last; i++)
            client_answer(&clients[i]);
    int32_t turned = vn_loop_turn(&worker->loop, MAX_WAIT);
    fuzz_require(turned == 0, "the ring broke: %d", turned);
}

static void check_client(const struct client *client)
{
    fuzz_require(client->peer.ended == 1, "%u ENDED", client->peer.ended);
    fuzz_require(client->lent == client->released, "lent %u, released %u", client->lent,
                 client->released);
    fuzz_require(client->remote_calls == client->delivered, "%u remote calls, %u made",
                 client->remote_calls, client->delivered);
    fuzz_require(client->received <= client->input.count, "%zu bytes received", client->received);
}

static void check_worker(size_t first, size_t last)
{
    const vn_listener_statistics *counted = &worker->listeners[0].counted;
    uint64_t sent = 0, received = 0, requests = 0;
    for (size_t i = first; i <= last; i++) {
        sent += clients[i].peer.output_count;
        received += clients[i].received;
        requests += clients[i].given_count;
    }
    fuzz_require(worker->connection_count == 0 && vn_list_is_empty(&worker->loop.ready) &&
                     worker->loop.sources.count == 0,
                 "a connection is left");
    fuzz_require(vn_loopback_lent(worker->loop.ring) == 0, "a buffer was not given back");
    fuzz_require(worker->writer.current == NULL || worker->writer.current->references == 1,
                 "a chunk is still referred to");
    fuzz_require(vn_wheel_next(&worker->loop.wheel) == UINT64_MAX, "a deadline is left");
    fuzz_require(counted->open == 0 && counted->accepted == last - first + 1,
                 "%llu connections counted", (unsigned long long) counted->open);
    fuzz_require(counted->bytes_sent <= sent && counted->bytes_received <= received &&
                     counted->requests >= requests,
                 "the counters are wrong");
}

/* Serve clients `first` to `last`, each of which sends `input`, to their ends. */
static void serve(size_t first, size_t last, vn_span input, const vn_config *config,
                  const struct script *script_begun)
{
    reset_worker(config);
    scripted_begin(worker->loop.ring, worker, script_begun);
    for (size_t i = first; i <= last; i++)
        connect_client(i, input);
    for (uint32_t turns = 0; worker->connection_count > 0; turns++) {
        fuzz_require(turns < TURNS_MAX + input.count, "it does not end");
        turn(first, last);
    }
    while (fuzz_system.is_rung)
        turn(first, last);
    if (script.stop_due != UINT64_MAX) { /* for the next run it was not stopped */
        worker->loop.is_draining = false;
        worker->loop.mailbox.stop_due = UINT64_MAX;
        worker->loop.stop_due = UINT64_MAX;
    }
    bool is_cut = worker->counted.timeouts_write_stall > 0 || fuzz_system.now >= script.stop_due;
    for (size_t i = first; i <= last; i++) {
        clients[i].is_broken = clients[i].is_broken || is_cut;
        check_client(&clients[i]);
        client_check_answers(&clients[i]);
    }
    check_worker(first, last);
}

/* Whether what was answered has to be the same whenever the bytes came. */
static bool is_comparable(size_t last)
{
    const vn_statistics *counted = &worker->counted;
    uint64_t timeouts = counted->timeouts_head + counted->timeouts_body + counted->timeouts_idle +
                        counted->timeouts_write_stall + counted->timeouts_handler +
                        counted->timeouts_linger;
    return timeouts == 0 && script.stop_due == UINT64_MAX && !fuzz_system.has_failed &&
           !clients[0].is_timed && !clients[last].is_timed;
}

static bool has_streamed_early(const struct client *client)
{
    const struct given *last =
        client->given_count == 0 ? NULL : &client->given[client->given_count - 1];
    return client->is_broken || (last != NULL && last->is_stream && last->is_body_open);
}

/* Equal, or where an answer may be cut the one begins like the other. */
static void compare(const struct client *client, const struct client *peaceful)
{
    size_t have = client->peer.output_count, want = peaceful->peer.output_count;
    bool may_be_cut = has_streamed_early(client) || has_streamed_early(peaceful);
    fuzz_require(have == want || may_be_cut, "%zu bytes in place of %zu", have, want);
    size_t common = vn_smaller(have, want);
    fuzz_require(common == 0 || memcmp(client->peer.output, peaceful->peer.output, common) == 0,
                 "other bytes");
}

/* And it is what it has to be. */
static void check_model(const struct client *client, const vn_config *config)
{
    struct model model = model_of(client->input, config);
    if (!model.is_known)
        return;
    fuzz_require(client->given_count == model.handled, "%u requests in place of %u",
                 client->given_count, model.handled);
    fuzz_require(client->refusal == model.refusal, "refused with %u in place of %u",
                 client->refusal, model.refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    if (worker == NULL)
        open_worker();
    uint8_t options = fuzz_take(&input);
    size_t steps = vn_smaller(fuzz_take(&input) % 64, input.count);
    struct script scripted = {
        .bytes = {input.bytes, steps},
        .may_break = (options & MAY_BREAK) != 0,
        .stop_due = UINT64_MAX,
    };
    for (size_t i = 0; i < steps && (options & GOES_ON) != 0; i++)
        scripted.random = (scripted.random + input.bytes[i] + 1) * UINT64_C(0x9e3779b97f4a7c15);
    input = (vn_span) {input.bytes + steps, input.count - steps};
    if (input.count > INPUT_MAX)
        return 0;

    const vn_config *config = &configs[options / IS_CRAMPED % CONFIGS];
    size_t last = (options & IS_PAIR) != 0;
    serve(0, last, input, config, &scripted);
    if (!is_comparable(last))
        return 0;
    if (!clients[0].is_broken)
        check_model(&clients[0], config);
    if (steps == 0 && last == 0)
        return 0;
    serve(IN_PEACE, IN_PEACE, input, config, &(struct script) {.stop_due = UINT64_MAX});
    if (clients[IN_PEACE].is_timed || !is_comparable(0))
        return 0;
    for (size_t i = 0; i <= last; i++)
        compare(&clients[i], &clients[IN_PEACE]);
    return 0;
}
