// SPDX-License-Identifier: MIT
#include "signals.h"

#include <poll.h>

#include "../serve/log.h"
#include "../system/wakeup.h"

void vn_signals_obey(struct vn_server *server)
{
    vn_wakeup_descriptor_clear(server->signals.signal_fd); /* the count tells what it was about */
    uint32_t count = atomic_load(&server->signals.count);
    if (count > atomic_exchange(&server->signals.obeyed, count))
        vn_server_stop(server, count == 1 ? server->config.drain : 0);
}

static void signal_watch_ready(void *context, uint32_t events)
{
    struct vn_signal_watch *signals = context;
    if ((events & POLLNVAL) != 0) {
        signals->watch = NULL;
        return;
    }
    vn_signals_obey(signals->server);
    if ((events & POLLIN) != 0)
        vn_watch_for(signals->watch, POLLIN);
    else {
        vn_log(&signals->server->config, VN_LOG_ERROR,
               "signals cannot be watched any more: it stops");
        vn_server_stop(signals->server, signals->server->config.drain);
    }
}

int32_t vn_signal_watch_open(struct vn_signal_watch *signals, struct vn_server *server)
{
    int32_t refusal;
    signals->server = server;
    signals->watch = vn_watch_open(server->threads[0].worker, server->signals.signal_fd,
                                   signal_watch_ready, signals, &refusal);
    if (signals->watch != NULL)
        vn_watch_for(signals->watch, POLLIN);
    return refusal;
}

void vn_signal_watch_close(struct vn_signal_watch *signals)
{
    if (signals->watch != NULL)
        vn_watch_close(signals->watch);
    signals->watch = NULL;
}
