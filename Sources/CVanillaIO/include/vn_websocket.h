// SPDX-License-Identifier: MIT
/* vn_websocket.h - WebSockets (RFC 6455): a request is answered by 101, and from then on both sides
 * send messages.
 *
 * Unless said otherwise, a function is called on the worker's thread. Times are milliseconds, sizes
 * bytes. */
#ifndef VN_WEBSOCKET_H
#define VN_WEBSOCKET_H

#include "vn_hub.h"
#include "vn_message_codec.h"

typedef struct vn_websocket vn_websocket;

enum { VN_MESSAGE_TEXT = 1, VN_MESSAGE_BINARY = 2 };

/* Codes of closing (section 7.4.1) that are never sent. */
enum {
    VN_CLOSED_WITHOUT_CODE = 1005, /* the client's Close frame has none */
    VN_CLOSED_ABNORMALLY = 1006, /* there was no Close frame */
};

/* How a socket lives. What is beyond a limit closes it with the code that is named. */
typedef struct vn_websocket_options {
    uint64_t message; /* 1 MiB: a message, however it is divided; 1009 */
    uint64_t frame; /* UINT64_MAX: one frame of a message; 1009 */
    uint32_t frames; /* 131,072 in one message; 1009 */
    uint32_t control_frames; /* 1,000 pings and pongs of a client in a second; 1008 */
    /* 1 MiB that wait to be sent, above which vn_websocket_send takes no message. One goes beyond
     * it, so that a message of any size can be sent. */
    uint32_t unsent;
    /* 30,000 of silence of the client, after which it is sent a ping; 0: none is sent */
    uint32_t ping_interval;
    uint32_t ping_timeout; /* 20,000 from such a ping to anything from the client, then it is cut */
    /* 2,000 for what the handler still owes when the client has said its last, and for a client to
     * answer a Close frame; then the connection closes */
    uint32_t close_timeout;
    /* 2,000: when the server stops, its sockets close with 1001 at random moments within this time,
     * and within half of the time that the stop gives */
    uint32_t shutdown_spread;
    vn_span protocol; /* the chosen value of Sec-WebSocket-Protocol; empty: none */
    /* NULL: messages are not compressed. Else the first offer that it accepts is agreed to. */
    const vn_message_codec *codec;
    uint64_t codec_settings; /* for `codec` */
} vn_websocket_options;

/* The defaults named above. */
void vn_websocket_options_init(vn_websocket_options *options);

/* What a socket tells its user, on the worker's thread. */
typedef struct vn_websocket_calls {
    /* A message has come. `bytes` are lent for the call; text is UTF-8. Returns VN_RECEIVE_MORE, or
     * VN_RECEIVE_PAUSE to have nothing more until vn_websocket_resume; below 0 the socket closes
     * with 1011. */
    int32_t (*message)(void *context, uint8_t kind, vn_span bytes);
    /* No message will follow, told once: `code` and `reason` are the client's; or 1002, 1007, 1008
     * or 1009 for what it did wrong, 1011, or VN_CLOSED_ABNORMALLY. Returns whether something is
     * still to be sent: then vn_websocket_finish is to be called, and the Close frame waits for
     * that, at most for close_timeout. Not asked where this side has closed. */
    bool (*ended)(void *context, uint16_t code, vn_span reason);
    /* A message that was refused with -EAGAIN may be sent now. */
    void (*writable)(void *context);
    /* The connection is over: the last call. */
    void (*closed)(void *context);
} vn_websocket_calls;

/* Whether a request opens a WebSocket. Returns 0; 400 where it is damaged; 426 where it asks for
 * another version of the protocol, or for none. */
uint16_t vn_request_check_websocket(const vn_request *request);

/* Answer with 101. From then on the connection is the socket's, and so are the calls. The socket
 * can be sent messages at once; `socket` is valid until `closed` returns, and longer where it is
 * retained. Returns 0; -400 or -426 as vn_request_check_websocket; -EALREADY; -EXDEV; -ENOMEM;
 * -EMSGSIZE; -EINVAL for a protocol that is no token; -ENOTSUP where the connection's protocol
 * cannot change. */
int32_t vn_response_accept_websocket(vn_response *response, const vn_request *request,
                                     const vn_websocket_options *options,
                                     const vn_websocket_calls *calls, void *context,
                                     vn_websocket **socket);

/* Answer with an error what vn_request_check_websocket found, with the fields that say what there
 * is. Returns as vn_response_send_error. */
int32_t vn_response_refuse_websocket(vn_response *response, uint16_t status);

/* Any thread. */
void vn_websocket_retain(vn_websocket *socket);
void vn_websocket_release(vn_websocket *socket);

/* Send a message, copied; text has to be UTF-8, which is not looked at. Returns 0; -EAGAIN while
 * too much waits, and `writable` is called later; -EPIPE when it is closed or closes; -ENOMEM. */
int32_t vn_websocket_send(vn_websocket *socket, uint8_t kind, vn_span bytes);

/* The same from any thread. Messages of one thread keep their order. */
int32_t vn_websocket_post(vn_websocket *socket, uint8_t kind, vn_span bytes);

/* Send a ping with at most 125 bytes, as vn_websocket_send. */
int32_t vn_websocket_ping(vn_websocket *socket, vn_span bytes);

/* Send a Close frame, unless one was sent: nothing can be sent afterwards. A reason of more than
 * 123 bytes is cut. The connection closes when the client has answered, or close_timeout is over.
 * Returns 0; -EINVAL for a code that may not be sent. */
int32_t vn_websocket_close(vn_websocket *socket, uint16_t code, vn_span reason);

/* The same from any thread, after what was posted before. Returns 0, -EINVAL or -ENOMEM. */
int32_t vn_websocket_post_close(vn_websocket *socket, uint16_t code, vn_span reason);

/* What was owed when `ended` was told is sent. Harmless at any other time. */
void vn_websocket_finish(vn_websocket *socket);

/* Go on after VN_RECEIVE_PAUSE. */
void vn_websocket_resume(vn_websocket *socket);

/* Have the socket get the events of a topic from now on, as long as it is open: the data of each as
 * text, framed once for all sockets of a worker, and sent as vn_topic_options says where it takes
 * them slowly. Returns 0; -EPIPE; -EMSGSIZE for a topic's name of more than 255 bytes; -ENOBUFS
 * beyond the limit of topics; -ENOMEM. */
int32_t vn_websocket_subscribe(vn_websocket *socket, vn_hub *hub, vn_span topic);

/* Bytes that wait to be sent. Any thread; what has just left may still be counted. */
uint64_t vn_websocket_unsent(const vn_websocket *socket);

/* The worker whose thread its calls are made on. */
void *vn_websocket_worker(const vn_websocket *socket);

#endif
