// SPDX-License-Identifier: MIT
/* fuzz_chunked.c - a body's end and its data, chunked and by length: whole, cut, and as a plain
 * decoder reads it. Nothing after the end is used.
 *
 * Steering: limits and framing, three sizes of pieces. */
#include <string.h>

#include "fuzz.h"
#include "http/body.h"
#include "plain.h"

static const struct vn_body_limits all_limits[] = {
    {8 << 20, 4 << 10, 16 << 10, 16 << 10},
    {20, 16, 40, 20},
    {64, 24, 2, 16},
    {INT64_MAX, 1 << 24, 1 << 24, 65535},
};

/* What a body came to. */
struct outcome {
    int64_t verdict; /* bytes used when complete, 0 while more is needed, or -status */
    size_t count;
    uint8_t data[FUZZ_PLACE_MAX];
};

static struct fuzz_place place;

/* ---- The plain decoder ---- */

struct reader {
    vn_span bytes;
    size_t at;
    const struct vn_body_limits *limits;
    struct outcome *outcome;
};

enum { MORE = -1, BAD = -400 };

/* The byte `ahead` of the next one, or MORE. */
static int32_t peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->bytes.count ? reader->bytes.bytes[reader->at + ahead]
                                                    : MORE;
}

/* A chunk's line is judged as a whole: these take what they name, and return 0, MORE or BAD. Past
 * the limit there are no bytes. */
struct line {
    const uint8_t *at;
    const uint8_t *end;
    bool is_cut; /* by the limit and not by the end of what has come */
};

static int32_t line_next(const struct line *line)
{
    if (line->at < line->end)
        return *line->at;
    return line->is_cut ? BAD : MORE;
}

static void take_white(struct line *line)
{
    while (line_next(line) == ' ' || line_next(line) == '\t')
        line->at++;
}

/* chunk-size = 1*HEXDIG, below 2^63. */
static int32_t take_size(struct line *line, uint64_t *size)
{
    const uint8_t *start = line->at;
    unsigned __int128 value = 0;
    for (;; line->at++) {
        int32_t next = line_next(line);
        int32_t digit = next >= '0' && next <= '9'   ? next - '0'
                        : next >= 'a' && next <= 'f' ? next - 'a' + 10
                        : next >= 'A' && next <= 'F' ? next - 'A' + 10
                                                     : -1;
        if (digit < 0) {
            *size = (uint64_t) value;
            return next < 0 ? next : line->at == start ? BAD : 0;
        }
        value = value * 16 + (uint32_t) digit;
        if (value > INT64_MAX)
            return BAD;
    }
}

static int32_t take_token(struct line *line)
{
    const uint8_t *start = line->at;
    while (line->at < line->end && plain_is_tchar(*line->at))
        line->at++;
    int32_t next = line_next(line);
    return next < 0 ? next : line->at == start ? BAD : 0;
}

static int32_t take_quoted(struct line *line)
{
    for (line->at++;; line->at++) {
        int32_t next = line_next(line);
        if (next < 0)
            return next;
        if (next == '"') {
            line->at++;
            return 0;
        }
        if (next == '\\') {
            line->at++;
            if ((next = line_next(line)) < 0)
                return next;
        }
        if (!plain_is_field_byte((uint8_t) next))
            return BAD;
    }
}

/* BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ], any number of them, and CRLF.
 * White space that nothing follows is not one of these. */
static int32_t take_extensions(struct line *line)
{
    int32_t result, next;
    for (bool is_bare = true;; is_bare = true) {
        const uint8_t *before = line->at;
        take_white(line);
        is_bare = line->at == before;
        if ((next = line_next(line)) < 0)
            return next;
        if (next != ';')
            return next == '\r' && is_bare ? 0 : BAD;
        line->at++;
        take_white(line);
        if ((result = take_token(line)) < 0)
            return result;
        before = line->at;
        take_white(line);
        if (line_next(line) != '=') {
            line->at = before;
            continue;
        }
        line->at++;
        take_white(line);
        result = line_next(line) == '"' ? take_quoted(line) : take_token(line);
        if (result < 0)
            return result;
    }
}

static int32_t read_chunk_line(struct reader *reader, uint64_t *size)
{
    size_t left = reader->bytes.count - reader->at;
    size_t most = vn_smaller(left, reader->limits->chunk_line);
    const uint8_t *start = reader->bytes.bytes + reader->at;
    struct line line = {start, start + most, most < left};
    int32_t result = take_size(&line, size);
    if (result == 0)
        result = take_extensions(&line);
    if (result < 0)
        return result;
    line.at++;
    int32_t next = line_next(&line);
    if (next < 0)
        return next;
    if (next != '\n')
        return BAD;
    reader->at += (size_t) (line.at + 1 - start);
    return *size > reader->limits->size - reader->outcome->count ? -413 : 0;
}

static int32_t read_data(struct reader *reader, uint64_t size)
{
    size_t left = reader->bytes.count - reader->at;
    size_t count = size < left ? (size_t) size : left;
    memcpy(reader->outcome->data + reader->outcome->count, reader->bytes.bytes + reader->at, count);
    reader->outcome->count += count;
    reader->at += count;
    return count < size ? MORE : 0;
}

static int32_t read_line_end(struct reader *reader)
{
    for (size_t i = 0; i < 2; i++, reader->at++) {
        int32_t next = peek(reader, 0);
        if (next == MORE)
            return MORE;
        if (next != "\r\n"[i])
            return BAD;
    }
    return 0;
}

