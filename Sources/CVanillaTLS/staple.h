// SPDX-License-Identifier: MIT
/* staple.h - what the authority says of a certificate (OCSP, RFC 6960), which is shown with it (RFC
 * 6066, section 8). A certificate goes without rather than with one that is not good. */
#ifndef VN_TLS_STAPLE_H
#define VN_TLS_STAPLE_H

#include <openssl/ssl.h>
#include <time.h>

#include "include/CVanillaTLS.h"

struct vn_tls_staple {
    uint8_t *bytes; /* in DER, in OpenSSL's memory; NULL: there is none */
    size_t count;
    time_t until; /* it is not shown from then on */
};

/* Read the answer about `leaf` that `issuer` or somebody of its naming has signed. Returns 0, or
 * -EINVAL and says why it cannot be used. */
int32_t vn_tls_staple_load(struct vn_tls_staple *staple, const char *file, X509 *leaf,
                           STACK_OF(X509) * chain, vn_tls_error *error);
void vn_tls_staple_free(struct vn_tls_staple *staple);

/* Have it shown in the handshake. Returns false where there is nothing to show. */
bool vn_tls_staple_show(const struct vn_tls_staple *staple, SSL *ssl);

#endif
