// SPDX-License-Identifier: MIT
#include "include/transport_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"

enum { CUT, ENDED, ALERTED }; /* the last word */

static int last_word(struct rig *rig)
{
    scripted_count(&rig->client); /* read */
    const struct xor_receiver *receiver = &rig->client.receiver;
    return receiver->was_alerted ? ALERTED : receiver->has_ended ? ENDED : CUT;
}

/* Free the rig, and say what is wrong: `problem` first. */
static const char *finish(struct rig *rig, const char *problem)
{
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* ---- The end of output ---- */

struct ending {
    const char *name;
    const char *input;
    bool stays_open; /* the client does not end its side */
    bool drains;
    uint32_t idle; /* deadline */
    int word;
};

static const struct ending endings[] = {
    {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true, false, 0, ENDED},
    {"end of input", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, 0, ENDED},
    {"close and end of input", "GET / HTTP/1.0\r\n\r\n", false, false, 0, ENDED},
    {"nothing", "", false, false, 0, ENDED},
    {"refusal", "BAD\r\n\r\n", true, false, 0, ENDED},
    {"much", "GET /shared HTTP/1.0\r\n\r\n", true, false, 0, ENDED},
    {"idle", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, 20, ENDED},
    {"drain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, true, 0, ENDED},
    {"broken answer", "GET /produce-short HTTP/1.1\r\nHost: a\r\n\r\n", true, false, 0, CUT},
    {"end by close", "GET /produce HTTP/1.0\r\n\r\n", true, false, 0, ENDED},
};

static const char *check_ending(const struct ending *which, const struct vn_loopback_script *script)
{
    struct rig *rig = rig_make(OVER_XOR);
    const char *problem = NULL;
    rig->config.deadlines.idle = which->idle;
    rig->config.deadlines.linger = 20;
    *rig_script(rig) = *script;
    rig_script(rig)->stays_open = which->stays_open;
    rig_connect(rig, which->input, strlen(which->input));
    if (which->drains) {
        rig_turn_until_idle(rig);
        vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    }
    if (!rig_finish(rig))
        problem = rig_failed("%s: it did not end", which->name);
    else if (last_word(rig) != which->word)
        problem = rig_failed("%s: the last word is %d", which->name, last_word(rig));
    return finish(rig, problem);
}

const char *vn_check_last_words(void)
{
    static const struct vn_loopback_script scripts[] = {{.send_max = 0},
                                                        {.sends_later = true},
                                                        {.send_max = 1},
                                                        {.send_max = 3, .sends_later = true}};
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        for (size_t j = 0; j < sizeof scripts / sizeof *scripts && problem == NULL; j++)
            problem = check_ending(&endings[i], &scripts[j]);
    return problem;
}

/* ---- Failure ---- */

static const char *const in_hand[] = {
    "",
    "GET",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /produce-on HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /produce-shared HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
    "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
    "POST /late-count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    "BAD\r\n\r\n",
};

enum { IN_HAND = sizeof in_hand / sizeof *in_hand };

static const uint8_t no_record[] = {252, 'a', 'b', 'c'};

static const char *check_failure(const char *input, const struct vn_loopback_script *script)
{
    struct rig *rig = rig_make(OVER_XOR);
    const char *problem = NULL;
    rig->config.deadlines.linger = 20;
    *rig_script(rig) = *script;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, input, strlen(input));
    rig_turn_until_idle(rig);
    bool is_refused = rig_conn(rig) == NULL || rig_conn(rig)->is_closing;
    if (rig_conn(rig) != NULL)
        scripted_feed_wire(&rig->worker, &rig->client, rig_conn(rig), no_record, sizeof no_record);
    rig_turn_until_idle(rig);
    bool is_over = rig_conn(rig) == NULL || rig_conn(rig)->is_closing;
    uint32_t handled = rig->handled, turns = rig->turns;
    if (rig->handle.worker != NULL)
        vn_handle_run(rig->handle, rig_answer_later, rig);
    rig_script(rig)->is_stalled = false;
    rig_turn_until_idle(rig);
    if (!is_over || rig->released != rig->lent)
        problem = rig_failed("%s: over %d, lent %u, released %u", input, is_over, rig->lent,
                             rig->released);
    else if (rig->later_alive != 0 || rig->handled != handled || rig->turns != turns)
        problem = rig_failed("%s: an exchange outlived its transport", input);
    else if (!rig_finish(rig))
        problem = rig_failed("%s: it did not end", input);
    else if (!is_refused && last_word(rig) != ALERTED)
        problem = rig_failed("%s: the last word is %d", input, last_word(rig));
    return finish(rig, problem);
}

/* A client whose transport failed may send no longer than others who are not listened to. */
static const char *check_flood_after_failure(void)
{
    static const uint8_t flood[100];
    const char *problem = NULL;
    struct rig *rig = rig_make(OVER_XOR);
    rig->config.deadlines.linger_total = 20;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, "", 0);
    scripted_feed_wire(&rig->worker, &rig->client, rig_conn(rig), no_record, sizeof no_record);
    rig_turn_until_idle(rig);
    uint64_t until = vn_clock() + 20000;
    while (rig_conn(rig) != NULL && rig->client.peer.ended == 0 && vn_clock() < until) {
        scripted_feed_wire(&rig->worker, &rig->client, rig_conn(rig), flood, sizeof flood);
        vn_loop_turn(&rig->worker.loop, 0);
        vn_loop_turn(&rig->worker.loop, 0);
    }
    if (rig->client.peer.ended == 0)
        problem = rig_failed("it may send without an end");
    return finish(rig, problem);
}

