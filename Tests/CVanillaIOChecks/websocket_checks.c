// SPDX-License-Identifier: MIT
#include "include/websocket_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http/websocket_frame.h"
#include "include/vn_detached.h"
#include "include/vn_hub.h"
#include "include/vn_websocket.h"
#include "rig.h"

/* ---- The user of a socket ---- */

struct user {
    struct rig *rig;
    vn_websocket *socket;
    vn_websocket_options options;
    vn_detached *detached; /* it answers when it is told to */
    bool is_late;
    bool is_slow; /* it pauses after each message, and owes the echo */
    bool fails;
    uint8_t owed[256];
    size_t owed_count;
    uint8_t owed_kind;
    uint32_t accepted;
    uint32_t ended;
    uint32_t closed;
    uint32_t writable;
    uint16_t code;
};

static _Thread_local struct user user;

static int32_t take_message(void *context, uint8_t kind, vn_span bytes)
{
    (void) context;
    if (user.fails)
        return -1;
    if (!user.is_slow)
        return vn_websocket_send(user.socket, kind, bytes) == 0 ? VN_RECEIVE_MORE : -1;
    user.owed_kind = kind;
    user.owed_count = vn_smaller(bytes.count, sizeof user.owed);
    memcpy(user.owed, bytes.bytes, user.owed_count);
    return VN_RECEIVE_PAUSE;
}

static bool note_ended(void *context, uint16_t code, vn_span reason)
{
    (void) context, (void) reason;
    user.ended++;
    user.code = code;
    return user.owed_kind != 0;
}

static void note_writable(void *context)
{
    (void) context;
    user.writable++;
}

static void note_closed(void *context)
{
    (void) context;
    user.closed++;
    user.socket = NULL;
    user.rig->released++;
}

static const vn_websocket_calls calls = {take_message, note_ended, note_writable, note_closed};

static void accept_socket(vn_response *response, const vn_request *request)
{
    uint16_t status = vn_request_check_websocket(request);
    if (status != 0) {
        vn_response_refuse_websocket(response, status);
        return;
    }
    if (vn_response_accept_websocket(response, request, &user.options, &calls, &user,
                                     &user.socket) != 0)
        return;
    user.accepted++;
    user.rig->lent++;
}

static void note_cancelled(void *context)
{
    (void) context;
}

static void handle(void *context, const vn_request *request, vn_response *response)
{
    static const vn_detached_calls detached_calls = {.cancelled = note_cancelled};
    int32_t error;
    (void) context;
    if (!user.is_late) {
        accept_socket(response, request);
        return;
    }
    user.detached = vn_response_detach(response, request, 0, &error);
    vn_detached_begin(user.detached, &detached_calls, NULL);
}

/* As on the worker's thread. */
static void run_late(void *context)
{
    struct vn_loop *loop = &user.rig->worker.loop, *before = vn_loop_enter(loop);
    (void) context;
    accept_socket(vn_detached_response(user.detached), vn_detached_request(user.detached));
    vn_detached_end(user.detached);
    vn_loop_leave(loop, before);
}

static void run_late_and_lose(void *context)
{
    run_late(context);
    vn_connection_end(rig_conn(user.rig));
}

static void answer_late(void (*run)(void *context))
{
    static _Thread_local vn_task task;
    task = (vn_task) {.run = run};
    vn_mailbox_post(&user.rig->worker.loop.mailbox, &task);
}

static struct rig *make(int over)
{
    struct rig *rig = rig_make(over);
    rig->config.handlers.handle = handle;
    rig->config.deadlines.linger = 20;
    user = (struct user) {.rig = rig};
    vn_websocket_options_init(&user.options);
    user.options.close_timeout = 20;
    return rig;
}

/* Free the rig, and say what is wrong: `problem` first. */
static const char *finish(struct rig *rig, const char *problem)
{
    const char *leak = rig_free(rig);
    if (problem == NULL && leak == NULL &&
        (user.ended != user.accepted || user.closed != user.accepted))
        problem =
            rig_failed("%u sockets, %u ended, %u closed", user.accepted, user.ended, user.closed);
    return problem != NULL ? problem : leak;
}

/* ---- Bytes ---- */

#define OPENING                                                                                    \
    "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"             \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

struct bytes {
    uint8_t *at;
    size_t count;
};

