// SPDX-License-Identifier: MIT
/* reload.h - certificates that are replaced while a server runs. */
#ifndef VN_TLS_RELOAD_H
#define VN_TLS_RELOAD_H

#include "tls.h"

/* What OpenSSL is told besides certificates: context.c. */
bool vn_tls_set_up(void *tls, SSL_CTX *context);

/* They were loaded for the first time: look at them from now on. */
void vn_tls_reload_begin(struct vn_tls *tls);

/* These are the table's. */
void vn_tls_opened(const struct vn_transport *transport, struct vn_worker *worker);
void vn_tls_hung_up(const struct vn_transport *transport);

/* A worker that may have looked ends. */
void vn_tls_reload_stop(struct vn_tls_shard *shard);

#endif
