// SPDX-License-Identifier: MIT
/* state.h - what a server owns: its configuration, its workers and their threads. */
#ifndef VN_SERVER_STATE_H
#define VN_SERVER_STATE_H

#include <pthread.h>
#include <sys/types.h>

#include "../serve/handover.h"
#include "../serve/worker.h"
#include "../system/address.h"
#include "../system/signals.h"

enum vn_server_state { VN_SERVER_IDLE, VN_SERVER_STARTING, VN_SERVER_RUNNING, VN_SERVER_JOINING };

/* How far a server is that has hooks. Without, its workers wait for nobody. */
enum vn_phase {
    VN_PHASE_OPENING, /* workers open their loops */
    VN_PHASE_START_HOOKS,
    VN_PHASE_SERVING,
    VN_PHASE_OVER, /* the hooks of the stop are done, or it does not serve at all */
};

/* A worker and its thread. */
struct vn_worker_thread {
    struct vn_server *server;
    struct vn_worker *worker;
    pthread_t thread;
    int32_t
        listeners[VN_LISTENERS_MAX]; /* descriptors until the worker takes them over; -1: none */
    uint32_t number;
    int32_t result; /* of the start: 0 or -errno; 1 while it is not known */
    bool is_lent; /* its thread is the one that called vn_server_run */
    bool is_open; /* the thread's own: its loop */
    bool serves; /* the same: it has acceptors, or had */
};

/* The file that a path of a unix domain socket was bound to; 0: none. */
struct vn_bound_file {
    dev_t device;
    ino_t number;
};

struct vn_server {
    vn_config config; /* strings are its own */
    struct vn_address addresses[VN_LISTENERS_MAX];
    struct vn_bound_file files[VN_LISTENERS_MAX]; /* of those that listen */
    struct vn_signals signals;
    _Atomic uint16_t ports[VN_LISTENERS_MAX]; /* bound by the last start */
    _Atomic uint8_t backend;
    _Atomic bool obeys_signals; /* vn_server_run does, in which this is */

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    enum vn_server_state state;
    enum vn_ring_backend ring;
    uint64_t stop_due; /* of a stop that came during the start; UINT64_MAX: none */
    uint32_t thread_count; /* one for each worker; fixed from open to close */
    uint32_t started; /* of them, in this run */
    uint32_t running; /* that have not left yet */
    bool has_hooks; /* in this run; fixed while threads run */
    enum vn_phase phase; /* of a server with hooks */
    bool is_starting_hooks; /* the first worker's loop can be told to stop */
    int32_t hooks_result; /* of the start's: 0 or -errno */
    uint32_t serving; /* threads that accept */
    uint32_t drained; /* threads that have no connection and no handler left */
    struct vn_worker_thread *threads;
    struct vn_places places; /* of all workers */
    struct vn_held held; /* the same */
    struct vn_handover handover; /* the same */
    bool is_balanced; /* every worker accepts, and not only the first; fixed while threads run */
    struct vn_said said; /* the same */

    pthread_mutex_t offline_lock; /* vn_server_handle, one at a time */
    struct vn_worker *offline;
    bool offline_began; /* its handlers were */
};

#endif
