// SPDX-License-Identifier: MIT
/* vn_request.h - a request as its handler sees it: ranges into the very bytes that the system
 * delivered.
 *
 * A request is lent to the handler for the length of the call. Copy what must outlive it. */
#ifndef VN_REQUEST_H
#define VN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that belong to somebody else. */
typedef struct vn_span {
    const uint8_t *bytes;
    size_t count;
} vn_span;

static inline vn_span vn_span_of(const char *text)
{
    return (vn_span) {(const uint8_t *) text, strlen(text)};
}

/* A part of a request's head, counted from its first byte: still right after the head was moved. */
typedef struct vn_range {
    uint32_t at;
    uint32_t count;
} vn_range;

/* One field line. The value is trimmed of SP and HTAB at both ends (RFC 9112, section 5.1). */
typedef struct vn_field {
    uint32_t name_at;
    uint32_t value_at;
    uint32_t value_count;
    uint16_t name_count;
    uint16_t reserved;
} vn_field;

/* The methods of RFC 9110 and RFC 5789. Any other token is VN_METHOD_OTHER; its bytes are in
 * `method`. */
enum {
    VN_METHOD_OTHER,
    VN_METHOD_GET,
    VN_METHOD_HEAD,
    VN_METHOD_POST,
    VN_METHOD_PUT,
    VN_METHOD_DELETE,
    VN_METHOD_CONNECT,
    VN_METHOD_OPTIONS,
    VN_METHOD_TRACE,
    VN_METHOD_PATCH,
};

/* What the fields say about framing and the connection. Bits of vn_request.facts. */
enum {
    VN_HAS_LENGTH = 1 << 0, /* Content-Length; its value is content_length */
    VN_IS_CHUNKED = 1 << 1, /* Transfer-Encoding: chunked */
    VN_SAYS_CLOSE = 1 << 2, /* Connection: close */
    VN_SAYS_KEEP_ALIVE = 1 << 3, /* Connection: keep-alive */
    VN_EXPECTS_CONTINUE = 1 << 4, /* Expect: 100-continue, in HTTP/1.1 */
    VN_HAS_HOST = 1 << 5,
    VN_IS_HTTP2 = 1 << 6, /* it came by HTTP/2; its head is written as one of HTTP/1.1 */
};

enum { VN_FIELDS_MAX = 256 }; /* the most that limits.field_count may allow */

typedef struct vn_request {
    const uint8_t *
        /* first byte of the head, skipped blank lines included; every range counts from here */
        head;
    vn_span body; /* the whole body, where it was asked for whole; else empty */
    void *connection; /* the core's own; NULL: it is gone */
    void *detached; /* the core's own: the handler that goes on with it (vn_detached.h), or NULL */
    uint64_t content_length;
    vn_range method;
    vn_range target; /* as it was sent */
    vn_range path; /* of the target: "/" where an absolute form has none (see vn_request_path) */
    vn_range query; /* after the "?", which is not part of it */
    vn_range authority; /* of an absolute-form target, else the Host field's value */
    uint8_t method_id; /* VN_METHOD_... */
    uint8_t minor; /* HTTP/1.minor: 0 or 1 */
    uint16_t facts; /* VN_HAS_LENGTH ... */
    uint16_t field_count;

    /* Where the scanner continues when more bytes have come. */
    uint16_t stage;
    uint32_t at; /* start of the first line that is not scanned yet */
    uint32_t searched; /* bytes after `at` known to hold no line end */
    uint32_t line; /* start of the request line, then of the first field line */

    vn_field fields
        [VN_FIELDS_MAX]; /* last, so that a copy can stop after field_count and the one begun */
} vn_request;

static inline vn_span vn_request_span(const vn_request *request, vn_range range)
{
    return (vn_span) {request->head + range.at, range.count};
}

static inline vn_span vn_request_method(const vn_request *request)
{
    return vn_request_span(request, request->method);
}

static inline vn_span vn_request_target(const vn_request *request)
{
    return vn_request_span(request, request->target);
}

/* The path of the target, percent-encoded as it was sent. Never empty: "http://host" has the path
 * "/" (RFC 9110, section 4.2.3), and "OPTIONS *" has "*". */
static inline vn_span vn_request_path(const vn_request *request)
{
    return request->path.count != 0 ? vn_request_span(request, request->path)
                                    : (vn_span) {(const uint8_t *) "/", 1};
}

static inline vn_span vn_request_query(const vn_request *request)
{
    return vn_request_span(request, request->query);
}

static inline vn_span vn_field_name(const vn_request *request, size_t index)
{
    const vn_field *field = &request->fields[index];
    return (vn_span) {request->head + field->name_at, field->name_count};
}

static inline vn_span vn_field_value(const vn_request *request, size_t index)
{
    const vn_field *field = &request->fields[index];
    return (vn_span) {request->head + field->value_at, field->value_count};
}

/* The first field at or after index `from` whose name is `name`, compared case-insensitively;
 * field_count when there is none. */
size_t vn_request_find(const vn_request *request, vn_span name, size_t from);

/* The client's address as text without its port ("127.0.0.1", "::1"; "" for a unix socket), into
 * `text`, which has room for `capacity` bytes with the final NUL (46 are enough), and its port.
 * Returns the length of the text; 0 when there is none, as in vn_server_handle, or on another
 * thread than the worker's. Asks the system each time: getpeername(2). */
size_t vn_request_peer(const vn_request *request, char *text, size_t capacity, uint16_t *port);

/* Whose process a client of a unix domain socket was when it connected. */
typedef struct vn_peer_credentials {
    uint32_t user, group; /* the effective ones */
    int32_t process; /* 0: the system does not say */
} vn_peer_credentials;

/* Fill in the credentials of the client. Returns false over TCP, and where vn_request_peer has
 * nothing to tell. Asks the system each time: unix(7), getpeereid(3). */
bool vn_request_peer_credentials(const vn_request *request, vn_peer_credentials *credentials);

/* Whether it came over a transport that nobody on the way can read or change, such as TLS. false
 * when its connection is gone, and on another thread than the worker's. */
bool vn_request_is_secure(const vn_request *request);

#endif
