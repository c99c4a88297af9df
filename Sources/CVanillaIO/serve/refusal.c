// SPDX-License-Identifier: MIT
/* refusal.c - what the server answers by itself: to what it refuses, and for a handler that has
 * failed. */
#include "log.h"
#include "response.h"

vn_cold void vn_response_send_failure(struct vn_response *response, uint16_t status)
{
    if (vn_response_send_error(response, status, (vn_span) {0}) < 0 &&
        !vn_response_is_answered(response))
        vn_response_out_of_memory(response);
}

/* The hook may answer, at once and whole; else the server does, with the fields that it added. */
/* Whether what is refused with it was read: one of 400, 408, 414, 431, 501 and 505 was not. Its
 * client may think of another request, as one to HEAD, and take a body for the next answer. */
static bool was_read(uint16_t status)
{
    return status == 413 || (status >= 500 && status != 501 && status != 505);
}

static void count_refusal(vn_statistics *counted, uint16_t status)
{
    for (size_t i = 0; i < sizeof vn_refused_statuses / sizeof *vn_refused_statuses; i++)
        if (vn_refused_statuses[i] == status)
            vn_count_more(&counted->refused_by_status[i], 1);
}

vn_cold void vn_response_refuse(struct vn_response *response, uint16_t status)
{
    struct vn_worker *worker = response->worker;
    count_refusal(&worker->counted, status);
    struct vn_exchange *exchange = response->exchange;
    struct vn_record *record = vn_exchange_record(exchange);
    const vn_handlers *handlers = &worker->config->handlers;
    if (record != NULL)
        record->told.is_refusal = true;
    vn_response_set_status(response, status);
    exchange->is_refused = true;
    if (handlers->refuse != NULL)
        handlers->refuse(worker->context, record == NULL ? NULL : record->told.request, status,
                         response);
    exchange->is_refused = false;
    if (exchange->answer != VN_ANSWER_NONE)
        return;
    if (was_read(status))
        vn_response_send_failure(response, status);
    else
        vn_response_send_empty(response, status);
}

vn_cold void vn_response_send_nothing(struct vn_response *response)
{
    char where[VN_DESCRIPTION_MAX];
    size_t count = vn_response_describe(response, where, sizeof where);
    vn_log(response->worker->config, VN_LOG_ERROR,
           "%s%sa handler returned without an answer; answered 500", where, count > 0 ? ": " : "");
    vn_response_reset(response);
    vn_response_send_failure(response, 500);
}
