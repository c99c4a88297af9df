// SPDX-License-Identifier: MIT
/* Blocking libpq: one connection, one prepared query after the other for so many seconds; prints
 * how many a second. */
#include "rows.h"
#include <time.h>

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double) at.tv_sec + (double) at.tv_nsec * 1e-9;
}

static double cpu(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double) used.tv_sec + (double) used.tv_nsec * 1e-9;
}

static void ask(PGconn *connection)
{
    uint32_t key = rows_key();
    const char *value = (const char *) &key;
    int size = sizeof key, binary = 1;
    PGresult *result = PQexecPrepared(connection, "row", 1, &value, &size, &binary, 1);
    if (rows_column(result, 0) != __builtin_bswap32(key))
        exit(1);
    rows_column(result, 1);
    PQclear(result);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "blocking CONNECTION SECONDS\n");
        return 2;
    }
    PGconn *connection = rows_open(argv[1]);
    for (double end = now() + 0.3; now() < end;)
        ask(connection);
    double start = now(), end = start + atof(argv[2]), used = cpu();
    unsigned long count = 0;
    for (; now() < end; count++)
        ask(connection);
    used = cpu() - used;
    printf("{\"rps\":%.0f,\"us_per_query\":%.3f}\n", (double) count / (now() - start),
           used * 1e6 / (double) count);
    PQfinish(connection);
}
