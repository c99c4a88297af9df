// SPDX-License-Identifier: MIT
/* file.h - files below a folder, whatever a path says, and their bytes. */
#ifndef VN_SYSTEM_FILE_H
#define VN_SYSTEM_FILE_H

#include <sys/stat.h>

#include "../base/base.h"

/* Open a folder by its path. Returns a descriptor or -errno. */
int32_t vn_file_open_folder(const char *path);

/* Open a regular file or a folder below the folder that `folder` is open on, for reading. Symbolic
 * links are followed, but not to outside of it; with `refuses_links` not at all. Anything else than
 * a file or a folder is not opened, so that nothing blocks and no device notices. Returns a
 * descriptor with its `status`, or -errno: -EXDEV for what is outside, -EPERM for another kind. */
int32_t vn_file_open_beneath(int32_t folder, const char *path, bool refuses_links,
                             struct stat *status);

/* The same, a component at a time, for systems that have no call for it. `folder_flags` are those
 * by which a folder on the way is opened. */
int32_t vn_file_walk_beneath(int32_t folder, const char *path, bool refuses_links,
                             int32_t folder_flags, struct stat *status);

/* Reads of it may wait: a file that was opened so as not to block is read by io_uring as if it had
 * no disk. */
void vn_file_wait_for(int32_t fd);

/* When its bytes, and when anything of it changed last: nanoseconds since 1970. */
int64_t vn_file_modified(const struct stat *status);
int64_t vn_file_changed(const struct stat *status);

/* Read what is in memory already. Returns bytes, 0 at the end, or -errno: -EAGAIN where it would
 * wait for a disk, or the system cannot tell. */
int64_t vn_file_read_cached(int32_t fd, uint8_t *bytes, size_t count, uint64_t at);

/* Read, and wait for it. Returns bytes, 0 at the end, or -errno. */
int64_t vn_file_read(int32_t fd, uint8_t *bytes, size_t count, uint64_t at);

#endif
