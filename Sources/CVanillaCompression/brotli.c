// SPDX-License-Identifier: MIT
#include <brotli/encode.h>
#include <errno.h>

#include "encoders.h"

enum { WINDOW = 18 }; /* bits: 256 KiB; larger ones gain little for what is coded on the way */

/* The library has no way to begin again with an encoder, so none is kept. */
static void *brotli_begin(void *context)
{
    const struct vn_encoders *encoders = context;
    BrotliEncoderState *brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    if (brotli == NULL)
        return NULL;
    BrotliEncoderSetParameter(brotli, BROTLI_PARAM_QUALITY, (uint32_t) encoders->level);
    BrotliEncoderSetParameter(brotli, BROTLI_PARAM_LGWIN, WINDOW);
    return brotli;
}

static void brotli_end(void *encoder)
{
    BrotliEncoderDestroyInstance(encoder);
}

static int32_t brotli_encode(void *encoder, vn_span bytes, int32_t follows, vn_coded_bytes *output)
{
    static const BrotliEncoderOperation operations[] = {
        [VN_CODER_MORE] = BROTLI_OPERATION_PROCESS,
        [VN_CODER_FLUSH] = BROTLI_OPERATION_FLUSH,
        [VN_CODER_END] = BROTLI_OPERATION_FINISH,
    };
    size_t left = bytes.count, room = 0;
    const uint8_t *next = bytes.bytes;
    do {
        if (!BrotliEncoderCompressStream(encoder, operations[follows], &left, &next, &room, NULL,
                                         NULL))
            return -ENOMEM;
        for (size_t count = 0; BrotliEncoderHasMoreOutput(encoder); count = 0) {
            const uint8_t *coded = BrotliEncoderTakeOutput(encoder, &count);
            uint8_t *to = vn_coded_reserve(output, count);
            if (to == NULL)
                return -ENOMEM;
            memcpy(to, coded, count);
            output->count += count;
        }
    } while (left > 0);
    return 0;
}

vn_encoder_free *vn_brotli_init(vn_coder *coder)
{
    coder->begin = brotli_begin;
    coder->encode = brotli_encode;
    coder->end = brotli_end;
    return brotli_end;
}
