// SPDX-License-Identifier: MIT
/* message_deflate.c - messages through zlib (RFC 7692, section 7.2). Without takeover a socket has
 * no stream of zlib of its own: it takes one of its thread's while it works on a message. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "include/vn_message_codec.h"
#include "message_offer.h"

enum {
    WINDOW_MIN = 9,
    WINDOW_MAX = 15,
    MEMORY_LEVEL = 8, /* zlib's own default */
    PART = 16 * 1024, /* bytes that are expanded at a time */
    TAIL = 4, /* bytes of an empty stored block, which messages end with and do not carry */
    FLUSH_ROOM = 16, /* what a flush may add to zlib's own bound */
    BLOCK_OVER = 128, /* of z_stream.data_type: between two blocks */
};

struct state {
    vn_message_deflate_options agreed;
    z_stream *inflater; /* NULL: between messages, without takeover */
    z_stream *deflater; /* only with takeover */
};

/* ---- Settings ---- */

void vn_message_deflate_options_init(vn_message_deflate_options *options)
{
    *options = (vn_message_deflate_options) {
        .server_window = WINDOW_MAX,
        .client_window = WINDOW_MAX,
        .level = 1,
    };
}

static bool is_window(uint8_t window)
{
    return window >= WINDOW_MIN && window <= WINDOW_MAX;
}

uint64_t vn_message_deflate_settings(const vn_message_deflate_options *options)
{
    if (!is_window(options->server_window) || !is_window(options->client_window) ||
        options->level < 1 || options->level > 9)
        return 0;
    return (uint64_t) options->server_window | (uint64_t) options->client_window << 8 |
           (uint64_t) options->level << 16 | (uint64_t) options->server_takeover << 24 |
           (uint64_t) options->client_takeover << 25;
}

static vn_message_deflate_options unpack(uint64_t settings)
{
    return (vn_message_deflate_options) {
        .server_window = (uint8_t) settings,
        .client_window = (uint8_t) (settings >> 8),
        .level = (uint8_t) (settings >> 16),
        .server_takeover = (settings >> 24 & 1) != 0,
        .client_takeover = (settings >> 25 & 1) != 0,
    };
}

static size_t message_accept(uint64_t settings, vn_span offer, uint8_t *answer, uint64_t *agreed)
{
    vn_message_deflate_options options = unpack(settings);
    size_t count = vn_message_offer_answer(&options, offer.bytes, offer.count, answer);
    /* A client's window may be one of 8 bits: that of 9 holds it. */
    if (options.client_window < WINDOW_MIN)
        options.client_window = WINDOW_MIN;
    *agreed = count == 0 ? 0 : vn_message_deflate_settings(&options);
    return count;
}

/* ---- Streams ---- */

