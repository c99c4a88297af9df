// SPDX-License-Identifier: MIT
/* conditional.c - a representation with validators, and the preconditions that clients make of
 * them, with the clock that http/ has not. */
#include <errno.h>
#include <time.h>

#include "../http/entity_tag.h"
#include "../http/preconditions.h"
#include "response.h"

/* ---- Requests ---- */

int32_t vn_request_evaluate(const vn_request *request, const vn_validators *validators)
{
    return vn_preconditions_evaluate(request, validators, time(NULL));
}

bool vn_request_allows_range(const vn_request *request, const vn_validators *validators)
{
    return vn_preconditions_allow_range(request, validators, time(NULL));
}

/* ---- Responses ---- */

static int32_t add_entity_tag(struct vn_response *response, const vn_entity_tag *tag)
{
    if (tag->opaque.count > VN_RESPONSE_HEAD_MAX)
        return -EMSGSIZE;
    int32_t begun = vn_response_begin_line(response, tag->opaque.count + VN_HEAD_ENTITY_TAG_ROOM);
    if (begun == 0)
        vn_head_add_entity_tag(&response->head, tag);
    return begun;
}

static int32_t add_last_modified(struct vn_response *response, int64_t seconds)
{
    int32_t begun = vn_response_begin_line(response, VN_HEAD_LAST_MODIFIED_ROOM);
    if (begun == 0)
        vn_head_add_last_modified(&response->head, seconds);
    return begun;
}

static int32_t add_validators(struct vn_response *response, const vn_validators *validators,
                              bool has_last_modified)
{
    int32_t added = 0;
    if (validators->has_tag)
        added = add_entity_tag(response, &validators->tag);
    if (added == 0 && has_last_modified)
        added = add_last_modified(response, validators->last_modified);
    return added;
}

/* Whether validators can be sent. A date that is not yet is now: the answer cannot be older than
 * what it carries. */
static bool take_validators(const struct vn_response *response, vn_validators *validators)
{
    int64_t now = response->worker->loop.second;
    if (validators->last_modified > now)
        validators->last_modified = now;
    return (!validators->has_tag || vn_entity_tag_is_valid(&validators->tag)) &&
           (!validators->has_last_modified || validators->last_modified >= 0);
}

static int32_t decline(struct vn_response *response, const vn_validators *validators,
                       uint16_t verdict)
{
    bool is_known = verdict == VN_NOT_MODIFIED;
    if (response->head.start != NULL)
        vn_head_drop_lines(&response->head, verdict);
    int32_t result = vn_response_set_status(response, verdict);
    if (result == 0 && is_known)
        result = add_validators(response, validators,
                                validators->has_last_modified && !validators->has_tag);
    return result < 0 ? result : vn_response_send(response, (vn_span) {0}, (vn_span) {0});
}

int32_t vn_response_decline(vn_response *response, const vn_validators *validators,
                            uint16_t verdict)
{
    vn_validators current = *validators;
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    if ((verdict != VN_NOT_MODIFIED && verdict != VN_PRECONDITION_FAILED) ||
        !take_validators(response, &current))
        return -EINVAL;
    return decline(response, &current, verdict);
}

/* Whether the answer is one that conditions decide about (RFC 9110, section 13.2.1). Those of other
 * methods than these were to be evaluated before the change. */
static bool is_conditional(const struct vn_response *response)
{
    const vn_request *request = response->request;
    return response->head.status / 100 == 2 && request != NULL &&
           (request->method_id == VN_METHOD_GET || request->method_id == VN_METHOD_HEAD);
}

int32_t vn_response_evaluate(vn_response *response, const vn_validators *validators)
{
    vn_validators current = *validators;
    if (!vn_response_is_unanswered(response))
        return vn_response_refusal(response);
    if (!take_validators(response, &current))
        return -EINVAL;

    int32_t verdict =
        is_conditional(response)
            ? vn_preconditions_evaluate(response->request, &current, response->worker->loop.second)
            : VN_PERFORM;
    if (vn_likely(verdict == VN_PERFORM))
        return add_validators(response, &current, current.has_last_modified);
    int32_t result = decline(response, &current, (uint16_t) verdict);
    return result < 0 ? result : verdict;
}
