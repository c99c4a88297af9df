// SPDX-License-Identifier: MIT
#include "timeout.h"

#include "worker.h"

void vn_timeout_count(vn_statistics *counted, enum vn_timeout_kind kind)
{
    static const size_t at[VN_TIMEOUT_KINDS] = {
        [VN_TIMEOUT_HEAD] = offsetof(vn_statistics, timeouts_head),
        [VN_TIMEOUT_BODY] = offsetof(vn_statistics, timeouts_body),
        [VN_TIMEOUT_IDLE] = offsetof(vn_statistics, timeouts_idle),
        [VN_TIMEOUT_WRITE] = offsetof(vn_statistics, timeouts_write_stall),
        [VN_TIMEOUT_HANDLER] = offsetof(vn_statistics, timeouts_handler),
        [VN_TIMEOUT_LINGER] = offsetof(vn_statistics, timeouts_linger),
        [VN_TIMEOUT_SILENCE] = offsetof(vn_statistics, timeouts_head),
    };
    if (kind < VN_TIMEOUT_KINDS)
        vn_count_more((uint64_t *) (void *) ((char *) counted + at[kind]), 1);
}
