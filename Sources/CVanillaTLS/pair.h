// SPDX-License-Identifier: MIT
/* pair.h - a certificate with its chain and its private key, as they are read from PEM. */
#ifndef VN_TLS_PAIR_H
#define VN_TLS_PAIR_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "include/CVanillaTLS.h"

struct vn_tls_pair {
    X509 *leaf;
    STACK_OF(X509) * chain; /* those after the leaf */
    EVP_PKEY *key;
};

/* Read the certificate at that place of the configuration. Returns 0 or -EINVAL. */
int32_t vn_tls_pair_load(struct vn_tls_pair *pair, const vn_tls_config *config, uint32_t place,
                         vn_tls_error *error);
void vn_tls_pair_free(struct vn_tls_pair *pair);

/* Call `take` with each DNS name of the leaf, in lower case; with its common name where it has no
 * alternative names. Returns false where `take` did. */
bool vn_tls_pair_names(const struct vn_tls_pair *pair,
                       bool (*take)(void *context, const char *name, size_t count), void *context);

/* Write a sentence, with what OpenSSL has to say. Returns -EINVAL. */
int32_t vn_tls_error_fill(vn_tls_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
