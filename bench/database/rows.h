// SPDX-License-Identifier: MIT
/* What both C clients of the database share: the connection, the statement, and which row is
 * next. */
#ifndef ROWS_H
#define ROWS_H
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 10000
#define STATEMENT "select id, randomnumber from world where id = $1"
static const Oid parameter_type = 23; /* int4 */

static inline PGconn *rows_open(const char *how)
{
    PGconn *connection = PQconnectdb(how);
    PGresult *result = 0;
    if (PQstatus(connection) == CONNECTION_OK)
        result = PQprepare(connection, "row", STATEMENT, 1, &parameter_type);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
        exit(1);
    }
    PQclear(result);
    return connection;
}

/* A key at random, highest byte first. A SplitMix64. */
static inline uint32_t rows_key(void)
{
    static uint64_t state;
    uint64_t bits = state += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return __builtin_bswap32((uint32_t) ((bits >> 32) * ROWS >> 32) + 1);
}

/* A column of the row that a result is; anything else ends the program. */
static inline unsigned rows_column(const PGresult *result, int column)
{
    uint32_t value;
    if (PQntuples(result) != 1 || PQgetlength(result, 0, column) != sizeof value) {
        fprintf(stderr, "not a row: %s\n", PQresultErrorMessage(result));
        exit(1);
    }
    memcpy(&value, PQgetvalue(result, 0, column), sizeof value);
    return __builtin_bswap32(value);
}
#endif
