// SPDX-License-Identifier: MIT
#include "plain_http.h"

#include <stdio.h>

#include "transport.h"

bool vn_tls_is_plain_http(const uint8_t *bytes, size_t count)
{
    return count > 0 && bytes[0] >= 'A' && bytes[0] <= 'Z';
}

void vn_tls_refuse_plain_http(struct vn_tls_connection *tls, const uint8_t *bytes)
{
    static const char body[] = "This port speaks HTTPS, and the request came as plain HTTP.\n";
    char answer[512];
    struct vn_worker *worker = tls->connection->worker;
    bool is_head = bytes[0] == 'H'; /* no other method that is known begins so */
    vn_worker_update_date(worker);
    int count =
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 400 Bad Request\r\n"
                 "Date: %.*s\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: %zu\r\n"
                 "Connection: close\r\n\r\n%s",
                 VN_DATE_SIZE, (const char *) worker->date, sizeof body - 1, is_head ? "" : body);
    vn_tls_count(&tls->shard->counted.plain);
    if (!vn_tls_wire_put(&tls->wire, &tls->shard->blocks, answer, (size_t) count))
        tls->connection->is_cut = true;
    else
        vn_tls_fail(tls);
}
