// SPDX-License-Identifier: MIT
/* plain.h - the grammar as the RFCs write it, slowly and from scratch: a second opinion on what the
 * core says of the same bytes. Nothing here calls the core. */
#ifndef FUZZ_PLAIN_H
#define FUZZ_PLAIN_H

#include "fuzz.h"
#include "http/scan.h"

bool plain_is_tchar(uint8_t byte);
bool plain_is_token(vn_span text);

/* What a field value may hold: RFC 9110, section 5.5. */
bool plain_is_field_byte(uint8_t byte);

/* Equal to a word in lower case, with letters compared case-insensitively. */
bool plain_is_word(vn_span text, const char *lower);

/* Without SP and HTAB at both ends. */
vn_span plain_trim(vn_span text);

/* Cut the first element off a comma-separated list, trimmed. False when nothing is left of it;
 * `is_begun` is false before the first. */
bool plain_next_element(vn_span *list, bool *is_begun, vn_span *element);

/* uri-host [ ":" port ]: RFC 9110, section 7.2, with a host. `has_port` asks for a port from 1 to
 * 65535. */
bool plain_is_authority(vn_span text, bool has_port);

/* A section of field lines, and what a head's fields come to. */
struct plain_section {
    int32_t verdict; /* its size, 0 while more is needed, or -status */
    uint32_t field_count;
    uint16_t facts; /* VN_HAS_LENGTH ..., of a head */
    uint64_t length;
};

/* Read the section that begins `bytes`. `minor` is the head's HTTP/1.minor, or -1 for trailers. */
struct plain_section plain_read_section(vn_span bytes, int32_t minor,
                                        const struct vn_scan_limits *limits);

#endif
