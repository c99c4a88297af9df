#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fan-out of Server-Sent Events beside a naive C program and nginx with nchan.

Every server has one worker pinned to one core, and the subscribers (fanout/listen.c) another. In each
round every server is started anew, gets its subscribers, and brings them single events and then
bursts, all in turn, so that what else the machine does falls on all of them. The figures are medians;
ratios are taken within each round. Two servers a few percent apart are told from each other only by
turns of a few events each, for which both have their subscribers at the same time. Prints Markdown.
scripts/bench builds what this runs.
"""

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

from report import ROOT, heading, printed, progress, save, two_cores

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

CEILING = "naive C"
NCHAN = "nginx, nchan"
BURST = 32
TURNS, EVENTS_OF_TURN = 24, 5  # of two servers that are compared by turns
FEW = 1_500  # subscribers before memory is first looked at: buffers that all share are in use then
NCHAN_MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so"
NCHAN_CONFIGURATION = """
load_module {module};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    keepalive_requests 1000000;
    nchan_shared_memory_size 256M;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /sse {{
            nchan_subscriber eventsource;
            nchan_channel_id notifications;
            nchan_subscriber_first_message newest;
        }}
        location = /notification {{
            nchan_publisher;
            nchan_channel_id notifications;
            nchan_message_buffer_length 128;
        }}
    }}
}}
"""


class Program:
    """A server that is told its port."""

    def __init__(self, command, port, core):
        self.port = port
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=pinned(core)
        )
        self.pid = self.process.pid
        try:
            harness.wait_for(
                lambda: not harness.is_refused(("127.0.0.1", port)), "the server listens"
            )
        except BaseException:
            self.close()
            raise

    private_bytes = harness.Server.private_bytes

    def close(self):
        self.process.terminate()
        self.process.wait()


class Nchan(Program):
    def __init__(self, port, core):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(
                NCHAN_CONFIGURATION.format(module=NCHAN_MODULE, folder=self.folder, port=port)
            )
        super().__init__([nginx(), "-p", self.folder, "-c", path], port, core)
        try:
            harness.wait_for(self._workers, "nginx starts its worker")
        except BaseException:
            self.close()
            raise
        self.pid = self._workers()[0]

    def _workers(self):
        """It listens before they are there."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]

    def close(self):
        super().close()
        shutil.rmtree(self.folder)


def nginx():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def pinned(core):
    """Also with as many descriptors as there may be: a server's subscribers need one each."""

    def prepare():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if core is not None:
            os.sched_setaffinity(0, {core})

    return prepare


