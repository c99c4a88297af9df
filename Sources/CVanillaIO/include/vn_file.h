// SPDX-License-Identifier: MIT
/* vn_file.h - files as answers: opened below a folder whatever a path says, and sent without
 * blocking the worker. */
#ifndef VN_FILE_H
#define VN_FILE_H

#include "vn_ranges.h"

enum { VN_FILE_REGULAR, VN_FILE_FOLDER };

/* What is known of a file that is open. Times are nanoseconds since 1970. */
typedef struct vn_file_facts {
    uint64_t size;
    uint64_t inode;
    uint64_t device;
    int64_t modified; /* its bytes */
    int64_t changed; /* anything of it */
    uint32_t links; /* names */
    uint8_t type; /* VN_FILE_... */
} vn_file_facts;

/* Open a folder. Any thread. Returns a descriptor or -errno. */
int32_t vn_folder_open(const char *path);

/* Close what was opened here. Any thread. */
void vn_folder_close(int32_t fd);

/* Gets the name of what is in a folder; returns whether to go on. */
typedef bool vn_folder_entry(void *context, const char *name, bool is_folder);

/* Have `entry` called for each file and folder in an open folder, in no order; other kinds are left
 * out, links included. Any thread. Returns 0 or -errno. */
int32_t vn_folder_list(int32_t fd, vn_folder_entry *entry, void *context);

/* Open a regular file or a folder below the folder that `folder` is open on, for reading. The path
 * is relative, and may be empty. Links are followed, but to nothing outside; with `refuses_links`
 * not at all. Nothing else than files and folders is opened. It may wait for a disk. Any thread.
 *
 * Returns a descriptor, or -errno: -EXDEV for what is outside; -EPERM for what is neither file nor
 * folder; -ENOENT, -ENOTDIR, -ELOOP, -EACCES, -EMFILE and others as of open(2). */
int32_t vn_folder_open_file(int32_t folder, const char *path, bool refuses_links,
                            vn_file_facts *facts);

/* What is known of an open file now. Any thread. Returns 0 or -errno. */
int32_t vn_file_look(int32_t fd, vn_file_facts *facts);

/* Read `count` bytes of an open file, from byte `at` on, or up to its end. It may wait for a disk.
 * Any thread. Returns how many were read, or -errno. */
int64_t vn_file_read_some(int32_t fd, uint8_t *bytes, size_t count, uint64_t at);

/* Make a file that is not there, for its owner alone (0600), open for writing. Any thread. Returns
 * a descriptor or -errno. */
int32_t vn_file_create(const char *path);

/* Write all of the bytes. It may wait for a disk. Any thread. Returns 0 or -errno. */
int32_t vn_file_write(int32_t fd, const uint8_t *bytes, size_t count);

/* Remove a file by its name. Any thread. */
void vn_file_remove(const char *path);

/* Nanoseconds since 1970 by the clock that the times of files are of, and milliseconds of one that
 * nobody sets. */
int64_t vn_file_now(void);
uint64_t vn_file_clock(void);

/* Answer with an open file, or with what the request asks for of it, as vn_response_select does.
 * `facts` are those that were found when it was opened. It is read a piece at a time, as the client
 * takes it, and never more than two pieces are in memory; where the file changes meanwhile the
 * connection is cut, so that nobody takes a mixture for the file. The descriptor is taken over,
 * whatever is returned.
 *
 * Returns as vn_response_send_parts; or -EMFILE where the worker reads too many files already, and
 * it is not answered. */
int32_t vn_response_send_file(vn_response *response, const vn_validators *validators,
                              vn_span content_type, int32_t fd, const vn_file_facts *facts);

#endif
