// SPDX-License-Identifier: MIT
/* fuzz.h - what the fuzz targets share: findings, the bytes that steer a run, and memory that may
 * be touched only where bytes lie.
 *
 * A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput, a line in scripts/fuzz, and seeds
 * in corpus/fuzz_NAME. An input begins with a few bytes that steer the run, printable in the seeds
 * ("0" is the usual thing), and the rest is what a client sends. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/base.h"
#include "include/vn_request.h"

/* Called by libFuzzer with one input after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* Say what was found, and abort: the input is kept as a reproducer. */
_Noreturn void fuzz_found(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A condition that holds for every input, and what it means that it does not. */
#define fuzz_require(condition, ...)                                                               \
    ((condition) ? (void) 0 : fuzz_found(__FILE__, __LINE__, __VA_ARGS__))

/* ---- Steering ---- */

/* Cut the first byte off, as a distance from "0"; 0 when there is none. */
static inline uint8_t fuzz_take(vn_span *input)
{
    if (input->count == 0)
        return 0;
    uint8_t byte = (uint8_t) (input->bytes[0] - '0');
    *input = (vn_span) {input->bytes + 1, input->count - 1};
    return byte;
}

enum {
    FUZZ_SIZES = 3,
    FUZZ_PIECES_MAX = 24, /* after so many the rest comes at once: long inputs stay cheap */
};

/* How the bytes come: in pieces of these sizes, again and again. A size of 0 is all the rest. */
struct fuzz_cuts {
    uint8_t sizes[FUZZ_SIZES];
};

static inline struct fuzz_cuts fuzz_take_cuts(vn_span *input)
{
    struct fuzz_cuts cuts;
    for (size_t i = 0; i < FUZZ_SIZES; i++)
        cuts.sizes[i] = fuzz_take(input);
    return cuts;
}

/* How many of `count` bytes are there after piece number `piece`, when `given` were before. */
static inline size_t fuzz_next(const struct fuzz_cuts *cuts, size_t piece, size_t given,
                               size_t count)
{
    size_t size = piece < FUZZ_PIECES_MAX ? cuts->sizes[piece % FUZZ_SIZES] : 0;
    return size == 0 ? count : vn_smaller(given + size, count);
}

/* ---- Memory ---- */

enum {
    FUZZ_PLACE_MAX = 128 << 10, /* longer inputs are not looked at */
    FUZZ_PLACE_EDGE = 32,
};

/* Memory in which AddressSanitizer lets only those bytes be touched that were put there. Zeroed is
 * the start. */
struct fuzz_place {
    _Alignas(16) uint8_t memory[FUZZ_PLACE_EDGE + FUZZ_PLACE_MAX + FUZZ_PLACE_EDGE];
    size_t count; /* bytes that lie there */
    bool is_guarded;
};

/* Put bytes there in place of those before. */
uint8_t *fuzz_put(struct fuzz_place *place, const uint8_t *bytes, size_t count);

/* Let the bytes be touched no more. */
void fuzz_clear(struct fuzz_place *place);

#endif
