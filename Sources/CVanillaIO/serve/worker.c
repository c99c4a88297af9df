// SPDX-License-Identifier: MIT
#include "worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/random.h"
#include "call.h"
#include "conn.h"
#include "desk.h"
#include "watch.h"

enum {
    ACCEPT_RETRY = 500,        /* milliseconds after descriptors or memory ran out */
    REFUSAL_LOG_EVERY = 60000, /* milliseconds between two lines about that */
    READY_MOST = 256, /* connections that go on in one turn without an event */
    /* nanoseconds that those take who go on without an event, at least and at most; who has one waits
     * about as long */
    TURN_SPAN = 25000,
    TURN_SPAN_MOST = 1000000,
    /* the same while turn after turn has no event: each look for one costs a tenth of a send */
    CALM_SPAN_MOST = 200000,
    LOOK_EVERY = 16, /* events between two looks at the clock */
    CONTINUE_LOOK_EVERY = 4, /* the same in connections that go on without an event */
    PRODUCER_SIZE = 96, /* bytes of a producer's context that are worth to be fetched ahead */
    TIMERS_AT_ONCE = 8, /* between two looks at the clock */
    TASKS_MOST = 4096, /* tasks in one turn; one that asks for the next comes in the next */
    CALLS_GRACE =
        1000, /* milliseconds that a stopping worker gives calls that lost their clients */
};

uint64_t vn_clock_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

uint64_t vn_clock(void)
{
    return vn_clock_nanoseconds() / 1000000;
}

uint64_t vn_worker_draw(struct vn_worker *worker, uint64_t below)
{
    if (worker->random == 0)
        worker->random = (uint64_t) (uintptr_t) worker ^ worker->now << 32 ^ 1;
    return vn_draw(&worker->random, below);
}

void vn_log(const vn_config *config, int32_t level, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (config->log != NULL)
        config->log(config->log_context, level, message);
    else
        fprintf(stderr, "vanilla: %s\n", message);
}

/* ---- The clock ---- */

/* The date of this second, and the begin of a 200's head with it. */
vn_cold static void worker_write_date(struct vn_worker *worker, int64_t second)
{
    static const char begin[] = "HTTP/1.1 200 OK\r\nDate: ";
    worker->date_second = second;
    vn_date_write(worker->date, second);
    memcpy(worker->prefix, begin, sizeof begin - 1);
    memcpy(worker->prefix + sizeof begin - 1, worker->date, VN_DATE_SIZE);
    memcpy(worker->prefix + sizeof begin - 1 + VN_DATE_SIZE, "\r\n", 2);
    worker->prefix_count = sizeof begin - 1 + VN_DATE_SIZE + 2;
}

static void worker_begin_span(struct vn_worker *worker, uint64_t now, uint64_t span)
{
    worker->late_at = now + span;
    worker->is_late = false;
    worker->sending = 0;
}

static void worker_tell_time(struct vn_worker *worker)
{
    struct timespec wall;
    uint64_t now = vn_clock_nanoseconds();
    worker->now = now / 1000000;
    worker->turn_began = now;
    worker_begin_span(worker, now, TURN_SPAN);
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    if (vn_unlikely(wall.tv_sec != worker->date_second))
        worker_write_date(worker, wall.tv_sec);
}

void vn_worker_look_at_clock(struct vn_worker *worker)
{
    worker->is_late = worker->is_late || vn_clock_nanoseconds() > worker->late_at;
}

/* ---- Accepting ---- */

static void worker_accept(struct vn_worker *worker)
{
    struct vn_listening *listening = worker->listening;
    if (listening == NULL || worker->is_draining || listening->budget > 0 ||
        worker->connection_count >= worker->connection_limit)
        return;
    listening->budget = worker->connection_limit - worker->connection_count;
    vn_wheel_set(&worker->wheel, &listening->retry, 0);
    vn_ring_accept(worker->ring, &listening->source, listening->budget);
}

/* No descriptors or no memory for another connection: the accept queue keeps what comes, this
 * server serves what it has, and tries again when one of those ends, or after a while. */
vn_cold static void worker_refused(struct vn_worker *worker, int32_t error)
{
    vn_count_more(&worker->counters.counted.refused, 1);
    worker->listening->budget = 0;
    vn_wheel_set(&worker->wheel, &worker->listening->retry, worker->now + ACCEPT_RETRY);
    if (worker->refusals_logged != 0 && worker->now - worker->refusals_logged < REFUSAL_LOG_EVERY)
        return;
    worker->refusals_logged = worker->now;
    vn_log(worker->config, VN_LOG_WARNING,
           "cannot accept for now: %s; %u connections are open here", strerror(-error),
           worker->connection_count);
}

