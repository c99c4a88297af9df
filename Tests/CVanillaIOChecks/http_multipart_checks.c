// SPDX-License-Identifier: MIT
/* http_multipart_checks.c - forms with files, whole and over every cut. */
#include <stdlib.h>
#include <string.h>

#include "include/vn_multipart.h"
#include "http_checks.h"
#include "http_delivery.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

enum { TEXT = 8192 };

static size_t put(char *text, size_t at, const char *name, vn_span bytes)
{
    return at + (size_t) snprintf(text + at, TEXT - at, "%s%.*s", name, (int) bytes.count,
                                  bytes.bytes == NULL ? "" : (const char *) bytes.bytes);
}

/* What is found in a form that comes in pieces, as a text: "{name|file|type:bytes}" for a part, "."
 * at the end, "-400" for what is none. */
static void spell(char *text, const uint8_t *bytes, size_t count, const struct vn_cuts *cuts)
{
    static vn_multipart multipart;
    size_t at = 0, given = 0;
    int32_t found = VN_MULTIPART_MORE;
    text[0] = 0;
    vn_multipart_begin(&multipart, vn_span_of("xYz"));
    while (given < count && found >= 0) {
        size_t end = cuts->next(cuts, given, count);
        /* A piece of its own, so that nothing else of the form can be looked at. */
        uint8_t *piece = malloc(end - given);
        memcpy(piece, bytes + given, end - given);
        vn_span input = {piece, end - given}, data;
        do {
            found = vn_multipart_next(&multipart, &input, &data);
            if (found == VN_MULTIPART_PART) {
                at = put(text, at, "{", multipart.name);
                at = put(text, at, "|", multipart.file_name);
                at = put(text, at, "|", multipart.content_type);
                at = put(text, at, ":", (vn_span) {0});
            } else if (found == VN_MULTIPART_DATA)
                at = put(text, at, "", data);
            else if (found == VN_MULTIPART_PART_END)
                at = put(text, at, "}", (vn_span) {0});
            else if (found < 0)
                snprintf(text + at, TEXT - at, "%d", found);
        } while (found >= 0 && input.count > 0);
        free(piece);
        given = end;
    }
    if (found == VN_MULTIPART_END)
        put(text, at, ".", (vn_span) {0});
}

#define HEAD "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

static const struct {
    const char *form;
    const char *found;
} rows[] = {
    {"--xYz\r\n" HEAD "1\r\n--xYz--\r\n", "{a||:1}."},
    {"--xYz\r\n" HEAD "\r\n--xYz--", "{a||:}."},
    {"--xYz\r\n" HEAD "1\r\n--xYz\r\n" HEAD "2\r\n--xYz--\r\n", "{a||:1}{a||:2}."},
    {"--xYz--\r\n", "."},
    {"\r\n--xYz\r\n" HEAD "1\r\n--xYz--", "{a||:1}."},
    {"a preamble\r\n--xYz \t\r\n" HEAD "1\r\n--xYz  \r\n" HEAD "2\r\n--xYz--and more",
     "{a||:1}{a||:2}."},
    {"--xYz\r\n" HEAD "1\r\n--xYz--\r\nan epilogue\r\n--xYz\r\n", "{a||:1}."},
    /* what only begins as a delimiter does */
    {"--xYz\r\n" HEAD "\r\r\n\r\n-\r\n--\r\n--xY\r\n--xy--xYz\r\n--xYz--",
     "{a||:\r\r\n\r\n-\r\n--\r\n--xY\r\n--xy--xYz}."},
    {"--xYz\r\n" HEAD "\n--xYz\r--xYz\r\n--xYz--", "{a||:\n--xYz\r--xYz}."},
    /* heads */
    {"--xYz\r\ncontent-DISPOSITION:form-data;filename=\"f.txt\" ; NAME=n\r\n"
     "Content-Type: text/plain; charset=utf-8\r\nX-Other: y\r\n\r\n1\r\n--xYz--",
     "{n|f.txt|text/plain; charset=utf-8:1}."},
    {"--xYz\r\nContent-Disposition: form-data; name=\"a%22;b\\\"c\\\\%0D%0a%41\"; filename=\"\"\r\n"
     "\r\n1\r\n--xYz--",
     "{a\";b\"c\\\r\n%41||:1}."},
    {"--xYz\r\nContent-Disposition: form-data; filename=\"f\"\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\nContent-Type: text/plain\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\nno field\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n1\r\n--xYz--", "-400"},
    {"--xYz\r\n" HEAD "1\r\n--xYz?\r\n", "{a||:1}-400"},
    {"--xYz\r\n" HEAD "1\r\n--xYz-?\r\n", "{a||:1}-400"},
    {"--xYz\r\n" HEAD "1\r\n--xYz\r?\r\n", "{a||:1}-400"},
    /* not complete */
    {"", ""},
    {"--xY", ""},
    {"--xYz\r\n" HEAD "1", "{a||:1"},
    {"--xYz\r\n" HEAD "1\r\n--xYz-", "{a||:1}"},
};

