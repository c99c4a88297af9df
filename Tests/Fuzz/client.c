// SPDX-License-Identifier: MIT
#include "client.h"

#include <errno.h>
#include <string.h>

#include "answers.h"
#include "http/digits.h"
#include "serve/http1_state.h"
#include "serve/response.h"
#include "system.h"

struct client clients[CLIENTS];

static const vn_span text = {(const uint8_t *) "text/plain", 10};

/* Bodies are cut out of this, each from another place. */
enum { PATTERN = 16384, PATTERN_PERIOD = 251, PATTERN_SHIFTS = 97 };
static uint8_t pattern[PATTERN];

void client_begin(struct client *client, vn_span input)
{
    if (pattern[1] == 0)
        for (size_t i = 0; i < PATTERN; i++)
            pattern[i] = (uint8_t) (i % PATTERN_PERIOD);
    client->peer.output_count = 0;
    client->peer.ended = 0;
    client->peer.is_finished = false;
    client->input = input;
    client->received = 0;
    client->is_begun = client->is_ending = false;
    client->is_lost = client->is_finished = false;
    client->given_count = 0;
    client->copied = 0;
    client->first_given = NULL;
    client->handle = (vn_handle) {0};
    client->waits = WAITS_FOR_NOTHING;
    client->remote_calls = client->delivered = 0;
    client->lent = client->released = 0;
    client->refusal = 0;
    client->is_nudged = false;
    client->is_broken = client->is_timed = false;
}

struct client *client_of_descriptor(int32_t fd)
{
    fuzz_require(fd >= FIRST_DESCRIPTOR && fd < FIRST_DESCRIPTOR + CLIENTS, "descriptor %d", fd);
    return &clients[fd - FIRST_DESCRIPTOR];
}

struct client *client_of(const void *connection)
{
    return client_of_descriptor(((const struct vn_connection *) connection)->entry.source.fd);
}

static const struct client *client_of_response(const vn_response *response)
{
    return client_of(vn_http1_connection(response->exchange));
}

/* ---- What the handler gives ---- */

static struct given *last_given(struct client *client)
{
    fuzz_require(client->given_count > 0, "there was no request");
    return &client->given[client->given_count - 1];
}

static size_t number_of(const struct given *given)
{
    return (size_t) (given - given->client->given);
}

static struct given *begin_given(const vn_request *request)
{
    struct client *client = client_of(request->connection);
    const struct vn_connection *conn = request->connection;
    fuzz_require(client->given_count < GIVEN_MAX, "too many requests");
    struct given *given = &client->given[client->given_count++];
    *given = (struct given) {
        .client = client,
        .status = 200,
        .minor = request->minor,
        .is_head = request->method_id == VN_METHOD_HEAD,
        .expects_continue = (request->facts & VN_EXPECTS_CONTINUE) != 0,
        .is_body_open = !vn_http1_in(conn)->body.is_complete,
    };
    client->is_timed = client->is_timed || given->expects_continue;
    client->turns = 0;
    client->consumed = 0;
    client->sum = 1;
    client->waits = WAITS_FOR_NOTHING;
    return given;
}

/* Whether a call did what it was asked: it does, as long as there is memory. */
static bool is_done(int32_t result, const char *call)
{
    fuzz_require(result == 0 || fuzz_system.has_failed, "%s: %d", call, result);
    return result == 0;
}

/* The core answers in place of the handler, if it still can. */
static void give_nothing(struct given *given)
{
    given->is_answered = false;
    given->is_nothing = true;
}

static bool number_response(vn_response *response, const struct given *given)
{
    uint8_t digits[VN_DECIMAL_MAX];
    size_t count = (size_t) (vn_write_decimal(digits, number_of(given)) - digits);
    return is_done(
        vn_response_add_field(response, vn_span_of("X-Number"), (vn_span) {digits, count}),
        "add_field");
}

static vn_span pattern_of(const struct given *given, size_t count)
{
    return (vn_span) {pattern + number_of(given) % PATTERN_SHIFTS, count};
}

/* A copy that lives as long as the client. */
static vn_span keep(struct client *client, vn_span bytes)
{
    uint8_t *copy = client->copies + client->copied;
    fuzz_require(bytes.count <= sizeof client->copies - client->copied,
                 "more bytes of bodies than came");
    if (bytes.count > 0)
        memcpy(copy, bytes.bytes, bytes.count);
    client->copied += bytes.count;
    return (vn_span) {copy, bytes.count};
}

