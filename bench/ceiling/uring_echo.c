// SPDX-License-Identifier: MIT
/* The io_uring ceiling: answers a fixed response to every CRLFCRLF, nothing else. The defaults are
 * the variant measured fastest; flags select the others. */
#include "common.h"
#include "ring.h"

enum { OP_ACCEPT, OP_RECV, OP_SEND, OP_CLOSE };
enum { SEND_SKIP, SEND_CQE, SEND_WRITE, SEND_SYSCALL }; /* -s */
enum { RECV_MULTI, RECV_ONE, RECV_ONE_PF, RECV_ONE_PB }; /* -r */
enum { TR_DEFER, TR_COOP, TR_PLAIN, TR_SQPOLL }; /* -m */
static int o_port = 8080, o_threads = 1, o_fixed = 1, o_send = SEND_SKIP, o_recv = RECV_MULTI,
           o_reg = 1, o_mode = TR_DEFER, o_close, o_inc, o_bundle, o_spin, o_pf, o_wait = 1,
           o_nosqa = 1, o_maxfd;
static unsigned o_bufs = 1024, o_bufsz = 2048, o_sq = 1024, o_minwait;

struct conn {
    uint8_t st;
};

struct worker {
    struct ring r;
    struct pbuf pb;
    struct conn *c;
    char *own; /* per-connection buffers of the one-shot variants */
    unsigned *off; /* IOU_PBUF_RING_INC: how far each buffer is consumed */
    int lfd;
};

static inline uint64_t ud(unsigned op, unsigned fd)
{
    return (uint64_t) op << 32 | fd;
}

static void arm_accept(struct worker *w)
{
    struct io_uring_sqe *s = ring_sqe(&w->r);
    s->opcode = IORING_OP_ACCEPT;
    s->fd = w->lfd;
    s->ioprio = IORING_ACCEPT_MULTISHOT;
    if (o_fixed)
        s->file_index = IORING_FILE_INDEX_ALLOC;
    else
        s->accept_flags = SOCK_CLOEXEC;
    s->user_data = ud(OP_ACCEPT, 0);
}

static inline void arm_recv(struct worker *w, unsigned fd)
{
    struct io_uring_sqe *s = ring_sqe(&w->r);
    s->opcode = IORING_OP_RECV;
    s->fd = (int) fd;
    s->user_data = ud(OP_RECV, fd);
    if (o_fixed)
        s->flags |= IOSQE_FIXED_FILE;
    if (o_recv == RECV_MULTI) {
        s->ioprio = (uint16_t) (IORING_RECV_MULTISHOT | (o_bundle ? IORING_RECVSEND_BUNDLE : 0) |
                                (o_pf ? IORING_RECVSEND_POLL_FIRST : 0));
        s->flags |= IOSQE_BUFFER_SELECT;
        s->buf_group = 0;
    } else if (o_recv == RECV_ONE_PB) {
        if (o_pf)
            s->ioprio = IORING_RECVSEND_POLL_FIRST;
        s->flags |= IOSQE_BUFFER_SELECT;
        s->len = o_bufsz;
    } else {
        if (o_recv == RECV_ONE_PF)
            s->ioprio = IORING_RECVSEND_POLL_FIRST;
        s->addr = (uint64_t) (uintptr_t) (w->own + (size_t) fd * o_bufsz);
        s->len = o_bufsz;
    }
}

static inline void do_close(struct worker *w, unsigned fd)
{
    struct io_uring_sqe *s = ring_sqe(&w->r);
    s->opcode = IORING_OP_CLOSE;
    if (o_fixed)
        s->file_index = fd + 1;
    else
        s->fd = (int) fd;
    s->flags |= IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_CLOSE, fd);
}

static inline void do_send(struct worker *w, unsigned fd, unsigned k)
{
    while (k) {
        unsigned n = k > MAXK ? MAXK : k;
        k -= n;
        if (o_send == SEND_SYSCALL) {
            (void) !send((int) fd, resp, n * RLEN, MSG_NOSIGNAL | MSG_DONTWAIT);
            continue;
        }
        struct io_uring_sqe *s = ring_sqe(&w->r);
        s->fd = (int) fd;
        s->addr = (uint64_t) (uintptr_t) resp;
        s->len = n * RLEN;
        s->user_data = ud(OP_SEND, fd);
        if (o_send == SEND_WRITE) {
            s->opcode = IORING_OP_WRITE;
            s->flags |= IOSQE_CQE_SKIP_SUCCESS;
        } else {
            s->opcode = IORING_OP_SEND;
            s->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
            if (o_send == SEND_SKIP)
                s->flags |= IOSQE_CQE_SKIP_SUCCESS;
        }
        if (o_fixed)
            s->flags |= IOSQE_FIXED_FILE;
    }
}

