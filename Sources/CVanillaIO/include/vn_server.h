// SPDX-License-Identifier: MIT
/* vn_server.h - configure, start, stop and observe a server. */
#ifndef VN_SERVER_H
#define VN_SERVER_H

#include "vn_exchange.h"

typedef struct vn_server vn_server;

enum { VN_BACKEND_AUTO, VN_BACKEND_URING, VN_BACKEND_EPOLL, VN_BACKEND_KQUEUE };

enum {
    VN_KEEP_ALIVE_RFC,    /* as RFC 9112, section 9.3 */
    VN_KEEP_ALIVE_ALWAYS, /* whatever the client says; errors still close */
    VN_KEEP_ALIVE_NEVER,
};

/* The bodies of errors that have none of their own: what the core refuses, and
 * vn_response_send_error. */
enum {
    /* problem details in JSON (RFC 9457) to clients that name JSON in Accept and do not prefer
     * text; text to the others */
    VN_ERROR_BODY_BY_ACCEPT,
    VN_ERROR_BODY_TEXT,
    VN_ERROR_BODY_PROBLEM,
    VN_ERROR_BODY_EMPTY, /* none */
};

/* How a request's body reaches its handler. */
enum {
    VN_BODY_WHOLE,    /* the handler is called when it is complete; limits.body bounds it */
    VN_BODY_STREAMED, /* the handler is called at once and takes pieces: vn_response_receive */
    /* the handler is called at once; its answer leaves when the body was drained, or, where that is
     * long, at once, and the connection closes */
    VN_BODY_IGNORED,
};

/* The user's functions. The `context` that each except `begin` gets is what `begin` returned for
 * that worker, or the member `context` when there is no `begin`. All are called on the worker's own
 * thread. */
typedef struct vn_handlers {
    void *context;
    void (*handle)(void *context, const vn_request *request, vn_response *response);
    int32_t (*choose_body)(void *context,
                           const vn_request *request); /* optional: VN_BODY_WHOLE for all */
    void *(*begin)(void *context, uint32_t worker); /* optional: on each worker's start */
    void (*end)(void *context); /* optional: at each worker's end */
    /* Optional: told once of every exchange, when it has ended: its answer was sent or given up.
     * Also of a request that was refused by the core, however little of it had come; not of
     * connections that ended without one, and not of an exchange for which memory ran out. */
    void (*exchange_ended)(void *context, const vn_ended_exchange *exchange);
    /* Optional: before the core itself answers with an error, on a connection that then closes. May
     * add fields, and send a body by vn_response_send, _send_shared or _send_error; what is not
     * sent is as vn_config.error_body says. `request` is as in vn_ended_exchange. */
    void (*refuse)(void *context, const vn_request *request, uint16_t status,
                   vn_response *response);

    /* What is done once for all workers, on the first one's thread: before any of them accepts, and
     * when none has a connection or a handler left. All workers turn meanwhile. Optional, all four
     * together; while they are under way vn_handlers.end is not called. */
    bool (*has_hooks)(void *context); /* at each start, with the member `context` */
    void (*begin_hooks)(void *context, bool is_stop);
    /* Asked after each turn: 0 while they are under way, 1 when they are done; below 0 they have
     * failed, which ends a start. */
    int32_t (*hooks_state)(void *context);
    /* They take too long, or the server is to stop. After some time they are waited for no
     * longer. */
    void (*cancel_hooks)(void *context);
} vn_handlers;

