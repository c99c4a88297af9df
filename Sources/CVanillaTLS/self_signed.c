// SPDX-License-Identifier: MIT
/* self_signed.c - a certificate that is made on the spot, for tests and local development. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/CVanillaTLS.h"

enum { DAY = 24 * 60 * 60, YEAR = 365 * DAY };

static bool is_address(const char *name)
{
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* "DNS:a,IP:1.2.3.4" of "a,1.2.3.4", in memory of malloc. */
static char *alternative_names(const char *names)
{
    enum { PREFIX = 4 };
    char *copy = strdup(names), *list = malloc(strlen(names) * (1 + PREFIX) + PREFIX + 2);
    char *at = list, *rest;
    if (copy == NULL || list == NULL) {
        free(copy);
        free(list);
        return NULL;
    }
    *at = '\0';
    for (char *name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
        at += sprintf(at, "%s%s%s", at == list ? "" : ",", is_address(name) ? "IP:" : "DNS:", name);
    free(copy);
    return list;
}

static bool add_extension(X509 *leaf, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, leaf, leaf, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool is_added = extension != NULL && X509_add_ext(leaf, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool add_names(X509 *leaf, const char *names)
{
    char *list = alternative_names(names);
    bool is_added = list != NULL && add_extension(leaf, NID_subject_alt_name, list);
    free(list);
    return is_added;
}

static bool fill(X509 *leaf, EVP_PKEY *key, const char *names)
{
    static const unsigned char organization[] = "Vanilla, for tests";
    uint64_t serial;
    X509_NAME *subject = X509_get_subject_name(leaf);
    return RAND_bytes((unsigned char *) &serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(leaf), serial >> 1 | 1) == 1 &&
           X509_set_version(leaf, X509_VERSION_3) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(leaf), -DAY) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(leaf), YEAR) != NULL &&
           X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_UTF8, organization,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(leaf, subject) == 1 && X509_set_pubkey(leaf, key) == 1 &&
           add_extension(leaf, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(leaf, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(leaf, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_names(leaf, names) && X509_sign(leaf, key, EVP_sha256()) > 0;
}

/* What was written to memory, terminated, in memory of malloc. */
static char *text_of(BIO *bio)
{
    char *bytes;
    long count = BIO_get_mem_data(bio, &bytes);
    return count <= 0 ? NULL : strndup(bytes, (size_t) count);
}

static bool write_both(X509 *leaf, EVP_PKEY *key, char **chain, char **key_text)
{
    BIO *leaf_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_secmem());
    *chain = *key_text = NULL;
    if (leaf_bio != NULL && key_bio != NULL && PEM_write_bio_X509(leaf_bio, leaf) == 1 &&
        PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        *chain = text_of(leaf_bio);
        *key_text = text_of(key_bio);
    }
    BIO_free(leaf_bio);
    BIO_free(key_bio);
    if (*chain != NULL && *key_text != NULL)
        return true;
    free(*chain);
    free(*key_text);
    return false;
}

bool vn_tls_make_certificate(const char *names, char **chain, char **key_text)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *leaf = X509_new();
    bool is_made = key != NULL && leaf != NULL && fill(leaf, key, names) &&
                   write_both(leaf, key, chain, key_text);
    EVP_PKEY_free(key);
    X509_free(leaf);
    ERR_clear_error();
    return is_made;
}
