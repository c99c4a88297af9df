// SPDX-License-Identifier: MIT
#include "listeners.h"

#include <string.h>
#include <unistd.h>

#include "../system/descriptors.h"
#include "../system/listener.h"
#include "error.h"

/* ---- Addresses ---- */

static int32_t parse_path(const vn_listener *listener, struct vn_address *address, vn_error *error)
{
    int32_t parsed = vn_address_parse_path(address, listener->unix_path);
    return parsed < 0 ? vn_error_fill(error, VN_FAILED_ADDRESS, -parsed,
                                      "\"%s\" cannot be the path of a unix socket: %s",
                                      listener->unix_path, strerror(-parsed))
                      : 0;
}

static int32_t parse_host(const vn_listener *listener, struct vn_address *address, vn_error *error)
{
    int32_t parsed = vn_address_parse(address, listener->host, listener->port);
    return parsed < 0 ? vn_error_fill(error, VN_FAILED_ADDRESS, -parsed,
                                      "\"%s\" is no numeric IPv4 or IPv6 address", listener->host)
                      : 0;
}

int32_t vn_listeners_parse(const vn_config *config, struct vn_address *addresses, vn_error *error)
{
    for (uint32_t i = 0; i < config->listener_count; i++) {
        const vn_listener *listener = &config->listeners[i];
        int32_t parsed = listener->unix_path != NULL ? parse_path(listener, &addresses[i], error)
                                                     : parse_host(listener, &addresses[i], error);
        if (parsed < 0)
            return parsed;
    }
    return 0;
}

/* ---- Opening ---- */

static int32_t report(const vn_listener *listener, enum vn_listener_step step, int32_t code,
                      vn_error *error)
{
    static const int32_t steps[] = {
        [VN_LISTENER_ADDRESS] = VN_FAILED_ADDRESS,
        [VN_LISTENER_SOCKET] = VN_FAILED_SOCKET,
        [VN_LISTENER_BIND] = VN_FAILED_BIND,
        [VN_LISTENER_LISTEN] = VN_FAILED_LISTEN,
    };
    if (listener->unix_path != NULL)
        return vn_error_fill(error, steps[step], code, "cannot listen on %s: %s",
                             listener->unix_path, strerror(code));
    return vn_error_fill(error, steps[step], code, "cannot listen on %s port %u: %s",
                         listener->host == NULL ? "any address," : listener->host, listener->port,
                         strerror(code));
}

/* One listener for one worker. Returns the descriptor or -errno. */
static int32_t open_one(struct vn_server *server, uint32_t number, uint32_t thread,
                        enum vn_listener_step *step)
{
    const vn_config *config = &server->config;
    const vn_listener *listener = &config->listeners[number];
    if (thread > 0 && listener->unix_path != NULL) {
        *step = VN_LISTENER_SOCKET;
        return vn_descriptor_duplicate(server->threads[0].listeners[number]);
    }
    return vn_listener_open(&server->addresses[number], thread == 0, config->backlog,
                            listener->unix_mode, step);
}

static int32_t open_all_of(struct vn_server *server, uint32_t number, vn_error *error)
{
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    for (uint32_t i = 0; i < server->thread_count; i++) {
        int32_t fd = open_one(server, number, i, &step);
        if (fd < 0)
            return report(&server->config.listeners[number], step, -fd, error);
        server->threads[i].listeners[number] = fd;
    }
    return 0;
}

/* The files of those that were bound here. */
static void unlink_bound(const struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++)
        if (server->config.listeners[i].unix_path != NULL && server->threads[0].listeners[i] >= 0)
            unlink(server->config.listeners[i].unix_path);
}

int32_t vn_listeners_open(struct vn_server *server, vn_error *error)
{
    int32_t result = vn_listeners_parse(&server->config, server->addresses, error);
    for (uint32_t i = 0; result == 0 && i < server->config.listener_count; i++)
        result = open_all_of(server, i, error);
    if (result < 0) {
        unlink_bound(server);
        vn_listeners_close(server);
    }
    return result;
}

/* ---- Closing ---- */

void vn_listeners_close(struct vn_server *server)
{
    for (uint32_t i = 0; i < server->thread_count; i++)
        for (uint32_t j = 0; j < VN_LISTENERS_MAX; j++) {
            int32_t *fd = &server->threads[i].listeners[j];
            if (*fd >= 0)
                close(*fd);
            *fd = -1;
        }
}

void vn_listeners_unlink(const struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++)
        if (server->config.listeners[i].unix_path != NULL)
            unlink(server->config.listeners[i].unix_path);
}
