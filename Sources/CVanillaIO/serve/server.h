// SPDX-License-Identifier: MIT
/* server.h - what a server owns: its configuration, its workers and their threads. */
#ifndef VN_SERVE_SERVER_H
#define VN_SERVE_SERVER_H

#include "../ring/listener.h"
#include "signals.h"
#include "worker.h"

enum vn_server_state { VN_SERVER_IDLE, VN_SERVER_STARTING, VN_SERVER_RUNNING, VN_SERVER_JOINING };

/* A worker's thread, and what its start came to. */
struct vn_post {
    struct vn_server *server;
    struct vn_worker *worker;
    pthread_t thread;
    int32_t listener;
    uint32_t number;
    int32_t result; /* of the start: 0 or -errno; 1 while it is not known */
    bool is_lent; /* its thread is the one that called vn_server_run */
};

struct vn_server {
    vn_config config; /* strings are its own */
    struct vn_listener_address address;
    struct vn_signals signals;
    _Atomic uint16_t port; /* bound by the last start */
    _Atomic uint8_t backend;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    enum vn_server_state state;
    enum vn_ring_kind kind;
    uint64_t stop_due;   /* of a stop that came during the start; UINT64_MAX: none */
    uint32_t post_count; /* workers; fixed from open to close */
    uint32_t started;    /* of them, in this run */
    uint32_t running;    /* threads that have not left yet */
    struct vn_post *posts;

    pthread_mutex_t offline_lock; /* vn_server_handle, one at a time */
    struct vn_worker *offline;
    bool offline_began; /* its handlers were */
};

/* Fill `error`, if there is one. Returns -code. */
int32_t vn_error_fill(vn_error *error, int32_t step, int32_t code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Refuse what is impossible. Returns 0 or -EINVAL. */
int32_t vn_config_check(const vn_config *config, vn_error *error);

/* Memory for a worker, prepared; NULL when there is none. */
struct vn_worker *vn_worker_make(const vn_config *config);
void vn_worker_free(struct vn_worker *worker);

#endif
