// SPDX-License-Identifier: MIT
#include "loop.h"

#include "../base/random.h"

enum {
    READY_MAX = 256, /* sources that go on in one turn without an event */
    CHECK_EVERY = 16, /* events between two looks at the clock */
    CHECK_READY_EVERY = 4, /* the same for sources that go on without an event */
    TIMERS_AT_ONCE = 8, /* between two looks at the clock */
    TASKS_MAX = 4096, /* tasks in one turn; a task that asks for the next comes in the next */
    /* Nanoseconds that a turn may be late before its time is not counted: far below a deadline, and
     * long enough for a worker that is merely busy. */
    LATE_MAX = 100000000,
    LATE_GRACE = 1000, /* milliseconds more for those whose deadlines passed in such a turn */
    /* Turns in a row that put deadlines off: enough to take all that a full ring has. */
    PUT_OFF_MAX = 32,
};

uint64_t vn_loop_draw(struct vn_loop *loop, uint64_t below)
{
    if (loop->random == 0)
        loop->random = (uint64_t) (uintptr_t) loop ^ loop->now << 32 ^ 1;
    return vn_draw(&loop->random, below);
}

/* A turn begins late: a handler blocked, or the process was stopped. */
vn_cold static void loop_lose_time(struct vn_loop *loop, uint64_t late)
{
    loop->lost += (late - LATE_MAX) / 1000000;
    loop->is_late = true;
}

/* A turn begins, which was to begin `wait` nanoseconds after the one before (below 0: at any
 * time). */
static void loop_tell_time(struct vn_loop *loop, int64_t wait)
{
    uint64_t now = vn_clock_nanoseconds();
    int64_t late = (int64_t) (now - loop->budget.began) - wait;
    if (vn_unlikely(late > LATE_MAX && wait >= 0))
        loop_lose_time(loop, (uint64_t) late);
    loop->now = now / 1000000 - loop->lost;
    loop->second = vn_clock_second();
    vn_budget_begin_turn(&loop->budget, now);
}

/* ---- Begin ---- */

int32_t vn_loop_init(struct vn_loop *loop)
{
    vn_list_init(&loop->stop_hooks);
    return vn_mailbox_init(&loop->mailbox);
}

void vn_loop_deinit(struct vn_loop *loop)
{
    vn_mailbox_deinit(&loop->mailbox);
}

static _Thread_local struct vn_loop *current;

vn_worker *vn_worker_current(void)
{
    return (vn_worker *) (void *) current;
}

struct vn_loop *vn_loop_enter(struct vn_loop *loop)
{
    struct vn_loop *before = current;
    current = loop;
    loop->is_closed = false;
    vn_mailbox_open(&loop->mailbox);
    return before;
}

void vn_loop_leave(struct vn_loop *loop, struct vn_loop *before)
{
    assert(current == loop);
    (void) loop;
    current = before;
}

int32_t vn_loop_open(struct vn_loop *loop, vn_ring_opener *open_ring, size_t slot_size,
                     uint32_t slots)
{
    loop->run++;
    loop->is_draining = false;
    loop->stop_due = UINT64_MAX;
    vn_budget_open(&loop->budget);
    vn_list_init(&loop->ready);
    vn_list_init(&loop->resumed);
    loop->lost = 0;
    loop_tell_time(loop, -1);
    vn_wheel_init(&loop->wheel, loop->now);
    vn_timers_open(&loop->timers);
    int32_t error = vn_slab_open(&loop->sources, (uint32_t) slot_size, slots);
    if (error < 0)
        return error;
    if ((error = open_ring(&loop->ring, &loop->sources)) < 0) {
        vn_slab_close(&loop->sources);
        return error;
    }
    vn_mailbox_attach(&loop->mailbox, loop->ring);
    return 0;
}

struct vn_source *vn_loop_add_idle(struct vn_loop *loop, const struct vn_kind *kind)
{
    uint32_t index;
    struct vn_source *source = vn_slab_take(&loop->sources, &index);
    if (source == NULL)
        return NULL;
    source->kind = kind;
    source->fd = -1;
    source->index = index;
    source->generation = loop->sources.generations[index];
    return source;
}

