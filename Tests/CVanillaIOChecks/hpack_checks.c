// SPDX-License-Identifier: MIT
#include "hpack_checks.h"

#include <stdlib.h>
#include <string.h>

#include "http/hpack.h"
#include "http/huffman.h"
#include "http_delivery.h"

enum { ROOM = VN_HPACK_TABLE_MAX, BLOCK_MAX = 1024 };

static uint8_t room[2 * ROOM];

static size_t read_hex(const char *text, uint8_t *bytes)
{
    size_t count = 0;
    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        const char digits[] = {text[0], text[1], '\0'};
        bytes[count++] = (uint8_t) strtoul(digits, NULL, 16);
    }
    return count;
}

static struct vn_hpack_block block_of(const uint8_t *bytes, size_t count)
{
    return (struct vn_hpack_block) {
        .rest = {bytes, count}, .room = room, .room_count = sizeof room / 2};
}

/* Read a block to its end, as lines "name: value". Returns what ended it. */
static enum vn_hpack_found read_all(struct vn_hpack_decoder *decoder, const uint8_t *bytes,
                                    size_t count, char *lines, size_t size)
{
    struct vn_hpack_block block = block_of(bytes, count);
    struct vn_hpack_field field;
    enum vn_hpack_found found;
    size_t at = 0;
    lines[0] = '\0';
    while ((found = vn_hpack_read(decoder, &block, &field)) == VN_HPACK_FIELD && at + 1 < size)
        at += (size_t) snprintf(lines + at, size - at, "%.*s: %.*s\n", (int) field.name.count,
                                (const char *) field.name.bytes, (int) field.value.count,
                                (const char *) field.value.bytes);
    return found;
}

/* ---- Appendix C ---- */

#define PATH_LINES ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n"
#define CUSTOM_LINES                                                                               \
    ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\n"              \
    "custom-key: custom-value\n"
#define REDIRECT_LINES(status, second)                                                             \
    ":status: " status "\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:" second " GMT\n"   \
    "location: https://www.example.com\n"
#define COOKIE_LINES                                                                               \
    ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n"                  \
    "location: https://www.example.com\ncontent-encoding: gzip\n"                                  \
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n"