static void worker_accepted(struct vn_worker *worker, int32_t fd)
{
    if (fd < 0) {
        worker_refused(worker, fd);
        return;
    }
    if (worker->listening->budget > 0)
        worker->listening->budget--;
    vn_conn_open(worker, fd);
    worker_accept(worker);
}

void vn_worker_left(struct vn_worker *worker)
{
    worker->connection_count--;
    worker_accept(worker);
}

static void listening_event(struct vn_worker *worker, const struct vn_event *event)
{
    if (event->type == VN_ACCEPTED)
        worker_accepted(worker, event->count);
    else if (event->type == VN_ENDED) {
        uint32_t index = worker->listening->source.index;
        worker->listening = NULL;
        vn_slab_give(&worker->sources, index);
    }
}

static void worker_listen(struct vn_worker *worker, int32_t listener)
{
    uint32_t index;
    struct vn_listening *listening = vn_slab_take(&worker->sources, &index);
    listening->source = (struct vn_source) {
        .fd = listener,
        .index = index,
        .generation = worker->sources.generations[index],
        .owner = VN_OWNER_LISTENER,
    };
    worker->listening = listening;
    vn_ring_begin(worker->ring, &listening->source);
    worker_accept(worker);
}

/* ---- Begin and end ---- */

int32_t vn_worker_init(struct vn_worker *worker, const vn_config *config)
{
    *worker = (struct vn_worker) {.config = config};
    worker->mailbox.last = &worker->mailbox.first;
    vn_list_init(&worker->guests);
    vn_list_init(&worker->watches);
    vn_list_init(&worker->calls);
    worker->mailbox.stop_due = UINT64_MAX;
    return -pthread_mutex_init(&worker->mailbox.lock, NULL);
}

void vn_worker_deinit(struct vn_worker *worker)
{
    pthread_mutex_destroy(&worker->mailbox.lock);
}

static int32_t worker_begin(struct vn_worker *worker, uint32_t connection_limit, uint32_t beyond)
{
    size_t slot = sizeof(struct vn_conn) > sizeof(struct vn_listening)
                      ? sizeof(struct vn_conn)
                      : sizeof(struct vn_listening);
    worker->connection_limit = connection_limit;
    worker->connection_count = 0;
    worker->is_draining = false;
    worker->listening = NULL;
    vn_list_init(&worker->connections);
    vn_list_init(&worker->ready);
    vn_list_init(&worker->answered);
    worker->patience_for_calls = 0;
    worker->calm = TURN_SPAN;
    worker->date_second = -1;
    worker_tell_time(worker);
    vn_wheel_init(&worker->wheel, worker->now);
    vn_list_init(&worker->due);
    vn_wheel_init(&worker->timers, vn_clock_nanoseconds() / VN_TIMER_UNIT);
    return vn_slab_open(&worker->sources, (uint32_t) slot,
                        connection_limit + worker->watch_limit + beyond);
}

/* From here on letters are taken. */
static void worker_announce(struct vn_worker *worker)
{
    pthread_mutex_lock(&worker->mailbox.lock);
    worker->mailbox.ring = worker->ring;
    worker->mailbox.takes_tasks = true;
    worker->mailbox.stop_due = UINT64_MAX;
    pthread_mutex_unlock(&worker->mailbox.lock);
}

static int32_t worker_open(struct vn_worker *worker, vn_ring_opener *open_ring,
                           uint32_t connection_limit, uint32_t beyond)
{
    int32_t error = worker_begin(worker, connection_limit, beyond);
    if (error < 0)
        return error;
    if ((error = open_ring(&worker->ring, &worker->sources)) < 0) {
        vn_slab_close(&worker->sources);
        return error;
    }
    worker_announce(worker);
    return 0;
}

int32_t vn_worker_open_over(struct vn_worker *worker, vn_ring_opener *open_ring,
                            uint32_t connection_limit, uint32_t watch_limit)
{
    worker->watch_limit = watch_limit;
    return worker_open(worker, open_ring, connection_limit, 0);
}

