// SPDX-License-Identifier: MIT
/* steps.c - counts the instructions of a server's main thread by stepping through them, for what no
 * simulator runs: a ring of io_uring is the kernel's.
 *
 *     steps FILE PROGRAM [ARGUMENT ...]
 *
 * The program becomes this very process, and a child traces it: ptrace(2). The first SIGUSR1 is for
 * the child, which counts from then on; with the second, which the program gets, counting ends and
 * `totals: N` is in the file. An instruction with a prefix that repeats it is as many. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void write_count(const char *path, uint64_t count)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fprintf(file, "totals: %ju\n", (uintmax_t) count) < 0 || fclose(file) != 0)
        fail(path);
}

/* Steps or runs until the program ends, or until it is left alone. */
static void trace(pid_t program, const char *path)
{
    bool is_counting = false;
    uint64_t count = 0;
    int status, number = 0;
    while (waitpid(program, &status, __WALL) == program && WIFSTOPPED(status)) {
        number = WSTOPSIG(status);
        if (status >> 16 != 0 || number == SIGTRAP)
            number = 0; /* a step, or the beginning of the program */
        if (number == SIGUSR1 && is_counting) {
            write_count(path, count);
            ptrace(PTRACE_DETACH, program, NULL, (void *) (intptr_t) number);
            return;
        }
        if (number == SIGUSR1) {
            is_counting = true;
            number = 0;
        }
        count += is_counting;
        if (ptrace(is_counting ? PTRACE_SINGLESTEP : PTRACE_CONT, program, NULL,
                   (void *) (intptr_t) number) < 0 &&
            errno != ESRCH)
            fail("ptrace");
    }
}

int main(int argc, char **argv)
{
    int ready[2];
    char byte = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: steps FILE PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    if (pipe(ready) < 0)
        fail("pipe");
    pid_t program = getpid();
    pid_t tracer = fork();
    if (tracer < 0)
        fail("fork");
    if (tracer == 0) {
        if (ptrace(PTRACE_SEIZE, program, NULL, NULL) < 0)
            fail("ptrace");
        close(STDOUT_FILENO); /* whoever reads it waits for the program's end alone */
        if (write(ready[1], &byte, 1) != 1)
            fail("write");
        close(ready[0]);
        close(ready[1]);
        trace(program, argv[1]);
        _exit(0);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return 1; /* the tracer has said why */
    close(ready[0]);
    execvp(argv[2], argv + 2);
    fail(argv[2]);
}
