// SPDX-License-Identifier: MIT
/* http_range_checks.c - ranges, the texts between parts, and content codings. */
#include <stdlib.h>
#include <string.h>

#include "include/vn_codings.h"
#include "http/ranges.h"
#include "http_checks.h"
#include "http_delivery.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static vn_span span(const char *text)
{
    return vn_span_of(text);
}

/* ---- Ranges ---- */

/* "206 0+5 7+3": the status, and where each extent begins and how many bytes it has. */
static void spell(char *text, const vn_selection *selection)
{
    text += sprintf(text, "%u", selection->status);
    for (uint8_t i = 0; i < selection->count; i++)
        text += sprintf(text, " %llu+%llu", (unsigned long long) selection->extents[i].at,
                        (unsigned long long) selection->extents[i].count);
}

const char *vn_check_ranges(void)
{
    static const struct {
        const char *value;
        uint64_t length;
        const char *selection;
    } rows[] = {
        {"bytes=0-4", 10, "206 0+5"},
        {"bytes=0-0", 10, "206 0+1"},
        {"bytes=9-9", 10, "206 9+1"},
        {"bytes=5-", 10, "206 5+5"},
        {"bytes=0-", 10, "206 0+10"},
        {"bytes=-3", 10, "206 7+3"},
        {"bytes=-10", 10, "206 0+10"},
        {"bytes=-11", 10, "206 0+10"},
        {"bytes=5-100", 10, "206 5+5"},
        {"BYTES=0-4", 10, "206 0+5"},
        {"bytes=0-99999999999999999999999", 10, "206 0+10"},
        {"bytes=-99999999999999999999999", 10, "206 0+10"},
        {"bytes=0-18446744073709551615", 10, "206 0+10"},
        {"bytes=0-4", UINT64_MAX, "206 0+5"},
        {"bytes=000-004", 10, "206 0+5"},
        /* lists, with what a recipient has to take: RFC 9110, section 5.6.1.2 */
        {"bytes=0-1,4-5", 10, "206 0+2 4+2"},
        {"bytes=4-5,0-1", 10, "206 4+2 0+2"},
        {"bytes= 0-1 ,\t4-5 ", 10, "206 0+2 4+2"},
        {"bytes=,0-1,,4-5,", 10, "206 0+2 4+2"},
        {"bytes=0-1,-2", 10, "206 0+2 8+2"},
        {"bytes=0-1,20-30", 10, "206 0+2"},
        {"bytes=20-30,-2", 10, "206 8+2"},
        /* nothing of it */
        {"bytes=10-", 10, "416"},
        {"bytes=10-20", 10, "416"},
        {"bytes=-0", 10, "416"},
        {"bytes=99999999999999999999999-", 10, "416"},
        {"bytes=10-,20-30,-0", 10, "416"},
        {"bytes=0-", 0, "416"},
        {"bytes=0-0", 0, "416"},
        {"bytes=-5", 0, "200 0+0"},
        /* malformed, or of another unit */
        {"", 10, "200 0+10"},
        {"bytes", 10, "200 0+10"},
        {"bytes=", 10, "200 0+10"},
        {"bytes=,", 10, "200 0+10"},
        {"bytes=-", 10, "200 0+10"},
        {"bytes=4-2", 10, "200 0+10"},
        {"bytes=0-1,4-2", 10, "200 0+10"},
        {"bytes=0-1;4-5", 10, "200 0+10"},
        {"bytes=0-1-2", 10, "200 0+10"},
        {"bytes=0 -1", 10, "200 0+10"},
        {"bytes=0- 1", 10, "200 0+10"},
        {"bytes=--1", 10, "200 0+10"},
        {"bytes=+0-1", 10, "200 0+10"},
        {"bytes=0x0-1", 10, "200 0+10"},
        {"bytes=a-b", 10, "200 0+10"},
        {"bytes=0", 10, "200 0+10"},
        {"bytes=\"0-1\"", 10, "200 0+10"},
        {"bytes =0-1", 10, "200 0+10"},
        {"bytes:0-1", 10, "200 0+10"},
        {"lines=0-1", 10, "200 0+10"},
        {"0-1", 10, "200 0+10"},
        /* bounds */
        {"bytes=0-5,0-5", 10, "200 0+10"},
        {"bytes=0-4,0-4", 10, "206 0+5 0+5"},
        {"bytes=0-0,0-0,0-0", 10, "200 0+10"},
        {"bytes=0-2,2-4,4-5", 10, "206 0+3 2+3 4+2"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15", 99,
         "206 0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+1 8+1 9+1 10+1 11+1 12+1 13+1 14+1 15+1"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16",
         99, "200 0+99"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        vn_selection selection;
        char text[1024];
        vn_ranges_select(span(rows[i].value), rows[i].length, &selection);
        spell(text, &selection);
        if (strcmp(text, rows[i].selection) != 0)
            return vn_fail("%s of %llu: %s, not %s", rows[i].value,
                           (unsigned long long) rows[i].length, text, rows[i].selection);
    }
    return NULL;
}

/* Whatever it says, what is selected exists and is not more than there is; and nothing beyond the
 * value is looked at. */
const char *vn_check_ranges_at_random(uint64_t seed)
{
    static const char letters[] = "0123456789--,,= \tbytes";
    struct vn_edges edges = vn_edges_open(4096);
    const char *problem = NULL;
    for (int32_t round = 0; round < 20000 && problem == NULL; round++) {
        char value[64] = "bytes=";
        size_t count = 6 + vn_random_below(&seed, sizeof value - 6);
        for (size_t i = 6; i < count; i++)
            value[i] = letters[vn_random_below(&seed, sizeof letters - 1)];
        uint64_t length =
            vn_random_below(&seed, 2) == 0 ? vn_random_below(&seed, 50) : vn_random(&seed) >> 1;
        const uint8_t *put = vn_edges_put_last(&edges, (const uint8_t *) value, count);
        vn_selection selection;
        vn_ranges_select((vn_span) {put, count}, length, &selection);
        uint64_t sum = 0;
        for (uint8_t i = 0; i < selection.count; i++) {
            const vn_extent *extent = &selection.extents[i];
            sum += extent->count;
            if (extent->at > length || extent->count > length - extent->at ||
                (extent->count == 0 && selection.status == 206))
                problem = vn_fail("%.*s of %llu: an extent beyond it", (int) count, value,
                                  (unsigned long long) length);
        }
        bool is_right = selection.status == 206   ? selection.count > 0 && sum <= length
                        : selection.status == 200 ? selection.count == 1 && sum == length
                                                  : selection.status == 416 && selection.count == 0;
        if (problem == NULL && !is_right)
            problem = vn_fail("%.*s of %llu: %u", (int) count, value, (unsigned long long) length,
                              selection.status);
    }
    vn_edges_close(&edges);
    return problem;
}

/* The length that is declared is that of the texts and the extents. */
const char *vn_check_part_texts(void)
{
    vn_parts parts = {.size = 1234567};
    uint8_t text[VN_PART_HEAD_ROOM];
    memset(parts.boundary, 'b', sizeof parts.boundary);
    vn_ranges_select(span("bytes=0-9,1000000-1000009,-1"), parts.size, &parts.selection);
    vn_ranges_prepare(&parts, span("text/plain"));
    uint64_t length = 21;
    for (uint8_t i = 0; i < 3; i++)
        length += vn_ranges_write_part_head(text, &parts, i);
    length += vn_ranges_write_parts_end(text, &parts);
    if (parts.length != length)
        return vn_fail("%llu bytes, not %llu", (unsigned long long) parts.length,
                       (unsigned long long) length);
    static const char wanted[] =
        "\r\n--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\nContent-Type: text/plain\r\n"
        "Content-Range: bytes 1000000-1000009/1234567\r\n\r\n";
    size_t count = vn_ranges_write_part_head(text, &parts, 1);
    if (count != sizeof wanted - 1 || memcmp(text, wanted, count) != 0)
        return vn_fail("a part begins with %.*s", (int) count, (const char *) text);

    /* The longest texts have room. */
    parts.size = UINT64_MAX;
    parts.selection.extents[0] = (vn_extent) {UINT64_MAX - 1, 1};
    memset(parts.type, 't', sizeof parts.type);
    parts.type_count = VN_PART_TYPE_MAX;
    count = vn_ranges_write_part_head(text, &parts, 0);
    return count <= sizeof text ? NULL : "the head of a part has no room";
}

/* ---- Codings ---- */

static bool scan(vn_request *request, const char *text)
{
    static const struct vn_scan_limits limits = {8192, 8192, 65536, 64, false};
    vn_scan_begin(request);
    return vn_scan_head(request, (const uint8_t *) text, strlen(text), &limits) > 0;
}

const char *vn_check_codings(void)
{
    enum { ALL = (1 << VN_CODINGS) - 1, I = 1 << VN_CODING_IDENTITY, G = 1 << VN_CODING_GZIP };
    static const struct {
        const char *lines; /* of Accept-Encoding */
        uint32_t available;
        int32_t chosen;
    } rows[] = {
        {"", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding:\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzip\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: gzip\r\n", I, VN_CODING_IDENTITY},
        {"Accept-Encoding: x-gzip\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: GZip\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: gzip, br, zstd\r\n", ALL, VN_CODING_ZSTD},
        {"Accept-Encoding: gzip, br\r\n", ALL, VN_CODING_BROTLI},
        {"Accept-Encoding: gzip;q=1, br;q=0.9, zstd;q=0.8\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: gzip;q=0.0000\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzip;q=0.001, br;q=0\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: br;q=0\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzip;q=0\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzip ; Q=0.5 , br ; q=0.4\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: identity;q=1, gzip;q=0.5\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: identity, gzip\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: *\r\n", ALL, VN_CODING_ZSTD},
        {"Accept-Encoding: *;q=0\r\n", ALL, -1},
        {"Accept-Encoding: *;q=0, gzip\r\n", ALL, VN_CODING_GZIP},
        {"Accept-Encoding: *;q=0, gzip\r\n", I, -1},
        {"Accept-Encoding: *;q=0, identity\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: *;q=0.5, gzip;q=0.1\r\n", I | G, VN_CODING_IDENTITY},
        {"Accept-Encoding: zstd;q=0, *\r\n", ALL, VN_CODING_BROTLI},
        {"Accept-Encoding: identity;q=0\r\n", I, -1},
        {"Accept-Encoding: identity;q=0\r\n", ALL, -1},
        {"Accept-Encoding: identity;q=0, gzip\r\n", I | G, VN_CODING_GZIP},
        {"Accept-Encoding: gzip;q=0, gzip;q=1\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", ALL, VN_CODING_BROTLI},
        {"Accept-Encoding: deflate, compress\r\n", ALL, VN_CODING_IDENTITY},
        {"Accept-Encoding: gzi, gzipp, ;q=1, ,,\r\n", ALL, VN_CODING_IDENTITY},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char head[512];
        vn_request request;
        sprintf(head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].lines);
        if (!scan(&request, head))
            return vn_fail("no request: %s", head);
        vn_coding_weights weights = vn_request_codings(&request);
        int32_t chosen = vn_codings_choose(&weights, rows[i].available);
        if (chosen != rows[i].chosen)
            return vn_fail("%sof %x: %d, not %d", rows[i].lines, rows[i].available, chosen,
                           rows[i].chosen);
    }
    return NULL;
}
