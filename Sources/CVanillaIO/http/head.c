// SPDX-License-Identifier: MIT
#include "head.h"

#include <string.h>

#include "digits.h"
#include "scan.h"
#include "status.h"

/* ---- The status line and the date ---- */

size_t vn_head_write_prefix(uint8_t *text, const uint8_t date[VN_DATE_SIZE])
{
    struct vn_head head = {.start = text, .end = text + VN_STATUS_LINE_ROOM, .status = 200};
    vn_head_begin(&head, date);
    return vn_head_count(&head);
}

static size_t write_status_line(uint8_t *room, uint16_t status)
{
    vn_span reason = vn_status_reason(status);
    uint8_t *at = room;
    memcpy(at, "HTTP/1.1 ", 9);
    at = vn_write_decimal(at + 9, status);
    *at++ = ' ';
    memcpy(at, reason.bytes, reason.count);
    at += reason.count;
    *at++ = '\r';
    *at++ = '\n';
    return (size_t) (at - room);
}

void vn_head_begin(struct vn_head *head, const uint8_t date[VN_DATE_SIZE])
{
    assert(head->end - head->start >= VN_STATUS_LINE_ROOM);
    head->at = head->start + write_status_line(head->start, head->status);
    vn_head_add(head, VN_LITERAL("Date"), (vn_span) {date, VN_DATE_SIZE});
}

/* The date is the second line. */
void vn_head_set_date(struct vn_head *head, const uint8_t date[VN_DATE_SIZE])
{
    uint8_t *line = memchr(head->start, '\n', vn_head_count(head));
    memcpy(line + sizeof "\nDate: " - 1, date, VN_DATE_SIZE);
}

/* The fields move to after the new line. */
void vn_head_change_status(struct vn_head *head, uint16_t status)
{
    uint8_t line[VN_STATUS_LINE_ROOM];
    size_t count = write_status_line(line, status);
    assert(head->end - head->at >= VN_STATUS_LINE_ROOM);
    const uint8_t *fields = (uint8_t *) memchr(head->start, '\n', vn_head_count(head)) + 1;
    size_t rest = (size_t) (head->at - fields);
    memmove(head->start + count, fields, rest);
    memcpy(head->start, line, count);
    head->at = head->start + count + rest;
    head->status = status;
}

/* ---- Fields ---- */

void vn_head_add_entity_tag(struct vn_head *head, const vn_entity_tag *tag)
{
    vn_head_put(head, VN_LITERAL("ETag: "));
    if (tag->is_weak)
        vn_head_put(head, VN_LITERAL("W/"));
    vn_head_put(head, VN_LITERAL("\""));
    vn_head_put(head, tag->opaque);
    vn_head_put(head, VN_LITERAL("\"\r\n"));
}

void vn_head_weaken_tag(struct vn_head *head)
{
    vn_span tag = vn_head_find(head, VN_LITERAL("ETag"));
    if (tag.count == 0 || tag.bytes[0] != '"')
        return;
    uint8_t *at = head->start + (tag.bytes - head->start);
    assert(head->end - head->at >= 2);
    memmove(at + 2, at, (size_t) (head->at - at));
    memcpy(at, "W/", 2);
    head->at += 2;
}

void vn_head_add_last_modified(struct vn_head *head, int64_t seconds)
{
    uint8_t date[VN_DATE_SIZE];
    vn_date_write(date, seconds);
    vn_head_add(head, VN_LITERAL("Last-Modified"), (vn_span) {date, VN_DATE_SIZE});
}

bool vn_head_owns_field(vn_span name)
{
    switch (name.count) {
    case sizeof "Date" - 1:
        return vn_equals_ignoring_case(name, VN_LITERAL("Date"));
    case sizeof "Connection" - 1:
        return vn_equals_ignoring_case(name, VN_LITERAL("Connection"));
    case sizeof "Content-Length" - 1:
        return vn_equals_ignoring_case(name, VN_LITERAL("Content-Length"));
    case sizeof "Transfer-Encoding" - 1:
        return vn_equals_ignoring_case(name, VN_LITERAL("Transfer-Encoding"));
    default:
        return false;
    }
}

