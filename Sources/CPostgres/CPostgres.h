// SPDX-License-Identifier: MIT
/* CPostgres.h - libpq 14 or newer, and what of it Swift cannot say: a notice receiver, and the
 * fields of a diagnosis, whose codes are characters. */
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
#include <string.h>

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
    CPOSTGRES_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
};

/* What a server says while nothing is under way, before it ends the connection; empty before. */
struct cpostgres_last_words {
    char state[6];
    char message[250];
};

static inline bool cpostgres_is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

static inline void cpostgres_copy(char *to, size_t size, const char *from)
{
    strncpy(to, from ? from : "", size - 1);
    to[size - 1] = '\0';
}

/* libpq takes an error that answers nothing for a notice. Other notices are nobody's. */
static inline void cpostgres_hear_notice(void *context, const PGresult *result)
{
    struct cpostgres_last_words *words = (struct cpostgres_last_words *) context;
    if (!cpostgres_is_fatal(result))
        return;
    cpostgres_copy(words->state, sizeof words->state, PQresultErrorField(result, PG_DIAG_SQLSTATE));
    cpostgres_copy(words->message, sizeof words->message,
                   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* libpq prints a server's notices to standard error unless told otherwise. `words` live as long as
 * the connection. */
static inline void cpostgres_hear_notices(PGconn *connection, struct cpostgres_last_words *words)
{
    *words = (struct cpostgres_last_words) {0};
    PQsetNoticeReceiver(connection, cpostgres_hear_notice, words);
}

static inline const char *cpostgres_state(const struct cpostgres_last_words *words)
{
    return words->state;
}

static inline const char *cpostgres_message(const struct cpostgres_last_words *words)
{
    return words->message;
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