static void append(struct bytes *bytes, const void *more, size_t count)
{
    bytes->at = realloc(bytes->at, bytes->count + count + 1);
    memcpy(bytes->at + bytes->count, more, count);
    bytes->count += count;
}

/* A frame of the client, masked. */
static void append_frame(struct bytes *bytes, uint8_t first, const void *payload, size_t count)
{
    uint8_t head[VN_FRAME_CLIENT_HEAD_MAX];
    uint32_t mask = 0x9d3c5a71 + (uint32_t) bytes->count;
    uint8_t *end = vn_frame_write_head(head, first & 15, false, count);
    head[0] = first;
    head[1] |= 0x80;
    memcpy(end, &mask, sizeof mask);
    append(bytes, head, (size_t) (end - head) + sizeof mask);
    append(bytes, payload, count);
    vn_frame_unmask(bytes->at + bytes->count - count, count, mask);
}

/* What came after the head of the answer; NULL: that is no 101. */
static const uint8_t *frames_of(struct rig *rig, size_t *count)
{
    const char *text = scripted_bytes(&rig->client);
    size_t all = scripted_count(&rig->client);
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL || strncmp(text, "HTTP/1.1 101 ", 13) != 0)
        return NULL;
    *count = all - (size_t) (end + 4 - text);
    return (const uint8_t *) end + 4;
}

static const char *expect_frames(struct rig *rig, const char *name, const void *want, size_t count)
{
    size_t have = 0, same = 0;
    const uint8_t *frames = frames_of(rig, &have);
    if (frames == NULL)
        return rig_failed("%s: no 101 but %s", name, scripted_bytes(&rig->client));
    while (same < have && same < count && frames[same] == ((const uint8_t *) want)[same])
        same++;
    return have == count && same == count
               ? NULL
               : rig_failed("%s: %zu bytes in place of %zu, different from byte %zu on (%02x)",
                            name, have, count, same, same < have ? frames[same] : 0);
}

/* ---- Conversations ---- */

enum { PARTS_MAX = 5 };

struct part {
    uint8_t first; /* of the frame; 0xff: these bytes as they are */
    const char *payload;
    size_t count;
};

struct talk {
    const char *name;
    struct part parts[PARTS_MAX];
    const char *want; /* the server's frames */
    size_t want_count;
    uint16_t code; /* that the user is told */
};

#define FRAME(first, text) {first, text, sizeof(text) - 1}
#define WANT(text) text, sizeof(text) - 1
#define LONG                                                                                       \
    "0123456789012345678901234567890123456789012345678901234567890123456789"                       \
    "0123456789012345678901234567890123456789012345678901234567890"
#define CLOSE FRAME(0x88, "\x03\xe8")
#define CLOSED "\x88\x02\x03\xe8"