/* A row that begins anew has a table of its own. */
static const struct {
    const char *name, *hex, *lines;
    bool is_new;
    uint32_t max, size, count; /* of the table: before, after */
} examples[] = {
    {"C.2.1", "400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header\n",
     true, 4096, 55, 1},
    {"C.2.2", "040c2f73616d706c652f70617468", ":path: /sample/path\n", true, 4096, 0, 0},
    {"C.2.3", "100870617373776f726406736563726574", "password: secret\n", true, 4096, 0, 0},
    {"C.2.4", "82", ":method: GET\n", true, 4096, 0, 0},
    {"C.3.1", "828684410f7777772e6578616d706c652e636f6d", PATH_LINES, true, 4096, 57, 1},
    {"C.3.2", "828684be58086e6f2d6361636865", PATH_LINES "cache-control: no-cache\n", false, 4096,
     110, 2},
    {"C.3.3", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", CUSTOM_LINES, false,
     4096, 164, 3},
    {"C.4.1", "828684418cf1e3c2e5f23a6ba0ab90f4ff", PATH_LINES, true, 4096, 57, 1},
    {"C.4.2", "828684be5886a8eb10649cbf", PATH_LINES "cache-control: no-cache\n", false, 4096, 110,
     2},
    {"C.4.3", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", CUSTOM_LINES, false, 4096, 164,
     3},
    {"C.5.1",
     "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e"
     "1768747470733a2f2f7777772e6578616d706c652e636f6d",
     REDIRECT_LINES("302", "21"), true, 256, 222, 4},
    {"C.5.2", "4803333037c1c0bf", REDIRECT_LINES("307", "21"), false, 256, 222, 4},
    {"C.5.3",
     "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d"
     "4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572"
     "73696f6e3d31",
     COOKIE_LINES, false, 256, 215, 3},
    {"C.6.1",
     "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b"
     "97c8e9ae82ae43d3",
     REDIRECT_LINES("302", "21"), true, 256, 222, 4},
    {"C.6.2", "4883640effc1c0bf", REDIRECT_LINES("307", "21"), false, 256, 222, 4},
    {"C.6.3",
     "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf"
     "cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
     COOKIE_LINES, false, 256, 215, 3},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

const char *vn_check_hpack_examples(void)
{
    struct vn_hpack_decoder decoder;
    for (size_t i = 0; i < EXAMPLES; i++) {
        uint8_t bytes[BLOCK_MAX];
        char lines[BLOCK_MAX];
        size_t count = read_hex(examples[i].hex, bytes);
        if (examples[i].is_new) {
            vn_hpack_decoder_init(&decoder);
            vn_hpack_table_limit(&decoder.table, examples[i].max);
        }
        if (read_all(&decoder, bytes, count, lines, sizeof lines) != VN_HPACK_END ||
            strcmp(lines, examples[i].lines) != 0)
            return vn_fail("%s: \"%s\"", examples[i].name, lines);
        if (decoder.table.size != examples[i].size || decoder.table.count != examples[i].count)
            return vn_fail("%s: a table of %u bytes, %u entries", examples[i].name,
                           decoder.table.size, decoder.table.count);
    }
    return NULL;
}

const char *vn_check_hpack_cuts(void)
{
    struct vn_hpack_decoder before, decoder;
    vn_hpack_decoder_init(&before);
    for (size_t i = 0; i < EXAMPLES; i++) {
        uint8_t bytes[BLOCK_MAX];
        char lines[BLOCK_MAX];
        size_t count = read_hex(examples[i].hex, bytes);
        if (examples[i].is_new)
            vn_hpack_decoder_init(&before);
        for (size_t cut = 0; cut < count; cut++) {
            decoder = before;
            uint8_t *copy = malloc(cut + 1); /* so that a sanitizer sees what is read beyond it */
            memcpy(copy, bytes, cut);
            read_all(&decoder, copy, cut, lines, sizeof lines);
            free(copy);
            if (strncmp(lines, examples[i].lines, strlen(lines)) != 0 ||
                strcmp(lines, examples[i].lines) == 0)
                return vn_fail("%s cut at %zu: \"%s\"", examples[i].name, cut, lines);
        }
        read_all(&before, bytes, count, lines, sizeof lines);
    }
    return NULL;
}

/* ---- Errors ---- */

static const struct {
    const char *name, *hex;
    bool is_sound;
} blocks[] = {
    {"index 0", "80", false},
    {"the last fixed index", "bd", true},
    {"an index of no entry", "be", false},
    {"a name of no entry", "7e0161", false},
    {"a number cut off", "ff", false},
    {"a number of five bytes", "ffffffff0f", false},
    {"a number without end", "ffffffffffff01", false},
    {"a number with useless zeros", "ff80808000", false},
    {"a text beyond the block", "400161056162", false},
    {"a name beyond the block", "4005616263", false},
    {"no value", "400161", false},
    {"an empty name and value", "000000", true},
    {"padding of eight bits", "00016182f8ff", false},
    {"padding of three bits", "000161811f", true},
    {"padding that is not ones", "0001618118", false},
    {"EOS", "00016184ffffffff", false},
    {"an encoded text without bytes", "00016180", true},
    {"the table is emptied", "20", true},
    {"the table is as large as it may be", "3fe11f", true},
    {"the table is larger", "3fe21f", false},
    {"two changes of the table", "203fe11f82", true},
    {"the table changes after a field", "8220", false},
    {"the table changes between fields", "822082", false},
};

const char *vn_check_hpack_errors(void)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct vn_hpack_decoder decoder;
        uint8_t bytes[BLOCK_MAX];
        char lines[BLOCK_MAX];
        vn_hpack_decoder_init(&decoder);
        size_t count = read_hex(blocks[i].hex, bytes);
        enum vn_hpack_found found = read_all(&decoder, bytes, count, lines, sizeof lines);
        if (found != (blocks[i].is_sound ? VN_HPACK_END : VN_HPACK_INVALID))
            return vn_fail("%s: %d, \"%s\"", blocks[i].name, found, lines);
    }
    return NULL;
}

