// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "encoders.h"

enum {
    WINDOW = 18, /* bits: 256 KiB; RFC 9659 allows 23 */
    PIECE = 16 * 1024, /* bytes of output that are reserved at once */
};

struct zstd {
    ZSTD_CCtx *context;
    struct vn_encoders *encoders;
};

static void zstd_free(void *encoder)
{
    struct zstd *zstd = encoder;
    ZSTD_freeCCtx(zstd->context);
    free(zstd);
}

static void *zstd_begin(void *context)
{
    struct vn_encoders *encoders = context;
    struct zstd *zstd = vn_encoders_take(&encoders->pool);
    if (zstd != NULL)
        return zstd;
    zstd = calloc(1, sizeof *zstd);
    if (zstd == NULL)
        return NULL;
    zstd->encoders = encoders;
    zstd->context = ZSTD_createCCtx();
    if (zstd->context != NULL &&
        !ZSTD_isError(
            ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_compressionLevel, encoders->level)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_windowLog, WINDOW)))
        return zstd;
    zstd_free(zstd);
    return NULL;
}

static void zstd_end(void *encoder)
{
    struct zstd *zstd = encoder;
    if (ZSTD_isError(ZSTD_CCtx_reset(zstd->context, ZSTD_reset_session_only)) ||
        !vn_encoders_give(&zstd->encoders->pool, zstd))
        zstd_free(zstd);
}

static int32_t zstd_encode(void *encoder, vn_span bytes, int32_t follows, vn_coded_bytes *output)
{
    static const ZSTD_EndDirective directives[] = {[VN_CODER_MORE] = ZSTD_e_continue,
                                                   [VN_CODER_FLUSH] = ZSTD_e_flush,
                                                   [VN_CODER_END] = ZSTD_e_end};
    struct zstd *zstd = encoder;
    ZSTD_inBuffer input = {bytes.bytes, bytes.count, 0};
    size_t left;
    do {
        uint8_t *room = vn_coded_reserve(output, PIECE);
        if (room == NULL)
            return -ENOMEM;
        ZSTD_outBuffer part = {room, PIECE, 0};
        left = ZSTD_compressStream2(zstd->context, &part, &input, directives[follows]);
        if (ZSTD_isError(left))
            return -ENOMEM; /* nothing else can go wrong */
        output->count += part.pos;
    } while (input.pos < input.size || (follows != VN_CODER_MORE && left > 0));
    return 0;
}

vn_encoder_free *vn_zstd_init(vn_coder *coder)
{
    coder->begin = zstd_begin;
    coder->encode = zstd_encode;
    coder->end = zstd_end;
    return zstd_free;
}
