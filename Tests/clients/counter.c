// SPDX-License-Identifier: MIT
/* counter.c - preloaded into a program, counts its allocations and its retains and releases.
 *
 * The counters lie in the file that COUNTER_FILE names, shared with the test that reads them while
 * the program runs. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct counters {
    _Atomic uint64_t allocations;
    _Atomic uint64_t frees;
    _Atomic uint64_t retains;
    _Atomic uint64_t releases;
};

static struct counters unshared;
static struct counters *counters = &unshared;

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- Allocation ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t members, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

void *malloc(size_t size)
{
    count(&counters->allocations);
    return __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
    count(&counters->allocations);
    return __libc_calloc(members, size);
}

void *realloc(void *pointer, size_t size)
{
    count(&counters->allocations);
    return __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(&counters->allocations);
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
    *pointer = aligned_alloc(alignment, size);
    return *pointer == NULL ? ENOMEM : 0;
}

void free(void *pointer)
{
    if (pointer != NULL)
        count(&counters->frees);
    __libc_free(pointer);
}

/* ---- Reference counting ----
 *
 * The entry of each function of the runtime becomes a jump to one here that counts and goes on to
 * the runtime's default implementation, which a variable of the runtime points to. So a call is
 * counted wherever it comes from, the standard library's own included; interposing would miss
 * those, and the runtime's hook for Instruments retains immortal strings on x86-64. */

#define KEEPS_REGISTERS __attribute__((preserve_most))

typedef KEEPS_REGISTERS void *counting_function(void *object);
typedef KEEPS_REGISTERS void *counting_n_function(void *object, uint32_t n);

static struct {
    counting_function *retain;
    counting_function *release;
    counting_function *try_retain;
    counting_n_function *retain_n;
    counting_n_function *release_n;
} runtime;

static KEEPS_REGISTERS void *count_retain(void *object)
{
    count(&counters->retains);
    return runtime.retain(object);
}

static KEEPS_REGISTERS void *count_release(void *object)
{
    count(&counters->releases);
    return runtime.release(object);
}

static KEEPS_REGISTERS void *count_try_retain(void *object)
{
    count(&counters->retains);
    return runtime.try_retain(object);
}

static KEEPS_REGISTERS void *count_retain_n(void *object, uint32_t n)
{
    count(&counters->retains);
    return runtime.retain_n(object, n);
}

static KEEPS_REGISTERS void *count_release_n(void *object, uint32_t n)
{
    count(&counters->releases);
    return runtime.release_n(object, n);
}

#if defined(__x86_64__)

/* movabs $target, %rax; jmp *%rax. The functions give nothing in rax that the target does not. */
static const uint8_t jump[] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
enum { JUMP_TARGET_AT = 2 };

#elif defined(__aarch64__)

/* ldr x16, #8; br x16; target. x16 is for code that links code. */
static const uint8_t jump[] = {0x50, 0, 0, 0x58, 0, 2, 0x1f, 0xd6, 0, 0, 0, 0, 0, 0, 0, 0};
enum { JUMP_TARGET_AT = 8 };

#endif

/* Have every call of the function `name` go to `target`. */
static void redirect(const char *name, void *target)
{
    uint8_t *entry = dlsym(RTLD_DEFAULT, name);
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *first = entry - (uintptr_t) entry % page;
    size_t size = (size_t) (entry - first) + sizeof jump;
    if (entry == NULL || mprotect(first, size, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
        abort();
    memcpy(entry, jump, sizeof jump);
    memcpy(entry + JUMP_TARGET_AT, &target, sizeof target);
    __builtin___clear_cache((char *) entry, (char *) entry + sizeof jump);
    if (mprotect(first, size, PROT_READ | PROT_EXEC) < 0)
        abort();
}

/* The default implementation that a variable of the runtime points to; NULL without a runtime. */
static void *implementation(const char *variable)
{
    void **found = dlsym(RTLD_DEFAULT, variable);
    return found == NULL ? NULL : *found;
}

static void count_references(void)
{
    runtime.retain = implementation("_swift_retain");
    if (runtime.retain == NULL)
        return; // a program without Swift
    runtime.release = implementation("_swift_release");
    runtime.try_retain = implementation("_swift_tryRetain");
    runtime.retain_n = implementation("_swift_retain_n");
    runtime.release_n = implementation("_swift_release_n");
    redirect("swift_retain", count_retain);
    redirect("swift_release", count_release);
    redirect("swift_tryRetain", count_try_retain);
    redirect("swift_retain_n", count_retain_n);
    redirect("swift_release_n", count_release_n);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("COUNTER_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct counters)) < 0)
        abort();
    void *shared = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    close(fd);
    counters = shared;
    count_references();
}
