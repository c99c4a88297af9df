// SPDX-License-Identifier: MIT
/* answers.h - a strict reader of what a server sends: anything that a client could take in two ways
 * is a finding. */
#ifndef FUZZ_ANSWERS_H
#define FUZZ_ANSWERS_H

#include "fuzz.h"

/* The head of an answer. */
struct answer_head {
    size_t count; /* bytes, with the empty line */
    uint16_t status;
    bool has_length;
    bool is_chunked;
    bool closes;
    bool keeps_alive;
    bool has_date;
    bool has_type;
    bool has_number; /* an X-Number field, by which the target knows its answers again */
    uint64_t length;
    uint64_t number;
};

/* Read the head that `bytes` begin with. False when it is not whole; what is there was right. */
bool answer_read_head(vn_span bytes, struct answer_head *head);

/* Read the next chunk, its line end included. Returns the bytes it takes, with its data in `data`,
 * which is empty for the last one, whose empty line is included; 0 when it is not whole, with what
 * there is of its data. */
size_t answer_read_chunk(vn_span bytes, vn_span *data);

#endif