static const struct talk talks[] = {
    {"text", {FRAME(0x81, "hello"), CLOSE}, WANT("\x81\x05hello" CLOSED), 1000},
    {"nothing in it",
     {FRAME(0x81, ""), FRAME(0x82, ""), CLOSE},
     WANT("\x81\x00\x82\x00" CLOSED),
     1000},
    {"binary", {FRAME(0x82, "\xff\xfe\x00"), CLOSE}, WANT("\x82\x03\xff\xfe\x00" CLOSED), 1000},
    {"longer", {FRAME(0x81, LONG), CLOSE}, WANT("\x81\x7e\x00\x83" LONG CLOSED), 1000},
    {"in parts",
     {FRAME(0x01, "a"), FRAME(0x00, ""), FRAME(0x00, "bc"), FRAME(0x80, "d"), CLOSE},
     WANT("\x81\x04"
          "abcd" CLOSED),
     1000},
    {"parts of nothing",
     {FRAME(0x02, ""), FRAME(0x00, ""), FRAME(0x80, ""), CLOSE},
     WANT("\x82\x00" CLOSED),
     1000},
    {"character in parts",
     {FRAME(0x01, "\xc3"), FRAME(0x80, "\xbc"), CLOSE},
     WANT("\x81\x02\xc3\xbc" CLOSED),
     1000},
    {"ping", {FRAME(0x89, "p"), CLOSE}, WANT("\x8a\x01p" CLOSED), 1000},
    {"ping of nothing, and a pong of nobody",
     {FRAME(0x8a, "x"), FRAME(0x89, ""), CLOSE},
     WANT("\x8a\x00" CLOSED),
     1000},
    {"ping in a message",
     {FRAME(0x01, "a"), FRAME(0x89, "p"), FRAME(0x80, "b"), CLOSE},
     WANT("\x8a\x01p\x81\x02"
          "ab" CLOSED),
     1000},
    {"close with a reason",
     {FRAME(0x88, "\x0f\xa0why"), FRAME(0x81, "late")},
     WANT("\x88\x02\x0f\xa0"),
     4000},
    {"close without a code", {FRAME(0x88, "")}, WANT("\x88\x00"), 1005},
    {"close of one byte", {FRAME(0x88, "\x03")}, WANT("\x88\x02\x03\xea"), 1002},
    {"close with a code of none", {FRAME(0x88, "\x03\xed")}, WANT("\x88\x02\x03\xea"), 1002},
    {"close with a reason that is no text",
     {FRAME(0x88, "\x03\xe8\xff")},
     WANT("\x88\x02\x03\xef"),
     1007},
    {"close in a message", {FRAME(0x01, "a"), CLOSE}, WANT(CLOSED), 1000},
    {"no close",
     {FRAME(0x81, "a")},
     WANT("\x81\x01"
          "a"),
     1006},
    {"end in a frame", {FRAME(0x01, "a"), FRAME(0xff, "\x80\x85")}, WANT(""), 1006},
    {"nothing at all", {{0}}, WANT(""), 1006},
    {"echo before an error",
     {FRAME(0x81, "a"), FRAME(0xff, "\x83\x80")},
     WANT("\x81\x01"
          "a\x88\x02\x03\xea"),
     1002},
    {"the first error counts",
     {FRAME(0x81, "\xff"), FRAME(0xff, "\x83\x80")},
     WANT("\x88\x02\x03\xef"),
     1007},
    {"no mask",
     {FRAME(0xff, "\x81\x01"
                  "a")},
     WANT("\x88\x02\x03\xea"),
     1002},
    {"continuation of nothing", {FRAME(0x80, "a")}, WANT("\x88\x02\x03\xea"), 1002},
    {"another message in one",
     {FRAME(0x01, "a"), FRAME(0x81, "b")},
     WANT("\x88\x02\x03\xea"),
     1002},
    {"no text", {FRAME(0x81, "abc\xed\xa0\x80")}, WANT("\x88\x02\x03\xef"), 1007},
    {"half a character", {FRAME(0x81, "\xe2\x82")}, WANT("\x88\x02\x03\xef"), 1007},
    {"half a character in parts",
     {FRAME(0x01, "\xe2"), FRAME(0x80, "\x82")},
     WANT("\x88\x02\x03\xef"),
     1007},
    {"no text, long before its end",
     {FRAME(0xff, "\x81\xfe\x10\x00\x00\x00\x00\x00"), FRAME(0xff, "abc\xff")},
     WANT("\x88\x02\x03\xef"),
     1007},
    {"ping in parts", {FRAME(0x09, "p")}, WANT("\x88\x02\x03\xea"), 1002},
    {"RSV1", {FRAME(0xc1, "a")}, WANT("\x88\x02\x03\xea"), 1002},
    {"too much",
     {FRAME(0xff, "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01"
                  "abcd")},
     WANT("\x88\x02\x03\xf1"),
     1009},
};

const int vn_websocket_talks = sizeof talks / sizeof *talks;

static struct bytes bytes_of(const struct talk *talk)
{
    struct bytes bytes = {0};
    append(&bytes, OPENING, sizeof OPENING - 1);
    for (int i = 0; i < PARTS_MAX && talk->parts[i].payload != NULL; i++) {
        const struct part *part = &talk->parts[i];
        if (part->first == 0xff)
            append(&bytes, part->payload, part->count);
        else
            append_frame(&bytes, part->first, part->payload, part->count);
    }
    return bytes;
}

static const char *check_talk(int over, const struct talk *talk,
                              const struct vn_loopback_script *script, size_t cut)
{
    struct rig *rig = make(over);
    struct bytes bytes = bytes_of(talk);
    const char *problem = NULL;
    size_t first = cut == 0 ? bytes.count : cut;
    *rig_script(rig) = *script;
    rig_script(rig)->stays_open = cut != 0;
    rig_connect(rig, bytes.at, first);
    if (cut != 0) {
        rig_turn_until_idle(rig);
        rig_feed(rig, bytes.at + first, bytes.count - first);
        rig_script(rig)->stays_open = false;
    }
    free(bytes.at);
    if (!rig_finish(rig))
        problem = rig_failed("%s: it did not end", talk->name);
    if (problem == NULL)
        problem = expect_frames(rig, talk->name, talk->want, talk->want_count);
    if (problem == NULL && user.code != talk->code)
        problem = rig_failed("%s: the user was told %u", talk->name, user.code);
    return finish(rig, problem);
}