static void answer_close(struct worker *w, unsigned fd)
{
    if (o_send == SEND_SYSCALL) {
        (void) !send((int) fd, RESP_CLOSE, sizeof RESP_CLOSE - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        do_close(w, fd);
        return;
    }
    ring_room(&w->r, 2);
    struct io_uring_sqe *s = ring_sqe(&w->r);
    s->opcode = IORING_OP_SEND;
    s->fd = (int) fd;
    s->addr = (uint64_t) (uintptr_t) RESP_CLOSE;
    s->len = sizeof RESP_CLOSE - 1;
    s->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
    s->flags =
        (uint8_t) (IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_HARDLINK | (o_fixed ? IOSQE_FIXED_FILE : 0));
    s->user_data = ud(OP_SEND, fd);
    do_close(w, fd);
}

static void *worker(void *arg)
{
    struct worker *w = calloc(1, sizeof *w);
    (void) arg;
    unsigned fl = IORING_SETUP_SUBMIT_ALL | (o_nosqa ? IORING_SETUP_NO_SQARRAY : 0);
    if (o_mode == TR_DEFER)
        fl |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    else if (o_mode == TR_COOP)
        fl |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN;
    int rc = ring_init(&w->r, o_sq, 16384, fl, o_reg);
    if (rc) {
        fprintf(stderr, "ring_init: %s\n", strerror(-rc));
        exit(1);
    }
    w->r.min_wait_us = o_minwait;
    w->lfd = listen_on(o_port, 0);
    w->c = calloc((size_t) o_maxfd, sizeof *w->c);
    if (o_recv == RECV_MULTI || o_recv == RECV_ONE_PB) {
        rc = pbuf_init(&w->r, &w->pb, o_bufs, o_bufsz, 0, o_inc);
        if (rc) {
            fprintf(stderr, "pbuf_init: %s\n", strerror(-rc));
            exit(1);
        }
        w->off = calloc(o_bufs, sizeof *w->off);
    } else
        w->own = mmap(0, (size_t) o_maxfd * o_bufsz, PROT_READ | PROT_WRITE,
                      MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    if (o_fixed) {
        struct io_uring_rsrc_register rr;
        memset(&rr, 0, sizeof rr);
        rr.nr = (unsigned) o_maxfd;
        rr.flags = 1; /* IORING_RSRC_REGISTER_SPARSE */
        if (syscall(__NR_io_uring_register, w->r.fd, IORING_REGISTER_FILES2, &rr, sizeof rr) < 0) {
            perror("files");
            exit(1);
        }
    }
    arm_accept(w);
    for (;;) {
        rc = ring_enter(&w->r, o_spin ? 0 : (unsigned) o_wait);
        if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN && rc != -ETIME) {
            fprintf(stderr, "enter: %s\n", strerror(-rc));
            exit(1);
        }
        unsigned head = *w->r.cq_head, tail = ld_acq(w->r.cq_tail);
        uint16_t put = w->pb.tail;
        for (; head != tail; head++) {
            struct io_uring_cqe *c = &w->r.cqes[head & w->r.cq_mask];
            unsigned op = (unsigned) (c->user_data >> 32), fd = (unsigned) c->user_data;
            int res = c->res;
            if (op == OP_RECV) {
                if (res > 0) {
                    unsigned k = 0;
                    if (c->flags & IORING_CQE_F_BUFFER) {
                        unsigned bid = c->flags >> IORING_CQE_BUFFER_SHIFT;
                        if (o_inc) {
                            k = count_ends(w->pb.mem + (size_t) bid * o_bufsz + w->off[bid],
                                           (unsigned) res, &w->c[fd].st);
                            w->off[bid] += (unsigned) res;
                            if (!(c->flags & IORING_CQE_F_BUF_MORE)) {
                                w->off[bid] = 0;
                                pbuf_put(&w->pb, bid);
                            }
                        } else if (o_bundle) {
                            int left = res;
                            while (left > 0) {
                                unsigned n = (unsigned) left < o_bufsz ? (unsigned) left : o_bufsz;
                                k +=
                                    count_ends(w->pb.mem + (size_t) bid * o_bufsz, n, &w->c[fd].st);
                                pbuf_put(&w->pb, bid);
                                bid = (bid + 1) & w->pb.mask;
                                left -= (int) n;
                            }
                        } else {
                            k = count_ends(w->pb.mem + (size_t) bid * o_bufsz, (unsigned) res,
                                           &w->c[fd].st);
                            pbuf_put(&w->pb, bid);
                        }
                    } else
                        k = count_ends(w->own + (size_t) fd * o_bufsz, (unsigned) res,
                                       &w->c[fd].st);
                    if (o_close) {
                        if (k)
                            answer_close(w, fd);
                        else
                            arm_recv(w, fd);
                        continue;
                    }
                    if (k)
                        do_send(w, fd, k);
                    if (!(c->flags & IORING_CQE_F_MORE))
                        arm_recv(w, fd);
                } else if (res == -ENOBUFS) {
                    pbuf_publish(&w->pb);
                    arm_recv(w, fd);
                } else if (!(c->flags & IORING_CQE_F_MORE))
                    do_close(w, fd);
            } else if (op == OP_ACCEPT) {
                if (res >= 0) {
                    if (res < o_maxfd) {
                        w->c[res].st = 0;
                        arm_recv(w, (unsigned) res);
                    } else
                        do_close(w, (unsigned) res);
                }
                if (!(c->flags & IORING_CQE_F_MORE))
                    arm_accept(w);
            } /* SEND and CLOSE post only errors: recv sees them too */
        }
        st_rel(w->r.cq_head, head);
        if (w->pb.tail != put)
            pbuf_publish(&w->pb);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int ch;
    while ((ch = getopt(argc, argv, "p:t:f:s:r:R:m:CIBSPw:n:b:q:N:g:W:")) != -1)
        switch (ch) {
        case 'p':
            o_port = atoi(optarg);
            break;
        case 't':
            o_threads = atoi(optarg);
            break;
        case 'f':
            o_fixed = atoi(optarg);
            break;
        case 's':
            o_send = atoi(optarg);
            break;
        case 'r':
            o_recv = atoi(optarg);
            break;
        case 'R':
            o_reg = atoi(optarg);
            break;
        case 'm':
            o_mode = atoi(optarg);
            break;
        case 'N':
            o_nosqa = atoi(optarg);
            break;
        case 'W':
            o_minwait = (unsigned) atoi(optarg);
            break;
        case 'g':
            o_cc = optarg;
            break;
        case 'C':
            o_close = 1;
            o_recv = RECV_ONE_PB;
            break;
        case 'I':
            o_inc = 1;
            break;
        case 'B':
            o_bundle = 1;
            break;
        case 'S':
            o_spin = 1;
            break;
        case 'P':
            o_pf = 1;
            break;
        case 'w':
            o_wait = atoi(optarg);
            break;
        case 'n':
            o_bufs = (unsigned) atoi(optarg);
            break;
        case 'b':
            o_bufsz = (unsigned) atoi(optarg);
            break;
        case 'q':
            o_sq = (unsigned) atoi(optarg);
            break;
        default:
            fprintf(stderr, "uring_echo [-p port] [-t threads] [-f 0|1 direct descriptors] [-s 0 "
                            "send,no CQE|1 send+CQE|2 write|3 send(2)]\n"
                            " [-r 0 multishot|1 one-shot own buffer|2 same, POLL_FIRST|3 one-shot "
                            "provided buffer] [-P POLL_FIRST]\n"
                            " [-R 0|1 registered ring fd] [-m 0 DEFER|1 COOP|2 plain] [-C answer "
                            "and close] [-I incremental buffers]\n"
                            " [-B recv bundles] [-S spin] [-w completions to wait for] [-W us to "
                            "wait for them] [-n buffers] [-b buffer size] [-q SQ entries] [-N 0|1 "
                            "NO_SQARRAY] [-g congestion control]\n");
            return 2;
        }
    signal(SIGPIPE, SIG_IGN);
    o_maxfd = raise_nofile();
    if (o_maxfd > 32768)
        o_maxfd = 32768;
    resp_init();
    if (o_send == SEND_SYSCALL)
        o_fixed = 0; /* send(2) needs a plain descriptor */
    pthread_t t;
    for (int i = 1; i < o_threads; i++)
        pthread_create(&t, 0, worker, 0);
    worker(0);
}
