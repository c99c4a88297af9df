// SPDX-License-Identifier: MIT
#include "rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[4096];

const char *rig_failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

uint64_t rig_draw(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 11) % below;
}

/* ---- What its paths do ---- */

/* The paths under "/ignored" are as the same ones without that, and no body is wanted. */
static bool is_ignored(vn_span path)
{
    static const char begin[] = "/ignored/";
    return path.count >= sizeof begin - 1 && memcmp(path.bytes, begin, sizeof begin - 1) == 0;
}

bool rig_path_is(const vn_request *request, const char *path)
{
    vn_span have = vn_request_path(request);
    size_t skipped = is_ignored(have) ? sizeof "/ignored" - 1 : 0;
    have = (vn_span) {have.bytes + skipped, have.count - skipped};
    return have.count == strlen(path) && memcmp(have.bytes, path, have.count) == 0;
}

const vn_span rig_text = {(const uint8_t *) "text/plain", 10};

static void count_release(void *context)
{
    ((struct rig *) context)->released++;
}

static int32_t consume_count(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct rig *rig = context;
    rig->consumed += piece.count;
    if (is_last) {
        char sum[32];
        snprintf(sum, sizeof sum, "%llu", (unsigned long long) rig->consumed);
        vn_response_send(response, rig_text, vn_span_of(sum));
        rig->consumed = 0;
    }
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_pause(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct rig *rig = context;
    rig->handle = vn_response_handle(response);
    consume_count(context, response, piece, is_last);
    return VN_RECEIVE_PAUSE;
}

static int32_t consume_nothing(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) response, (void) piece, (void) is_last;
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_fail(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) response, (void) piece, (void) is_last;
    return -EIO;
}

static int32_t consume_and_answer(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) piece, (void) is_last;
    vn_response_send(response, rig_text, vn_span_of("early"));
    return VN_RECEIVE_MORE;
}

/* 5,000 bytes in pieces of a hundred. */
static int32_t produce(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    char piece[100];
    memset(piece, 'a' + (int) (rig->turns % 26), sizeof piece);
    vn_body_write(stream, (vn_span) {(uint8_t *) piece, sizeof piece});
    return ++rig->turns % 50 == 0 ? VN_PRODUCE_DONE : VN_PRODUCE_MORE;
}

static int32_t produce_and_wait(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    vn_body_write(stream, vn_span_of("tick\n"));
    return ++rig->turns == 3 ? VN_PRODUCE_DONE : VN_PRODUCE_WAIT;
}

static int32_t produce_too_little(void *context, vn_body_writer *stream)
{
    (void) context;
    vn_body_write(stream, vn_span_of("short"));
    return VN_PRODUCE_DONE;
}

static int32_t produce_shared(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    static const uint8_t block[1000] = {'x'};
    rig->lent++;
    vn_body_write_shared(stream, (vn_span) {block, sizeof block}, count_release, rig);
    return ++rig->turns % 40 == 0 ? VN_PRODUCE_DONE : VN_PRODUCE_MORE;
}

static int32_t produce_on(void *context, vn_body_writer *stream)
{
    produce_shared(context, stream);
    return VN_PRODUCE_MORE;
}

/* As if the handler took RIG_HELD milliseconds: what it began with was so much earlier. */
static void rig_hold(struct rig *rig)
{
    struct vn_budget *budget = &rig->worker.loop.budget;
    const uint64_t span = RIG_HELD * 1000000ull;
    while (vn_clock_nanoseconds() - budget->opened < 200000) /* a tick is known by then */
        ;
    double tick = vn_budget_tick(budget, vn_clock_nanoseconds() - budget->opened, vn_ticks());
    uint64_t ticks = (uint64_t) ((double) span / tick);
    budget->opened -= span;
    budget->opened_ticks -= ticks;
    budget->share_looked -= ticks;
    budget->share_began -= ticks;
    budget->marked -= ticks;
}

