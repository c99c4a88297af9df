// SPDX-License-Identifier: MIT
/* input.h - bytes that a connection could not use yet. */
#ifndef VN_SERVE_INPUT_H
#define VN_SERVE_INPUT_H

#include "../base/base.h"

struct vn_input {
    uint32_t at; /* of the first one that is not used */
    uint32_t count;
    uint32_t capacity;
    uint8_t bytes[];
};

/* Append to what waits, or begin it where `*input` is NULL. Returns false when memory ran out. */
bool vn_input_append(struct vn_input **input, const uint8_t *bytes, size_t count);

/* `*input` is NULL afterwards. */
void vn_input_free(struct vn_input **input);

#endif
