// SPDX-License-Identifier: MIT
/* cancel.h - what a CancelRequest takes that libpq keeps to itself: the key and the address of a
 * connection, and a socket of its own. Nothing here blocks. */
#ifndef CPOSTGRES_CANCEL_H
#define CPOSTGRES_CANCEL_H

#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whom to cancel, and where: the beginning of libpq's PGcancel in all versions that are known to
 * have it, in which the address is that of the connection and the key came with it. */
struct cpostgres_cancel {
    struct {
        struct sockaddr_storage address;
        socklen_t size;
    } peer;
    int32_t process;
    int32_t secret;
};

/* Find what is needed to cancel what `connection` does. Returns false where the server named no
 * key, or libpq keeps it otherwise, as from version 18 on.
 *
 * PQtrace shows the key, too, but what a server may send crashes it. */
static inline bool cpostgres_cancel_find(PGconn *connection, struct cpostgres_cancel *cancel)
{
    int version = PQlibVersion();
    if (version < 140000 || version >= 180000)
        return false;
    PGcancel *opaque = PQgetCancel(connection);
    if (!opaque)
        return false;
    memcpy(cancel, opaque, sizeof *cancel);
    PQfreeCancel(opaque);
    /* That the process is where it is expected tells that the rest is. */
    return cancel->process != 0 && cancel->process == PQbackendPID(connection) &&
           cancel->peer.size > 0 && cancel->peer.size <= sizeof cancel->peer.address;
}

/* Never blocks, is not inherited by other programs, and raises no signal. */
static inline int32_t cpostgres_socket(int family)
{
#ifdef SOCK_CLOEXEC
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    int descriptor = socket(family, SOCK_STREAM, 0);
    if (descriptor >= 0) {
        int on = 1;
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
#endif
    return descriptor < 0 ? -errno : descriptor;
}

/* A socket to the server, which is connected once there is room to write. The caller closes it.
 * Returns -errno where there is none. */
static inline int32_t cpostgres_cancel_open(const struct cpostgres_cancel *cancel)
{
    const struct sockaddr *address = (const struct sockaddr *) &cancel->peer.address;
    int32_t descriptor = cpostgres_socket(address->sa_family);
    if (descriptor < 0)
        return descriptor;
    /* EINTR leaves it under way, too. */
    if (connect(descriptor, address, cancel->peer.size) == 0 || errno == EINPROGRESS ||
        errno == EINTR)
        return descriptor;
    int32_t error = -errno;
    close(descriptor);
    return error;
}

/* Returns how many bytes of the request left, 0 when it is too early, or -errno. */
static inline int32_t cpostgres_cancel_send(int32_t descriptor, const uint8_t *bytes, size_t count)
{
#ifdef MSG_NOSIGNAL
    ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
#else
    ssize_t sent = send(descriptor, bytes, count, 0);
#endif
    if (sent >= 0)
        return (int32_t) sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* Returns 1 when the server has closed the socket, 0 when it has not yet, or -errno; -EPROTO when
 * it said something, which a server does not do. */
static inline int32_t cpostgres_cancel_ended(int32_t descriptor)
{
    uint8_t byte;
    ssize_t count = recv(descriptor, &byte, 1, 0);
    if (count == 0)
        return 1;
    if (count > 0)
        return -EPROTO;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static inline void cpostgres_cancel_close(int32_t descriptor)
{
    close(descriptor);
}

/* Send a request, and wait until the server has obeyed; blocks, at most so long for the connection
 * and once more for the answer. Returns whether the server has closed the socket. */
static inline bool cpostgres_cancel_perform(const struct cpostgres_cancel *cancel,
                                            const uint8_t *bytes, size_t count,
                                            int32_t milliseconds)
{
    int32_t descriptor = cpostgres_cancel_open(cancel);
    if (descriptor < 0)
        return false;
    struct pollfd watched = {.fd = descriptor, .events = POLLOUT};
    bool is_done = false;
    if (poll(&watched, 1, milliseconds) == 1 &&
        cpostgres_cancel_send(descriptor, bytes, count) == (int32_t) count) {
        watched.events = POLLIN;
        is_done = poll(&watched, 1, milliseconds) == 1 && cpostgres_cancel_ended(descriptor) == 1;
    }
    close(descriptor);
    return is_done;
}

#endif
