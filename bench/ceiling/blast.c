// SPDX-License-Identifier: MIT
/* blast: a small closed-loop HTTP/1.1 load generator on io_uring, one thread. It opens -c
 * connections, keeps -p requests in flight on each (a batch: the next goes out when the last answer
 * of the one before is in, as wrk's pipeline script does), checks every answer's status line and
 * framing, and prints rate, latency and, with -P PID, the server's CPU time a request. Loopback
 * only. */
#include "common.h"
#include "cpu_time.h"
#include "ring.h"
#include <math.h>
#include <time.h>
#include <x86intrin.h>

enum { OP_RECV, OP_SEND, OP_TICK, OP_CONN, OP_CLOSE };
enum { ST_HEAD, ST_BODY, ST_CHUNK, ST_EOF };

static int o_kill, o_port = 8080, o_conns = 64, o_depth = 1, o_close, o_idle, o_json;
static double o_secs = 5, o_warm = 0.5;
static const char *o_path = "/", *o_method = "GET", *o_body, *o_pids, *o_label = "";
static char o_hdrs[4096];

struct conn {
    uint64_t t0; /* when the batch in flight was queued */
    uint64_t left; /* body bytes to come */
    unsigned todo; /* answers of the batch to come */
    uint8_t st, chunk_st, bad, close_seen;
    unsigned stash_n;
    char *stash; /* a head that a buffer boundary split */
};

static struct ring R;
static struct pbuf PB;
static struct conn *C;
static char *req;
static unsigned req_len;
static uint64_t n_ok, n_non200, n_err, n_conn, n_parse, bytes_in;
static int measuring, stopping;
static double ns_per_tick;

/* ---- histogram: 2^7 linear steps in each power of two of nanoseconds, error below 0.8 % ---- */
#define SUB 7
static uint64_t hist[64 << SUB];
static uint64_t h_max, h_n;
static double h_sum;
static inline void h_add(uint64_t v, unsigned times)
{
    unsigned i;
    if (v < (1u << SUB))
        i = (unsigned) v;
    else {
        unsigned e = 63u - (unsigned) __builtin_clzll(v) - SUB;
        i = ((e + 1) << SUB) + (unsigned) ((v >> e) - (1u << SUB));
    }
    hist[i] += times;
    h_n += times;
    h_sum += (double) v * times;
    if (v > h_max)
        h_max = v;
}
static double h_pct(double p)
{
    uint64_t want = (uint64_t) ceil((double) h_n * p / 100), seen = 0;
    for (unsigned i = 0; i < (64u << SUB); i++) {
        seen += hist[i];
        if (hist[i] && seen >= want) {
            if (i < (1u << SUB))
                return i;
            unsigned e = (i >> SUB) - 1;
            return (double) (((uint64_t) (i & ((1u << SUB) - 1)) + (1u << SUB)) << e) +
                   (double) (1ull << e) / 2;
        }
    }
    return 0;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

/* CPU nanoseconds of every thread of the processes listed (their own threads, not their
 * children). */
static uint64_t cpu_ns(void)
{
    uint64_t sum = 0;
    if (!o_pids)
        return 0;
    char list[256];
    snprintf(list, sizeof list, "%s", o_pids);
    for (char *sv, *p = strtok_r(list, ",", &sv); p; p = strtok_r(0, ",", &sv))
        sum += cpu_time(atoi(p));
    return sum;
}

static inline uint64_t ud(unsigned op, unsigned i)
{
    return (uint64_t) op << 32 | i;
}

static void arm_recv(unsigned i)
{
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_RECV;
    s->fd = (int) i;
    s->flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    s->ioprio = IORING_RECV_MULTISHOT;
    s->user_data = ud(OP_RECV, i);
}

static void send_batch(unsigned i)
{
    struct conn *c = &C[i];
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_SEND;
    s->fd = (int) i;
    s->addr = (uint64_t) (uintptr_t) req;
    s->len = req_len;
    s->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
    s->flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_SEND, i);
    c->todo = (unsigned) o_depth;
    c->t0 = __rdtsc();
}

/* setsockopt on the ring's own descriptor (6.7+); the fields are newer than Debian's header. */
static struct io_uring_sqe *set_option(unsigned i, unsigned level, unsigned name, const void *value,
                                       unsigned size)
{
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_URING_CMD;
    s->fd = (int) i;
    s->off = 3; /* SOCKET_URING_OP_SETSOCKOPT */
    s->addr = level | (uint64_t) name << 32;
    *(uint32_t *) ((char *) s + 44) = size;
    *(uint64_t *) ((char *) s + 48) = (uint64_t) (uintptr_t) value;
    s->flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_CONN, i);
    return s;
}