const char *vn_check_websocket_talk(int over, int row)
{
    static const struct vn_loopback_script scripts[] = {{.send_max = 0},
                                                        {.sends_later = true, .batch = 4},
                                                        {.send_max = 1},
                                                        {.receive_max = 1},
                                                        {.receive_max = 3, .sends_later = true},
                                                        {.receive_max = 7, .batch = 3}};
    const struct talk *talk = &talks[row];
    struct bytes bytes = bytes_of(talk);
    const char *problem = NULL;
    free(bytes.at);
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts && problem == NULL; i++)
        problem = check_talk(over, talk, &scripts[i], 0);
    size_t from = sizeof OPENING - 3; /* heads in parts are the affair of others */
    for (size_t cut = from; cut < bytes.count && problem == NULL; cut += scripted_stride(over))
        problem = check_talk(over, talk, &scripts[0], cut);
    return problem;
}

/* ---- Who closes, and when ---- */

static void open_socket(struct rig *rig)
{
    rig_script(rig)->stays_open = true;
    rig_connect(rig, OPENING, sizeof OPENING - 1);
    rig_turn_until_idle(rig);
}

static void feed_frame(struct rig *rig, uint8_t first, const char *text, size_t count)
{
    struct bytes bytes = {0};
    append_frame(&bytes, first, text, count);
    rig_feed(rig, bytes.at, bytes.count);
    free(bytes.at);
    rig_turn_until_idle(rig);
}

/* A client that never answers a Close frame, and one that does. */
const char *vn_check_websocket_closes(int over)
{
    const char *problem = NULL;
    for (int answers = 0; answers < 2 && problem == NULL; answers++) {
        struct rig *rig = make(over);
        open_socket(rig);
        vn_websocket_close(user.socket, 4001, vn_span_of("bye"));
        int32_t refused = vn_websocket_send(user.socket, VN_MESSAGE_TEXT, vn_span_of("late"));
        rig_turn_until_idle(rig);
        feed_frame(rig, 0x81, "more", 4);
        if (answers)
            feed_frame(rig, 0x88, "\x0f\xa1", 2);
        if (!rig_finish(rig))
            problem = rig_failed("it did not end");
        if (problem == NULL)
            problem = expect_frames(rig, "close",
                                    WANT("\x88\x05\x0f\xa1"
                                         "bye"));
        if (problem == NULL && (refused != -EPIPE || user.code != (answers ? 4001 : 1006)))
            problem = rig_failed("%d, and the user was told %u", refused, user.code);
        problem = finish(rig, problem);
    }
    return problem;
}

/* What a slow user owes goes before the Close frame; it gets no more time than there is. */
const char *vn_check_websocket_owes(int over)
{
    const char *problem = NULL;
    for (int pays = 0; pays < 2 && problem == NULL; pays++) {
        struct rig *rig = make(over);
        user.is_slow = true;
        open_socket(rig);
        feed_frame(rig, 0x81, "a", 1);
        feed_frame(rig, 0x88, "\x03\xe8", 2);
        bool waited = user.ended == 0; /* nothing more is taken while it is paused */
        vn_websocket_resume(user.socket);
        rig_turn_until_idle(rig);
        if (pays) {
            vn_websocket_send(user.socket, user.owed_kind, (vn_span) {user.owed, user.owed_count});
            vn_websocket_finish(user.socket);
        }
        if (!rig_finish(rig))
            problem = rig_failed("it did not end");
        if (problem == NULL)
            problem = pays ? expect_frames(rig, "owed",
                                           WANT("\x81\x01"
                                                "a" CLOSED))
                           : expect_frames(rig, "not paid", WANT(CLOSED));
        if (problem == NULL && !waited)
            problem = rig_failed("it was told more while it paused");
        problem = finish(rig, problem);
    }
    return problem;
}

const char *vn_check_websocket_failing_user(int over)
{
    struct rig *rig = make(over);
    user.fails = true;
    open_socket(rig);
    feed_frame(rig, 0x81, "a", 1);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL)
        problem = expect_frames(rig, "failed", WANT("\x88\x02\x03\xf3"));
    return finish(rig, problem);
}