static void release(void *context)
{
    struct client *client = context;
    client->released++;
    fuzz_require(client->released <= client->lent, "released twice");
}

static void begin_answer(struct given *given, vn_span body)
{
    given->body = body;
    given->is_answered = true;
    given->is_length_declared = true;
    given->length = body.count;
    given->has_type = true;
}

static void answer(vn_response *response, struct given *given, vn_span body)
{
    begin_answer(given, body);
    if (!is_done(vn_response_send(response, text, body), "send")) {
        give_nothing(given);
        return;
    }
    fuzz_require(vn_response_is_answered(response), "it is not answered");
    fuzz_require(vn_response_send(response, text, body) == -EALREADY, "it is answered twice");
}

static void answer_shared(vn_response *response, struct given *given, vn_span body)
{
    struct client *client = given->client;
    begin_answer(given, body);
    client->lent++;
    if (!is_done(vn_response_send_shared(response, text, body, release, client), "send_shared"))
        give_nothing(given);
}

static void answer_raw(vn_response *response, struct given *given)
{
    static const char begin[] = "HTTP/1.1 299 Raw\r\nContent-Length: 3\r\nX-Number: ";
    uint8_t bytes[128];
    memcpy(bytes, begin, sizeof begin - 1);
    uint8_t *at = vn_write_decimal(bytes + sizeof begin - 1, number_of(given));
    memcpy(at, "\r\n\r\nraw", 7);
    at += given->is_head ? 4 : 7;
    begin_answer(given, vn_span_of("raw"));
    given->status = 299;
    given->is_raw = true;
    given->has_type = false;
    vn_span all = {bytes, (size_t) (at - bytes)};
    if (!is_done(vn_response_send_raw(response, all), "send_raw"))
        give_nothing(given);
}

static void answer_without_content(vn_response *response, struct given *given, uint16_t status)
{
    given->status = status;
    given->is_answered = true;
    if (!is_done(vn_response_set_status(response, status), "set_status") ||
        !is_done(vn_response_send(response, (vn_span) {0}, vn_span_of("dropped")), "send"))
        give_nothing(given);
}

/* What the client may have already. */
static void send_validated(vn_response *response, struct given *given)
{
    vn_validators validators = {
        .tag = {vn_span_of("tag"), number_of(given) % 3 == 2},
        .last_modified = 784111000,
        .has_tag = true,
        .has_last_modified = number_of(given) % 2 == 0,
    };
    vn_span body = pattern_of(given, 33);
    int32_t verdict = vn_response_send_validated(response, &validators, text, body);
    if (verdict != VN_NOT_MODIFIED && verdict != VN_PRECONDITION_FAILED) {
        begin_answer(given, body);
        if (!is_done(verdict, "send_validated"))
            give_nothing(given);
        return;
    }
    begin_answer(given, (vn_span) {0});
    given->status = (uint16_t) verdict;
    given->has_type = false;
    given->is_length_declared = verdict == VN_PRECONDITION_FAILED;
}

/* Fields before and after a change of mind, and many of them. */
static bool change_fields(vn_response *response, const struct given *given, uint8_t many)
{
    static const uint8_t filler[600] = {[0 ... 599] = 'f'};
    if (!is_done(vn_response_add_field(response, vn_span_of("X-Before"), vn_span_of("a")), "add") ||
        !is_done(vn_response_reset(response), "reset") || !number_response(response, given))
        return false;
    for (uint8_t i = 0; i < many; i++)
        if (!is_done(vn_response_add_field(response, vn_span_of("X-Many"),
                                           (vn_span) {filler, sizeof filler}),
                     "add_field"))
            return false;
    fuzz_require(vn_response_add_field(response, vn_span_of("X-Bad"), vn_span_of("a\r\nb")) ==
                     -EINVAL,
                 "a line end in a field");
    return is_done(vn_response_set_status(response, given->status), "set_status");
}

static void answer_changed(vn_response *response, struct given *given, uint8_t many)
{
    given->status = 431;
    if (change_fields(response, given, many))
        answer(response, given, pattern_of(given, 20));
    else
        give_nothing(given);
}

/* ---- Streams ---- */

static int32_t write_piece(vn_body_writer *stream, struct given *given, size_t count,
                           bool is_shared)
{
    vn_span body = pattern_of(given, given->body.count + count);
    vn_span piece = {body.bytes + given->body.count, count};
    fuzz_require(body.count <= PATTERN - PATTERN_SHIFTS, "too large a stream");
    given->body = body;
    if (!is_shared)
        return vn_body_write(stream, piece);
    given->client->lent++;
    return vn_body_write_shared(stream, piece, release, given->client);
}

