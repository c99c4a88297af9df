// SPDX-License-Identifier: MIT
/* fuzz_websocket.c - frames of a client one after the other, as far as they are right, and what
 * they carry as text: the verdict depends on neither the cuts nor the words in which bytes are
 * looked at.
 *
 * Steering: how the bytes come, and whether messages may be compressed. */
#include <string.h>

#include "fuzz.h"
#include "http/websocket_frame.h"

static struct fuzz_place place;

/* As many bytes as a head needs decide about it, however few come at a time. */
static int32_t read_head(struct vn_frame_head *head, const struct vn_frame_rules *rules,
                         vn_span bytes)
{
    int32_t verdict = 0;
    for (size_t count = 0; count <= bytes.count && verdict == 0; count++) {
        struct vn_frame_head in_parts = {0};
        verdict = vn_frame_read_head(&in_parts, rules, fuzz_put(&place, bytes.bytes, count), count);
        *head = in_parts;
    }
    struct vn_frame_head whole = {0};
    int32_t at_once =
        vn_frame_read_head(&whole, rules, fuzz_put(&place, bytes.bytes, bytes.count), bytes.count);
    fuzz_require(verdict == at_once, "%d in parts, %d at once", verdict, at_once);
    fuzz_require(verdict <= 0 || (whole.length == head->length && whole.kind == head->kind),
                 "two heads");
    return verdict;
}

/* What was read, written again, has the size of what came, less the mask. */
static void check_written(const struct vn_frame_head *head, int32_t size)
{
    uint8_t bytes[VN_FRAME_HEAD_MAX];
    const uint8_t *end = vn_frame_write_head(bytes, head->kind, head->is_compressed, head->length);
    fuzz_require(end - bytes == size - 4, "%d bytes became %d", size, (int) (end - bytes));
}

static void check_payload(const struct vn_frame_head *head, vn_span payload,
                          const struct fuzz_cuts *cuts)
{
    static uint8_t portable[FUZZ_PLACE_MAX];
    uint8_t *bytes = fuzz_put(&place, payload.bytes, payload.count);
    struct vn_utf8_check want_check = {0}, check = {0};
    uint32_t mask = head->mask;
    size_t at = 0, good = 0;
    memcpy(portable, payload.bytes, payload.count);
    uint32_t want_mask = vn_frame_unmask_portable(portable, payload.count, mask);
    size_t want = vn_utf8_check_portable(&want_check, (vn_span) {portable, payload.count});
    for (size_t piece = 0; at < payload.count; piece++) {
        size_t next = fuzz_next(cuts, piece, at, payload.count);
        mask = vn_frame_unmask(bytes + at, next - at, mask);
        if (good == at)
            good += vn_utf8_check(&check, (vn_span) {bytes + at, next - at});
        at = next;
    }
    fuzz_require(mask == want_mask && memcmp(bytes, portable, payload.count) == 0, "unmasked");
    fuzz_require(good == want && check.left == want_check.left, "%zu bytes of text, not %zu", good,
                 want);
    vn_span reason;
    int32_t code = vn_frame_read_close((vn_span) {bytes, payload.count}, &reason);
    uint8_t written[VN_FRAME_CONTROL_MAX];
    if (code > 0 && payload.count <= VN_FRAME_CONTROL_MAX)
        fuzz_require(vn_frame_write_close(written, (uint16_t) code, reason) == payload.count &&
                         memcmp(written, bytes, payload.count) == 0,
                     "another Close");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    vn_span input = {bytes, count};
    struct fuzz_cuts cuts = fuzz_take_cuts(&input);
    struct vn_frame_rules rules = {.may_compress = fuzz_take(&input) != 0};
    struct vn_frame_head head;
    int32_t size;
    if (input.count > FUZZ_PLACE_MAX / 2)
        return 0;
    while ((size = read_head(
                &head, &rules,
                (vn_span) {input.bytes, vn_smaller(input.count, VN_FRAME_CLIENT_HEAD_MAX)})) > 0) {
        check_written(&head, size);
        vn_span payload = {input.bytes + size,
                           vn_smaller(input.count - (size_t) size, head.length)};
        check_payload(&head, payload, &cuts);
        if (!vn_frame_is_control(head.kind))
            rules.is_in_message = !head.is_final;
        input.bytes += (size_t) size + payload.count;
        input.count -= (size_t) size + payload.count;
        if (input.count == 0)
            break;
    }
    fuzz_clear(&place);
    return 0;
}
