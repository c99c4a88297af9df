// SPDX-License-Identifier: MIT
#include "file_chunk.h"

#include <stdlib.h>

struct vn_file_chunk *vn_file_chunk_take(struct vn_file_chunks *chunks)
{
    struct vn_file_chunk *chunk = chunks->first;
    if (chunk == NULL) {
        if ((chunk = malloc(sizeof *chunk)) != NULL)
            chunk->owner = chunks;
        return chunk;
    }
    chunks->first = chunk->next;
    chunks->count--;
    return chunk;
}

void vn_file_chunk_give(void *context)
{
    struct vn_file_chunk *chunk = context;
    if (chunk == NULL)
        return;
    struct vn_file_chunks *chunks = chunk->owner;
    if (chunks->count == VN_FILE_CHUNKS_KEPT) {
        free(chunk);
        return;
    }
    chunk->next = chunks->first;
    chunks->first = chunk;
    chunks->count++;
}

void vn_file_chunks_close(struct vn_file_chunks *chunks)
{
    struct vn_file_chunk *chunk;
    while ((chunk = chunks->first) != NULL) {
        chunks->first = chunk->next;
        free(chunk);
    }
    chunks->count = 0;
}
