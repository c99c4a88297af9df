// SPDX-License-Identifier: MIT
/* base_checks.h - slab and list. Each check returns NULL, or what is wrong. */
#ifndef VN_BASE_CHECKS_H
#define VN_BASE_CHECKS_H

const char *vn_check_slab_has_its_capacity(void);
const char *vn_check_slab_gives_zeroed_slots(void);
const char *vn_check_slab_finds_tenants(void);
/* Most of its memory goes back to the system; names from before still fit nobody. */
const char *vn_check_slab_empties(void);
const char *vn_check_slab_at_random(void);
const char *vn_check_list(void);

#endif
