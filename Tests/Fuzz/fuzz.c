// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Asked by the sanitizers at their start. A small quarantine stays in the processor's cache, and
 * what is freed wrongly is used again within one input. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:malloc_context_size=12:allocator_release_to_os_interval_ms=-1";
}

const char *__ubsan_default_options(void);

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

void fuzz_found(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

uint8_t *fuzz_put(struct fuzz_place *place, const uint8_t *bytes, size_t count)
{
    uint8_t *at = place->memory + FUZZ_PLACE_EDGE;
    assert(count <= FUZZ_PLACE_MAX);
    if (!place->is_guarded) {
        ASAN_POISON_MEMORY_REGION(place->memory, sizeof place->memory);
        place->is_guarded = true;
    }
    if (count > place->count)
        ASAN_UNPOISON_MEMORY_REGION(at, count);
    else if (count < place->count)
        ASAN_POISON_MEMORY_REGION(at + count, place->count - count);
    place->count = count;
    return memcpy(at, bytes, count);
}

void fuzz_clear(struct fuzz_place *place)
{
    ASAN_POISON_MEMORY_REGION(place->memory + FUZZ_PLACE_EDGE, place->count);
    place->count = 0;
}