/* ---- Huffman ---- */

static const char *check_symbol(uint8_t symbol, uint64_t *random)
{
    uint8_t text[8], encoded[64], decoded[sizeof text];
    size_t count = 1 + vn_random_below(random, sizeof text);
    for (size_t i = 0; i < count; i++)
        text[i] = (uint8_t) vn_random(random);
    text[vn_random_below(random, count)] = symbol;
    uint8_t *end = vn_huffman_encode(encoded, (vn_span) {text, count}, false);
    if ((size_t) (end - encoded) != vn_huffman_count((vn_span) {text, count}, false))
        return vn_fail("%u: another count than was said", symbol);
    int64_t read =
        vn_huffman_decode(decoded, sizeof decoded, (vn_span) {encoded, (size_t) (end - encoded)});
    if (read != (int64_t) count || memcmp(text, decoded, count) != 0)
        return vn_fail("%u: %lld bytes of %zu", symbol, (long long) read, count);
    read = vn_huffman_decode(decoded, 0, (vn_span) {encoded, (size_t) (end - encoded)});
    return read == (int64_t) count ? NULL : vn_fail("%u: another count without room", symbol);
}

const char *vn_check_huffman(void)
{
    uint64_t random = 1;
    const char *failure = NULL;
    for (int symbol = 0; symbol < 256 && failure == NULL; symbol++)
        for (int i = 0; i < 50 && failure == NULL; i++)
            failure = check_symbol((uint8_t) symbol, &random);
    return failure;
}

/* ---- Encoding ---- */

/* A few names and values come back, so that both tables are used. */
static vn_span draw_text(uint64_t *random, uint8_t *bytes, size_t most)
{
    static const char *const texts[] = {"date",
                                        "content-type",
                                        "x-a",
                                        "etag",
                                        "set-cookie",
                                        "text/plain",
                                        "1",
                                        "",
                                        "x-quite-a-long-name-of-a-field"};
    if (vn_random_below(random, 3) > 0)
        return vn_span_of(texts[vn_random_below(random, sizeof texts / sizeof *texts)]);
    size_t count = vn_random_below(random, vn_random_below(random, 8) == 0 ? most : 12);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t) ('a' + vn_random_below(random, 26));
    return (vn_span) {bytes, count};
}

static const char *check_block(struct vn_hpack_encoder *encoder, struct vn_hpack_decoder *decoder,
                               uint64_t *random)
{
    static uint8_t bytes[64 * 1024], names[8][1024], values[8][1024];
    struct vn_hpack_field fields[8], found;
    size_t count = 1 + vn_random_below(random, 8);
    uint8_t *end = vn_hpack_write_begin(encoder, bytes);
    for (size_t i = 0; i < count; i++) {
        fields[i].name = draw_text(random, names[i], 900);
        fields[i].value = draw_text(random, values[i], 900);
        uint8_t *before = end;
        end = vn_hpack_write(encoder, end, fields[i].name, fields[i].value,
                             (enum vn_hpack_indexing) vn_random_below(random, 3));
        if ((size_t) (end - before) >
            VN_HPACK_FIELD_ROOM + fields[i].name.count + fields[i].value.count)
            return vn_fail("a field of more bytes than its room");
    }
    struct vn_hpack_block block = block_of(bytes, (size_t) (end - bytes));
    for (size_t i = 0; i < count; i++)
        if (vn_hpack_read(decoder, &block, &found) != VN_HPACK_FIELD ||
            found.name.count != fields[i].name.count ||
            found.value.count != fields[i].value.count ||
            memcmp(found.name.bytes, fields[i].name.bytes, found.name.count) != 0 ||
            memcmp(found.value.bytes, fields[i].value.bytes, found.value.count) != 0)
            return vn_fail("field %zu of %zu is another", i, count);
    if (vn_hpack_read(decoder, &block, &found) != VN_HPACK_END)
        return vn_fail("a block of more fields");
    return NULL;
}

