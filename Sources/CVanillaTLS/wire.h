// SPDX-License-Identifier: MIT
/* wire.h - records on their way to one client, in blocks that stay where they are until they are
 * sent. A worker keeps a few empty ones. */
#ifndef VN_TLS_WIRE_H
#define VN_TLS_WIRE_H

#include <openssl/bio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/base.h"

enum {
    VN_TLS_VECTORS = 4, /* blocks in one send */
    /* Room for the records of a small answer, and for those of much. */
    VN_TLS_BLOCK_SMALL = 4096 - 192,
    VN_TLS_BLOCK_LARGE = 4 * (16384 + 256),
    VN_TLS_SMALL_KEPT = 64,
    VN_TLS_LARGE_KEPT = 8,
};

struct vn_tls_block {
    struct vn_tls_block *next;
    uint32_t at; /* bytes before it were sent */
    uint32_t count; /* bytes written, those included */
    uint32_t capacity;
    /* Of a send that begins with this block: an idle connection has none of it. */
    struct msghdr message;
    struct iovec vectors[VN_TLS_VECTORS];
    uint8_t bytes[];
};

struct vn_tls_blocks {
    struct vn_tls_block *small, *large;
    uint32_t small_count, large_count;
};

/* Zeroed, it is empty. */
struct vn_tls_wire {
    struct vn_tls_block *first, *last;
    size_t count; /* bytes that are not sent */
};

void vn_tls_blocks_free(struct vn_tls_blocks *blocks);

/* Have room for `count` bytes in one block. Returns false when memory ran out. */
bool vn_tls_wire_reserve(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, size_t count);

/* Append a copy. Bytes that the ring reads stay where they are. Returns false when memory ran
 * out. */
bool vn_tls_wire_put(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, const void *bytes,
                     size_t count);

/* What is to be sent first, of a wire that is not empty. It stays until those bytes were sent. */
const struct msghdr *vn_tls_wire_message(struct vn_tls_wire *wire);

/* So many bytes of that were sent. */
void vn_tls_wire_sent(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks, size_t count);

void vn_tls_wire_clear(struct vn_tls_wire *wire, struct vn_tls_blocks *blocks);

#endif
