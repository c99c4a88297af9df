// SPDX-License-Identifier: MIT
/* parts.c - what of a representation is sent, and how its parts are written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../http/preconditions.h"
#include "../http/ranges.h"
#include "response.h"

/* ---- What is sent ---- */

/* Whether the request asks for a part. Several lines are no list (RFC 9110, section 14.2). */
static bool find_range(const struct vn_response *response, const vn_validators *validators,
                       vn_span *value)
{
    const vn_span name = VN_LITERAL("Range");
    const vn_request *request = response->request;
    if (request == NULL || response->head.status != 200)
        return false;
    size_t found = vn_request_find(request, name, 0);
    if (found == request->field_count ||
        vn_request_find(request, name, found + 1) != request->field_count)
        return false;
    *value = vn_field_value(request, found);
    return vn_preconditions_allow_range(request, validators, response->worker->loop.second);
}

static int32_t add_content_range(struct vn_response *response, const vn_extent *extent,
                                 uint64_t size)
{
    uint8_t text[VN_CONTENT_RANGE_ROOM];
    vn_span value = {text, vn_ranges_write_content_range(text, extent, size)};
    return vn_response_set_field(response, VN_LITERAL("Content-Range"), value);
}

/* What stands between parts must not stand in one of them: nobody can guess it. */
static void draw_boundary(struct vn_worker *worker, uint8_t boundary[VN_BOUNDARY_SIZE])
{
    for (size_t i = 0; i < VN_BOUNDARY_SIZE; i++)
        boundary[i] = (uint8_t) "0123456789abcdef"[vn_loop_draw(&worker->loop, 16)];
}

/* Nothing that it asked for exists. */
static int32_t send_unsatisfiable(struct vn_response *response, uint64_t size)
{
    vn_response_remove_field(response, VN_LITERAL("Content-Encoding"));
    vn_response_remove_field(response, VN_LITERAL("Cache-Control"));
    int32_t result = add_content_range(response, NULL, size);
    if (result == 0)
        result = vn_response_send_error(response, 416, (vn_span) {0});
    return result < 0 ? result : 416;
}

static int32_t begin_parts(struct vn_response *response, vn_span content_type, vn_parts *parts)
{
    const vn_selection *selection = &parts->selection;
    if (selection->count > 1)
        draw_boundary(response->worker, parts->boundary);
    vn_ranges_prepare(parts, content_type);
    int32_t result = 0;
    if (selection->status == 206)
        result = vn_response_set_status(response, 206);
    if (result == 0 && selection->status == 206 && selection->count == 1)
        result = add_content_range(response, &selection->extents[0], parts->size);
    return result;
}

int32_t vn_response_select(vn_response *response, const vn_validators *validators,
                           vn_span content_type, uint64_t length, vn_parts *parts)
{
    vn_span value = {0};
    int32_t verdict = vn_response_evaluate(response, validators);
    if (verdict != VN_PERFORM)
        return verdict;
    parts->size = length;
    parts->selection.status = 0; /* no range was looked at */
    parts->selection.count = 0;
    if (response->head.status == 200) {
        verdict = vn_response_set_field(response, VN_LITERAL("Accept-Ranges"), VN_LITERAL("bytes"));
        if (verdict < 0)
            return verdict;
    }
    /* With a type that is too long for several parts, or that an answer has already, there is
     * one. */
    if (find_range(response, validators, &value))
        vn_ranges_select(value, length, &parts->selection);
    if (parts->selection.status == 416)
        return send_unsatisfiable(response, length);
    bool is_whole = parts->selection.count == 0 ||
                    (parts->selection.count > 1 &&
                     (content_type.count > VN_PART_TYPE_MAX || response->has_type));
    if (is_whole)
        parts->selection =
            (vn_selection) {.status = response->head.status, .count = 1, .extents = {{0, length}}};
    return begin_parts(response, content_type, parts);
}

/* ---- How it is written ---- */

int32_t vn_parts_next(vn_parts *parts, vn_body_writer *writer, vn_extent *next)
{
    uint8_t text[VN_PART_HEAD_ROOM];
    const vn_selection *selection = &parts->selection;
    int32_t result = 0;
    if (parts->index == selection->count)
        return 0;
    if (selection->count > 1 && !parts->has_head) {
        size_t count = vn_ranges_write_part_head(text, parts, parts->index);
        result = vn_body_write(writer, (vn_span) {text, count});
        parts->has_head = true;
    }
    const vn_extent *extent = &selection->extents[parts->index];
    *next = (vn_extent) {extent->at + parts->done, extent->count - parts->done};
    if (result < 0 || next->count > 0)
        return result < 0 ? result : 1;
    parts->index++; /* it is all there */
    parts->done = 0;
    parts->has_head = false;
    if (parts->index < selection->count)
        return vn_parts_next(parts, writer, next);
    if (selection->count > 1) {
        size_t count = vn_ranges_write_parts_end(text, parts);
        result = vn_body_write(writer, (vn_span) {text, count});
    }
    return result;
}

void vn_parts_advance(vn_parts *parts, uint64_t count)
{
    assert(count <= parts->selection.extents[parts->index].count - parts->done);
    parts->done += count;
}

/* ---- Of bytes in memory ---- */

/* Bytes that are sent in several parts, or more than once. */
struct shared_parts {
    vn_parts parts;
    vn_span body;
    vn_release *release;
    void *context;
    uint32_t references;
};

static void release_shared(void *context)
{
    struct shared_parts *shared = context;
    if (--shared->references > 0)
        return;
    if (shared->release != NULL)
        shared->release(shared->context);
    free(shared);
}

static int32_t produce_shared(void *context, vn_body_writer *writer)
{
    struct shared_parts *shared = context;
    vn_extent next;
    int32_t result = vn_parts_next(&shared->parts, writer, &next);
    if (result < 1)
        return result < 0 ? result : VN_PRODUCE_DONE;
    shared->references++;
    result = vn_body_write_shared(writer, (vn_span) {shared->body.bytes + next.at, next.count},
                                  release_shared, shared);
    if (result < 0)
        return result;
    vn_parts_advance(&shared->parts, next.count);
    return VN_PRODUCE_MORE;
}

static int32_t send_several(struct vn_response *response, vn_span content_type,
                            struct shared_parts *shared)
{
    return vn_response_stream(response, vn_parts_type(&shared->parts, content_type),
                              (int64_t) shared->parts.length, produce_shared, release_shared,
                              shared);
}

int32_t vn_response_send_parts(vn_response *response, const vn_validators *validators,
                               vn_span content_type, vn_span body, vn_release *release,
                               void *context)
{
    vn_parts parts;
    int32_t verdict = vn_response_select(response, validators, content_type, body.count, &parts);
    if (verdict == VN_PERFORM && parts.selection.count == 1) {
        const vn_extent *extent = &parts.selection.extents[0];
        return vn_response_send_shared(response, content_type,
                                       (vn_span) {body.bytes + extent->at, extent->count}, release,
                                       context);
    }
    struct shared_parts *shared = verdict == VN_PERFORM ? malloc(sizeof *shared) : NULL;
    if (shared != NULL) {
        *shared = (struct shared_parts) {parts, body, release, context, 1};
        return send_several(response, content_type, shared);
    }
    if (release != NULL)
        release(context);
    return verdict == VN_PERFORM ? vn_response_out_of_memory(response) : verdict;
}
