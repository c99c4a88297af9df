// SPDX-License-Identifier: MIT
#include "unread.h"

#include <stdlib.h>

uint64_t vn_unread_of_process;

vn_cold void vn_unread_plan(struct vn_unread *unread, struct vn_loop *loop, uint32_t after)
{
    unread->is_planned = true;
    vn_wheel_set(&loop->wheel, &unread->entry.timeout, loop->now + after);
}

uint64_t vn_unread_share(struct vn_unread *unread, uint64_t bytes)
{
    uint64_t more = bytes - unread->bytes;
    unread->bytes = bytes;
    return __atomic_add_fetch(unread->sum, more, __ATOMIC_RELAXED);
}

/* ---- What was seen ---- */

static void forget(struct vn_unread *unread)
{
    free(unread->seen);
    unread->seen = NULL;
    unread->capacity = 0;
}

void vn_unread_remember(struct vn_unread *unread, bool is_much, uint32_t count)
{
    if (!is_much) {
        forget(unread);
        return;
    }
    if (count <= unread->capacity)
        return;
    uint32_t capacity = 2 * count;
    struct vn_seen *grown = realloc(unread->seen, capacity * sizeof *grown);
    if (grown == NULL) {
        forget(unread);
        return;
    }
    for (uint32_t i = unread->capacity; i < capacity; i++)
        grown[i] = (struct vn_seen) {0};
    unread->seen = grown;
    unread->capacity = capacity;
}

void vn_unread_note(struct vn_seen *seen, const struct vn_seen *look, uint64_t now)
{
    bool is_known = seen->generation == look->generation && seen->bytes > 0;
    bool is_stalled = is_known && !look->is_postponed && look->taken <= seen->taken;
    uint64_t since = is_stalled ? seen->since : now;
    *seen = *look;
    seen->since = since;
}

/* ---- Who goes ---- */

/* Of those that were seen first by the same look, the one goes first to which nothing could be sent
 * for longest. */
static int compare(const void *a, const void *b)
{
    const struct vn_stalled *first = a, *second = b;
    if (first->since != second->since)
        return first->since < second->since ? -1 : 1;
    if (first->sent != second->sent)
        return first->sent < second->sent ? -1 : 1;
    return 0;
}

struct vn_stalled *vn_unread_choose(const struct vn_seen *seen, uint32_t *count, uint64_t until,
                                    uint64_t bytes)
{
    uint32_t slots = *count, found = 0;
    uint64_t sum = 0;
    *count = 0;
    struct vn_stalled *stalled = malloc(slots * sizeof *stalled);
    if (stalled == NULL)
        return NULL;
    for (uint32_t i = 0; i < slots; i++)
        if (seen[i].bytes > 0 && seen[i].since <= until)
            stalled[found++] = (struct vn_stalled) {seen[i].since, seen[i].sent, seen[i].bytes, i};
    qsort(stalled, found, sizeof *stalled, compare);
    while (*count < found && sum < bytes)
        sum += stalled[(*count)++].bytes;
    if (*count > 0)
        return stalled;
    free(stalled);
    return NULL;
}
