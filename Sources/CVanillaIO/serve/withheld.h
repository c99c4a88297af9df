// SPDX-License-Identifier: MIT
/* withheld.h - an answer that is sent when the detached call that gave it ends. */
#ifndef VN_SERVE_WITHHELD_H
#define VN_SERVE_WITHHELD_H

#include <stdbool.h>

#include "../include/vn_response.h"

struct vn_withheld {
    bool is_set;
    vn_span content_type; /* in `memory` */
    vn_span body; /* in `memory`, or the user's until it is released */
    uint8_t *memory; /* NULL: none was needed */
    vn_release *release; /* NULL: nothing to release */
    void *context;
};

/* Keep an answer, its body copied. Returns 0 or -ENOMEM. */
int32_t vn_withheld_copy(struct vn_withheld *withheld, vn_span content_type, vn_span body);

/* Keep an answer whose body stays where it is until `release` is called with `context`. Returns 0,
 * or -ENOMEM after the call of `release`. */
int32_t vn_withheld_share(struct vn_withheld *withheld, vn_span content_type, vn_span body,
                          vn_release *release, void *context);

/* Forget the answer, and release its body. */
void vn_withheld_drop(struct vn_withheld *withheld);

#endif
