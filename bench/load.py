#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPU time per request of arena beside bare echo programs, and two lines of wrk.

One worker pinned to one core, the load generator (ceiling/blast.c) on another, interleaved rounds:
each round loads every server in turn, so that what else the machine does falls on all of them. The
figures are medians with their spread; ratios and differences are taken within each round. Requests
per second move with the machine, CPU time per request less, ratios least. Prints Markdown. scripts/bench builds what this runs.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys

from report import ROOT, heading, printed, progress, save, two_cores, without_folders

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

# title, arguments of blast, whether the echo programs have to close
SCENARIOS = {
    "keep-alive": ("64 connections, keep-alive", ["-c", "64"], False),
    "pipelined": ("64 connections, 16 requests pipelined", ["-c", "64", "-p", "16"], False),
    "many": ("512 connections, keep-alive", ["-c", "512"], False),
    "closing": ("64 connections, one request each (Connection: close)", ["-c", "64", "-C"], True),
}
CONDITIONAL = "conditional"
MEMORY = "memory"
WRK = "wrk"
REFERENCE = "io_uring echo"
HANDLERS = ["swift", "c"]
IDLE = 10_000


class Echo:
    """A bare echo program on a free port."""

    def __init__(self, path, port, core, closes):
        self.process = subprocess.Popen(
            [path, "-p", str(port)] + (["-C"] if closes else []),
            stdin=subprocess.DEVNULL,
            preexec_fn=pinned(core),
        )
        self.pid, self.port, self.host = self.process.pid, port, "127.0.0.1"
        self.address = (self.host, port)
        try:
            harness.wait_for(lambda: not harness.is_refused(self.address), "the echo listens")
        except BaseException:
            self.close()
            raise

    def connect(self, deadline):
        return harness.Peer(self.address, deadline)

    private_bytes = harness.Server.private_bytes

    def close(self):
        self.process.kill()
        self.process.wait()


def pinned(core):
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def free_port():
    with harness.socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def servers(options, core):
    """name -> how to start it; only the echo programs have to be told that they close."""
    echo = lambda name, closes: Echo(os.path.join(options.ceiling, name), free_port(), core, closes)
    cores = None if core is None else {core}
    start = {}
    if "io_uring" in harness.BACKENDS:
        start[REFERENCE] = lambda closes: echo("uring_echo", closes)
    start["epoll echo"] = lambda closes: echo("epoll_echo", closes)
    binaries = options.server_binary or [("arena", harness.program("arena"))]
    # What is compared runs side by side.
    for backend in harness.BACKENDS:
        for handler in options.handler:
            for label, path in binaries:
                start[server_name(label, backend, handler)] = (
                    lambda closes, path=path, backend=backend, handler=handler: arena(
                        path, backend, handler, cores
                    )
                )
    return start


def server_name(label, backend, handler):
    return f"{label}, {backend}, {handler} handler"


def arena(path, backend, handler, cores):
    command = [path, "--host", "127.0.0.1", "--port", "0", "--backend", backend, "--workers", "1"]
    return harness.Server([*command, "--handler", handler], cores=cores)


