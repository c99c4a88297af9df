// SPDX-License-Identifier: MIT
/* config.h - what of a configuration is impossible, and a copy of it. */
#ifndef VN_SERVER_CONFIG_H
#define VN_SERVER_CONFIG_H

#include "../include/vn_server.h"

/* Refuse what is impossible. Returns 0 or -EINVAL. */
int32_t vn_config_check(const vn_config *config, vn_error *error);

/* A copy whose strings are its own. Returns false when memory ran out; to be freed all the same. */
bool vn_config_copy(vn_config *copy, const vn_config *config);
void vn_config_free(vn_config *copy);

#endif
