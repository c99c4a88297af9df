// SPDX-License-Identifier: MIT
/* kind.h - what a source of a loop is: the calls by which the loop reaches its owner, which it does
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

/* Bytes that are fetched before a turn: of the slot, of the memory that it points to, and of what
 * that begins with a pointer to. Thousands that get the same event are in no cache. Constants,
 * since these are a few loads for each of them. */
enum {
    VN_WARM_SIZE = 3 * VN_CACHE_LINE,
    VN_AHEAD_SIZE = 72,
    VN_BEYOND_SIZE = 96,
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

    /* Where in its slot a pointer to more memory stands that its turn needs, which may be NULL; 0:
     * there is none. It is fetched while the turns before are under way: see VN_WARM_SIZE. */
    size_t ahead_at;
};

/* A source that can go on without an event and has a deadline. The first member of its slot. In the
 * order in which a turn needs it: one line of the cache, and half of the next. */
struct vn_entry {
    struct vn_source source; /* first: see ring.h */
    struct vn_link ready; /* on one of the loop's lists of sources that go on */
    struct vn_timeout timeout;
};

_Static_assert(offsetof(struct vn_entry, timeout) == VN_CACHE_LINE, "the first line of the cache");

#endif
