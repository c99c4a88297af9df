// SPDX-License-Identifier: MIT
#include "tickets.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pair.h"

static uint64_t now_in_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec;
}

int32_t vn_tls_tickets_init(struct vn_tls_tickets *tickets, uint32_t lifetime)
{
    *tickets = (struct vn_tls_tickets) {.lifetime = lifetime};
    pthread_mutex_init(&tickets->lock, NULL);
    tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    return tickets->cipher == NULL ? -ENOMEM : 0;
}

void vn_tls_tickets_deinit(struct vn_tls_tickets *tickets)
{
    EVP_CIPHER_free(tickets->cipher);
    pthread_mutex_destroy(&tickets->lock);
    OPENSSL_cleanse(tickets->keys, sizeof tickets->keys);
}

/* ---- Of a file ---- */

/* Read it whole. Returns how many keys it has; 0 where it has none, or something else. */
static uint32_t read_keys(FILE *file, struct vn_tls_ticket_key keys[VN_TLS_TICKET_KEYS_MAX])
{
    uint8_t beyond;
    setbuf(file, NULL); /* what is secret is in no buffer */
    size_t size = sizeof *keys, all = fread(keys, 1, VN_TLS_TICKET_KEYS_MAX * size, file);
    bool is_whole = all % size == 0 && fread(&beyond, 1, 1, file) == 0 && !ferror(file);
    return is_whole ? (uint32_t) (all / size) : 0;
}

int32_t vn_tls_tickets_load(struct vn_tls_tickets *tickets, const char *file, vn_tls_error *error)
{
    struct vn_tls_ticket_key keys[VN_TLS_TICKET_KEYS_MAX];
    if (file == NULL)
        return 0;
    FILE *source = fopen(file, "rb");
    if (source == NULL)
        return vn_tls_error_fill(error, "the ticket keys %s cannot be opened: %s", file,
                                 strerror(errno));
    uint32_t count = read_keys(source, keys);
    fclose(source);
    pthread_mutex_lock(&tickets->lock);
    if (count > 0) {
        OPENSSL_cleanse(tickets->keys, sizeof tickets->keys);
        memcpy(tickets->keys, keys, count * sizeof *keys);
        tickets->count = count;
        tickets->is_shared = true;
    }
    pthread_mutex_unlock(&tickets->lock);
    OPENSSL_cleanse(keys, sizeof keys);
    return count > 0
               ? 0
               : vn_tls_error_fill(error, "the ticket keys %s are not 1 to %d keys of %zu bytes",
                                   file, VN_TLS_TICKET_KEYS_MAX, sizeof *keys);
}

/* ---- Made here ---- */

/* A ticket that the last key made just before its end is opened for its whole life: that key stays
 * for as long as the next one makes tickets. */
static bool renew(struct vn_tls_tickets *tickets)
{
    if (tickets->is_shared)
        return true;
    uint64_t now = now_in_seconds();
    if (tickets->count > 0 && now - tickets->made < tickets->lifetime)
        return true;
    struct vn_tls_ticket_key fresh;
    if (RAND_bytes((unsigned char *) &fresh, sizeof fresh) != 1)
        return false;
    /* After a time without a ticket that was long enough nobody has one of the last key. */
    bool is_recent = tickets->count > 0 && now - tickets->made < 2ull * tickets->lifetime;
    if (is_recent)
        tickets->keys[1] = tickets->keys[0];
    tickets->keys[0] = fresh;
    tickets->count = is_recent ? 2 : 1;
    tickets->made = now;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

/* ---- Using them ---- */

/* The key by which a ticket is made, or that of a ticket. Returns its place, or -1. */
static int find(struct vn_tls_tickets *tickets, const unsigned char *name,
                struct vn_tls_ticket_key *key)
{
    int found = -1;
    pthread_mutex_lock(&tickets->lock);
    if (renew(tickets))
        for (uint32_t i = 0; i < tickets->count && found < 0; i++)
            if (name == NULL || memcmp(name, tickets->keys[i].name, sizeof key->name) == 0)
                found = (int) i;
    if (found >= 0)
        *key = tickets->keys[found];
    pthread_mutex_unlock(&tickets->lock);
    return found;
}

static bool set_mac(EVP_MAC_CTX *mac, struct vn_tls_ticket_key *key)
{
    static char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key->mac_key, sizeof key->mac_key),
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof digest - 1),
        OSSL_PARAM_END,
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

int vn_tls_tickets_use(struct vn_tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int makes)
{
    struct vn_tls_ticket_key key;
    int place = find(tickets, makes ? NULL : name, &key);
    if (place < 0)
        return makes ? -1 : 0; /* an unknown ticket: a full handshake */
    bool is_set;
    if (makes) {
        memcpy(name, key.name, sizeof key.name);
        is_set = RAND_bytes(iv, EVP_CIPHER_get_iv_length(tickets->cipher)) == 1 &&
                 EVP_EncryptInit_ex2(cipher, tickets->cipher, key.cipher_key, iv, NULL) == 1;
    } else
        is_set = EVP_DecryptInit_ex2(cipher, tickets->cipher, key.cipher_key, iv, NULL) == 1;
    is_set = is_set && set_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    if (!is_set)
        return -1;
    return place > 0 ? 2 : 1; /* 2: and a new one is given in its place */
}
