// SPDX-License-Identifier: MIT
/* The epoll ceiling: edge-triggered (or -l level-triggered), one recv and one send per readable
 * event. */
#include "common.h"
#include <sys/epoll.h>

static int o_port = 8080, o_threads = 1, o_close, o_lt, o_again, o_batch = 512;
static unsigned o_bufsz = 4096;

static void *worker(void *arg)
{
    (void) arg;
    int ep = epoll_create1(EPOLL_CLOEXEC), lfd = listen_on(o_port, 1);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = lfd},
                       *evs = calloc((size_t) o_batch, sizeof *evs);
    uint8_t *st = calloc(65536, 1);
    char *buf = malloc(o_bufsz);
    unsigned et = o_lt ? EPOLLIN : EPOLLIN | EPOLLET | EPOLLRDHUP;
    epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev);
    for (;;) {
        int n = epoll_wait(ep, evs, o_batch, -1);
        for (int i = 0; i < n; i++) {
            int fd = evs[i].data.fd;
            if (fd == lfd) {
                for (;;) {
                    int c = accept4(lfd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
                    if (c < 0)
                        break;
                    if (c >= 65536) {
                        close(c);
                        continue;
                    }
                    st[c] = 0;
                    ev.events = et;
                    ev.data.fd = c;
                    epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev);
                }
                continue;
            }
            for (;;) {
                ssize_t r = recv(fd, buf, o_bufsz, MSG_DONTWAIT);
                if (r <= 0) {
                    if (r == 0 || (errno != EAGAIN && errno != EINTR))
                        close(fd);
                    break;
                }
                unsigned k = count_ends(buf, (unsigned) r, &st[fd]);
                if (k && o_close) {
                    (void) !send(fd, RESP_CLOSE, sizeof RESP_CLOSE - 1,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
                    close(fd);
                    break;
                }
                while (k) {
                    unsigned m = k > MAXK ? MAXK : k;
                    (void) !send(fd, resp, m * RLEN, MSG_NOSIGNAL | MSG_DONTWAIT);
                    k -= m;
                }
                /* a short read drained the socket; a peer's FIN is one more event */
                if (!o_again && (unsigned) r < o_bufsz &&
                    !(evs[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
                    break;
                if (o_lt)
                    break;
            }
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int ch;
    while ((ch = getopt(argc, argv, "p:t:Clab:e:g:")) != -1)
        switch (ch) {
        case 'p':
            o_port = atoi(optarg);
            break;
        case 't':
            o_threads = atoi(optarg);
            break;
        case 'g':
            o_cc = optarg;
            break;
        case 'C':
            o_close = 1;
            break;
        case 'l':
            o_lt = 1;
            break;
        case 'a':
            o_again = 1;
            break;
        case 'b':
            o_bufsz = (unsigned) atoi(optarg);
            break;
        case 'e':
            o_batch = atoi(optarg);
            break;
        default:
            fprintf(stderr,
                    "epoll_echo [-p port] [-t threads] [-C answer and close] [-l level-triggered] "
                    "[-a recv until EAGAIN] [-b bytes] [-e events] [-g congestion control]\n");
            return 2;
        }
    signal(SIGPIPE, SIG_IGN);
    raise_nofile();
    resp_init();
    pthread_t t;
    for (int i = 1; i < o_threads; i++)
        pthread_create(&t, 0, worker, 0);
    worker(0);
}