/* How many pieces of which size, by the request. */
struct plan {
    uint32_t pieces;
    uint32_t size;
    int64_t length; /* declared; -1: none */
    bool is_shared;
    bool waits;
    bool fails;
};
static struct plan plans[CLIENTS];

static int32_t produce(void *context, vn_body_writer *stream)
{
    struct client *client = context;
    struct given *given = last_given(client);
    const struct plan *plan = &plans[client - clients];
    fuzz_require(!given->is_finished, "the producer is called after its end");
    fuzz_require(client->waits != WAITS_FOR_RESUME || client->is_nudged,
                 "the producer is called while it waits");
    if (plan->fails && client->turns == plan->pieces / 2) {
        client->is_broken = true;
        return -EIO;
    }
    size_t capacity = vn_body_capacity(stream);
    fuzz_require(given->is_length_declared ? capacity <= given->length - given->body.count
                                           : capacity > 0,
                 "a capacity of %zu", capacity);
    if (!is_done(write_piece(stream, given, plan->size, plan->is_shared), "a stream's write"))
        return -ENOMEM;
    if (given->is_length_declared) {
        vn_span more = pattern_of(given, (size_t) given->length - given->body.count + 1);
        client->lent++;
        fuzz_require(vn_body_write_shared(stream, more, release, client) == -EMSGSIZE,
                     "more than was declared");
    }
    if (++client->turns >= plan->pieces) {
        given->is_finished = true;
        if (given->is_length_declared && given->body.count < given->length)
            client->is_broken = true; /* less than was declared */
        return VN_PRODUCE_DONE;
    }
    if (plan->waits) {
        client->waits = WAITS_FOR_RESUME;
        return VN_PRODUCE_WAIT;
    }
    return VN_PRODUCE_MORE;
}

static void stream(vn_response *response, struct given *given, struct plan plan)
{
    int64_t length = plan.length;
    struct client *client = given->client;
    plans[client - clients] = plan;
    given->is_answered = true;
    given->has_type = true;
    given->is_stream = true;
    given->is_length_declared = length >= 0;
    given->length = length < 0 ? 0 : (uint64_t) length;
    given->body = pattern_of(given, 0);
    client->handle = vn_response_handle(response);
    client->lent++;
    if (!is_done(vn_response_stream(response, text, length, produce, release, client), "stream"))
        give_nothing(given);
}

/* It ends with the client's input, whole, and may say that it lives: its frame is looked at, and
 * not what is in it. */
static void stream_events(vn_response *response, struct given *given, struct plan plan)
{
    struct client *client = given->client;
    vn_event_stream options;
    vn_event_stream_init(&options);
    plans[client - clients] = plan;
    client->is_timed = true;
    given->is_answered = true;
    given->has_type = true;
    given->is_stream = true;
    given->is_event_stream = true;
    given->body = pattern_of(given, 0);
    client->handle = vn_response_handle(response);
    client->lent++;
    if (!is_done(vn_response_stream_events(response, &options, produce, release, client),
                 "stream_events"))
        give_nothing(given);
}

/* ---- Bodies that come in pieces ---- */

static void answer_sum(vn_response *response, struct client *client)
{
    uint8_t digits[2 * VN_DECIMAL_MAX + 1];
    uint8_t *at = vn_write_decimal(digits, client->consumed);
    *at++ = ' ';
    at = vn_write_decimal(at, client->sum);
    struct given *given = last_given(client);
    if (number_response(response, given))
        answer(response, given, keep(client, (vn_span) {digits, (size_t) (at - digits)}));
    else
        give_nothing(given);
}

static void consume_piece(struct client *client, vn_response *response, vn_span piece)
{
    fuzz_require(client_of_response(response) == client, "another client's body");
    fuzz_require(client->waits != WAITS_FOR_RESUME || client->is_nudged,
                 "a piece while it is paused");
    for (size_t i = 0; i < piece.count; i++)
        client->sum = client->sum * 31 + piece.bytes[i];
    client->consumed += piece.count;
}