/* Sizes in bytes. What lies beyond each is answered as the comment says. */
typedef struct vn_limits {
    uint32_t request_line; /* 16 KiB; 414 for the target, 400 for the method alone */
    uint32_t field; /* 16 KiB: one field line; 431 */
    uint32_t fields; /* 64 KiB: all field lines; 431 */
    uint32_t field_count; /* 128, at most VN_FIELDS_MAX; 431 */
    uint64_t body; /* 8 MiB: a whole body; 413 */
    uint64_t streamed_body; /* UINT64_MAX: a streamed or ignored body; 413 */
    uint32_t chunk_line; /* 4 KiB: a chunk's size with its extensions; 400 */
    uint32_t trailers; /* 16 KiB; 431 */
    uint32_t requests; /* 1,000,000 on one connection, then it closes */
    uint32_t connections; /* 0: from the descriptor limit; beyond it the accept queue waits */
    uint32_t output; /* 1 MiB unsent; beyond it the connection's input waits */
    /* Output that clients have not taken, of the whole process: what the system holds for their
     * sockets, and copies in the server's memory. 0: half of what the system gives to TCP before it
     * becomes sparing (tcp_mem). Beyond it connections are reset whose clients take nothing, the
     * longest stalled first. */
    uint64_t unread;
    /* 1 MiB of an ignored body is drained before the answer leaves; beyond it the answer leaves at
     * once, and the connection closes */
    uint32_t discard;
} vn_limits;

/* Milliseconds, and two rates. 0 turns one off, except linger and linger_total, which are at
 * least 1. */
typedef struct vn_deadlines {
    /* 10,000: from a head's first byte (for the first, from accept) to its end; 408. A new
     * connection on which nothing came is closed silently */
    uint32_t head;
    uint32_t body_grace; /* 10,000: a body's time before its rate counts */
    uint32_t body_rate; /* 1,024 bytes a second at least, after the grace; 408 */
    uint32_t idle; /* 75,000 between requests; silent close */
    uint32_t write_stall; /* 30,000 in which the client takes nothing; reset */
    /* 240 bytes a second at least that it takes, over each write_stall in which output waits for
     * it; reset */
    uint32_t write_rate;
    uint32_t handler; /* 30,000 for a deferred answer; 503 */
    /* 500 from a client's end of output until its unanswered detached exchange is cancelled */
    uint32_t half_close;
    /* 2,000 of silence, or at less than body_rate, until a lingering close ends; what comes by then
     * is thrown away, so that the answer is not lost to a reset. A client that has not taken the
     * answer yet has time for it as long as it takes some in every write_stall */
    uint32_t linger;
    uint32_t linger_total; /* 30,000 at most for a lingering close, however much comes */
} vn_deadlines;

enum { VN_LOG_INFO, VN_LOG_WARNING, VN_LOG_ERROR };

enum { VN_LISTENERS_MAX = 16 }; /* of one server */

struct vn_transport;

/* What the clients of a listener may speak. */
enum {
    VN_SPEAKS_HTTP1 = 1 << 0,
    /* HTTP/2, by its preface: "prior knowledge" (RFC 9113, section 3.3), and over TLS after ALPN */
    VN_SPEAKS_HTTP2 = 1 << 1,
};

/* Where to listen. */
typedef struct vn_listener {
    /* address in digits, with an interface where it is of one link ("fe80::1%eth0"), or the name of
     * a host, which is looked up at each start: the first IPv4 address, or where it has none the
     * first IPv6 address. NULL: every address, IPv4 and IPv6 */
    const char *host;
    uint16_t port; /* 3000; 0: any free one, which vn_server_port returns */
    /* instead of host and port: the path of a unix domain socket, or "@" and a name of the abstract
     * namespace, which anybody may connect to */
    const char *unix_path;
    uint32_t unix_mode; /* its permissions; 0600 */
    /* How the bytes of its connections pass: NULL as they are, else one of another target, such as
     * TLS, which outlives the server. */
    const struct vn_transport *transport;
    /* Answer each request with 308, to the same host and target by https on that port: no handler
     * sees one. A request that names no host gets 400. 0: this is an ordinary listener. */
    uint16_t redirect_port;
    uint8_t protocols; /* VN_SPEAKS_..., of which one at least; 0: HTTP/1 */
} vn_listener;

