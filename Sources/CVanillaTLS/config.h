// SPDX-License-Identifier: MIT
/* config.h - what is impossible. */
#ifndef VN_TLS_CONFIG_H
#define VN_TLS_CONFIG_H

#include "include/CVanillaTLS.h"

/* Returns 0 or -EINVAL. */
int32_t vn_tls_config_check(const vn_tls_config *config, vn_tls_error *error);

#endif
