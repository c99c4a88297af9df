// SPDX-License-Identifier: MIT
/* file_body.c - a file as the body of an answer: read ahead by one piece, as the client takes the
 * one before. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../include/vn_file.h"
#include "../loop/file.h"
#include "remote.h"
#include "response.h"

struct file_body {
    vn_parts parts;
    vn_file_facts facts; /* when it was opened */
    struct vn_worker *worker;
    vn_handle handle;
    struct vn_file *file; /* NULL: it has ended */
    struct vn_file_chunk *chunk; /* being read, or read and not written; NULL: none */
    int64_t failure; /* -errno: it cannot be read */
    bool is_reading;
    bool is_released; /* by its exchange */
};

static void body_free(struct file_body *body)
{
    vn_file_chunk_give(body->chunk);
    vn_trim_later(&body->worker->trim);
    free(body);
}

/* ---- Reading ---- */

static void note_read(struct file_body *body, int64_t result)
{
    body->is_reading = false;
    if (result > 0)
        body->chunk->count = (uint32_t) result;
    else
        body->failure = result < 0 ? result : -ESTALE; /* it has become shorter */
}

static void body_read(void *context, int64_t result)
{
    struct file_body *body = context;
    note_read(body, result);
    vn_remote_resume(body->handle);
}

static void body_ended(void *context)
{
    struct file_body *body = context;
    body->file = NULL;
    body->failure = -ECANCELED;
    if (body->is_released)
        body_free(body);
}

static const struct vn_file_calls body_calls = {.read = body_read, .ended = body_ended};

/* Read the bytes of `next`, as many as a piece has. */
static void begin_read(struct file_body *body, const vn_extent *next)
{
    if ((body->chunk = vn_file_chunk_take(&body->worker->file_chunks)) == NULL) {
        body->failure = -ENOMEM;
        return;
    }
    body->is_reading = true;
    int64_t result =
        vn_file_begin_read(body->file, body->chunk->bytes,
                           (uint32_t) vn_smaller(next->count, VN_FILE_CHUNK_SIZE), next->at);
    if (result != -EINPROGRESS)
        note_read(body, result);
}

/* Whether what was read is of the file that the head is about. That it lost a name, as one that was
 * replaced, changes it without changing its bytes; else that is a sign of a time that was set
 * back. */
static bool is_unchanged(const struct file_body *body)
{
    vn_file_facts now;
    return vn_file_look(vn_file_descriptor(body->file), &now) == 0 &&
           now.size == body->facts.size && now.modified == body->facts.modified &&
           (now.changed == body->facts.changed || now.links != body->facts.links);
}

/* ---- Writing ---- */

static int32_t write_chunk(struct file_body *body, vn_body_writer *writer)
{
    struct vn_file_chunk *chunk = body->chunk;
    body->chunk = NULL;
    if (!is_unchanged(body)) {
        vn_file_chunk_give(chunk);
        return -ESTALE;
    }
    vn_parts_advance(&body->parts, chunk->count);
    return vn_body_write_shared(writer, (vn_span) {chunk->bytes, chunk->count}, vn_file_chunk_give,
                                chunk);
}

static int32_t produce(void *context, vn_body_writer *writer)
{
    struct file_body *body = context;
    vn_extent next;
    int32_t result = vn_parts_next(&body->parts, writer, &next);
    if (result < 1)
        return result < 0 ? result : VN_PRODUCE_DONE;
    if (body->chunk == NULL && body->failure == 0)
        begin_read(body, &next);
    if (body->failure < 0)
        return (int32_t) body->failure;
    if (body->is_reading)
        return VN_PRODUCE_WAIT;
    result = write_chunk(body, writer);
    if (result < 0)
        return result;
    result = vn_parts_next(&body->parts, writer, &next);
    if (result < 1)
        return result < 0 ? result : VN_PRODUCE_DONE;
    begin_read(body, &next); /* while the client takes this one */
    return VN_PRODUCE_MORE;
}

static void release(void *context)
{
    struct file_body *body = context;
    body->is_released = true;
    if (body->file == NULL)
        body_free(body);
    else
        vn_file_close(body->file);
}

/* ---- The answer ---- */

int32_t vn_response_send_file(vn_response *response, const vn_validators *validators,
                              vn_span content_type, int32_t fd, const vn_file_facts *facts)
{
    struct vn_worker *worker = response->worker;
    int32_t error = -ENOMEM;
    struct file_body *body = vn_response_is_unanswered(response) ? malloc(sizeof *body) : NULL;
    if (body == NULL) {
        close(fd);
        return vn_response_is_unanswered(response) ? error : vn_response_refusal(response);
    }
    *body = (struct file_body) {.facts = *facts, .worker = worker};
    body->file = vn_file_open(&worker->loop, fd, &body_calls, body, &error);
    if (body->file == NULL) {
        free(body);
        return error;
    }
    int32_t verdict =
        vn_response_select(response, validators, content_type, facts->size, &body->parts);
    if (verdict != VN_PERFORM) {
        release(body);
        return verdict;
    }
    body->handle = vn_response_handle(response);
    return vn_response_stream(response, vn_parts_type(&body->parts, content_type),
                              (int64_t) body->parts.length, produce, release, body);
}