struct vn_source *vn_loop_add(struct vn_loop *loop, const struct vn_kind *kind, int32_t fd)
{
    struct vn_source *source = vn_loop_add_idle(loop, kind);
    if (source == NULL)
        return NULL;
    source->fd = fd;
    vn_ring_begin(loop->ring, source);
    return source;
}

void vn_loop_remove(struct vn_loop *loop, struct vn_source *source)
{
    vn_slab_give(&loop->sources, source->index);
}

/* ---- Tasks and timers ---- */

static void loop_go_on_resumed(struct vn_loop *loop)
{
    while (!vn_list_is_empty(&loop->resumed)) {
        struct vn_entry *entry = vn_holder(loop->resumed.next, struct vn_entry, ready);
        vn_list_remove(&entry->ready);
        entry->source.kind->go_on(&entry->source);
    }
}

/* What was left for this turn, and what follows from it. Sources go on between two tasks, so that
 * few answers are under way at a time. */
static void loop_run_soon(struct vn_loop *loop)
{
    for (int i = 0; i < TASKS_MAX && loop->soon.first != NULL; i++) {
        vn_tasks_run_first(&loop->soon);
        loop_go_on_resumed(loop);
    }
}

/* The same for its end, when everything else is done. */
static void loop_run_last(struct vn_loop *loop)
{
    struct vn_tasks last = loop->last;
    loop->last = (struct vn_tasks) {0};
    while (last.first != NULL)
        vn_tasks_run_first(&last);
}

/* Both. Sources that go on without an event get as much time in the next turn, as they do for that
 * of the events. */
static void loop_run_tasks(struct vn_loop *loop)
{
    uint64_t began = vn_clock_nanoseconds();
    loop_go_on_resumed(loop);
    loop_run_soon(loop);
    loop_run_last(loop);
    loop_go_on_resumed(loop);
    loop->budget.debt += vn_clock_nanoseconds() - began;
}

/* The user's timers that are due, and what they lead to, for as long as the rest of the turn took.
 * More wait for the next turn: otherwise the events that all these hold up would come in a burst,
 * and so would the timers that those set. */
static void loop_run_timers(struct vn_loop *loop)
{
    if (!vn_timers_are_due(&loop->timers))
        return;
    uint64_t now = vn_clock_nanoseconds(), took = now - loop->budget.began;
    uint64_t until = now + (took < loop->budget.idle_span ? loop->budget.idle_span : took);
    while (vn_timers_run(&loop->timers, TIMERS_AT_ONCE) && vn_clock_nanoseconds() < until)
        loop_run_soon(loop);
}

/* ---- Turns of sources ---- */

/* By how long deadlines are put off that have passed, in milliseconds: while the loop did not look,
 * or while events wait that may be what they are about. Not for ever: a busy ring always has
 * some. */
static uint64_t loop_put_off(struct vn_loop *loop)
{
    uint64_t span = loop->is_late ? LATE_GRACE : vn_ring_has_more(loop->ring);
    if (loop->put_off_count == PUT_OFF_MAX)
        span = 0;
    loop->put_off_count = span > 0 ? loop->put_off_count + 1 : 0;
    return span;
}

static void loop_expire(struct vn_loop *loop)
{
    struct vn_link due;
    vn_list_init(&due);
    vn_wheel_advance(&loop->wheel, loop->now, &due);
    if (vn_likely(vn_list_is_empty(&due)))
        return;
    uint64_t put_off = loop_put_off(loop);
    while (!vn_list_is_empty(&due)) {
        struct vn_timeout *timeout = vn_holder(due.next, struct vn_timeout, link);
        vn_list_remove(&timeout->link);
        struct vn_entry *entry = vn_holder(timeout, struct vn_entry, timeout);
        if (put_off > 0)
            vn_wheel_set(&loop->wheel, timeout, loop->now + put_off);
        else
            entry->source.kind->expire(&entry->source);
    }
}

