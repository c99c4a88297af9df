// SPDX-License-Identifier: MIT
/* run.c - a server that is waited for, and that signals stop. */
#include <poll.h>
#include <string.h>

#include "error.h"
#include "server.h"
#include "signals.h"
#include "threads.h"

/* ---- Signals ---- */

/* Until the last worker has left. */
static void obey_signals_to_the_end(vn_server *server)
{
    while (vn_server_is_running(server)) {
        struct pollfd signal_fd = {.fd = server->signals.signal_fd, .events = POLLIN};
        poll(&signal_fd, 1, -1);
        vn_signals_obey(server);
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

/* Handlers write to what they like, as on the server's own threads, which take no signals: SIGPIPE
 * is kept from this one meanwhile. */
static int32_t run_here(vn_server *server, bool handles_signals, void (*listening)(void *context),
                        void *context, vn_error *error)
{
    struct vn_loop *before;
    struct vn_signal_watch watch;
    sigset_t signals;
    vn_signal_pipe_block(&signals);
    int32_t started = vn_server_start_with(server, &before, error);
    if (started < 0) {
        vn_signal_pipe_restore(&signals);
        return started;
    }
    int32_t refusal = handles_signals ? vn_signal_watch_open(&watch, server) : 0;
    if (refusal < 0) {
        started = vn_error_fill(error, VN_FAILED_STATE, -refusal, "cannot watch for signals: %s",
                                strerror(-refusal));
        vn_server_stop(server, 0);
    } else if (listening != NULL)
        listening(context);
    vn_thread_work(&server->threads[0], before);
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
    atomic_store(&server->signals.hangups, 0);
    atomic_store(&server->signals.keeps_hangups, vn_signals_reload(server));
    if (handles_signals) {
        int32_t begun = vn_signals_begin(&server->signals);
        if (begun < 0)
            return vn_error_fill(error, VN_FAILED_STATE, -begun, "cannot handle signals: %s",
                                 strerror(-begun));
    }
    atomic_store(&server->obeys_signals, handles_signals);
    bool is_here = server->config.uses_calling_thread && !vn_server_is_started(server);
    int32_t result = is_here ? run_here(server, handles_signals, listening, context, error)
                             : run_beside(server, handles_signals, listening, context, error);
    atomic_store(&server->obeys_signals, false);
    if (handles_signals)
        vn_signals_end(&server->signals);
    return result < 0 && error->step == VN_FAILED_STOPPED ? 0 : result;
}
