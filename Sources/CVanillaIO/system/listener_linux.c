// SPDX-License-Identifier: MIT
/* listener_linux.c - sharing a port, and the end of listening, by a filter of Linux. */
#include "listener.h"

#if defined(__linux__)

#include <errno.h>
#include <linux/filter.h>

/* A filter of a TCP socket sees a segment from its header on. One that begins a connection has SYN
 * and no ACK; all others pass, so that handshakes end. */
static void drop_connections(int32_t fd)
{
    enum { FLAGS_AT = 13, SYN = 0x02, ACK = 0x10 };
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int32_t share(int32_t fd)
{
    int32_t one = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ? -errno : 0;
}

/* Without SO_REUSEPORT bind fails when anybody listens on the port, whatever options they set.
 * Setting it afterwards lets the further sockets of this server join. */
int32_t vn_listener_bind(int32_t fd, struct vn_address *address, bool is_first)
{
    int32_t error;
    if (!is_first && (error = share(fd)) < 0)
        return error;
    if (bind(fd, vn_address_generic(address), address->size) < 0)
        return -errno;
    return is_first ? share(fd) : 0;
}

#if !defined(VN_KQUEUE_MODEL) /* which says it of the systems that it stands for */

bool vn_listener_is_balanced(void)
{
    return true;
}

#endif

void vn_listener_finish(int32_t fd)
{
    struct vn_address address = {.size = sizeof address.storage};
    if (getsockname(fd, vn_address_generic(&address), &address.size) < 0)
        return;
    if (address.storage.ss_family == AF_UNIX)
        shutdown(fd, SHUT_RD);
    else
        drop_connections(fd);
}

#endif
