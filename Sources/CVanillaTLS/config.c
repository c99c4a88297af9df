// SPDX-License-Identifier: MIT
#include "config.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "serve/connection.h"

void vn_tls_config_init(vn_tls_config *config)
{
    *config = (vn_tls_config) {
        .protocols = {"http/1.1", "http/1.0"},
        .protocol_count = 2,
        .version_min = VN_TLS_1_2,
        .handshake = 10000,
        .handshakes = 1024,
        .ticket_lifetime = 43200,
    };
}

int32_t vn_tls_config_check(const vn_tls_config *config, vn_tls_error *error)
{
    enum { LIFETIME_MAX = 7 * 24 * 60 * 60 }; /* RFC 8446, section 4.6.1 */
    if (config->certificate_count == 0 || config->certificate_count > VN_TLS_CERTIFICATES_MAX)
        return vn_tls_error_fill(error, "there are %u certificates, but must be 1 to %d",
                                 config->certificate_count, VN_TLS_CERTIFICATES_MAX);
    if (config->version_min != VN_TLS_1_2 && config->version_min != VN_TLS_1_3)
        return vn_tls_error_fill(error, "the lowest version is 1.2 or 1.3");
    if (config->handshake == 0 || config->handshakes == 0)
        return vn_tls_error_fill(error, "a handshake needs time and a place");
    if (config->ticket_lifetime > LIFETIME_MAX)
        return vn_tls_error_fill(error, "tickets live for at most seven days");
    if (config->ticket_lifetime == 0 && config->ticket_key_file != NULL)
        return vn_tls_error_fill(error, "there are keys for tickets, and no tickets");
    return 0;
}

/* ---- Certificates ---- */

static void free_certificate(vn_tls_certificate *certificate)
{
    if (certificate->key != NULL)
        OPENSSL_cleanse(certificate->key, certificate->key_count);
    free(certificate->chain_file);
    free(certificate->key_file);
    free(certificate->chain);
    free(certificate->key);
    free(certificate->staple_file);
}

/* What of it is not NULL is taken over in any case, and `is_whole` tells whether all is there. */
static int32_t add(vn_tls_config *config, vn_tls_certificate certificate, bool is_whole)
{
    size_t count = config->certificate_count;
    vn_tls_certificate *grown = NULL;
    if (is_whole)
        grown = realloc(config->certificates, (count + 1) * sizeof *grown);
    if (grown == NULL) {
        free_certificate(&certificate);
        return -ENOMEM;
    }
    grown[count] = certificate;
    config->certificates = grown;
    config->certificate_count++;
    return 0;
}

int32_t vn_tls_config_add_files(vn_tls_config *config, const char *chain, const char *key)
{
    vn_tls_certificate made = {.chain_file = strdup(chain), .key_file = strdup(key)};
    return add(config, made, made.chain_file != NULL && made.key_file != NULL);
}

static char *copy_bytes(const void *bytes, size_t count)
{
    char *copy = malloc(count + 1);
    if (copy != NULL && count > 0)
        memcpy(copy, bytes, count);
    return copy;
}

int32_t vn_tls_config_add_bytes(vn_tls_config *config, const void *chain, size_t chain_count,
                                const void *key, size_t key_count)
{
    vn_tls_certificate made = {
        .chain = copy_bytes(chain, chain_count),
        .chain_count = chain_count,
        .key = copy_bytes(key, key_count),
        .key_count = key_count,
    };
    return add(config, made, made.chain != NULL && made.key != NULL);
}

int32_t vn_tls_config_add_self_signed(vn_tls_config *config, const char *names)
{
    vn_tls_certificate made = {0};
    if (!vn_tls_make_certificate(names, &made.chain, &made.key))
        return -EINVAL;
    made.chain_count = strlen(made.chain);
    made.key_count = strlen(made.key);
    return add(config, made, true);
}

int32_t vn_tls_config_set_staple(vn_tls_config *config, const char *file)
{
    vn_tls_certificate *last = &config->certificates[config->certificate_count - 1];
    last->staple_file = strdup(file);
    return last->staple_file == NULL ? -ENOMEM : 0;
}

int32_t vn_tls_config_set_ticket_keys(vn_tls_config *config, const char *file)
{
    config->ticket_key_file = strdup(file);
    return config->ticket_key_file == NULL ? -ENOMEM : 0;
}

int32_t vn_tls_config_set_client(vn_tls_config *config, uint8_t client, const char *ca,
                                 const char *crl)
{
    config->client = client;
    config->client_ca_file = strdup(ca);
    config->client_crl_file = crl == NULL ? NULL : strdup(crl);
    return config->client_ca_file == NULL || (crl != NULL && config->client_crl_file == NULL)
               ? -ENOMEM
               : 0;
}

int32_t vn_tls_config_set_strict(vn_tls_config *config, const char *value)
{
    _Static_assert(sizeof config->strict == VN_STRICT_MAX + 1, "with its NUL");
    size_t count = strlen(value);
    if (count > VN_STRICT_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (value[i] < ' ' || value[i] > '~')
            return -EINVAL;
    memcpy(config->strict, value, count + 1);
    return 0;
}

void vn_tls_config_free(vn_tls_config *config)
{
    free(config->client_ca_file);
    free(config->client_crl_file);
    free(config->ticket_key_file);
    config->client_ca_file = config->client_crl_file = config->ticket_key_file = NULL;
    for (uint32_t i = 0; i < config->certificate_count; i++)
        free_certificate(&config->certificates[i]);
    free(config->certificates);
    config->certificates = NULL;
    config->certificate_count = 0;
}
