// SPDX-License-Identifier: MIT
/* listener_checks.h - listening sockets. Each check returns NULL, or what is wrong. */
#ifndef VN_LISTENER_CHECKS_H
#define VN_LISTENER_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

/* `host` is NULL for every address. `port` comes back, and the family says 4, 6 or 0 for a
 * refusal. */
const char *vn_check_parses(const char *host, int32_t family);
const char *vn_check_parses_zones(void);
const char *vn_check_parses_paths(void);
const char *vn_check_host_name(const char *text, bool is_name);
const char *vn_check_resolves(void);

/* Two sockets of one server share a port; a third that would be first is refused. */
const char *vn_check_shares_a_port(const char *host);
/* A server of somebody else is found out, with SO_REUSEPORT and without. */
const char *vn_check_finds_a_foreign_server(bool reuses_port);
const char *vn_check_serves_both_families(void);
const char *vn_check_refuses_a_foreign_address(void);
/* Accepted sockets have TCP_NODELAY; the listener is close-on-exec and blocking. */
const char *vn_check_sets_options(void);
const char *vn_check_listens_without_unsent_limit(void);

const char *vn_check_replaces_a_stale_path(void);
const char *vn_check_refuses_a_live_path(void);
const char *vn_check_listens_on_an_abstract_name(void);
const char *vn_check_refuses_a_path_to_a_file(void);
const char *vn_check_sets_the_mode(uint32_t mode);

const char *vn_check_names_the_peer(const char *listening, const char *connecting,
                                    const char *name);
const char *vn_check_sees_input_and_finishes(void);
/* Sent bytes that wait are dropped by the close, and the peer is told by a reset. */
const char *vn_check_abandons_output(void);

#endif