static void rig_handle(void *context, const vn_request *request, vn_response *response)
{
    struct rig *rig = context;
    static const uint8_t big[50000] = {[0 ... 49999] = 'b'};
    static const uint8_t huge[1000000] = {'h'};
    rig->handled++;
    if (rig_path_is(request, "/echo"))
        vn_response_send(response, rig_text, request->body);
    else if (rig_path_is(request, "/slow")) { /* longer than the patience of a test */
        for (uint64_t until = vn_clock() + 100; vn_clock() < until;)
            ;
        vn_response_send(response, rig_text, vn_span_of("Hello"));
    } else if (rig_path_is(request, "/sluggish")) { /* longer than a share may last */
        for (uint64_t until = vn_clock_nanoseconds() + 2 * VN_SHARE_SPAN_MAX;
             vn_clock_nanoseconds() < until;)
            ;
        vn_response_send(response, rig_text, vn_span_of("Hello"));
    } else if (rig_path_is(request,
                           "/late")) { /* whatever the turn has taken so far, it is late now */
        rig->worker.loop.budget.ends = 0;
        vn_response_send(response, rig_text, (vn_span) {big, 1000});
    } else if (rig_path_is(request, "/huge")) {
        rig->lent++;
        vn_response_send_shared(response, rig_text, (vn_span) {huge, sizeof huge}, count_release,
                                rig);
    } else if (rig_path_is(request, "/count") || rig_path_is(request, "/ignored-count"))
        vn_response_receive(response, consume_count, NULL, rig);
    else if (rig_path_is(request, "/answered-early"))
        vn_response_receive(response, consume_and_answer, NULL, rig);
    else if (rig_path_is(request, "/pause"))
        vn_response_receive(response, consume_and_pause, NULL, rig);
    else if (rig_path_is(request, "/late-count")) {
        rig->handle = vn_response_handle(response);
        vn_response_receive(response, consume_nothing, NULL, rig);
        vn_response_defer(response);
    } else if (rig_path_is(request, "/fail"))
        vn_response_receive(response, consume_and_fail, NULL, rig);
    else if (rig_path_is(request, "/produce"))
        vn_response_stream(response, rig_text, -1, produce, NULL, rig);
    else if (rig_path_is(request, "/produce-5000"))
        vn_response_stream(response, rig_text, 5000, produce, NULL, rig);
    else if (rig_path_is(request, "/produce-short"))
        vn_response_stream(response, rig_text, 6, produce_too_little, NULL, rig);
    else if (rig_path_is(request, "/produce-shared")) {
        rig->lent++;
        vn_response_stream(response, rig_text, 40000, produce_shared, count_release, rig);
    } else if (rig_path_is(request, "/produce-on")) {
        vn_response_stream(response, rig_text, -1, produce_on, NULL, rig);
    } else if (rig_path_is(request, "/wait")) {
        rig->handle = vn_response_handle(response);
        vn_response_stream(response, rig_text, -1, produce_and_wait, NULL, rig);
    } else if (rig_path_is(request, "/later")) {
        rig->handle = vn_response_handle(response);
        vn_response_defer(response);
    } else if (rig_path_is(request, "/shared")) {
        rig->lent++;
        vn_response_send_shared(response, rig_text, (vn_span) {big, sizeof big}, count_release,
                                rig);
    } else if (rig_path_is(request, "/held")) {
        static const vn_span route = {(const uint8_t *) "/:what", 6};
        vn_response_set_route(response, &route);
        rig_hold(rig);
        vn_response_send(response, rig_text, vn_span_of("Hello"));
    } else if (rig_path_is(request, "/nothing")) {
    } else if (rig_path_is(request, "/missing")) {
        vn_response_add_field(response, vn_span_of("X-One"), vn_span_of("1"));
        vn_response_set_status(response, 404);
        vn_response_send(response, (vn_span) {0}, (vn_span) {0});
    } else if (rig_path_is(request, "/no-content")) {
        vn_response_set_status(response, 204);
        vn_response_send(response, (vn_span) {0}, vn_span_of("dropped"));
    } else if (rig_path_is(request, "/raw"))
        vn_response_send_raw(response,
                             vn_span_of("HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n"));
    else
        vn_response_send(response, rig_text, vn_span_of("Hello"));
}

static int32_t rig_choose_body(void *context, const vn_request *request)
{
    (void) context;
    if (is_ignored(vn_request_path(request)))
        return VN_BODY_IGNORED;
    if (rig_path_is(request, "/answered-early") || rig_path_is(request, "/count") ||
        rig_path_is(request, "/late-count") || rig_path_is(request, "/pause") ||
        rig_path_is(request, "/fail") || rig_path_is(request, "/stream-unread"))
        return VN_BODY_STREAMED;
    return rig_path_is(request, "/ignore") || rig_path_is(request, "/ignored-count")
               ? VN_BODY_IGNORED
               : VN_BODY_WHOLE;
}

static void rig_log(void *context, int32_t level, const char *line)
{
    struct rig *rig = context;
    (void) level;
    rig->logged++;
    snprintf(rig->line, sizeof rig->line, "%s", line);
}

/* "200. GET /" was delivered, "200! GET /" lost its client, "200# GET /" was cut; "400.r -" was
 * refused, and its request is not known. */
static void rig_ended(void *context, const vn_ended_exchange *exchange)
{
    static const char ends[] = {
        [VN_ENDED_DELIVERED] = '.', [VN_ENDED_CLIENT_LEFT] = '!', [VN_ENDED_CUT] = '#'};
    struct rig *rig = context;
    size_t at = strlen(rig->told);
    const vn_request *request = exchange->request;
    vn_span method = request == NULL ? vn_span_of("-") : vn_request_method(request);
    vn_span path = request == NULL ? vn_span_of("") : vn_request_path(request);
    rig->ended++;
    rig->told_received += exchange->bytes_received;
    rig->told_sent += exchange->bytes_sent;
    rig->told_nanoseconds = exchange->nanoseconds;
    snprintf(rig->told + at, sizeof rig->told - at, "%u%c%s %.*s%s%.*s\n", exchange->status,
             ends[exchange->end], exchange->is_refusal ? "r" : "", (int) method.count,
             (const char *) method.bytes, request == NULL ? "" : " ", (int) path.count,
             (const char *) path.bytes);
}

