// SPDX-License-Identifier: MIT
#include "http2_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sending ---- */

void h2_begin(struct h2_input *input)
{
    input->bytes = malloc(H2_BYTES_MAX);
    memcpy(input->bytes, VN_PREFACE.bytes, VN_PREFACE.count);
    input->count = VN_PREFACE.count;
    vn_hpack_encoder_init(&input->encoder);
    h2_frame(input, VN_FRAME_SETTINGS, 0, 0, (vn_span) {0});
}

void h2_free(struct h2_input *input)
{
    free(input->bytes);
}

void h2_frame(struct h2_input *input, uint8_t type, uint8_t flags, uint32_t stream, vn_span payload)
{
    const struct vn_frame frame = {(uint32_t) payload.count, stream, type, flags};
    if (input->count + VN_FRAME_HEAD + payload.count > H2_BYTES_MAX)
        abort();
    uint8_t *to = vn_frame_write(input->bytes + input->count, &frame);
    if (payload.count > 0)
        memcpy(to, payload.bytes, payload.count);
    input->count += VN_FRAME_HEAD + payload.count;
}

static uint8_t *write_field(struct h2_input *input, uint8_t *to, const char *name,
                            const char *value)
{
    return vn_hpack_write(&input->encoder, to, vn_span_of(name), vn_span_of(value),
                          VN_HPACK_INDEXED);
}

/* The encoder writes names in lower case: one in upper case is written by hand. */
static uint8_t *write_lines(struct h2_input *input, uint8_t *to, const char *lines)
{
    while (*lines != '\0') {
        const char *colon = strchr(lines + 1, ':'), *end = strchr(lines, '\n');
        vn_span name = {(const uint8_t *) lines, (size_t) (colon - lines)};
        vn_span value = {(const uint8_t *) colon + 2, (size_t) (end - colon - 2)};
        if (name.bytes[0] >= 'A' && name.bytes[0] <= 'Z') {
            *to++ = 0;
            *to++ = (uint8_t) name.count;
            memcpy(to, name.bytes, name.count);
            to += name.count;
            *to++ = (uint8_t) value.count;
            memcpy(to, value.bytes, value.count);
            to += value.count;
        } else
            to = vn_hpack_write(&input->encoder, to, name, value, VN_HPACK_INDEXED);
        lines = end + 1;
    }
    return to;
}

/* A block in several frames. */
static void put_block(struct h2_input *input, uint32_t stream, vn_span block, bool ends,
                      size_t parts)
{
    for (size_t part = 0; part < parts; part++) {
        size_t from = block.count * part / parts, to = block.count * (part + 1) / parts;
        uint8_t flags = part + 1 == parts ? VN_FLAG_END_HEADERS : 0;
        h2_frame(input, part == 0 ? VN_FRAME_HEADERS : VN_FRAME_CONTINUATION,
                 flags | (part == 0 && ends ? VN_FLAG_END_STREAM : 0), stream,
                 (vn_span) {block.bytes + from, to - from});
    }
}

void h2_request(struct h2_input *input, uint32_t stream, const char *method, const char *path,
                const char *more, bool ends, size_t parts)
{
    uint8_t *block = malloc(1024 + 2 * strlen(more)), *to = block;
    if (method != NULL) { /* not of trailers */
        to = write_field(input, to, ":method", method);
        to = write_field(input, to, ":scheme", "http");
        to = write_field(input, to, ":path", path);
        to = write_field(input, to, ":authority", "a");
    }
    to = write_lines(input, to, more);
    put_block(input, stream, (vn_span) {block, (size_t) (to - block)}, ends, parts);
    free(block);
}

void h2_data(struct h2_input *input, uint32_t stream, const char *text, bool ends)
{
    h2_frame(input, VN_FRAME_DATA, ends ? VN_FLAG_END_STREAM : 0, stream, vn_span_of(text));
}

void h2_number(struct h2_input *input, uint8_t type, uint32_t stream, uint32_t number)
{
    uint8_t bytes[4];
    vn_write_u32(bytes, number);
    h2_frame(input, type, 0, stream, (vn_span) {bytes, sizeof bytes});
}

void h2_setting(struct h2_input *input, uint16_t setting, uint32_t value)
{
    uint8_t bytes[VN_SETTING_SIZE];
    vn_setting_write(bytes, setting, value);
    h2_frame(input, VN_FRAME_SETTINGS, 0, 0, (vn_span) {bytes, sizeof bytes});
}

/* ---- Reading ---- */

struct reader {
    struct h2_output *output;
    struct vn_hpack_decoder decoder;
    uint8_t block[64 * 1024];
    size_t block_count;
    uint8_t room[2 * VN_HPACK_TABLE_MAX];
};

