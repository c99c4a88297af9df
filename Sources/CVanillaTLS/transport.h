// SPDX-License-Identifier: MIT
/* transport.h - TLS between the ring and a connection: the way of bytes. */
#ifndef VN_TLS_TRANSPORT_H
#define VN_TLS_TRANSPORT_H

#include "tls.h"

/* What a vn_tls begins with. */
extern const struct vn_transport vn_tls_table;

/* OpenSSL's info callback: counts what a client says after its handshake. */
void vn_tls_note_state(const SSL *ssl, int where, int value);

/* Read what there is, and hand on what is the protocol's: in an event, or in a task, after which
 * the connection has to be resumed. */
void vn_tls_read(struct vn_tls_connection *tls);

/* It cannot go on. What OpenSSL said of that, or what was written in its place, is sent. */
void vn_tls_fail(struct vn_tls_connection *tls);

/* ---- output.c ---- */

/* Give the ring what is on the wire. Returns above 0 when it took all, 0 when SENT comes, or
 * -errno. */
int32_t vn_tls_push(struct vn_tls_connection *tls);

/* These are the table's. */
int64_t vn_tls_send(struct vn_connection *connection, const struct msghdr *message);
int64_t vn_tls_try_send(struct vn_connection *connection, const struct iovec *piece);
void vn_tls_sent(struct vn_connection *connection, int32_t count);
int32_t vn_tls_finish(struct vn_connection *connection);
uint64_t vn_tls_taken(const struct vn_connection *connection);

/* ---- bio.c ---- */

/* OpenSSL's object, which reads what the connection has in `in`, and writes to its wire. NULL when
 * memory ran out. */
SSL *vn_tls_ssl_make(struct vn_tls_connection *tls, SSL_CTX *context);

#endif
