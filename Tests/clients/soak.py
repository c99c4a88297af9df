#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Everything at once, for as long as you like: scripts/soak MINUTES.

Ordinary clients, which keep connections, pipeline, move bodies both ways and check each byte of them,
beside slow, broken, malformed, stopped and vanishing ones, against `arena` on each backend at once.
The rate is bounded. It fails when an answer is wrong or does not come, when a server dies or
complains, or when memory, descriptors or threads grow.

Operation N of a seed is always the same one; the seed is printed.
"""

import argparse
import hashlib
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import threading
import time

import harness
import test_conformance
import test_examiner
from exchanges import run_exchanges
from harness import Failed, Peer, Server, request

CLIENTS = 48  # operations under way at once, at most
TIMEOUT = 60.0  # seconds for one operation: for a machine that is busy, not for the server
WARM_PART, WARM_MIN, WARM_MAX = 0.2, 4.0, 60.0  # of the whole time; seconds
EVERY = 2.0  # seconds between two samples

# What may come on top between the end of the warm-up and the end, both times with nobody connected
# and both times under load. Descriptors and threads that nobody uses are all given back.
MEMORY_TOLERANCE = 16 << 20
MEMORY_SHARE = 0.25
DESCRIPTORS_UNDER_LOAD = 2 * CLIENTS

# What the arena sends for /chunked.
PATTERN = bytes((i * 31) & 0xFF for i in range(65_521))

ROWS = [
    row
    for module in (test_conformance, test_examiner)
    for table in vars(module).values()
    if isinstance(table, list)
    for row in table
    if isinstance(row, test_conformance.Row)
]


class Grown(AssertionError):
    """More of something than there may be."""


# ---- Operations: each one client, from its connection to its end ----


def expect(condition, what):
    if not condition:
        raise Failed(what)


def random_body(chance, most):
    return chance.randbytes(chance.choice([0, 1, 100, 5_000, most // 10, most]))


def in_chunks(chance, body):
    """A chunked body in pieces, with extensions and trailers here and there."""
    at = 0
    while at < len(body):
        count = chance.choice([1, 7, 1_000, 60_000]) if len(body) < 200_000 else 60_000
        piece = body[at : at + count]
        extension = chance.choice([b"", b"", b";a=b", b';a="b;\\"c"'])
        yield b"%x%b\r\n%b\r\n" % (len(piece), extension, piece)
        at += count
    yield b"0\r\n" + chance.choice([b"", b"X-Trailer: y\r\n"]) + b"\r\n"


def digest(body):
    return hashlib.sha256(body).hexdigest()


class Ask:
    """One request of an ordinary client, and what it must get."""

    def __init__(self, data, method="GET", status=200, body=None, size=None, fields=()):
        self.data, self.method, self.status = data, method, status
        self.body, self.size, self.fields = body, size, dict(fields)

    def check(self, peer):
        hasher, counted = hashlib.sha256(), [0]

        def take(piece):
            hasher.update(piece)
            counted[0] += len(piece)

        response = peer.read_response(self.method, skips_body=take if self.size else None)
        expect(response.status == self.status, f"{self.data[:60]!r} got {response.head[:200]!r}")
        if self.body is not None:
            expect(response.body == self.body, f"{self.data[:60]!r} got {response.body[:80]!r}")
        if self.size:
            count, wanted = self.size
            expect(counted[0] == count, f"{counted[0]} bytes, not {count}: {self.data[:60]!r}")
            expect(hasher.hexdigest() == wanted, f"another SHA-256: {self.data[:60]!r}")
        for name, value in self.fields.items():
            expect(response.field(name) == value, f"{name} is not {value}: {response.head!r}")
        return response


def download(chance, most):
    count = chance.choice([0, 1, 1_000, 70_000, most])
    if chance.random() < 0.5:
        whole = bytes(count)
        target = f"/download/{count}"
    else:
        whole = (PATTERN * (count // len(PATTERN) + 1))[:count]
        target = f"/chunked/{count}"
    if count == 0:
        return Ask(request(target), body=b"")
    return Ask(request(target), size=(count, digest(whole)))


def upload(chance, most):
    """A body up, whole or counted; SHA-256 of what comes back."""
    body = random_body(chance, most)
    is_echo = chance.random() < 0.6
    target = "/echo" if is_echo else "/upload"
    if chance.random() < 0.5:
        data = request(target, f"Content-Length: {len(body)}\r\n", "POST") + body
    else:
        head = request(target, "Transfer-Encoding: chunked\r\n", "POST")
        data = head + b"".join(in_chunks(chance, body))
    if is_echo and body:
        return Ask(data, "POST", size=(len(body), digest(body)))
    return Ask(data, "POST", body=b"" if is_echo else str(len(body)).encode())


def small(chance):
    number = chance.randrange(1_000_000)
    return chance.choice([
        lambda: Ask(request("/"), body=b"Hello, World!"),
        lambda: Ask(request("/pipeline"), body=b"ok"),
        lambda: Ask(request(f"/baseline11?a={number}&b=1"), body=str(number + 1).encode()),
        lambda: Ask(request("/baseline11?a=1", method="POST", body=str(number).encode()), "POST",
            body=str(number + 1).encode()),
        lambda: Ask(request(f"/user/{number}"), body=str(number).encode()),
        lambda: Ask(request("/user/1", "If-None-Match: *\r\n"), status=304, body=b""),
        lambda: Ask(request("/", method="HEAD"), "HEAD", fields={"Content-Length": "13"}),
        lambda: Ask(request(f"/nowhere/{number}"), status=404),
        lambda: Ask(request("/", method="DELETE"), status=405, fields={"Allow": "GET, HEAD, OPTIONS"}),
        lambda: Ask(request("*", method="OPTIONS"), status=204),
        lambda: upload(chance, 2_000),
        lambda: download(chance, 3_000),
    ])()  # fmt: skip


class Client:
    """What the operations share: the server and the operation's own random numbers."""

    def __init__(self, server, chance):
        self.server, self.chance = server, chance

    def connect(self, **options):
        return self.server.connect(TIMEOUT, **options)

    def pause(self, most):
        """A client takes its time; nothing waits for it."""
        time.sleep(self.chance.random() * most)

    def keeps_its_connection(self):
        with self.connect() as peer:
            for _ in range(self.chance.randrange(1, 30)):
                ask = small(self.chance)
                peer.send(ask.data)
                expect(not ask.check(peer).says_close, "closed for no reason")
                if self.chance.random() < 0.1:
                    self.pause(0.2)

    def pipelines(self):
        asks = [small(self.chance) for _ in range(self.chance.choice([2, 8, 64, 300]))]
        with self.connect() as peer:
            data = b"".join(ask.data for ask in asks)
            writer = threading.Thread(target=peer.socket.sendall, args=(data,), daemon=True)
            peer.socket.settimeout(TIMEOUT)
            writer.start()
            for ask in asks:
                ask.check(peer)
            writer.join()
            if self.chance.random() < 0.5:
                peer.finish()
                peer.expect_end()

    def moves_bodies(self):
        most = self.chance.choice([100_000, 1_000_000])
        with self.connect() as peer:
            for _ in range(self.chance.randrange(1, 4)):
                make = self.chance.choice([upload, download])
                ask = make(self.chance, most)
                # A large echo comes while the rest of it goes: both ends need somebody to read.
                peer.send_until_refused([ask.data])
                ask.check(peer)

    def is_refused_a_large_body(self):
        with self.connect() as peer:
            peer.send(request("/echo", f"Content-Length: {(8 << 20) + 1}\r\n", "POST"))
            if self.chance.random() < 0.5:
                peer.send_until_refused([bytes(100_000)])
            response = peer.read_response("POST")
            expect((response.status, response.says_close) == (413, True), f"{response.head!r}")
            peer.expect_end()

    def waits_for_100(self):
        body = random_body(self.chance, 50_000) or b"x"
        target = self.chance.choice(["/echo", "/upload"])
        with self.connect() as peer:
            fields = f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n"
            peer.send(request(target, fields, "POST"))
            interim = peer.take_until(b"\r\n\r\n", 200)
            expect(interim == b"HTTP/1.1 100 Continue\r\n\r\n", f"no 100: {interim!r}")
            self.pause(0.1)
            peer.send_until_refused([body])
            wanted = body if target == "/echo" else str(len(body)).encode()
            Ask(b"100-continue", "POST", body=wanted).check(peer)

    def drips(self):
        """Whole requests, in pieces that take their time, far from every deadline."""
        with self.connect() as peer:
            for _ in range(self.chance.randrange(1, 3)):
                ask = small(self.chance)
                pieces = self.chance.randrange(2, 12)
                cuts = sorted(self.chance.randrange(len(ask.data)) for _ in range(pieces))
                for start, end in zip([0] + cuts, cuts + [len(ask.data)]):
                    peer.send(ask.data[start:end])
                    self.pause(0.1)
                ask.check(peer)

    def reads_slowly(self):
        ask = download(self.chance, 500_000)
        with self.connect(receive_buffer=4096) as peer:
            peer.send(ask.data)
            for _ in range(self.chance.randrange(5)):
                self.pause(0.1)
                if select.select([peer.socket], [], [], 0)[0]:
                    peer.buffer += peer.socket.recv(self.chance.choice([1, 100, 4096]))
            ask.check(peer)

    def is_malformed(self):
        row = self.chance.choice(ROWS)
        conversation = self.chance.choice(list(test_conformance.conversations(row)))
        run_exchanges(self.server.address, [conversation])
        conversation.check()

    def breaks_off(self):
        """Ends, or resets, at any byte."""
        data = b"".join(small(self.chance).data for _ in range(self.chance.randrange(1, 4)))
        with self.connect() as peer:
            peer.send(data[: self.chance.randrange(len(data) + 1)])
            way = self.chance.choice(["close", "reset", "finish"])
            if way == "finish":
                peer.finish()
                peer.read_to_end()
            elif way == "reset":
                peer.reset()

    def vanishes_during_an_answer(self):
        with self.connect(receive_buffer=4096) as peer:
            peer.send(download(self.chance, 3_000_000).data * 3)
            peer.take(1)
            if self.chance.random() < 0.5:
                peer.reset()

    def never_reads(self):
        """Pipelines as much as is taken, reads nothing of it, and goes."""
        with self.connect(receive_buffer=4096) as peer:
            peer.socket.setblocking(False)
            flood = request("/download/10000") * 500
            try:
                for _ in range(20):
                    peer.socket.send(flood)
            except BlockingIOError:
                pass
            self.pause(1)
            peer.reset()

    def comes_and_goes(self):
        for _ in range(self.chance.randrange(1, 20)):
            peer = self.connect()
            if self.chance.random() < 0.5:
                peer.send(request("/pipeline", "Connection: close\r\n"))
                response = peer.read_response()
                expect(response.body == b"ok" and response.says_close, f"{response.raw!r}")
                peer.expect_end()
            peer.close() if self.chance.random() < 0.7 else peer.reset()

    def sits_idle(self):
        with self.connect() as peer:
            if self.chance.random() < 0.5:
                peer.expect_open()
            self.pause(3)
            expect(peer.expect_open().status == 200, "not served after a pause")

    def is_stopped(self):
        """Another process downloads, is stopped on the way, and goes on."""
        count = self.chance.choice([5, 20]) << 20
        words = ["--reader", str(self.server.port), str(count)]
        reader = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            expect(reader.stdout.readline() == "began\n", "the reader did not begin")
            reader.send_signal(signal.SIGSTOP)
            self.pause(4)
            reader.send_signal(signal.SIGCONT)
            said = reader.stdout.read()  # not communicate(), which misses what readline() took
        finally:
            reader.kill()
            reader.wait()
        whole = hashlib.sha256()
        for _ in range(count >> 20):
            whole.update(bytes(1 << 20))
        expect(said.strip() == whole.hexdigest(), f"a stopped reader got: {said!r}")


