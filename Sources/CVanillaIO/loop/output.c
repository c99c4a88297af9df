// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void block_release(void *context)
{
    struct vn_block *block = context;
    if (--block->references > 0)
        return;

    struct vn_writer *writer = block->writer;
    if (block->capacity != VN_BLOCK_SIZE || writer->block_count == VN_BLOCKS_KEPT) {
        free(block);
        return;
    }
    block->next = writer->blocks;
    writer->blocks = block;
    writer->block_count++;
}

static struct vn_block *block_take(struct vn_writer *writer, size_t count)
{
    struct vn_block *block = writer->blocks;
    if (block != NULL && count <= VN_BLOCK_SIZE) {
        writer->blocks = block->next;
        writer->block_count--;
    } else {
        size_t capacity = count > VN_BLOCK_SIZE ? count : VN_BLOCK_SIZE;
        if (capacity > UINT32_MAX - sizeof(struct vn_block))
            return NULL;
        block = malloc(sizeof(struct vn_block) + capacity);
        if (block == NULL)
            return NULL;
        block->capacity = (uint32_t) capacity;
    }
    block->writer = writer;
    block->references = 1;
    block->used = 0;
    return block;
}

vn_cold static uint8_t *reserve_in_new_block(struct vn_writer *writer, size_t count)
{
    struct vn_block *block = block_take(writer, count);
    if (block == NULL)
        return NULL;
    if (writer->current != NULL)
        block_release(writer->current);
    writer->current = block;
    return block->bytes;
}

uint8_t *vn_writer_reserve(struct vn_writer *writer, size_t count)
{
    struct vn_block *block = writer->current;
    if (vn_unlikely(block == NULL))
        return reserve_in_new_block(writer, count);
    if (block->references == 1) /* all that was written to it is sent */
        block->used = 0;
    if (vn_unlikely(count > block->capacity - block->used))
        return reserve_in_new_block(writer, count);
    return block->bytes + block->used;
}

uint8_t *vn_writer_extend(struct vn_writer *writer, size_t used, size_t count)
{
    struct vn_block *before = writer->current;
    uint8_t *written = before->bytes + before->used;
    before->references++;
    uint8_t *room = vn_writer_reserve(writer, count);
    if (room != NULL && room != written)
        memcpy(room, written, used);
    block_release(before);
    return room;
}