static bool are_alike(const struct vn_hpack_table *a, const struct vn_hpack_table *b)
{
    if (a->count != b->count || a->size != b->size || a->max != b->max || a->size > a->max)
        return false;
    for (uint32_t i = 1; i <= a->count; i++) {
        struct vn_hpack_field one, other;
        vn_hpack_table_find(a, VN_HPACK_STATIC + (uint64_t) i, &one);
        vn_hpack_table_find(b, VN_HPACK_STATIC + (uint64_t) i, &other);
        if (one.name.count != other.name.count || one.value.count != other.value.count ||
            memcmp(one.name.bytes, other.name.bytes, one.name.count + one.value.count) != 0)
            return false;
    }
    return true;
}

const char *vn_check_hpack_round_trip(uint64_t seed)
{
    uint64_t random = seed * 2 + 1;
    struct vn_hpack_encoder *encoder = malloc(sizeof *encoder);
    struct vn_hpack_decoder *decoder = malloc(sizeof *decoder);
    vn_hpack_encoder_init(encoder);
    vn_hpack_decoder_init(decoder);
    const char *failure = NULL;
    for (int i = 0; i < 300 && failure == NULL; i++) {
        if (vn_random_below(&random, 6) == 0)
            vn_hpack_encoder_limit(encoder, (uint32_t) vn_random_below(&random, 5000));
        failure = check_block(encoder, decoder, &random);
        if (failure == NULL && !are_alike(&encoder->table, &decoder->table))
            failure = vn_fail("the tables differ after block %d", i);
    }
    free(encoder);
    free(decoder);
    return failure;
}

static const char *expect_bytes(const char *what, const uint8_t *bytes, const uint8_t *end,
                                const char *hex)
{
    uint8_t wanted[BLOCK_MAX];
    size_t count = read_hex(hex, wanted);
    return count == (size_t) (end - bytes) && memcmp(bytes, wanted, count) == 0
               ? NULL
               : vn_fail("%s: %td bytes, the first is %02x", what, end - bytes, bytes[0]);
}

const char *vn_check_hpack_limits(void)
{
    struct vn_hpack_encoder encoder;
    uint8_t bytes[BLOCK_MAX];
    vn_hpack_encoder_init(&encoder);
    const char *failure =
        expect_bytes("nothing changed", bytes, vn_hpack_write_begin(&encoder, bytes), "");
    vn_hpack_encoder_limit(&encoder, 4096);
    vn_hpack_encoder_limit(&encoder, 1 << 20);
    if (failure == NULL)
        failure = expect_bytes("not used", bytes, vn_hpack_write_begin(&encoder, bytes), "");
    vn_hpack_encoder_limit(&encoder, 100);
    if (failure == NULL)
        failure = expect_bytes("less", bytes, vn_hpack_write_begin(&encoder, bytes), "3f45");
    vn_hpack_encoder_limit(&encoder, 0);
    vn_hpack_encoder_limit(&encoder, 30);
    vn_hpack_encoder_limit(&encoder, 4096);
    if (failure == NULL)
        failure = expect_bytes("emptied", bytes, vn_hpack_write_begin(&encoder, bytes), "203fe11f");
    return failure != NULL
               ? failure
               : expect_bytes("said once", bytes, vn_hpack_write_begin(&encoder, bytes), "");
}

