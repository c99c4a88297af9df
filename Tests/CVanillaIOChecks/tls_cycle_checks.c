// SPDX-License-Identifier: MIT
#include "include/tls_cycle_checks.h"

#ifndef VN_CHECKS_WITHOUT_TLS

#include <dirent.h>
#include <malloc.h>

#include "CVanillaTLS.h"
#include "live_server.h"

/* ---- Counting ---- */

static int entries_of(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Bytes that were allocated and not freed. AddressSanitizer has an allocator of its own, which
 * looks for leaks itself, and other libraries do not count. */
static size_t allocated(void)
{
#if defined __GLIBC__ && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    struct mallinfo2 counted = mallinfo2();
    return counted.uordblks + counted.hblkhd;
#else
    return 0;
#endif
}

/* ---- One cycle ---- */

/* Read what comes into the client until `is_there` holds of it. */
static bool hear_until(int fd, vn_tls_client *client, bool (*is_there)(vn_tls_client *client))
{
    uint64_t due = milliseconds() + WAIT_MAX;
    char bytes[4096];
    while (!is_there(client)) {
        size_t count;
        while ((count = vn_tls_client_take(client, bytes, sizeof bytes)) > 0)
            if (send(fd, bytes, count, MSG_NOSIGNAL) != (ssize_t) count)
                return false;
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        uint64_t now = milliseconds();
        if (now >= due || poll(&readable, 1, (int) (due - now)) <= 0)
            return false;
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            return false;
        vn_tls_client_feed(client, bytes, (size_t) got);
    }
    return true;
}

static bool has_answer(vn_tls_client *client)
{
    char plain[1024];
    size_t count = vn_tls_client_read(client, plain, sizeof plain - 1);
    plain[count] = '\0';
    return strstr(plain, "200 OK") != NULL && strstr(plain, "Hello") != NULL;
}

static const char *ask_over_tls(int fd)
{
    const vn_tls_client_options options = {.server_name = "localhost", .protocols = "http/1.1"};
    vn_tls_client *client = vn_tls_client_open(&options);
    if (client == NULL)
        return failed("no memory for a client");
    vn_tls_client_write(client, get, sizeof get - 1);
    bool is_served = hear_until(fd, client, has_answer);
    vn_tls_client_close(client);
    return is_served ? NULL : failed("no answer over TLS");
}

static const char *serve_once(vn_server *server, vn_tls *tls)
{
    vn_tls_error error;
    int fds[2] = {-1, -1};
    static const char begun[] = {22, 3, 1, 0, 100, 1, 0}; /* a hello that does not go on */
    for (int i = 0; i < 2; i++)
        fds[i] = dial(vn_server_port(server, 0));
    const char *problem = fds[0] < 0 || fds[1] < 0 ? failed("no connection") : NULL;
    if (problem == NULL && send(fds[1], begun, sizeof begun, MSG_NOSIGNAL) < 0)
        problem = failed("nothing is taken");
    if (problem == NULL)
        problem = ask_over_tls(fds[0]);
    if (problem == NULL && vn_tls_reload(tls, &error) < 0)
        problem = failed("%s", error.message);
    /* Both are open as it stops. */
    vn_server_stop(server, 0);
    vn_server_wait(server);
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return problem;
}

static const char *cycle(vn_config config)
{
    vn_tls_config tls_config;
    vn_tls_error tls_error = {{0}};
    vn_error error = {0};
    vn_tls_config_init(&tls_config);
    int32_t added = vn_tls_config_add_self_signed(&tls_config, "localhost");
    vn_tls *tls = added < 0 ? NULL : vn_tls_open(&tls_config, &tls_error);
    vn_tls_config_free(&tls_config);
    if (tls == NULL)
        return failed("no TLS: %s", tls_error.message);
    config.listeners[0].transport = vn_tls_transport(tls);
    vn_server *server = vn_server_open(&config, &error);
    const char *problem = NULL;
    if (server == NULL || vn_server_start(server, &error) < 0)
        problem = failed("%s", error.message);
    else
        problem = serve_once(server, tls);
    if (server != NULL)
        vn_server_close(server);
    vn_tls_close(tls);
    return problem;
}

const char *vn_check_tls_cycles(uint8_t backend, uint32_t cycles, size_t slack)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.workers = 2;
    const char *problem = NULL;
    for (int i = 0; i < 20 && problem == NULL; i++) /* what is allocated once, is by now */
        problem = cycle(config);
    int descriptors = entries_of("/proc/self/fd"), threads = entries_of("/proc/self/task");
    size_t before = allocated();
    for (uint32_t i = 0; i < cycles && problem == NULL; i++)
        problem = cycle(config);
    if (problem != NULL)
        return problem;
    /* Others in the process have some, too; one that leaked in each cycle is beyond any bound. */
    int bound = (int) cycles / 4;
    int more = entries_of("/proc/self/fd") - descriptors;
    if (more >= bound)
        return failed("%d descriptors more after %u cycles", more, cycles);
    more = entries_of("/proc/self/task") - threads;
    if (more >= bound)
        return failed("%d threads more after %u cycles", more, cycles);
    size_t after = allocated();
    if (after > before + slack)
        return failed("%zu bytes more after %u cycles", after - before, cycles);
    return NULL;
}

#endif
