// SPDX-License-Identifier: MIT
/* file_checks.h - files below a folder, and reads on a ring. Each returns what is wrong, or
 * NULL. */
#ifndef FILE_CHECKS_H
#define FILE_CHECKS_H

#include <stdint.h>

/* What a path reaches below a folder, by the system's call and component by component. */
const char *vn_check_paths_beneath(void);

/* The same while a folder is replaced by a link to the outside, and back, again and again. */
const char *vn_check_paths_beneath_while_swapped(void);

/* A file is read on the ring of a backend (enum vn_ring_backend), from memory and from the disk. */
const char *vn_check_reads(int32_t backend);

/* A source that ends while it is read says so once the read is over. */
const char *vn_check_read_ends(int32_t backend);

#endif