int32_t vn_worker_open(struct vn_worker *worker, enum vn_ring_kind kind, int32_t listener,
                       uint32_t connection_limit)
{
    /* The listener's own slot, and what it delivers at its end, beyond the limit. */
    uint32_t beyond = 2 + worker->config->backlog; /* Linux queues one more than it is told */
    worker->watch_limit = VN_WATCHES_MOST;
    int32_t error = worker_open(worker, kind == VN_RING_URING ? vn_uring_open : vn_epoll_open,
                                connection_limit, beyond);
    if (error < 0) {
        close(listener);
        return error;
    }
    worker_listen(worker, listener);
    return 0;
}

/* ---- Whose thread this is ---- */

static _Thread_local struct vn_worker *current;

vn_worker *vn_worker_current(void)
{
    return current;
}

void *vn_worker_context(const vn_worker *worker)
{
    return worker->context;
}

struct vn_worker *vn_worker_enter(struct vn_worker *worker)
{
    struct vn_worker *before = current;
    current = worker;
    worker->is_deserted = false;
    pthread_mutex_lock(&worker->mailbox.lock);
    worker->mailbox.takes_tasks = true;
    pthread_mutex_unlock(&worker->mailbox.lock);
    return before;
}

void vn_worker_leave(struct vn_worker *worker, struct vn_worker *before)
{
    assert(current == worker);
    current = before;
}

/* ---- Tasks ---- */

void vn_worker_soon(vn_worker *worker, vn_task *task)
{
    if (task->is_queued)
        return;
    task->is_queued = true;
    vn_tasks_push(&worker->soon, task);
}

void vn_worker_last(vn_worker *worker, vn_task *task)
{
    if (task->is_queued)
        return;
    task->is_queued = true;
    vn_tasks_push(&worker->last, task);
}