def blast(options, server, arguments, seconds, core):
    """One round of load; the load generator's own account of it."""
    command = [os.path.join(options.ceiling, "blast"), "-a", server.port, "-d", seconds]
    command += ["-w", options.warm, "-P", server.pid, "-j", *arguments]
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds + options.warm + 40,
        preexec_fn=pinned(core),
    )
    if done.returncode != 0:
        raise harness.Failed(f"blast: status {done.returncode}: {done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    if answer["errors"] or answer["non200"] or answer["bad"]:
        raise harness.Failed(f"wrong answers: {done.stdout}")
    return answer


def spread(values, digits):
    return f"{min(values):.{digits}f} - {max(values):.{digits}f}"


def measure(options, title, arguments, closes, cores):
    """Interleaved rounds of one scenario over all servers; the lines of its table. Each round starts
    every server anew and goes the other way around: which memory a process has is drawn again, and none
    always comes after the same one, or two copies of one program would differ in every round alike."""
    starts = servers(options, cores[0])
    rounds = {name: [] for name in starts}
    for number in range(options.rounds):
        for name in list(starts)[:: -1 if number % 2 else 1]:
            server = starts[name](closes)
            try:
                answer = blast(options, server, arguments, options.seconds, cores[1])
            finally:
                server.close()
            rounds[name].append(answer)
            progress(f"{title}, round {number + 1}: {name}: {answer['server_us_per_req']} us")

    cpu = {name: [a["server_us_per_req"] for a in answers] for name, answers in rounds.items()}
    tail = {name: [a["p99_us"] / 1000 for a in answers] for name, answers in rounds.items()}
    rate = {name: [a["rps"] for a in answers] for name, answers in rounds.items()}
    reference = REFERENCE if REFERENCE in cpu else "epoll echo"
    yield f"### {title}\n"
    yield (
        f"| server | CPU us/request | spread | ratio to {reference} | more than it, us"
        " | p99 ms | p99 ratio | requests/s |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name in rounds:
        # Round by round, because a slow moment of the machine slows what ran beside it too.
        pairs = list(zip(cpu[name], cpu[reference]))
        ratio = statistics.median(mine / base for mine, base in pairs)
        more = statistics.median(mine - base for mine, base in pairs)
        tail_ratio = statistics.median(mine / base for mine, base in zip(tail[name], tail[reference]))
        yield (
            f"| {name} | {statistics.median(cpu[name]):.3f} | {spread(cpu[name], 3)} | {ratio:.2f}"
            f" | {more:+.3f} | {statistics.median(tail[name]):.2f} | {tail_ratio:.2f}"
            f" | {statistics.median(rate[name]):,.0f} |"
        )
    yield ""
    yield from compare_binaries(options, title, cpu)


def compare_binaries(options, title, cpu):
    """Each further server beside the first one given, round by round."""
    labels = [label for label, _ in options.server_binary or []]
    if len(labels) < 2:
        return
    yield f"#### {title}: CPU beside `{labels[0]}`\n"
    yield "| server | ratio | quartiles | rounds in which it took less |"
    yield "| --- | --- | --- | --- |"
    for label in labels[1:]:
        for backend in harness.BACKENDS:
            for handler in options.handler:
                name = server_name(label, backend, handler)
                base = cpu[server_name(labels[0], backend, handler)]
                ratios = [mine / other for mine, other in zip(cpu[name], base)]
                low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
                less = sum(ratio < 1 for ratio in ratios)
                yield f"| {name} | {middle:.3f} | {low:.3f} - {high:.3f} | {less} of {len(ratios)} |"
    yield ""


# Of /user/1 of the example `etag`: the plain answer, and the line that people know.
CONDITIONS = {
    "200": [],
    "304": ["-H", "If-None-Match: c4ca4238a0b923820dcc509a6f75849b"],
}


def cpu_of_wrk(server, line, core):
    """Microseconds of the server's CPU time for each request that wrk counts."""
    before = server.cpu_seconds()
    done = subprocess.run(line, capture_output=True, text=True, preexec_fn=pinned(core))
    spent = server.cpu_seconds() - before
    if done.returncode != 0 or "Socket errors" in done.stdout or "Non-2xx" in done.stdout:
        raise harness.Failed(f"wrk: {done.stdout}{done.stderr}")
    count = int(re.search(r"(\d+) requests in", done.stdout)[1])
    return spent * 1e6 / count


def measure_conditional(options, cores):
    """What a 304 costs beside the 200 of the same route, by wrk, in interleaved rounds."""
    yield "### wrk, If-None-Match beside a plain 200: /user/1 of etag, 64 connections\n"
    yield "| server | answer | CPU us/request | spread | ratio to 200 |"
    yield "| --- | --- | --- | --- | --- |"
    for backend in harness.BACKENDS:
        cores_of_server = None if cores[0] is None else {cores[0]}
        server = harness.Server.start("etag", backend=backend, cores=cores_of_server)
        cpu = {status: [] for status in CONDITIONS}
        try:
            url = f"http://127.0.0.1:{server.port}/user/1"
            line = ["wrk", "-t1", "-c64", f"-d{max(1, round(options.seconds))}s"]
            for number in range(-1, options.rounds):  # the first one warms
                for status, fields in CONDITIONS.items():
                    said = server.get("/user/1", "".join(f"{f}\r\n" for f in fields[1:]))
                    if said.status != int(status):
                        raise harness.Failed(f"{said.status} in place of {status}")
                    spent = cpu_of_wrk(server, [*line, *fields, url], cores[1])
                    if number >= 0:
                        cpu[status].append(spent)
                        progress(f"{backend}, round {number + 1}: {status}: {spent:.3f} us")
        finally:
            server.close()
        for status, values in cpu.items():
            ratio = statistics.median(mine / base for mine, base in zip(values, cpu["200"]))
            yield (
                f"| etag, {backend} | {status} | {statistics.median(values):.3f}"
                f" | {spread(values, 3)} | {ratio:.3f} |"
            )
    yield ""


def measure_memory(options, cores):
    """Private memory for each of many idle connections, each of which was served once."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    first, count = 500, min(IDLE, hard - 1000)
    yield f"### {count:,} idle connections\n"
    yield "| server | bytes of private memory for each |"
    yield "| --- | --- |"
    for name, start in servers(options, cores[0]).items():
        server, peers = start(False), []
        try:
            for many in (first, count):
                before = server.private_bytes()
                for _ in range(many):
                    peers.append(server.connect(deadline=120))
                    peers[-1].send(harness.request("/"))
                    peers[-1].take_until(b"Hello, World!", 4096)
            each = (server.private_bytes() - before) / count
            progress(f"idle: {name}: {each:.0f}")
            yield f"| {name} | {each:.0f} |"
        finally:
            for peer in peers:
                peer.close()
            server.close()
    yield ""


def measure_wrk(options):
    """The two lines of wrk, with all CPUs for server and client together."""
    yield f"### wrk, {options.wrk_seconds} s\n"
    yield "| server | line | requests/s | errors |"
    yield "| --- | --- | --- | --- |"
    for backend in harness.BACKENDS:
        for name, target, fields in (
            ("simple", "/", []),
            ("etag", "/user/1", CONDITIONS["304"]),
        ):
            workers = len(os.sched_getaffinity(0))
            server = harness.Server.start(name, backend=backend, workers=workers)
            try:
                line = ["wrk", "-t16", "-c512", f"-d{options.wrk_seconds}s", *fields]
                url = f"http://127.0.0.1:{server.port}{target}"
                status, said = harness.run_tool(*line, url, deadline=options.wrk_seconds + 60)
                if status != 0:
                    raise harness.Failed(said)
            finally:
                server.close()
            shown = " ".join(f"'{word}'" if " " in word else word for word in line) + " " + target
            rate = next(l.split()[1] for l in said.splitlines() if l.startswith("Requests/sec"))
            errors = [l.strip() for l in said.splitlines() if "Socket errors" in l or "Non-2xx" in l]
            progress(f"wrk: {name}, {backend}: {rate}")
            yield f"| {name}, {backend} | `{shown}` | {float(rate):,.0f} | {'; '.join(errors) or 'none'} |"
    yield ""


def introduction(options, cores):
    yield from heading(
        "Load", f"scripts/bench {' '.join(options.said)}", cores,
        "server and load generator share it, nothing is pinned, and the figures compare with no other"
        " machine's.",
        f"Servers: one worker on core {cores[0]}; load: core {cores[1]}.",
    )  # fmt: skip
    yield f"Medians of {options.rounds} interleaved rounds of {options.seconds:g} s.\n"


def labelled(text):
    label, separator, path = text.partition("=")
    if not (label and separator and os.path.isfile(path)):
        raise argparse.ArgumentTypeError(f"not LABEL=PROGRAM: {text}")
    return label, path


def arguments_of_command():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--warm", type=float, default=0.5, help="seconds before each round")
    parser.add_argument("--wrk-seconds", type=int, default=30, help="of each line of wrk")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*SCENARIOS, CONDITIONAL, MEMORY, WRK],
        help="these scenarios, not all",
    )
    parser.add_argument(
        "--server-binary",
        action="append",
        type=labelled,
        metavar="LABEL=PROGRAM",
        help="this arena, in place of the one built here; several are compared with the first",
    )
    parser.add_argument(
        "--handler", action="append", choices=HANDLERS, help="arena with this handler, not both"
    )
    parser.add_argument("--save", action="store_true", help="write bench/results/DATE.md too")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--ceiling", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.handler = options.handler or HANDLERS
    # The others run programs of --bin alone.
    every = SCENARIOS if options.server_binary else [*SCENARIOS, CONDITIONAL, MEMORY, WRK]
    options.only = options.only or list(every)
    # What a reader would type: without what scripts/bench adds.
    options.said = without_folders(sys.argv[5:])
    return options


def sections(options, cores):
    yield from introduction(options, cores)
    for name, (title, arguments, closes) in SCENARIOS.items():
        if name in options.only:
            yield from measure(options, title, arguments, closes, cores)
    if CONDITIONAL in options.only:
        yield from measure_conditional(options, cores)
    if MEMORY in options.only:
        yield from measure_memory(options, cores)
    if WRK in options.only:
        yield from measure_wrk(options)


def main():
    options = arguments_of_command()
    harness.settings["bin"] = options.bin
    lines = printed(sections(options, two_cores()))
    if options.save:
        progress("saved: " + save(lines, "-compared" if options.server_binary else ""))


if __name__ == "__main__":
    main()
