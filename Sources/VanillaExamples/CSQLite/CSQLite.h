// SPDX-License-Identifier: MIT
/* CSQLite.h - SQLite as the system has it, and what of it Swift cannot see. */
#ifndef CSQLITE_H
#define CSQLITE_H

#include <sqlite3.h>

/* Bind a copy of `count` bytes of UTF-8. SQLITE_TRANSIENT is a cast, and so no constant in
 * Swift. */
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count)
{
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}

#endif
