// SPDX-License-Identifier: MIT
#include "signals.h"

#include <poll.h>

#include "../serve/log.h"
#include "../serve/transport.h"
#include "../system/wakeup.h"

static const struct vn_transport *reloadable(const struct vn_server *server, uint32_t listener)
{
    const struct vn_transport *transport = server->config.listeners[listener].transport;
    return transport != NULL && transport->reload != NULL ? transport : NULL;
}

bool vn_signals_reload(const struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++)
        if (reloadable(server, i) != NULL)
            return true;
    return false;
}

static void reload(struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++) {
        const struct vn_transport *transport = reloadable(server, i);
        if (transport != NULL)
            transport->reload(transport);
    }
}

void vn_signals_obey(struct vn_server *server)
{
    vn_wakeup_descriptor_clear(server->signals.signal_fd); /* the count tells what it was about */
    if (atomic_exchange(&server->signals.hangups, 0) > 0)
        reload(server);
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