/* More of the memory that a turn needs, or NULL. */
static const void *const *ahead_of(const struct vn_link *ready)
{
    const struct vn_source *source = &vn_holder(ready, struct vn_entry, ready)->source;
    size_t at = source->kind->ahead_at;
    return at == 0 ? NULL
                   : *(const void *const *const *) (const void *) ((const char *) source + at);
}

/* Have the memory of those whose turns are next come from afar while this one's turn is under way:
 * for the third its slot, for the second what that points to, for the first what this points to. */
static void loop_fetch_ahead(const struct vn_loop *loop, const struct vn_link *next)
{
    const struct vn_link *end = &loop->ready;
    if (next == end)
        return;
    const void *const *ahead = ahead_of(next);
    if (ahead != NULL && *ahead != NULL)
        vn_prefetch(*ahead, VN_BEYOND_SIZE);
    if ((next = next->next) == end)
        return;
    if ((ahead = ahead_of(next)) != NULL)
        vn_prefetch(ahead, VN_AHEAD_SIZE);
    if ((next = next->next) != end)
        vn_prefetch(vn_holder(next, struct vn_entry, ready), VN_WARM_SIZE);
}

/* Sources that go on without an event, after a turn in which there was none, or after a turn in
 * which there were: so what the events led to is on its way before. */
static void loop_go_on(struct vn_loop *loop, bool is_busy)
{
    struct vn_budget *budget = &loop->budget;
    budget->idle_span = is_busy ? VN_SPAN_MIN : vn_smaller(2 * budget->idle_span, VN_IDLE_SPAN_MAX);
    if (vn_list_is_empty(&loop->ready)) {
        budget->debt = 0;
        return;
    }
    uint64_t now = vn_clock_nanoseconds();
    uint64_t span = vn_budget_take_debt(budget, now, is_busy);
    if (span == 0)
        return;
    vn_budget_begin_span(budget, now, span);
    for (int i = 1; i <= READY_MAX && !vn_list_is_empty(&loop->ready); i++) {
        struct vn_entry *entry = vn_holder(loop->ready.next, struct vn_entry, ready);
        if (entry->source.queued_at == (uint32_t) loop->turn)
            return; /* it asked again: its next turn is the next one */
        vn_list_remove(&entry->ready);
        loop_fetch_ahead(loop, loop->ready.next);
        entry->source.kind->go_on(&entry->source);
        if (i % CHECK_READY_EVERY == 0)
            vn_budget_check(budget);
        if (budget->is_over)
            return;
    }
}

/* ---- Stopping ---- */

static void loop_drain_sources(struct vn_loop *loop, enum vn_drain step)
{
    for (uint32_t i = 0; i < loop->sources.fresh; i++) {
        struct vn_source *source = vn_slab_slot(&loop->sources, i);
        if (vn_slab_is_taken(&loop->sources, i))
            source->kind->drain(source, step);
    }
}

/* When the time for a stop is over, in the loop's own time; UINT64_MAX: never. */
static uint64_t stop_due(const struct vn_loop *loop)
{
    uint64_t due = loop->stop_due;
    return due == UINT64_MAX || due < loop->lost ? due : due - loop->lost;
}

/* In each turn once it was asked to stop, after all events. */
static void loop_drain(struct vn_loop *loop)
{
    loop->drain_due = stop_due(loop);
    if (!loop->is_draining) {
        loop->is_draining = true;
        loop->drain_begun = loop->now;
        loop_drain_sources(loop, VN_DRAIN_BEGIN);
    }
    if (loop->drain_due <= loop->now)
        loop_drain_sources(loop, VN_DRAIN_OVER);
}

/* ---- Turning ---- */

/* The sooner of both; below 0 is without end. */
static int64_t wait_until(uint64_t timer, int64_t wait)
{
    uint64_t now = vn_clock_nanoseconds();
    int64_t until = timer <= now ? 0 : (int64_t) (timer - now);
    return wait < 0 || until < wait ? until : wait;
}

