// SPDX-License-Identifier: MIT
#include "input.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 512 }; /* bytes of the first allocation */

static size_t used(const struct vn_input *input)
{
    return input == NULL ? 0 : input->count;
}

/* Returns false when memory ran out. */
static bool grow(struct vn_input **input, size_t count)
{
    size_t capacity = *input == NULL ? CAPACITY_MIN : (size_t) (*input)->capacity * 2;
    while (capacity < used(*input) + count)
        capacity *= 2;
    struct vn_input *grown = realloc(*input, sizeof *grown + capacity);
    if (grown == NULL)
        return false;
    if (*input == NULL)
        *grown = (struct vn_input) {0};
    grown->capacity = (uint32_t) capacity;
    *input = grown;
    return true;
}

bool vn_input_append(struct vn_input **input, const uint8_t *bytes, size_t count)
{
    struct vn_input *before = *input;
    if (before != NULL && before->at > 0) {
        memmove(before->bytes, before->bytes + before->at, before->count - before->at);
        before->count -= before->at;
        before->at = 0;
    }
    if ((before == NULL || count > before->capacity - before->count) && !grow(input, count))
        return false;
    memcpy((*input)->bytes + (*input)->count, bytes, count);
    (*input)->count += (uint32_t) count;
    return true;
}

void vn_input_free(struct vn_input **input)
{
    free(*input);
    *input = NULL;
}
