// SPDX-License-Identifier: MIT
/* What both ceiling servers share: the fixed response, the counting of request ends, the listening
 * socket. */
#ifndef COMMON_H
#define COMMON_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <emmintrin.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESP                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"
#define RESP_CLOSE                                                                                 \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: "         \
    "13\r\n\r\nHello, World!"
#define RLEN (sizeof RESP - 1)
#define MAXK 512
static char resp[MAXK * RLEN];

/* How many CRLFCRLF end in p[0..n); *st carries how much of one was matched at the end of the chunk
 * before (0..3). */
static inline unsigned count_ends(const char *p, unsigned n, uint8_t *st)
{
    unsigned k = 0, i = 0, s = *st;
    static const char pat[4] = {'\r', '\n', '\r', '\n'};
    while (s && i < n) { /* finish what a chunk boundary split */
        if (p[i] == pat[s]) {
            i++;
            if (++s == 4) {
                k++;
                s = 0;
            }
        } else {
            s = p[i] == '\r';
            i += s;
            if (!s)
                break;
        }
    }
    if (s) {
        *st = (uint8_t) s;
        return k;
    }
    const __m128i nl = _mm_set1_epi8('\n');
    unsigned base = i, j = i;
    for (; j + 16 <= n; j += 16) {
        unsigned m = (unsigned) _mm_movemask_epi8(
            _mm_cmpeq_epi8(_mm_loadu_si128((const void *) (p + j)), nl));
        while (m) {
            unsigned q = j + (unsigned) __builtin_ctz(m);
            m &= m - 1;
            if (q >= base + 3 && p[q - 1] == '\r' && p[q - 2] == '\n' && p[q - 3] == '\r') {
                k++;
                base = q + 1;
            }
        }
    }
    for (; j < n; j++)
        if (p[j] == '\n' && j >= base + 3 && p[j - 1] == '\r' && p[j - 2] == '\n' &&
            p[j - 3] == '\r') {
            k++;
            base = j + 1;
        }
    unsigned left = n - base; /* partial match at the end */
    s = 0;
    if (left >= 3 && p[n - 3] == '\r' && p[n - 2] == '\n' && p[n - 1] == '\r')
        s = 3;
    else if (left >= 2 && p[n - 2] == '\r' && p[n - 1] == '\n')
        s = 2;
    else if (left >= 1 && p[n - 1] == '\r')
        s = 1;
    *st = (uint8_t) s;
    return k;
}

__attribute__((unused)) static void resp_init(void)
{
    for (unsigned i = 0; i < MAXK; i++)
        memcpy(resp + i * RLEN, RESP, RLEN);
}

static const char *o_cc; /* -g: TCP_CONGESTION of the listener, which accepted sockets inherit */
__attribute__((unused)) static int listen_on(int port, int nonblock)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0), 0),
        one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
    if (o_cc && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o_cc, (socklen_t) strlen(o_cc))) {
        perror("TCP_CONGESTION");
        exit(1);
    }
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t) port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* loopback only */
    if (bind(fd, (void *) &a, sizeof a) || listen(fd, 4096)) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* The descriptor limit as far up as this process may put it; returns it. */
static int raise_nofile(void)
{
    struct rlimit l, up = {65536, 65536};
    getrlimit(RLIMIT_NOFILE, &l);
    if (l.rlim_max < 65536 && !setrlimit(RLIMIT_NOFILE, &up))
        return 65536;
    l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &l);
    return (int) l.rlim_cur;
}
#endif
