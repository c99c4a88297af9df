// SPDX-License-Identifier: MIT
/* CVanillaTLS.h - TLS for the listeners of a server, over OpenSSL 3. What is not a listener's and
 * links no OpenSSL is in CVanillaIO. */
#ifndef CVANILLATLS_H
#define CVANILLATLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vn_tls_client.h"

struct vn_transport;

/* The TLS of one listener: its certificates, its ticket keys and its rules. Any thread, unless said
 * otherwise. */
typedef struct vn_tls vn_tls;

enum { VN_TLS_1_2 = 0x0303, VN_TLS_1_3 = 0x0304 }; /* as on the wire */

/* A certificate with its chain, the leaf first, and its private key: PEM, in files or in memory. */
typedef struct vn_tls_certificate {
    char *chain_file; /* NULL: `chain` */
    char *key_file; /* NULL: `key` */
    char *chain;
    size_t chain_count;
    char *key;
    size_t key_count;
    /* What its authority says of it (OCSP), in DER: shown to clients that ask. NULL: nothing is */
    char *staple_file;
} vn_tls_certificate;

/* Writes the password of the private key of that certificate, by its place, to `password`; returns
 * its bytes, or -1 where there is none. */
typedef int32_t vn_tls_password(void *context, uint32_t certificate, char *password,
                                int32_t capacity);

/* Whether clients are asked for a certificate (mTLS). */
enum {
    VN_TLS_CLIENT_NONE,
    VN_TLS_CLIENT_OPTIONAL, /* one that is shown has to be good */
    VN_TLS_CLIENT_REQUIRED,
};

enum { VN_TLS_CERTIFICATES_MAX = 1024, VN_TLS_PROTOCOLS_MAX = 8, VN_TLS_TICKET_KEYS_MAX = 16 };

typedef struct vn_tls_config {
    /* By vn_tls_config_add_...; the first is that of names that no other has. */
    vn_tls_certificate *certificates;
    uint32_t certificate_count;
    vn_tls_password *password; /* may be NULL */
    void *password_context;
    const char *protocols[VN_TLS_PROTOCOLS_MAX]; /* of ALPN, the best first; both of HTTP/1 */
    uint32_t protocol_count;
    bool offers_http2; /* before those: false */
    uint16_t version_min; /* VN_TLS_1_2 */
    uint32_t handshake; /* 10,000 milliseconds from accept until a handshake is over */
    uint32_t handshakes; /* 1,024 under way on a worker; beyond, the oldest one is given up */
    uint8_t client; /* VN_TLS_CLIENT_... */
    /* By vn_tls_config_set_client: PEM, whose certificates have to have signed those of clients,
     * and lists of what they have revoked. */
    char *client_ca_file, *client_crl_file;
    char strict[65]; /* the value of Strict-Transport-Security in answers; empty: there is none */
    uint32_t ticket_lifetime; /* 43,200 seconds for which a session is resumed; 0: none is */
    /* By vn_tls_config_set_ticket_keys: keys for tickets that several machines share, of 80 random
     * bytes each, up to VN_TLS_TICKET_KEYS_MAX. The first makes tickets, all open them. NULL: keys
     * are made here, and replaced as often as a ticket lives. */
    char *ticket_key_file;
    bool probes_kernel; /* the log says whether kernel TLS is there, which is not used: false */
    /* Messages, on any thread. May be NULL. */
    void (*log)(void *context, int32_t level, const char *message);
    void *log_context;
} vn_tls_config;

/* The defaults named above, without a certificate. */
void vn_tls_config_init(vn_tls_config *config);

/* Add a certificate, whose files are read by vn_tls_open, or whose bytes are copied, or one for
 * these names, separated by commas, which is made here. Returns 0, -ENOMEM or -EINVAL. */
int32_t vn_tls_config_add_files(vn_tls_config *config, const char *chain, const char *key);
int32_t vn_tls_config_add_bytes(vn_tls_config *config, const void *chain, size_t chain_count,
                                const void *key, size_t key_count);
