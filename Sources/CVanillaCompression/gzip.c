// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "encoders.h"

enum {
    GZIP_WINDOW = 15 + 16, /* bits, and the format of RFC 1952: zlib.h, deflateInit2 */
    MEMORY_LEVEL = 8, /* with this window 256 KiB */
    PIECE = 16 * 1024, /* bytes of output that are reserved at once */
    INPUT_MAX = 1 << 30, /* bytes that avail_in has room for */
};

struct gzip {
    z_stream stream;
    struct vn_encoders *encoders;
};

static void *gzip_begin(void *context)
{
    struct vn_encoders *encoders = context;
    struct gzip *gzip = vn_encoders_take(&encoders->pool);
    if (gzip != NULL)
        return gzip;
    gzip = calloc(1, sizeof *gzip);
    if (gzip == NULL)
        return NULL;
    gzip->encoders = encoders;
    if (deflateInit2(&gzip->stream, encoders->level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return gzip;
    free(gzip);
    return NULL;
}

static void gzip_free(void *encoder)
{
    struct gzip *gzip = encoder;
    deflateEnd(&gzip->stream);
    free(gzip);
}

static void gzip_end(void *encoder)
{
    struct gzip *gzip = encoder;
    if (deflateReset(&gzip->stream) != Z_OK || !vn_encoders_give(&gzip->encoders->pool, gzip))
        gzip_free(gzip);
}

static int32_t gzip_encode(void *encoder, vn_span bytes, int32_t follows, vn_coded_bytes *output)
{
    static const int flushes[] = {
        [VN_CODER_MORE] = Z_NO_FLUSH, [VN_CODER_FLUSH] = Z_SYNC_FLUSH, [VN_CODER_END] = Z_FINISH};
    z_stream *stream = &((struct gzip *) encoder)->stream;
    do {
        size_t count = bytes.count < INPUT_MAX ? bytes.count : INPUT_MAX;
        int flush = count == bytes.count ? flushes[follows] : Z_NO_FLUSH;
        stream->next_in = (uint8_t *) (uintptr_t) bytes.bytes;
        stream->avail_in = (uInt) count;
        do {
            uint8_t *room = vn_coded_reserve(output, PIECE);
            if (room == NULL)
                return -ENOMEM;
            stream->next_out = room;
            stream->avail_out = PIECE;
            deflate(stream, flush); /* fails only where a state or a pointer is wrong */
            output->count += PIECE - stream->avail_out;
        } while (stream->avail_out == 0);
        bytes = (vn_span) {bytes.bytes + count, bytes.count - count};
    } while (bytes.count > 0);
    return 0;
}

vn_encoder_free *vn_gzip_init(vn_coder *coder)
{
    coder->begin = gzip_begin;
    coder->encode = gzip_encode;
    coder->end = gzip_end;
    return gzip_free;
}
