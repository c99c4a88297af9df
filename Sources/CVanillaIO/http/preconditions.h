// SPDX-License-Identifier: MIT
/* preconditions.h - whether a request is to be performed (RFC 9110, section 13). Pure, in linear
 * time: the fields are looked at by the size of their names, and a request without conditions costs
 * no more. */
#ifndef VN_HTTP_PRECONDITIONS_H
#define VN_HTTP_PRECONDITIONS_H

#include "../base/base.h"
#include "../include/vn_conditional.h"

/* Whether a request has any of the fields that vn_preconditions_evaluate looks at. */
bool vn_preconditions_are_there(const vn_request *request);

/* Whether a request asks for a range. */
bool vn_preconditions_have_range(const vn_request *request);

/* Evaluate the preconditions of a request in the order of RFC 9110, section 13.2.2, against the
 * current representation, or NULL where there is none. `now`, in seconds since 1970, is for dates
 * with a year of two digits. Returns VN_PERFORM, VN_NOT_MODIFIED or VN_PRECONDITION_FAILED.
 *
 * VN_PERFORM also where preconditions do not apply (section 13.2.1): for CONNECT, OPTIONS and
 * TRACE, and for a GET or HEAD of what does not exist, which gets 404 in any event. "*" counts
 * where it is the only line's whole value. A malformed date, a list of dates and several lines are
 * ignored. */
int32_t vn_preconditions_evaluate(const vn_request *request, const vn_validators *validators,
                                  int64_t now);

/* Whether a GET's Range is to be honoured: there is one, and there is no If-Range, or that matches
 * (RFC 9110, section 13.1.5): by the strong tag, or by the very date, which is strong once its
 * second is over. Otherwise the whole representation is sent. For a request that is performed. */
bool vn_preconditions_allow_range(const vn_request *request, const vn_validators *validators,
                                  int64_t now);

#endif
