// SPDX-License-Identifier: MIT
#include "include/utf8_checks.h"

#include <stdio.h>
#include <string.h>

#include "http/scan.h"
#include "rig.h"

static const struct {
    const char *target;
    bool is_utf8;
} rows[] = {
    {"/gr\xc3\xbc\xc3\x9f"
     "e",
     true},
    {"/\xe2\x82\xac?q=\xf0\x9f\x98\x80&r=?", true},
    {"/?\xc2\x80", true},
    {"/\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true},
    {"/\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
    {"http://a/\xc3\xbc", true},
    {"/\x80", false},
    {"/\xc3", false},
    {"/\xc3?\xbc", false},
    {"/\xc0\x80", false},
    {"/\xc1\xbf", false},
    {"/\xe0\x9f\xbf", false},
    {"/\xed\xa0\x80", false},
    {"/\xf0\x8f\xbf\xbf", false},
    {"/\xf4\x90\x80\x80", false},
    {"/\xf5\x80\x80\x80", false},
    {"/\xff", false},
    {"/\xe2\x82", false},
    {"/\xf0\x9f\x98", false},
    {"http://\xc3\xbc/", false},
    {"/\xc3\xbc\x7f", false},
    {"/\xc3\xbc#", false},
};

typedef int32_t scanner(vn_request *request, const uint8_t *bytes, size_t count,
                        const struct vn_scan_limits *limits);

static scanner *const scanners[] = {vn_scan_head, vn_scan_head_portable};

/* In two pieces. Returns the verdict. */
static int32_t scan(scanner *scan_head, vn_request *request, const char *head, size_t first,
                    bool takes_utf8, uint32_t request_line)
{
    struct vn_scan_limits limits = {request_line, 1000, 1000, 10, takes_utf8};
    vn_scan_begin(request);
    int32_t verdict = scan_head(request, (const uint8_t *) head, first, &limits);
    return verdict != 0 ? verdict
                        : scan_head(request, (const uint8_t *) head, strlen(head), &limits);
}

static const char *check_row(const char *target, bool is_utf8, bool is_taken)
{
    char head[200];
    vn_request request;
    snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    int32_t want = is_utf8 && is_taken ? (int32_t) strlen(head) : -400;
    for (size_t i = 0; i < sizeof scanners / sizeof *scanners; i++)
        for (size_t first = 0; first <= strlen(head); first++) {
            int32_t verdict = scan(scanners[i], &request, head, first, is_taken, 1000);
            if (verdict != want)
                return rig_failed("%s: %d in place of %d by scanner %zu, cut at %zu", target,
                                  verdict, want, i, first);
        }
    if (want > 0 && (request.target.count != strlen(target) || request.target.at != 4))
        return rig_failed("%s is not the target", target);
    return NULL;
}

const char *vn_check_utf8_targets(void)
{
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && problem == NULL; i++) {
        problem = check_row(rows[i].target, rows[i].is_utf8, true);
        if (problem == NULL)
            problem = check_row(rows[i].target, rows[i].is_utf8, false);
    }
    return problem;
}

/* The limit is met within a sequence or after it; a wrong byte before it is refused as one. */
const char *vn_check_utf8_targets_are_limited(void)
{
    static const struct {
        const char *head;
        int32_t verdict;
    } limited[] = {
        {"GET /\xc3\xbc\xe2\x82\xac\xc3\xbc HTTP/1.1\r\n", -414},
        {"GET /\xc3\xbc\xc3\xbc\xc3\xbc HTTP/1.1\r\n", -414},
        {"GET /\xc3\xbc\xe2\xe2\xac\xc3\xbc HTTP/1.1\r\n", -400},
    };
    vn_request request;
    for (size_t row = 0; row < sizeof limited / sizeof *limited; row++)
        for (size_t i = 0; i < sizeof scanners / sizeof *scanners; i++)
            for (size_t first = 0; first <= strlen(limited[row].head); first++) {
                int32_t verdict = scan(scanners[i], &request, limited[row].head, first, true, 10);
                if (verdict != limited[row].verdict)
                    return rig_failed("row %zu: %d by scanner %zu, cut at %zu", row, verdict, i,
                                      first);
            }
    return NULL;
}
