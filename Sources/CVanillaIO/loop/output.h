// SPDX-License-Identifier: MIT
/* output.h - bytes on their way to one client: pieces in order, each copied into a shared block or
 * held by reference.
 *
 * All connections of a thread write into the same current block, one after the other, so that the
 * bytes of a whole turn lie together and a block is warm when it is used again. One thread owns all
 * of it. */
#ifndef VN_LOOP_OUTPUT_H
#define VN_LOOP_OUTPUT_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "../base/base.h"
#include "../include/vn_response.h"
#include "stall.h"

enum {
    VN_BLOCK_SIZE = 16 * 1024 - 64,
    /* empty blocks and outputs that are kept; more go back to the allocator */
    VN_BLOCKS_KEPT = 64,
    VN_OUTPUT_FEW = 6, /* pieces that need no memory of their own */
    VN_OUTPUT_VECTORS = 64, /* pieces in one send */
    /* bytes in one send: a socket's buffer may take megabytes, and all others would wait for the
     * copy */
    VN_OUTPUT_SEND_MAX = 128 * 1024,
};

struct vn_block {
    struct vn_block *next;
    struct vn_writer *writer;
    uint32_t references; /* pieces in it, and one from the writer that fills it */
    uint32_t used;
    uint32_t capacity;
    uint32_t reserved;
    uint8_t bytes[];
};

/* Who is told when a piece was sent. */
struct vn_piece {
    vn_release *release;
    void *context;
};

/* Who is to know when the bytes that were appended so far have been sent. */
struct vn_mark {
    struct vn_mark *next;
    uint64_t at; /* vn_output.sent then */
    size_t size; /* bytes of memory that wait with it */
};

struct vn_output {
    struct vn_output *next;
    struct msghdr message; /* what the ring sends */
    uint64_t unsent; /* bytes that may leave */
    uint64_t held; /* bytes after those that may not: vn_output_hold */
    uint64_t cut; /* bytes of the last piece in `message` that are for the next send */
    struct vn_stall stall;
    uint64_t sent; /* bytes, since it was taken */
    struct vn_mark *marks; /* in the order of their bytes; NULL: none */
    struct vn_mark *last_mark;
    size_t marked; /* bytes of memory that wait with them */
    uint32_t first; /* pieces before it were sent */
    uint32_t count; /* pieces, those sent included */
    uint32_t capacity;
    uint32_t held_count; /* the last pieces, which are held */
    bool is_sending;
    bool holds;
    struct iovec *vectors;
    struct vn_piece *pieces;
    struct iovec few_vectors[VN_OUTPUT_FEW];
    struct vn_piece few_pieces[VN_OUTPUT_FEW];
};

/* A thread's stock of both. */
struct vn_writer {
    struct vn_block *current;
    struct vn_block *blocks;
    struct vn_output *outputs;
    uint32_t block_count;
    uint32_t output_count;
};

void vn_writer_close(struct vn_writer *writer);

/* Room for `count` bytes in a row, in the current block or a new one; `count` may be above
 * VN_BLOCK_SIZE. NULL when memory ran out. The room is taken by vn_output_commit, or given up by
 * reserving again. */
uint8_t *vn_writer_reserve(struct vn_writer *writer, size_t count);

/* Reserve again, for `count` bytes of which the first `used` were already written: they come along.
 * NULL when memory ran out, and what was written is still there. */
uint8_t *vn_writer_extend(struct vn_writer *writer, size_t used, size_t count);

/* How many bytes follow in the room that was just reserved. */
static inline size_t vn_writer_room(const struct vn_writer *writer)
{
    return writer->current->capacity - writer->current->used;
}

/* An empty output, or NULL when memory ran out. */
struct vn_output *vn_output_take(struct vn_writer *writer);

/* Give it back; what was not sent is released. */
void vn_output_give(struct vn_writer *writer, struct vn_output *output);

/* Append the `count` bytes that were written to reserved room. Returns 0 or -ENOMEM. */
int32_t vn_output_commit(struct vn_output *output, struct vn_writer *writer, size_t count);

/* Append bytes by reference. `release` (may be NULL) is called when they were sent or given up, and
 * also on failure. Returns 0 or -ENOMEM. */
int32_t vn_output_refer(struct vn_output *output, vn_span bytes, vn_release *release,
                        void *context);

/* Move the first `count` unsent bytes of another output, which is not being sent, to the end of
 * this one, by reference. Returns 0, or -ENOMEM when a part of them may have been moved. */
int32_t vn_output_move(struct vn_output *output, struct vn_output *from, size_t count);

/* Hold back what is appended from here on, in pieces of its own. */
static inline void vn_output_hold(struct vn_output *output)
{
    output->holds = true;
}

/* What was held may leave. */
void vn_output_let_go(struct vn_output *output);

/* Take `count` bytes out of the first held piece, which was written by vn_output_commit: those
 * after the first `at`. */
void vn_output_drop_held(struct vn_output *output, size_t at, size_t count);

/* Bytes in it that are a copy made for this client alone. What is sent by reference may be the same
 * for thousands. */
uint64_t vn_output_copied(const struct vn_output *output);

/* Remember who is to know when all that is in it now has been sent. */
void vn_output_mark(struct vn_output *output, struct vn_mark *mark);

/* Forget the first of the marks, which there are. */
struct vn_mark *vn_output_take_mark(struct vn_output *output);

/* Make `message` name the first unsent bytes. */
void vn_output_prepare(struct vn_output *output);

/* `count` bytes more were sent. */
void vn_output_sent(struct vn_output *output, size_t count);

#endif