static struct rig *make(int over, bool is_told)
{
    struct rig *rig = NULL;
    if (posix_memalign((void **) &rig, 128, sizeof *rig) != 0)
        abort();
    memset(rig, 0, sizeof *rig);
    rig->protocol = &vn_protocol_http1;
    rig->client.over = over;
    vn_config_init(&rig->config);
    rig->config.handlers =
        (vn_handlers) {.context = rig, .handle = rig_handle, .choose_body = rig_choose_body};
    if (is_told)
        rig->config.handlers.exchange_ended = rig_ended;
    rig->config.slow_handler = 0; /* some of its handlers are */
    rig->config.log = rig_log;
    rig->config.log_context = rig;
    if (vn_worker_init(&rig->worker, &rig->config) != 0)
        abort();
    rig->worker.context = rig;
    if (serving_open(&rig->worker, vn_loopback_open, 4, 0) != 0)
        abort();
    return rig;
}

struct rig *rig_make(int over)
{
    static _Atomic uint32_t made;
    return make(over, made++ % 2 == 1);
}

struct rig *rig_make_told(int over)
{
    return make(over, true);
}

struct rig *rig_make_untold(int over)
{
    return make(over, false);
}

struct vn_loopback_script *rig_script(struct rig *rig)
{
    return vn_loopback_script(rig->worker.loop.ring);
}

void rig_connect(struct rig *rig, const void *input, size_t count)
{
    scripted_connect(&rig->worker, &rig->client, rig->protocol, input, count);
}

struct vn_connection *rig_conn(struct rig *rig)
{
    return serving_first(&rig->worker);
}

void rig_feed(struct rig *rig, const void *bytes, size_t count)
{
    struct vn_connection *connection = rig_conn(rig);
    if (connection != NULL)
        scripted_feed(&rig->worker, &rig->client, connection, bytes, count);
}

bool rig_finish(struct rig *rig)
{
    uint64_t due = vn_clock() + 20000;
    while (rig->client.peer.ended == 0 && vn_clock() < due)
        if (vn_loop_turn(&rig->worker.loop, 1000) < 0)
            return false;
    return rig->client.peer.ended == 1;
}

void rig_turn_until_idle(struct rig *rig)
{
    for (int i = 0; i < 200; i++)
        vn_loop_turn(&rig->worker.loop, 0);
}

/* Each request that began has ended, and beside those only refused heads have. */
static bool rig_was_told(const struct rig *rig)
{
    uint64_t requests = rig->worker.listeners[0].counted.requests, refused = 0;
    for (int i = 0; i < 12; i++)
        refused += rig->worker.counted.refused_by_status[i];
    return rig->config.handlers.exchange_ended == NULL ||
           (rig->ended >= requests && rig->ended <= requests + refused);
}

const char *rig_free(struct rig *rig)
{
    const char *problem = NULL;
    if (rig_conn(rig) != NULL) {
        vn_connection_end(rig_conn(rig));
        rig_finish(rig);
    }
    if (rig->client.peer.ended != 1)
        problem = rig_failed("%u ENDED instead of one", rig->client.peer.ended);
    else if (vn_loopback_lent(rig->worker.loop.ring) != 0)
        problem =
            rig_failed("%u buffers were not given back", vn_loopback_lent(rig->worker.loop.ring));
    else if (rig->worker.loop.sources.count != 0)
        problem = rig_failed("%u slots are still taken", rig->worker.loop.sources.count);
    else if (!scripted_is_sound(&rig->client))
        problem = rig_failed("what came is not what the transport sends");
    else if (rig->released != rig->lent)
        problem = rig_failed("lent %u, released %u", rig->lent, rig->released);
    else if (!rig_was_told(rig))
        problem = rig_failed("told of %u ends: %.900s", rig->ended, rig->told);
    vn_worker_close(&rig->worker);
    vn_worker_deinit(&rig->worker);
    scripted_free(&rig->client);
    free(rig);
    return problem;
}

char *rig_output(struct rig *rig)
{
    size_t count = scripted_count(&rig->client);
    char *out = malloc(count + 1), *to = out;
    const char *from = scripted_bytes(&rig->client), *end = from + count;
    while (from < end) {
        if (end - from > 37 && memcmp(from, "\r\nDate: ", 8) == 0 &&
            memcmp(from + 33, " GMT\r\n", 6) == 0) {
            memcpy(to, "\r\nDate: *", 9);
            to += 9;
            from += 37;
        } else
            *to++ = *from++;
    }
    *to = '\0';
    return out;
}

void rig_answer_later(void *context, vn_response *response)
{
    struct rig *rig = context;
    if (response == NULL) {
        rig->later_null++;
        return;
    }
    rig->later_alive++;
    vn_response_send(response, rig_text, vn_span_of("later"));
}
