// SPDX-License-Identifier: MIT
/* scan.h - a request's head, from bytes to ranges. Pure and incremental: what was looked at is not
 * looked at again.
 *
 * Strict by RFC 9112; where the RFC leaves a choice, the strict one. The verdict never depends on
 * how the bytes were cut: whatever is wrong first in the order of the bytes decides. */
#ifndef VN_HTTP_SCAN_H
#define VN_HTTP_SCAN_H

#include "../base/base.h"
#include "../include/vn_request.h"

struct vn_scan_limits {
    uint32_t request_line;
    uint32_t field;
    uint32_t fields;
    uint32_t field_count;
    bool takes_utf8; /* in a target, as it is */
};

/* Begin a new head. Touches no fields. */
void vn_scan_begin(vn_request *request);

/* Go on scanning a head of which `count` bytes are there, from its first; they may have moved since
 * the last call, but those scanned are the same. Returns the head's size, final CRLFCRLF included,
 * with `request` complete and its `head` set to `bytes`; 0 when more is needed; or -status (400,
 * 414, 431, 501, 505): what the request must be refused with. */
int32_t vn_scan_head(vn_request *request, const uint8_t *bytes, size_t count,
                     const struct vn_scan_limits *limits);

/* Scan the field lines of a trailer section, from its first byte to its final empty line, by the
 * same rules. Returns its size, 0 when more is needed, or -status. `request` is scratch. */
int32_t vn_scan_trailers(vn_request *request, const uint8_t *bytes, size_t count,
                         const struct vn_scan_limits *limits);

/* The same, byte at a time and on every machine: the specification, with which the tests compare
 * the two above. */
int32_t vn_scan_head_portable(vn_request *request, const uint8_t *bytes, size_t count,
                              const struct vn_scan_limits *limits);
int32_t vn_scan_trailers_portable(vn_request *request, const uint8_t *bytes, size_t count,
                                  const struct vn_scan_limits *limits);

/* The searches that the two are made of. Each returns the index of the first byte in [from, count)
 * that is a control byte other than HTAB (below 0x20, or 0x7f), or `count`. Bytes before `from` may
 * be read again. */
size_t vn_scan_control_portable(const uint8_t *bytes, size_t from, size_t count);
size_t vn_scan_control(const uint8_t *bytes, size_t from, size_t count);

/* The index of the first byte in [from, count) that is not a token character (RFC 9110, section
 * 5.6.2), or `count`. */
size_t vn_scan_token_portable(const uint8_t *bytes, size_t from, size_t count);
size_t vn_scan_token(const uint8_t *bytes, size_t from, size_t count);

/* The index of the first byte in [from, count) that ends a target (anything but 0x21 to 0x7e, and
 * "#") or is `also`, or `count`. */
size_t vn_scan_target_portable(const uint8_t *bytes, size_t from, size_t count, uint8_t also);
size_t vn_scan_target(const uint8_t *bytes, size_t from, size_t count, uint8_t also);

/* What the writer of fields asks: a token; a field value without controls but HTAB. */
bool vn_is_token(vn_span text);
bool vn_is_field_value(vn_span text);

/* Equal, with ASCII letters compared case-insensitively. */
bool vn_equals_ignoring_case(vn_span a, vn_span b);

#endif
