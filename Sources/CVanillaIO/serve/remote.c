// SPDX-License-Identifier: MIT
/* remote.c - calls that other threads want made with an exchange, by its handle. */
#include <errno.h>
#include <stdlib.h>

#include "connection.h"
#include "dispatch.h"
#include "remote.h"

struct remote {
    vn_task task;
    vn_handle handle;
    vn_remote_call *later; /* NULL: have a producer or a consumer go on */
    void *context;
};

static struct vn_connection *find_connection(const vn_handle *handle)
{
    struct vn_worker *worker = handle->worker;
    if (handle->run != worker->loop.run)
        return NULL;
    struct vn_source *source =
        vn_slab_find(&worker->loop.sources, handle->index, handle->generation);
    struct vn_connection *connection = source == NULL ? NULL : vn_connection_of(source);
    bool is_alive = connection != NULL && !connection->is_ending && !connection->is_closing;
    return is_alive ? connection : NULL;
}

/* A producer or a consumer goes on. */
static void resume(struct vn_exchange *exchange)
{
    exchange->protocol->resume_output(exchange);
    exchange->protocol->resume_input(exchange);
}

void vn_remote_resume(vn_handle handle)
{
    struct vn_connection *connection = find_connection(&handle);
    struct vn_exchange *exchange =
        connection == NULL ? NULL : connection->protocol->find(connection, handle.exchange);
    if (exchange == NULL)
        return;
    resume(exchange);
    vn_connection_go_on(connection);
}

static void remote_run(void *context)
{
    struct remote call = *(struct remote *) context;
    free(context);
    struct vn_connection *connection = find_connection(&call.handle);
    struct vn_exchange *exchange =
        connection == NULL ? NULL : connection->protocol->find(connection, call.handle.exchange);
    if (exchange == NULL) {
        if (call.later != NULL)
            call.later(call.context, NULL);
        return;
    }
    if (call.later != NULL)
        vn_dispatch_later(exchange, call.later, call.context);
    else
        resume(exchange);
    vn_connection_go_on(connection);
}

int32_t vn_handle_run(vn_handle handle, vn_remote_call *later, void *context)
{
    struct vn_worker *worker = handle.worker;
    struct remote *call = malloc(sizeof *call);
    if (call == NULL)
        return -ENOMEM;
    *call = (struct remote) {
        .task = {.run = remote_run, .context = call},
        .handle = handle,
        .later = later,
        .context = context,
    };
    if (vn_mailbox_post(&worker->loop.mailbox, &call->task) < 0) { /* no exchange is left, either */
        free(call);
        if (later != NULL)
            later(context, NULL);
    }
    return 0;
}

int32_t vn_handle_resume(vn_handle handle)
{
    return vn_handle_run(handle, NULL, NULL);
}
