// SPDX-License-Identifier: MIT
/* kind.h - what a source of a loop is: the calls by which the loop reaches its owner, whom it does
 * not know. */
#ifndef VN_LOOP_KIND_H
#define VN_LOOP_KIND_H

#include "../base/list.h"
#include "../ring/ring.h"
#include "wheel.h"

/* Steps of a loop's end. */
enum vn_drain {
    VN_DRAIN_BEGIN, /* no new work: end when what is in hand is done */
    VN_DRAIN_OVER, /* the time for that is over: end now what serves clients */
    VN_DRAIN_CLOSE, /* the loop closes: end whatever is left */
};

/* One for each kind of source, constant. All calls are made on the loop's thread. */
struct vn_kind {
    /* Something happened to the source. With VN_ENDED it is the owner's to give back. */
    void (*event)(struct vn_source *source, const struct vn_event *event);
    /* It is its turn on the list of those that are ready. */
    void (*go_on)(struct vn_source *source);
    /* Its deadline was reached. */
    void (*expire)(struct vn_source *source);
    void (*drain)(struct vn_source *source, enum vn_drain step);

    /* Memory that a turn needs, fetched while the turns before it are under way: thousands that get
     * the same event are in no cache. */
    uint16_t warm; /* bytes of the source's slot */
    uint16_t ahead_at; /* where in the slot a pointer to more stands, which may be NULL */
    uint16_t ahead_size; /* bytes there; the first of them are a pointer to yet more */
    uint16_t beyond_size; /* bytes there */
};

/* A source that can go on without an event and has a deadline. The first member of its slot. In the
 * order in which a turn needs it: one line of the cache, and half of the next. */
struct vn_entry {
    struct vn_source source; /* first: see ring.h */
    struct vn_link ready; /* on one of the loop's lists of sources that go on */
    struct vn_timeout timeout;
};

_Static_assert(offsetof(struct vn_entry, timeout) == VN_CACHE_LINE, "the first line of the cache");

static inline struct vn_entry *vn_entry_of(struct vn_source *source)
{
    return vn_holder(source, struct vn_entry, source);
}

#endif