static bool is_one_of(vn_span name, const vn_span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vn_equals_ignoring_case(name, names[i]))
            return true;
    return false;
}

static bool is_dropped(vn_span name, uint16_t verdict)
{
    static const vn_span of_content[] = {VN_LITERAL("Content-Type"), VN_LITERAL("Content-Encoding"),
                                         VN_LITERAL("Content-Language"),
                                         VN_LITERAL("Content-Range")};
    static const vn_span of_state[] = {VN_LITERAL("ETag"), VN_LITERAL("Last-Modified"),
                                       VN_LITERAL("Content-Location"), VN_LITERAL("Cache-Control"),
                                       VN_LITERAL("Expires")};
    return is_one_of(name, of_content, sizeof of_content / sizeof *of_content) ||
           (verdict == VN_PRECONDITION_FAILED &&
            is_one_of(name, of_state, sizeof of_state / sizeof *of_state));
}

/* The end of the line that begins at `from`. */
static uint8_t *line_end(const struct vn_head *head, const uint8_t *from)
{
    return (uint8_t *) memchr(from, '\n', (size_t) (head->at - from)) + 1;
}

/* The name of the line, which the status line may seem to have as well. */
static vn_span line_name(const uint8_t *from, const uint8_t *end)
{
    const uint8_t *colon = memchr(from, ':', (size_t) (end - from));
    return (vn_span) {from, colon == NULL ? 0 : (size_t) (colon - from)};
}

vn_span vn_head_find(const struct vn_head *head, vn_span name)
{
    const uint8_t *from = line_end(head, head->start);
    for (const uint8_t *end; from < head->at; from = end) {
        end = line_end(head, from);
        if (!vn_equals_ignoring_case(line_name(from, end), name))
            continue;
        const uint8_t *value = from + name.count + 2;
        return (vn_span) {value, (size_t) (end - 2 - value)};
    }
    return (vn_span) {0};
}

void vn_head_remove(struct vn_head *head, vn_span name)
{
    uint8_t *to = line_end(head, head->start);
    for (uint8_t *from = to, *end; from < head->at; from = end) {
        end = line_end(head, from);
        if (vn_equals_ignoring_case(line_name(from, end), name))
            continue;
        memmove(to, from, (size_t) (end - from));
        to += end - from;
    }
    head->at = to;
}

void vn_head_drop_lines(struct vn_head *head, uint16_t verdict)
{
    uint8_t *to = head->start;
    for (uint8_t *from = to, *end; from < head->at; from = end) {
        end = line_end(head, from);
        if (is_dropped(line_name(from, end), verdict))
            continue;
        memmove(to, from, (size_t) (end - from));
        to += end - from;
    }
    head->at = to;
}

/* ---- The end ---- */

void vn_head_finish(struct vn_head *head, vn_span content_type, enum vn_framing framing,
                    uint64_t length, enum vn_persistence persistence)
{
    if (content_type.count > 0)
        vn_head_add(head, VN_LITERAL("Content-Type"), content_type);
    if (framing == VN_FRAMED_BY_LENGTH) {
        vn_head_put(head, VN_LITERAL("Content-Length: "));
        head->at = vn_write_decimal(head->at, length);
        vn_head_put(head, VN_LITERAL("\r\n"));
    } else if (framing == VN_FRAMED_BY_CHUNKS)
        vn_head_put(head, VN_LITERAL("Transfer-Encoding: chunked\r\n"));
    else if (framing == VN_FRAMED_AS_EMPTY)
        vn_head_put(head, VN_LITERAL("Content-Length: 0\r\n"));

    if (vn_unlikely(persistence == VN_SAYS_IT_CLOSES))
        vn_head_put(head, VN_HEAD_CLOSES);
    else if (vn_unlikely(persistence == VN_SAYS_IT_STAYS))
        vn_head_put(head, VN_LITERAL("Connection: keep-alive\r\n"));
    vn_head_put(head, VN_LITERAL("\r\n"));
}