void vn_writer_close(struct vn_writer *writer)
{
    if (writer->current != NULL)
        block_release(writer->current);
    for (struct vn_block *block = writer->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    for (struct vn_output *output = writer->outputs, *next; output != NULL; output = next) {
        next = output->next;
        free(output);
    }
    *writer = (struct vn_writer) {0};
}

struct vn_output *vn_output_take(struct vn_writer *writer)
{
    struct vn_output *output = writer->outputs;
    if (output != NULL) {
        writer->outputs = output->next;
        writer->output_count--;
        return output;
    }
    output = malloc(sizeof *output);
    if (output == NULL)
        return NULL;
    *output = (struct vn_output) {.capacity = VN_OUTPUT_FEW};
    output->vectors = output->few_vectors;
    output->pieces = output->few_pieces;
    return output;
}

/* Give back the arrays of an output that had many pieces. */
static void output_shrink(struct vn_output *output)
{
    if (output->vectors == output->few_vectors)
        return;
    free(output->vectors);
    free(output->pieces);
    output->vectors = output->few_vectors;
    output->pieces = output->few_pieces;
    output->capacity = VN_OUTPUT_FEW;
}

/* What was not sent is released. */
vn_cold static void output_clear(struct vn_output *output)
{
    for (uint32_t i = output->first; i < output->count; i++)
        if (output->pieces[i].release != NULL)
            output->pieces[i].release(output->pieces[i].context);
    output->first = 0;
    output->count = 0;
    output->unsent = 0;
    output->held = 0;
    output->held_count = 0;
    output->cut = 0;
    output->is_sending = false;
    output->holds = false;
}

void vn_output_give(struct vn_writer *writer, struct vn_output *output)
{
    if (vn_unlikely(output->count > 0 || output->holds || output->is_sending))
        output_clear(output);
    output_shrink(output);
    assert(output->marks == NULL);
    output->sent = 0;

    if (writer->output_count == VN_BLOCKS_KEPT) {
        free(output);
        return;
    }
    output->next = writer->outputs;
    writer->outputs = output;
    writer->output_count++;
}

/* Make room for one more piece: first by forgetting those sent, then by growing. The ring reads
 * `message`, so that is kept true while a send is under way. */
vn_cold static int32_t output_grow(struct vn_output *output)
{
    uint32_t live = output->count - output->first;
    if (output->first > 0) {
        memmove(output->vectors, output->vectors + output->first, live * sizeof *output->vectors);
        memmove(output->pieces, output->pieces + output->first, live * sizeof *output->pieces);
    } else {
        uint32_t capacity = output->capacity * 4;
        struct iovec *vectors = malloc(capacity * sizeof *vectors);
        struct vn_piece *pieces = malloc(capacity * sizeof *pieces);
        if (vectors == NULL || pieces == NULL) {
            free(vectors);
            free(pieces);
            return -ENOMEM;
        }
        memcpy(vectors, output->vectors, live * sizeof *vectors);
        memcpy(pieces, output->pieces, live * sizeof *pieces);
        output_shrink(output);
        output->vectors = vectors;
        output->pieces = pieces;
        output->capacity = capacity;
    }
    output->first = 0;
    output->count = live;
    output->message.msg_iov = output->vectors;
    return 0;
}

static int32_t output_append(struct vn_output *output, const uint8_t *bytes, size_t count,
                             vn_release *release, void *context)
{
    if (vn_unlikely(output->count == output->capacity) && output_grow(output) < 0)
        return -ENOMEM;
    output->vectors[output->count] = (struct iovec) {(void *) (uintptr_t) bytes, count};
    output->pieces[output->count] = (struct vn_piece) {release, context};
    output->count++;
    if (vn_unlikely(output->holds)) {
        output->held += count;
        output->held_count++;
    } else
        output->unsent += count;
    return 0;
}

int32_t vn_output_commit(struct vn_output *output, struct vn_writer *writer, size_t count)
{
    struct vn_block *block = writer->current;
    uint8_t *bytes = block->bytes + block->used;
    assert(count <= block->capacity - block->used);

    /* Growing the last piece is right even while it is being sent: SENT tells how much of it went.
     * Not where it may not leave. */
    if (output->count > output->first && vn_likely(!output->holds)) {
        struct iovec *last = &output->vectors[output->count - 1];
        if (output->pieces[output->count - 1].context == block &&
            (uint8_t *) last->iov_base + last->iov_len == bytes) {
            last->iov_len += count;
            output->unsent += count;
            block->used += (uint32_t) count;
            return 0;
        }
    }
    if (output_append(output, bytes, count, block_release, block) < 0)
        return -ENOMEM;
    block->references++;
    block->used += (uint32_t) count;
    return 0;
}

int32_t vn_output_refer(struct vn_output *output, vn_span bytes, vn_release *release, void *context)
{
    int32_t appended =
        bytes.count == 0 ? 0 : output_append(output, bytes.bytes, bytes.count, release, context);
    if ((appended < 0 || bytes.count == 0) && release != NULL)
        release(context);
    return appended;
}

/* ---- From one output to another ---- */

/* A piece that lies in two outputs, or two parts of one. */
struct shared_piece {
    struct vn_piece piece;
    uint32_t references;
};

static void shared_release(void *context)
{
    struct shared_piece *shared = context;
    if (--shared->references > 0)
        return;
    if (shared->piece.release != NULL)
        shared->piece.release(shared->piece.context);
    free(shared);
}

/* Have one more who releases a piece. Returns 0 or -ENOMEM. */
static int32_t piece_retain(struct vn_piece *piece)
{
    if (piece->release == block_release)
        ((struct vn_block *) piece->context)->references++;
    else if (piece->release == shared_release)
        ((struct shared_piece *) piece->context)->references++;
    else if (piece->release != NULL) {
        struct shared_piece *shared = malloc(sizeof *shared);
        if (shared == NULL)
            return -ENOMEM;
        *shared = (struct shared_piece) {*piece, 2};
        *piece = (struct vn_piece) {shared_release, shared};
    }
    return 0;
}

int32_t vn_output_move(struct vn_output *output, struct vn_output *from, size_t count)
{
    assert(!from->holds && !from->is_sending && count <= from->unsent);
    while (count > 0) {
        struct iovec *vector = &from->vectors[from->first];
        struct vn_piece *piece = &from->pieces[from->first];
        size_t part = vn_smaller(count, vector->iov_len);
        bool is_whole = part == vector->iov_len;
        if (!is_whole && piece_retain(piece) < 0)
            return -ENOMEM;
        if (output_append(output, vector->iov_base, part, piece->release, piece->context) < 0) {
            if (!is_whole && piece->release != NULL)
                piece->release(piece->context);
            return -ENOMEM;
        }
        *vector = (struct iovec) {(uint8_t *) vector->iov_base + part, vector->iov_len - part};
        from->first += is_whole;
        from->unsent -= part;
        count -= part;
    }
    if (from->first == from->count)
        from->first = from->count = 0;
    return 0;
}

/* ---- Holding back ---- */

void vn_output_let_go(struct vn_output *output)
{
    output->unsent += output->held;
    output->held = 0;
    output->held_count = 0;
    output->holds = false;
}

void vn_output_drop_held(struct vn_output *output, size_t at, size_t count)
{
    struct iovec *vector = &output->vectors[output->count - output->held_count];
    uint8_t *bytes = vector->iov_base;
    assert(output->held_count > 0 && at + count <= vector->iov_len);
    memmove(bytes + count, bytes, at);
    *vector = (struct iovec) {bytes + count, vector->iov_len - count};
    output->held -= count;
}

static bool is_copy(const struct vn_piece *piece)
{
    if (piece->release == shared_release)
        return ((const struct shared_piece *) piece->context)->piece.release == free;
    return piece->release == block_release || piece->release == free;
}

uint64_t vn_output_copied(const struct vn_output *output)
{
    uint64_t sum = 0;
    for (uint32_t i = output->first; i < output->count; i++)
        if (is_copy(&output->pieces[i]))
            sum += output->vectors[i].iov_len;
    return sum;
}

void vn_output_mark(struct vn_output *output, struct vn_mark *mark)
{
    mark->next = NULL;
    mark->at = output->sent + output->unsent + output->held;
    *(output->marks == NULL ? &output->marks : &output->last_mark->next) = mark;
    output->last_mark = mark;
    output->marked += mark->size;
}

struct vn_mark *vn_output_take_mark(struct vn_output *output)
{
    struct vn_mark *mark = output->marks;
    output->marks = mark->next;
    output->marked -= mark->size;
    return mark;
}

/* A size_t with glibc, an int elsewhere. */
typedef __typeof__(((struct msghdr *) NULL)->msg_iovlen) vector_count;

/* As many of the first unsent bytes as one send may have. The last piece is short until it was
 * sent. */
vn_cold static void cut_message(struct vn_output *output)
{
    struct msghdr *message = &output->message;
    size_t most = vn_smaller(output->unsent, VN_OUTPUT_SEND_MAX), count = 0, sum = 0;
    while (count < (size_t) message->msg_iovlen && sum < most)
        sum += message->msg_iov[count++].iov_len;
    message->msg_iovlen = (vector_count) count;
    if (sum <= most)
        return;
    output->cut = sum - most;
    message->msg_iov[count - 1].iov_len -= output->cut;
}

void vn_output_prepare(struct vn_output *output)
{
    uint32_t count = output->count - output->held_count - output->first;
    output->message = (struct msghdr) {
        .msg_iov = output->vectors + output->first,
        .msg_iovlen = (vector_count) (count < VN_OUTPUT_VECTORS ? count : VN_OUTPUT_VECTORS),
    };
    assert(output->cut == 0);
    if (vn_unlikely(output->unsent > VN_OUTPUT_SEND_MAX))
        cut_message(output);
}

void vn_output_sent(struct vn_output *output, size_t count)
{
    assert(count <= output->unsent);
    output->unsent -= count;
    output->sent += count;
    if (vn_unlikely(output->cut > 0)) {
        output->vectors[output->first + (uint32_t) output->message.msg_iovlen - 1].iov_len +=
            output->cut;
        output->cut = 0;
    }
    while (output->first < output->count) {
        struct iovec *vector = &output->vectors[output->first];
        if (count < vector->iov_len) {
            vector->iov_base = (uint8_t *) vector->iov_base + count;
            vector->iov_len -= count;
            return;
        }
        count -= vector->iov_len;
        struct vn_piece *piece = &output->pieces[output->first++];
        if (piece->release != NULL)
            piece->release(piece->context);
    }
    output->first = 0;
    output->count = 0;
}
