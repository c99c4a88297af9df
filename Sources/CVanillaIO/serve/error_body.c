// SPDX-License-Identifier: MIT
/* error_body.c - the body of an error that nobody wrote one for: a line of text, or problem details
 * in JSON (RFC 9457). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../http/accept.h"
#include "../http/digits.h"
#include "../http/literal.h"
#include "../http/status.h"
#include "response.h"

enum {
    PLAIN_MAX = 64, /* bytes of a status and its reason, and the line end */
    FRAME_MAX = 256, /* bytes of problem details with a detail of their status, or none */
    ESCAPE_MAX = 6, /* bytes of one byte in JSON */
    BUFFER = 1024, /* bytes that need no memory of their own */
    DETAIL_MAX = 1 << 20, /* bytes; longer ones are sent as text */
};

static const vn_span text_type = VN_LITERAL("text/plain; charset=utf-8");
static const vn_span problem_type = VN_LITERAL("application/problem+json");

static uint8_t *put(uint8_t *at, vn_span text)
{
    memcpy(at, text.bytes, text.count);
    return at + text.count;
}

/* RFC 8259, section 7. */
static uint8_t *put_escaped(uint8_t *at, vn_span text)
{
    for (size_t i = 0; i < text.count; i++) {
        uint8_t byte = text.bytes[i];
        if (byte == '"' || byte == '\\') {
            *at++ = '\\';
            *at++ = byte;
        } else if (byte < 0x20 || byte == 0x7f) {
            static const char digits[] = "0123456789abcdef";
            at = put(at, VN_LITERAL("\\u00"));
            *at++ = (uint8_t) digits[byte >> 4];
            *at++ = (uint8_t) digits[byte & 15];
        } else
            *at++ = byte;
    }
    return at;
}

static size_t write_plain(uint8_t *text, uint16_t status)
{
    vn_span reason = vn_status_reason(status);
    uint8_t *at = vn_write_decimal(text, status);
    if (reason.count > 0)
        *at++ = ' ';
    at = put(at, reason);
    *at++ = '\n';
    return (size_t) (at - text);
}

static size_t write_problem(uint8_t *text, uint16_t status, vn_span detail)
{
    vn_span reason = vn_status_reason(status);
    uint8_t *at = put(text, VN_LITERAL("{\"type\":\"about:blank\","));
    if (reason.count > 0) {
        at = put(at, VN_LITERAL("\"title\":\""));
        at = put(put(at, reason), VN_LITERAL("\","));
    }
    at = vn_write_decimal(put(at, VN_LITERAL("\"status\":")), status);
    if (detail.count == 0)
        detail = vn_status_sentence(status);
    if (detail.count > 0) {
        at = put(at, VN_LITERAL(",\"detail\":\""));
        at = put(put_escaped(at, detail), VN_LITERAL("\""));
    }
    *at++ = '}';
    return (size_t) (at - text);
}

static bool wants_problem(const struct vn_response *response, vn_span detail)
{
    uint8_t form = response->worker->config->error_body;
    if (detail.count > DETAIL_MAX)
        return false;
    return form == VN_ERROR_BODY_PROBLEM ||
           (form == VN_ERROR_BODY_BY_ACCEPT && response->request != NULL &&
            vn_accepts_problem(response->request));
}

static int32_t send_problem(struct vn_response *response, uint16_t status, vn_span detail)
{
    uint8_t buffer[BUFFER], *text = buffer;
    size_t most = FRAME_MAX + detail.count * ESCAPE_MAX;
    if (most > sizeof buffer && (text = malloc(most)) == NULL)
        return -ENOMEM;
    size_t count = write_problem(text, status, detail);
    int32_t sent = vn_response_send(response, problem_type, (vn_span) {text, count});
    if (text != buffer)
        free(text);
    return sent;
}

int32_t vn_response_send_error(vn_response *response, uint16_t status, vn_span detail)
{
    uint8_t plain[PLAIN_MAX], form = response->worker->config->error_body;
    int32_t set = vn_response_set_status(response, status);
    if (set < 0)
        return set;
    bool is_empty = !vn_status_has_content(status) ||
                    (detail.count == 0 && (status < 400 || form == VN_ERROR_BODY_EMPTY));
    if (is_empty)
        return vn_response_send(response, (vn_span) {0}, (vn_span) {0});
    /* The form of the body depends on it: a cache must know. Left out where it has no room. */
    if (form == VN_ERROR_BODY_BY_ACCEPT)
        vn_response_add_field(response, VN_LITERAL("Vary"), VN_LITERAL("Accept"));
    if (wants_problem(response, detail))
        return send_problem(response, status, detail);
    vn_span text = detail.count > 0 ? detail : (vn_span) {plain, write_plain(plain, status)};
    return vn_response_send(response, text_type, text);
}
