// SPDX-License-Identifier: MIT
/* head.h - a response's head as HTTP/1 text (RFC 9112, section 2), written into memory that is
 * given: the status line and Date first, then field lines, at the end what frames the body.
 *
 * Room is the caller's affair: each function says how much it writes, and asserts that it fits. */
#ifndef VN_HTTP_HEAD_H
#define VN_HTTP_HEAD_H

#include "../include/vn_conditional.h"
#include "../include/vn_date.h"
#include "../base/base.h"
#include "literal.h"

enum {
    VN_STATUS_LINE_ROOM = 64, /* bytes of any status line; of that of a 200 and its Date line */
    /* For the lines that frame a message, with its status line, Date, and what a transport and a
     * content coding add. */
    VN_HEAD_ROOM = 416,
    VN_HEAD_ENTITY_TAG_ROOM = sizeof "ETag: W/\"\"\r\n", /* beside the tag */
    VN_HEAD_LAST_MODIFIED_ROOM = sizeof "Last-Modified: \r\n" + VN_DATE_SIZE,
};

struct vn_head {
    uint8_t *start; /* NULL: not begun */
    uint8_t *at; /* where the next line goes */
    uint8_t *end; /* of the room */
    uint16_t status;
};

static inline size_t vn_head_count(const struct vn_head *head)
{
    return (size_t) (head->at - head->start);
}

static inline void vn_head_put(struct vn_head *head, vn_span bytes)
{
    assert((size_t) (head->end - head->at) >= bytes.count);
    memcpy(head->at, bytes.bytes, bytes.count);
    head->at += bytes.count;
}

/* The status line of a 200 and its Date line, with which most heads begin. Returns its size;
 * `text` has VN_STATUS_LINE_ROOM bytes. */
size_t vn_head_write_prefix(uint8_t *text, const uint8_t date[VN_DATE_SIZE]);

/* Begin with that, in a few moves: a constant size is copied. */
static inline void vn_head_begin_with(struct vn_head *head, const uint8_t *prefix, size_t count)
{
    memcpy(head->start, prefix, VN_STATUS_LINE_ROOM);
    head->at = head->start + count;
}

/* Begin with the status line of `head->status` and a Date line. */
void vn_head_begin(struct vn_head *head, const uint8_t date[VN_DATE_SIZE]);

/* Write another date over that of a head that was begun long before. */
void vn_head_set_date(struct vn_head *head, const uint8_t date[VN_DATE_SIZE]);

/* Change the status, when fields were already written. Needs VN_STATUS_LINE_ROOM. */
void vn_head_change_status(struct vn_head *head, uint16_t status);

/* Add a field line: the name, the value and 4 bytes. */
static inline void vn_head_add(struct vn_head *head, vn_span name, vn_span value)
{
    vn_head_put(head, name);
    vn_head_put(head, VN_LITERAL(": "));
    vn_head_put(head, value);
    vn_head_put(head, VN_LITERAL("\r\n"));
}

/* Add ETag: the tag and VN_HEAD_ENTITY_TAG_ROOM. */
void vn_head_add_entity_tag(struct vn_head *head, const vn_entity_tag *tag);

/* Make the tag weak, where there is one: 2 bytes. */
void vn_head_weaken_tag(struct vn_head *head);

/* Add Last-Modified: VN_HEAD_LAST_MODIFIED_ROOM. `seconds` are since 1970. */
void vn_head_add_last_modified(struct vn_head *head, int64_t seconds);

/* Whether a field says how the message is framed, or when it was made (Connection, Content-Length,
 * Date, Transfer-Encoding): such lines are written here alone. */
bool vn_head_owns_field(vn_span name);

/* The value of the first line called `name`, compared case-insensitively; without bytes, NULL,
 * where there is none. It stays where it is until the head changes. */
vn_span vn_head_find(const struct vn_head *head, vn_span name);

/* Drop the lines called `name`, compared case-insensitively. */
void vn_head_remove(struct vn_head *head, vn_span name);

/* Drop the lines that describe a representation which is not sent: of its content, and with
 * VN_PRECONDITION_FAILED also of its state (RFC 9110, section 15.4.5). */
void vn_head_drop_lines(struct vn_head *head, uint16_t verdict);

/* How the body is framed. */
enum vn_framing {
    VN_FRAMED_BY_NOTHING,
    VN_FRAMED_AS_EMPTY, /* a length of 0, whatever `length` is */
    VN_FRAMED_BY_LENGTH,
    VN_FRAMED_BY_CHUNKS,
    VN_FRAMED_BY_CLOSE,
};

/* The line of a head whose connection closes. */
#define VN_HEAD_CLOSES VN_LITERAL("Connection: close\r\n")

/* What the Connection field says; nothing in HTTP/1.1 while it stays open. */
enum vn_persistence { VN_STAYS_SILENTLY, VN_SAYS_IT_STAYS, VN_SAYS_IT_CLOSES };

/* End the head: Content-Type, where it is not empty, what frames the body, Connection and the empty
 * line. Needs VN_HEAD_ROOM and the content type. */
void vn_head_finish(struct vn_head *head, vn_span content_type, enum vn_framing framing,
                    uint64_t length, enum vn_persistence persistence);

#endif
