// SPDX-License-Identifier: MIT
#include "staple.h"

#include <openssl/ocsp.h>

#include "pair.h"

/* ---- Reading ---- */

static OCSP_RESPONSE *read_response(const char *file)
{
    BIO *bio = BIO_new_file(file, "rb");
    OCSP_RESPONSE *response = bio == NULL ? NULL : d2i_OCSP_RESPONSE_bio(bio, NULL);
    BIO_free(bio);
    return response;
}

/* It goes to clients, which look at the signature themselves; here it only has to be of the issuer,
 * so that a file of another certificate's is found out. */
static bool is_signed(OCSP_BASICRESP *answer, STACK_OF(X509) * chain)
{
    X509_STORE *store = X509_STORE_new();
    bool is_good = store != NULL && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
                   X509_STORE_add_cert(store, sk_X509_value(chain, 0)) == 1 &&
                   OCSP_basic_verify(answer, chain, store, 0) == 1;
    X509_STORE_free(store);
    return is_good;
}

/* Seconds since the epoch; -1 where it cannot be read. */
static time_t seconds_of(const ASN1_GENERALIZEDTIME *text)
{
    struct tm time;
    return text != NULL && ASN1_TIME_to_tm(text, &time) == 1 ? timegm(&time) : -1;
}

/* What it says of the leaf. Returns NULL, or what is wrong. */
static const char *look(struct vn_tls_staple *staple, OCSP_BASICRESP *answer, X509 *leaf,
                        STACK_OF(X509) * chain)
{
    enum { SKEW = 300 }; /* seconds that clocks may differ by */
    int status, reason;
    ASN1_GENERALIZEDTIME *revoked, *from, *until;
    OCSP_CERTID *name = OCSP_cert_to_id(NULL, leaf, sk_X509_value(chain, 0));
    bool is_found = name != NULL && OCSP_resp_find_status(answer, name, &status, &reason, &revoked,
                                                          &from, &until) == 1;
    OCSP_CERTID_free(name);
    if (!is_found)
        return "is about another certificate";
    if (!is_signed(answer, chain))
        return "is not signed by the certificate's issuer";
    staple->until = seconds_of(until);
    if (OCSP_check_validity(from, until, SKEW, -1) != 1 || staple->until < 0)
        return "is over, or has no end";
    return NULL;
}

int32_t vn_tls_staple_load(struct vn_tls_staple *staple, const char *file, X509 *leaf,
                           STACK_OF(X509) * chain, vn_tls_error *error)
{
    *staple = (struct vn_tls_staple) {0};
    if (sk_X509_num(chain) < 1)
        return vn_tls_error_fill(error, "the staple %s needs the certificate's issuer in its chain",
                                 file);
    OCSP_RESPONSE *response = read_response(file);
    OCSP_BASICRESP *answer = response == NULL ? NULL : OCSP_response_get1_basic(response);
    const char *wrong = answer == NULL ? "cannot be read" : look(staple, answer, leaf, chain);
    int count = wrong == NULL ? i2d_OCSP_RESPONSE(response, &staple->bytes) : 0;
    OCSP_BASICRESP_free(answer);
    OCSP_RESPONSE_free(response);
    if (wrong != NULL || count <= 0)
        return vn_tls_error_fill(error, "the staple %s %s", file,
                                 wrong == NULL ? "cannot be written" : wrong);
    staple->count = (size_t) count;
    return 0;
}

void vn_tls_staple_free(struct vn_tls_staple *staple)
{
    OPENSSL_free(staple->bytes);
    *staple = (struct vn_tls_staple) {0};
}

/* ---- Showing ---- */

bool vn_tls_staple_show(const struct vn_tls_staple *staple, SSL *ssl)
{
    if (staple->bytes == NULL || time(NULL) >= staple->until)
        return false;
    unsigned char *copy = OPENSSL_memdup(staple->bytes, staple->count);
    if (copy == NULL)
        return false;
    if (SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long) staple->count) == 1)
        return true; /* it is OpenSSL's now */
    OPENSSL_free(copy);
    return false;
}