const char *vn_check_multipart(void)
{
    static char text[TEXT];
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count = strlen(rows[i].form);
        for (size_t cut = 0; cut <= count + 3; cut++) {
            struct vn_cuts cuts = cut <= count ? vn_cuts_once(cut) : vn_cuts_every(cut - count);
            if (cut == 0 || cut == count)
                cuts = vn_cuts_none();
            spell(text, (const uint8_t *) rows[i].form, count, &cuts);
            if (strcmp(text, rows[i].found) != 0)
                return vn_fail("form %zu, %s %zu: %s, not %s", i, cuts.name, cuts.size, text,
                               rows[i].found);
        }
    }
    return NULL;
}

/* Bounds, at them and one past. */
const char *vn_check_multipart_bounds(void)
{
    enum { ROOM = VN_MULTIPART_HEAD_MAX + 256 };
    static char form[ROOM], text[TEXT];
    struct vn_cuts whole = vn_cuts_none();
    for (int32_t more = 0; more < 2; more++) {
        const size_t fixed = sizeof HEAD - 1 + sizeof "X: \r\n" - 1;
        size_t at = (size_t) sprintf(form, "--xYz\r\nX: ");
        memset(form + at, 'x', VN_MULTIPART_HEAD_MAX - fixed + (size_t) more);
        at += VN_MULTIPART_HEAD_MAX - fixed + (size_t) more;
        at += (size_t) sprintf(form + at, "\r\n" HEAD "1\r\n--xYz--");
        spell(text, (const uint8_t *) form, at, &whole);
        if (strcmp(text, more ? "-431" : "{a||:1}.") != 0)
            return vn_fail("a head, %d past the limit: %s", more, text);

        memset(form, 'p', VN_MULTIPART_PREAMBLE_MAX);
        at = VN_MULTIPART_PREAMBLE_MAX - 2 + (size_t) more; /* the line end before it counts */
        at += (size_t) sprintf(form + at, "\r\n--xYz--");
        spell(text, (const uint8_t *) form, at, &whole);
        if (strcmp(text, more ? "-400" : ".") != 0)
            return vn_fail("a preamble, %d past the limit: %s", more, text);
    }
    return NULL;
}

const char *vn_check_multipart_boundaries(void)
{
    static const struct {
        const char *type;
        const char *boundary; /* NULL: none */
    } types[] = {
        {"multipart/form-data; boundary=xYz", "xYz"},
        {"Multipart/Form-Data;BOUNDARY=\"x Y:z\"", "x Y:z"},
        {"multipart/form-data; charset=utf-8 ; boundary=----WebKitFormBoundary7MA4YWxk ;",
         "----WebKitFormBoundary7MA4YWxk"},
        {"multipart/form-data; boundary="
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         "0123456789012345678901234567890123456789012345678901234567890123456789"},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         NULL},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=\"a \"", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=\"a\\\"b\"", NULL},
        {"multipart/form-data; boundary=a@b", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"application/x-www-form-urlencoded; boundary=a", NULL},
    };
    for (size_t i = 0; i < COUNT(types); i++) {
        vn_span boundary = {0};
        bool is_found = vn_multipart_boundary(vn_span_of(types[i].type), &boundary);
        if (is_found != (types[i].boundary != NULL) ||
            (is_found && (boundary.count != strlen(types[i].boundary) ||
                          memcmp(boundary.bytes, types[i].boundary, boundary.count) != 0)))
            return vn_fail("%s: %.*s", types[i].type, (int) boundary.count,
                           is_found ? (const char *) boundary.bytes : "");
    }
    return NULL;
}