typedef struct vn_config {
    vn_listener listeners[VN_LISTENERS_MAX]; /* all over the same workers */
    uint32_t listener_count; /* 1: every address, port 3000 */
    uint32_t backlog; /* 4,096, of each listener and worker */
    uint32_t workers; /* 0: one for each CPU allowed by affinity and cgroup quota */
    bool pins_workers; /* each to one of these CPUs */
    /* vn_server_run runs the first worker, unpinned, on the thread that calls it, and not on a
     * thread of its own: a server of one worker is then a process of one thread, whose system calls
     * are cheaper. Signals are obeyed between two of that worker's turns. */
    bool uses_calling_thread;
    /* vn_server_start leaves the soft limit of descriptors as it is, and does not raise it to the
     * hard one: for a process that uses select(2), or runs programs that do. */
    bool keeps_descriptor_limit;
    /* Targets with bytes beyond ASCII that are UTF-8 are taken as they are, which some user agents
     * send though RFC 9112, section 3.2, wants them percent-encoded; else they get 400. */
    bool takes_utf8_targets;
    /* Leave the C library's allocator as it is. Otherwise a server that starts has it map blocks
     * from 128 KiB on by themselves, which go back to the system when they are freed, and some
     * seconds after a load is over the rest of what is free goes back, too. Both concern the whole
     * process; where the environment sets the allocator up, only the second is done. */
    bool keeps_memory;
    uint8_t backend; /* VN_BACKEND_... */
    uint8_t keep_alive; /* VN_KEEP_ALIVE_... */
    uint8_t error_body; /* VN_ERROR_BODY_... */
    uint32_t drain; /* milliseconds that a stop by signal gives requests in hand; 30,000 */
    /* 1,500 milliseconds, but at most half of those of the stop, in which a server that stops still
     * answers requests on idle connections, and says that they close. Then those that stayed idle
     * are closed, each after a last look at its input. */
    uint32_t lame_duck;
    /* 100 milliseconds for which a handler may hold its worker, and with it all connections of
     * that: a longer one is named in the log, in a line at most once a second. 0: none is. By the
     * millisecond; what a handler waits for without its worker does not count. */
    uint32_t slow_handler;
    /* 5,000 milliseconds for which vn_server_start tries again where an address is in use: the
     * system may keep that of a server that was killed for some seconds. 0: it tries once */
    uint32_t bind_retry;
    vn_limits limits;
    vn_deadlines deadlines;
    vn_handlers handlers;
    /* Called on any thread, and holds up what that thread does. NULL: vn_log_default. */
    void (*log)(void *context, int32_t level, const char *message);
    void *log_context;
} vn_config;

/* The defaults named above, with no handler. */
void vn_config_init(vn_config *config);

/* One of its listeners, for languages that see C's arrays as tuples. `index` is below
 * VN_LISTENERS_MAX. */
static inline vn_listener vn_config_listener(const vn_config *config, uint32_t index)
{
    return config->listeners[index];
}

static inline void vn_config_set_listener(vn_config *config, uint32_t index, vn_listener listener)
{
    config->listeners[index] = listener;
}

/* What could not be done. `code` is a positive errno. */
enum {
    VN_FAILED_CONFIG, /* an option is impossible; `message` names it */
    VN_FAILED_ADDRESS,
    VN_FAILED_SOCKET,
    VN_FAILED_BIND,
    VN_FAILED_LISTEN,
    VN_FAILED_BACKEND,
    VN_FAILED_THREAD,
    VN_FAILED_MEMORY,
    VN_FAILED_STATE, /* started twice, waited for from a worker, ... */
    VN_FAILED_HOOKS, /* vn_handlers.hooks_state said so at the start */
    VN_FAILED_STOPPED, /* it was told to stop before the hooks of its start were done */
};

typedef struct vn_error {
    int32_t step; /* VN_FAILED_... */
    int32_t code;
    char message[256];
} vn_error;

