// SPDX-License-Identifier: MIT
/* tls_cycle_checks.h - what a server with TLS leaves behind, over real sockets. As in
 * server_checks.h. */
#ifndef VN_TLS_CYCLE_CHECKS_H
#define VN_TLS_CYCLE_CHECKS_H

#include <stddef.h>
#include <stdint.h>

/* Make a certificate and a server, start it, serve a request over TLS, load the certificate again,
 * leave a handshake begun, stop, and close all; `cycles` times. Descriptors and threads are as many
 * as before, and at most `slack` bytes more are allocated in the process, which is for what others
 * do meanwhile. */
const char *vn_check_tls_cycles(uint8_t backend, uint32_t cycles, size_t slack);

#endif
