#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Queries of PostgreSQL for each request, beside a bare C server and a blocking client on libpq.

PostgreSQL is one of its own on a unix socket, with a table of 10,000 rows. The servers have one worker,
pinned to one core; the load generator (ceiling/blast.c) and PostgreSQL have another, so that the CPU
time of a request is that of the server process alone. Interleaved rounds; the figures are medians with
their spread, and ratios are taken within each round. Prints Markdown. scripts/bench builds what this
runs.
"""

import argparse
import html.parser
import json
import os
import statistics
import subprocess
import sys

from load import blast, free_port, pinned, spread
from report import ROOT, heading, printed, progress, save, two_cores

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

BLOCKING = "blocking libpq, one connection"
PIPELINE = "C, libpq pipeline, epoll"
CONNECTIONS = 256
# title, path
SHAPES = {
    "queries": ("20 queries", "/queries/20"),
    "fortunes": ("fortunes", "/fortunes"),
    "updates": ("20 updates", "/updates/20"),
}
SINGLE = "single"


class Database:
    """A PostgreSQL server of its own, with the tables, gone when its standard input ends."""

    def __init__(self, core):
        self.process = subprocess.Popen(
            [harness.program("PostgresServer")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(core),
        )  # fmt: skip
        self.connection = self.process.stdout.readline().strip()
        try:
            if not self.connection:
                raise harness.Failed("there is no PostgreSQL server")
            schema = os.path.join(ROOT, "bench", "database", "schema.sql")
            line = ["psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", schema]
            status, said = harness.run_tool(*line, self.connection)
            if status != 0:
                raise harness.Failed(said)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Pipeline:
    """The bare server in C, on a free port."""

    def __init__(self, options, database, core):
        self.port = free_port()
        self.process = subprocess.Popen(
            [os.path.join(options.programs, "pipeline"), database.connection, str(self.port)],
            stdin=subprocess.DEVNULL,
            preexec_fn=pinned(core),
        )
        self.pid = self.process.pid
        try:
            harness.wait_for(
                lambda: not harness.is_refused(("127.0.0.1", self.port)), "the server listens"
            )
        except BaseException:
            self.close()
            raise

    def close(self):
        self.process.kill()
        self.process.wait()


def blocking(options, database, core):
    """One round of the blocking client: what the load generator says of a server, as far as it goes."""
    command = [os.path.join(options.programs, "blocking"), database.connection]
    done = subprocess.run(
        [*command, str(options.seconds)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, preexec_fn=pinned(core),
        timeout=options.seconds + 40,
    )  # fmt: skip
    if done.returncode != 0:
        raise harness.Failed(f"blocking: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def vanilla(database, backend, cores, connections=None):
    more = [] if connections is None else ["--connections", connections]
    cores = None if cores[0] is None else {cores[0]}
    return harness.Server.start(
        "DatabaseBench", "--host", "127.0.0.1", "--database", database.connection, *more,
        backend=backend, cores=cores,
    )  # fmt: skip


class Cells(html.parser.HTMLParser):
    """What a browser sees in the cells of a table, and every tag."""

    def __init__(self, page):
        super().__init__()
        self.cells, self.tags = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def check(server):
    """That what is measured is an answer."""
    row = json.loads(server.get("/db").body)
    if set(row) != {"id", "randomNumber"} or not all(1 <= row[name] <= 10_000 for name in row):
        raise harness.Failed(f"no row: {row}")
    for path in ("/queries/20", "/updates/20"):
        if len(json.loads(server.get(path).body)) != 20:
            raise harness.Failed(f"{path}: not 20 rows")
    page = Cells(server.get("/fortunes").body.decode())
    texts = page.cells[1::2]
    if len(texts) != 13 or texts != sorted(texts) or "script" in page.tags:
        raise harness.Failed(f"not the fortunes: {page.cells}")


def measure_single(options, database, cores):
    """One query for each request: how many a second, and what they cost the server."""
    starts = {PIPELINE: lambda: Pipeline(options, database, cores[0])}
    for backend in harness.BACKENDS:
        for connections in (1, None):
            said = "one connection" if connections else "the pool's default"
            starts[f"vanilla, {backend}, {said}"] = (
                lambda backend=backend, connections=connections: vanilla(
                    database, backend, cores, connections
                )
            )
    running, rounds = {}, {BLOCKING: []}
    try:
        for name, start in starts.items():
            running[name] = start()
            rounds[name] = []
        arguments = ["-c", str(CONNECTIONS), "-u", "/db"]
        for number in range(options.rounds):
            rounds[BLOCKING].append(blocking(options, database, cores[0]))
            for name, server in running.items():
                answer = blast(options, server, arguments, options.seconds, cores[1])
                rounds[name].append(answer)
                progress(f"single, round {number + 1}: {name}: {answer['server_us_per_req']} us")
    finally:
        for server in running.values():
            server.close()
    yield from single_table(rounds)


def single_table(rounds):
    yield f"### One query a request, {CONNECTIONS} connections, keep-alive: `/db`\n"
    yield (
        f"| server | queries/s | ratio to {BLOCKING} | CPU us/request | spread"
        f" | ratio to {PIPELINE} | p99 ms |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, answers in rounds.items():
        rate = statistics.median(answer["rps"] for answer in answers)
        faster = statistics.median(
            mine["rps"] / base["rps"] for mine, base in zip(answers, rounds[BLOCKING])
        )
        if name == BLOCKING:
            cpu = statistics.median(answer["us_per_query"] for answer in answers)
            yield f"| {name} | {rate:,.0f} | 1.00 | {cpu:.2f} (client) | | | |"
            continue
        cpu = [answer["server_us_per_req"] for answer in answers]
        base = [answer["server_us_per_req"] for answer in rounds[PIPELINE]]
        ratio = statistics.median(mine / other for mine, other in zip(cpu, base))
        tail = statistics.median(answer["p99_us"] for answer in answers) / 1000
        yield (
            f"| {name} | {rate:,.0f} | {faster:.2f} | {statistics.median(cpu):.2f}"
            f" | {spread(cpu, 2)} | {ratio:.2f} | {tail:.1f} |"
        )
    yield ""


def measure_shape(options, database, cores, title, path):
    """What one shape of request costs."""
    yield f"### {title}: `{path}`, {CONNECTIONS} connections, keep-alive\n"
    yield "| server | requests/s | CPU us/request | spread | p99 ms |"
    yield "| --- | --- | --- | --- | --- |"
    running = {}
    try:
        for backend in harness.BACKENDS:
            running[f"vanilla, {backend}"] = vanilla(database, backend, cores)
        rounds = {name: [] for name in running}
        for number in range(options.rounds):
            for name, server in running.items():
                arguments = ["-c", str(CONNECTIONS), "-u", path]
                answer = blast(options, server, arguments, options.seconds, cores[1])
                rounds[name].append(answer)
                progress(f"{title}, round {number + 1}: {name}: {answer['server_us_per_req']} us")
    finally:
        for server in running.values():
            server.close()
    for name, answers in rounds.items():
        cpu = [answer["server_us_per_req"] for answer in answers]
        yield (
            f"| {name} | {statistics.median(answer['rps'] for answer in answers):,.0f}"
            f" | {statistics.median(cpu):.1f} | {spread(cpu, 1)}"
            f" | {statistics.median(answer['p99_us'] for answer in answers) / 1000:.1f} |"
        )
    yield ""


def sections(options, cores):
    yield from heading(
        "Database", f"scripts/bench database {' '.join(options.said)}".rstrip(), cores,
        "servers, load generator and PostgreSQL share it, nothing is pinned, and the figures compare"
        " with no other machine's.",
        f"Servers, and the blocking client: one worker on core {cores[0]}; load and PostgreSQL together:"
        f" core {cores[1]}.",
    )  # fmt: skip
    version = subprocess.run(["psql", "--version"], capture_output=True, text=True).stdout.strip()
    yield f"Medians of {options.rounds} interleaved rounds of {options.seconds:g} s. {version}, unix socket.\n"
    database = Database(cores[1])
    try:
        for backend in harness.BACKENDS:
            with vanilla(database, backend, cores) as server:
                check(server)
        if SINGLE in options.only:
            yield from measure_single(options, database, cores)
        for name, (title, path) in SHAPES.items():
            if name in options.only:
                yield from measure_shape(options, database, cores, title, path)
    finally:
        database.close()


def arguments_of_command():
    parser = argparse.ArgumentParser(
        prog="scripts/bench database", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--warm", type=float, default=0.5, help="seconds before each round")
    parser.add_argument(
        "--only", action="append", choices=[SINGLE, *SHAPES], help="these measurements, not all"
    )
    parser.add_argument("--save", action="store_true", help="write bench/results/DATE-database.md too")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--ceiling", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.only = options.only or [SINGLE, *SHAPES]
    # What a reader would type: without what scripts/bench adds.
    options.said = sys.argv[7:]
    return options


def main():
    options = arguments_of_command()
    harness.settings["bin"] = options.bin
    lines = printed(sections(options, two_cores()))
    if options.save:
        progress("saved: " + save(lines, "-database"))


if __name__ == "__main__":
    main()
