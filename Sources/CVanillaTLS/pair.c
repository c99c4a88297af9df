// SPDX-License-Identifier: MIT
#include "pair.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Errors ---- */

int32_t vn_tls_error_fill(vn_tls_error *error, const char *format, ...)
{
    vn_tls_error unnamed;
    error = error == NULL ? &unnamed : error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    size_t count = strlen(error->message);
    if (reason != NULL)
        snprintf(error->message + count, sizeof error->message - count, ": %s", reason);
    else if (code != 0 && ERR_SYSTEM_ERROR(code))
        snprintf(error->message + count, sizeof error->message - count, ": %s",
                 strerror(ERR_GET_REASON(code)));
    ERR_clear_error();
    return -EINVAL;
}

/* ---- Reading ---- */

static BIO *open_source(const char *file, const char *bytes, size_t count)
{
    ERR_clear_error();
    if (file != NULL)
        return BIO_new_file(file, "r");
    return count > INT32_MAX ? NULL : BIO_new_mem_buf(bytes, (int) count);
}

/* How a certificate's source is named to people. */
static const char *source_of(const char *file, uint32_t place, char text[64])
{
    if (file != NULL)
        return file;
    snprintf(text, 64, "of certificate %u", place + 1);
    return text;
}

/* Those that follow the leaf, up to the end. */
static bool read_chain(BIO *bio, STACK_OF(X509) * chain)
{
    X509 *next;
    while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        if (sk_X509_push(chain, next) == 0) {
            X509_free(next);
            return false;
        }
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (is_end)
        ERR_clear_error();
    return is_end;
}

static int32_t load_chain(struct vn_tls_pair *pair, const vn_tls_certificate *from, uint32_t place,
                          vn_tls_error *error)
{
    char text[64];
    const char *source = source_of(from->chain_file, place, text);
    BIO *bio = open_source(from->chain_file, from->chain, from->chain_count);
    if (bio == NULL)
        return vn_tls_error_fill(error, "the certificate %s cannot be opened", source);
    pair->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    pair->chain = sk_X509_new_null();
    bool is_read = pair->leaf != NULL && pair->chain != NULL && read_chain(bio, pair->chain);
    BIO_free(bio);
    return is_read ? 0 : vn_tls_error_fill(error, "the certificate %s cannot be read", source);
}

struct asked {
    const vn_tls_config *config;
    uint32_t place;
};

static int ask_password(char *password, int capacity, int writes, void *context)
{
    const struct asked *asked = context;
    const vn_tls_config *config = asked->config;
    (void) writes;
    if (config->password == NULL)
        return -1;
    int32_t count = config->password(config->password_context, asked->place, password, capacity);
    return count > capacity ? -1 : count;
}

static int32_t load_key(struct vn_tls_pair *pair, const vn_tls_config *config, uint32_t place,
                        vn_tls_error *error)
{
    const vn_tls_certificate *from = &config->certificates[place];
    char text[64];
    const char *source = source_of(from->key_file, place, text);
    BIO *bio = open_source(from->key_file, from->key, from->key_count);
    if (bio == NULL)
        return vn_tls_error_fill(error, "the private key %s cannot be opened", source);
    struct asked asked = {config, place};
    pair->key = PEM_read_bio_PrivateKey(bio, NULL, ask_password, &asked);
    BIO_free(bio);
    if (pair->key == NULL)
        return vn_tls_error_fill(error, "the private key %s cannot be read", source);
    if (X509_check_private_key(pair->leaf, pair->key) != 1)
        return vn_tls_error_fill(error, "the private key %s is not that of its certificate",
                                 source);
    return 0;
}

int32_t vn_tls_pair_load(struct vn_tls_pair *pair, const vn_tls_config *config, uint32_t place,
                         vn_tls_error *error)
{
    *pair = (struct vn_tls_pair) {0};
    int32_t loaded = load_chain(pair, &config->certificates[place], place, error);
    if (loaded == 0)
        loaded = load_key(pair, config, place, error);
    if (loaded < 0)
        vn_tls_pair_free(pair);
    return loaded;
}

void vn_tls_pair_free(struct vn_tls_pair *pair)
{
    X509_free(pair->leaf);
    sk_X509_pop_free(pair->chain, X509_free);
    EVP_PKEY_free(pair->key);
    *pair = (struct vn_tls_pair) {0};
}

/* ---- Names ---- */

typedef bool taker(void *context, const char *name, size_t count);

static bool take_text(const ASN1_STRING *text, taker *take, void *context)
{
    char name[256];
    const unsigned char *bytes = ASN1_STRING_get0_data(text);
    int count = ASN1_STRING_length(text);
    if (count <= 0 || count >= (int) sizeof name || memchr(bytes, 0, (size_t) count) != NULL)
        return true; /* nobody can ask for it */
    for (int i = 0; i < count; i++)
        name[i] = (char) tolower(bytes[i]);
    return take(context, name, (size_t) count);
}

static bool take_common_name(const X509 *leaf, taker *take, void *context)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    return place < 0 ||
           take_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)), take, context);
}

bool vn_tls_pair_names(const struct vn_tls_pair *pair, taker *take, void *context)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(pair->leaf, NID_subject_alt_name, NULL, NULL);
    if (names == NULL)
        return take_common_name(pair->leaf, take, context);
    bool goes_on = true;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && goes_on; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            goes_on = take_text(name->d.dNSName, take, context);
    }
    GENERAL_NAMES_free(names);
    return goes_on;
}
