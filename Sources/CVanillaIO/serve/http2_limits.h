// SPDX-License-Identifier: MIT
/* http2_limits.h - what HTTP/2 lets a client do to a connection. What lies beyond a bound ends it
 * with ENHANCE_YOUR_CALM, unless the comment says otherwise. */
#ifndef VN_SERVE_HTTP2_LIMITS_H
#define VN_SERVE_HTTP2_LIMITS_H

enum {
    /* streams at once, as SETTINGS say; one more gets REFUSED_STREAM */
    VN_HTTP2_STREAMS_MAX = 128,
    /* bytes of a head as it comes, encoded; one that is larger than limits.fields when it is
     * decoded gets 431 */
    VN_HTTP2_BLOCK_MAX = 256 * 1024,
    VN_HTTP2_CONTINUATIONS_MAX = 256, /* frames of a head, after its first */
    /* bytes that a connection may send before they are taken; and a stream, at first and at most,
     * when its handler takes what comes */
    VN_HTTP2_WINDOW = 1024 * 1024,
    VN_HTTP2_STREAM_WINDOW = 65535,
    VN_HTTP2_STREAM_WINDOW_MAX = 1024 * 1024,
    /* bytes of streamed bodies that wait for their handlers; beyond it the window of the connection
     * stays shut */
    VN_HTTP2_WAITING_MAX = 1024 * 1024,
    /* bytes of whole bodies that are gathered on a connection; 503 */
    VN_HTTP2_BODIES_MAX = 64 * 1024 * 1024,
    /* streams that the client resets before they are answered, or makes the server reset: at once,
     * and in a second. Each one that is answered gives one back */
    VN_HTTP2_RESETS = 400,
    VN_HTTP2_RESETS_A_SECOND = 40,
    /* frames that carry nothing: SETTINGS, PING, PRIORITY, PRIORITY_UPDATE, DATA without content,
     * and those that are not known */
    VN_HTTP2_EMPTY_FRAMES = 1000,
    VN_HTTP2_EMPTY_FRAMES_A_SECOND = 100,
    /* WINDOW_UPDATE: each frame of DATA that is sent gives two back */
    VN_HTTP2_WINDOW_UPDATES = 5000,
    VN_HTTP2_WINDOW_UPDATES_A_SECOND = 500,
};

#endif
