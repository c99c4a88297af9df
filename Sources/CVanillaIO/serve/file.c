// SPDX-License-Identifier: MIT
/* file.c - files below a folder, as vn_file.h has them. */
#include "../include/vn_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../system/clock.h"
#include "../system/file.h"

static void note(vn_file_facts *facts, const struct stat *status)
{
    *facts = (vn_file_facts) {
        .size = S_ISREG(status->st_mode) ? (uint64_t) status->st_size : 0,
        .inode = (uint64_t) status->st_ino,
        .device = (uint64_t) status->st_dev,
        .modified = vn_file_modified(status),
        .changed = vn_file_changed(status),
        .links = (uint32_t) status->st_nlink,
        .type = S_ISDIR(status->st_mode) ? VN_FILE_FOLDER : VN_FILE_REGULAR,
    };
}

int32_t vn_folder_open(const char *path)
{
    return vn_file_open_folder(path);
}

void vn_folder_close(int32_t fd)
{
    close(fd);
}

/* Whether it is a file or a folder, and which. */
static bool is_listed(int32_t folder, const char *name, bool *is_folder)
{
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    *is_folder = S_ISDIR(status.st_mode);
    return *is_folder || S_ISREG(status.st_mode);
}

int32_t vn_folder_list(int32_t fd, vn_folder_entry *entry, void *context)
{
    int32_t own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return -errno;
    DIR *folder = fdopendir(own);
    if (folder == NULL) {
        close(own);
        return -ENOMEM;
    }
    const struct dirent *found;
    bool goes_on = true, is_folder;
    while (goes_on && (found = readdir(folder)) != NULL)
        if (is_listed(own, found->d_name, &is_folder))
            goes_on = entry(context, found->d_name, is_folder);
    closedir(folder);
    return 0;
}

int32_t vn_file_create(const char *path)
{
    int32_t fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

int32_t vn_file_write(int32_t fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            bytes += written;
            count -= (size_t) written;
        }
    }
    return 0;
}

void vn_file_remove(const char *path)
{
    unlink(path);
}

int64_t vn_file_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t vn_file_clock(void)
{
    return vn_clock();
}

int32_t vn_folder_open_file(int32_t folder, const char *path, bool refuses_links,
                            vn_file_facts *facts)
{
    struct stat status;
    int32_t fd = vn_file_open_beneath(folder, path, refuses_links, &status);
    if (fd >= 0)
        note(facts, &status);
    return fd;
}

int32_t vn_file_look(int32_t fd, vn_file_facts *facts)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    note(facts, &status);
    return 0;
}

int64_t vn_file_read_some(int32_t fd, uint8_t *bytes, size_t count, uint64_t at)
{
    size_t done = 0;
    while (done < count) {
        int64_t result = vn_file_read(fd, bytes + done, count - done, at + done);
        if (result <= 0)
            return result < 0 ? result : (int64_t) done;
        done += (size_t) result;
    }
    return (int64_t) done;
}
