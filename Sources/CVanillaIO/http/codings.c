// SPDX-License-Identifier: MIT
#include "../include/vn_codings.h"

#include "literal.h"
#include "preference.h"
#include "scan.h"

enum { NOT_NAMED = UINT16_MAX, ANY = VN_CODINGS };

/* Those that are known, and "*". */
static int32_t coding_of(vn_span name)
{
    static const struct {
        vn_span name;
        int32_t coding;
    } known[] = {
        {VN_LITERAL("gzip"), VN_CODING_GZIP},         {VN_LITERAL("br"), VN_CODING_BROTLI},
        {VN_LITERAL("zstd"), VN_CODING_ZSTD},         {VN_LITERAL("*"), ANY},
        {VN_LITERAL("identity"), VN_CODING_IDENTITY}, {VN_LITERAL("x-gzip"), VN_CODING_GZIP},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (vn_equals_ignoring_case(name, known[i].name))
            return known[i].coding;
    return -1;
}

/* One that is named twice has the weight that is said last, except that what is refused stays
 * so. */
static void note(uint16_t weights[VN_CODINGS + 1], vn_span member)
{
    int32_t coding = coding_of(vn_take_until(&member, ';'));
    if (coding >= 0 && weights[coding] != 0)
        weights[coding] = (uint16_t) vn_find_quality(member);
}

/* What is not named has the weight of "*". Without that a coding is not taken, and the identity is
 * (RFC 9110, section 12.5.3). */
static uint16_t resolve(const uint16_t weights[VN_CODINGS + 1], int32_t coding)
{
    if (weights[coding] != NOT_NAMED)
        return weights[coding];
    if (weights[ANY] != NOT_NAMED)
        return weights[ANY];
    return coding == VN_CODING_IDENTITY;
}

vn_coding_weights vn_request_codings(const vn_request *request)
{
    const vn_span name = VN_LITERAL("Accept-Encoding");
    uint16_t weights[VN_CODINGS + 1];
    for (int32_t i = 0; i <= VN_CODINGS; i++)
        weights[i] = NOT_NAMED;
    for (size_t i = vn_request_find(request, name, 0); i < request->field_count;
         i = vn_request_find(request, name, i + 1)) {
        vn_span value = vn_field_value(request, i);
        while (value.count > 0)
            note(weights, vn_take_until(&value, ','));
    }
    vn_coding_weights resolved;
    for (int32_t i = 0; i < VN_CODINGS; i++)
        resolved.of[i] = resolve(weights, i);
    return resolved;
}

int32_t vn_codings_choose(const vn_coding_weights *weights, uint32_t available)
{
    int32_t chosen = -1;
    for (int32_t i = 0; i < VN_CODINGS; i++)
        if ((available >> i & 1) && weights->of[i] > 0 &&
            (chosen < 0 || weights->of[i] >= weights->of[chosen]))
            chosen = i;
    return chosen;
}
