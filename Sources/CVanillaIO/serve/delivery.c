// SPDX-License-Identifier: MIT
/* delivery.c - when an exchange has ended for those who are told: with the last byte of its answer,
 * or with the client. */
#include "connection.h"

void vn_connection_record_end(struct vn_connection *connection, struct vn_record *record,
                              bool is_answered)
{
    struct vn_output *output = connection->output;
    const struct vn_loop *loop = &connection->worker->loop;
    uint64_t unsent = output == NULL ? 0 : output->unsent + output->held;
    bool is_whole = is_answered && !record->is_cut;
    bool is_stopped = loop->is_draining && loop->drain_due <= loop->now;
    if (is_whole && unsent == 0)
        vn_record_tell(record, VN_ENDED_DELIVERED, 0);
    else if (is_whole && !connection->is_ending && !connection->has_failed)
        vn_output_mark(output, &record->mark);
    else
        vn_record_tell(record, record->is_cut || is_stopped ? VN_ENDED_CUT : VN_ENDED_CLIENT_LEFT,
                       unsent);
}
