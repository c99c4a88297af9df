// SPDX-License-Identifier: MIT
#include "http2_request.h"

#include <stdlib.h>

#include "../http/classes.h"
#include "../http/fields.h"
#include "../http/scan.h"

/* ---- Memory ---- */

enum { PSEUDO_METHOD, PSEUDO_SCHEME, PSEUDO_AUTHORITY, PSEUDO_PATH, PSEUDOS };

/* Texts one after the other, as far as there is room. */
struct text {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
    bool is_full; /* something did not fit */
};

struct reading {
    struct vn_hpack_block block;
    const vn_limits *limits;
    struct text head; /* the text of HTTP/1.1 */
    struct text pseudo; /* the values of pseudo-fields */
    struct text cookies; /* joined */
    vn_span values[PSEUDOS]; /* of `pseudo`; NULL: it was not there */
    vn_span priority;
    bool has_fields; /* other than those */
    bool has_host;
    bool is_trailers;
    bool is_malformed;
    bool is_long; /* a field is, or there are too many */
};

static size_t text_room(const vn_limits *limits)
{
    size_t most = vn_smaller(limits->request_line, 1 << 20);
    most += vn_smaller(limits->field, 1 << 20);
    return most > VN_HPACK_TABLE_MAX ? most : VN_HPACK_TABLE_MAX;
}

/* One piece of memory for all of it, made on demand. */
static bool begin_reading(struct reading *reading, struct vn_worker *worker, vn_span block)
{
    const vn_limits *limits = &worker->config->limits;
    size_t text = text_room(limits), fields = vn_smaller(limits->fields, 4 << 20);
    size_t head = text + fields + 64;
    if (worker->http2_room == NULL)
        worker->http2_room = malloc(4 * text + head);
    uint8_t *room = worker->http2_room;
    if (room == NULL)
        return false;
    *reading = (struct reading) {
        .block = {.rest = block, .room = room, .room_count = text},
        .limits = limits,
        .pseudo = {.bytes = room + 2 * text, .capacity = text},
        .cookies = {.bytes = room + 3 * text, .capacity = text},
        .head = {.bytes = room + 4 * text, .capacity = head},
    };
    return true;
}

static vn_span put(struct text *text, vn_span bytes)
{
    if (vn_unlikely(bytes.count > text->capacity - text->count)) {
        text->is_full = true;
        return (vn_span) {text->bytes, 0};
    }
    uint8_t *to = text->bytes + text->count;
    if (bytes.count > 0)
        memcpy(to, bytes.bytes, bytes.count);
    text->count += bytes.count;
    return (vn_span) {to, bytes.count};
}

static void put_line(struct text *text, vn_span name, vn_span value)
{
    put(text, name);
    put(text, VN_LITERAL(": "));
    put(text, value);
    put(text, VN_LITERAL("\r\n"));
}

/* ---- Pseudo-fields ---- */

static bool is_span(vn_span a, vn_span b)
{
    return a.count == b.count && memcmp(a.bytes, b.bytes, a.count) == 0;
}

/* Each at most once, before all other fields, and no others (RFC 9113, section 8.3). */
static void note_pseudo(struct reading *reading, const struct vn_hpack_field *field)
{
    static const vn_span names[PSEUDOS] = {
        [PSEUDO_METHOD] = VN_LITERAL(":method"),
        [PSEUDO_SCHEME] = VN_LITERAL(":scheme"),
        [PSEUDO_AUTHORITY] = VN_LITERAL(":authority"),
        [PSEUDO_PATH] = VN_LITERAL(":path"),
    };
    size_t i = 0;
    while (i < PSEUDOS && !is_span(field->name, names[i]))
        i++;
    if (i == PSEUDOS || reading->values[i].bytes != NULL || reading->has_fields ||
        reading->is_trailers)
        reading->is_malformed = true;
    else
        reading->values[i] = put(&reading->pseudo, field->value);
}

/* A byte that would end the target in the text of HTTP/1.1. */
static bool ends_target(uint8_t byte)
{
    return byte <= ' ' || byte == 0x7f;
}

static bool is_path(vn_span path, vn_span method)
{
    if (path.count == 0)
        return false;
    for (size_t i = 0; i < path.count; i++)
        if (ends_target(path.bytes[i]))
            return false;
    bool is_for_server = is_span(path, VN_LITERAL("*")) && is_span(method, VN_LITERAL("OPTIONS"));
    return path.bytes[0] == '/' || is_for_server;
}

/* RFC 3986, section 3.1. */
static bool is_scheme(vn_span scheme)
{
    if (scheme.count == 0 || (scheme.bytes[0] | 0x20) < 'a' || (scheme.bytes[0] | 0x20) > 'z')
        return false;
    for (size_t i = 1; i < scheme.count; i++) {
        uint8_t byte = scheme.bytes[i], lower = byte | 0x20;
        if ((lower < 'a' || lower > 'z') && !vn_is_digit(byte) && byte != '+' && byte != '-' &&
            byte != '.')
            return false;
    }
    return true;
}