/* Counted since the server was opened, over all workers. */
typedef struct vn_statistics {
    uint64_t accepted;
    uint64_t open; /* connections now */
    uint64_t refused; /* times that accept failed for want of descriptors or memory */
    uint64_t requests;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    /* By the class of their status. */
    uint64_t responses_informational;
    uint64_t responses_successful;
    uint64_t responses_redirection;
    uint64_t responses_client_error;
    uint64_t responses_server_error;
    uint64_t responses_other; /* 600 to 999 */
    uint64_t responses_raw; /* of vn_response_send_raw, whose status is not known */
    /* Answered by the core itself; vn_refused_statuses names the statuses. */
    uint64_t refused_by_status[12];
    /* Deadlines that were missed, by their names in vn_deadlines. */
    uint64_t timeouts_head;
    uint64_t timeouts_body;
    uint64_t timeouts_idle;
    uint64_t timeouts_write_stall;
    uint64_t timeouts_handler;
    uint64_t timeouts_linger;
    uint64_t ended_unread; /* connections that were reset since limits.unread was reached */
    uint64_t websockets; /* requests that opened one */
    uint64_t websockets_open; /* now */
    uint64_t websocket_messages_received;
    uint64_t websocket_messages_sent;
    uint64_t websocket_bytes_received; /* of these messages */
    uint64_t websocket_bytes_sent;
} vn_statistics;

/* The same for one listener. */
typedef struct vn_listener_statistics {
    uint64_t accepted;
    uint64_t open;
    uint64_t refused;
    uint64_t requests;
    uint64_t bytes_received;
    uint64_t bytes_sent;
} vn_listener_statistics;

/* The status that each element of refused_by_status counts: 400, 408, 413 ... 0 where there is
 * none. */
extern const uint16_t vn_refused_statuses[12];

/* Check and copy the configuration. Nothing is opened yet. NULL on failure. Strings are copied. */
vn_server *vn_server_open(const vn_config *config, vn_error *error);

/* Free it; stops it at once if it runs. Not from a worker. */
void vn_server_close(vn_server *server);

/* Bind, start the workers and run the hooks; returns 0 when connections are accepted. May be called
 * again after a stop. */
int32_t vn_server_start(vn_server *server, vn_error *error);

/* Ask it to stop: no new connections, requests in hand get `within` milliseconds. Returns at once.
 * Any thread, any number of times; the nearest deadline counts. */
void vn_server_stop(vn_server *server, uint32_t within);

/* Block until it has stopped and its threads are joined. Not from a worker. */
void vn_server_wait(vn_server *server);

/* Start it, unless it runs already, and wait. Returns 0 as well where it was stopped while it
 * started. With `handles_signals`, SIGTERM, SIGINT and SIGHUP, unless that is ignored or a
 * listener's transport loads its files again then, stop it within config.drain, a second one of
 * the first two at once; the earlier signal handlers are put back. `listening` (may be NULL) is
 * called on this thread once connections are accepted and the signals are handled; with
 * config.uses_calling_thread the first worker answers only when it has returned. */
int32_t vn_server_run(vn_server *server, bool handles_signals, void (*listening)(void *context),
                      void *context, vn_error *error);

/* Of a started server: the port of a listener (0 of a unix domain socket), the backend
 * (VN_BACKEND_URING, _EPOLL or _KQUEUE) and the number of workers. Port and backend are 0 before
 * the first start; after a stop they are what they were. Any thread. */
uint16_t vn_server_port(const vn_server *server, uint32_t listener);
uint8_t vn_server_backend(const vn_server *server);
uint32_t vn_server_workers(const vn_server *server);
void vn_server_statistics(const vn_server *server, vn_statistics *statistics);

/* Of one listener, by its place in vn_config. Any thread. */
void vn_server_listener_statistics(const vn_server *server, uint32_t listener,
                                   vn_listener_statistics *statistics);

/* Write a message to standard error, as a server without `log` does: a thread writes, so that no
 * reader of standard error holds up the caller. 64 KiB may wait; what finds no room is dropped and
 * counted, and the count is written later. Of equal messages the first 8 in ten seconds are
 * written, and how many more there were. Any thread. */
void vn_log_default(int32_t level, const char *message);

/* Pass raw bytes (one request, several, broken ones) through scanner, handler and writer on the
 * calling thread, with no socket and no started server, between the hooks of a start and those of a
 * stop. Returns the answers' bytes in malloc'ed memory, which the caller frees, and their number in
 * `count`; NULL when memory ran out or the hooks have failed. One call at a time; others wait. */
uint8_t *vn_server_handle(vn_server *server, vn_span input, size_t *count);

#endif
