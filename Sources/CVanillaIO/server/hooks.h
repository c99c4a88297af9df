// SPDX-License-Identifier: MIT
/* hooks.h - what the user has done once for all workers, before they accept and after they have
 * served, on the thread of one. */
#ifndef VN_SERVER_HOOKS_H
#define VN_SERVER_HOOKS_H

#include "../serve/worker.h"

/* Whether there is anything to do. Any thread. */
bool vn_hooks_exist(const vn_config *config);

/* Turn until those of the start are done. Returns 0; -ECANCELED where they have failed, -EINTR
 * where the worker was told to stop before: then those of the stop have undone what was done. */
int32_t vn_hooks_start(struct vn_worker *worker);

/* Turn until those of the stop are done, or their time is over. */
void vn_hooks_stop(struct vn_worker *worker);

#endif