static void read_block(struct reader *reader, uint32_t stream)
{
    struct vn_hpack_block block = {.rest = {reader->block, reader->block_count},
                                   .room = reader->room,
                                   .room_count = VN_HPACK_TABLE_MAX};
    struct vn_hpack_field field;
    struct h2_answer *answer = h2_on(reader->output, stream);
    enum vn_hpack_found found;
    while ((found = vn_hpack_read(&reader->decoder, &block, &field)) == VN_HPACK_FIELD)
        if (field.name.count == 7 && memcmp(field.name.bytes, ":status", 7) == 0)
            answer->status = (unsigned) strtoul((const char *) field.value.bytes, NULL, 10);
    reader->output->is_wrong |= found != VN_HPACK_END;
    answer->heads++;
    reader->block_count = 0;
}

static void read_content(struct h2_answer *answer, vn_span payload)
{
    size_t have = strlen(answer->text);
    size_t more = vn_smaller(payload.count, sizeof answer->text - 1 - have);
    memcpy(answer->text + have, payload.bytes, more);
    answer->count += payload.count;
}

static void read_of_stream(struct reader *reader, const struct vn_frame *frame, vn_span payload)
{
    struct h2_answer *answer = h2_on(reader->output, frame->stream);
    reader->output->is_wrong |= answer->has_ended && frame->type != VN_FRAME_RST_STREAM &&
                                frame->type != VN_FRAME_WINDOW_UPDATE;
    if (frame->type == VN_FRAME_RST_STREAM)
        answer->reset = (int32_t) vn_read_u32(payload.bytes);
    else if (frame->type == VN_FRAME_DATA)
        read_content(answer, payload);
    else if (frame->type == VN_FRAME_HEADERS || frame->type == VN_FRAME_CONTINUATION) {
        memcpy(reader->block + reader->block_count, payload.bytes, payload.count);
        reader->block_count += payload.count;
        if ((frame->flags & VN_FLAG_END_HEADERS) != 0)
            read_block(reader, frame->stream);
    }
    if ((frame->type == VN_FRAME_DATA || frame->type == VN_FRAME_HEADERS) &&
        (frame->flags & VN_FLAG_END_STREAM) != 0)
        answer->has_ended = true;
}

static void read_frame(struct reader *reader, const struct vn_frame *frame, vn_span payload)
{
    struct h2_output *output = reader->output;
    if (frame->stream != 0)
        read_of_stream(reader, frame, payload);
    else if (frame->type == VN_FRAME_GOAWAY) {
        output->goaways++;
        output->last = vn_read_u32(payload.bytes);
        output->error = (int32_t) vn_read_u32(payload.bytes + 4);
    } else if (frame->type == VN_FRAME_PING)
        output->pings += (frame->flags & VN_FLAG_ACK) == 0;
    else if (frame->type == VN_FRAME_SETTINGS)
        output->acks += (frame->flags & VN_FLAG_ACK) != 0;
    else if (frame->type == VN_FRAME_WINDOW_UPDATE)
        output->window += vn_read_u32(payload.bytes);
    else
        output->is_wrong = true;
}

struct h2_output *h2_read(struct scripted_client *client)
{
    static _Thread_local struct reader reader;
    static _Thread_local struct h2_output output;
    const uint8_t *at = (const uint8_t *) scripted_bytes(client);
    const uint8_t *end = at + scripted_count(client);
    memset(&output, 0, sizeof output);
    output.error = -1;
    for (size_t i = 0; i < H2_STREAMS; i++)
        output.of[i].reset = -1;
    reader.output = &output;
    reader.block_count = 0;
    vn_hpack_decoder_init(&reader.decoder);
    while ((size_t) (end - at) >= VN_FRAME_HEAD && !output.is_wrong) {
        struct vn_frame frame = vn_frame_read(at);
        if ((size_t) (end - at) < VN_FRAME_HEAD + frame.count)
            break;
        output.is_wrong |= vn_frame_check(&frame).error != VN_HTTP2_NO_ERROR;
        read_frame(&reader, &frame, (vn_span) {at + VN_FRAME_HEAD, frame.count});
        at += VN_FRAME_HEAD + frame.count;
    }
    output.is_cut = at < end;
    return &output;
}

void h2_describe(struct h2_output *output, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < H2_STREAMS && at < size; i++) {
        const struct h2_answer *answer = &output->of[i];
        if (answer->heads == 0 && answer->reset < 0)
            continue;
        at += (size_t) snprintf(text + at, size - at, "%zu:%u,%zu", 2 * i + 1, answer->status,
                                answer->count);
        if (at < size && answer->reset >= 0)
            at += (size_t) snprintf(text + at, size - at, "!%d", answer->reset);
        if (at < size)
            at += (size_t) snprintf(text + at, size - at, "%s ", answer->has_ended ? "." : "?");
    }
    if (at < size)
        snprintf(text + at, size - at, "%d%s%s", output->error, output->is_wrong ? "WRONG" : "",
                 output->is_cut ? "CUT" : "");
}
