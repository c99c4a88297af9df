// SPDX-License-Identifier: MIT
/* signals.h - what a server does about the signals that it was sent. */
#ifndef VN_SERVER_SIGNALS_H
#define VN_SERVER_SIGNALS_H

#include "../include/vn_worker.h"
#include "state.h"

/* What a worker needs to learn of signals while it runs. */
struct vn_signal_watch {
    struct vn_server *server;
    vn_watch *watch; /* NULL: there is none */
};

/* Whether SIGHUP has the transports of listeners load what they are made of, and stops nothing. */
bool vn_signals_reload(const struct vn_server *server);

/* A signal may have come. The first stops within the drain time, a second one at once. */
void vn_signals_obey(struct vn_server *server);

/* Obey them between the turns of the first worker, on its thread. Returns 0 or -errno. */
int32_t vn_signal_watch_open(struct vn_signal_watch *signals, struct vn_server *server);

/* Harmless where it was not opened, or has ended with its worker. */
void vn_signal_watch_close(struct vn_signal_watch *signals);

#endif
