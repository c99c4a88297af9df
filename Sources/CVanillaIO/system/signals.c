// SPDX-License-Identifier: MIT
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "wakeup.h"

enum { OBSERVERS_MAX = 64 };

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};
enum { HANDLED_COUNT = sizeof handled / sizeof *handled };

/* For begin and end; the handler takes no lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before[HANDLED_COUNT];
static uint32_t observer_count;
static struct vn_signals *_Atomic observers[OBSERVERS_MAX];
static _Atomic uint32_t handlers_running;

/* A terminal that is closed sends SIGHUP, and so does its shell: all of them are one. */
static void count_signal(struct vn_signals *signals, int number)
{
    uint32_t none = 0;
    if (number == SIGHUP && atomic_load(&signals->keeps_hangups))
        atomic_fetch_add(&signals->hangups, 1);
    else if (number == SIGHUP)
        atomic_compare_exchange_strong(&signals->count, &none, 1);
    else
        atomic_fetch_add(&signals->count, 1);
    vn_wakeup_descriptor_set(signals->signal_fd);
}

static void handle(int number)
{
    int saved = errno;
    atomic_fetch_add(&handlers_running, 1);
    for (int i = 0; i < OBSERVERS_MAX; i++) {
        struct vn_signals *signals = atomic_load(&observers[i]);
        if (signals != NULL)
            count_signal(signals, number);
    }
    atomic_fetch_sub(&handlers_running, 1);
    errno = saved;
}

static int32_t install(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < HANDLED_COUNT; i++) {
        if (sigaction(handled[i], NULL, &before[i]) < 0)
            return -errno;
        if (handled[i] == SIGHUP && before[i].sa_handler == SIG_IGN)
            continue; /* by nohup(1): it outlives its terminal */
        if (sigaction(handled[i], &action, NULL) < 0)
            return -errno;
    }
    return 0;
}

int32_t vn_signals_begin(struct vn_signals *signals)
{
    pthread_mutex_lock(&lock);
    int32_t result = observer_count == 0 ? install() : 0;
    if (result == 0) {
        result = -EAGAIN;
        for (int i = 0; i < OBSERVERS_MAX && result < 0; i++) {
            if (atomic_load(&observers[i]) != NULL)
                continue;
            atomic_store(&observers[i], signals);
            observer_count++;
            result = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    if (result == 0) {
        sigset_t taken;
        sigemptyset(&taken);
        for (int i = 0; i < HANDLED_COUNT; i++)
            sigaddset(&taken, handled[i]);
        pthread_sigmask(SIG_UNBLOCK, &taken, &signals->mask);
    }
    return result;
}

void vn_signals_end(struct vn_signals *signals)
{
    pthread_sigmask(SIG_SETMASK, &signals->mask, NULL);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < OBSERVERS_MAX; i++)
        if (atomic_load(&observers[i]) == signals)
            atomic_store(&observers[i], NULL);
    if (--observer_count == 0)
        for (int i = 0; i < HANDLED_COUNT; i++)
            sigaction(handled[i], &before[i], NULL);
    pthread_mutex_unlock(&lock);

    /* One that began before may still hold the pointer; it never waits for anybody. */
    while (atomic_load(&handlers_running) > 0)
        sched_yield();
}

/* ---- SIGPIPE ---- */

static void set_pipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void vn_signal_pipe_block(sigset_t *before)
{
    sigset_t pipe;
    set_pipe(&pipe);
    pthread_sigmask(SIG_BLOCK, &pipe, before);
}

/* Take a signal that is pending, without waiting for one: another thread may take it first. */
static bool take_pending(const sigset_t *set)
{
#if defined(_POSIX_REALTIME_SIGNALS) && _POSIX_REALTIME_SIGNALS > 0
    int number;
    do
        number = sigtimedwait(set, NULL, &(struct timespec) {0});
    while (number < 0 && errno == EINTR);
    return number > 0;
#else
    /* macOS has no call that does not wait. What write(2) raises is for this thread alone. */
    sigset_t pending;
    int number;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) &&
           sigwait(set, &number) == 0;
#endif
}

/* One that came meanwhile is taken first: it was for nobody. */
void vn_signal_pipe_restore(const sigset_t *before)
{
    sigset_t pipe;
    set_pipe(&pipe);
    if (!sigismember(before, SIGPIPE))
        while (take_pending(&pipe))
            ;
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