const char *vn_check_transport_fails(void)
{
    static const struct vn_loopback_script scripts[] = {
        {.send_max = 0}, {.sends_later = true, .batch = 2}, {.send_max = 7}, {.is_stalled = true}};
    const char *problem = NULL;
    for (size_t i = 0; i < IN_HAND; i++)
        for (size_t j = 0; j < sizeof scripts / sizeof *scripts && problem == NULL; j++)
            problem = check_failure(in_hand[i], &scripts[j]);
    return problem != NULL ? problem : check_flood_after_failure();
}

/* Damaged bytes in a random schedule: whatever they are, it ends, and what was said is sound. */
const char *vn_check_transport_fails_at_random(uint64_t seed)
{
    uint64_t random = seed * 2 + 1;
    struct rig *rig = rig_make(OVER_XOR);
    const char *input = in_hand[rig_draw(&random, IN_HAND)], *problem = NULL;
    size_t count;
    uint8_t *wire = scripted_wire(&rig->client, input, strlen(input), false, &count);
    for (uint64_t damages = 1 + rig_draw(&random, 3); damages > 0; damages--)
        wire[rig_draw(&random, count)] = (uint8_t) rig_draw(&random, 256);
    rig->config.deadlines.linger = 5;
    rig->config.deadlines.handler = 5;
    rig->config.deadlines.write_stall = 5; /* of streams that wait */
    rig_script(rig)->seed = seed + 1;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count);
    free(wire);
    if (strcmp(input, in_hand[6]) == 0) /* it never ends by itself */
        rig_turn_until_idle(rig);
    else if (!rig_finish(rig))
        problem = rig_failed("seed %llu: it did not end", (unsigned long long) seed);
    return finish(rig, problem);
}

/* ---- The begin ---- */

const char *vn_check_transport_never_begins(void)
{
    static const struct {
        const char *wire;
        bool is_refused;
    } cases[] = {{"", false}, {"X", false}, {"G", true}, {"GET / HTTP/1.1\r\n\r\n", true}};
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && problem == NULL; i++) {
        struct rig *rig = rig_make(OVER_XOR);
        rig->config.deadlines.head = 30;
        rig->config.deadlines.linger = 20;
        rig_script(rig)->stays_open = true;
        scripted_connect_wire(&rig->worker, &rig->client, rig->protocol,
                              (const uint8_t *) cases[i].wire, strlen(cases[i].wire));
        bool has_ended = rig_finish(rig);
        bool was_late = rig->worker.counted.timeouts_head == 1;
        size_t said = rig->client.peer.output_count;
        if (!has_ended || was_late == cases[i].is_refused ||
            said != (cases[i].is_refused ? 1 : 0) || rig->handled != 0)
            problem = rig_failed("\"%s\": ended %d, late %d, %zu bytes said", cases[i].wire,
                                 has_ended, was_late, said);
        problem = finish(rig, problem);
    }
    return problem;
}

