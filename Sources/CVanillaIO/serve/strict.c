// SPDX-License-Identifier: MIT
/* strict.c - the field by which clients are told to come over TLS from now on (RFC 6797). */
#include "connection.h"

vn_cold void vn_connection_add_strict(const struct vn_connection *connection, struct vn_head *head)
{
    const vn_span name = VN_LITERAL("Strict-Transport-Security");
    const char *value = connection->transport->strict;
    if (vn_head_find(head, name).bytes == NULL)
        vn_head_add(head, name, (vn_span) {(const uint8_t *) value, strlen(value)});
}
