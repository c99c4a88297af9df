// SPDX-License-Identifier: MIT
#include "include/loop_checks.h"

#include <errno.h>
#include <stdlib.h>

#include "loop/loop.h"
#include "ring/loopback.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return "not so: " #condition;                                                          \
    } while (0)

/* ---- The budget ---- */

const char *vn_check_budget(void)
{
    struct vn_budget budget = {.debt = 1, .idle_span = VN_SPAN_MIN};
    uint64_t now = vn_clock_nanoseconds();
    vn_budget_begin_turn(&budget, now);
    REQUIRE(budget.began == now && budget.ends == now + VN_SPAN_MIN && !budget.is_over);
    budget.ends = now + UINT64_C(1000000000000);
    vn_budget_check(&budget);
    REQUIRE(!budget.is_over);
    budget.ends = now - 1;
    vn_budget_check(&budget);
    REQUIRE(budget.is_over);

    vn_budget_begin_span(&budget, now, 5);
    REQUIRE(budget.ends == now + 5 && !budget.is_over && budget.sending == 0);
    vn_budget_count_sending(&budget, VN_OUTPUT_SEND_MAX - 1);
    REQUIRE(!budget.is_over);
    vn_budget_count_sending(&budget, 1);
    REQUIRE(budget.is_over);
    vn_budget_begin_span(&budget, now, 5);
    vn_budget_count_sending(&budget, UINT64_MAX); /* one send takes no more than that */
    REQUIRE(budget.is_over && budget.sending == VN_OUTPUT_SEND_MAX);
    return NULL;
}

const char *vn_check_budget_debt(void)
{
    enum { TOOK = 100000 };
    struct vn_budget budget = {.idle_span = VN_SPAN_MIN};
    uint64_t now = 1000000000;
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + TOOK, true) == 0 && budget.debt == TOOK);
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + TOOK, true) == 2 * TOOK && budget.debt == 0);
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + TOOK, true) == 0);
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + TOOK, false) == 2 * TOOK);
    budget.idle_span = VN_IDLE_SPAN_MAX;
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + 1, false) == VN_IDLE_SPAN_MAX);
    vn_budget_begin_turn(&budget, now);
    REQUIRE(vn_budget_take_debt(&budget, now + 10 * VN_SPAN_MAX, false) == VN_SPAN_MAX);
    return NULL;
}

/* ---- The mailbox ---- */

struct noted {
    int ran[4], count;
};

struct note {
    struct noted *noted;
    int number;
};

static void run_note(void *context)
{
    const struct note *note = context;
    note->noted->ran[note->noted->count++] = note->number;
}

static const char *check_mailbox(struct vn_mailbox *mailbox)
{
    struct noted noted = {.count = 0};
    struct note notes[3];
    vn_task tasks[3] = {{0}};
    struct vn_tasks taken = {0};
    for (int i = 0; i < 3; i++) {
        notes[i] = (struct note) {&noted, i};
        tasks[i] = (vn_task) {.run = run_note, .context = &notes[i]};
    }
    REQUIRE(vn_mailbox_post(mailbox, &tasks[0]) == -ECANCELED);
    vn_mailbox_open(mailbox);
    REQUIRE(vn_mailbox_post(mailbox, &tasks[2]) == 0 && vn_mailbox_post(mailbox, &tasks[0]) == 0);
    REQUIRE(vn_mailbox_post(mailbox, &tasks[2]) == 0); /* it waits already */
    vn_mailbox_take(mailbox, &taken);
    REQUIRE(vn_mailbox_post(mailbox, &tasks[1]) == 0);
    vn_mailbox_take(mailbox, &taken);
    REQUIRE(vn_mailbox_take(mailbox, &taken) == UINT64_MAX);
    while (taken.first != NULL)
        vn_tasks_run_first(&taken);
    REQUIRE(noted.count == 3 && noted.ran[0] == 2 && noted.ran[1] == 0 && noted.ran[2] == 1);

    vn_mailbox_stop(mailbox, 20);
    vn_mailbox_stop(mailbox, 10);
    vn_mailbox_stop(mailbox, 30);
    REQUIRE(vn_mailbox_take(mailbox, &taken) == 10);
    vn_mailbox_close(mailbox);
    REQUIRE(vn_mailbox_post(mailbox, &tasks[0]) == -ECANCELED && !tasks[0].is_queued);
    return NULL;
}