/* ---- The end of input ---- */

const char *vn_check_truncated_input(void)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const char *problem = NULL;
    for (size_t less = 0; less <= 1 && problem == NULL; less++) {
        struct rig *rig = rig_make(OVER_XOR);
        size_t count, next;
        uint8_t *wire = scripted_wire(&rig->client, request, sizeof request - 1, false, &count);
        uint8_t *more = scripted_wire(&rig->client, "GET", 1, false, &next);
        wire = realloc(wire, count + next);
        memcpy(wire + count, more, next);
        scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count + next - less);
        free(wire);
        free(more);
        bool has_ended = rig_finish(rig), is_answered = scripted_count(&rig->client) > 0;
        if (!has_ended || !is_answered || last_word(rig) != (less == 0 ? ENDED : CUT))
            problem = rig_failed("%zu less: ended %d, answered %d, the last word is %d", less,
                                 has_ended, is_answered, last_word(rig));
        problem = finish(rig, problem);
    }
    return problem;
}

const char *vn_check_input_after_its_end(void)
{
    static const char request[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    static const uint8_t more[100] = {252};
    struct rig *rig = rig_make(OVER_XOR);
    const char *problem = NULL;
    size_t count;
    uint8_t *wire = scripted_wire(&rig->client, request, sizeof request - 1, true, &count);
    rig_script(rig)->stays_open = true;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count);
    free(wire);
    rig_turn_until_idle(rig);
    uint64_t received = rig->worker.listeners[0].counted.bytes_received;
    scripted_feed_wire(&rig->worker, &rig->client, rig_conn(rig), more, sizeof more);
    rig_turn_until_idle(rig);
    if (rig->worker.listeners[0].counted.bytes_received != received)
        problem = rig_failed("it was received");
    vn_handle_run(rig->handle, rig_answer_later, rig);
    if (!rig_finish(rig) || last_word(rig) != ENDED || rig->later_alive != 1)
        problem = rig_failed("not answered: the last word is %d", last_word(rig));
    return finish(rig, problem);
}

const char *vn_check_wire_is_counted(void)
{
    static const char request[] = "GET /produce-shared HTTP/1.1\r\nHost: a\r\n\r\n";
    const char *problem = NULL;
    for (uint64_t seed = 0; seed < 20 && problem == NULL; seed++) {
        struct rig *rig = rig_make(OVER_XOR);
        size_t count;
        uint8_t *wire = scripted_wire(&rig->client, request, sizeof request - 1, false, &count);
        rig_script(rig)->seed = seed;
        scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count);
        free(wire);
        rig_finish(rig);
        const vn_listener_statistics *counted = &rig->worker.listeners[0].counted;
        size_t plain = scripted_count(&rig->client), sent = rig->client.peer.output_count;
        if (counted->bytes_received != count || counted->bytes_sent != sent || plain < 40000 ||
            plain >= sent)
            problem = rig_failed("received %llu of %zu, sent %llu of %zu",
                                 (unsigned long long) counted->bytes_received, count,
                                 (unsigned long long) counted->bytes_sent, sent);
        problem = finish(rig, problem);
    }
    return problem;
}

/* ---- Over the system's sockets ---- */

enum { REQUESTS = 6, BODY = 500000, TIME_MAX = 20000 /* milliseconds */ };

struct socket_rig {
    struct vn_worker worker;
    vn_config config;
    struct vn_loop *before;
    int fd; /* the client's end */
    struct xor_sender sender;
    struct xor_receiver receiver;
    uint8_t *plain;
    size_t plain_count;
    bool has_ended;
};

/* Every second answer is copied, the others are sent from where they lie. */
static void handle_over_socket(void *context, const vn_request *request, vn_response *response)
{
    static uint8_t body[BODY];
    int *handled = context;
    (void) request;
    memset(body, 'b', sizeof body);
    if ((*handled)++ % 2 == 0)
        vn_response_send(response, (vn_span) {0}, (vn_span) {body, sizeof body});
    else
        vn_response_send_shared(response, (vn_span) {0}, (vn_span) {body, sizeof body}, NULL, NULL);
}

