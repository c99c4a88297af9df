// SPDX-License-Identifier: MIT
/* model.h - what a connection has to come to when nothing unusual happens: its requests one after
 * the other, with all bytes there from the start, in the words of the scanner, the decoder and
 * client.c's handler. */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "client.h"

struct model {
    uint32_t handled; /* calls of the handler */
    uint16_t refusal; /* the status of the last answer, where that is the core's refusal; else 0 */
    bool is_known; /* false: it depends on when the bytes come */
};

struct model model_of(vn_span input, const vn_config *config);

#endif
