// SPDX-License-Identifier: MIT
#include <brotli/decode.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "encoders.h"

enum {
    PIECE = 16 * 1024, /* bytes of output that are reserved at once */
    ANY_ZLIB = 15 + 32, /* gzip or zlib, by its head: zlib.h, inflateInit2 */
    ZSTD_WINDOW = 23, /* bits: what RFC 9659 has every decoder of HTTP take */
};

/* Room for the next piece, within the limit. Returns its size, at least 1; -EMSGSIZE or -ENOMEM. */
static int64_t reserve(vn_coded_bytes *output, size_t limit)
{
    /* One more than the limit, to see that there is more. */
    size_t left = limit + 1 - output->count, count = left < PIECE ? left : PIECE;
    if (output->count > limit)
        return -EMSGSIZE;
    return vn_coded_reserve(output, count) == NULL ? -ENOMEM : (int64_t) count;
}

static int32_t decode_zlib(vn_span body, size_t limit, vn_coded_bytes *output)
{
    z_stream stream = {.next_in = (uint8_t *) (uintptr_t) body.bytes,
                       .avail_in = (uInt) body.count};
    if (body.count > UINT32_MAX)
        return -EMSGSIZE;
    if (inflateInit2(&stream, ANY_ZLIB) != Z_OK)
        return -ENOMEM;
    int64_t room;
    int state = Z_OK;
    while (state == Z_OK && (room = reserve(output, limit)) > 0) {
        stream.next_out = output->bytes + output->count;
        stream.avail_out = (uInt) room;
        state = inflate(&stream, Z_NO_FLUSH);
        output->count += (size_t) room - stream.avail_out;
    }
    bool is_whole = state == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (state == Z_OK)
        return (int32_t) room;
    return is_whole ? 0 : state == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
}

static int32_t decode_brotli(vn_span body, size_t limit, vn_coded_bytes *output)
{
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (decoder == NULL)
        return -ENOMEM;
    size_t left = body.count;
    const uint8_t *next = body.bytes;
    int64_t room;
    BrotliDecoderResult state = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT &&
           (room = reserve(output, limit)) > 0) {
        uint8_t *to = output->bytes + output->count;
        size_t unused = (size_t) room;
        state = BrotliDecoderDecompressStream(decoder, &left, &next, &unused, &to, NULL);
        output->count += (size_t) room - unused;
    }
    BrotliDecoderDestroyInstance(decoder);
    if (state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
        return (int32_t) room;
    return state == BROTLI_DECODER_RESULT_SUCCESS && left == 0 ? 0 : -EINVAL;
}

static int32_t decode_zstd(vn_span body, size_t limit, vn_coded_bytes *output)
{
    ZSTD_DCtx *decoder = ZSTD_createDCtx();
    if (decoder == NULL)
        return -ENOMEM;
    ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, ZSTD_WINDOW);
    ZSTD_inBuffer input = {body.bytes, body.count, 0};
    int64_t room = 1;
    size_t state = 1; /* 0: a frame is complete; several may follow each other */
    while ((input.pos < input.size || state != 0) && (room = reserve(output, limit)) > 0) {
        ZSTD_outBuffer part = {output->bytes + output->count, (size_t) room, 0};
        state = ZSTD_decompressStream(decoder, &part, &input);
        output->count += part.pos;
        bool is_cut =
            !ZSTD_isError(state) && state != 0 && input.pos == input.size && part.pos < part.size;
        if (ZSTD_isError(state) || is_cut) {
            ZSTD_freeDCtx(decoder);
            return -EINVAL;
        }
    }
    ZSTD_freeDCtx(decoder);
    return room < 0 ? (int32_t) room : 0;
}

static int32_t decode_identity(vn_span body, size_t limit, vn_coded_bytes *output)
{
    if (body.count > limit)
        return -EMSGSIZE;
    uint8_t *to = vn_coded_reserve(output, body.count + 1); /* not nothing */
    if (to == NULL)
        return -ENOMEM;
    if (body.count > 0)
        memcpy(to, body.bytes, body.count);
    output->count += body.count;
    return 0;
}

typedef int32_t decoder(vn_span body, size_t limit, vn_coded_bytes *output);

static decoder *decoder_of(vn_span name)
{
    static const struct {
        const char *name;
        decoder *decode;
    } known[] = {
        {"gzip", decode_zlib}, {"x-gzip", decode_zlib}, {"deflate", decode_zlib},
        {"br", decode_brotli}, {"zstd", decode_zstd},   {"identity", decode_identity},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == name.count &&
            strncasecmp(known[i].name, (const char *) name.bytes, name.count) == 0)
            return known[i].decode;
    return NULL;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Take the last member of a list. */
static vn_span take_last(vn_span *list)
{
    size_t from = list->count;
    while (from > 0 && list->bytes[from - 1] != ',')
        from--;
    vn_span name = {list->bytes + from, list->count - from};
    list->count = from > 0 ? from - 1 : 0;
    while (name.count > 0 && is_space(name.bytes[0]))
        name = (vn_span) {name.bytes + 1, name.count - 1};
    while (name.count > 0 && is_space(name.bytes[name.count - 1]))
        name.count--;
    return name;
}

enum { CODINGS_MAX = 4 }; /* applied to one body */

int32_t vn_compression_decode(vn_span coding, vn_span body, size_t limit, vn_coded_bytes *bytes)
{
    *bytes = (vn_coded_bytes) {0};
    int32_t result = 0, steps = 0;
    while (result == 0 && coding.count > 0) {
        vn_span name = take_last(&coding);
        if (name.count == 0)
            continue; /* an empty member means nothing: RFC 9110, section 5.6.1.2 */
        decoder *decode = steps++ < CODINGS_MAX ? decoder_of(name) : NULL;
        vn_coded_bytes before = *bytes;
        if (decode == NULL) {
            result = -ENOTSUP;
            break;
        }
        if (before.bytes != NULL)
            body = (vn_span) {before.bytes, before.count};
        *bytes = (vn_coded_bytes) {0};
        result = decode(body, limit, bytes);
        free(before.bytes);
    }
    if (result == 0 && bytes->bytes == NULL)
        result = decode_identity(body, limit, bytes);
    if (result < 0) {
        free(bytes->bytes);
        *bytes = (vn_coded_bytes) {0};
    }
    return result;
}
