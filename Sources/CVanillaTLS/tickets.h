// SPDX-License-Identifier: MIT
/* tickets.h - the keys of session tickets (RFC 5077, RFC 8446), which all workers share and which
 * outlive a certificate. */
#ifndef VN_TLS_TICKETS_H
#define VN_TLS_TICKETS_H

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "include/CVanillaTLS.h"

/* As a file has it: random bytes. */
struct vn_tls_ticket_key {
    uint8_t name[16];
    uint8_t mac_key[32];
    uint8_t cipher_key[32];
};

struct vn_tls_tickets {
    pthread_mutex_t lock;
    /* All open tickets, the first makes them: of those that are made here that and the last one. */
    struct vn_tls_ticket_key keys[VN_TLS_TICKET_KEYS_MAX];
    uint32_t count;
    bool is_shared; /* they come from a file */
    uint64_t made; /* seconds: the newest */
    uint32_t lifetime; /* seconds of a ticket, and for which a key makes them */
    EVP_CIPHER *cipher;
};

/* Returns 0 or -ENOMEM. */
int32_t vn_tls_tickets_init(struct vn_tls_tickets *tickets, uint32_t lifetime);
void vn_tls_tickets_deinit(struct vn_tls_tickets *tickets);

/* Take the keys of that file in place of those there are; NULL: nothing is done. Returns 0 or
 * -EINVAL, and then nothing has changed. */
int32_t vn_tls_tickets_load(struct vn_tls_tickets *tickets, const char *file, vn_tls_error *error);

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb wants it. */
int vn_tls_tickets_use(struct vn_tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int makes);

#endif
