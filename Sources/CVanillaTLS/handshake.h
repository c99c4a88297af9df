// SPDX-License-Identifier: MIT
/* handshake.h - handshakes in their turn. Computing one takes as long as a hundred small answers,
 * so what came of them in a turn is done at its end, when those who are connected have been served,
 * and no more of it than a turn has time for. A handshake has a deadline, and a worker has a bound
 * for those under way. */
#ifndef VN_TLS_HANDSHAKE_H
#define VN_TLS_HANDSHAKE_H

#include "tls.h"

/* A connection begins. */
void vn_tls_handshake_begin(struct vn_tls_connection *tls);

/* Whether bytes that came wait for a turn: those of a hello, which costs a signature. What follows
 * the server's answer costs little, and much of the connection's may follow it. */
static inline bool vn_tls_handshake_waits(const struct vn_tls_connection *tls, const uint8_t *bytes,
                                          size_t count)
{
    enum { KEPT_MAX = 64 * 1024 };
    if (tls->kept_count > 0)
        return tls->kept_count + count <= KEPT_MAX;
    return !tls->has_answered || bytes[0] == SSL3_RT_HANDSHAKE;
}

/* Read what was kept, now. */
void vn_tls_handshake_go_on(struct vn_tls_connection *tls);

/* Bytes of it came: they are kept until its turn. Returns false when memory ran out. */
bool vn_tls_handshake_keep(struct vn_tls_connection *tls, const uint8_t *bytes, size_t count);

/* It is over, in whatever way. May be called again. */
void vn_tls_handshake_end(struct vn_tls_connection *tls);

#endif