/* CONNECT has an authority alone (RFC 9113, section 8.5). */
static bool are_pseudos_whole(const struct reading *reading)
{
    const vn_span *values = reading->values;
    bool is_connect = is_span(values[PSEUDO_METHOD], VN_LITERAL("CONNECT"));
    if (!vn_is_token(values[PSEUDO_METHOD]))
        return false;
    if (is_connect)
        return values[PSEUDO_SCHEME].bytes == NULL && values[PSEUDO_PATH].bytes == NULL &&
               values[PSEUDO_AUTHORITY].count > 0 && vn_is_field_value(values[PSEUDO_AUTHORITY]);
    return is_scheme(values[PSEUDO_SCHEME]) &&
           is_path(values[PSEUDO_PATH], values[PSEUDO_METHOD]) &&
           vn_is_field_value(values[PSEUDO_AUTHORITY]);
}

/* No more of them come: the request line, and the line that every request of HTTP/1.1 has. */
static void write_begin(struct reading *reading)
{
    const vn_span *values = reading->values;
    struct text *head = &reading->head;
    reading->has_fields = true;
    if (reading->is_trailers || reading->is_malformed || reading->pseudo.is_full)
        return;
    if (!are_pseudos_whole(reading)) {
        reading->is_malformed = true;
        return;
    }
    bool has_path = values[PSEUDO_PATH].bytes != NULL;
    put(head, values[PSEUDO_METHOD]);
    put(head, VN_LITERAL(" "));
    put(head, has_path ? values[PSEUDO_PATH] : values[PSEUDO_AUTHORITY]);
    put(head, VN_LITERAL(" HTTP/1.1\r\n"));
    if (values[PSEUDO_AUTHORITY].bytes != NULL)
        put_line(head, VN_LITERAL("host"), values[PSEUDO_AUTHORITY]);
}

/* ---- Fields ---- */

/* In lower case (RFC 9113, section 8.2.1). */
static bool is_name(vn_span name)
{
    for (size_t i = 0; i < name.count; i++)
        if (!vn_is_token_byte(name.bytes[i]) || (name.bytes[i] >= 'A' && name.bytes[i] <= 'Z'))
            return false;
    return name.count > 0;
}

static bool is_value(vn_span value)
{
    if (value.count == 0)
        return true;
    return !vn_is_blank(value.bytes[0]) && !vn_is_blank(value.bytes[value.count - 1]) &&
           vn_scan_control(value.bytes, 0, value.count) == value.count;
}

#define IS(text) is_span(field->name, VN_LITERAL(text))

/* The host is that of the authority, which stands for it already. */
static void note_host(struct reading *reading, const struct vn_hpack_field *field)
{
    vn_span authority = reading->values[PSEUDO_AUTHORITY];
    if (reading->has_host ||
        (authority.bytes != NULL && !vn_equals_ignoring_case(authority, field->value)))
        reading->is_malformed = true;
    else if (authority.bytes == NULL)
        put_line(&reading->head, field->name, field->value);
    reading->has_host = true;
}

/* What a compressor has parted is one field again (RFC 9113, section 8.2.3). */
static void note_cookie(struct reading *reading, const struct vn_hpack_field *field)
{
    if (reading->cookies.count > 0)
        put(&reading->cookies, VN_LITERAL("; "));
    put(&reading->cookies, field->value);
}

/* Fields that mean something here. Returns whether they are not written as they are. */
static bool note_field(struct reading *reading, const struct vn_hpack_field *field)
{
    switch (field->name.count) {
    case 2:
        reading->is_malformed |= IS("te") && !is_span(field->value, VN_LITERAL("trailers"));
        return false;
    case 4:
        if (IS("host") && !reading->is_trailers) {
            note_host(reading, field);
            return true;
        }
        return false;
    case 6:
        if (IS("cookie") && !reading->is_trailers) {
            note_cookie(reading, field);
            return true;
        }
        return false;
    case 7:
        reading->is_malformed |= IS("upgrade");
        return false;
    case 8:
        if (IS("priority") && !reading->is_trailers)
            reading->priority = put(&reading->pseudo, field->value);
        return false;
    case 10:
        reading->is_malformed |= IS("connection") || IS("keep-alive");
        return false;
    default:
        reading->is_malformed |= IS("proxy-connection") || IS("transfer-encoding");
        return false;
    }
}

static void use_field(struct reading *reading, const struct vn_hpack_field *field)
{
    if (reading->is_malformed)
        return;
    if (field->name.count > 0 && field->name.bytes[0] == ':') {
        note_pseudo(reading, field);
        return;
    }
    if (!reading->has_fields)
        write_begin(reading);
    if (!is_name(field->name) || !is_value(field->value))
        reading->is_malformed = true;
    else if (!note_field(reading, field) && !reading->is_malformed)
        put_line(&reading->head, field->name, field->value);
}

