// SPDX-License-Identifier: MIT
/* http_search_checks.c - the searches of this processor against the portable ones. */
#include <string.h>

#include "http_checks.h"
#include "http_delivery.h"

enum { EDGE_SIZE_MAX = 80, RANDOM_SIZE_MAX = 160 };

/* All searches over bytes [from, count). */
static const char *compare(const uint8_t *bytes, size_t from, size_t count)
{
    if (vn_scan_control(bytes, from, count) != vn_scan_control_portable(bytes, from, count))
        return vn_fail("control: from %zu, %zu bytes", from, count);
    if (vn_scan_token(bytes, from, count) != vn_scan_token_portable(bytes, from, count))
        return vn_fail("token: from %zu, %zu bytes", from, count);
    for (size_t i = 0; i < 2; i++) {
        uint8_t also = (uint8_t) "?#"[i];
        if (vn_scan_target(bytes, from, count, also) !=
            vn_scan_target_portable(bytes, from, count, also))
            return vn_fail("target: from %zu, %zu bytes", from, count);
    }
    return NULL;
}

/* From each of the first 64 bytes, which gives each alignment. */
static const char *compare_from_each(const uint8_t *bytes, size_t count)
{
    for (size_t from = 0; from <= vn_smaller(count, 63); from++) {
        const char *failure = compare(bytes, from, count);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

/* Bytes that end nothing, with one that ends everything at each place, or nowhere. */
const char *vn_check_searches_at_page_edges(void)
{
    struct vn_edges edges = vn_edges_open(EDGE_SIZE_MAX);
    const char *failure = NULL;
    for (size_t count = 0; failure == NULL && count <= EDGE_SIZE_MAX; count++) {
        uint8_t bytes[EDGE_SIZE_MAX];
        memset(bytes, 'a', sizeof bytes);
        for (size_t stop = 0; failure == NULL && stop <= count; stop++) {
            if (stop > 0)
                bytes[stop - 1] = 'a';
            if (stop < count)
                bytes[stop] = '\r';
            failure = compare_from_each(vn_edges_put_last(&edges, bytes, count), count);
            if (failure == NULL)
                failure = compare_from_each(vn_edges_put_first(&edges, bytes, count), count);
        }
    }
    vn_edges_close(&edges);
    return failure;
}

const char *vn_check_searches_on_random_bytes(uint64_t seed)
{
    uint64_t random = seed;
    struct vn_edges edges = vn_edges_open(RANDOM_SIZE_MAX);
    const char *failure = NULL;
    for (size_t round = 0; failure == NULL && round < 4000; round++) {
        uint8_t bytes[RANDOM_SIZE_MAX];
        size_t count = vn_random_below(&random, sizeof bytes);
        size_t wild = 1 + vn_random_below(&random, 40); /* one byte in so many is any byte */
        for (size_t i = 0; i < count; i++)
            bytes[i] = vn_random_below(&random, wild) == 0
                           ? (uint8_t) vn_random(&random)
                           : (uint8_t) "aZ-9_!~"[vn_random_below(&random, 7)];
        failure = compare_from_each(vn_edges_put_last(&edges, bytes, count), count);
        if (failure != NULL)
            failure = vn_fail("seed %llu, round %zu", (unsigned long long) seed, round);
    }
    vn_edges_close(&edges);
    return failure;
}