const char *vn_check_hpack_indexing(void)
{
    static const struct {
        const char *name, *value, *hex;
        enum vn_hpack_indexing indexing;
    } rows[] = {
        {"X-A", "b",
         "4083f2b0ff"
         "0162",
         VN_HPACK_INDEXED},
        {"x-a", "b", "be", VN_HPACK_INDEXED},
        {"x-A", "B",
         "4083f2b0ff"
         "0142",
         VN_HPACK_INDEXED},
        {"x-a", "b", "bf", VN_HPACK_INDEXED},
        {"Content-Length", "10",
         "0f0d0131"
         "30",
         VN_HPACK_NOT_INDEXED},
        {"set-cookie", "b", "1f280162", VN_HPACK_NEVER_INDEXED},
        /* letters alone have another case: these two differ as those bits do */
        {"a^", "b", "", VN_HPACK_INDEXED},
        {"a~", "b", "", VN_HPACK_INDEXED},
    };
    struct vn_hpack_encoder encoder;
    struct vn_hpack_decoder decoder;
    vn_hpack_encoder_init(&encoder);
    vn_hpack_decoder_init(&decoder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[BLOCK_MAX];
        char lines[BLOCK_MAX];
        uint8_t *end = vn_hpack_write(&encoder, bytes, vn_span_of(rows[i].name),
                                      vn_span_of(rows[i].value), rows[i].indexing);
        read_all(&decoder, bytes, (size_t) (end - bytes), lines, sizeof lines);
        uint8_t pattern = bytes[0] & 0xf0;
        bool is_right = rows[i].indexing == VN_HPACK_INDEXED         ? pattern >= 0x40
                        : rows[i].indexing == VN_HPACK_NEVER_INDEXED ? pattern == 0x10
                                                                     : pattern == 0;
        size_t count = strlen(lines);
        bool is_repeated = (i == 1 || i == 3) == (end - bytes == 1);
        if (!is_right || !is_repeated || count < 4 || lines[0] < 'a')
            return vn_fail("row %zu: \"%s\" by %02x", i, lines, bytes[0]);
    }
    if (encoder.table.count != 4)
        return vn_fail("%u entries", encoder.table.count);
    for (uint16_t status = 200; status < 600; status++) {
        uint8_t bytes[BLOCK_MAX];
        char lines[BLOCK_MAX], wanted[32];
        uint8_t *end = vn_hpack_write_status(&encoder, bytes, status);
        read_all(&decoder, bytes, (size_t) (end - bytes), lines, sizeof lines);
        snprintf(wanted, sizeof wanted, ":status: %u\n", status);
        if (strcmp(lines, wanted) != 0)
            return vn_fail("\"%s\" in place of \"%s\"", lines, wanted);
    }
    return NULL;
}

const char *vn_check_hpack_long_fields(void)
{
    static uint8_t text[20000], bytes[40000];
    struct vn_hpack_encoder encoder;
    struct vn_hpack_decoder decoder;
    struct vn_hpack_field field;
    memset(text, 'a', sizeof text);
    static const size_t counts[] = {ROOM, ROOM + 1, sizeof text};
    for (size_t i = 0; i < 3; i++) {
        vn_hpack_encoder_init(&encoder);
        vn_hpack_decoder_init(&decoder);
        uint8_t *end =
            vn_hpack_write(&encoder, bytes, vn_span_of("x-a"), vn_span_of("b"), VN_HPACK_INDEXED);
        end = vn_hpack_write(&encoder, end, vn_span_of("x-b"), (vn_span) {text, counts[i]},
                             VN_HPACK_NOT_INDEXED);
        end = vn_hpack_write(&encoder, end, vn_span_of("x-a"), vn_span_of("b"), VN_HPACK_INDEXED);
        struct vn_hpack_block block = block_of(bytes, (size_t) (end - bytes));
        enum vn_hpack_found first = vn_hpack_read(&decoder, &block, &field);
        enum vn_hpack_found second = vn_hpack_read(&decoder, &block, &field);
        size_t count = field.value.count;
        enum vn_hpack_found third = vn_hpack_read(&decoder, &block, &field);
        if (first != VN_HPACK_FIELD || third != VN_HPACK_FIELD || count > ROOM ||
            second != (counts[i] > ROOM ? VN_HPACK_LONG_FIELD : VN_HPACK_FIELD) ||
            field.value.count != 1)
            return vn_fail("%zu bytes: %d %d %d, %zu", counts[i], first, second, third, count);
    }
    return NULL;
}
