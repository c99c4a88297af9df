// SPDX-License-Identifier: MIT
/* budget.h - how long one turn of a loop may last, so that everybody's turn comes.
 *
 * A turn is over its budget when it has lasted its span, or when as many bytes were given to the
 * ring as one send may have, since the ring may copy them only when the turn is over. Shares of
 * such a turn are smaller. Times are nanoseconds of the monotonic clock. */
#ifndef VN_LOOP_BUDGET_H
#define VN_LOOP_BUDGET_H

#include "../system/ticks.h"
#include "output.h"

enum {
    /* What sources that go on without an event may take, at least and at most; one that has an
     * event waits about as long. */
    VN_SPAN_MIN = 25000,
    VN_SPAN_MAX = 1000000,
    /* The same while turn after turn has no event: each look for one costs a tenth of a send. */
    VN_IDLE_SPAN_MAX = 200000,
    /* What a source that has not done its share may take before it waits for its next turn: longer
     * than a share of quick requests lasts, and shorter than a request that is felt. */
    VN_SHARE_SPAN_MAX = VN_SPAN_MAX,
};

struct vn_budget {
    uint64_t began; /* this turn */
    uint64_t ends; /* this span of it */
    uint64_t sending; /* bytes that were given to the ring in it, about */
    uint64_t idle_span; /* of a turn without events; longer after each in a row */
    uint64_t debt; /* spent on events and tasks: due to sources that go on without an event */
    uint64_t share_began; /* ticks: when the last source began its share of this turn */
    uint64_t share_looked; /* the same: when it did, or last looked at the clock */
    uint64_t share_ticks; /* of a share, about: when the clock is worth a look */
    uint64_t ticks; /* when they were last looked at */
    uint64_t marked; /* ticks: when something began that is no share, or was seen to be over */
    uint64_t opened; /* nanoseconds and ticks of the same moment, */
    uint64_t opened_ticks; /* which say how long a tick is */
    bool is_over;
    bool was_busy; /* the turn before had events, and left those that were ready to this one */
};

static inline void vn_budget_begin_span(struct vn_budget *budget, uint64_t now, uint64_t span)
{
    budget->ends = now + span;
    budget->is_over = false;
    budget->sending = 0;
}

static inline void vn_budget_begin_turn(struct vn_budget *budget, uint64_t now)
{
    budget->began = now;
    vn_budget_begin_span(budget, now, VN_SPAN_MIN);
}

/* Look at the clock. */
static inline void vn_budget_check(struct vn_budget *budget)
{
    budget->is_over = budget->is_over || vn_clock_nanoseconds() > budget->ends;
}

/* The loop opens. */
static inline void vn_budget_open(struct vn_budget *budget)
{
    budget->idle_span = VN_SPAN_MIN;
    budget->opened = vn_clock_nanoseconds();
    budget->opened_ticks = vn_ticks();
    budget->share_ticks = VN_SHARE_SPAN_MAX / 1000000 * vn_ticks_in_millisecond();
}

/* A source begins to do its share of the turn. */
static inline void vn_budget_begin_share(struct vn_budget *budget)
{
    budget->share_began = budget->share_looked = budget->ticks = vn_ticks();
}

/* How long a tick is, in nanoseconds, as far as that is known. */
static inline double vn_budget_tick(const struct vn_budget *budget, uint64_t elapsed,
                                    uint64_t ticks)
{
    return (double) elapsed / (double) (ticks - budget->opened_ticks);
}

/* Look at the clock, and learn when to look next. Where the share is over, the turn is over its
 * budget. */
vn_cold static inline bool vn_budget_check_share(struct vn_budget *budget, uint64_t ticks)
{
    uint64_t elapsed = vn_clock_nanoseconds() - budget->opened;
    double tick = vn_budget_tick(budget, elapsed, ticks);
    if (elapsed >= VN_SHARE_SPAN_MAX) /* long enough to be measured by */
        budget->share_ticks = (uint64_t) ((double) VN_SHARE_SPAN_MAX / tick);
    else
        budget->share_looked = ticks;
    if ((double) (ticks - budget->share_began) * tick < (double) VN_SHARE_SPAN_MAX)
        return false;
    budget->is_over = true;
    return true;
}

/* Look at the ticks, after something in a share that may have taken long. Returns whether it may
 * have taken as long as a share. */
static inline bool vn_budget_look(struct vn_budget *budget)
{
    budget->ticks = vn_ticks();
    return vn_unlikely(budget->ticks - budget->share_looked >= budget->share_ticks);
}

/* Something begins that is no share. */
static inline void vn_budget_mark(struct vn_budget *budget)
{
    budget->marked = budget->ticks = vn_ticks();
}

/* As vn_budget_look, after something that began with the mark. */
static inline bool vn_budget_look_at_mark(struct vn_budget *budget)
{
    budget->ticks = vn_ticks();
    return vn_unlikely(budget->ticks - budget->marked >= budget->share_ticks);
}

/* How long what was looked at last has taken, in nanoseconds, since the mark or, `in_share`, the
 * begin of the share where that was later. It is over: what follows is another's. */
vn_cold static inline uint64_t vn_budget_take_held(struct vn_budget *budget, bool in_share)
{
    uint64_t from = budget->marked, ticks = budget->ticks;
    if (in_share && (int64_t) (budget->share_looked - from) > 0)
        from = budget->share_looked;
    uint64_t elapsed = vn_clock_nanoseconds() - budget->opened;
    budget->marked = ticks;
    return (uint64_t) ((double) (ticks - from) * vn_budget_tick(budget, elapsed, ticks));
}

/* Whether the share that began last has lasted its time, such as by one slow handler, when the
 * ticks were last looked at. */
static inline bool vn_budget_is_share_over(struct vn_budget *budget)
{
    return vn_unlikely(budget->ticks - budget->share_looked >= budget->share_ticks) &&
           vn_budget_check_share(budget, budget->ticks);
}

static inline void vn_budget_count_sending(struct vn_budget *budget, uint64_t count)
{
    budget->sending += vn_smaller(count, VN_OUTPUT_SEND_MAX);
    if (vn_unlikely(budget->sending >= VN_OUTPUT_SEND_MAX))
        budget->is_over = true;
}

/* The span of sources that go on without an event, which begins now: as long as the events took, so
 * that neither starves the other. 0: they wait for the next turn, so that what the events led to is
 * on its way before. */
static inline uint64_t vn_budget_take_debt(struct vn_budget *budget, uint64_t now, bool is_busy)
{
    uint64_t took = now + VN_SPAN_MIN - budget->ends;
    budget->was_busy = is_busy && !budget->was_busy;
    if (budget->was_busy) {
        budget->debt += took;
        return 0;
    }
    uint64_t span = took + budget->debt;
    budget->debt = 0;
    span = span < budget->idle_span ? budget->idle_span : span;
    return vn_smaller(span, VN_SPAN_MAX);
}

#endif