/* How long there is nothing to do, as far as is known: nanoseconds; below 0: without end. */
static int64_t loop_wait_time(struct vn_loop *loop, uint64_t max)
{
    if (!vn_list_is_empty(&loop->ready) || loop->soon.first != NULL || loop->last.first != NULL ||
        !vn_list_is_empty(&loop->resumed) || !vn_list_is_empty(&loop->timers.due))
        return 0;
    uint64_t due = vn_wheel_next(&loop->wheel);
    if (loop->is_draining && loop->sources.count > loop->watch_count)
        due = vn_smaller(due, loop->drain_due);
    uint64_t wait = due <= loop->now ? 0 : due - loop->now;
    wait = max < wait ? max : wait;
    int64_t time = wait > INT64_MAX / 1000000 ? -1 : (int64_t) (wait * 1000000);
    uint64_t timer = vn_timers_next(&loop->timers);
    return vn_likely(timer == UINT64_MAX) ? time : wait_until(timer, time);
}

/* Give each event to its source. Returns whether another thread woke the loop. */
static bool loop_deliver(struct vn_loop *loop, int32_t count)
{
    bool was_woken = false;
    for (int32_t i = 0; i < count; i++) {
        const struct vn_event *event = &loop->events[i];
        if (i % CHECK_EVERY == CHECK_EVERY - 1)
            vn_budget_check(&loop->budget);
        if (vn_unlikely(event->type == VN_WOKEN))
            was_woken = true;
        else
            event->source->kind->event(event->source, event);
    }
    return was_woken;
}

int32_t vn_loop_turn(struct vn_loop *loop, uint64_t max)
{
    int64_t wait = loop_wait_time(loop, max);
    int32_t count = vn_ring_wait(loop->ring, loop->events, VN_EVENTS_MAX, wait);
    if (vn_unlikely(count < 0))
        return count;
    loop_tell_time(loop, wait);
    loop->turn++;

    bool was_woken = loop_deliver(loop, count);
    loop_go_on(loop, count > 0);
    loop_expire(loop);
    loop->is_late = false;
    if (was_woken)
        loop->stop_due = vn_mailbox_take(&loop->mailbox, &loop->soon);
    loop_run_timers(loop);
    if (loop->soon.first != NULL || loop->last.first != NULL || !vn_list_is_empty(&loop->resumed))
        loop_run_tasks(loop);
    if (vn_unlikely(loop->stop_due != UINT64_MAX)) /* what was posted before has been run */
        loop_drain(loop);
    return 0;
}

int32_t vn_loop_run(struct vn_loop *loop)
{
    for (;;) {
        int32_t turned = vn_loop_turn(loop, UINT64_MAX);
        if (turned < 0)
            return turned;
        if (loop->is_draining && loop->sources.count == loop->watch_count)
            return 0;
    }
}

/* ---- The end ---- */

static void loop_run_stop_hooks(struct vn_loop *loop)
{
    while (!vn_list_is_empty(&loop->stop_hooks)) {
        struct vn_link *link = loop->stop_hooks.next;
        vn_stop_hook *hook = (vn_stop_hook *) (void *) link;
        vn_list_remove(link);
        hook->run(hook->context);
    }
    loop->is_closed = true;
}

void vn_loop_end_sources(struct vn_loop *loop)
{
    loop_run_stop_hooks(loop);
    while (loop->sources.count > 0) { /* what ends may open another, a watch, until it is told */
        loop_drain_sources(loop, VN_DRAIN_CLOSE);
        if (vn_loop_turn(loop, UINT64_MAX) < 0)
            break;
    }
}

void vn_loop_end_tasks(struct vn_loop *loop)
{
    vn_mailbox_close(&loop->mailbox);
    vn_mailbox_take(&loop->mailbox, &loop->soon);
    while (loop->soon.first != NULL)
        vn_tasks_run_first(&loop->soon);
    while (loop->last.first != NULL)
        vn_tasks_run_first(&loop->last);
}

void vn_loop_close(struct vn_loop *loop)
{
    vn_loop_end_tasks(loop);
    vn_timers_close(&loop->timers);
    vn_ring_close(loop->ring);
    vn_slab_close(&loop->sources);
}

void vn_loop_forget_tasks(struct vn_loop *loop)
{
    loop->soon = (struct vn_tasks) {0};
    loop->last = (struct vn_tasks) {0};
}