static const struct linger reset = {.l_onoff = 1};

/* Have the end of this program reset its connections. Thousands that it left in TIME_WAIT would end
 * together a minute later, and hold up a core for milliseconds in the midst of another
 * measurement. */
static void reset_all(unsigned opened)
{
    for (unsigned i = 0; i < opened; i++) {
        ring_room(&R, 1);
        set_option(i, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    ring_enter(&R, 0);
}

static struct sockaddr_in dst;

/* Start a connection in slot i: socket, connect, the first batch and the first recv as one linked
 * chain. */
static void start_conn(unsigned i)
{
    struct conn *c = &C[i];
    c->st = ST_HEAD;
    c->stash_n = 0;
    c->left = 0;
    c->bad = 0;
    c->close_seen = 0;
    ring_room(&R, 5);
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_SOCKET;
    s->fd = AF_INET;
    s->off = SOCK_STREAM;
    s->file_index = i + 1;
    s->flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_CONN, i);
    if (o_kill)
        set_option(i, SOL_SOCKET, SO_LINGER, &reset, sizeof reset)->flags |= IOSQE_IO_LINK;
    else if (o_cc)
        set_option(i, IPPROTO_TCP, TCP_CONGESTION, o_cc, (unsigned) strlen(o_cc))->flags |=
            IOSQE_IO_LINK;
    s = ring_sqe(&R);
    s->opcode = IORING_OP_CONNECT;
    s->fd = (int) i;
    s->addr = (uint64_t) (uintptr_t) &dst;
    s->off = sizeof dst;
    s->flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_CONN, i);
    send_batch(i);
    R.sqes[(R.tail - 1) & R.sq_mask].flags |= IOSQE_IO_LINK;
    arm_recv(i);
}

static void drop_conn(unsigned i, int again)
{
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_CLOSE;
    s->file_index = i + 1;
    s->flags = IOSQE_CQE_SKIP_SUCCESS;
    s->user_data = ud(OP_CLOSE, i);
    if (again && !stopping)
        start_conn(i);
}

/* ---- answers ---- */
static char tmpl
    [2048]; /* the last 200's head: an answer with the same length and Content-Length needs no parse */
static unsigned t_len, t_cl_off, t_cl_len;
static uint64_t t_body;

static inline void one_done(struct conn *c, uint64_t now)
{
    if (c->bad) {
        n_non200++;
        c->bad = 0;
    }
    if (measuring) {
        n_ok++;
        h_add((uint64_t) ((double) (now - c->t0) * ns_per_tick), 1);
    }
    c->st = ST_HEAD;
    if (c->todo)
        c->todo--;
    else
        n_parse++; /* an answer nobody asked for */
}

static int parse_head(struct conn *c, const char *h, unsigned n)
{
    if (n < 16 || memcmp(h, "HTTP/1.", 7))
        return -1;
    int code = atoi(h + 9);
    c->bad = code != 200;
    c->left = 0;
    int have = 0;
    for (const char *p = memchr(h, '\n', n); p && p + 1 < h + n;
         p = memchr(p + 1, '\n', (size_t) (h + n - p - 1))) {
        const char *l = p + 1;
        if (!strncasecmp(l, "content-length:", 15)) {
            c->left = strtoull(l + 15, 0, 10);
            have = 1;
            const char *e = memchr(l, '\r', (size_t) (h + n - l));
            if (!c->bad && n < sizeof tmpl && e) {
                memcpy(tmpl, h, n);
                t_len = n;
                t_cl_off = (unsigned) (l - h);
                t_cl_len = (unsigned) (e - l) + 2;
                t_body = c->left;
            }
        } else if (!strncasecmp(l, "transfer-encoding:", 18)) {
            c->st = ST_CHUNK;
            c->chunk_st = 0;
            t_len = 0;
            return 0;
        }
    }
    c->st = have ? ST_BODY : (code == 204 || code == 304 ? ST_BODY : ST_EOF);
    return 0;
}

