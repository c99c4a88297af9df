// SPDX-License-Identifier: MIT
#include "listeners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../serve/log.h"
#include "../system/clock.h"
#include "../system/descriptors.h"
#include "../system/listener.h"
#include "../system/resolve.h"
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

/* Whether it is a name that stands where others have an address, and is looked up at each start. */
static bool is_name(const vn_listener *listener)
{
    struct vn_address address;
    return listener->unix_path == NULL && listener->host != NULL &&
           vn_address_parse(&address, listener->host, 0) == -EINVAL &&
           vn_is_host_name(listener->host);
}

static int32_t parse_host(const vn_listener *listener, struct vn_address *address, vn_error *error)
{
    int32_t parsed = vn_address_parse(address, listener->host, listener->port);
    if (parsed == -ENODEV)
        return vn_error_fill(error, VN_FAILED_ADDRESS, ENODEV,
                             "the network interface of \"%s\" does not exist", listener->host);
    if (parsed == 0 || is_name(listener))
        return 0;
    return vn_error_fill(error, VN_FAILED_ADDRESS, -parsed,
                         "\"%s\" is neither an IPv4 or IPv6 address nor the name of a host",
                         listener->host);
}

static int32_t parse(const vn_listener *listener, struct vn_address *address, vn_error *error)
{
    return listener->unix_path != NULL ? parse_path(listener, address, error)
                                       : parse_host(listener, address, error);
}

int32_t vn_listeners_check(const vn_config *config, vn_error *error)
{
    struct vn_address address;
    for (uint32_t i = 0; i < config->listener_count; i++) {
        int32_t parsed = parse(&config->listeners[i], &address, error);
        if (parsed < 0)
            return parsed;
    }
    return 0;
}

static int32_t resolve(const vn_listener *listener, struct vn_address *address, vn_error *error)
{
    const char *why;
    int32_t found = vn_address_resolve(address, listener->host, listener->port, &why);
    return found < 0 ? vn_error_fill(error, VN_FAILED_ADDRESS, -found,
                                     "the address of \"%s\" was not found: %s", listener->host, why)
                     : 0;
}

static int32_t find_address(const vn_listener *listener, struct vn_address *address,
                            vn_error *error)
{
    return is_name(listener) ? resolve(listener, address, error) : parse(listener, address, error);
}

/* ---- Opening ---- */

/* How a listener is named to people. */
static const char *place_of(const vn_listener *listener, char *text, size_t capacity)
{
    if (listener->unix_path != NULL)
        return listener->unix_path;
    snprintf(text, capacity, "%s port %u", listener->host == NULL ? "any address," : listener->host,
             listener->port);
    return text;
}

static int32_t report(const vn_listener *listener, enum vn_listener_step step, int32_t code,
                      vn_error *error)
{
    static const int32_t steps[] = {
        [VN_LISTENER_ADDRESS] = VN_FAILED_ADDRESS,
        [VN_LISTENER_SOCKET] = VN_FAILED_SOCKET,
        [VN_LISTENER_BIND] = VN_FAILED_BIND,
        [VN_LISTENER_LISTEN] = VN_FAILED_LISTEN,
    };
    char place[160];
    return vn_error_fill(error, steps[step], code, "cannot listen on %s: %s",
                         place_of(listener, place, sizeof place), strerror(code));
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

/* Wait for a moment before the next try. Returns false when the server was told to stop. */
static bool wait_for_address(struct vn_server *server)
{
    enum { MOMENT = 50000000 }; /* nanoseconds */
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += MOMENT;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&server->lock);
    if (server->stop_due == UINT64_MAX)
        pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool goes_on = server->stop_due == UINT64_MAX && atomic_load(&server->signals.count) == 0;
    pthread_mutex_unlock(&server->lock);
    return goes_on;
}

/* Open the first of a listener's sockets. The system may keep an address for seconds after a server
 * was killed: the work of a ring is taken down when nobody waits for it any more. */
static int32_t open_first(struct vn_server *server, uint32_t number, enum vn_listener_step *step)
{
    const vn_config *config = &server->config;
    const vn_listener *listener = &config->listeners[number];
    uint64_t due = vn_clock() + config->bind_retry;
    bool is_said = false;
    char place[160];
    for (;;) {
        int32_t fd = open_one(server, number, 0, step);
        if (fd != -EADDRINUSE || *step != VN_LISTENER_BIND || vn_clock() >= due)
            return fd;
        if (!is_said)
            vn_log(config, VN_LOG_WARNING, "%s is in use; trying for %u ms to listen there",
                   place_of(listener, place, sizeof place), config->bind_retry);
        is_said = true;
        if (!wait_for_address(server))
            return fd;
    }
}

/* Note which file a path was bound to. */
static void note_file(struct vn_server *server, uint32_t number)
{
    const char *path = server->config.listeners[number].unix_path;
    struct stat found;
    if (path != NULL && !vn_path_is_abstract(path) && lstat(path, &found) == 0)
        server->files[number] = (struct vn_bound_file) {found.st_dev, found.st_ino};
}

static int32_t open_all_of(struct vn_server *server, uint32_t number, vn_error *error)
{
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    for (uint32_t i = 0; i < (server->is_balanced ? server->thread_count : 1); i++) {
        int32_t fd =
            i == 0 ? open_first(server, number, &step) : open_one(server, number, i, &step);
        if (fd < 0)
            return report(&server->config.listeners[number], step, -fd, error);
        server->threads[i].listeners[number] = fd;
        if (i == 0)
            note_file(server, number);
    }
    return 0;
}

int32_t vn_listeners_open(struct vn_server *server, vn_error *error)
{
    const vn_config *config = &server->config;
    int32_t result = 0;
    for (uint32_t i = 0; result == 0 && i < config->listener_count; i++)
        result = find_address(&config->listeners[i], &server->addresses[i], error);
    for (uint32_t i = 0; result == 0 && i < config->listener_count; i++)
        result = open_all_of(server, i, error);
    if (result < 0) {
        vn_listeners_unlink(server);
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

void vn_listeners_unlink(struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++) {
        struct vn_bound_file *file = &server->files[i];
        const char *path = server->config.listeners[i].unix_path;
        struct stat found;
        if (file->number != 0 && lstat(path, &found) == 0 && found.st_dev == file->device &&
            found.st_ino == file->number)
            unlink(path);
        *file = (struct vn_bound_file) {0};
    }
}
