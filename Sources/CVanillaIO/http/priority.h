// SPDX-License-Identifier: MIT
/* priority.h - how urgent an answer is (RFC 9218, section 4). */
#ifndef VN_HTTP_PRIORITY_H
#define VN_HTTP_PRIORITY_H

#include "../base/base.h"
#include "../include/vn_request.h"

enum { VN_URGENCY = 3, VN_URGENCIES = 8 }; /* when nothing is said, and how many there are */

struct vn_priority {
    uint8_t urgency; /* 0 is the most urgent */
    bool is_incremental; /* a part of it is worth something */
};

/* Read a Priority field, or the value of PRIORITY_UPDATE. What is not said stays as it is, and so
 * does everything where the value is no dictionary (RFC 8941, section 4.2). */
void vn_priority_read(struct vn_priority *priority, vn_span value);

#endif