static z_stream *make_inflater(int window)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL && inflateInit2(stream, -window) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static z_stream *make_deflater(int window, int level)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL &&
        deflateInit2(stream, level, Z_DEFLATED, -window, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static void end_inflater(z_stream *stream)
{
    if (stream != NULL)
        inflateEnd(stream);
    free(stream);
}

static void end_deflater(z_stream *stream)
{
    if (stream != NULL)
        deflateEnd(stream);
    free(stream);
}

/* What a thread keeps: one stream to expand, and one to compress with for each window. */
struct streams {
    z_stream *inflater;
    z_stream *deflaters[WINDOW_MAX + 1];
    int levels[WINDOW_MAX + 1];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void end_streams(void *context)
{
    struct streams *streams = context;
    end_inflater(streams->inflater);
    for (size_t i = 0; i <= WINDOW_MAX; i++)
        end_deflater(streams->deflaters[i]);
    free(streams);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, end_streams) == 0;
}

static struct streams *streams_of_thread(void)
{
    pthread_once(&once, make_key);
    struct streams *streams = has_key ? pthread_getspecific(key) : NULL;
    if (streams != NULL || !has_key)
        return streams;
    streams = calloc(1, sizeof *streams);
    if (streams != NULL && pthread_setspecific(key, streams) == 0)
        return streams;
    free(streams);
    return NULL;
}

static z_stream *take_inflater(int window)
{
    struct streams *streams = streams_of_thread();
    z_stream *stream = streams == NULL ? NULL : streams->inflater;
    if (stream == NULL)
        return make_inflater(window);
    streams->inflater = NULL;
    if (inflateReset2(stream, -window) == Z_OK)
        return stream;
    end_inflater(stream);
    return NULL;
}

static void give_inflater(z_stream *stream)
{
    struct streams *streams = streams_of_thread();
    if (streams != NULL && streams->inflater == NULL)
        streams->inflater = stream;
    else
        end_inflater(stream);
}

/* It stays the thread's. */
static z_stream *lend_deflater(int window, int level)
{
    struct streams *streams = streams_of_thread();
    if (streams == NULL)
        return NULL;
    z_stream **stream = &streams->deflaters[window];
    if (*stream != NULL && (streams->levels[window] != level || deflateReset(*stream) != Z_OK)) {
        end_deflater(*stream);
        *stream = NULL;
    }
    if (*stream == NULL)
        *stream = make_deflater(window, level);
    streams->levels[window] = level;
    return *stream;
}

/* ---- A socket's state ---- */

static void *message_make(uint64_t agreed)
{
    struct state *state = calloc(1, sizeof *state);
    if (state != NULL)
        state->agreed = unpack(agreed);
    return state;
}

static void message_end(void *context)
{
    struct state *state = context;
    end_inflater(state->inflater);
    end_deflater(state->deflater);
    free(state);
}

/* ---- Expanding ---- */

/* More of a message's blocks. One that says that it is the last may be followed by others, which
 * refer to what was before it (section 7.2.3.4). */
static int32_t inflate_piece(z_stream *stream, vn_span bytes, vn_message_take *take, void *context)
{
    uint8_t part[PART];
    stream->next_in = (uint8_t *) (uintptr_t) bytes.bytes;
    stream->avail_in = (uInt) bytes.count;
    for (;;) {
        stream->next_out = part;
        stream->avail_out = sizeof part;
        int result = inflate(stream, Z_SYNC_FLUSH);
        if (result == Z_MEM_ERROR)
            return -ENOMEM;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return -EBADMSG;
        size_t count = sizeof part - stream->avail_out;
        int32_t taken = count == 0 ? 0 : take(context, (vn_span) {part, count});
        if (taken < 0)
            return taken;
        if (result == Z_STREAM_END && inflateResetKeep(stream) != Z_OK)
            return -EBADMSG;
        if (stream->avail_in == 0 && stream->avail_out > 0)
            return 0;
        if (result == Z_BUF_ERROR)
            return -EBADMSG;
    }
}

static int32_t inflate_all(z_stream *stream, vn_span bytes, vn_message_take *take, void *context)
{
    int32_t result = 0;
    while (result == 0 && bytes.count > 0) {
        size_t count = bytes.count < INT_MAX ? bytes.count : INT_MAX;
        result = inflate_piece(stream, (vn_span) {bytes.bytes, count}, take, context);
        bytes = (vn_span) {bytes.bytes + count, bytes.count - count};
    }
    return result;
}

static int32_t finish_message(struct state *state, vn_message_take *take, void *context)
{
    static const uint8_t tail[TAIL] = {0, 0, 0xff, 0xff};
    z_stream *stream = state->inflater;
    int32_t result = inflate_all(stream, (vn_span) {tail, TAIL}, take, context);
    if (result == 0 && (stream->data_type & BLOCK_OVER) == 0)
        return -EBADMSG; /* the tail was taken for a part of a block */
    if (result == 0 && !state->agreed.client_takeover) {
        state->inflater = NULL;
        give_inflater(stream);
    }
    return result;
}

static int32_t message_expand(void *context, vn_span bytes, bool is_last, vn_message_take *take,
                              void *take_context)
{
    struct state *state = context;
    if (state->inflater == NULL)
        state->inflater = state->agreed.client_takeover
                              ? make_inflater(state->agreed.client_window)
                              : take_inflater(state->agreed.client_window);
    if (state->inflater == NULL)
        return -ENOMEM;
    int32_t result = inflate_all(state->inflater, bytes, take, take_context);
    return result < 0 || !is_last ? result : finish_message(state, take, take_context);
}

/* ---- Compressing ---- */

/* Without takeover what does not become smaller goes as it is, so that more room is of no use. */
static size_t message_room(void *context, size_t count)
{
    const struct state *state = context;
    if (!state->agreed.server_takeover)
        return count + TAIL;
    return count + count / 4 + count / 8 + 64 + FLUSH_ROOM;
}

static z_stream *deflater_of(struct state *state)
{
    const vn_message_deflate_options *agreed = &state->agreed;
    if (!agreed->server_takeover)
        return lend_deflater(agreed->server_window, agreed->level);
    if (state->deflater == NULL)
        state->deflater = make_deflater(agreed->server_window, agreed->level);
    return state->deflater;
}

static int64_t message_compress(void *context, vn_span bytes, uint8_t *at, size_t room)
{
    struct state *state = context;
    bool has_takeover = state->agreed.server_takeover;
    if (room > UINT_MAX)
        return has_takeover ? -ENOMEM : 0;
    z_stream *stream = deflater_of(state);
    if (stream == NULL)
        return -ENOMEM;
    stream->next_in = (uint8_t *) (uintptr_t) bytes.bytes;
    stream->avail_in = (uInt) bytes.count;
    stream->next_out = at;
    stream->avail_out = (uInt) room;
    int result = deflate(stream, Z_SYNC_FLUSH);
    size_t count = room - stream->avail_out;
    bool is_whole = result == Z_OK && stream->avail_out > 0 && count > TAIL;
    if (has_takeover)
        return is_whole ? (int64_t) (count - TAIL) : -ENOMEM;
    return is_whole && count - TAIL < bytes.count ? (int64_t) (count - TAIL) : 0;
}

const vn_message_codec *vn_message_deflate(void)
{
    static const vn_message_codec codec = {
        .accept = message_accept,
        .make = message_make,
        .end = message_end,
        .expand = message_expand,
        .room = message_room,
        .compress = message_compress,
    };
    return &codec;
}
