// SPDX-License-Identifier: MIT
#include "listener_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/listener.h"
#include "system/resolve.h"
#include "system/socket.h"

enum { PORT = 12345 };

static const struct sockaddr *generic(const struct vn_address *address)
{
    return (const struct sockaddr *) &address->storage;
}

static int32_t open_first(struct vn_address *address)
{
    enum vn_listener_step step;
    return vn_listener_open(address, true, 16, 0600, &step);
}

static int32_t knock(const struct vn_address *address)
{
    int32_t fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, generic(address), address->size) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A path in /tmp that nobody else uses. */
static void make_path(char *path, size_t capacity)
{
    static atomic_int number;
    int32_t own = atomic_fetch_add(&number, 1);
    snprintf(path, capacity, "/tmp/vanilla-listener-%d-%d", getpid(), own);
}

/* ---- Addresses ---- */

const char *vn_check_parses(const char *host, int32_t family)
{
    struct vn_address address;
    int32_t error = vn_address_parse(&address, host, PORT);
    if (family == 0)
        return error == -EINVAL ? NULL : "it is taken for an address";
    if (error != 0)
        return "it is not taken for an address";
    if (address.storage.ss_family != (family == 4 ? AF_INET : AF_INET6))
        return "the family is wrong";
    return vn_address_port(&address) == PORT ? NULL : "the port is wrong";
}

const char *vn_check_parses_zones(void)
{
    static const char *const hosts[] = {"fe80::1%lo", "[fe80::1%lo]", "fe80::1%1", "fe80::1%25lo",
                                        "[fe80::1%25lo]"};
    struct vn_address address;
    struct sockaddr_in6 ipv6;
    if (if_nametoindex("lo") != 1)
        return "lo is not the first interface";
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (vn_address_parse(&address, hosts[i], PORT) != 0)
            return "an interface is refused";
        memcpy(&ipv6, &address.storage, sizeof ipv6);
        if (ipv6.sin6_scope_id != 1)
            return "the interface is another";
    }
    if (vn_address_parse(&address, "fe80::1%nowhere", PORT) != -ENODEV ||
        vn_address_parse(&address, "fe80::1%4000000000", PORT) != -ENODEV ||
        vn_address_parse(&address, "fe80::1%25nowhere", PORT) != -ENODEV ||
        vn_address_parse(&address, "fe80::1%254000000000", PORT) != -ENODEV)
        return "an interface that does not exist is taken";
    return NULL;
}

const char *vn_check_host_name(const char *text, bool is_name)
{
    if (vn_is_host_name(text) == is_name)
        return NULL;
    return is_name ? "it is not taken for a name" : "it is taken for a name";
}

const char *vn_check_resolves(void)
{
    struct vn_address address;
    const char *why = NULL;
    char text[INET6_ADDRSTRLEN];
    if (vn_address_resolve(&address, "localhost", PORT, &why) != 0)
        return why;
    if (vn_address_write(&address, text, sizeof text) == 0 || vn_address_port(&address) != PORT)
        return "localhost has no address with the port";
    if (strcmp(text, "127.0.0.1") != 0 && strcmp(text, "::1") != 0)
        return "localhost is elsewhere";
    char name[65] = {0}; /* a label has 63 bytes at most: nobody is asked */
    memset(name, 'a', sizeof name - 1);
    if (vn_address_resolve(&address, name, PORT, &why) >= 0)
        return "an impossible name has an address";
    return why != NULL && why[0] != '\0' ? NULL : "nothing says why";
}

const char *vn_check_parses_paths(void)
{
    struct vn_address address;
    struct sockaddr_un local;
    char path[sizeof local.sun_path + 1];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    if (vn_address_parse_path(&address, path) != -ENAMETOOLONG)
        return "a path one byte too long is taken";
    path[sizeof path - 2] = '\0';
    if (vn_address_parse_path(&address, path) != 0)
        return "the longest path is refused";
    if (vn_address_port(&address) != 0)
        return "a path has a port";
    if (vn_address_parse_path(&address, "") != -EINVAL)
        return "an empty path is taken";
    if (vn_address_parse_path(&address, "@") != -EINVAL)
        return "an empty name is taken";
    path[0] = '@';
    path[sizeof path - 2] = 'a'; /* it needs no NUL */
    return vn_address_parse_path(&address, path) == 0 ? NULL : "the longest name is refused";
}

/* ---- TCP ---- */

const char *vn_check_shares_a_port(const char *host)
{
    struct vn_address address;
    enum vn_listener_step step;
    vn_address_parse(&address, host, 0);
    int32_t first = open_first(&address);
    if (first < 0 || vn_address_port(&address) == 0)
        return "no port";
    uint16_t port = vn_address_port(&address);
    int32_t second = vn_listener_open(&address, false, 16, 0, &step);
    if (second < 0 || vn_address_port(&address) != port)
        return "a second socket of the server cannot join";
    if (open_first(&address) != -EADDRINUSE)
        return "another server can join";
    close(first);
    close(second);
    return NULL;
}

