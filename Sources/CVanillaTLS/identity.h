// SPDX-License-Identifier: MIT
/* identity.h - who a listener says that it is: its certificates, by the names that clients ask for
 * (SNI, RFC 6066). One is replaced as a whole, and lives on until its last handshake is over. */
#ifndef VN_TLS_IDENTITY_H
#define VN_TLS_IDENTITY_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "staple.h"

/* A name, or with a wildcard in place of its first label, what follows that: "*.a.example" is
 * ".a.example". */
struct vn_tls_name {
    char *text;
    SSL_CTX *context; /* with the certificates that have the name, one of each type of key */
};

/* A certificate, to tell when it expires, and what is shown with it. */
struct vn_tls_leaf {
    char *source; /* as it is named to people */
    X509 *certificate;
    struct vn_tls_staple staple;
    char *complaint; /* about the staple; NULL: there is none */
};

struct vn_tls_identity {
    _Atomic uint32_t references;
    struct vn_tls_leaf *leaves;
    uint32_t leaf_count;
    SSL_CTX *fallback; /* of a client that asks for no name, or for one that there is not */
    struct vn_tls_name *names; /* in the order of strcmp */
    uint32_t name_count;
    SSL_CTX **contexts; /* all of them */
    uint32_t context_count;
};

/* What is set besides certificates. Returns false on failure. */
typedef bool vn_tls_setup(void *context, SSL_CTX *ssl_context);

/* Load what the configuration names. NULL on failure. */
struct vn_tls_identity *vn_tls_identity_load(const vn_tls_config *config, vn_tls_setup *setup,
                                             void *setup_context, vn_tls_error *error);

static inline struct vn_tls_identity *vn_tls_identity_retain(struct vn_tls_identity *identity)
{
    atomic_fetch_add_explicit(&identity->references, 1, memory_order_relaxed);
    return identity;
}

/* May be NULL. */
void vn_tls_identity_release(struct vn_tls_identity *identity);

/* Show what there is to be shown with the certificate that was chosen. Returns whether there is. */
bool vn_tls_identity_show_staple(const struct vn_tls_identity *identity, SSL *ssl);

/* The certificates for a name that a client asked for, which need not be one. */
SSL_CTX *vn_tls_identity_find(const struct vn_tls_identity *identity, const uint8_t *name,
                              size_t count);

#endif
