// SPDX-License-Identifier: MIT
#include "record.h"

#include <string.h>

/* ---- The request ---- */

static vn_range cut_range(vn_range range, size_t most)
{
    if (range.at >= most)
        return (vn_range) {0};
    return (vn_range) {range.at, (uint32_t) vn_smaller(range.count, most - range.at)};
}

/* Bytes of a head that are known to be what they seem. */
static size_t known_bytes(const vn_request *request, bool is_whole)
{
    if (is_whole)
        return request->at + 2u;
    size_t target_end = (size_t) request->target.at + request->target.count;
    return request->at > target_end ? request->at : target_end;
}

/* Fields of a head that lie within its first bytes. */
static uint16_t known_fields(const vn_request *request, size_t count)
{
    uint16_t fields = (uint16_t) vn_smaller(request->field_count, VN_KEPT_FIELDS_MAX);
    while (fields > 0 &&
           (size_t) request->fields[fields - 1].value_at + request->fields[fields - 1].value_count >
               count)
        fields--;
    return fields;
}

static void copy_request(struct vn_record *record, const vn_request *request, uint16_t fields,
                         size_t count)
{
    vn_request *copy = (vn_request *) (void *) record->memory;
    size_t size = offsetof(vn_request, fields) + fields * sizeof(vn_field);
    memcpy(copy, request, size);
    memcpy(record->memory + size, request->head, count);
    copy->head = record->memory + size;
    copy->body = (vn_span) {0};
    copy->field_count = fields;
    copy->method = cut_range(request->method, count);
    copy->target = cut_range(request->target, count);
    copy->path = cut_range(request->path, count);
    copy->query = cut_range(request->query, count);
    copy->authority = cut_range(request->authority, count);
    record->told.request = copy;
}

struct vn_record *vn_record_make(struct vn_worker *worker, const vn_request *request, bool is_whole)
{
    bool is_known = request != NULL && (is_whole || request->path.count > 0);
    size_t known = is_known ? known_bytes(request, is_whole) : 0;
    size_t count = vn_smaller(known, VN_KEPT_HEAD_MAX);
    uint16_t fields = is_known ? known_fields(request, count) : 0;
    size_t size =
        sizeof(struct vn_record) + offsetof(vn_request, fields) + fields * sizeof(vn_field) + count;
    struct vn_record *record = vn_freelist_take(&worker->freelist, size);
    if (record == NULL)
        return NULL;
    *record = (struct vn_record) {.mark = {.size = size}, .worker = worker};
    record->began = worker->clock();
    if (request != NULL)
        record->told.bytes_received = is_whole ? known : request->at + request->searched;
    if (is_known)
        copy_request(record, request, fields, count);
    return record;
}

/* ---- The end ---- */

void vn_record_tell(struct vn_record *record, uint8_t end, uint64_t missing)
{
    struct vn_worker *worker = record->worker;
    const vn_handlers *handlers = &worker->config->handlers;
    vn_ended_exchange *told = &record->told;
    if (handlers->exchange_ended != NULL) {
        told->end = end;
        told->bytes_sent -= vn_smaller(missing, told->bytes_sent);
        told->nanoseconds = worker->clock() - record->began;
        handlers->exchange_ended(worker->context, told);
    }
    if (record->error_release != NULL)
        record->error_release(told->error);
    vn_freelist_give(&worker->freelist, record, record->mark.size);
}

static struct vn_record *take_first(struct vn_output *output)
{
    return (struct vn_record *) (void *) vn_output_take_mark(output);
}

void vn_records_tell_sent(struct vn_output *output)
{
    while (output->marks != NULL && output->marks->at <= output->sent)
        vn_record_tell(take_first(output), VN_ENDED_DELIVERED, 0);
}

void vn_records_tell_lost(struct vn_output *output)
{
    while (output->marks != NULL) {
        struct vn_record *record = take_first(output);
        const struct vn_loop *loop = &record->worker->loop;
        bool is_stopped = loop->is_draining && loop->drain_due <= loop->now;
        uint8_t end = is_stopped ? VN_ENDED_CUT : VN_ENDED_CLIENT_LEFT;
        uint64_t missing = record->mark.at > output->sent ? record->mark.at - output->sent : 0;
        vn_record_tell(record, missing == 0 ? VN_ENDED_DELIVERED : end, missing);
    }
}