/* One trailer line, or the empty one: 1. `total` counts the bytes of all lines. */
static int32_t read_trailer(struct reader *reader, size_t *total)
{
    const struct vn_body_limits *limits = reader->limits;
    bool is_name = true;
    for (size_t count = 0;; count++, reader->at++) {
        int32_t next = peek(reader, 0);
        if (next == MORE)
            return MORE;
        if (next == '\r' && (count == 0 || !is_name)) {
            /* The empty line is beyond all limits. */
            if (count > 0 && (*total)++ == limits->trailers)
                return -431;
            if (peek(reader, 1) == MORE)
                return MORE;
            if (peek(reader, 1) != '\n')
                return BAD;
            if (count > 0 && (*total)++ == limits->trailers)
                return -431;
            reader->at += 2;
            return count == 0;
        }
        if (is_name ? !plain_is_tchar((uint8_t) next) && (next != ':' || count == 0)
                    : !plain_is_field_byte((uint8_t) next))
            return BAD;
        if ((*total)++ == limits->trailers || count == limits->field)
            return -431;
        is_name = is_name && next != ':';
    }
}

static int32_t read_chunked(struct reader *reader)
{
    uint64_t size = 1;
    int32_t result;
    while ((result = read_chunk_line(reader, &size)) == 0 && size > 0)
        if ((result = read_data(reader, size)) < 0 || (result = read_line_end(reader)) < 0)
            return result;
    size_t total = 0;
    while (result == 0)
        result = read_trailer(reader, &total);
    return result > 0 ? 0 : result;
}

static void read_plainly(struct outcome *outcome, vn_span bytes, bool is_chunked, uint64_t length,
                         const struct vn_body_limits *limits)
{
    struct reader reader = {bytes, 0, limits, outcome};
    outcome->count = 0;
    int32_t result;
    if (is_chunked)
        result = read_chunked(&reader);
    else
        result = length > limits->size ? -413 : read_data(&reader, length);
    outcome->verdict = result == 0 ? (int64_t) reader.at : result == MORE ? 0 : result;
}

/* ---- The core's ---- */

static vn_request request;

/* Feed one piece of what has come, up to its end or that of the body. Returns bytes used, or
 * -status. */
static int64_t feed(struct vn_body *body, struct outcome *outcome, vn_span bytes,
                    const struct vn_body_limits *limits)
{
    size_t used = 0;
    while (used < bytes.count && !body->is_complete) {
        const uint8_t *here = bytes.bytes + used;
        size_t left = bytes.count - used;
        vn_span piece;
        uint64_t received = body->received;
        int64_t result = vn_body_feed(body, here, left, limits, &piece);
        if (result < 0)
            return result;
        fuzz_require(result > 0 && (size_t) result <= left, "%lld of %zu bytes used",
                     (long long) result, left);
        fuzz_require(piece.count == 0 ||
                         (piece.bytes >= here && piece.bytes + piece.count <= here + result),
                     "a piece outside of the bytes used");
        fuzz_require(body->received == received + piece.count && body->received <= limits->size,
                     "%llu bytes received", (unsigned long long) body->received);
        memcpy(outcome->data + outcome->count, piece.bytes, piece.count);
        outcome->count += piece.count;
        used += (size_t) result;
    }
    return (int64_t) used;
}

/* Each piece lies alone in memory. */
static void decode(struct outcome *outcome, vn_span bytes, const struct vn_body_limits *limits,
                   const struct fuzz_cuts *cuts)
{
    struct vn_body body;
    size_t given = 0, total = 0;
    outcome->count = 0;
    int64_t used = vn_body_begin(&body, &request, limits);
    for (size_t piece = 0; used >= 0 && !body.is_complete && given < bytes.count; piece++) {
        size_t next = fuzz_next(cuts, piece, given, bytes.count);
        const uint8_t *here = fuzz_put(&place, bytes.bytes + given, next - given);
        used = feed(&body, outcome, (vn_span) {here, next - given}, limits);
        fuzz_require(used < 0 || body.is_complete || (size_t) used == next - given,
                     "bytes are left though the body is not complete");
        given = next;
        total += used < 0 ? 0 : (size_t) used;
    }
    fuzz_clear(&place);
    outcome->verdict = used < 0 ? used : body.is_complete ? (int64_t) total : 0;
}

static void compare(const char *how, const struct outcome *have, const struct outcome *want)
{
    fuzz_require(have->verdict == want->verdict, "%s: %lld in place of %lld", how,
                 (long long) have->verdict, (long long) want->verdict);
    fuzz_require(have->count == want->count && memcmp(have->data, want->data, want->count) == 0,
                 "%s: other data", how);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct outcome want, have;
    vn_span input = {bytes, count};
    uint8_t way = fuzz_take(&input);
    const struct vn_body_limits *limits = &all_limits[way % 4];
    struct fuzz_cuts cuts = fuzz_take_cuts(&input);
    bool is_chunked = (way & 4) == 0;
    uint64_t length = 0;
    if (!is_chunked)
        length = (uint64_t) fuzz_take(&input) * ((way & 8) != 0 ? (uint64_t) INT64_MAX / 255 : 1);
    if (input.count > FUZZ_PLACE_MAX)
        return 0;
    request.facts = is_chunked ? VN_IS_CHUNKED : VN_HAS_LENGTH;
    request.content_length = length;

    read_plainly(&want, input, is_chunked, length, limits);
    decode(&have, input, limits, &(struct fuzz_cuts) {{0}});
    compare("whole", &have, &want);
    decode(&have, input, limits, &cuts);
    compare("in pieces", &have, &want);
    return 0;
}
