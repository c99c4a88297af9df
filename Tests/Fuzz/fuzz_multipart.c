// SPDX-License-Identifier: MIT
/* fuzz_multipart.c - a form with files: what is found in it, whole and cut, is the same; no byte of
 * a part is lost, doubled or looked at outside of the piece that it came in; heads stay within
 * their bounds.
 *
 * Steering: the boundary, three sizes of pieces. */
#include <string.h>

#include "fuzz.h"
#include "include/vn_multipart.h"

static const char *const boundaries[] = {"b", "--", "----WebKitFormBoundary7MA4YWxk", "-b-b"};

/* What was found, one after the other: names, data and marks, each after its kind. */
struct found {
    int32_t verdict; /* of the last call */
    size_t count;
    uint8_t bytes[2 * FUZZ_PLACE_MAX];
};

static struct fuzz_place place;

static void note(struct found *found, char kind, vn_span bytes)
{
    fuzz_require(found->count + bytes.count + 1 < sizeof found->bytes, "more than there was");
    found->bytes[found->count++] = (uint8_t) kind;
    if (bytes.count > 0)
        memcpy(found->bytes + found->count, bytes.bytes, bytes.count);
    found->count += bytes.count;
}

/* More data of the same part: where it was cut does not matter. */
static void note_data(struct found *found, vn_span bytes)
{
    fuzz_require(bytes.count > 0, "data without bytes");
    fuzz_require(found->count + bytes.count < sizeof found->bytes, "more data than there was");
    memcpy(found->bytes + found->count, bytes.bytes, bytes.count);
    found->count += bytes.count;
}

static void note_part(struct found *found, const vn_multipart *multipart)
{
    fuzz_require(multipart->head_count <= VN_MULTIPART_HEAD_MAX, "a head beyond its bound");
    fuzz_require(multipart->name.bytes != NULL, "a part without a name");
    note(found, 'n', multipart->name);
    note(found, 'f', multipart->file_name);
    note(found, 't', multipart->content_type);
    note(found, 'd', (vn_span) {0});
}

static void read_form(struct found *found, vn_span form, vn_span boundary,
                      const struct fuzz_cuts *cuts)
{
    static vn_multipart multipart;
    bool is_in_part = false;
    size_t given = 0;
    found->count = 0;
    found->verdict = VN_MULTIPART_MORE;
    vn_multipart_begin(&multipart, boundary);
    for (size_t piece = 0; given < form.count && found->verdict >= 0; piece++) {
        size_t end = fuzz_next(cuts, piece, given, form.count);
        vn_span input = {fuzz_put(&place, form.bytes + given, end - given), end - given}, data;
        do {
            size_t before = input.count;
            found->verdict = vn_multipart_next(&multipart, &input, &data);
            fuzz_require(input.count <= before, "%zu bytes became %zu", before, input.count);
            bool is_about_part =
                found->verdict == VN_MULTIPART_DATA || found->verdict == VN_MULTIPART_PART_END;
            fuzz_require(is_in_part || !is_about_part, "%d outside of a part", found->verdict);
            if (found->verdict == VN_MULTIPART_PART) {
                is_in_part = true;
                note_part(found, &multipart);
            } else if (found->verdict == VN_MULTIPART_DATA)
                note_data(found, data);
            else if (found->verdict == VN_MULTIPART_PART_END) {
                is_in_part = false;
                note(found, 'e', (vn_span) {0});
            }
            fuzz_require(found->verdict != VN_MULTIPART_MORE || input.count == 0,
                         "%zu bytes are left", input.count);
        } while (found->verdict >= 0 && input.count > 0);
        given = end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct found whole, cut;
    static const struct fuzz_cuts none = {{0}}, single = {{1, 1, 1}};
    vn_span input = {bytes, count};
    vn_span boundary = vn_span_of(boundaries[fuzz_take(&input) % 4]);
    const struct fuzz_cuts cuts = fuzz_take_cuts(&input);
    if (input.count > FUZZ_PLACE_MAX / 2)
        return 0;
    read_form(&whole, input, boundary, &none);
    for (int i = 0; i < 2; i++) {
        read_form(&cut, input, boundary, i == 0 ? &cuts : &single);
        fuzz_require(cut.verdict == whole.verdict, "%d cut, %d whole", cut.verdict, whole.verdict);
        fuzz_require(cut.count == whole.count && memcmp(cut.bytes, whole.bytes, cut.count) == 0,
                     "%zu bytes cut, %zu whole", cut.count, whole.count);
    }
    fuzz_clear(&place);
    vn_span found;
    if (vn_multipart_boundary(input, &found))
        fuzz_require(found.count > 0 && found.count <= VN_MULTIPART_BOUNDARY_MAX,
                     "a boundary of %zu bytes", found.count);
    return 0;
}
