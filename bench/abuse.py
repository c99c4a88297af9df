#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The p99 of an ordinary client, quiet and beside each kind of abuse. Prints Markdown.

One worker pinned to one core. The client and the abuser share the other one, where the abuser gets
only what the client leaves (SCHED_IDLE), so that what is measured is how the server divides itself.
Each round measures quiet and abused next to each other; ratios are taken within a round, and what
is said are medians of the rounds. The bar is a ratio of 3. `scripts/bench abuse` builds what this
runs.
"""

import argparse
import os
import resource
import select
import signal
import statistics
import sys
import time

from report import ROOT, heading, printed, save, two_cores

sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402
from harness import Peer, Server, request  # noqa: E402

BAR = 3.0
FOREVER = 3600.0


# ---- Abusers: each runs until it is killed, and says when it has begun ----


class Crowd:
    """Connections that are opened again when the server ends them."""

    def __init__(self, address, count, first, **options):
        self.address, self.first, self.options = address, first, options
        self.peers = [self.open() for _ in range(count)]

    def open(self):
        peer = Peer(self.address, FOREVER, **self.options)
        if self.first:
            peer.socket.send(self.first)
        peer.socket.setblocking(False)
        return peer

    def each(self, act):
        """Let each client act once; one that was ended comes back."""
        for index, peer in enumerate(self.peers):
            try:
                act(peer)
            except BlockingIOError:
                pass
            except OSError:
                peer.close()
                self.peers[index] = self.open()


def is_idle(address, begun):
    crowd = Crowd(address, 10_000, b"")
    for peer in crowd.peers:
        peer.socket.setblocking(True)
        peer.send(request("/pipeline"))
        peer.take_until(b"ok", 4096)
    begun()
    signal.pause()


def drips(crowd, begun, byte, pause):
    def act(peer):
        peer.socket.send(byte)
        if not peer.socket.recv(4096):
            raise ConnectionResetError

    begun()
    while True:
        crowd.each(act)
        select.select([], [], [], pause)


def drips_heads(address, begun):
    drips(Crowd(address, 1000, b"GET / HTTP/1.1\r\nX: "), begun, b"x", 0.1)


def drips_bodies(address, begun):
    first = request("/upload", "Content-Length: 1000000\r\n", "POST")
    drips(Crowd(address, 1000, first), begun, b"x", 0.1)


def reads_slowly(address, begun):
    crowd = Crowd(address, 300, request("/download/10000000"), receive_buffer=4096)

    def act(peer):
        if not peer.socket.recv(32):
            raise ConnectionResetError

    begun()
    while True:
        crowd.each(act)
        select.select([], [], [], 0.1)


def floods(address, begun, first, piece, count=16):
    """Sends all that is taken, and reads what comes back."""
    crowd = Crowd(address, count, first)

    def act(peer):
        peer.socket.send(piece)
        if not peer.socket.recv(1 << 16):
            raise ConnectionResetError

    begun()
    while True:
        crowd.each(act)


def floods_heads(address, begun):
    floods(address, begun, b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: " + b"y" * 1000 + b"\r\n")


def floods_malformed(address, begun):
    floods(address, begun, b"", b"GET / HTTP/1.1\nHost: a\n\n")


def floods_extensions(address, begun):
    first = request("/upload", "Transfer-Encoding: chunked\r\n", "POST")
    floods(address, begun, first, (b"1;" + b"x" * 4000 + b"\r\nz\r\n") * 10)


def floods_pipelines(address, begun):
    floods(address, begun, b"", request("/pipeline") * 500)


def never_reads(address, begun):
    flood = request("/download/100000") * 100
    crowd = Crowd(address, 100, flood, receive_buffer=4096)
    begun()
    while True:
        crowd.each(lambda peer: peer.socket.send(flood))
        select.select([], [], [], 0.1)


def resets(address, begun):
    begun()
    starts = (b"", b"GET / HT", request("/"), request("/download/1000000"))
    while True:
        for start in starts:
            peer = Peer(address, FOREVER)
            if start:
                peer.send(start)
            peer.reset()


ABUSES = {
    "10,000 idle connections": is_idle,
    "1,000 heads that drip": drips_heads,
    "1,000 bodies that drip": drips_bodies,
    "300 slow readers": reads_slowly,
    "100 pipeliners that never read": never_reads,
    "16 endless heads": floods_heads,
    "16 senders of malformed requests": floods_malformed,
    "16 bodies of tiny chunks with long extensions": floods_extensions,
    "16 pipeliners, 500 requests a write": floods_pipelines,
    "connections that are reset, without a pause": resets,
}


class Abuser:
    """An abuse in a process of its own, which has begun."""

    def __init__(self, abuse, server, core):
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reading)
                pin(core)
                abuse(server.address, lambda: self.begin(writing))
            except BaseException as failure:
                print(f"the abuser ended: {failure!r}", file=sys.stderr, flush=True)
            finally:
                os._exit(1)
        os.close(writing)
        begun = os.read(reading, 1)
        os.close(reading)
        if not begun:
            raise harness.Failed("the abuser did not begin")

    def begin(self, writing):
        """It is set up: from now on it gets what is left."""
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.write(writing, b"1")

    def end(self):
        """Kills it; it must have lived until now."""
        ended, _ = os.waitpid(self.pid, os.WNOHANG)
        if ended:
            raise harness.Failed("the abuser ended before it was killed")
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


# ---- The ordinary client ----


def pin(core):
    if core is not None:
        os.sched_setaffinity(0, {core})


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def probe(server, seconds):
    """Asks one request after the other on one connection; the times, in microseconds."""
    data, times = request("/pipeline"), []
    with Peer(server.address, seconds + 60) as peer:
        peer.expect_open()
        plain, until = peer.socket, time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter_ns()
            plain.send(data)
            answer = plain.recv(4096)
            times.append((time.perf_counter_ns() - began) / 1000)
            if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"ok"):
                raise harness.Failed(f"wrong: {answer!r}")
    return times


def measure(options, backend, cores):
    """Rounds of every abuse over one backend; the lines of its table."""
    rounds = {name: [] for name in ABUSES}
    server = Server.start(
        "arena", "--host", "127.0.0.1", backend=backend, workers=1,
        cores=None if cores[0] is None else {cores[0]},
    )  # fmt: skip
    try:
        rest = server.descriptors()
        probe(server, options.seconds)
        for number in range(options.rounds):
            for name, abuse in ABUSES.items():
                quiet = probe(server, options.seconds)
                abuser = Abuser(abuse, server, cores[1])
                try:
                    abused = probe(server, options.seconds)
                finally:
                    abuser.end()
                harness.wait_for(lambda: server.descriptors() <= rest, "everybody is gone", 120)
                rounds[name].append((quiet, abused))
                ratio = percentile(abused, 0.99) / percentile(quiet, 0.99)
                said = f"{backend}, round {number + 1}: {name}: {ratio:.2f}"
                print(said, file=sys.stderr, flush=True)
    finally:
        server.close()

    yield f"### {backend}\n"
    yield (
        "| abuse | p50 quiet | p50 abused | p99 quiet | p99 abused | ratio of p99 | spread"
        f" | within {BAR:g} |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, pairs in rounds.items():
        at = lambda which, share: [percentile(pair[which], share) for pair in pairs]
        ratios = [abused / quiet for quiet, abused in zip(at(0, 0.99), at(1, 0.99))]
        ratio = statistics.median(ratios)
        columns = [statistics.median(at(which, share)) for share in (0.5, 0.99) for which in (0, 1)]
        yield (
            f"| {name} | " + " | ".join(f"{value:.0f}" for value in columns)
            + f" | {ratio:.2f} | {min(ratios):.2f} - {max(ratios):.2f}"
            + f" | {'yes' if ratio <= BAR else 'no'} |"
        )  # fmt: skip
    yield ""


def introduction(options, cores):
    yield from heading(
        "An ordinary client beside abuse", f"scripts/bench abuse {' '.join(options.said)}", cores,
        "all share it, and the figures say little.",
        f"Server: one worker on core {cores[0]}; client and abuser: core {cores[1]}, the abuser"
        " SCHED_IDLE.",
    )  # fmt: skip
    yield (
        f"Microseconds; medians of {options.rounds} rounds of {options.seconds:g} s."
        f" The bar is a ratio of {BAR:g}.\n"
    )


def sections(options, cores):
    yield from introduction(options, cores)
    for backend in harness.BACKENDS:
        yield from measure(options, backend, cores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--only", action="append", help="whose name holds one of these words")
    parser.add_argument("--save", action="store_true", help="write bench/results/DATE-abuse.md too")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # What a reader would type: without what scripts/bench adds.
    options.said = sys.argv[3:]
    harness.settings["bin"] = options.bin
    for name in list(ABUSES):
        if options.only and not any(word in name for word in options.only):
            del ABUSES[name]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cores = two_cores()
    pin(cores[1])
    lines = printed(sections(options, cores))
    if options.save:
        save(lines, "-abuse")


if __name__ == "__main__":
    main()