const char *vn_check_finds_a_foreign_server(bool reuses_port)
{
    struct vn_address address;
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    int32_t one = 1;
    int32_t foreign = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    vn_address_parse(&address, "127.0.0.1", 0);
    setsockopt(foreign, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (reuses_port)
        setsockopt(foreign, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    bind(foreign, generic(&address), address.size);
    listen(foreign, 1);
    socklen_t size = sizeof address.storage;
    getsockname(foreign, (struct sockaddr *) &address.storage, &size);

    if (vn_listener_open(&address, true, 16, 0, &step) != -EADDRINUSE || step != VN_LISTENER_BIND)
        return "its port can be taken";
    vn_address_parse(&address, NULL, vn_address_port(&address));
    if (open_first(&address) != -EADDRINUSE)
        return "its port can be taken on every address";
    close(foreign);
    return NULL;
}

const char *vn_check_serves_both_families(void)
{
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    struct vn_address address;
    vn_address_parse(&address, NULL, 0);
    int32_t listener = open_first(&address);
    if (listener < 0)
        return "the wildcard cannot be bound";
    bool has_ipv6 = address.storage.ss_family == AF_INET6;
    for (int32_t i = 0; i < (has_ipv6 ? 2 : 1); i++) {
        struct vn_address target;
        vn_address_parse(&target, hosts[i], vn_address_port(&address));
        int32_t client = knock(&target);
        if (client < 0)
            return i == 0 ? "no IPv4" : "no IPv6";
        close(client);
    }
    close(listener);
    return NULL;
}

const char *vn_check_refuses_a_foreign_address(void)
{
    struct vn_address address;
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    vn_address_parse(&address, "192.0.2.1", 0); /* for documentation: nobody's */
    if (vn_listener_open(&address, true, 16, 0, &step) != -EADDRNOTAVAIL)
        return "it can be bound";
    return step == VN_LISTENER_BIND ? NULL : "the step is wrong";
}

const char *vn_check_sets_options(void)
{
    struct vn_address address;
    int32_t value = 0;
    socklen_t size = sizeof value;
    vn_address_parse(&address, "127.0.0.1", 0);
    int32_t listener = open_first(&address);
    int32_t client = knock(&address);
    int32_t server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    if (value == 0)
        return "an accepted socket waits to fill segments";
    value = 0;
    getsockopt(server, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &size);
    if (value != 128 * 1024)
        return "an accepted socket takes megabytes for a client that reads slowly";
    if (!(fcntl(listener, F_GETFD) & FD_CLOEXEC))
        return "the listener survives exec";
    if (fcntl(listener, F_GETFL) & O_NONBLOCK)
        return "the listener does not block";
    close(client);
    close(server);
    close(listener);
    return NULL;
}

/* As from a system that does not know the option; to this thread alone. */
static bool forbid_unsent_limit(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP_NOTSENT_LOWAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void *listen_without_unsent_limit(void *argument)
{
    const char **failure = argument;
    struct vn_address address;
    int32_t value = 128 * 1024;
    vn_address_parse(&address, "127.0.0.1", 0);
    if (!forbid_unsent_limit()) {
        *failure = "no rules";
        return NULL;
    }
    int32_t listener = open_first(&address);
    if (listener < 0)
        *failure = "it does not listen";
    else if (setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value) == 0)
        *failure = "the rules do not hold";
    else
        *failure = NULL;
    close(listener);
    return NULL;
}

const char *vn_check_listens_without_unsent_limit(void)
{
    const char *failure = "no thread";
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_without_unsent_limit, &failure) == 0)
        pthread_join(thread, NULL);
    return failure;
}

/* ---- Local ---- */

const char *vn_check_replaces_a_stale_path(void)
{
    char path[64];
    struct vn_address address;
    make_path(path, sizeof path);
    vn_address_parse_path(&address, path);
    for (int32_t i = 0; i < 2; i++) {
        int32_t listener = open_first(&address);
        if (listener < 0)
            return i == 0 ? "the path cannot be bound" : "a path that nobody listens on is refused";
        int32_t client = knock(&address);
        if (client < 0)
            return "nobody listens";
        close(client);
        close(listener);
    }
    unlink(path);
    return NULL;
}

const char *vn_check_refuses_a_live_path(void)
{
    char path[64];
    struct vn_address address;
    make_path(path, sizeof path);
    vn_address_parse_path(&address, path);
    int32_t listener = open_first(&address);
    if (open_first(&address) != -EADDRINUSE)
        return "a path that somebody listens on is taken over";
    int32_t client = knock(&address);
    if (client < 0)
        return "the one who listens is cut off";
    close(client);
    close(listener);
    unlink(path);
    return NULL;
}

