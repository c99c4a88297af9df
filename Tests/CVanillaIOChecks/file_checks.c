// SPDX-License-Identifier: MIT
#include "file_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_delivery.h"
#include "ring/ring.h"
#include "system/file.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

/* ---- A folder with an outside ---- */

struct place {
    char top[64];
    int32_t folder; /* "in" */
};

static void put(const struct place *place, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place->top, name);
    int32_t fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0 && write(fd, text, strlen(text)) >= 0)
        close(fd);
}

static void make(const struct place *place, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place->top, name);
    mkdir(path, 0777);
}

static void link_to(const struct place *place, const char *name, const char *target)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place->top, name);
    if (symlink(target, path) < 0)
        unlink(path);
}

static bool place_open(struct place *place)
{
    char path[256];
    strcpy(place->top, "/tmp/vanilla-beneath-XXXXXX");
    if (mkdtemp(place->top) == NULL)
        return false;
    make(place, "in");
    make(place, "in/a");
    make(place, "in/a/b");
    make(place, "out");
    put(place, "in/file", "inside");
    put(place, "in/a/b/deep", "inside");
    put(place, "out/file", "OUTSIDE");
    put(place, "file", "OUTSIDE");
    link_to(place, "in/to-file", "file");
    link_to(place, "in/to-deep", "a/b/deep");
    link_to(place, "in/a/b/up", "../../file");
    link_to(place, "in/folder", "a/b");
    link_to(place, "in/out-file", "../out/file");
    link_to(place, "in/out", "../out");
    link_to(place, "in/absolute", "/etc/passwd");
    link_to(place, "in/a/b/far", "../../../file");
    link_to(place, "in/loop", "loop");
    link_to(place, "in/nowhere", "none");
    snprintf(path, sizeof path, "%s/in/fifo", place->top);
    if (mkfifo(path, 0666) < 0)
        return false;
    snprintf(path, sizeof path, "%s/in", place->top);
    place->folder = vn_file_open_folder(path);
    return place->folder >= 0;
}

static void place_close(struct place *place)
{
    char command[128];
    close(place->folder);
    snprintf(command, sizeof command, "rm -rf %s", place->top);
    if (system(command) != 0)
        return;
}

/* ---- Paths ---- */

static const struct {
    const char *path;
    int32_t result; /* 1: a file of the inside, 2: a folder, or -errno */
    int32_t without_links;
} paths[] = {
    {"file", 1, 1},
    {"a/b/deep", 1, 1},
    {"a//b///deep", 1, 1},
    {"./a/./b/deep", 1, 1},
    {"a/../file", 1, 1},
    {"a", 2, 2},
    {"a/b/", 2, 2},
    {"", 2, 2},
    {".", 2, 2},
    {"to-file", 1, -ELOOP},
    {"to-deep", 1, -ELOOP},
    {"folder/deep", 1, -ELOOP},
    {"folder/up", 1, -ELOOP},
    {"a/b/up", 1, -ELOOP},
    {"folder/../b/deep", 1, -ELOOP},
    {"folder", 2, -ELOOP},
    {"..", -EXDEV, -EXDEV},
    {"../file", -EXDEV, -EXDEV},
    {"a/../../file", -EXDEV, -EXDEV},
    {"a/b/../../../out/file", -EXDEV, -EXDEV},
    {"/etc/passwd", -EXDEV, -EXDEV},
    {"out-file", -EXDEV, -ELOOP},
    {"out/file", -EXDEV, -ELOOP},
    {"out", -EXDEV, -ELOOP},
    {"a/b/far", -EXDEV, -ELOOP},
    {"absolute", -EXDEV, -ELOOP},
    {"loop", -ELOOP, -ELOOP},
    {"nowhere", -ENOENT, -ELOOP},
    {"none", -ENOENT, -ENOENT},
    {"none/file", -ENOENT, -ENOENT},
    {"file/", -ENOTDIR, -ENOTDIR},
    {"file/x", -ENOTDIR, -ENOTDIR},
    {"fifo", -EPERM, -EPERM},
    {"fifo/x", -ENOTDIR, -ENOTDIR},
};

/* 1: a file of the inside; 2: a folder; -errno; -1000: a file of the outside. */
static int32_t reach(int32_t fd, const struct stat *status)
{
    char text[16] = "";
    if (fd < 0)
        return fd;
    int32_t result = 2;
    if (S_ISREG(status->st_mode))
        result = vn_file_read(fd, (uint8_t *) text, 15, 0) == 6 && strcmp(text, "inside") == 0
                     ? 1
                     : -1000;
    close(fd);
    return result;
}

static int32_t reach_by(bool walks, int32_t folder, const char *path, bool refuses_links)
{
    struct stat status;
    int32_t fd = walks ? vn_file_walk_beneath(folder, path, refuses_links, O_RDONLY, &status)
                       : vn_file_open_beneath(folder, path, refuses_links, &status);
    return reach(fd, &status);
}

const char *vn_check_paths_beneath(void)
{
    struct place place;
    const char *problem = NULL;
    if (!place_open(&place))
        return "no place";
    for (size_t i = 0; i < COUNT(paths) && problem == NULL; i++) {
        for (int32_t way = 0; way < 4 && problem == NULL; way++) {
            bool walks = way & 1, refuses = way & 2;
            int32_t wanted = refuses ? paths[i].without_links : paths[i].result;
            int32_t result = reach_by(walks, place.folder, paths[i].path, refuses);
            if (result != wanted)
                problem = vn_fail("\"%s\", way %d: %d, not %d", paths[i].path, way, result, wanted);
        }
    }
    place_close(&place);
    return problem;
}

