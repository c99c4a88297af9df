// SPDX-License-Identifier: MIT
/* CCrypto.h - two digests of libcrypto, with a state on the stack.
 *
 * By the functions that OpenSSL 3 calls deprecated, because they alone allocate nothing: a reused
 * EVP_MD_CTX allocates once a digest in OpenSSL 3.0, EVP_Digest and SHA256 two or three times. */
#ifndef CCRYPTO_H
#define CCRYPTO_H

#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CCRYPTO_MD5_SIZE = MD5_DIGEST_LENGTH, CCRYPTO_SHA256_SIZE = SHA256_DIGEST_LENGTH };

/* Write the digest of `count` bytes. Returns false where the library refuses to make one. Any
 * thread. */
static inline bool ccrypto_md5(const void *bytes, size_t count, uint8_t *digest)
{
    MD5_CTX state;
    return MD5_Init(&state) == 1 && MD5_Update(&state, bytes, count) == 1 &&
           MD5_Final(digest, &state) == 1;
}

static inline bool ccrypto_sha256(const void *bytes, size_t count, uint8_t *digest)
{
    SHA256_CTX state;
    return SHA256_Init(&state) == 1 && SHA256_Update(&state, bytes, count) == 1 &&
           SHA256_Final(digest, &state) == 1;
}

#endif