int32_t vn_tls_config_add_self_signed(vn_tls_config *config, const char *names);

/* Show that file's answer of OCSP with the certificate that was added last. One that cannot be used
 * is not shown, and the log says so. Returns 0 or -ENOMEM. */
int32_t vn_tls_config_set_staple(vn_tls_config *config, const char *file);

/* Ask clients for a certificate. `crl` may be NULL. Returns 0 or -ENOMEM. */
int32_t vn_tls_config_set_client(vn_tls_config *config, uint8_t client, const char *ca,
                                 const char *crl);

/* Add Strict-Transport-Security (RFC 6797) with that value. Returns 0, or -EINVAL where it is
 * longer than 64 bytes, or none of a field. */
int32_t vn_tls_config_set_strict(vn_tls_config *config, const char *value);

/* Have ticket keys in a file. Returns 0 or -ENOMEM. */
int32_t vn_tls_config_set_ticket_keys(vn_tls_config *config, const char *file);

/* Free what was added and was not taken over. */
void vn_tls_config_free(vn_tls_config *config);

typedef struct vn_tls_error {
    char message[320];
} vn_tls_error;

/* Check the configuration and load what it names. The certificates are taken over. NULL on
 * failure. */
vn_tls *vn_tls_open(vn_tls_config *config, vn_tls_error *error);

/* Load what the configuration names once more, for handshakes that begin from now on; connections
 * go on with what they have. Where it cannot be used, what was loaded before stays, and the log
 * says so. Returns 0 or -EINVAL. Files are looked at by themselves, too: a change is loaded within
 * some seconds, once they have not changed for one. */
int32_t vn_tls_reload(vn_tls *tls, vn_tls_error *error);

/* No server has it any more. */
void vn_tls_close(vn_tls *tls);

/* What vn_listener.transport is: until vn_tls_close. */
const struct vn_transport *vn_tls_transport(const vn_tls *tls);

/* Counted since it was opened, over all workers. */
typedef struct vn_tls_statistics {
    uint64_t full; /* handshakes that were completed: with a new session, */
    uint64_t resumed; /* or with one of a ticket */
    uint64_t failed; /* handshakes that ended otherwise, those below included */
    uint64_t late; /* by vn_tls_config.handshake */
    uint64_t displaced; /* by vn_tls_config.handshakes */
    uint64_t plain; /* clients that spoke plain HTTP */
} vn_tls_statistics;

void vn_tls_statistics_of(const vn_tls *tls, vn_tls_statistics *statistics);

/* What a connection has agreed on. Texts live as long as the connection. */
typedef struct vn_tls_session {
    uint16_t version; /* VN_TLS_1_2, ... */
    bool is_resumed;
    const char *cipher; /* its name in the registry of IANA */
    const char *group; /* of the key exchange, in the same way; NULL: unknown */
    const char *server_name; /* that the client asked for (RFC 6066); NULL: none */
    const char *protocol; /* by ALPN, not terminated; NULL: none */
    size_t protocol_count;
} vn_tls_session;

/* Of the connection of a request, a vn_request. Returns false where that is not one of TLS, or
 * gone, or on another thread than its worker's. */
bool vn_tls_session_of(const void *request, vn_tls_session *session);

/* The certificate of the client of such a connection, in DER, in memory that the caller frees; NULL
 * where it showed none. */
uint8_t *vn_tls_client_certificate(const void *request, size_t *count);

/* What a certificate in DER says, as text that the caller frees: its subject (RFC 2253), and its
 * alternative names, each with its kind ("DNS:a.example") and a line of its own. NULL where it
 * cannot be read. */
char *vn_tls_certificate_subject(const uint8_t *der, size_t count);
char *vn_tls_certificate_names(const uint8_t *der, size_t count);

/* Its SHA-256. */
void vn_tls_certificate_fingerprint(const uint8_t *der, size_t count, uint8_t digest[32]);

#endif
