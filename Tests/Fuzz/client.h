// SPDX-License-Identifier: MIT
/* client.h - one client of the fuzzed connection: what it was given to read, what the handler
 * answered it, and what became of it. */
#ifndef FUZZ_CLIENT_H
#define FUZZ_CLIENT_H

#include "fuzz.h"
#include "include/vn_conditional.h"
#include "include/vn_hub.h"
#include "include/vn_server.h"
#include "ring/loopback.h"

enum {
    CLIENTS = 3, /* two at once, and one that is left in peace */
    FIRST_DESCRIPTOR = 1000, /* of the first client: no descriptor of the process */
    INPUT_MAX = 32 << 10,
    GIVEN_MAX = INPUT_MAX / 16, /* no head is shorter */
};

/* What the handler did about one request. */
struct given {
    struct client *client;
    vn_span body; /* what it wrote so far, or sent */
    uint16_t status;
    uint8_t minor;
    bool is_head;
    bool expects_continue;
    bool is_body_open; /* the request's body was not complete when the handler was called */
    bool is_answered;
    bool is_nothing; /* it gave no answer at all, so the core does */
    bool is_raw;
    bool has_type;
    bool is_event_stream; /* into which the core writes too */
    bool is_stream;
    bool is_finished; /* a stream was ended by its producer, as it was declared */
    bool is_length_declared;
    uint64_t length; /* declared */
};

/* What the exchange waits for. */
enum waits { WAITS_FOR_NOTHING, WAITS_FOR_ANSWER, WAITS_FOR_RESUME };

struct client {
    struct vn_loopback_peer peer;
    vn_span input; /* what it sends */
    size_t received; /* bytes that the server got */

    /* The ring's side: see scripted.c. */
    bool is_begun;
    bool is_ending;
    bool is_lost; /* the server was told so */
    bool is_finished; /* FIN was sent */

    struct given given[GIVEN_MAX];
    uint32_t given_count;
    uint8_t copies[INPUT_MAX]; /* bodies that were echoed, and other texts */
    size_t copied;

    vn_handle handle; /* of the last exchange that wanted one */
    vn_handle first_handle;
    struct given *first_given;
    uint8_t waits;
    bool is_nudged; /* resumed though it did not wait: it may go on before its time */
    uint32_t remote_calls; /* asked for, of those that call back */
    uint32_t delivered;
    uint32_t lent;
    uint32_t released;

    uint32_t turns; /* of a producer */
    uint64_t consumed;
    uint32_t sum;

    uint16_t refusal; /* the last answer's status, where that is a refusal */
    bool is_broken; /* it, or a handler, broke off: its last answer may be cut */
    bool is_timed; /* what it is answered depends, and may, on when its bytes come */
};

extern struct client clients[CLIENTS];

/* Forget all that was, except memory that is used again. It will send `input`. */
void client_begin(struct client *client, vn_span input);

/* The client of a connection. */
struct client *client_of(const void *connection);
struct client *client_of_descriptor(int32_t fd);

/* The handlers whose answers the clients know. */
extern const vn_handlers client_handlers;

/* Do what the exchange waits for, if anything. */
void client_answer(struct client *client);

/* Answer the first exchange that wanted a later answer, whatever became of it. */
void client_answer_first(struct client *client);

/* Resume the last exchange that can be, though it may not wait. */
void client_resume(struct client *client);

/* All that was sent is well formed, and is what the handler gave, in its order. */
void client_check_answers(struct client *client);

#endif