const char *vn_check_listens_on_an_abstract_name(void)
{
    char path[64], name[64];
    struct vn_address address;
    make_path(path, sizeof path);
    snprintf(name, sizeof name, "@%s", path);
    vn_address_parse_path(&address, name);
    int32_t listener = open_first(&address);
    if (listener < 0)
        return "the name cannot be bound";
    if (open_first(&address) != -EADDRINUSE)
        return "a name that somebody listens on is taken over";
    int32_t client = knock(&address);
    if (client < 0)
        return "nobody listens";
    if (access(name, F_OK) == 0 || access(path, F_OK) == 0)
        return "there is a file";
    close(client);
    close(listener);
    listener = open_first(&address);
    close(listener);
    return listener >= 0 ? NULL : "the name stays in use";
}

const char *vn_check_refuses_a_path_to_a_file(void)
{
    char path[64];
    struct stat status;
    struct vn_address address;
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    make_path(path, sizeof path);
    vn_address_parse_path(&address, path);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    if (vn_listener_open(&address, true, 16, 0600, &step) != -ENOTSOCK || step != VN_LISTENER_BIND)
        return "a file is taken for a socket";
    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return "the file is gone";
    unlink(path);
    return NULL;
}

const char *vn_check_sets_the_mode(uint32_t mode)
{
    char path[64];
    struct stat status;
    struct vn_address address;
    enum vn_listener_step step;
    make_path(path, sizeof path);
    vn_address_parse_path(&address, path);
    int32_t listener = vn_listener_open(&address, true, 16, mode, &step);
    if (stat(path, &status) < 0 || (status.st_mode & 07777) != mode)
        return "the mode is another";
    close(listener);
    unlink(path);
    return NULL;
}

/* ---- Connected sockets ---- */

const char *vn_check_names_the_peer(const char *listening, const char *connecting, const char *name)
{
    struct vn_address address;
    char text[46];
    uint16_t port;
    bool is_local = strcmp(connecting, "") == 0;
    char path[64];
    make_path(path, sizeof path);
    if (is_local)
        vn_address_parse_path(&address, path);
    else
        vn_address_parse(&address, listening, 0);
    int32_t listener = open_first(&address);
    struct vn_address target = address;
    if (!is_local)
        vn_address_parse(&target, connecting, vn_address_port(&address));
    int32_t client = knock(&target);
    int32_t server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    struct vn_address own = {.size = sizeof own.storage};
    getsockname(client, (struct sockaddr *) &own.storage, &own.size);
    size_t count = vn_socket_peer(server, text, sizeof text, &port);
    if (count != strlen(name) || strcmp(text, name) != 0)
        return "the name is another";
    if (port != vn_address_port(&own))
        return "the port is another";
    if (!is_local && vn_socket_peer(server, text, 3, &port) != 0)
        return "a name that does not fit is told";
    struct vn_credentials credentials = {.process = -1};
    if (vn_socket_credentials(server, &credentials) != is_local)
        return "credentials are told of a socket that has none, or the other way round";
    if (is_local && (credentials.user != geteuid() || credentials.group != getegid() ||
                     credentials.process != getpid()))
        return "the credentials are another's";
    close(client);
    close(server);
    close(listener);
    if (is_local)
        unlink(path);
    return NULL;
}

const char *vn_check_sees_input_and_finishes(void)
{
    int32_t pair[2];
    uint8_t byte;
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    if (vn_socket_has_input(pair[0]))
        return "there is input from nobody";
    send(pair[1], "x", 1, 0);
    if (!vn_socket_has_input(pair[0]))
        return "input is not seen";
    vn_socket_finish(pair[0]);
    if (recv(pair[1], &byte, 1, 0) != 0)
        return "the peer does not see the end";
    if (recv(pair[0], &byte, 1, 0) != 1 || vn_socket_has_input(pair[0]))
        return "input is lost";
    close(pair[0]);
    close(pair[1]);
    return NULL;
}

const char *vn_check_abandons_output(void)
{
    struct vn_address address;
    uint8_t bytes[4096] = {0};
    vn_address_parse(&address, "127.0.0.1", 0);
    int32_t listener = open_first(&address);
    int32_t client = knock(&address);
    int32_t server = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (send(server, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        ;
    if (vn_socket_in_flight(server) == 0)
        return "nothing waits";
    vn_socket_abandon_output(server);
    close(server);
    ssize_t count;
    while ((count = recv(client, bytes, sizeof bytes, 0)) > 0)
        ;
    if (count == 0 || errno != ECONNRESET)
        return "the peer is not told by a reset";
    close(client);
    close(listener);
    return NULL;
}
