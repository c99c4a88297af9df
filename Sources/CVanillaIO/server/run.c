// SPDX-License-Identifier: MIT
/* run.c - a server that is waited for, and that signals stop. */
#include <poll.h>
#include <string.h>

#include "../serve/log.h"
#include "../system/wakeup.h"
#include "error.h"
#include "server.h"
#include "threads.h"

/* ---- Signals ---- */

/* A signal may have come. The first stops within the drain time, a second one at once. */
static void obey_signals(vn_server *server)
{
    vn_wakeup_descriptor_clear(server->signals.signal_fd); /* the count tells what it was about */
    uint32_t count = atomic_load(&server->signals.count);
    if (count > atomic_exchange(&server->signals.obeyed, count))
        vn_server_stop(server, count == 1 ? server->config.drain : 0);
}

/* Until the last worker has left. */
static void obey_signals_to_the_end(vn_server *server)
{
    while (vn_server_is_running(server)) {
        struct pollfd signal_fd = {.fd = server->signals.signal_fd, .events = POLLIN};
        poll(&signal_fd, 1, -1);
        obey_signals(server);
    }
}

/* ---- Beside the workers ---- */

static int32_t run_beside(vn_server *server, bool handles_signals, void (*listening)(void *context),
                          void *context, vn_error *error)
{
    int32_t started = vn_server_is_started(server) ? 0 : vn_server_start(server, error);
    if (started < 0)
        return started;
    if (listening != NULL)
        listening(context);
    if (handles_signals)
        obey_signals_to_the_end(server);
    vn_server_wait(server);
    return 0;
}

/* ---- Running on the calling thread ---- */

/* What a worker that runs here needs to learn of signals while it does. */
struct signal_watch {
    vn_server *server;
    vn_watch *watch;
};

static void signal_watch_ready(void *context, uint32_t events)
{
    struct signal_watch *signals = context;
    if ((events & POLLNVAL) != 0)
        return;
    obey_signals(signals->server);
    if ((events & POLLIN) != 0)
        vn_watch_for(signals->watch, POLLIN);
    else {
        vn_log(&signals->server->config, VN_LOG_ERROR,
               "signals cannot be watched any more: it stops");
        vn_server_stop(signals->server, signals->server->config.drain);
    }
}

static int32_t signal_watch_open(struct signal_watch *signals)
{
    int32_t refusal;
    vn_server *server = signals->server;
    signals->watch = vn_watch_open(server->threads[0].worker, server->signals.signal_fd,
                                   signal_watch_ready, signals, &refusal);
    if (signals->watch != NULL)
        vn_watch_for(signals->watch, POLLIN);
    return refusal;
}

/* Handlers write to what they like, as on the server's own threads, which take no signals: SIGPIPE
 * is kept from this one meanwhile. */
static int32_t run_here(vn_server *server, bool handles_signals, void (*listening)(void *context),
                        void *context, vn_error *error)
{
    struct vn_loop *before;
    struct signal_watch watch = {.server = server};
    sigset_t signals;
    int32_t started = vn_server_start_with(server, &before, error);
    if (started < 0)
        return started;
    vn_signal_pipe_block(&signals);
    int32_t refusal = handles_signals ? signal_watch_open(&watch) : 0;
    if (refusal < 0) {
        started = vn_error_fill(error, VN_FAILED_STATE, -refusal, "cannot watch for signals: %s",
                                strerror(-refusal));
        vn_server_stop(server, 0);
    } else if (listening != NULL)
        listening(context);
    vn_thread_work(&server->threads[0], true, before);
    vn_signal_pipe_restore(&signals);
    if (handles_signals)
        obey_signals_to_the_end(server);
    vn_server_wait(server);
    return started;
}

int32_t vn_server_run(vn_server *server, bool handles_signals, void (*listening)(void *context),
                      void *context, vn_error *error)
{
    vn_error unnamed;
    if (error == NULL)
        error = &unnamed;
    atomic_store(&server->signals.count, 0);
    atomic_store(&server->signals.obeyed, 0);
    if (handles_signals) {
        int32_t begun = vn_signals_begin(&server->signals);
        if (begun < 0)
            return vn_error_fill(error, VN_FAILED_STATE, -begun, "cannot handle signals: %s",
                                 strerror(-begun));
    }
    bool is_here = server->config.uses_calling_thread && !vn_server_is_started(server);
    int32_t result = is_here ? run_here(server, handles_signals, listening, context, error)
                             : run_beside(server, handles_signals, listening, context, error);
    if (handles_signals)
        vn_signals_end(&server->signals);
    return result;
}