/* A silent client is asked, and cut when it says nothing; one that answers stays. */
const char *vn_check_websocket_pings(int over)
{
    const char *problem = NULL;
    for (int answers = 0; answers < 2 && problem == NULL; answers++) {
        struct rig *rig = make(over);
        size_t count = 0;
        bool has_answered = false;
        user.options.ping_interval = 5;
        user.options.ping_timeout = answers ? 60000 : 5;
        open_socket(rig);
        uint64_t due = vn_clock() + 20000;
        while (count < (answers ? 4 : 2) && rig->client.peer.ended == 0 && vn_clock() < due) {
            vn_loop_turn(&rig->worker.loop, 5);
            frames_of(rig, &count);
            if (answers && count == 2 && !has_answered) {
                feed_frame(rig, 0x8a, "", 0); /* once: it is silent again from then on */
                has_answered = true;
            }
        }
        if (answers)
            vn_websocket_close(user.socket, 1000, (vn_span) {0});
        if (!rig_finish(rig))
            problem = rig_failed("it did not end");
        size_t pinged = answers ? 4 : 2;
        const uint8_t *frames = frames_of(rig, &count);
        if (problem == NULL && (count < pinged || memcmp(frames, "\x89\x00\x89\x00", pinged) != 0))
            problem = rig_failed("%zu bytes, and the user was told %u", count, user.code);
        problem = finish(rig, problem);
    }
    return problem;
}

const char *vn_check_websocket_ping_flood(int over)
{
    struct rig *rig = make(over);
    struct bytes bytes = {0};
    user.options.control_frames = 3;
    append(&bytes, OPENING, sizeof OPENING - 1);
    for (int i = 0; i < 4; i++)
        append_frame(&bytes, 0x89, "", 0);
    rig_script(rig)->stays_open = true;
    rig_connect(rig, bytes.at, bytes.count);
    free(bytes.at);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL)
        problem = expect_frames(rig, "flood", WANT("\x8a\x00\x8a\x00\x8a\x00\x88\x02\x03\xf0"));
    return finish(rig, problem);
}

/* A server that stops says so. */
const char *vn_check_websocket_drains(int over)
{
    struct rig *rig = make(over);
    user.options.shutdown_spread = 5;
    open_socket(rig);
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL)
        problem = expect_frames(rig, "drained", WANT("\x88\x02\x03\xe9"));
    return finish(rig, problem);
}

/* ---- Limits ---- */

/* A message and one byte more, in one frame and in parts; and one part too many. */
const char *vn_check_websocket_limits(int over)
{
    static const struct talk rows[] = {
        {"message",
         {FRAME(0x82, "12345678"), CLOSE},
         WANT("\x82\x08"
              "12345678" CLOSED),
         1000},
        {"longer message", {FRAME(0x82, "123456789")}, WANT("\x88\x02\x03\xf1"), 1009},
        {"message in parts",
         {FRAME(0x02, "123456"), FRAME(0x80, "78"), CLOSE},
         WANT("\x82\x08"
              "12345678" CLOSED),
         1000},
        {"longer in parts",
         {FRAME(0x02, "123456"), FRAME(0x80, "789")},
         WANT("\x88\x02\x03\xf1"),
         1009},
        {"longer frame",
         {FRAME(0x02, "1234567"), FRAME(0x80, "8")},
         WANT("\x88\x02\x03\xf1"),
         1009},
        {"many frames",
         {FRAME(0x02, "1"), FRAME(0x00, ""), FRAME(0x80, ""), CLOSE},
         WANT("\x82\x01"
              "1" CLOSED),
         1000},
        {"too many",
         {FRAME(0x02, "1"), FRAME(0x00, ""), FRAME(0x00, ""), FRAME(0x80, "")},
         WANT("\x88\x02\x03\xf1"),
         1009},
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && problem == NULL; i++) {
        struct rig *rig = make(over);
        struct bytes bytes = bytes_of(&rows[i]);
        user.options.message = 8;
        user.options.frame = i == 4 ? 6 : 8;
        if (i == 1)
            user.options.frame = UINT64_MAX;
        user.options.frames = 3;
        rig_connect(rig, bytes.at, bytes.count);
        free(bytes.at);
        if (!rig_finish(rig))
            problem = rig_failed("%s: it did not end", rows[i].name);
        if (problem == NULL)
            problem = expect_frames(rig, rows[i].name, rows[i].want, rows[i].want_count);
        problem = finish(rig, problem);
    }
    return problem;
}

