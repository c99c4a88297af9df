// SPDX-License-Identifier: MIT
/* utf8_checks.h - checks of targets with bytes beyond ASCII. Returns NULL, or what went wrong, in
 * memory that stays valid until the next check on the same thread. */
#ifndef VN_UTF8_CHECKS_H
#define VN_UTF8_CHECKS_H

/* UTF-8 is taken where it is allowed and refused with 400 elsewhere, as is what is not UTF-8; by
 * both scanners, and however the bytes are cut. */
const char *vn_check_utf8_targets(void);

/* The limit of the request line may lie within a sequence, and what is not UTF-8 is refused at its
 * first wrong byte. */
const char *vn_check_utf8_targets_are_limited(void);

#endif