static void feed(unsigned i, const char *p, unsigned n, uint64_t now)
{
    struct conn *c = &C[i];
    bytes_in += n;
    while (n) {
        if (c->st == ST_HEAD) {
            unsigned used;
            if (!c->stash_n && t_len && n >= t_len && !memcmp(p, "HTTP/1.1 200", 12) &&
                !memcmp(p + t_len - 4, "\r\n\r\n", 4) &&
                !memcmp(p + t_cl_off - 2, tmpl + t_cl_off - 2, t_cl_len + 2)) {
                used = t_len;
                c->left = t_body;
                c->st = ST_BODY;
            } else {
                const char *h = p;
                unsigned hn = n;
                if (c->stash_n) {
                    if (!c->stash)
                        abort();
                    unsigned m = 16384 - c->stash_n < n ? 16384 - c->stash_n : n;
                    memcpy(c->stash + c->stash_n, p, m);
                    h = c->stash;
                    hn = c->stash_n + m;
                }
                const char *e = memmem(h, hn, "\r\n\r\n", 4);
                if (!e) {
                    if (hn >= 16384) {
                        n_parse++;
                        c->stash_n = 0;
                        return;
                    }
                    if (!c->stash_n) {
                        if (!c->stash)
                            c->stash = malloc(16384);
                        memcpy(c->stash, p, n);
                    }
                    c->stash_n = hn;
                    return;
                }
                unsigned hl = (unsigned) (e - h) + 4;
                used = hl - c->stash_n;
                c->stash_n = 0;
                if (parse_head(c, h, hl)) {
                    n_parse++;
                    return;
                }
            }
            p += used;
            n -= used;
            if (c->st == ST_BODY && !c->left)
                one_done(c, now);
        } else if (c->st == ST_BODY) {
            unsigned m = c->left < n ? (unsigned) c->left : n;
            c->left -= m;
            p += m;
            n -= m;
            if (!c->left)
                one_done(c, now);
        } else if (
            c->st ==
            ST_CHUNK) { /* 0 size, 1 ext, 2 data, 3 CR LF after data, 4 trailer line start, 5 in trailer */
            char ch = *p;
            switch (c->chunk_st) {
            case 0:
                if (ch == '\n') {
                    c->chunk_st = c->left ? 2 : 4;
                } else if (ch == ';') {
                    c->chunk_st = 1;
                } else if (ch != '\r')
                    c->left =
                        c->left * 16 + (unsigned) (ch <= '9' ? ch - '0' : (ch | 32) - 'a' + 10);
                p++;
                n--;
                break;
            case 1:
                if (ch == '\n')
                    c->chunk_st = c->left ? 2 : 4;
                p++;
                n--;
                break;
            case 2: {
                unsigned m = c->left < n ? (unsigned) c->left : n;
                c->left -= m;
                p += m;
                n -= m;
                if (!c->left)
                    c->chunk_st = 3;
                break;
            }
            case 3:
                if (ch == '\n')
                    c->chunk_st = 0;
                p++;
                n--;
                break;
            case 4:
                p++;
                n--;
                if (ch == '\n')
                    one_done(c, now);
                else if (ch != '\r')
                    c->chunk_st = 5;
                break;
            default:
                if (ch == '\n')
                    c->chunk_st = 4;
                p++;
                n--;
                break;
            }
        } else {
            n = 0;
        } /* to EOF */
    }
}

static struct __kernel_timespec tick = {.tv_nsec = 20000000};
static void arm_tick(void)
{
    struct io_uring_sqe *s = ring_sqe(&R);
    s->opcode = IORING_OP_TIMEOUT;
    s->addr = (uint64_t) (uintptr_t) &tick;
    s->len = 1;
    s->off = 0;
    s->user_data = ud(OP_TICK, 0);
}

static double fmt_us(double ns)
{
    return ns / 1000;
}