/* A client that takes nothing: what waits is bounded, and there is word when it has left. */
const char *vn_check_websocket_waits(int over)
{
    static uint8_t much[40000];
    struct rig *rig = make(over);
    const char *problem = NULL;
    user.options.unsent = 100000;
    open_socket(rig);
    rig_script(rig)->is_stalled = true;
    vn_span message = {much, sizeof much};
    int32_t results[5];
    for (int i = 0; i < 5; i++)
        results[i] = vn_websocket_send(user.socket, VN_MESSAGE_BINARY, message);
    uint64_t unsent = vn_websocket_unsent(user.socket);
    rig_turn_until_idle(rig);
    bool was_quiet = user.writable == 0;
    rig_script(rig)->is_stalled = false;
    rig_turn_until_idle(rig);
    if (results[2] != 0 || results[3] != -EAGAIN || results[4] != -EAGAIN || unsent < 120000)
        problem = rig_failed("%d, then %d with %llu unsent", results[2], results[3],
                             (unsigned long long) unsent);
    else if (!was_quiet || user.writable != 1 || vn_websocket_unsent(user.socket) != 0)
        problem = rig_failed("told %u times", user.writable);
    else if (vn_websocket_send(user.socket, VN_MESSAGE_BINARY, message) != 0)
        problem = rig_failed("there is room, and it is not taken");
    vn_websocket_close(user.socket, 1000, (vn_span) {0});
    if (!rig_finish(rig) && problem == NULL)
        problem = rig_failed("it did not end");
    return finish(rig, problem);
}

/* A client that sends and takes nothing is not read until it has taken what waits for it, and loses
 * no answer. */
const char *vn_check_websocket_input_waits(int over)
{
    enum { MESSAGES = 200, BYTES = 1000, WANTED = 4 + BYTES };
    static uint8_t much[BYTES];
    struct rig *rig = make(over);
    const char *problem = NULL;
    user.options.unsent = 10 * BYTES;
    open_socket(rig);
    rig_script(rig)->is_stalled = true;
    for (int i = 0; i < MESSAGES; i++) {
        struct bytes bytes = {0};
        append_frame(&bytes, 0x82, (const char *) much, sizeof much);
        rig_feed(rig, bytes.at, bytes.count);
        free(bytes.at);
    }
    rig_turn_until_idle(rig);
    uint64_t unsent = vn_websocket_unsent(user.socket);
    rig_script(rig)->is_stalled = false;
    rig_turn_until_idle(rig);
    if (unsent > user.options.unsent + (uint64_t) 2 * WANTED)
        problem = rig_failed("%llu bytes wait", (unsigned long long) unsent);
    else if (user.socket == NULL || rig->worker.counted.websocket_messages_sent != MESSAGES)
        problem = rig_failed("%llu echoes",
                             (unsigned long long) rig->worker.counted.websocket_messages_sent);
    if (user.socket != NULL)
        vn_websocket_close(user.socket, 1000, (vn_span) {0});
    if (!rig_finish(rig) && problem == NULL)
        problem = rig_failed("it did not end");
    return finish(rig, problem);
}

/* A large message comes and goes as it is, however it is divided. */
const char *vn_check_websocket_large(int over)
{
    const char *problem = NULL;
    for (size_t part = 1000; part <= 300000 && problem == NULL; part *= 17) {
        struct rig *rig = make(over);
        struct bytes in = {0}, want = {0};
        uint8_t *message = malloc(300000), head[VN_FRAME_HEAD_MAX];
        for (size_t i = 0; i < 300000; i++)
            message[i] = (uint8_t) (i * 7 % 251);
        append(&in, OPENING, sizeof OPENING - 1);
        for (size_t at = 0; at < 300000; at += part) {
            size_t count = vn_smaller(part, 300000 - at);
            uint8_t first = (uint8_t) ((at == 0 ? 2 : 0) | (at + count == 300000 ? 0x80 : 0));
            append_frame(&in, first, message + at, count);
        }
        append_frame(&in, 0x88, "\x03\xe8", 2);
        append(&want, head,
               (size_t) (vn_frame_write_head(head, VN_FRAME_BINARY, false, 300000) - head));
        append(&want, message, 300000);
        append(&want, CLOSED, sizeof CLOSED - 1);
        rig_connect(rig, in.at, in.count);
        if (!rig_finish(rig))
            problem = rig_failed("it did not end");
        if (problem == NULL)
            problem = expect_frames(rig, "large", want.at, want.count);
        free(in.at);
        free(want.at);
        free(message);
        problem = finish(rig, problem);
    }
    return problem;
}