# name of the operation -> how often, of the sum
MIX = {
    Client.keeps_its_connection: 30, Client.pipelines: 15, Client.moves_bodies: 10,
    Client.is_refused_a_large_body: 2, Client.waits_for_100: 6, Client.drips: 6,
    Client.reads_slowly: 4, Client.is_malformed: 25, Client.breaks_off: 15,
    Client.vanishes_during_an_answer: 4, Client.never_reads: 2, Client.comes_and_goes: 8,
    Client.sits_idle: 3, Client.is_stopped: 0.5,
}  # fmt: skip


def read_as_a_process(port, count):
    """What is_stopped runs: says that the answer began, then its SHA-256."""
    with Peer(("127.0.0.1", port), TIMEOUT * 2) as peer:
        peer.send(request(f"/download/{count}"))
        hasher, has_begun = hashlib.sha256(), []

        def take(piece):
            if not has_begun:
                has_begun.append(True)
                print("began", flush=True)
            hasher.update(piece)

        peer.read_response(skips_body=take)
        print(hasher.hexdigest())


# ---- Watching ----


def thread_names(pid):
    """Of its threads, without the kernel's own, which come and go. Those begin with "iou-", but are
    called as the program is for the moment in which they begin."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm") as file:
                name = file.read().strip()
        except FileNotFoundError:
            continue
        if not name.startswith("iou-"):
            yield name


class Sample:
    def __init__(self, server):
        with open(f"/proc/{server.pid}/smaps_rollup") as file:
            kib = {l.split()[0]: int(l.split()[1]) for l in file if l.endswith(" kB\n")}
        # Not Pss: it moves with the other processes that share a library's pages.
        self.rss, self.private = kib["Rss:"] << 10, kib["Private_Dirty:"] << 10
        self.descriptors = server.descriptors()
        self.names = sorted(thread_names(server.pid))
        # The thread that writes the log begins with the first line.
        self.threads = len(self.names) + (0 if server.log() else 1)

    def __str__(self):
        return (
            f"Rss {self.rss >> 10:,} KiB, private {self.private >> 10:,} KiB,"
            f" {self.descriptors} descriptors, {len(self.names)} threads ({', '.join(self.names)})"
        )


def middle(samples, name):
    return statistics.median(getattr(sample, name) for sample in samples)


class Watched:
    """A server under test, and what was seen of it."""

    def __init__(self, backend, options):
        self.backend = backend
        self.watches_memory = not options.sanitized
        self.server = Server.start("arena", "--host", "127.0.0.1", backend=backend, workers=2)
        self.started = Sample(self.server)
        self.samples = []

    def sample(self):
        self.samples.append(Sample(self.server))

    def check_alive(self):
        if self.server.process.poll() is not None:
            status = self.server.process.returncode
            raise Failed(f"the server died with status {status}: {self.server.log()[-3000:]}")

    def sample_when_idle(self, before=None):
        """With nobody connected: what it has, once the last connection is gone, and no more threads
        than before, if that ever is."""
        started = self.started.descriptors
        harness.wait_for(
            lambda: self.server.descriptors() <= started, "all descriptors are given back", TIMEOUT
        )
        if before is not None:
            try:
                harness.wait_for(
                    lambda: Sample(self.server).threads <= before.threads, "threads end", TIMEOUT
                )
            except harness.Failed:
                pass  # check_growth tells of it
        return Sample(self.server)

    def check_growth(self, before, after):
        """At rest, against the end of the warm-up; then the last third of the samples under load
        against the first."""
        for name in ("descriptors", "threads"):
            if getattr(after, name) > getattr(before, name):
                raise Grown(
                    f"{name} grew from {getattr(before, name)} to {getattr(after, name)} at rest"
                )
        third = max(1, len(self.samples) // 3)
        first, last = self.samples[:third], self.samples[-third:]
        allowed = {
            "threads": lambda count: count,
            "descriptors": lambda count: count + DESCRIPTORS_UNDER_LOAD,
        }
        if self.watches_memory:
            memory = lambda count: count * (1 + MEMORY_SHARE) + MEMORY_TOLERANCE
            allowed.update(rss=memory, private=memory)
            for name in ("rss", "private"):
                if getattr(after, name) > memory(getattr(before, name)):
                    most = memory(getattr(before, name)) / 1024
                    raise Grown(
                        f"memory grew at rest: {before}; then {after}; {most:,.0f} KiB are allowed"
                    )
        for name, most in allowed.items():
            was, now = middle(first, name), middle(last, name)
            if now > most(was):
                raise Grown(f"{name} grew under load: the median was {was:,.0f}, then {now:,.0f}")

    def stop(self):
        status = self.server.stop(60)
        log = self.server.log()
        if status != 0 or any(w in log for w in ("Sanitizer", "Assertion", "Fatal error")):
            raise Failed(f"it ended with status {status} and said: {log[-5000:]}")


class Load:
    """Starts operations at a rate, each on a thread of its own, until it is paused."""

    def __init__(self, options, watched):
        self.seed, self.rate, self.watched = options.seed, options.rate, watched
        self.number = 0
        self.counts = {}
        self.failures = []
        self.lock = threading.Lock()
        self.slots = threading.Semaphore(CLIENTS)

    def run(self, until, sampling):
        """Until that time; then all operations have ended."""
        due = next_sample = time.monotonic()
        running = []
        while (now := time.monotonic()) < until and not self.failures:
            if sampling and now >= next_sample:
                next_sample = now + EVERY
                for watched in self.watched:
                    watched.check_alive()
                    watched.sample()
            due = max(due + 1 / self.rate, now - 1)  # what a busy machine missed is not made up for
            time.sleep(max(0, due - now))
            self.slots.acquire()
            thread = threading.Thread(target=self.operate, args=(self.number,), daemon=True)
            thread.start()
            running = [t for t in running if t.is_alive()] + [thread]
            self.number += 1
        for thread in running:
            thread.join(TIMEOUT * 3)
            if thread.is_alive():
                raise Failed("an operation did not end")
        for watched in self.watched:
            watched.check_alive()
        if self.failures:
            raise Failed(self.failures[0])

    def operate(self, number):
        chance = random.Random(self.seed * 1_000_003 + number)
        watched = chance.choice(self.watched)
        operation = chance.choices(list(MIX), list(MIX.values()))[0]
        try:
            operation(Client(watched.server, chance))
            with self.lock:
                name = operation.__name__
                self.counts[name] = self.counts.get(name, 0) + 1
        except Exception as failure:
            which = f"operation {number} of seed {self.seed}, {operation.__name__}"
            self.failures.append(f"{which}, over {watched.backend}: {failure!r}")
        finally:
            self.slots.release()


def soak(options):
    end = time.monotonic() + options.seconds
    warm = min(WARM_MAX, max(WARM_MIN, options.seconds * WARM_PART))
    watched = [Watched(backend, options) for backend in options.backend or harness.BACKENDS]
    try:
        load = Load(options, watched)
        load.run(time.monotonic() + warm, sampling=False)
        before = [each.sample_when_idle() for each in watched]
        load.run(end, sampling=True)
        for each, was in zip(watched, before):
            now = each.sample_when_idle(was)
            print(f"{each.backend} at rest: {was}; then {now}")
            each.check_growth(was, now)
            each.stop()
        done = ", ".join(f"{name} {count}" for name, count in sorted(load.counts.items()))
        print(f"{load.number} operations: {done}")
    finally:
        for each in watched:
            each.server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float, nargs="?")
    parser.add_argument("--rate", type=float, default=60, help="operations begun a second")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--backend", action="append", choices=("io_uring", "epoll"))
    parser.add_argument("--bin", default=harness.settings["bin"], help="folder of the programs")
    parser.add_argument("--sanitized", action="store_true", help="programs built with a sanitizer")
    parser.add_argument("--reader", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        return read_as_a_process(*options.reader)
    if options.seconds is None:
        parser.error("for how many seconds?")
    harness.settings.update(bin=os.path.abspath(options.bin), sanitized=options.sanitized)
    seconds, rate = options.seconds, options.rate
    print(f"soak: {seconds:.0f} s, seed {options.seed}, {rate:g} operations/s", flush=True)
    try:
        soak(options)
    except (Failed, Grown) as failure:
        print(f"soak: failed: {failure}")
        return 1
    print("soak: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
