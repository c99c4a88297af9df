#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an asynchronous handler costs, and whether those that wait are answered on time, beside Hummingbird.

One worker pinned to one core, the load (ceiling/blast.c, delay/open_loop.c) on another. A handler
that never suspends is compared with a synchronous one; a GET of /delay/10 waits ten milliseconds on the
worker. How many of those a second a server answers is measured first; then requests come at half that
rate, whatever the answers do, and the figure is how much later than ten milliseconds after the request
was sent its answer had come to the client's socket. What the load generator did not send in time, because
it stood still itself, it leaves out, instead of sending it in a burst. "As read" begins when the request was due, and ends
when the load generator had read the answer: it has that program's own delays, of which there are some on
a virtual machine. That is seldom half of the server's CPU: a closed loop brings requests in batches, which a
fixed rate does not, and may be limited by the load's core. So each row says what it used. Interleaved
rounds, medians. Prints Markdown. scripts/bench builds what this runs.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys

from load import blast, pinned, spread
from report import ROOT, heading, printed, progress, save, two_cores

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

MILLISECONDS = 10
PATH = f"/delay/{MILLISECONDS}"
AT_ONCE = "/async"
HELD_PATH = "/delay/20000"
PEER = "Hummingbird"
FEW, HELD = 500, 8_000  # connections before memory is first looked at, and after
COST, LATENESS, MEMORY = "cost", "lateness", "memory"


def servers(options, core):
    """name -> how to start it."""
    cores = None if core is None else {core}

    def peer():
        # Unlike arena it does not ask for as many descriptors as it may have.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        command = [options.hummingbird, "--port", "0", "--workers", "1"]
        return harness.Server(command, descriptors=hard, cores=cores)

    start = {
        f"arena, {backend}": lambda backend=backend: harness.Server.start(
            "arena", "--host", "127.0.0.1", backend=backend, cores=cores
        )
        for backend in harness.BACKENDS
    }
    if options.hummingbird:
        start[PEER] = peer
    return {name: how for name, how in start.items() if any(o in name for o in options.server)}


