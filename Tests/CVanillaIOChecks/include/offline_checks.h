// SPDX-License-Identifier: MIT
/* offline_checks.h - checks of vn_offline.h. Each returns NULL, or what went wrong, in memory that
 * stays valid until the next check on the same thread. */
#ifndef VN_OFFLINE_CHECKS_H
#define VN_OFFLINE_CHECKS_H

/* Clients live beside each other: one takes a long answer in small pieces and is never given more
 * than it has room for, one half-closes and is answered, one leaves. Then there is a second run. */
const char *vn_check_offline_clients(void);
/* As many as there may be, and no more; a stop cuts them all. */
const char *vn_check_offline_client_count(void);

#endif
