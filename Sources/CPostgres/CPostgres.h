// SPDX-License-Identifier: MIT
/* CPostgres.h - libpq 14 or newer, and what of it Swift cannot say: an empty notice receiver, and
 * the fields of a diagnosis, whose codes are characters. */
#ifndef CPOSTGRES_H
#define CPOSTGRES_H

/* Debian and others have it in a folder of its own. */
#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cancel.h"

enum cpostgres_field {
    CPOSTGRES_SQLSTATE = PG_DIAG_SQLSTATE,
    CPOSTGRES_MESSAGE = PG_DIAG_MESSAGE_PRIMARY,
    CPOSTGRES_DETAIL = PG_DIAG_MESSAGE_DETAIL,
    CPOSTGRES_HINT = PG_DIAG_MESSAGE_HINT,
    CPOSTGRES_TABLE = PG_DIAG_TABLE_NAME,
    CPOSTGRES_COLUMN = PG_DIAG_COLUMN_NAME,
    CPOSTGRES_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME,
    CPOSTGRES_POSITION = PG_DIAG_STATEMENT_POSITION,
    CPOSTGRES_FUNCTION = PG_DIAG_SOURCE_FUNCTION,
};

static inline void cpostgres_ignore_notice(void *context, const PGresult *result)
{
    (void) context;
    (void) result;
}

/* libpq prints a server's notices to standard error unless told otherwise. */
static inline void cpostgres_ignore_notices(PGconn *connection)
{
    PQsetNoticeReceiver(connection, cpostgres_ignore_notice, NULL);
}

/* End what was sent so far with a Sync. Newer versions do not send at once, but with the next
 * flush. Returns 1, or 0 when it failed. */
static inline int32_t cpostgres_sync(PGconn *connection)
{
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    return PQsendPipelineSync(connection);
#else
    return PQpipelineSync(connection);
#endif
}

#endif
