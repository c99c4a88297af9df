// SPDX-License-Identifier: MIT
/* tls_listener.h - the TLS of the checks: one for all of them, with a certificate of its own. */
#ifndef VN_CHECKS_TLS_LISTENER_H
#define VN_CHECKS_TLS_LISTENER_H

#include <stdbool.h>

#include "CVanillaTLS.h"

struct vn_connection;

vn_tls *tls_listener(void);

/* Whether a connection's handshake is over, or it ends. */
bool tls_listener_is_open(const struct vn_connection *connection);

#endif
