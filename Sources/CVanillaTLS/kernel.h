// SPDX-License-Identifier: MIT
/* kernel.h - whether the kernel would encrypt (kernel TLS), which this transport does not use. */
#ifndef VN_TLS_KERNEL_H
#define VN_TLS_KERNEL_H

#include <stdint.h>

/* Try it on a connection to itself, which may load the kernel's module. Returns 0 or -errno. */
int32_t vn_tls_kernel_probe(void);

#endif
