// SPDX-License-Identifier: MIT
/* unread.h - output that clients have not taken, of all loops of the process: how much it is, what
 * was seen of each connection, and which go first where it is too much. Who looks at connections,
 * and ends them, is serve/unread_watch.h. */
#ifndef VN_LOOP_UNREAD_H
#define VN_LOOP_UNREAD_H

#include "loop.h"

enum { VN_UNREAD_LOOK = 100 }; /* milliseconds until what was sent is looked at */

/* What was seen of the connection in a slot. Zeroed: nothing was unread there. */
struct vn_seen {
    uint32_t generation; /* of its source */
    uint64_t bytes; /* unread */
    uint64_t taken; /* bytes that its client had taken of all that it was sent */
    uint64_t sent; /* milliseconds: when the system last took bytes for it */
    uint64_t since; /* milliseconds: when it was first seen that the client takes nothing */
    bool is_postponed; /* what waits does so for this server */
};

/* One that may be ended. */
struct vn_stalled {
    uint64_t since;
    uint64_t sent;
    uint64_t bytes;
    uint32_t index; /* of its slot */
};

struct vn_unread {
    struct vn_entry entry; /* no source of the ring: it has a deadline and nothing else */
    uint64_t *sum; /* bytes that are unread on all loops, as each has seen its part last */
    uint64_t limit; /* bytes, of that sum */
    uint64_t step; /* bytes sent that are worth a look */
    uint64_t bytes; /* of this loop, when it looked last */
    uint64_t looked; /* milliseconds: when that was */
    uint64_t sent_at_look; /* bytes that had been sent by then */
    uint64_t sent_before; /* the same, when a look was last thought of */
    struct vn_seen *seen; /* by slot, while much is unread; else NULL */
    uint32_t capacity; /* of `seen` */
    bool is_planned; /* a look; or there is no limit, and nobody looks */
};

/* The sum of all loops of the process. */
extern uint64_t vn_unread_of_process;

/* Think of a look, in so many milliseconds. */
void vn_unread_plan(struct vn_unread *unread, struct vn_loop *loop, uint32_t after);

/* Output leaves, so what clients have not taken is looked at before long. Answers need not say so:
 * the first one of a second does. */
static inline void vn_unread_expect(struct vn_unread *unread, struct vn_loop *loop)
{
    if (vn_unlikely(!unread->is_planned))
        vn_unread_plan(unread, loop, VN_UNREAD_LOOK);
}

/* So many bytes are unread on this loop. Returns the sum of all loops. */
uint64_t vn_unread_share(struct vn_unread *unread, uint64_t bytes);

/* Have memory for what is seen of `count` slots, or, where that `is_much` no longer, give it back.
 * Without memory `seen` is NULL, and nobody is ended. */
void vn_unread_remember(struct vn_unread *unread, bool is_much, uint32_t count);

/* A look at a connection at the time `now`; in `look` all is set but `since`. */
void vn_unread_note(struct vn_seen *seen, const struct vn_seen *look, uint64_t now);

/* Those of the first `count` slots whose clients have taken nothing at least since `until`, the
 * longest stalled first: as many as have `bytes`. Returns them, to be freed, and in `count` how
 * many they are; NULL where there are none, or no memory. */
struct vn_stalled *vn_unread_choose(const struct vn_seen *seen, uint32_t *count, uint64_t until,
                                    uint64_t bytes);

#endif
