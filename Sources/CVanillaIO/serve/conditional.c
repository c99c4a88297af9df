// SPDX-License-Identifier: MIT
/* conditional.c - preconditions for handlers, with the clock that http/ has not. */
#include <time.h>

#include "../http/preconditions.h"

int32_t vn_request_evaluate(const vn_request *request, const vn_validators *validators)
{
    return vn_preconditions_evaluate(request, validators, time(NULL));
}

bool vn_request_allows_range(const vn_request *request, const vn_validators *validators)
{
    return vn_preconditions_allow_range(request, validators, time(NULL));
}