int32_t vn_worker_post(vn_worker *worker, vn_task *task)
{
    struct vn_mailbox *mailbox = &worker->mailbox;
    pthread_mutex_lock(&mailbox->lock);
    bool is_taken = mailbox->takes_tasks;
    if (is_taken && !task->is_queued) {
        bool was_empty = mailbox->tasks.first == NULL;
        task->is_queued = true;
        vn_tasks_push(&mailbox->tasks, task);
        if (was_empty && mailbox->ring != NULL)
            vn_ring_wake(mailbox->ring);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return is_taken ? 0 : -ECANCELED;
}

/* Tasks that other threads posted. */
static void worker_take_posted(struct vn_worker *worker)
{
    pthread_mutex_lock(&worker->mailbox.lock);
    vn_tasks_append(&worker->soon, &worker->mailbox.tasks);
    pthread_mutex_unlock(&worker->mailbox.lock);
}

static void worker_continue_answered(struct vn_worker *worker)
{
    while (!vn_list_is_empty(&worker->answered)) {
        struct vn_conn *conn = vn_holder(worker->answered.next, struct vn_conn, ready);
        vn_list_remove(&conn->ready);
        vn_conn_continue(conn);
    }
}

/* What was left for this turn, and what follows from it. Answers leave between two tasks, so that few
 * are under way at a time. */
static void worker_run_soon(struct vn_worker *worker)
{
    for (int i = 0; i < TASKS_MOST && worker->soon.first != NULL; i++) {
        vn_tasks_run_first(&worker->soon);
        worker_continue_answered(worker);
    }
}

/* The same for its end, when everything else is done. */
static void worker_run_last(struct vn_worker *worker)
{
    struct vn_tasks last = worker->last;
    worker->last = (struct vn_tasks) {0};
    while (last.first != NULL)
        vn_tasks_run_first(&last);
}

/* Both, with the requests that come behind the answers that were given. Who goes on without an event
 * gets as much time, like that of the events. */
static void worker_run_tasks(struct vn_worker *worker)
{
    uint64_t began = vn_clock_nanoseconds();
    worker_continue_answered(worker);
    worker_run_soon(worker);
    worker_run_last(worker);
    worker_continue_answered(worker);
    worker->owed += vn_clock_nanoseconds() - began;
}

/* The user's timers that are due, and what they lead to, for as long as the rest of the turn took.
 * More wait for the next turn: requests that all these would hold up came in a burst then, and so
 * would their own timers. */
static void worker_run_timers(struct vn_worker *worker)
{
    if (!vn_timers_are_due(worker))
        return;
    uint64_t now = vn_clock_nanoseconds(), took = now - worker->turn_began;
    uint64_t until = now + (took < worker->calm ? worker->calm : took);
    while (vn_timers_run(worker, TIMERS_AT_ONCE) && vn_clock_nanoseconds() < until) {
        worker_run_soon(worker);
    }
}

void vn_worker_host(vn_worker *worker, vn_guest *guest)
{
    if (vn_unlikely(worker->is_deserted)) {
        guest->leave(guest->context);
        return;
    }
    vn_list_append(&worker->guests, (struct vn_link *) (void *) guest->private);
}

void vn_worker_dismiss(vn_guest *guest)
{
    struct vn_link *link = (struct vn_link *) (void *) guest->private;
    if (link->next != NULL)
        vn_list_remove(link);
}

/* ---- Letters from other threads ---- */

int32_t vn_handle_run(vn_handle handle, vn_later *later, void *context)
{
    struct vn_worker *worker = handle.worker;
    struct vn_mailbox *mailbox = &worker->mailbox;
    struct vn_letter *letter = malloc(sizeof *letter);
    if (letter == NULL)
        return -ENOMEM;
    *letter = (struct vn_letter) {.later = later, .context = context, .handle = handle};

    pthread_mutex_lock(&mailbox->lock);
    bool is_running = mailbox->ring != NULL;
    if (is_running) {
        bool was_empty = mailbox->first == NULL;
        *mailbox->last = letter;
        mailbox->last = &letter->next;
        if (was_empty)
            vn_ring_wake(mailbox->ring);
    }
    pthread_mutex_unlock(&mailbox->lock);

    if (!is_running) { /* so is no exchange */
        free(letter);
        if (later != NULL)
            later(context, NULL);
    }
    return 0;
}

int32_t vn_handle_resume(vn_handle handle)
{
    return vn_handle_run(handle, NULL, NULL);
}

static struct vn_letter *mailbox_empty(struct vn_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    struct vn_letter *first = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}

static void worker_read_mail(struct vn_worker *worker)
{
    struct vn_letter *letter = mailbox_empty(&worker->mailbox);
    while (letter != NULL) {
        struct vn_letter *next = letter->next;
        vn_conn_deliver(worker, letter);
        free(letter);
        letter = next;
    }
}

/* Handlers whose clients are gone were told to return, and get some time for it. */
static void worker_await_calls(struct vn_worker *worker)
{
    worker->patience_for_calls = worker->now + CALLS_GRACE;
    while (!vn_list_is_empty(&worker->calls) && worker->now < worker->patience_for_calls)
        if (vn_worker_turn(worker, UINT64_MAX) < 0)
            break;
    if (!vn_list_is_empty(&worker->calls))
        vn_log(worker->config, VN_LOG_WARNING,
               "a worker stops before handlers have returned that were told to");
}

/* Send the guests away, and see their watches end. */
static void worker_dismiss_guests(struct vn_worker *worker)
{
    while (!vn_list_is_empty(&worker->guests)) {
        struct vn_link *link = worker->guests.next;
        vn_guest *guest = (vn_guest *) (void *) link;
        vn_list_remove(link);
        guest->leave(guest->context);
    }
    worker->is_deserted = true;
    vn_watches_close(worker);
    while (worker->watch_count > 0 && vn_worker_turn(worker, UINT64_MAX) == 0)
        ;
}

/* No more is taken; what was is done now, or handed back to where it came from. */
static void worker_finish_tasks(struct vn_worker *worker)
{
    pthread_mutex_lock(&worker->mailbox.lock);
    worker->mailbox.ring = NULL;
    worker->mailbox.takes_tasks = false;
    pthread_mutex_unlock(&worker->mailbox.lock);
    worker_take_posted(worker);
    while (worker->soon.first != NULL)
        vn_tasks_run_first(&worker->soon);
    while (worker->last.first != NULL)
        vn_tasks_run_first(&worker->last);
}

void vn_worker_close(struct vn_worker *worker)
{
    assert(vn_list_is_empty(&worker->connections) && worker->listening == NULL);
    worker_await_calls(worker);
    worker_dismiss_guests(worker);
    /* Before other threads may run what goes on: it ends without a look at the worker then. */
    vn_calls_forget(worker);
    worker_finish_tasks(worker);
    vn_timers_forget(worker);
    worker_read_mail(worker); /* nobody is there: each is told so */
    assert(worker->desks == NULL); /* they go with their last subscribers */

    vn_ring_close(worker->ring);
    vn_slab_close(&worker->sources);
    vn_writer_close(&worker->writer);
    vn_spares_close(&worker->spares);
}

void vn_worker_forget_tasks(struct vn_worker *worker)
{
    worker->soon = (struct vn_tasks) {0};
    worker->last = (struct vn_tasks) {0};
}

/* ---- Stopping ---- */

void vn_worker_wake(struct vn_worker *worker)
{
    pthread_mutex_lock(&worker->mailbox.lock);
    if (worker->mailbox.ring != NULL)
        vn_ring_wake(worker->mailbox.ring);
    pthread_mutex_unlock(&worker->mailbox.lock);
}

void vn_worker_stop(struct vn_worker *worker, uint64_t due)
{
    struct vn_mailbox *mailbox = &worker->mailbox;
    pthread_mutex_lock(&mailbox->lock);
    if (due < mailbox->stop_due)
        mailbox->stop_due = due;
    if (mailbox->ring != NULL)
        vn_ring_wake(mailbox->ring);
    pthread_mutex_unlock(&mailbox->lock);
}

uint64_t vn_worker_stop_due(struct vn_worker *worker)
{
    pthread_mutex_lock(&worker->mailbox.lock);
    uint64_t due = worker->mailbox.stop_due;
    pthread_mutex_unlock(&worker->mailbox.lock);
    return due;
}

/* Once, after all events of a turn: whoever is idle now has nothing on its way that was read already.
 * The others close with their next answer, or by their deadline. */
static void worker_begin_drain(struct vn_worker *worker)
{
    worker->is_draining = true;
    if (worker->listening != NULL) {
        vn_wheel_remove(&worker->listening->retry);
        vn_ring_end(worker->ring, &worker->listening->source);
    }
    for (struct vn_link *link = worker->connections.next; link != &worker->connections;
         link = link->next)
        vn_conn_drain(vn_holder(link, struct vn_conn, link));
}

static void worker_drain(struct vn_worker *worker)
{
    if (!worker->is_draining)
        worker_begin_drain(worker);
    if (vn_worker_stop_due(worker) > worker->now)
        return;
    for (struct vn_link *link = worker->connections.next; link != &worker->connections;
         link = link->next)
        vn_conn_end(vn_holder(link, struct vn_conn, link));
}

/* ---- Turning ---- */

static void worker_expire(struct vn_worker *worker)
{
    struct vn_link due;
    vn_list_init(&due);
    vn_wheel_advance(&worker->wheel, worker->now, &due);
    while (!vn_list_is_empty(&due)) {
        struct vn_timeout *timeout = vn_holder(due.next, struct vn_timeout, link);
        vn_list_remove(&timeout->link);
        if (worker->listening != NULL && timeout == &worker->listening->retry)
            worker_accept(worker);
        else
            vn_conn_expire(vn_holder(timeout, struct vn_conn, timeout));
    }
}

/* Have the memory of those whose turns are next come from afar while this one's turn is under way:
 * thousands that get the same event are in no cache. */
static void worker_foresee(const struct vn_worker *worker, const struct vn_link *next)
{
    const struct vn_link *end = &worker->ready;
    if (next == end)
        return;
    const struct vn_exchange *exchange = vn_holder(next, struct vn_conn, ready)->exchange;
    if (exchange != NULL && exchange->producer_context != NULL)
        vn_prefetch(exchange->producer_context, PRODUCER_SIZE);
    if ((next = next->next) == end)
        return;
    exchange = vn_holder(next, struct vn_conn, ready)->exchange;
    if (exchange != NULL)
        vn_prefetch(exchange, offsetof(struct vn_exchange, producer_release));
    if ((next = next->next) != end)
        vn_prefetch(vn_holder(next, struct vn_conn, ready), VN_CONN_WARM);
}

/* Those who go on without an event, after a turn in which there was none, or after a turn in which
 * there were: so what the events led to is on its way before. They get as much time as the events
 * took, so that neither starves the other. */
static void worker_continue(struct vn_worker *worker, bool is_busy)
{
    worker->calm = is_busy ? TURN_SPAN : vn_smaller(2 * worker->calm, CALM_SPAN_MOST);
    if (vn_list_is_empty(&worker->ready)) {
        worker->owed = 0;
        return;
    }
    uint64_t now = vn_clock_nanoseconds();
    uint64_t took = now + TURN_SPAN - worker->late_at;
    worker->was_busy = is_busy && !worker->was_busy;
    if (worker->was_busy) {
        worker->owed += took;
        return;
    }
    uint64_t span = took + worker->owed;
    worker->owed = 0;
    span = span < worker->calm ? worker->calm : span;
    worker_begin_span(worker, now, span < TURN_SPAN_MOST ? span : TURN_SPAN_MOST);
    for (int i = 1; i <= READY_MOST && !vn_list_is_empty(&worker->ready); i++) {
        struct vn_conn *conn = vn_holder(worker->ready.next, struct vn_conn, ready);
        if (conn->turn == worker->turn)
            return; /* it asked again: its next turn is the next one */
        vn_list_remove(&conn->ready);
        worker_foresee(worker, worker->ready.next);
        vn_conn_continue(conn);
        if (i % CONTINUE_LOOK_EVERY == 0)
            vn_worker_look_at_clock(worker);
        if (worker->is_late)
            return;
    }
}

/* The sooner of both; below 0 is for ever. */
static int64_t worker_patience_until(uint64_t timer, int64_t patience)
{
    uint64_t now = vn_clock_nanoseconds();
    int64_t wait = timer <= now ? 0 : (int64_t) (timer - now);
    return patience < 0 || wait < patience ? wait : patience;
}

static int64_t worker_patience(struct vn_worker *worker, uint64_t most)
{
    if (!vn_list_is_empty(&worker->ready) || worker->soon.first != NULL ||
        worker->last.first != NULL || !vn_list_is_empty(&worker->answered) ||
        !vn_list_is_empty(&worker->due))
        return 0;
    uint64_t due = vn_wheel_next(&worker->wheel);
    if (worker->is_draining) {
        uint64_t stop = vn_worker_stop_due(worker);
        due = stop < due ? stop : due;
    }
    due = worker->patience_for_calls == 0 || due < worker->patience_for_calls
              ? due
              : worker->patience_for_calls;
    uint64_t wait = due <= worker->now ? 0 : due - worker->now;
    wait = most < wait ? most : wait;
    int64_t patience = wait > INT64_MAX / 1000000 ? -1 : (int64_t) (wait * 1000000);
    uint64_t timer = vn_worker_next_timer(worker);
    return vn_likely(timer == UINT64_MAX) ? patience : worker_patience_until(timer, patience);
}

int32_t vn_worker_turn(struct vn_worker *worker, uint64_t most)
{
    int32_t count =
        vn_ring_wait(worker->ring, worker->events, VN_EVENTS_MAX, worker_patience(worker, most));
    if (vn_unlikely(count < 0))
        return count;
    worker_tell_time(worker);
    worker->turn++;

    bool was_woken = false;
    for (int32_t i = 0; i < count; i++) {
        const struct vn_event *event = &worker->events[i];
        if (i % LOOK_EVERY == LOOK_EVERY - 1)
            vn_worker_look_at_clock(worker);
        if (event->type == VN_WOKEN)
            was_woken = true;
        else if (event->source->owner == VN_OWNER_CONNECTION)
            vn_conn_event((struct vn_conn *) event->source, event);
        else if (event->source->owner == VN_OWNER_WATCH)
            vn_watch_event((struct vn_watch *) event->source, event);
        else
            listening_event(worker, event);
    }
    worker_continue(worker, count > 0);
    worker_expire(worker);
    if (was_woken) {
        worker_read_mail(worker);
        vn_desks_open(worker);
        worker_take_posted(worker);
    }
    worker_run_timers(worker);
    if (worker->soon.first != NULL || worker->last.first != NULL ||
        !vn_list_is_empty(&worker->answered))
        worker_run_tasks(worker);
    if (vn_unlikely(worker->is_draining || (was_woken && vn_worker_stop_due(worker) != UINT64_MAX)))
        worker_drain(worker);
    return 0;
}

void vn_worker_run(struct vn_worker *worker)
{
    for (;;) {
        int32_t turned = vn_worker_turn(worker, UINT64_MAX);
        if (turned < 0) {
            vn_log(worker->config, VN_LOG_ERROR, "a worker's ring broke: %s", strerror(-turned));
            /* only a bug of ours, or of the kernel's, comes here: no connection could be ended
             * cleanly */
            abort();
        }
        if (worker->is_draining && worker->listening == NULL &&
            vn_list_is_empty(&worker->connections))
            return;
    }
}
