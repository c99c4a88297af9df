// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <errno.h>

#ifdef __linux__

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TCP_ULP
#define TCP_ULP 31 /* linux/tcp.h */
#endif

/* A socket that is connected: the kernel refuses any other. Returns it, or -errno. `listener` is
 * one of TCP. */
static int connect_to(int listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *) &address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *) &address, &size) != 0)
        return -errno;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *) &address, size) == 0)
        return fd;
    int failure = -errno;
    close(fd);
    return failure;
}

int32_t vn_tls_kernel_probe(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -errno;
    int fd = connect_to(listener), result = fd;
    if (fd >= 0) {
        static const char name[] = "tls";
        result = setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, sizeof name - 1) == 0 ? 0 : -errno;
        close(fd);
    }
    close(listener);
    return result;
}

#else

int32_t vn_tls_kernel_probe(void)
{
    return -ENOTSUP;
}

#endif
