// SPDX-License-Identifier: MIT
#include "withheld.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Memory for `content_type` and `more` bytes behind it. */
static int32_t take_type(struct vn_withheld *withheld, vn_span content_type, size_t more)
{
    *withheld = (struct vn_withheld) {0};
    if (content_type.count + more == 0)
        return 0;
    withheld->memory = malloc(content_type.count + more);
    if (withheld->memory == NULL)
        return -ENOMEM;
    if (content_type.count > 0)
        memcpy(withheld->memory, content_type.bytes, content_type.count);
    withheld->content_type = (vn_span) {withheld->memory, content_type.count};
    return 0;
}

int32_t vn_withheld_copy(struct vn_withheld *withheld, vn_span content_type, vn_span body)
{
    if (take_type(withheld, content_type, body.count) < 0)
        return -ENOMEM;
    if (body.count > 0)
        memcpy(withheld->memory + content_type.count, body.bytes, body.count);
    if (withheld->memory != NULL)
        withheld->body = (vn_span) {withheld->memory + content_type.count, body.count};
    withheld->is_set = true;
    return 0;
}

int32_t vn_withheld_share(struct vn_withheld *withheld, vn_span content_type, vn_span body,
                          vn_release *release, void *context)
{
    if (take_type(withheld, content_type, 0) < 0) {
        if (release != NULL)
            release(context);
        return -ENOMEM;
    }
    withheld->body = body;
    withheld->release = release;
    withheld->context = context;
    withheld->is_set = true;
    return 0;
}

void vn_withheld_drop(struct vn_withheld *withheld)
{
    if (withheld->release != NULL)
        withheld->release(withheld->context);
    free(withheld->memory);
    *withheld = (struct vn_withheld) {0};
}
