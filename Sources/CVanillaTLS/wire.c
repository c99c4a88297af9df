// SPDX-License-Identifier: MIT
#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* ---- Blocks ---- */

static struct vn_tls_block *block_take(struct vn_tls_blocks *blocks, size_t count)
{
    bool is_large = count > VN_TLS_BLOCK_SMALL;
    struct vn_tls_block **list = is_large ? &blocks->large : &blocks->small;
    size_t capacity = is_large ? VN_TLS_BLOCK_LARGE : VN_TLS_BLOCK_SMALL;
    struct vn_tls_block *block = *list;
    if (block != NULL) {
        *list = block->next;
        *(is_large ? &blocks->large_count : &blocks->small_count) -= 1;
    } else if ((block = malloc(sizeof *block + capacity)) == NULL)
        return NULL;
    block->next = NULL;
    block->at = 0;
    block->count = 0;
    block->capacity = (uint32_t) capacity;
    return block;
}

static void block_give(struct vn_tls_blocks *blocks, struct vn_tls_block *block)
{
    bool is_large = block->capacity > VN_TLS_BLOCK_SMALL;
    uint32_t *count = is_large ? &blocks->large_count : &blocks->small_count;
    struct vn_tls_block **list = is_large ? &blocks->large : &blocks->small;
    if (*count == (is_large ? VN_TLS_LARGE_KEPT : VN_TLS_SMALL_KEPT)) {
        free(block);
        return;
    }
    block->next = *list;
    *list = block;
    *count += 1;
}

static void list_free(struct vn_tls_block *block)
{
    while (block != NULL) {
        struct vn_tls_block *next = block->next;
        free(block);
        block = next;
    }
}

void vn_tls_blocks_free(struct vn_tls_blocks *blocks)
{
    list_free(blocks->small);
    list_free(blocks->large);
    *blocks = (struct vn_tls_blocks) {0};
}

/* ---- The wire ---- */

bool vn_tls_wire_reserve(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, size_t count)
{
    struct vn_tls_block *last = wire->last;
    if (last != NULL && last->capacity - last->count >= vn_smaller(count, VN_TLS_BLOCK_LARGE))
        return true;
    struct vn_tls_block *block = block_take(blocks, count);
    if (block == NULL)
        return false;
    *(last == NULL ? &wire->first : &last->next) = block;
    wire->last = block;
    return true;
}

bool vn_tls_wire_put(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, const void *bytes,
                     size_t count)
{
    const uint8_t *from = bytes;
    while (count > 0) {
        struct vn_tls_block *last = wire->last;
        if ((last == NULL || last->count == last->capacity) &&
            !vn_tls_wire_reserve(wire, blocks, count))
            return false;
        last = wire->last;
        size_t some = vn_smaller(count, last->capacity - last->count);
        memcpy(last->bytes + last->count, from, some);
        last->count += (uint32_t) some;
        wire->count += some;
        from += some;
        count -= some;
    }
    return true;
}

const struct msghdr *vn_tls_wire_message(struct vn_tls_wire *wire)
{
    struct vn_tls_block *first = wire->first;
    size_t count = 0;
    for (struct vn_tls_block *block = first; block != NULL && count < VN_TLS_VECTORS;
         block = block->next)
        if (block->count > block->at)
            first->vectors[count++] =
                (struct iovec) {block->bytes + block->at, block->count - block->at};
    first->message = (struct msghdr) {.msg_iov = first->vectors, .msg_iovlen = count};
    return &first->message;
}

void vn_tls_wire_sent(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, size_t count)
{
    assert(count <= wire->count);
    wire->count -= count;
    while (wire->first != NULL) {
        struct vn_tls_block *block = wire->first;
        size_t some = vn_smaller(count, block->count - block->at);
        block->at += (uint32_t) some;
        count -= some;
        if (block->at < block->count)
            return;
        wire->first = block->next;
        if (wire->first == NULL)
            wire->last = NULL;
        block_give(blocks, block);
    }
}

void vn_tls_wire_clear(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks)
{
    vn_tls_wire_sent(wire, blocks, wire->count);
}
