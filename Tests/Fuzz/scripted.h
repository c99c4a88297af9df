// SPDX-License-Identifier: MIT
/* scripted.h - the memory ring, steered by the input: each wait and each send takes a byte of its
 * script. And the contract of ring.h, held against whoever calls. */
#ifndef FUZZ_SCRIPTED_H
#define FUZZ_SCRIPTED_H

#include "client.h"
#include "serve/worker.h"

/* How one run goes. */
struct script {
    vn_span bytes;
    uint64_t random; /* goes on after them for a while; 0: does not */
    bool may_break; /* clients vanish, stay without end, and the server is stopped */
    uint32_t drawn;
    uint64_t stop_due; /* milliseconds; UINT64_MAX: not asked to stop */
};

extern struct script script;

/* Open a memory ring and put the script in front of it. A vn_ring_opener. */
int32_t scripted_open(struct vn_ring **ring, struct vn_slab *slab);

/* Begin a run with this script; `worker` is the one to stop. */
void scripted_begin(struct vn_ring *ring, struct vn_worker *worker, const struct script *script);

/* Nothing unusual will happen any more. */
bool scripted_is_over(void);

#endif
