// SPDX-License-Identifier: MIT
/* record.h - what is kept of an exchange for the hook that is told of its end. */
#ifndef VN_SERVE_RECORD_H
#define VN_SERVE_RECORD_H

#include "../include/vn_exchange.h"
#include "../loop/output.h"
#include "worker.h"

struct vn_record {
    struct vn_mark mark; /* first: where its answer ends in the output */
    struct vn_worker *worker;
    uint64_t began; /* nanoseconds of the worker's clock */
    uint64_t appended; /* the protocol's word then */
    vn_release *error_release;
    vn_ended_exchange told;
    bool is_cut; /* by this server */
    _Alignas(8) uint8_t memory[]; /* the copy of the request, and its head after it */
};

/* Keep what counts of a request; `is_whole`: its head is complete. NULL: it is not known. Returns
 * NULL when memory ran out. */
struct vn_record *vn_record_make(struct vn_worker *worker, const vn_request *request,
                                 bool is_whole);

/* Tell how it ended, without the last `missing` bytes of the answer, and free it. */
void vn_record_tell(struct vn_record *record, uint8_t end, uint64_t missing);

/* Tell those whose answers were sent. */
void vn_records_tell_sent(struct vn_output *output);

/* Tell all: what is unsent will not be. */
void vn_records_tell_lost(struct vn_output *output);

#endif