/* The answer needs room that no body brings: at most one for each request. */
static int32_t consume(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct client *client = context;
    consume_piece(client, response, piece);
    if (is_last)
        answer_sum(response, client);
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_pause(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct client *client = context;
    client->handle = vn_response_handle(response);
    consume(context, response, piece, is_last);
    if (!is_last)
        client->waits = WAITS_FOR_RESUME;
    return VN_RECEIVE_PAUSE;
}

static int32_t consume_early(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct client *client = context;
    (void) is_last;
    client->is_timed = true;
    consume_piece(client, response, piece);
    answer_sum(response, client);
    return VN_RECEIVE_MORE;
}

static int32_t consume_nothing(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) is_last;
    consume_piece(context, response, piece);
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_fail(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) is_last;
    consume_piece(context, response, piece);
    return -EIO;
}

static void receive(vn_response *response, struct client *client, vn_consumer *consumer)
{
    client->lent++;
    client->handle = vn_response_handle(response);
    vn_response_reset(response); /* the consumer's answer is another */
    if (!is_done(vn_response_receive(response, consumer, release, client), "receive")) {
        give_nothing(last_given(client));
        return;
    }
    client->lent++;
    fuzz_require(vn_response_receive(response, consumer, release, client) == -EALREADY,
                 "two consumers");
}

/* ---- Later ---- */

static void defer(vn_response *response, struct given *given)
{
    struct client *client = given->client;
    client->handle = vn_response_handle(response);
    if (client->first_given == NULL) {
        client->first_handle = client->handle;
        client->first_given = given;
    }
    client->is_timed = client->is_timed || given->is_body_open;
    if (!is_done(vn_response_defer(response), "defer"))
        give_nothing(given);
}

/* An answer that comes late reaches its own exchange or none. */
static void answer_later(void *context, vn_response *response)
{
    struct given *given = context;
    struct client *client = given->client;
    client->delivered++;
    if (response == NULL)
        return;
    fuzz_require(client_of_response(response) == client && given == last_given(client),
                 "a late answer reaches another exchange");
    fuzz_require(!given->is_answered, "a late answer to what is answered");
    client->is_timed = true; /* after a FIN it says that the connection closes */
    if (number_response(response, given))
        answer(response, given, pattern_of(given, 10));
}

static void send_remote_call(struct client *client, vn_handle handle, struct given *given)
{
    if (is_done(vn_handle_run(handle, answer_later, given), "run"))
        client->remote_calls++;
}

void client_answer(struct client *client)
{
    uint8_t waits = client->waits;
    client->waits = WAITS_FOR_NOTHING;
    if (waits == WAITS_FOR_ANSWER)
        send_remote_call(client, client->handle, last_given(client));
    else if (waits == WAITS_FOR_RESUME && !is_done(vn_handle_resume(client->handle), "resume"))
        client->waits = waits;
}

void client_answer_first(struct client *client)
{
    if (client->first_given == NULL)
        return;
    client->is_timed = true;
    client->waits = WAITS_FOR_NOTHING;
    send_remote_call(client, client->first_handle, client->first_given);
}

void client_resume(struct client *client)
{
    if (client->handle.worker == NULL)
        return;
    client->is_nudged = true;
    is_done(vn_handle_resume(client->handle), "resume");
}

/* ---- The handler ---- */

/* The request's path is "/", what to do, and how much: two bytes, each of which may be missing. */
static uint8_t path_byte(const vn_request *request, size_t at)
{
    vn_span path = vn_request_path(request);
    return at < path.count ? path.bytes[at] : 0;
}

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static int32_t choose_body(void *context, const vn_request *request)
{
    (void) context;
    uint8_t what = path_byte(request, 1);
    if (what == 'i')
        return VN_BODY_IGNORED;
    if (is_upper(what) || what == 'c' || what == 'u' || what == 'v' || what == 'y' || what == 'a')
        return VN_BODY_STREAMED;
    return VN_BODY_WHOLE;
}

