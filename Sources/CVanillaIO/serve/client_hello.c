// SPDX-License-Identifier: MIT
#include "client_hello.h"

#include "log.h"

/* The type of a record (22: handshake) and the first byte of its version (RFC 8446, section
 * 5.1). */
static bool is_client_hello(const uint8_t *bytes, size_t count)
{
    return count >= 2 && bytes[0] == 22 && bytes[1] == 3;
}

vn_cold void vn_client_hello_note(struct vn_connection *connection, const uint8_t *bytes,
                                  size_t count)
{
    struct vn_worker *worker = connection->worker;
    uint32_t bit = UINT32_C(1) << connection->listener;
    _Static_assert(VN_LISTENERS_MAX <= 32, "a bit for each");
    if (!is_client_hello(bytes, count) ||
        (atomic_fetch_or(&worker->said->client_hellos, bit) & bit) != 0)
        return;
    vn_log(worker->config, VN_LOG_WARNING,
           "a client spoke TLS to listener %u, which has none; it was answered 400, and others are "
           "without a message",
           connection->listener + 1u);
}