/* ---- Other threads ---- */

enum { POSTERS = 3, POSTED = 50 };

static void *post_many(void *context)
{
    for (int i = 0; i < POSTED; i++)
        vn_websocket_post(context, VN_MESSAGE_TEXT, vn_span_of("x"));
    return NULL;
}

const char *vn_check_websocket_posts(int over)
{
    struct rig *rig = make(over);
    pthread_t threads[POSTERS];
    const char *problem = NULL;
    size_t count = 0, want = (size_t) POSTERS * POSTED * 3;
    open_socket(rig);
    vn_websocket *socket = user.socket;
    vn_websocket_retain(socket);
    for (int i = 0; i < POSTERS; i++)
        pthread_create(&threads[i], NULL, post_many, socket);
    uint64_t due = vn_clock() + 20000;
    while (count < want && vn_clock() < due) {
        vn_loop_turn(&rig->worker.loop, 5);
        frames_of(rig, &count);
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    vn_websocket_post(socket, VN_MESSAGE_TEXT, vn_span_of("last"));
    vn_websocket_post_close(socket, 1000, (vn_span) {0});
    if (!rig_finish(rig))
        problem = rig_failed("it did not end");
    const uint8_t *frames = frames_of(rig, &count);
    if (problem == NULL &&
        (count != want + 10 || memcmp(frames + want, "\x81\x04last" CLOSED, 10) != 0))
        problem = rig_failed("%zu bytes in place of %zu", count, want + 10);
    int32_t late = vn_websocket_post(socket, VN_MESSAGE_TEXT, vn_span_of("late"));
    if (problem == NULL && (late != -EPIPE || vn_websocket_unsent(socket) != 0))
        problem = rig_failed("late: %d", late);
    vn_websocket_release(socket);
    return finish(rig, problem);
}

/* ---- Topics ---- */

static void publish(vn_hub *hub, const char *lines)
{
    vn_hub_publish(hub, vn_span_of("news"), vn_span_of(lines), (vn_span) {0}, (vn_span) {0});
}

/* The data of events comes as text, joined or alone; what has none does not come. */
const char *vn_check_websocket_topic(int over)
{
    struct rig *rig = make(over);
    vn_hub_options options;
    vn_hub_statistics counted;
    vn_hub_options_init(&options);
    vn_hub *hub = vn_hub_open(&options);
    open_socket(rig);
    int32_t joined = vn_websocket_subscribe(user.socket, hub, vn_span_of("news"));
    publish(hub, "data: a\n");
    publish(hub, ": nothing\n");
    publish(hub, "event: x\ndata: b\ndata: \ndata: c\n");
    rig_turn_until_idle(rig);
    publish(hub, "data: d\n");
    rig_turn_until_idle(rig);
    vn_websocket_close(user.socket, 1000, (vn_span) {0});
    publish(hub, "data: late\n");
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL)
        problem = expect_frames(rig, "topic",
                                WANT("\x81\x01"
                                     "a\x81\x04"
                                     "b\n\nc\x81\x01"
                                     "d" CLOSED));
    vn_hub_read_statistics(hub, &counted);
    if (problem == NULL && (joined != 0 || counted.connected != 0 || counted.published != 5))
        problem =
            rig_failed("joined %d, %llu connected", joined, (unsigned long long) counted.connected);
    vn_hub_close(hub);
    return finish(rig, problem);
}