/* Send what the socket takes, and read what has come, a little at a time. */
static void socket_move(struct socket_rig *rig, const uint8_t *wire, size_t count, size_t *sent)
{
    uint8_t came[7001];
    if (*sent < count) {
        ssize_t more = write(rig->fd, wire + *sent, count - *sent);
        *sent += more > 0 ? (size_t) more : 0;
    }
    ssize_t read_count = read(rig->fd, came, sizeof came);
    rig->has_ended = rig->has_ended || read_count == 0;
    if (read_count <= 0)
        return;
    rig->plain = realloc(rig->plain, rig->plain_count + (size_t) read_count);
    rig->plain_count +=
        xor_read(&rig->receiver, came, (size_t) read_count, rig->plain + rig->plain_count);
}

static size_t count_text(const uint8_t *bytes, size_t count, const char *text)
{
    size_t found = 0, size = strlen(text);
    const uint8_t *end = bytes + count;
    while ((bytes = memmem(bytes, (size_t) (end - bytes), text, size)) != NULL) {
        found++;
        bytes += size;
    }
    return found;
}

static const char *check_socket(struct socket_rig *rig, bool drains)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    uint8_t wire[4096];
    size_t count = 0, sent = 0;
    for (int i = 0; i < REQUESTS; i++) {
        size_t more;
        uint8_t *bytes = xor_write(&rig->sender, request, sizeof request - 1, &more);
        memcpy(wire + count, bytes, more);
        count += more;
        free(bytes);
    }
    wire[count] = XOR_END;
    count += drains ? 0 : 1;
    bool was_stopped = false;
    uint64_t due = vn_clock() + TIME_MAX;
    while (!rig->has_ended && vn_clock() < due) {
        socket_move(rig, wire, count, &sent);
        if (drains && !was_stopped && rig->plain_count > (size_t) REQUESTS * BODY) {
            vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + TIME_MAX);
            was_stopped = true;
        }
        if (vn_loop_turn(&rig->worker.loop, 1) < 0)
            return rig_failed("the ring broke");
    }
    size_t answers = count_text(rig->plain, rig->plain_count, "HTTP/1.1 200 OK\r\n");
    size_t bytes = count_text(rig->plain, rig->plain_count, "bbbbbbbbbb") * 10;
    if (answers != REQUESTS || bytes != (size_t) REQUESTS * BODY || rig->receiver.is_broken)
        return rig_failed("%zu answers with %zu bytes, broken %d", answers, bytes,
                          rig->receiver.is_broken);
    if (!rig->has_ended || !rig->receiver.has_ended || rig->receiver.was_alerted)
        return rig_failed("ended %d, its transport %d, alerted %d", rig->has_ended,
                          rig->receiver.has_ended, rig->receiver.was_alerted);
    return NULL;
}

const char *vn_check_transport_over_a_socket(int backend, int drains)
{
    int handled = 0, pair[2];
    struct socket_rig *rig = NULL;
    if (posix_memalign((void **) &rig, 128, sizeof *rig) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    *rig = (struct socket_rig) {.fd = pair[0]};
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    vn_config_init(&rig->config);
    rig->config.handlers = (vn_handlers) {.context = &handled, .handle = handle_over_socket};
    vn_worker_init(&rig->worker, &rig->config);
    rig->worker.context = &handled;
    rig->before = vn_loop_enter(&rig->worker.loop);
    vn_ring_opener *opener = vn_ring_opener_of((enum vn_ring_backend) backend);
    if (serving_open(&rig->worker, opener, 4, 0) != 0)
        abort();
    vn_connection_open(&rig->worker, pair[1], &xor_transport, &vn_protocol_http1, 0);
    const char *problem = check_socket(rig, drains != 0);
    close(pair[0]);
    vn_worker_close(&rig->worker);
    vn_loop_leave(&rig->worker.loop, rig->before);
    vn_worker_deinit(&rig->worker);
    free(rig->plain);
    free(rig);
    return problem;
}