struct swapping {
    const struct place *place;
    atomic_bool is_over;
};

static void *swap(void *argument)
{
    struct swapping *swapping = argument;
    char folder[256], aside[256], link[256];
    snprintf(folder, sizeof folder, "%s/in/a", swapping->place->top);
    snprintf(aside, sizeof aside, "%s/aside", swapping->place->top);
    snprintf(link, sizeof link, "%s/link", swapping->place->top);
    while (!swapping->is_over) {
        if (symlink("../out", link) < 0 || rename(folder, aside) < 0 || rename(link, folder) < 0)
            break;
        if (rename(folder, link) < 0 || unlink(link) < 0 || rename(aside, folder) < 0)
            break;
    }
    return NULL;
}

const char *vn_check_paths_beneath_while_swapped(void)
{
    enum { ROUNDS = 4000 };
    struct place place;
    pthread_t thread;
    const char *problem = NULL;
    if (!place_open(&place))
        return "no place";
    put(&place, "in/a/file", "inside");
    struct swapping swapping = {.place = &place};
    pthread_create(&thread, NULL, swap, &swapping);
    for (int32_t i = 0; i < ROUNDS && problem == NULL; i++) {
        const char *path = i & 4 ? "a/b/../file" : "a/file";
        if (reach_by(i & 1, place.folder, path, i & 2) == -1000)
            problem = "it reached the outside";
    }
    swapping.is_over = true;
    pthread_join(thread, NULL);
    place_close(&place);
    return problem;
}

/* ---- Reads ---- */

enum { SIZE = 300000, PIECE = 65536 };

struct reading {
    struct vn_ring *ring;
    struct vn_slab slab;
    struct vn_source *source;
    struct vn_read read;
    uint8_t bytes[PIECE];
};

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t) (at * 7 + at / 251);
}

/* A file that is nowhere, and whose bytes the system has forgotten, where it can. */
static int32_t make_file(void)
{
    char path[] = "/var/tmp/vanilla-read-XXXXXX";
    static uint8_t bytes[SIZE];
    int32_t fd = mkstemp(path);
    if (fd < 0)
        return fd;
    unlink(path);
    for (uint64_t i = 0; i < SIZE; i++)
        bytes[i] = byte_at(i);
    if (write(fd, bytes, SIZE) != SIZE)
        return -1;
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return fd;
}

static const char *reading_open(struct reading *reading, int32_t backend)
{
    int32_t refusal;
    uint32_t index;
    memset(reading, 0, sizeof *reading);
    if (vn_slab_open(&reading->slab, sizeof(struct vn_source), 4) < 0 ||
        vn_ring_open(&reading->ring, (enum vn_ring_backend) backend, &reading->slab, &refusal) < 0)
        return "no ring";
    int32_t fd = make_file();
    if (fd < 0)
        return "no file";
    reading->source = vn_slab_take(&reading->slab, &index);
    reading->source->fd = fd;
    reading->source->index = index;
    reading->source->generation = reading->slab.generations[index];
    vn_ring_begin(reading->ring, reading->source);
    return NULL;
}

/* The next event but WOKEN. */
static struct vn_event next(struct reading *reading)
{
    struct vn_event event = {.type = VN_WOKEN};
    while (event.type == VN_WOKEN)
        if (vn_ring_wait(reading->ring, &event, 1, (int64_t) 20 * 1000000000) != 1)
            return (struct vn_event) {0};
    return event;
}

static const char *reading_end(struct reading *reading)
{
    vn_ring_end(reading->ring, reading->source);
    struct vn_event event = next(reading);
    if (event.type != VN_ENDED || event.source != reading->source)
        return "it did not end";
    vn_slab_give(&reading->slab, reading->source->index);
    vn_ring_close(reading->ring);
    vn_slab_close(&reading->slab);
    return NULL;
}

static int64_t read_piece(struct reading *reading, uint64_t at)
{
    reading->read = (struct vn_read) {.bytes = reading->bytes, .count = PIECE, .at = at};
    int64_t count = vn_ring_read(reading->ring, reading->source, &reading->read);
    if (count != -EINPROGRESS)
        return count;
    struct vn_event event = next(reading);
    return event.type == VN_READ && event.source == reading->source ? event.count : -EPROTO;
}

static const char *read_all(struct reading *reading)
{
    uint64_t at = 0;
    int64_t count;
    while ((count = read_piece(reading, at)) > 0) {
        for (int64_t i = 0; i < count; i++)
            if (reading->bytes[i] != byte_at(at + (uint64_t) i))
                return vn_fail("byte %llu is wrong", (unsigned long long) at + (uint64_t) i);
        at += (uint64_t) count;
    }
    return count == 0 && at == SIZE
               ? NULL
               : vn_fail("%lld after %llu bytes", (long long) count, (unsigned long long) at);
}

const char *vn_check_reads(int32_t backend)
{
    static struct reading reading;
    const char *problem = reading_open(&reading, backend);
    for (int32_t round = 0; round < 2 && problem == NULL; round++)
        problem = read_all(&reading);
    return problem == NULL ? reading_end(&reading) : problem;
}

const char *vn_check_read_ends(int32_t backend)
{
    static struct reading reading;
    for (int32_t round = 0; round < 20; round++) {
        const char *problem = reading_open(&reading, backend);
        if (problem != NULL)
            return problem;
        reading.read = (struct vn_read) {.bytes = reading.bytes, .count = PIECE};
        int64_t count = vn_ring_read(reading.ring, reading.source, &reading.read);
        if (count != -EINPROGRESS && count <= 0)
            return vn_fail("a read: %lld", (long long) count);
        problem = reading_end(&reading);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}