/* A client that takes nothing is cut, or loses the oldest events, as the topic says. */
const char *vn_check_websocket_slow(int over)
{
    const char *problem = NULL;
    for (int drops = 0; drops < 2 && problem == NULL; drops++) {
        struct rig *rig = make(over);
        vn_hub_options options;
        vn_hub_statistics counted;
        vn_hub_options_init(&options);
        options.topic.history_bytes = 0;
        options.topic.history_events = 0;
        options.topic.backlog_bytes = 30;
        options.topic.slow = drops ? VN_SLOW_DROP_OLDEST : VN_SLOW_DISCONNECT;
        vn_hub *hub = vn_hub_open(&options);
        open_socket(rig);
        vn_websocket_subscribe(user.socket, hub, vn_span_of("news"));
        rig_script(rig)->is_stalled = true;
        for (int i = 0; i < 6; i++) {
            publish(hub, "data: 0123456789\n");
            rig_turn_until_idle(rig);
        }
        rig_script(rig)->is_stalled = false;
        rig_turn_until_idle(rig);
        vn_hub_read_statistics(hub, &counted);
        if (drops ? counted.dropped == 0 || user.ended != 0
                  : counted.disconnected != 1 || user.code != 1006)
            problem = rig_failed("dropped %llu, disconnected %llu, told %u",
                                 (unsigned long long) counted.dropped,
                                 (unsigned long long) counted.disconnected, user.code);
        if (user.socket != NULL)
            vn_websocket_close(user.socket, 1000, (vn_span) {0});
        if (!rig_finish(rig) && problem == NULL)
            problem = rig_failed("it did not end");
        vn_hub_close(hub);
        problem = finish(rig, problem);
    }
    return problem;
}

/* ---- The handshake ---- */

/* An answer that comes later; frames that came in the meantime are read after it. */
const char *vn_check_websocket_late(int over)
{
    struct rig *rig = make(over);
    struct bytes bytes = bytes_of(&talks[0]);
    user.is_late = true;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, bytes.at, bytes.count);
    free(bytes.at);
    rig_turn_until_idle(rig);
    answer_late(run_late);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL)
        problem = expect_frames(rig, "late", talks[0].want, talks[0].want_count);
    return finish(rig, problem);
}

/* The client is lost in the turn of its answer, before anything else: the user is told. */
const char *vn_check_websocket_lost(int over)
{
    struct rig *rig = make(over);
    user.is_late = true;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, OPENING, sizeof OPENING - 1);
    rig_turn_until_idle(rig);
    answer_late(run_late_and_lose);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    if (problem == NULL && user.code != 1006)
        problem = rig_failed("the user was told %u", user.code);
    return finish(rig, problem);
}

/* A request that opens none is refused, and the next one is served. */
const char *vn_check_websocket_refuses(int over)
{
    static const char requests[] =
        "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nContent-Length: 3\r\n\r\nabc"
        "GET /socket HTTP/1.1\r\nHost: a\r\n\r\n" OPENING;
    static const char *const want[] = {"HTTP/1.1 426 ",
                                       "Sec-WebSocket-Version: 13\r\n",
                                       "Upgrade: websocket\r\n",
                                       "Connection: Upgrade\r\n",
                                       "HTTP/1.1 400 ",
                                       "HTTP/1.1 426 ",
                                       "HTTP/1.1 101 ",
                                       "Connection: Upgrade\r\n",
                                       "\r\n\r\n"};
    struct rig *rig = make(over);
    rig_connect(rig, requests, sizeof requests - 1);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("it did not end");
    const char *at = scripted_bytes(&rig->client);
    for (size_t i = 0; i < sizeof want / sizeof *want && problem == NULL; i++) {
        at = strstr(at, want[i]);
        if (at == NULL)
            problem = rig_failed("no %s in %s", want[i], scripted_bytes(&rig->client));
    }
    return finish(rig, problem);
}

/* ---- Damage ---- */

/* Conversations that are damaged, in a random schedule: they end, and nothing is left. */
const char *vn_check_websocket_damaged(int over, uint64_t seed)
{
    uint64_t random = seed * 2 + 1;
    struct rig *rig = make(over);
    struct bytes bytes = bytes_of(&talks[rig_draw(&random, sizeof talks / sizeof *talks)]);
    for (uint64_t damages = rig_draw(&random, 4); damages > 0; damages--) {
        size_t at = sizeof OPENING - 1 + rig_draw(&random, bytes.count - sizeof OPENING + 2);
        if (at < bytes.count)
            bytes.at[at] = (uint8_t) rig_draw(&random, 256);
    }
    user.options.message = 1 + rig_draw(&random, 300);
    rig->config.deadlines.write_stall = 20;
    rig_script(rig)->seed = seed + 1;
    rig_connect(rig, bytes.at, bytes.count);
    free(bytes.at);
    const char *problem =
        rig_finish(rig) ? NULL : rig_failed("seed %llu: it did not end", (unsigned long long) seed);
    return finish(rig, problem);
}