int main(int argc, char **argv)
{
    int ch;
    while ((ch = getopt(argc, argv, "a:p:c:d:w:u:M:B:H:P:L:D:CKIjG:")) != -1)
        switch (ch) {
        case 'a':
            o_port = atoi(optarg);
            break;
        case 'c':
            o_conns = atoi(optarg);
            break;
        case 'p':
            o_depth = atoi(optarg);
            break;
        case 'd':
            o_secs = atof(optarg);
            break;
        case 'w':
            o_warm = atof(optarg);
            break;
        case 'u':
            o_path = optarg;
            break;
        case 'M':
            o_method = optarg;
            break;
        case 'B':
            o_body = optarg;
            break;
        case 'H':
            snprintf(o_hdrs + strlen(o_hdrs), sizeof o_hdrs - strlen(o_hdrs), "%s\r\n", optarg);
            break;
        case 'P':
            o_pids = optarg;
            break;
        case 'L':
            o_label = optarg;
            break;
        case 'C':
            o_close = 1;
            break;
        case 'K':
            o_close = o_kill = 1;
            break;
        case 'I':
            o_idle = 1;
            break;

        case 'j':
            o_json = 1;
            break;
        case 'G':
            o_cc = optarg;
            break;
        default:
            fprintf(
                stderr,
                "blast -a port [-c conns] [-p depth] [-d secs] [-w warm-up secs] [-u path] [-H "
                "'Name: value']... [-M method]\n"
                " [-B body] [-C a connection for each request, Connection: close, the server ends "
                "it]\n [-K the same without that header, the client resets it] [-I one request "
                "each, then hold idle] [-P server pid,pid] [-G congestion control] [-j JSON]\n");
            return 2;
        }
    if (o_conns < 1 || o_depth < 1 || o_depth > 4096 || o_conns > 60000)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    raise_nofile();
    if (o_close || o_idle)
        o_depth = 1;
    char one[16384];
    int n = snprintf(one, sizeof one, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s", o_method,
                     o_path, o_port, o_close && !o_kill ? "Connection: close\r\n" : "", o_hdrs);
    if (o_body)
        n += snprintf(one + n, sizeof one - (size_t) n, "Content-Length: %zu\r\n\r\n%s",
                      strlen(o_body), o_body);
    else
        n += snprintf(one + n, sizeof one - (size_t) n, "\r\n");
    req_len = (unsigned) n * (unsigned) o_depth;
    req = malloc(req_len);
    for (int i = 0; i < o_depth; i++)
        memcpy(req + (size_t) i * (size_t) n, one, (size_t) n);

    double a = now_s();
    uint64_t ta = __rdtsc();
    while (now_s() - a < 0.05) {
    }
    ns_per_tick = (now_s() - a) * 1e9 / (double) (__rdtsc() - ta);

    int rc = ring_init(&R, 4096, 65536,
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
                           IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_NO_SQARRAY,
                       1);
    if (!rc)
        rc = pbuf_init(&R, &PB, 2048, o_depth > 16 ? 16384 : 4096, 0, 0);
    if (rc) {
        fprintf(stderr, "ring: %s\n", strerror(-rc));
        return 1;
    }
    struct io_uring_rsrc_register rr;
    memset(&rr, 0, sizeof rr);
    rr.nr = (unsigned) o_conns;
    rr.flags = 1;
    if (syscall(__NR_io_uring_register, R.fd, IORING_REGISTER_FILES2, &rr, sizeof rr) < 0) {
        perror("files");
        return 1;
    }
    C = calloc((size_t) o_conns, sizeof *C);
    dst.sin_family = AF_INET;
    dst.sin_port = htons((uint16_t) o_port);
    dst.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    /* Connect in slices, so that a listen queue is not overrun. */
    unsigned opened = 0;
    double t_start = now_s(), t_meas = 0, t_end = 0;
    uint64_t cpu0 = 0, cpu1 = 0, got_first = 0;
    arm_tick();
    while (opened < (unsigned) o_conns && opened < 128)
        start_conn(opened++);
    struct rusage ru0 = {0}, ru1 = {0};
    for (;;) {
        rc = ring_enter(&R, 1);
        if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN) {
            fprintf(stderr, "enter: %s\n", strerror(-rc));
            return 1;
        }
        unsigned head = *R.cq_head, tail = ld_acq(R.cq_tail);
        uint16_t put = PB.tail;
        for (; head != tail; head++) {
            struct io_uring_cqe *q = &R.cqes[head & R.cq_mask];
            unsigned op = (unsigned) (q->user_data >> 32), i = (unsigned) q->user_data;
            int res = q->res;
            unsigned fl = q->flags;
            if (op == OP_RECV) {
                struct conn *c = &C[i];
                if (res > 0) {
                    unsigned bid = fl >> IORING_CQE_BUFFER_SHIFT;
                    uint64_t now = __rdtsc();
                    unsigned before = c->todo;
                    feed(i, PB.mem + (size_t) bid * PB.size, (unsigned) res, now);
                    pbuf_put(&PB, bid);
                    if (before && !c->todo) {
                        got_first++;
                        if (opened < (unsigned) o_conns)
                            start_conn(opened++);
                        if (!o_close && !o_idle && !stopping)
                            send_batch(i);
                    }
                    if (o_kill && before &&
                        !c->todo) { /* answered: reset the connection; its recv then ends */
                        struct io_uring_sqe *s = ring_sqe(&R);
                        s->opcode = IORING_OP_SHUTDOWN;
                        s->fd = (int) i;
                        s->len = SHUT_RD;
                        s->flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
                        s->user_data = ud(OP_CLOSE, i);
                        if (!(fl & IORING_CQE_F_MORE))
                            arm_recv(i);
                    } else if (!(fl & IORING_CQE_F_MORE))
                        arm_recv(i);
                } else if (res == -ENOBUFS) {
                    pbuf_publish(&PB);
                    arm_recv(i);
                } else if (!(fl & IORING_CQE_F_MORE)) {
                    if (res == 0 && c->st == ST_EOF)
                        one_done(c, __rdtsc());
                    if (c->todo || res < 0) {
                        if (!stopping)
                            n_err++;
                    }
                    n_conn++;
                    drop_conn(i,
                              1); /* the close mode's normal end; otherwise a server that hung up */
                }
            } else if (op == OP_SEND || op == OP_CONN) {
                if (res < 0 && res != -ECANCELED && !stopping)
                    n_err++;
            } else if (op == OP_TICK) {
                double t = now_s();
                if (!t_meas && (t - t_start >= o_warm) && opened == (unsigned) o_conns) {
                    t_meas = t;
                    measuring = 1;
                    cpu0 = cpu_ns();
                    bytes_in = 0;
                    getrusage(RUSAGE_SELF, &ru0);
                    R.enters = 0;
                    n_err = n_non200 = n_parse = n_conn = 0;
                } else if (t_meas && t - t_meas >= o_secs) {
                    t_end = t;
                    measuring = 0;
                    cpu1 = cpu_ns();
                    getrusage(RUSAGE_SELF, &ru1);
                    stopping = 1;
                } else if (!t_meas && t - t_start > o_warm + 20) {
                    fprintf(stderr, "only %u of %d connections answered\n", opened, o_conns);
                    return 1;
                }
                if (!stopping)
                    arm_tick();
            }
        }
        st_rel(R.cq_head, head);
        if (PB.tail != put)
            pbuf_publish(&PB);
        if (stopping)
            break;
    }
    reset_all(opened);
    double secs = t_end - t_meas, rps = (double) n_ok / secs;
    double own = (double) (ru1.ru_utime.tv_sec - ru0.ru_utime.tv_sec + ru1.ru_stime.tv_sec -
                           ru0.ru_stime.tv_sec) +
                 (double) (ru1.ru_utime.tv_usec - ru0.ru_utime.tv_usec + ru1.ru_stime.tv_usec -
                           ru0.ru_stime.tv_usec) *
                     1e-6;
    double srv = (double) (cpu1 - cpu0) * 1e-9;
    double per = n_ok ? srv * 1e6 / (double) n_ok : 0;
    if (o_json)
        printf(
            "{\"label\":\"%s\",\"rps\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_"
            "us\":%.1f,\"max_us\":%.1f,\"mean_us\":%.1f,"
            "\"n\":%llu,\"non200\":%llu,\"errors\":%llu,\"bad\":%llu,\"closed\":%llu,\"secs\":%.3f,"
            "\"client_cpu\":%.3f,\"server_cpu\":%.3f,"
            "\"server_us_per_req\":%.3f,\"enters_per_req\":%.4f,\"answered\":%llu,\"MBps\":%.1f}\n",
            o_label, rps, fmt_us(h_pct(50)), fmt_us(h_pct(90)), fmt_us(h_pct(99)),
            fmt_us(h_pct(99.9)), fmt_us((double) h_max), h_n ? fmt_us(h_sum / (double) h_n) : 0,
            (unsigned long long) n_ok, (unsigned long long) n_non200, (unsigned long long) n_err,
            (unsigned long long) n_parse, (unsigned long long) n_conn, secs, own / secs, srv / secs,
            per, n_ok ? (double) R.enters / (double) n_ok : 0, (unsigned long long) got_first,
            (double) bytes_in / secs / 1e6);
    else {
        printf("%s %d conns, depth %d, %.2f s: %.0f req/s, %llu answers, %llu non-200, %llu "
               "errors, %llu malformed, %llu closed by server\n",
               o_label, o_conns, o_depth, secs, rps, (unsigned long long) n_ok,
               (unsigned long long) n_non200, (unsigned long long) n_err,
               (unsigned long long) n_parse, (unsigned long long) n_conn);
        printf("latency us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f  mean %.1f\n",
               fmt_us(h_pct(50)), fmt_us(h_pct(90)), fmt_us(h_pct(99)), fmt_us(h_pct(99.9)),
               fmt_us((double) h_max), h_n ? fmt_us(h_sum / (double) h_n) : 0);
        printf("client CPU %.0f %%, %.3f enters a request", own / secs * 100,
               n_ok ? (double) R.enters / (double) n_ok : 0);
        if (o_pids)
            printf("; server CPU %.0f %%, %.3f us a request", srv / secs * 100, per);
        printf("\n");
    }
    return !n_ok && !o_idle ? 4 : n_parse ? 3 : 0;
}