const char *vn_check_mailbox(void)
{
    struct vn_mailbox mailbox;
    REQUIRE(vn_mailbox_init(&mailbox) == 0);
    const char *problem = check_mailbox(&mailbox);
    vn_mailbox_deinit(&mailbox);
    return problem;
}

/* ---- Kinds ---- */

struct thing {
    struct vn_entry entry; /* first: see kind.h */
    struct vn_loop *loop;
    int turns, expired, drains[3], ended;
};

static struct thing *thing_of(struct vn_source *source)
{
    return vn_holder(source, struct thing, entry.source);
}

/* Its slot is given back when it has been looked at. */
static void thing_event(struct vn_source *source, const struct vn_event *event)
{
    thing_of(source)->ended += event->type == VN_ENDED;
}

static void thing_go_on(struct vn_source *source)
{
    thing_of(source)->turns++;
}

static void thing_expire(struct vn_source *source)
{
    thing_of(source)->expired++;
}

static void thing_drain(struct vn_source *source, enum vn_drain step)
{
    struct thing *thing = thing_of(source);
    if (thing->drains[step]++ == 0 && step == VN_DRAIN_OVER)
        vn_ring_end(thing->loop->ring, source);
}

static const struct vn_kind thing_kind = {
    .event = thing_event,
    .go_on = thing_go_on,
    .expire = thing_expire,
    .drain = thing_drain,
};

static const char *check_thing(struct thing *thing)
{
    struct vn_loop *loop = thing->loop;
    vn_loop_wake(loop, &thing->entry);
    vn_loop_wake(loop, &thing->entry); /* once is enough */
    vn_loop_turn(loop, 0);
    vn_loop_turn(loop, 0);
    REQUIRE(thing->turns == 1);
    vn_loop_resume(loop, &thing->entry);
    vn_loop_turn(loop, 0);
    REQUIRE(thing->turns == 2);

    vn_wheel_set(&loop->wheel, &thing->entry.timeout, loop->now + 5);
    for (uint64_t until = vn_clock() + 20000; thing->expired == 0 && vn_clock() < until;)
        vn_loop_turn(loop, 20000);
    vn_loop_turn(loop, 0);
    REQUIRE(thing->expired == 1 && thing->turns == 2);

    vn_mailbox_stop(&loop->mailbox, vn_clock() + 60000);
    vn_loop_turn(loop, 20000);
    vn_loop_turn(loop, 0);
    REQUIRE(thing->drains[VN_DRAIN_BEGIN] == 1 && thing->drains[VN_DRAIN_OVER] == 0);
    vn_mailbox_stop(&loop->mailbox, 0);
    vn_loop_turn(loop, 20000);
    for (int i = 0; i < 3; i++)
        vn_loop_turn(loop, 0);
    REQUIRE(thing->drains[VN_DRAIN_BEGIN] == 1 && thing->drains[VN_DRAIN_OVER] > 0);
    REQUIRE(thing->ended == 1);
    return NULL;
}

const char *vn_check_kinds(void)
{
    struct vn_loop *loop = calloc(1, sizeof *loop);
    if (vn_loop_init(loop) != 0)
        abort();
    struct vn_loop *before = vn_loop_enter(loop);
    if (vn_loop_open(loop, vn_loopback_open, sizeof(struct thing), 1) != 0)
        abort();
    struct vn_source *source = vn_loop_add(loop, &thing_kind, -1);
    struct thing *thing = thing_of(source);
    const char *problem = vn_loop_add(loop, &thing_kind, -1) == NULL ? NULL : "one too many";
    thing->loop = loop;
    vn_list_init(&thing->entry.ready);
    if (problem == NULL)
        problem = check_thing(thing);
    if (thing->ended == 1)
        vn_loop_remove(loop, source);
    if (problem == NULL)
        vn_loop_end_sources(loop);
    vn_loop_close(loop);
    vn_loop_leave(loop, before);
    vn_loop_deinit(loop);
    free(loop);
    return problem;
}