def free_port():
    """One below those that the kernel gives to clients."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with harness.socket.socket() as holder:
            try:
                holder.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise harness.Failed("no free port")


def servers(options, core):
    """name -> how to start it."""
    cores = None if core is None else {core}
    program = lambda name: os.path.join(options.programs, name)

    def naive():
        port = free_port()
        return Program([program("naive"), str(port)], port, core)

    def ours(path, backend, *more):
        command = [path, "--port", str(free_port()), "--backend", backend, "--workers", "1", *more]
        return harness.Server(command, cores=cores)

    start = {CEILING: naive}
    for backend in harness.BACKENDS:
        start[f"C core, {backend}"] = lambda backend=backend: ours(program("core"), backend)
    if os.path.exists(harness.program("sse")):
        for backend in harness.BACKENDS:
            start[f"sse in Swift, {backend}"] = (
                lambda backend=backend: ours(harness.program("sse"), backend, "--host", "127.0.0.1")
            )  # fmt: skip
    if os.path.exists(NCHAN_MODULE) and os.path.exists(nginx()):
        start[NCHAN] = lambda: Nchan(free_port(), core)
    return {name: how for name, how in start.items() if any(o in name for o in options.server)}


class Listeners:
    """The subscribers of one server; see listen.c."""

    def __init__(self, options, server, core):
        command = [os.path.join(options.programs, "listen"), "-a", server.port, "-P", server.pid]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=pinned(core),
        )

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise harness.Failed(f"the subscribers gave up: {' '.join(map(str, words))}")
        return answer

    def run(self, *words):
        return json.loads(self.ask("run", *words))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()


def measure_one(options, start, count, cores):
    """A round of one server: its figures."""
    server = start()
    listeners = None
    try:
        listeners = Listeners(options, server, cores[1])
        few = min(FEW, count // 2)
        listeners.ask("connect", few)
        before = server.private_bytes()
        listeners.ask("connect", count)
        each = lambda: (server.private_bytes() - before) / (count - few)
        figures = {"memory": each()}
        listeners.run(2, 1, 1000)  # every connection has been used
        singles = max(4, round(options.deliveries / count))
        bursts = max(1, round(options.deliveries / (count * BURST)))
        # A period of 10 microseconds a delivery leaves all of them idle now and then.
        figures["single"] = listeners.run(singles, 1, count * 10)
        figures["burst"] = listeners.run(bursts, BURST, count * 10)
        figures["after"] = each()
        return figures
    finally:
        if listeners is not None:
            listeners.close()
        server.close()


class Audience:
    """A server with its subscribers."""

    def __init__(self, options, start, count, cores):
        self.server = start()
        self.listeners = None
        try:
            self.listeners = Listeners(options, self.server, cores[1])
            self.listeners.ask("connect", count)
            self.listeners.run(2, 1, 1000)  # every connection has been used
        except BaseException:
            self.close()
            raise

    def cost(self, count):
        """CPU seconds of a delivery, in one turn."""
        answer = self.listeners.run(EVENTS_OF_TURN, 1, count * 10)
        return answer["cpu_seconds"] / answer["deliveries"]

    def close(self):
        if self.listeners is not None:
            self.listeners.close()
        self.server.close()


def measure_by_turns(options, start, ceiling, count, cores):
    """What the ceiling spends for a delivery, as a part of what a server spends, in turn after turn.
    The server that is started first has other memory than the second, so the order is drawn."""
    audiences, starts = [None, None], [start, ceiling]
    ratios = []
    try:
        for i in random.sample(range(2), 2):
            audiences[i] = Audience(options, starts[i], count, cores)
        for _ in range(TURNS):
            costs = [0.0, 0.0]
            for i in random.sample(range(2), 2):
                costs[i] = audiences[i].cost(count)
            ratios.append(costs[1] / costs[0])
    finally:
        for audience in audiences:
            if audience is not None:
                audience.close()
    return ratios


def turns_table(options, count, cores):
    start = servers(options, cores[0])
    others = [name for name in start if name not in (CEILING, NCHAN)]
    if CEILING not in start or not others:
        return
    ratios = {name: [] for name in others}
    restarts = max(2, options.rounds // 3)
    for number in range(restarts):
        for name in others:
            ratios[name] += measure_by_turns(options, start[name], start[CEILING], count, cores)
            progress(f"{count}, turns {number + 1}: {name}: {median(ratios[name], '.3f')}")
    yield f"### {count:,} subscribers, single events, by turns with {CEILING}\n"
    yield (
        f"{TURNS} turns of {EVENTS_OF_TURN} events each, {restarts} times; deliveries per CPU-second as"
        f" a ratio to {CEILING}, turn by turn.\n"
    )
    yield "| server | median | lower quartile | upper quartile |"
    yield "| --- | --- | --- | --- |"
    for name, values in ratios.items():
        lower, middle, upper = statistics.quantiles(values, n=4)
        yield f"| {name} | {middle:.3f} | {lower:.3f} | {upper:.3f} |"
    yield ""


def median(values, pattern):
    return format(statistics.median(values), pattern)


def table(rounds, kind, title):
    yield f"### {title}\n"
    yield (
        "| server | deliveries per CPU-second | spread | ratio to naive C | CPU us/delivery"
        " | p50 lag ms | p99 lag ms | p99 ratio | deliveries/s |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    each = {
        name: [a[kind]["deliveries"] / a[kind]["cpu_seconds"] for a in answers]
        for name, answers in rounds.items()
    }
    for name, answers in rounds.items():
        shown = [figures[kind] for figures in answers]
        ratio = tail = "-"
        if CEILING in rounds:
            # Round by round, because a slow moment of the machine slows what ran beside it too.
            ratio = median([mine / base for mine, base in zip(each[name], each[CEILING])], ".2f")
            base = [figures[kind]["p99_us"] for figures in rounds[CEILING]]
            tail = median([a["p99_us"] / b for a, b in zip(shown, base)], ".2f")
        yield (
            f"| {name} | {median(each[name], ',.0f')} | {min(each[name]):,.0f} - {max(each[name]):,.0f}"
            f" | {ratio} | {median([1e6 / value for value in each[name]], '.2f')}"
            f" | {median([a['p50_us'] / 1000 for a in shown], '.2f')}"
            f" | {median([a['p99_us'] / 1000 for a in shown], '.2f')} | {tail}"
            f" | {median([a['deliveries'] / a['seconds'] for a in shown], ',.0f')} |"
        )
    yield ""


def memory_table(rounds_of):
    rounds_of = {count: rounds for count, rounds in rounds_of.items() if count >= 2 * FEW}
    if not rounds_of:
        return
    yield "### Private memory for each idle subscriber, bytes\n"
    names = list(next(iter(rounds_of.values())))
    yield "| server |" + "".join(f" {count:,} | after events |" for count in rounds_of)
    yield "| --- |" + " --- | --- |" * len(rounds_of)
    for name in names:
        cells = (
            f" {median([a['memory'] for a in rounds[name]], '.0f')}"
            f" | {median([a['after'] for a in rounds[name]], '.0f')} |"
            for rounds in rounds_of.values()
        )
        yield f"| {name} |" + "".join(cells)
    yield ""


def introduction(options, cores):
    yield from heading(
        "Fan-out", f"scripts/bench fanout {' '.join(options.said)}", cores,
        "server and subscribers share it, nothing is pinned, and the figures compare with no other"
        " machine's.",
        f"Servers: one worker on core {cores[0]}; subscribers: core {cores[1]}.",
    )  # fmt: skip
    yield (
        f"Medians of {options.rounds} interleaved rounds of about {options.deliveries:,} deliveries"
        f" of each kind. A burst is {BURST} POSTs written at once on one connection. CPU is the"
        " server's, with what the kernel does for it. Lag is from the write of the POST to the receive.\n"
    )


def arguments_of_command():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--deliveries", type=int, default=50_000, help="of each round and kind")
    parser.add_argument("--subscribers", type=int, action="append", help="1,000, 5,000 and 10,000")
    parser.add_argument("--server", action="append", help="those whose name has this in it")
    parser.add_argument("--save", action="store_true", help="write bench/results/DATE-fanout.md too")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.subscribers = options.subscribers or [1000, 5000, 10000]
    options.server = options.server or [""]
    # What a reader would type: without what scripts/bench adds.
    options.said = sys.argv[5:]
    return options


def sections(options, cores):
    yield from introduction(options, cores)
    rounds_of = {}
    for count in options.subscribers:
        rounds = rounds_of[count] = {}
        for number in range(options.rounds):
            for name, start in servers(options, cores[0]).items():
                figures = measure_one(options, start, count, cores)
                rounds.setdefault(name, []).append(figures)
                cost = {
                    kind: 1e6 * figures[kind]["cpu_seconds"] / figures[kind]["deliveries"]
                    for kind in ("single", "burst")
                }
                progress(
                    f"{count}, round {number + 1}: {name}: {cost['single']:.2f} us,"
                    f" {cost['burst']:.2f} us in bursts"
                )
        yield from table(rounds, "single", f"{count:,} subscribers, single events")
        yield from table(rounds, "burst", f"{count:,} subscribers, bursts of {BURST}")
        yield from turns_table(options, count, cores)
    yield from memory_table(rounds_of)


def main():
    options = arguments_of_command()
    harness.settings["bin"] = options.bin
    lines = printed(sections(options, two_cores()))
    if options.save:
        progress("saved: " + save(lines, "-fanout"))


if __name__ == "__main__":
    main()
