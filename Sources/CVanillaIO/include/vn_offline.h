// SPDX-License-Identifier: MIT
/* vn_offline.h - a server without sockets, for tests: one worker, on the calling thread, serves
 * clients that live in the same process. */
#ifndef VN_OFFLINE_H
#define VN_OFFLINE_H

#include "vn_server.h"
#include "vn_worker.h"

/* A client's side of a connection. Its functions are called on the worker's thread. */
typedef struct vn_offline_client {
    void *context;
    /* The server sent these, which are lent for the call. */
    void (*receive)(void *context, vn_span bytes);
    /* The server will send nothing more. */
    void (*finish)(void *context);
    /* The connection is gone. The last call. */
    void (*end)(void *context);
    size_t room; /* bytes that may come before vn_offline_take; then the server waits */
} vn_offline_client;

typedef struct vn_offline_connection vn_offline_connection;

/* Serve on the calling thread until vn_offline_stop, as one worker does, between the hooks of a
 * start and those of a stop. `begun` is called there when clients may connect. Returns 0; -errno
 * where there is no memory or descriptor for it; -ECANCELED where the hooks have failed. One call
 * at a time, vn_server_handle included; others wait. */
int32_t vn_offline_run(vn_server *server, void (*begun)(void *context), void *context);

/* Ask vn_offline_run to return: as vn_server_stop. From its worker's thread. */
void vn_offline_stop(vn_server *server, uint32_t within);

/* ---- On the worker's thread ---- */

/* NULL where the server stops, or there is no place for another one (256). */
vn_offline_connection *vn_offline_connect(vn_server *server, const vn_offline_client *client);

/* Bytes for the server, which are copied. Returns 0 or -ENOMEM. */
int32_t vn_offline_send(vn_offline_connection *connection, vn_span bytes);

/* The client sends nothing more: half-closes. */
void vn_offline_finish(vn_offline_connection *connection);

/* The client is gone: the server's input ends with -ECONNRESET, and so do its sends. */
void vn_offline_reset(vn_offline_connection *connection);

/* The client has used so many bytes of what it received: as many more may come. */
void vn_offline_take(vn_offline_connection *connection, size_t count);

#endif
