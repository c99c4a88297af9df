#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Instructions of an operation, counted by callgrind in the built programs, before and after a change.

A count for each operation is the difference of two runs, one with more operations than the other, by
how many more: what a program does to start and to stop is in both. Requests come one at a time, so that
what a turn of the server holds is the same in every run; there is one worker, a fixed environment, a
clock that counts looks at it, and no address is drawn. Every count is taken three times; the figures
are medians with their spread.

What is counted are the instructions of the process, not those of the kernel. callgrind knows no
io_uring, so the servers use epoll; with `--backend io_uring` their worker is stepped through instead
(steps.c), for fewer operations and without a profile. A look at the clock is cheaper than that of the
real one, which takes some 50 instructions of the process.

With `--baseline FILE` the counts are compared with those that are committed, and one that has grown by
more than 3 % fails: either it is mended, or the file is changed in the same commit (`--write-baseline`).

The programs are looked for by name in the folders given with --bin, and spoken to over their sockets
alone: those of any two revisions are compared that serve the same.
"""

import argparse
import json
import os
import re
import select
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time

from report import ROOT, heading, printed, progress, save, without_folders

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

SUBSCRIBERS = 200
EVENT = b"A message of some length to all of those who are here."
USER_TAG = "c4ca4238a0b923820dcc509a6f75849b"  # of /user/1 of the example `etag`
MANY = 16  # pipelined
STEPPED = 10  # a tenth of the operations is counted where a worker is stepped through
GROWTH_MAX = 1.03  # beside a baseline
TIMEOUT = 600  # seconds for a run: counting takes 50 times as long, on a machine with other work
SOURCES = os.path.join(ROOT, "bench", "instructions")
COMPILE = [shutil.which("clang") or "cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE"]
BUILT_HERE = ["core", "parts"]  # with the C files of a tree
VALGRIND = ["valgrind", "--quiet", "--tool=callgrind", "--vgdb=no"]
# What a program may see of where it runs, the same for all.
ENVIRONMENT = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "SWIFT_DETERMINISTIC_HASHING=1"]


class Programs:
    """Where the programs are, and copies of them that valgrind can read."""

    def __init__(self, options, work):
        self.folders, self.tree, self.keep, self.work = options.bin, options.tree, options.keep, work
        self.database = self.relay = None
        self.server = None  # while it is spoken to
        self.backend = options.backend

    def find(self, name):
        for folder in self.folders:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return path
        return None

    def has(self, operation):
        if self.is_stepped() and not operation.can_be_stepped:
            return False
        return all(self.find(name) or name in BUILT_HERE for name in operation.programs)

    def copy(self, name):
        """Without the debugging information, over which valgrind stumbles, and at a path whose length
        does not depend on where the build is."""
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            if name in BUILT_HERE:
                build_with_core(self.tree, name, path)
            else:
                checked("strip", "-g", "-o", path, self.find(name))
        return path

    def count(self, operation, count):
        """The instructions of one run that does so many operations."""
        profile = os.path.join(self.work, "profile")
        program = [self.copy(operation.programs[0]), *operation.arguments(self, count)]
        operation.run(self, self.counted(program, profile), count)
        if self.keep and not self.is_stepped():
            os.makedirs(self.keep, exist_ok=True)
            shutil.copy(profile, os.path.join(self.keep, f"{operation.name}.{count}"))
        with open(profile) as file:
            return int(re.search(r"^totals: (\d+)$", file.read(), re.MULTILINE)[1])

    def counted(self, program, profile):
        """The command that runs a program and counts into a file."""
        clock = self.compiled("clock", "-shared", "-fPIC")
        if self.is_stepped():
            counter = [self.compiled("steps"), profile]
        else:
            counter = [*VALGRIND, f"--callgrind-out-file={profile}"]
        runner = ["env", "-i", *ENVIRONMENT, f"LD_PRELOAD={clock}", "setarch", "-R"]
        return [*runner, *counter, *map(str, program)]

    def compiled(self, name, *options):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            checked(*COMPILE, *options, "-o", path, os.path.join(SOURCES, name + ".c"))
        return path

    def is_stepped(self):
        """Whether a process counts that traces the server, which SIGUSR1 has begin and end."""
        return self.backend != "epoll"

    def connection(self):
        """To a PostgreSQL server with the tables of the benchmark, started when it is needed."""
        if self.database is None:
            from database import Database

            harness.settings["bin"] = os.path.dirname(self.find("PostgresServer"))
            self.database = Database(None)
            self.relay = Relay(self, self.database.connection)
        return self.relay.connection

    def close(self):
        if self.relay is not None:
            self.relay.close()
        if self.database is not None:
            self.database.close()


class Relay:
    """Makes a PostgreSQL server on a unix socket one on TCP, whose answers find the server that asked
    asleep. The kernel tells the writer to a unix socket when its peer has read, which would be a turn
    for nothing or part of that of the answer, as chance has it."""

    def __init__(self, programs, connection):
        self.programs = programs
        words = dict(word.split("=", 1) for word in connection.split())
        self.path = os.path.join(words["host"], f".s.PGSQL.{words['port']}")
        self.listener = socket.create_server(("127.0.0.1", 0))
        words["host"], words["port"] = self.listener.getsockname()
        words["sslmode"] = words["gssencmode"] = "disable"
        self.connection = " ".join(f"{name}={value}" for name, value in words.items())
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.path)
            other = {client: server, server: client}
            while True:
                for side in select.select(list(other), [], [])[0]:
                    data = side.recv(1 << 16)
                    if not data:
                        return
                    if side is server and self.programs.server is not None:
                        wait_until_asleep(self.programs.server)
                    other[side].sendall(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def wait_until_asleep(server):
    """Until its one worker, the main thread, waits for an event: whatever is sent then is a turn of its
    own, where it might have come in time for the one before."""
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        with open(f"/proc/{server.pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] == "S":
                return
        os.sched_yield()
    raise harness.Failed("the server does not come to rest")


def checked(*command):
    status, said = harness.run_tool(*command, deadline=TIMEOUT)
    if status != 0:
        raise harness.Failed(f"{' '.join(map(str, command))}: status {status}: {said}")


def build_with_core(tree, name, path):
    """The C core of a tree with a main of its own, as a release build compiles it."""
    top = os.path.join(tree, "Sources", "CVanillaIO")
    sources = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(top)
        for name in names
        if name.endswith(".c")
    ]
    checked(
        *COMPILE, "-I", top, "-I", os.path.join(top, "include"), "-o", path,
        os.path.join(SOURCES, name + ".c"),
        *sorted(sources), "-lpthread", "-luring",
    )  # fmt: skip


# ---- Operations ----


class Operation:
    """What is counted: `name`, a sentence on it, the program first of those that it needs, and how many
    operations the two runs do."""

    can_be_stepped = False

    def __init__(self, name, title, programs, few, many):
        self.name, self.title, self.programs = name, title, programs
        self.few, self.many = few, many

    def measure(self, programs):
        few, many = self.few, self.many
        if programs.is_stepped():
            few, many = few // STEPPED, many // STEPPED
        return (programs.count(self, many) - programs.count(self, few)) / (many - few)


class Alone(Operation):
    """A program that does so many operations and ends. Its last argument is a number: of operations,
    or of rounds of `each`."""

    def __init__(self, name, title, program, few, many, before=(), each=1):
        super().__init__(name, title, [program], few * each, many * each)
        self.before, self.each = before, each

    def arguments(self, programs, count):
        return [*self.before, count // self.each]

    def run(self, programs, command, count):
        checked(*command)


class Served(Operation):
    """A server, and what is said to it."""

    can_be_stepped = True

    def __init__(self, name, title, programs, few, many, more=()):
        super().__init__(name, title, programs, few, many)
        self.more = more

    def arguments(self, programs, count):
        return [
            "--host", "127.0.0.1", "--port", 0, "--backend", programs.backend, "--workers", 1,
            *self.more,
        ]  # fmt: skip

    def run(self, programs, command, count):
        """The clients are gone before the server is told to stop. It gives some time to those that
        may be connecting, which passes by the true clock alone (clock.c)."""
        with harness.Server(command) as server:
            programs.server = server
            if programs.is_stepped():
                wait_until_asleep(server)
                server.signal(signal.SIGUSR1)
            self.speak(server, count)
            programs.server = None
            server.signal(signal.SIGUSR1)
            if (status := server.stop(TIMEOUT)) != 0:
                raise harness.Failed(f"{self.name}: exit status {status}: {server.log()}")


class Requests(Served):
    """Requests on one connection, the next when the last is answered, or batches of them."""

    def __init__(self, name, title, programs, few, many, data, status=200, batch=1, more=()):
        super().__init__(name, title, programs, few, many, more)
        self.data, self.status, self.batch = data, status, batch

    def speak(self, server, count):
        with server.connect(deadline=TIMEOUT) as peer:
            for _ in range(count // self.batch):
                wait_until_asleep(server)
                peer.send(self.data * self.batch)
                for _ in range(self.batch):
                    if (status := peer.read_response().status) != self.status:
                        raise harness.Failed(f"{self.name}: {status} in place of {self.status}")


class Query(Requests):
    """Requests that are answered from a database, by one connection. PostgreSQL's answers come as
    chance has it where the server is stepped through."""

    can_be_stepped = False

    def arguments(self, programs, count):
        more = ["--database", programs.connection(), "--connections", 1]
        return [*super().arguments(programs, count), *more]


class FanOut(Served):
    """Events, each of which every subscriber has before the next is posted. Deliveries are counted."""

    def speak(self, server, count):
        subscribers = [self.subscribe(server) for _ in range(SUBSCRIBERS)]
        with server.connect(deadline=TIMEOUT) as publisher:
            for _ in range(count // SUBSCRIBERS):
                wait_until_asleep(server)
                publisher.send(harness.request("/notification", method="POST", body=EVENT))
                publisher.read_response("POST")
                for subscriber in subscribers:
                    subscriber.take_until(EVENT + b"\n\n", 4096)
        for subscriber in subscribers:
            subscriber.close()

    def subscribe(self, server):
        subscriber = server.connect(deadline=TIMEOUT)
        subscriber.send(harness.request("/sse"))
        subscriber.take_until(b"\r\n\r\n", 4096)
        return subscriber


def get(target, fields=""):
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n{fields}\r\n".encode()


def part(name, title, few=1_000, many=11_000):
    return Alone(name, title, "parts", few, many, [name])


C_HANDLER = ["--handler", "c"]
OPERATIONS = [
    Requests(
        "plaintext", "plaintext: `/` of arena", ["arena"], 1_000, 9_000, get("/")
    ),
    Requests(
        "plaintext-c", "the same, C handler", ["arena"], 1_000, 9_000, get("/"), more=C_HANDLER
    ),
    Requests(
        "pipelined", "16 pipelined: `/` of arena, each of them", ["arena"], 1_600, 17_600, get("/"),
        batch=MANY,
    ),
    Requests(
        "pipelined-c", "the same, C handler", ["arena"], 1_600, 17_600, get("/"), batch=MANY,
        more=C_HANDLER,
    ),
    Requests(
        "etag", "304: `/user/1` of etag", ["etag"], 1_000, 7_000,
        get("/user/1", f"If-None-Match: {USER_TAG}\r\n"), status=304,
    ),
    Requests(
        "router", "router: `/teams/red/users/7` of arena", ["arena"], 1_000, 7_000,
        get("/teams/red/users/7"),
    ),
    Alone(
        "router-alone", "router: each of 1,000 routes, no socket", "VanillaRouterBench", 2, 10,
        ["read"], 1_000,
    ),
    Requests(
        "async", "an asynchronous handler: `/async` of arena", ["arena"], 1_000, 9_000,
        get("/async"),
    ),
    Requests(
        "around", "the same within asynchronous middleware: `/around`", ["arena"], 1_000, 9_000,
        get("/around"),
    ),
    FanOut(
        "fan-out", f"SSE fan-out: a delivery to one of {SUBSCRIBERS}", ["sse"],
        20 * SUBSCRIBERS, 120 * SUBSCRIBERS,
    ),
    Query(
        "query", "one query: `/db` of DatabaseBench", ["DatabaseBench", "PostgresServer"], 500, 3_500,
        get("/db"),
    ),
    Requests(
        "json", "50 items as JSON: `/json/50?m=3` of arena", ["arena"], 100, 700, get("/json/50?m=3")
    ),
    Alone("core", "the C core alone: plaintext, no socket", "core", 5_000, 25_000),
    part("scan", "the head of a browser's request, scanned"),
    part("head", "the head of an answer, written"),
    part("chunks", "a body of three chunks, read"),
    part("tag", "the tag of 1 KiB"),
    part("event", "a Server-Sent Event, framed"),
    part("hpack-encode", "HPACK: the fields of two answers, written"),
    part("hpack-decode", "HPACK: the same, read"),
    part("frame", "WebSocket: a text of 64 bytes, read, and the head of its echo"),
    part("multipart", "multipart: a field and a file of 1 KiB, read"),
]  # fmt: skip


# ---- Measuring ----


def measure(options):
    """Every operation as often as was asked; what is written to the file. One that cannot be measured
    is told, and the others are kept."""
    measured = {}
    with tempfile.TemporaryDirectory(prefix="instructions-") as work:
        programs = Programs(options, work)
        try:
            for operation in OPERATIONS:
                if operation.name not in options.only:
                    continue
                if not programs.has(operation):
                    progress(f"{operation.name}: not measured, a program is missing, or it cannot be stepped")
                    continue
                try:
                    values = list(measure_one(options, programs, operation))
                except (harness.Failed, OSError) as failure:
                    progress(f"{operation.name}: not measured: {failure}")
                    continue
                measured[operation.name] = {"title": operation.title, "values": values}
        finally:
            programs.close()
    return {"label": options.label, "operations": measured}


def measure_one(options, programs, operation):
    for number in range(options.repeats):
        value = operation.measure(programs)
        progress(f"{operation.name}, {number + 1}: {value:,.1f}")
        yield value


def middle(side, name):
    return statistics.median(side["operations"][name]["values"])


def spread(side, name):
    """Of all the values, in percent of their median."""
    values = side["operations"][name]["values"]
    return 100 * (max(values) - min(values)) / statistics.median(values)


def table(side):
    yield "| operation | instructions | spread, % |"
    yield "| --- | --- | --- |"
    for name, operation in side["operations"].items():
        yield f"| {operation['title']} | {middle(side, name):,.1f} | {spread(side, name):.2f} |"
    yield ""


def comparison(before, after):
    yield f"| operation | {before['label']} | {after['label']} | ratio | spread, % |"
    yield "| --- | --- | --- | --- | --- |"
    for name, operation in before["operations"].items():
        if name not in after["operations"]:
            yield f"| {operation['title']} | {middle(before, name):,.1f} | not measured | | |"
            continue
        old, new = middle(before, name), middle(after, name)
        yield (
            f"| {operation['title']} | {old:,.1f} | {new:,.1f} | {new / old:.4f}"
            f" | {spread(before, name):.2f}, {spread(after, name):.2f} |"
        )
    yield ""


def baseline_lines(baseline, side):
    """How it stands beside the counts that were committed; the last line says how many passed."""
    failed = 0
    for name, before in baseline.items():
        if name not in side["operations"]:
            failed += 1
            yield f"FAILED {name}: not measured"
            continue
        now = middle(side, name)
        if now > before * GROWTH_MAX:
            failed += 1
            yield f"FAILED {name}: {now:,.1f} instructions, the baseline has {before:,.1f}"
    for name in side["operations"].keys() - baseline.keys():
        failed += 1
        yield f"FAILED {name}: not in the baseline"
    yield f"{len(baseline) - failed} passed, {failed} failed"


def introduction(options):
    yield from heading(
        "Instructions", f"scripts/bench instructions {' '.join(options.said)}".rstrip(),
        (0, 0), "", f"Instructions of the server's process for each operation, one worker, {options.backend}.",
    )  # fmt: skip
    yield "Medians; the spread is that of all the values of a median.\n"


def read(path):
    with open(path) as file:
        return json.load(file)


def sections(options):
    yield from introduction(options)
    if options.compare:
        yield from comparison(*map(read, options.compare))
        return
    side = measure(options)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(side, file, indent=1)
    yield from table(side)
    if options.baseline:
        baseline = read(options.baseline)
        known = {name: baseline[name] for name in baseline if name in options.only}
        yield from baseline_lines(known, side)
    if options.write_baseline:
        counts = {name: round(middle(side, name), 1) for name in side["operations"]}
        with open(options.write_baseline, "w") as file:
            json.dump(counts, file, indent=2)
            file.write("\n")


def arguments_of_command():
    names = [operation.name for operation in OPERATIONS]
    parser = argparse.ArgumentParser(
        prog="scripts/bench instructions", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--bin", action="append", help="a folder of built programs, as often as needed"
    )
    parser.add_argument("--tree", default=ROOT, help="whose C core is compiled; this one's")
    parser.add_argument("--label", default="now", help="how the table calls these programs")
    parser.add_argument("--json", help="write the counts to this file")
    parser.add_argument("--baseline", help="fail where a count is more than 3 % above this file's")
    parser.add_argument("--write-baseline", metavar="FILE", help="write such a file")
    parser.add_argument("--compare", nargs=2, metavar="FILE", help="two such files, nothing is run")
    parser.add_argument("--backend", choices=["epoll", "io_uring"], default="epoll")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", action="append", choices=names, help="these operations, not all")
    parser.add_argument("--keep", help="a folder for the profiles, for callgrind_annotate")
    parser.add_argument(
        "--save", action="store_true", help="write bench/results/DATE-instructions.md too"
    )
    options = parser.parse_args()
    if not options.compare and not options.bin:
        parser.error("either --bin or --compare")
    options.only = options.only or names
    options.said = without_folders(sys.argv[1:])
    return options


def main():
    options = arguments_of_command()
    harness.DEADLINE = TIMEOUT  # until a program says that it listens
    lines = printed(sections(options))
    if options.save:
        progress("saved: " + save(lines, "-instructions"))
    if options.baseline and not lines[-1].endswith(" 0 failed"):
        sys.exit(1)


if __name__ == "__main__":
    main()