def measure_cost(options, cores):
    """An asynchronous handler that never suspends, beside a synchronous one that says the same; and
    beside itself within asynchronous middleware."""
    yield "### A handler that never suspends: `/async` beside `/pipeline`, and `/around` beside it, 64 connections\n"
    yield (
        "| server | synchronous, CPU us/request | asynchronous | more, us | spread of it"
        " | within middleware | more, us | spread of it |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, start in servers(options, cores[0]).items():
        rounds = {"/pipeline": [], "/async": []}
        if name != PEER:
            rounds["/around"] = []
        with start() as server:
            for number in range(options.cost_rounds):
                for path, values in rounds.items():
                    answer = blast(options, server, ["-c", "64", "-u", path], 1.0, cores[1])
                    values.append(answer["server_us_per_req"])
                progress(f"cost, round {number + 1}: {name}: {[v[-1] for v in rounds.values()]} us")
        row = f"| {name} | {statistics.median(rounds['/pipeline']):.2f}"
        for before, path in (("/pipeline", "/async"), ("/async", "/around")):
            if path in rounds:
                more = [one - other for one, other in zip(rounds[path], rounds[before])]
                row += f" | {statistics.median(rounds[path]):.2f} | {statistics.median(more):+.2f} | {spread(more, 2)}"
            else:
                row += " | | |"
        yield row + " |"
    yield ""
    if PEER in servers(options, cores[0]):
        yield f"Every handler of {PEER} is asynchronous: its two routes are the same.\n"


def open_loop(options, server, count, rate, core, path, milliseconds):
    """One round at a fixed rate; the load generator's own account of it."""
    command = [os.path.join(options.programs, "open_loop"), "-a", server.port, "-c", count]
    command += ["-r", rate, "-d", options.seconds, "-w", 1, "-u", path, "-m", milliseconds]
    command += ["-P", server.pid]
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=options.seconds + 60,
        preexec_fn=pinned(core),
    )  # fmt: skip
    if done.returncode != 0:
        raise harness.Failed(f"open_loop: {done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    if answer["wrong"]:
        raise harness.Failed(f"wrong answers: {done.stdout}")
    return answer


def measure_lateness(options, count, cores):
    """How late answers are at half the rate that the server can serve on so many connections. The
    same rate answered at once is what the machine and the load generator make of it."""
    yield f"### `{PATH}`, {count:,} connections, at half load\n"
    yield (
        "| server | route | can serve, requests/s | asked, requests/s | left out | late, ms: p50 | p99"
        " | as read, ms: p50 | p99 | CPU us/request | CPU used |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    rounds = {}
    for number in range(options.rounds):
        for name, start in servers(options, cores[0]).items():
            with start() as server:
                arguments = ["-c", str(count), "-u", PATH]
                can = blast(options, server, arguments, options.seconds, cores[1])["rps"]
                for path, milliseconds in ((PATH, MILLISECONDS), (AT_ONCE, 0)):
                    answer = open_loop(
                        options, server, count, can / 2, cores[1], path, milliseconds
                    )
                    answer["can"] = can
                    rounds.setdefault((name, path), []).append(answer)
                    progress(f"{count}, round {number + 1}: {name}{path}: {json.dumps(answer)}")
    for (name, path), answers in rounds.items():
        median = lambda key: statistics.median(answer[key] for answer in answers)
        yield (
            f"| {name} | `{path}` | {median('can'):,.0f} | {median('answers') / options.seconds:,.0f}"
            f" | {median('omitted') / (median('omitted') + median('answers')):.1%}"
            f" | {median('arrived_p50_ms'):.2f} | {median('arrived_p99_ms'):.2f}"
            f" | {median('read_p50_ms'):.2f} | {median('read_p99_ms'):.2f} | {median('cpu_us'):.1f}"
            f" | {median('utilisation'):.0%} |"
        )
    yield ""


def measure_memory(options, cores):
    """Private memory for each of many requests that wait."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield f"### {HELD:,} requests that wait: `{HELD_PATH}`\n"
    yield "| server | bytes of private memory for each |"
    yield "| --- | --- |"
    for name, start in servers(options, cores[0]).items():
        server, peers = start(), []
        try:
            for many in (FEW, HELD):
                before = server.private_bytes()
                for _ in range(many):
                    peers.append(server.connect(deadline=120))
                    peers[-1].send(harness.request(HELD_PATH))
                # Taken after them.
                for _ in range(2):
                    server.get("/pipeline")
            each = (server.private_bytes() - before) / HELD
            progress(f"waiting: {name}: {each:.0f}")
            yield f"| {name} | {each:,.0f} |"
        finally:
            for peer in peers:
                peer.close()
            server.close()
    yield ""


def sections(options, cores):
    yield from heading(
        "Delay", f"scripts/bench delay {' '.join(options.said)}".rstrip(), cores,
        "server and load generator share it, nothing is pinned, and the figures compare with no other"
        " machine's.",
        f"Servers: one worker on core {cores[0]}; load: core {cores[1]}.",
    )  # fmt: skip
    yield (
        f"Medians of {options.rounds} interleaved rounds of {options.seconds:g} s. CPU used is the server's"
        " CPU seconds for each second of a round, of the one core that it has.\n"
    )
    if COST in options.only:
        yield from measure_cost(options, cores)
    if LATENESS in options.only:
        for count in (1_000, 8_000):
            yield from measure_lateness(options, count, cores)
    if MEMORY in options.only:
        yield from measure_memory(options, cores)


def arguments_of_command():
    parser = argparse.ArgumentParser(
        prog="scripts/bench delay", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cost-rounds", type=int, default=15, help="of a second, of the cost alone")
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--warm", type=float, default=1, help="seconds before each round")
    parser.add_argument(
        "--only", action="append", choices=[COST, LATENESS, MEMORY], help="these, not all"
    )
    parser.add_argument("--server", action="append", help="those whose name has this in it")
    parser.add_argument("--save", action="store_true", help="write bench/results/DATE-delay.md too")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--ceiling", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--hummingbird", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.only = options.only or [COST, LATENESS, MEMORY]
    options.server = options.server or [""]
    # What a reader would type: without what scripts/bench adds.
    options.said = sys.argv[9:]
    return options


def main():
    options = arguments_of_command()
    harness.settings["bin"] = options.bin
    # The server gets the second core: what a machine has to do itself is mostly on the first one, and
    # would be in every answer's lateness.
    first, second = two_cores()
    lines = printed(sections(options, (second, first)))
    if options.save:
        progress("saved: " + save(lines, "-delay"))


if __name__ == "__main__":
    main()
