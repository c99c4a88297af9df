// SPDX-License-Identifier: MIT
/* head_in_pieces.c - what it costs that a head of 64 KiB comes byte by byte. Built with
 * -std=gnu17 -D_GNU_SOURCE -O2 -I Sources/CVanillaIO and the C files of Sources/CVanillaIO/http,
 * and counted, one way a run, by valgrind --tool=callgrind ./head_in_pieces WAY:
 *
 * 0: only make the head, to be subtracted. 1: in one piece. 2: a call for every byte.
 * 3: a call for every line end. 4: no scan, only to keep a byte that came alone. */
#include <stdio.h>
#include <stdlib.h>

#include "http/scan.h"

enum { FIELDS = 120, CAPACITY = 70000 };
enum { NOTHING, WHOLE, EVERY_BYTE, EVERY_LINE, ONLY_KEEP };

static uint8_t head[CAPACITY];
static uint8_t kept[CAPACITY];
static volatile size_t kept_count;

static size_t make_head(void)
{
    char *at = (char *) head;
    at += sprintf(at, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < FIELDS; i++)
        at += sprintf(at, "X-Field-%03d: %0520d\r\n", i, 7);
    at += sprintf(at, "\r\n");
    return (size_t) (at - (char *) head);
}

__attribute__((noinline)) static void keep(uint8_t byte)
{
    kept[kept_count] = byte;
    kept_count = kept_count + 1;
}

int main(int argc, char **argv)
{
    static vn_request request;
    static const struct vn_scan_limits limits = {16 * 1024, 16 * 1024, 64 * 1024, 128};
    int way = argc > 1 ? atoi(argv[1]) : NOTHING;
    size_t count = make_head();
    int32_t verdict = 0;

    vn_scan_begin(&request);
    if (way == WHOLE)
        verdict = vn_scan_head(&request, head, count, &limits);
    for (size_t i = 0; way >= EVERY_BYTE && i < count; i++) {
        keep(head[i]);
        if (way == EVERY_BYTE || (way == EVERY_LINE && head[i] == '\n'))
            verdict = vn_scan_head(&request, kept, kept_count, &limits);
    }
    bool scans = way >= WHOLE && way <= EVERY_LINE;
    return scans && verdict != (int32_t) count;
}