/* Read all fields. What is wrong with the request does not stop that, as the tables have to stay
 * alike. */
static int32_t read_fields(struct reading *reading, struct vn_hpack_decoder *decoder)
{
    struct vn_hpack_field field;
    for (;;) {
        enum vn_hpack_found found = vn_hpack_read(decoder, &reading->block, &field);
        if (vn_unlikely(found == VN_HPACK_INVALID))
            return VN_BLOCK_INVALID;
        if (found == VN_HPACK_END)
            break;
        if (vn_unlikely(found == VN_HPACK_LONG_FIELD)) {
            reading->is_long = reading->is_long || field.name.bytes[0] != ':';
            reading->pseudo.is_full |= field.name.bytes[0] == ':';
        } else if (!reading->is_long && !reading->head.is_full && !reading->cookies.is_full)
            use_field(reading, &field);
    }
    if (!reading->has_fields)
        write_begin(reading);
    if (reading->cookies.count > 0)
        put_line(&reading->head, VN_LITERAL("cookie"),
                 (vn_span) {reading->cookies.bytes, reading->cookies.count});
    put(&reading->head, VN_LITERAL("\r\n"));
    return reading->is_malformed ? VN_BLOCK_MALFORMED : VN_BLOCK_SOUND;
}

static struct vn_scan_limits scan_limits(const struct vn_worker *worker)
{
    const vn_limits *limits = &worker->config->limits;
    return (struct vn_scan_limits) {
        .request_line = limits->request_line,
        .field = limits->field,
        .fields = limits->fields,
        .field_count = limits->field_count,
        .takes_utf8 = worker->config->takes_utf8_targets,
    };
}

/* Of statuses that the scanner gives, those that are answered. */
static int32_t verdict_of(int32_t scanned)
{
    if (scanned > 0)
        return VN_BLOCK_SOUND;
    return scanned == -414 || scanned == -431 || scanned == -501 ? scanned : VN_BLOCK_MALFORMED;
}

int32_t vn_http2_read_request(struct vn_http2 *http2, vn_span block, struct vn_read_request *read)
{
    struct vn_worker *worker = http2->connection->worker;
    struct reading reading;
    *read = (struct vn_read_request) {.request = &worker->request};
    vn_scan_begin(read->request);
    read->request->connection = http2->connection;
    if (!begin_reading(&reading, worker, block))
        return VN_BLOCK_WITHOUT_MEMORY;
    int32_t result = read_fields(&reading, &http2->decoder);
    read->is_head = is_span(reading.values[PSEUDO_METHOD], VN_LITERAL("HEAD"));
    if (result < 0)
        return result;
    if (reading.pseudo.is_full && !reading.is_long)
        return -414;
    const struct vn_scan_limits limits = scan_limits(worker);
    int32_t scanned = vn_scan_head(read->request, reading.head.bytes, reading.head.count, &limits);
    read->request->head = reading.head.bytes;
    if (reading.is_long || reading.head.is_full || reading.cookies.is_full)
        return -431;
    if (scanned > 0 && read->request->method_id == VN_METHOD_CONNECT)
        return -501; /* this is not a proxy */
    read->request->facts |= VN_IS_HTTP2;
    read->has_priority = reading.priority.bytes != NULL;
    read->priority = (struct vn_priority) {.urgency = VN_URGENCY};
    if (read->has_priority)
        vn_priority_read(&read->priority, reading.priority);
    return verdict_of(scanned);
}

int32_t vn_http2_read_trailers(struct vn_http2 *http2, vn_span block)
{
    struct vn_worker *worker = http2->connection->worker;
    struct reading reading;
    if (!begin_reading(&reading, worker, block))
        return VN_BLOCK_WITHOUT_MEMORY;
    reading.is_trailers = true;
    int32_t result = read_fields(&reading, &http2->decoder);
    if (result < 0)
        return result;
    if (reading.is_long || reading.head.is_full)
        return -431;
    vn_scan_begin(&worker->request); /* of the head that was read last nothing is gone on with */
    struct vn_scan_limits limits = scan_limits(worker);
    limits.fields = worker->config->limits.trailers;
    return verdict_of(
        vn_scan_trailers(&worker->request, reading.head.bytes, reading.head.count, &limits));
}

int32_t vn_http2_skip_block(struct vn_http2 *http2, vn_span block)
{
    struct reading reading;
    struct vn_hpack_field field;
    enum vn_hpack_found found;
    if (!begin_reading(&reading, http2->connection->worker, block))
        return VN_BLOCK_WITHOUT_MEMORY;
    do
        found = vn_hpack_read(&http2->decoder, &reading.block, &field);
    while (found == VN_HPACK_FIELD || found == VN_HPACK_LONG_FIELD);
    return found == VN_HPACK_END ? VN_BLOCK_SOUND : VN_BLOCK_INVALID;
}
