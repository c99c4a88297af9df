// SPDX-License-Identifier: MIT
/* rig.h - a server without sockets and its one client, whose paths bring a connection into each of
 * its states. */
#ifndef VN_CHECKS_RIG_H
#define VN_CHECKS_RIG_H

#include "scripted_client.h"

struct rig {
    vn_config config;
    struct vn_worker worker;
    const struct vn_protocol *protocol; /* that its clients speak */
    struct scripted_client client;
    vn_handle handle; /* of the last exchange that wanted one */
    uint32_t handled; /* requests */
    uint32_t lent; /* to responses */
    uint32_t released;
    uint32_t turns; /* of a producer that waits */
    uint64_t consumed;
    uint32_t later_null;
    uint32_t later_alive;
    uint32_t logged;
    char line[512]; /* the last one */
    uint32_t ended; /* exchanges that the hook was told of */
    char told[1024]; /* the same, by one line each: see rig_ended */
    uint64_t told_received; /* bytes, of all of them */
    uint64_t told_sent;
    uint64_t told_nanoseconds; /* of the last one */
};

enum { RIG_HELD = 80 }; /* milliseconds that the path "/held" holds the worker, as it seems */

/* What a check says that failed, in memory of the thread. */
__attribute__((format(printf, 1, 2))) const char *rig_failed(const char *format, ...);

uint64_t rig_draw(uint64_t *state, uint64_t below);

/* Whose clients speak HTTP/1. `over` is an OVER_... Each second rig is told of the end of its
 * exchanges, and checks in the end that it was of each, so that all checks are made with and
 * without that. */
struct rig *rig_make(int over);

/* The same, told in any case, or in none. */
struct rig *rig_make_told(int over);
struct rig *rig_make_untold(int over);

/* End what is left, and free all. Returns NULL, or what was not given back. */
const char *rig_free(struct rig *rig);

struct vn_loopback_script *rig_script(struct rig *rig);
void rig_connect(struct rig *rig, const void *input, size_t count);
struct vn_connection *rig_conn(struct rig *rig);

/* The client sends more, where it is still connected. */
void rig_feed(struct rig *rig, const void *bytes, size_t count);

/* Turn until the connection has ended. Returns false when it does not. */
bool rig_finish(struct rig *rig);

/* Turn until nothing more happens at once. */
void rig_turn_until_idle(struct rig *rig);

/* The output as a string, with each date line as "Date: *". */
char *rig_output(struct rig *rig);

/* For vn_handle_run: answer, or count that there is nobody to be answered. */
void rig_answer_later(void *rig, vn_response *response);

/* Whether a request is for that path. */
bool rig_path_is(const vn_request *request, const char *path);

extern const vn_span rig_text; /* its content type */

#endif
