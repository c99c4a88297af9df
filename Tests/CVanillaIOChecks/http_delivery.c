// SPDX-License-Identifier: MIT
#include "http_delivery.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Thread_local char message[1024];

const char *vn_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

const char *vn_fail_in(const char *format, ...)
{
    char inner[sizeof message];
    memcpy(inner, message, sizeof inner);
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (count > 0 && (size_t) count < sizeof message)
        snprintf(message + count, sizeof message - (size_t) count, ": %s", inner);
    return message;
}

uint64_t vn_random(uint64_t *state)
{
    uint64_t x = *state != 0 ? *state : 1;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1d;
}

struct vn_edges vn_edges_open(size_t size)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    size = (size / page + 1) * page;
    uint8_t *pages = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, size, PROT_READ | PROT_WRITE) != 0)
        abort();
    return (struct vn_edges) {pages, size};
}

void vn_edges_close(struct vn_edges *edges)
{
    munmap(edges->pages, edges->size + 2 * (size_t) sysconf(_SC_PAGESIZE));
}

static uint8_t *first_byte(const struct vn_edges *edges)
{
    return edges->pages + sysconf(_SC_PAGESIZE);
}

void vn_edges_wipe(const struct vn_edges *edges)
{
    memset(first_byte(edges), 0xee, edges->size);
}

uint8_t *vn_edges_put_last(const struct vn_edges *edges, const uint8_t *bytes, size_t count)
{
    assert(count <= edges->size);
    return memcpy(first_byte(edges) + edges->size - count, bytes, count);
}

uint8_t *vn_edges_put_first(const struct vn_edges *edges, const uint8_t *bytes, size_t count)
{
    assert(count <= edges->size);
    return memcpy(first_byte(edges), bytes, count);
}

static size_t next_none(const struct vn_cuts *cuts, size_t given, size_t count)
{
    (void) cuts;
    (void) given;
    return count;
}

static size_t next_once(const struct vn_cuts *cuts, size_t given, size_t count)
{
    return given < cuts->size ? cuts->size : count;
}

static size_t next_every(const struct vn_cuts *cuts, size_t given, size_t count)
{
    return vn_smaller(given + cuts->size, count);
}

static size_t next_random(const struct vn_cuts *cuts, size_t given, size_t count)
{
    size_t most = vn_random_below(cuts->random, 3) == 0 ? 64 : 4;
    return vn_smaller(given + 1 + vn_random_below(cuts->random, most), count);
}

struct vn_cuts vn_cuts_none(void)
{
    return (struct vn_cuts) {.name = "whole", .next = next_none};
}

struct vn_cuts vn_cuts_once(size_t at)
{
    return (struct vn_cuts) {.name = "cut at", .next = next_once, .size = at};
}

struct vn_cuts vn_cuts_every(size_t size)
{
    return (struct vn_cuts) {.name = "pieces of", .next = next_every, .size = size};
}

struct vn_cuts vn_cuts_random(uint64_t *random)
{
    return (struct vn_cuts) {.name = "random pieces", .next = next_random, .random = random};
}

bool vn_same_request(const vn_request *a, const vn_request *b)
{
    size_t ranges = offsetof(vn_request, method);
    return a->content_length == b->content_length &&
           memcmp((const char *) a + ranges, (const char *) b + ranges,
                  offsetof(vn_request, stage) - ranges) == 0 &&
           memcmp(a->fields, b->fields, a->field_count * sizeof(vn_field)) == 0;
}
