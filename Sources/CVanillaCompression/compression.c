// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "encoders.h"

struct vn_compression {
    vn_coding coding;
    struct vn_encoders encoders[VN_CODINGS];
    vn_encoder_free *frees[VN_CODINGS];
    vn_span types[]; /* whose texts follow them */
};

uint8_t *vn_coded_reserve(vn_coded_bytes *output, size_t count)
{
    if (output->capacity - output->count < count) {
        size_t capacity = 2 * output->capacity;
        if (capacity < output->count + count)
            capacity = output->count + count;
        uint8_t *grown = realloc(output->bytes, capacity);
        if (grown == NULL)
            return NULL;
        output->bytes = grown;
        output->capacity = capacity;
    }
    return output->bytes + output->count;
}

static void copy_types(vn_compression *compression, const vn_compression_options *options)
{
    uint8_t *text = (uint8_t *) (compression->types + options->type_count);
    for (size_t i = 0; i < options->type_count; i++) {
        vn_span type = options->types[i];
        memcpy(text, type.bytes, type.count);
        compression->types[i] = (vn_span) {text, type.count};
        text += type.count;
    }
    compression->coding.types = compression->types;
    compression->coding.type_count = options->type_count;
}

static void offer(vn_compression *compression, int32_t coding, int32_t level,
                  vn_encoder_free *(*init)(vn_coder *coder))
{
    struct vn_encoders *encoders = &compression->encoders[coding];
    pthread_mutex_init(&encoders->pool.lock, NULL); /* fails on no system where it is a value */
    if (level == 0)
        return;
    encoders->level = level;
    encoders->coder.context = encoders;
    compression->frees[coding] = init(&encoders->coder);
    compression->coding.coders[coding] = &encoders->coder;
}

vn_compression *vn_compression_open(const vn_compression_options *options)
{
    size_t text = 0;
    for (size_t i = 0; i < options->type_count; i++)
        text += options->types[i].count;
    vn_compression *compression =
        calloc(1, sizeof *compression + options->type_count * sizeof(vn_span) + text);
    if (compression == NULL)
        return NULL;
    compression->coding.min = options->min;
    compression->coding.max = options->max;
    copy_types(compression, options);
    offer(compression, VN_CODING_GZIP, options->gzip, vn_gzip_init);
    offer(compression, VN_CODING_BROTLI, options->brotli, vn_brotli_init);
    offer(compression, VN_CODING_ZSTD, options->zstd, vn_zstd_init);
    return compression;
}

const vn_coding *vn_compression_coding(const vn_compression *compression)
{
    return &compression->coding;
}

void vn_compression_close(vn_compression *compression)
{
    for (int32_t i = VN_CODING_GZIP; i < VN_CODINGS; i++) {
        struct vn_encoders *encoders = &compression->encoders[i];
        for (void *kept; (kept = vn_encoders_take(&encoders->pool)) != NULL;)
            compression->frees[i](kept);
        pthread_mutex_destroy(&encoders->pool.lock);
    }
    free(compression);
}
