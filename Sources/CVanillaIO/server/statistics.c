// SPDX-License-Identifier: MIT
/* statistics.c - what all workers have counted. */
#include "state.h"

/* Every counter is a uint64_t. */
static void add_counters(void *sum, const void *counted, size_t size)
{
    uint64_t *to = sum;
    const uint64_t *from = counted;
    for (size_t i = 0; i < size / sizeof *to; i++)
        to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static void add_listener(vn_listener_statistics *sum, const struct vn_worker *worker, uint32_t i)
{
    add_counters(sum, &worker->listeners[i].counted, sizeof *sum);
}

void vn_server_listener_statistics(const vn_server *server, uint32_t listener,
                                   vn_listener_statistics *statistics)
{
    *statistics = (vn_listener_statistics) {0};
    if (listener >= server->config.listener_count)
        return;
    for (uint32_t i = 0; i < server->thread_count; i++)
        add_listener(statistics, server->threads[i].worker, listener);
}

static void add_worker(vn_statistics *sum, const struct vn_worker *worker)
{
    vn_listener_statistics listeners = {0};
    add_counters(sum, &worker->counted, sizeof *sum);
    for (uint32_t i = 0; i < worker->config->listener_count; i++)
        add_listener(&listeners, worker, i);
    sum->accepted += listeners.accepted;
    sum->open += listeners.open;
    sum->refused += listeners.refused;
    sum->requests += listeners.requests;
    sum->bytes_received += listeners.bytes_received;
    sum->bytes_sent += listeners.bytes_sent;
}

void vn_server_statistics(const vn_server *server, vn_statistics *statistics)
{
    *statistics = (vn_statistics) {0};
    for (uint32_t i = 0; i < server->thread_count; i++)
        add_worker(statistics, server->threads[i].worker);
    add_worker(statistics, server->offline);
}