/* In capitals the same, with the body still to come. */
static void handle(void *context, const vn_request *request, vn_response *response)
{
    struct given *given = begin_given(request);
    struct client *client = given->client;
    uint8_t what = path_byte(request, 1), much = path_byte(request, 2) % 64;
    (void) context;
    if (!number_response(response, given)) {
        give_nothing(given);
        return;
    }
    switch (is_upper(what) ? what | 0x20 : what) {
    case 'b': /* too large to be copied after the head */
        answer(response, given, pattern_of(given, 9000 + much));
        break;
    case 'r':
        answer_shared(response, given, pattern_of(given, much * 100));
        break;
    case 'p':
        stream(response, given,
               (struct plan) {.pieces = much % 8 + 1, .size = 10u + much * 4u, .length = -1});
        break;
    case 'l':
        stream(response, given,
               (struct plan) {.pieces = much % 8 + 1, .size = 130, .length = (much % 8 + 1) * 130});
        break;
    case 'q':
        stream(
            response, given,
            (struct plan) {.pieces = much % 16 + 1, .size = 90, .length = -1, .is_shared = true});
        break;
    case 'w':
        stream(response, given,
               (struct plan) {.pieces = much % 4 + 1, .size = 50, .length = -1, .waits = true});
        break;
    case 'f':
        stream(response, given,
               (struct plan) {.pieces = much % 8 + 2, .size = 60, .length = -1, .fails = true});
        break;
    case 'g':
        stream_events(
            response, given,
            (struct plan) {.pieces = much % 8 + 1, .size = 30, .length = -1, .waits = true});
        break;
    case 'o':
        send_validated(response, given);
        break;
    case 'h':
        stream(
            response, given,
            (struct plan) {.pieces = much % 8 + 1, .size = 70, .length = (much % 8 + 1) * 70 + 5});
        break;
    case 'c':
        receive(response, client, consume);
        break;
    case 'u':
        receive(response, client, consume_and_pause);
        break;
    case 'v':
        receive(response, client, consume_and_fail);
        break;
    case 'y':
        receive(response, client, consume_early);
        break;
    case 'a':
        receive(response, client, consume_nothing);
        defer(response, given);
        client->waits = WAITS_FOR_ANSWER;
        break;
    case 'd':
        vn_response_reset(response);
        defer(response, given);
        client->waits = WAITS_FOR_ANSWER;
        break;
    case 't': /* the promise is never kept */
        defer(response, given);
        break;
    case 'e':
        answer(response, given, keep(client, request->body));
        break;
    case 'n':
        given->is_nothing = true;
        break;
    case 'x':
        answer_changed(response, given, much % 8);
        break;
    case 'm':
        answer_without_content(response, given, much % 2 == 0 ? 204 : 304);
        break;
    case 'k':
        vn_response_set_close(response);
        answer(response, given, pattern_of(given, much));
        break;
    case 'z':
        answer_raw(response, given);
        break;
    default:
        answer(response, given, pattern_of(given, much));
        break;
    }
}

const vn_handlers client_handlers = {.handle = handle, .choose_body = choose_body};

/* ---- What was sent ---- */

/* Reads the output from its begin to its end. */
struct reader {
    struct client *client;
    vn_span rest;
    uint32_t next; /* of what was given */
    uint32_t continues; /* since the last final answer */
    bool is_last; /* nothing may follow */
    bool is_cut; /* in the middle of an answer */
};

static void skip(struct reader *reader, size_t count)
{
    reader->rest = (vn_span) {reader->rest.bytes + count, reader->rest.count - count};
}

/* The next bytes of a body are what was given from `at` on. */
static size_t match_body(const struct given *given, size_t at, vn_span bytes)
{
    if (given->is_event_stream)
        return at + bytes.count;
    fuzz_require(
        bytes.count <= given->body.count - at &&
            (bytes.count == 0 || memcmp(given->body.bytes + at, bytes.bytes, bytes.count) == 0),
        "another body than answer %zu has", number_of(given));
    return at + bytes.count;
}

static void read_by_length(struct reader *reader, const struct given *given,
                           const struct answer_head *head)
{
    size_t count = vn_smaller(reader->rest.count, (size_t) head->length);
    reader->is_cut = count < head->length;
    size_t at = match_body(given, 0, (vn_span) {reader->rest.bytes, count});
    skip(reader, count);
    fuzz_require(reader->is_cut || at == given->body.count, "answer %zu is too short",
                 number_of(given));
}

static void read_by_chunks(struct reader *reader, const struct given *given)
{
    size_t at = 0, count;
    vn_span data;
    do {
        count = answer_read_chunk(reader->rest, &data);
        at = match_body(given, at, data);
        reader->is_cut = count == 0;
        skip(reader, count == 0 ? reader->rest.count : count);
    } while (count > 0 && data.count > 0);
    fuzz_require(reader->is_cut || given->is_event_stream ||
                     (given->is_finished && at == given->body.count),
                 "the body of answer %zu is complete, but was not", number_of(given));
}

static void read_to_end(struct reader *reader, const struct given *given)
{
    size_t at = match_body(given, 0, reader->rest);
    skip(reader, reader->rest.count);
    reader->is_cut = !given->is_event_stream && (!given->is_finished || at < given->body.count);
    fuzz_require(reader->is_last, "no frame, and the connection stays open");
}

