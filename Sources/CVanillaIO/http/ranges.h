// SPDX-License-Identifier: MIT
/* ranges.h - the texts of partial content (RFC 9110, section 14). Pure. */
#ifndef VN_HTTP_RANGES_H
#define VN_HTTP_RANGES_H

#include "../base/base.h"
#include "../include/vn_ranges.h"

enum {
    VN_CONTENT_RANGE_ROOM = 80, /* bytes of the value of Content-Range */
    VN_PART_HEAD_ROOM = 256 + VN_PART_TYPE_MAX, /* of what stands before a part */
    VN_PARTS_END_ROOM = 2 + 2 + VN_BOUNDARY_SIZE + 2 + 2, /* of what stands after the last */
};

/* Write the value of Content-Range: "bytes 0-4/10", or "bytes * /10", without the space, for NULL.
 * Returns its size. */
size_t vn_ranges_write_content_range(uint8_t text[VN_CONTENT_RANGE_ROOM], const vn_extent *extent,
                                     uint64_t size);

/* Write what stands before the part at `index`. Returns its size. */
size_t vn_ranges_write_part_head(uint8_t text[VN_PART_HEAD_ROOM], const vn_parts *parts,
                                 uint8_t index);

/* Write what stands after the last part. Returns its size. */
size_t vn_ranges_write_parts_end(uint8_t text[VN_PARTS_END_ROOM], const vn_parts *parts);

/* Fill in the rest of parts whose selection, size and boundary are set: their texts and the length
 * of the body. `content_type` has at most VN_PART_TYPE_MAX bytes where there are several. */
void vn_ranges_prepare(vn_parts *parts, vn_span content_type);

#endif
