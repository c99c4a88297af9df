// SPDX-License-Identifier: MIT
/* resolve.h - the address that a name stands for, asked of the system: /etc/hosts, DNS and what
 * else nsswitch.conf(5) names. It may take seconds. */
#ifndef VN_SYSTEM_RESOLVE_H
#define VN_SYSTEM_RESOLVE_H

#include "address.h"

/* Whether a text can be the name of a host (RFC 1123, section 2.1, and "_"). One that ends in a
 * number cannot: it is an address that is wrong, such as "1.2.3" (URL Standard, section 3.5). */
bool vn_is_host_name(const char *text);

/* Find the address of a name: of several the first of IPv4, or where there is none of IPv6, in the
 * system's order (RFC 6724). Returns 0, or -errno and what is wrong in `why`, which is immortal. */
int32_t vn_address_resolve(struct vn_address *address, const char *name, uint16_t port,
                           const char **why);

#endif
