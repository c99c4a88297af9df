// SPDX-License-Identifier: MIT
/* http_delivery.h - what the checks of http share: messages, random numbers, memory at the edge
 * of a page, and a comparison. */
#ifndef HTTP_DELIVERY_H
#define HTTP_DELIVERY_H

#include <stdint.h>
#include <stdio.h>

#include "http/body.h"
#include "http/scan.h"

/* The message of a check that failed. */
const char *vn_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Put in front of the last message where it happened. */
const char *vn_fail_in(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The next number of a repeatable sequence (xorshift64*). The state is never 0. */
uint64_t vn_random(uint64_t *state);

/* A number in [0, below). */
static inline size_t vn_random_below(uint64_t *state, size_t below)
{
    return (size_t) (vn_random(state) % below);
}

/* Memory between two pages that cannot be read. */
struct vn_edges {
    uint8_t *pages;
    size_t size; /* of the memory between */
};

struct vn_edges vn_edges_open(size_t size);
void vn_edges_close(struct vn_edges *edges);

/* Put `count` bytes right before the unreadable page behind it. */
uint8_t *vn_edges_put_last(const struct vn_edges *edges, const uint8_t *bytes, size_t count);

/* The same right behind the unreadable page before it. */
uint8_t *vn_edges_put_first(const struct vn_edges *edges, const uint8_t *bytes, size_t count);

/* Overwrite what was put. */
void vn_edges_wipe(const struct vn_edges *edges);

/* How the bytes come: `next` answers how many of `count` are there after the first `given`. */
struct vn_cuts {
    const char *name;
    size_t (*next)(const struct vn_cuts *cuts, size_t given, size_t count);
    size_t size;      /* of the pieces, or where the only cut is */
    uint64_t *random; /* for random pieces */
};

/* All at once; in two; in pieces of `size`; in random pieces. */
struct vn_cuts vn_cuts_none(void);
struct vn_cuts vn_cuts_once(size_t at);
struct vn_cuts vn_cuts_every(size_t size);
struct vn_cuts vn_cuts_random(uint64_t *random);

/* Whether two scans that were completed found the same. */
bool vn_same_request(const vn_request *a, const vn_request *b);

#endif