static void read_given(struct reader *reader, const struct answer_head *head)
{
    const struct given *given = &reader->client->given[reader->next];
    fuzz_require(reader->next < reader->client->given_count && head->number == reader->next,
                 "answer %llu in place of %u", (unsigned long long) head->number, reader->next);
    fuzz_require(given->is_answered && head->status == given->status, "status %u in place of %u",
                 head->status, given->status);
    fuzz_require(reader->continues == 0 || given->expects_continue,
                 "100 to a client that did not ask");
    fuzz_require(given->minor == 1 || !head->is_chunked, "chunks to HTTP/1.0");
    fuzz_require(given->is_raw || given->minor == 1 || head->closes || head->keeps_alive,
                 "HTTP/1.0 is not told whether the connection stays");
    fuzz_require(given->minor == 0 || !head->keeps_alive, "keep-alive to HTTP/1.1");
    fuzz_require(head->has_date != given->is_raw, "no Date");
    bool has_content = given->status != 204 && given->status != 304;
    fuzz_require(head->has_type == given->has_type, "content without a type");
    fuzz_require(!head->has_length || (given->is_length_declared && head->length == given->length),
                 "a length of %llu", (unsigned long long) head->length);
    fuzz_require(!given->is_length_declared || head->has_length, "no length");
    reader->next++;
    if (given->is_head || !has_content)
        return;
    if (head->has_length)
        read_by_length(reader, given, head);
    else if (head->is_chunked)
        read_by_chunks(reader, given);
    else
        read_to_end(reader, given);
}

static bool is_refusal(uint16_t status)
{
    for (size_t i = 0; i < sizeof vn_refused_statuses / sizeof *vn_refused_statuses; i++)
        if (status != 0 && vn_refused_statuses[i] == status)
            return true;
    return false;
}

/* An answer of the core itself: to OPTIONS *, in place of a handler that gave none, or a
 * refusal. */
static void read_own(struct reader *reader, const struct answer_head *head)
{
    struct client *client = reader->client;
    const struct given *next =
        reader->next < client->given_count ? &client->given[reader->next] : NULL;
    fuzz_require(head->has_date && !head->is_chunked && !head->has_type, "an answer of its own");
    if (head->status == 204)
        return;
    fuzz_require(head->has_length && head->length == 0, "a refusal with a body");
    if (head->status == 500 && next != NULL && next->is_nothing) {
        reader->next++;
        return;
    }
    fuzz_require(is_refusal(head->status), "status %u from nobody", head->status);
    fuzz_require(head->closes, "a refusal without a close");
    if (next != NULL)
        fuzz_require(!next->is_answered && reader->next + 1 == client->given_count,
                     "a refusal before answer %u", reader->next);
    reader->next = client->given_count;
    client->refusal = head->status;
}

static void read_answer(struct reader *reader)
{
    struct answer_head head;
    fuzz_require(!reader->is_last, "something after the last answer");
    if (!answer_read_head(reader->rest, &head)) {
        reader->is_cut = true;
        skip(reader, reader->rest.count);
        return;
    }
    skip(reader, head.count);
    if (head.status < 200) {
        fuzz_require(head.status == 100 && head.count == 25, "another interim answer");
        fuzz_require(++reader->continues == 1, "100 twice");
        reader->client->is_timed = true;
        return;
    }
    reader->is_last = head.closes;
    if (head.has_number)
        read_given(reader, &head);
    else
        read_own(reader, &head);
    reader->continues = 0;
}

/* Whether the last answer may lack its end: the body that comes while it is streamed turned out
 * bad, so that it must not look whole. */
static bool may_lack_end(const struct given *last)
{
    return last != NULL && last->is_stream && last->is_body_open;
}

/* What is missing at the end may be. */
static void check_end(const struct reader *reader)
{
    const struct client *client = reader->client;
    const struct given *last =
        client->given_count > 0 ? &client->given[client->given_count - 1] : NULL;
    if (client->is_broken)
        return;
    fuzz_require(!reader->is_cut || may_lack_end(last), "an answer is cut");
    if (reader->next == client->given_count)
        return;
    bool may_be_missing = (last->is_body_open && !last->is_answered) ||
                          may_lack_end(last); /* also within its head, or before it */
    fuzz_require(may_be_missing && reader->next + 1 == client->given_count, "answer %u is missing",
                 reader->next);
}

void client_check_answers(struct client *client)
{
    struct reader reader = {.client = client,
                            .rest = {client->peer.output, client->peer.output_count}};
    while (reader.rest.count > 0)
        read_answer(&reader);
    check_end(&reader);
}
