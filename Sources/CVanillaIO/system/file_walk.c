// SPDX-License-Identifier: MIT
/* file_walk.c - a path below a folder, a component at a time: each is opened relative to the one
 * before it and is no link at that moment, and ".." goes back to what was opened before, so that
 * nothing outside is reached, however the folders are moved meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

enum {
    DEPTH_MAX = 64, /* folders on the way */
    LINKS_MAX = 40, /* as the system's own limit */
    ROOM = 8192, /* bytes of the path with what links add to it */
    RACES_MAX = 16, /* components that were replaced while they were looked at */
};

struct walk {
    int32_t folders[DEPTH_MAX]; /* open, beyond the first one */
    uint32_t depth;
    uint32_t links;
    uint32_t races;
    int32_t folder_flags;
    bool refuses_links;
    char path[ROOM]; /* what is still to be walked */
};

static void leave(struct walk *walk)
{
    if (walk->depth > 0)
        close(walk->folders[walk->depth--]);
}

/* Put the target of a link in place of its name; `rest` begins with the slash after it, if there is
 * one. */
static int32_t follow(struct walk *walk, const char *name, const char *rest)
{
    char target[ROOM];
    if (walk->refuses_links || ++walk->links > LINKS_MAX)
        return -ELOOP;
    ssize_t count = readlinkat(walk->folders[walk->depth], name, target, sizeof target);
    if (count < 0)
        return -errno;
    size_t left = strlen(rest);
    if ((size_t) count + left + 1 > sizeof target)
        return -ENAMETOOLONG;
    if (count > 0 && target[0] == '/')
        return -EXDEV;
    memcpy(target + count, rest, left + 1);
    memcpy(walk->path, target, (size_t) count + left + 1);
    return 0;
}

/* Go into a folder, or open what is last. Returns a descriptor, or -errno: -EAGAIN when it is not
 * any more what it was. */
static int32_t open_component(const struct walk *walk, const char *name, bool is_last,
                              struct stat *status)
{
    int32_t flags = is_last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : walk->folder_flags | O_DIRECTORY;
    struct stat opened;
    int32_t fd = openat(walk->folders[walk->depth], name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP || errno == EMLINK || (errno == ENOTDIR && S_ISDIR(status->st_mode))
                   ? -EAGAIN
                   : -errno;
    int32_t error = fstat(fd, &opened) < 0 ? -errno : 0;
    if (error == 0 && (opened.st_dev != status->st_dev || opened.st_ino != status->st_ino ||
                       (opened.st_mode & S_IFMT) != (status->st_mode & S_IFMT)))
        error = -EAGAIN;
    if (error < 0) {
        close(fd);
        return error;
    }
    if (is_last)
        vn_file_wait_for(fd);
    *status = opened;
    return fd;
}

/* Take the next component of the path. Returns a descriptor when that was the last, -EINPROGRESS
 * when there are more, or -errno. */
static int32_t step(struct walk *walk, struct stat *status)
{
    char name[ROOM];
    const char *start = walk->path + strspn(walk->path, "/");
    size_t count = strcspn(start, "/");
    const char *rest = start + count + strspn(start + count, "/");
    bool is_last = *rest == '\0';
    bool names_folder = start[count] == '/';
    memcpy(name, start, count);
    name[count] = '\0';
    if (count == 0)
        memcpy(name, ".", 2);
    if (strcmp(name, "..") == 0) {
        if (walk->depth == 0)
            return -EXDEV;
        leave(walk);
        memcpy(name, ".", 2);
    }
    if (strcmp(name, ".") == 0 && !is_last) {
        memmove(walk->path, rest, strlen(rest) + 1);
        return -EINPROGRESS;
    }
    if (fstatat(walk->folders[walk->depth], name, status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISLNK(status->st_mode)) {
        int32_t followed = follow(walk, name, start + count);
        return followed < 0 ? followed : -EINPROGRESS;
    }
    if ((!is_last || names_folder) && !S_ISDIR(status->st_mode))
        return -ENOTDIR;
    if (is_last && !S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
        return -EPERM;
    int32_t fd = open_component(walk, name, is_last, status);
    if (fd == -EAGAIN && ++walk->races < RACES_MAX)
        return -EINPROGRESS;
    if (fd < 0 || is_last)
        return fd;
    if (walk->depth + 1 == DEPTH_MAX) {
        close(fd);
        return -ENAMETOOLONG;
    }
    walk->folders[++walk->depth] = fd;
    memmove(walk->path, rest, strlen(rest) + 1);
    return -EINPROGRESS;
}

int32_t vn_file_walk_beneath(int32_t folder, const char *path, bool refuses_links,
                             int32_t folder_flags, struct stat *status)
{
    struct walk walk = {
        .folders = {folder}, .folder_flags = folder_flags, .refuses_links = refuses_links};
    size_t count = strlen(path);
    if (count >= sizeof walk.path)
        return -ENAMETOOLONG;
    if (path[0] == '/')
        return -EXDEV;
    memcpy(walk.path, path, count + 1);
    int32_t result;
    do {
        result = step(&walk, status);
    } while (result == -EINPROGRESS);
    while (walk.depth > 0)
        leave(&walk);
    return result;
}
