# SPDX-License-Identifier: MIT
"""A server under abuse: meanwhile an ordinary client is always answered, and afterwards memory,
descriptors and threads are what they were."""

import csv
import os
import random
import resource
import select
import socket
import threading
import time
import unittest

import harness
from harness import Failed, Server, on_each_backend, request, run_tool, wait_for
from soak import Sample

# Deadlines of a run that does not wait for the defaults, in milliseconds.
SHORT = {"head": 2000, "bodyGrace": 2000, "writeStall": 2000, "idle": 60_000, "linger": 500}
# Bytes that a process may keep of what an abuse made it take, a minute later: above all the receive
# buffers of a ring, which are there once. What a second round adds to a first is what connections leave.
MEMORY_TOLERANCE = 16 << 20
MEMORY_OF_A_ROUND = 2 << 20
MEMORY_DEADLINE = 60.0  # seconds
ANSWER_MAX = 120.0  # seconds in which an ordinary client has its answer, on any machine


def is_long():
    return harness.settings["large"] >= 1 << 30


def allow_descriptors(case, count):
    """Let this process, and those that it starts, have so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        case.skipTest(f"needs {count} descriptors, {hard} are allowed")
    case.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Neighbour(threading.Thread):
    """An ordinary client: asks all the time, on a connection that it keeps and on new ones."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.answered, self.failure, self.is_over = server, 0, None, False

    def ask(self, peer, number):
        peer.extend(ANSWER_MAX)
        body = f"{number}".encode()
        peer.send(request("/pipeline") + request("/echo", method="POST", body=body))
        if peer.read_response().body != b"ok" or peer.read_response("POST").body != body:
            raise Failed("the neighbour got a wrong answer")
        self.answered += 1

    def run(self):
        try:
            with self.server.connect() as kept:
                while not self.is_over:
                    self.ask(kept, self.answered)
                    with self.server.connect(ANSWER_MAX) as new:
                        self.ask(new, self.answered)
                    select.select([], [], [], 0.002)  # leaves the rest of a small machine alone
        except Exception as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over = True
        self.join(ANSWER_MAX)
        if kind is None and self.failure:
            raise Failed(f"the neighbour was not served: {self.failure!r}")
        if kind is None and self.answered < 2:
            raise Failed("the neighbour was never served")

    def is_served_again(self):
        """It gets two more answers: whatever was sent before has had its effect."""
        wanted = self.answered + 4
        wait_for(
            lambda: self.answered >= wanted or self.failure, "the neighbour is served",
            ANSWER_MAX,
        )  # fmt: skip


class AbuseCase(unittest.TestCase):
    """One server for each test, with short deadlines unless the run is long."""

    deadlines = SHORT
    options = ()

    def setUp(self):
        options = list(self.options)
        for name, milliseconds in self.deadlines.items():
            options += ["--deadline", f"{name}={milliseconds}"]
        self.server = Server.start(
            "arena", "--host", "127.0.0.1", *options, backend=self.backend, workers=1,
        )  # fmt: skip
        self.addCleanup(self.server.close)
        for _ in range(300):  # what is touched once for all
            self.server.get("/")
        self.before = Sample(self.server)

    def check_returned(self, before, tolerance=MEMORY_TOLERANCE):
        """It has what it had `before`, once everybody is gone. Returns what it has."""
        wait_for(
            lambda: self.server.descriptors() <= before.descriptors,
            "descriptors are given back", 60,
        )  # fmt: skip
        after = Sample(self.server)
        self.assertLessEqual(after.threads, before.threads)
        if not harness.settings["sanitized"]:
            wait_for(
                lambda: Sample(self.server).rss <= before.rss + tolerance,
                f"memory is given back: {before}; then {after}", MEMORY_DEADLINE,
            )  # fmt: skip
        return Sample(self.server)

    def finish(self):
        """It has what it had, and stops as it should."""
        self.check_returned(self.before)
        self.assertEqual(self.server.get("/").body, b"Hello, World!")
        self.assertEqual(self.server.stop(), 0)
        self.assertNotRegex(self.server.log(), "Sanitizer|Assertion|Fatal error")

    def connect(self, **options):
        peer = self.server.connect(ANSWER_MAX, **options)
        self.addCleanup(peer.close)
        return peer


@on_each_backend
class SlowAbuse(AbuseCase):
    """slowhttptest, whose every way of being slow has a deadline that ends it."""

    def setUp(self):
        # By default a head may take 10 s, an upload starts to count after 10 s.
        self.deadlines = {} if is_long() else SHORT
        self.seconds = 45 if is_long() else 12
        super().setUp()

    def attack(self, target, *mode):
        """Returns how it ended, by its own words."""
        prefix = os.path.join(harness.settings["work"], f"slow-{self.id()}")
        connections = 100 if harness.settings["sanitized"] else 300
        with Neighbour(self.server) as neighbour:
            status, said = run_tool(
                "slowhttptest", "-c", connections, "-r", 150, "-l", self.seconds, "-p", 20, "-g",
                "-o", prefix, "-u", self.server.url + target, *mode, deadline=self.seconds + 60,
            )  # fmt: skip
            neighbour.is_served_again()
        with open(prefix + ".csv") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 0, said)
        for row in rows:
            self.assertNotEqual(row["Service Available"], "0", f"{row}: {said}")
        return next((line for line in said.splitlines() if "Exit status" in line), said)

    def test_ends_slow_heads(self):
        ended = self.attack("/", "-H", "-i", 1, "-x", 24)
        self.assertIn("No open connections left", ended)
        self.finish()

    def test_ends_slow_bodies(self):
        ended = self.attack("/upload", "-B", "-i", 1, "-x", 10, "-s", 65536)
        self.assertIn("No open connections left", ended)
        self.finish()

    def test_is_indifferent_to_ranges(self):
        ended = self.attack("/", "-R", "-a", 10, "-b", 3000)
        self.assertIn("No open connections left", ended)
        self.finish()

    def test_serves_others_beside_slow_readers(self):
        # The server resets them soon, and the tool does not notice: it reads on, slowly, what had
        # come before. test_ends_slow_readers does.
        self.attack("/download/3000000", "-X", "-w", 10, "-y", 20, "-n", 1, "-z", 32, "-k", 3)
        self.finish()


@on_each_backend
class ManyAbuse(AbuseCase):
    IDLE, BEGUN = 10_000, 1_000

    def test_keeps_idle_and_ends_begun_connections(self):
        scale = 10 if harness.settings["sanitized"] else 1
        idle, begun = self.IDLE // scale, self.BEGUN // scale
        allow_descriptors(self, idle + begun + 500)
        # The server started before the limit was raised: one that has it from the start.
        self.server.close()
        self.setUp()
        self.come_and_go(idle, begun)
        once = self.check_returned(self.before)
        self.come_and_go(idle, begun)
        self.check_returned(once, MEMORY_OF_A_ROUND)
        self.finish()

    def come_and_go(self, idle_count, begun_count):
        starts = (b"GET / HTTP/1.1\r\nHost: a\r\n", b"G", b"\r\n", b"GET / HTTP/1.1\r\nX")
        idle, begun = [], []
        try:
            with Neighbour(self.server) as neighbour:
                for _ in range(idle_count):
                    idle.append(self.server.connect(ANSWER_MAX))
                    idle[-1].expect_open()
                for index in range(begun_count):
                    begun.append(self.server.connect(ANSWER_MAX))
                    begun[-1].send(starts[index % len(starts)])
                for index, peer in enumerate(begun):
                    if starts[index % len(starts)].strip():
                        response = peer.read_response()
                        self.assertEqual((response.status, response.says_close), (408, True))
                    peer.expect_end()
                neighbour.is_served_again()
                for peer in idle:
                    peer.extend(ANSWER_MAX)
                    self.assertEqual(peer.expect_open().status, 200)
        finally:
            for peer in idle + begun:
                peer.close()


@on_each_backend
class GreedyAbuse(AbuseCase):
    """Clients that send, or leave, as much as they can."""

    # A round trip of the neighbour lies between what these clients do, and is the only pause.
    ROUNDS = 10

    def test_takes_tiny_chunks_with_long_extensions(self):
        line = b"1;" + b"x" * 4000 + b'="' + b"y" * 80 + b'"\r\nz\r\n'
        chunks = 2000
        with Neighbour(self.server) as neighbour:
            for target, body in (("/echo", b"z" * chunks), ("/upload", str(chunks).encode())):
                peer = self.connect()
                peer.send(request(target, "Transfer-Encoding: chunked\r\n", "POST"))
                for _ in range(0, chunks, 100):
                    peer.send(line * 100)
                peer.send(b"0\r\n\r\n")
                self.assertEqual(peer.read_response("POST").body, body)
                peer.close()
            neighbour.is_served_again()
        self.finish()

    def test_refuses_floods_of_heads(self):
        floods = [
            (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: " + b"y" * 16_000 + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"y" * 1000, 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX", b"y" * 1000, 431),
            (b"GET /", b"x" * 1000, 414),
            (b"", b"\r\n", 400),
            (b"", b"X" * 1000, 400),
            (b"", b"\0" * 1000, 400),
        ]
        with Neighbour(self.server) as neighbour:
            for _ in range(self.ROUNDS):
                for start, piece, status in floods:
                    with self.connect() as peer:
                        peer.send_until_refused([start, *[piece] * 5000])
                        self.assertEqual(peer.read_response().status, status)
            neighbour.is_served_again()
        self.finish()

    def test_serves_a_thousand_large_heads(self):
        fields = "".join(f"X-{i}: {'v' * 400}\r\n" for i in range(120))
        with Neighbour(self.server):
            with self.connect() as peer:
                for _ in range(100):
                    peer.send(request("/pipeline", fields) * 10)
                    for _ in range(10):
                        self.assertEqual(peer.read_response().body, b"ok")
        self.finish()

    def test_bounds_what_pipeliners_leave_unread(self):
        """Output that waits is bounded, then input is; the stalled are ended."""
        count, each = 50, 2 << 20
        with Neighbour(self.server) as neighbour:
            peers = [self.connect(receive_buffer=4096) for _ in range(count)]
            flood = request("/echo", method="POST", body=b"x" * 60_000)
            stuck = set()
            for _ in range(400):
                for peer in peers:
                    if peer not in stuck:
                        peer.socket.setblocking(False)
                        try:
                            peer.socket.send(flood)
                        except (BlockingIOError, ConnectionResetError, BrokenPipeError):
                            stuck.add(peer)
                if len(stuck) == count:
                    break
            self.assertEqual(len(stuck), count, "the server takes input without an end")
            taken = Sample(self.server).private - self.before.private
            if not harness.settings["sanitized"]:
                self.assertLess(taken, count * each)
            neighbour.is_served_again()
            # Nobody read, so the server gives up; a reset is all that it still can say.
            wait_for(
                lambda: self.server.descriptors() <= self.before.descriptors + 3,
                "the stalled are ended", ANSWER_MAX,
            )  # fmt: skip
        self.finish()

    def test_is_indifferent_to_resets(self):
        chance = random.Random(1)
        starts = [
            b"", b"G", request("/"), request("/") * 50, request("/download/5000000"),
            request("/upload", "Content-Length: 1000\r\n", "POST") + b"x" * 500,
            request("/echo", "Transfer-Encoding: chunked\r\n", "POST") + b"ffff\r\nx",
            request("/echo", "Content-Length: 9\r\nExpect: 100-continue\r\n", "POST"),
            b"GET / HTTP/1.1\n\n", request("/", "Connection: close\r\n") + b"x" * 50_000,
        ]  # fmt: skip
        with Neighbour(self.server) as neighbour:
            for index in range(3000):
                peer = self.server.connect(ANSWER_MAX)
                if start := starts[index % len(starts)]:
                    peer.send(start)
                if chance.random() < 0.3 and len(start) > 20:
                    peer.is_readable(0.05)
                peer.reset()
            neighbour.is_served_again()
        self.finish()

    def test_answers_or_ends_wherever_the_client_ends_its_output(self):
        """Half a close in every state: whole requests are answered, cut ones never with success,
        and nobody has to wait for a deadline."""
        upload = "Content-Length: 10\r\n"
        chunks = "Transfer-Encoding: chunked\r\n"
        cut = [
            b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"GET / HTTP/1.1\n\n",
            *[
                request(target, fields, "POST") + body
                for target in ("/echo", "/upload", "/baseline11", "/nowhere")
                for fields, body in [
                    (upload, b""), (upload, b"12345"), (chunks, b""), (chunks, b"5\r\nhello\r\n"),
                    (chunks, b"5\r\nhello\r\n0\r\n"), (chunks, b"5\r\nhello\r\n0\r\nX: y\r\n"),
                    (upload + "Expect: 100-continue\r\n", b""),
                    (upload + "Expect: 100-continue\r\n", b"1"),
                ]
            ],
        ]  # fmt: skip
        with Neighbour(self.server):
            for data in cut:
                with self.subTest(data), self.server.connect() as peer:
                    if data:
                        peer.send(data)
                    peer.finish()
                    self.assertNotIn(b"HTTP/1.1 2", peer.read_to_end())
            whole = [request("/"), request("/pipeline") * 1000, request("/download/20000000")]
            for data in whole:
                with self.subTest(data[:60]), self.connect(receive_buffer=4096) as peer:
                    peer.send(data + request("/user/1"))
                    peer.finish()
                    for _ in range(data.count(b"GET ")):
                        response = peer.read_response(skips_body=lambda piece: None)
                        self.assertEqual(response.status, 200)
                    self.assertEqual(peer.read_response().body, b"1")
                    peer.expect_end()
            for begin in (request("/"), b"x\r\n\r\n"):
                with self.subTest(begin), self.server.connect() as peer:
                    peer.send(begin)
                    peer.read_response()
                    peer.finish()  # idle, or lingering
                    peer.expect_end()
        self.finish()


@on_each_backend
class UnreadOutput(AbuseCase):
    """What the system holds of answers that nobody reads is bounded for the process. No deadline
    ends their connections here."""

    LIMIT = 4 << 20
    COUNT, SIZE = 300, 5_000_000
    deadlines = {**SHORT, "writeStall": 3_600_000}
    options = ("--unread", LIMIT)

    def held(self):
        """Bytes that were sent and not taken, of all the server's connections: proc_net_tcp."""
        with open("/proc/net/tcp") as file:
            rows = [line.split() for line in file][1:]
        port = f":{self.server.port:04X}"
        return sum(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(port))

    def is_reset(self, peer):
        watch = select.poll()
        watch.register(peer.socket, 0)
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in watch.poll(0))

    def test_ends_those_who_read_nothing_and_nobody_else(self):
        peers = [self.connect(receive_buffer=4096) for _ in range(self.COUNT)]
        reader = self.connect()
        with Neighbour(self.server) as neighbour:
            for peer in peers:
                peer.send(request(f"/download/{self.SIZE}"))
            reader.send(request("/download/100000000"))
            response = reader.read_response(skips_body=lambda piece: None)
            self.assertEqual(response.status, 200)
            neighbour.is_served_again()
            wait_for(
                lambda: self.held() <= self.LIMIT and any(map(self.is_reset, peers)),
                "what is unread is within its limit", ANSWER_MAX,
            )  # fmt: skip
            kept = [peer for peer in peers if not self.is_reset(peer)]
            self.assertGreater(len(kept), 0, "all were ended")
            # Not read_response, to which its date would be too old.
            head = kept[-1].take_until(b"\r\n\r\n", 1000)
            self.assertIn(f"Content-Length: {self.SIZE}\r\n".encode(), head)
            left = self.SIZE
            while left:
                left -= len(kept[-1].take_some(min(left, 1 << 16)))
            neighbour.is_served_again()
        self.assertEqual(self.server.log().count("limits.unread"), 1)
        # That of the log, and one of its own that ThreadSanitizer begins with the first.
        self.before.threads += 1 + harness.settings["sanitized"]
        for peer in [*peers, reader]:
            peer.close()
        self.finish()


@on_each_backend
class ResidentMemory(AbuseCase):
    """What a load took goes back to the system once it is over: the resident memory of the process."""

    deadlines = {}
    LEAST = 48 << 20  # bytes that the load has to take, or the test shows nothing

    def flood(self, peers, data):
        """Each sends as much of it as the server takes while nobody reads."""
        left = {peer: memoryview(data) for peer in peers}
        for peer in peers:
            peer.socket.setblocking(False)
        silent = 0
        while left and silent < 20:
            _, writable, _ = select.select([], [peer.socket for peer in left], [], 0.05)
            silent = 0 if writable else silent + 1
            for peer in [peer for peer in left if peer.socket in writable]:
                try:
                    left[peer] = left[peer][peer.socket.send(left[peer]) :]
                except OSError:  # it is full, or was ended
                    continue
                if not left[peer]:
                    del left[peer]

    def load(self, count, data):
        if harness.settings["sanitized"]:
            count //= 10
        allow_descriptors(self, count + 500)
        peers = [self.connect(receive_buffer=4096) for _ in range(count)]
        self.flood(peers, data)
        return peers

    def leave(self, peers):
        if not harness.settings["sanitized"]:
            wait_for(
                lambda: Sample(self.server).rss > self.before.rss + self.LEAST,
                "the load is taken", ANSWER_MAX,
            )  # fmt: skip
        for peer in peers:
            peer.close()
        self.finish()

    def test_of_bodies(self):
        self.leave(self.load(300, request("/echo", "Content-Length: 1048576\r\n", "POST") + bytes(1_000_000)))

    def test_of_echoes_that_nobody_reads(self):
        self.leave(self.load(200, request("/echo", method="POST", body=bytes(1 << 20))))

    def test_of_pipeliners_that_do_not_read(self):
        self.leave(self.load(200, request("/echo", method="POST", body=bytes(60_000)) * 30))

    def test_of_heads_without_an_end(self):
        fields = b"".join(b"X-%d: %b\r\n" % (number, b"v" * 15_000) for number in range(4))
        head = b"GET /" + b"a" * 15_000 + b" HTTP/1.1\r\nHost: a\r\n" + fields
        self.leave(self.load(900, head))

    def test_of_handlers_that_wait(self):
        fields = "".join(f'If-None-Match: "{"v" * 15_000}"\r\n' for _ in range(4))
        self.leave(self.load(900, request("/delay/60000", fields)))


@on_each_backend
class Deadlines(AbuseCase):
    """Each deadline ends the clients that miss it, and not those that are in time."""

    deadlines = {**SHORT, "idle": 2000}

    def test_ends_those_who_are_late(self):
        """Of a head, of the second head on a connection, and of a body; dripping helps nobody."""
        starts = {
            "silent": b"",
            "half a head": b"GET / HT",
            "half a second head": request("/") + b"GET / HT",
            "no body": request("/echo", "Content-Length: 10\r\n", "POST"),
            "half a body": request("/echo", "Content-Length: 10\r\n", "POST") + b"12",
            "a dripping head": b"",
            "a dripping body": request("/echo", "Content-Length: 5000\r\n", "POST"),
            "dripping chunks": request("/upload", "Transfer-Encoding: chunked\r\n", "POST"),
        }
        drips = {"a dripping head": b"G", "a dripping body": b"x", "dripping chunks": b"1\r\nx\r\n"}
        waiting = {name: self.connect() for name in starts}
        for name, peer in waiting.items():
            if starts[name]:
                peer.send(starts[name])
        self.assertEqual(waiting["half a second head"].read_response().status, 200)
        idle = self.connect()
        idle.expect_open()
        with Neighbour(self.server):
            while any(not waiting[name].is_readable(0.05) for name in drips):
                for name, piece in drips.items():
                    if not waiting[name].is_readable(0):
                        waiting[name].send(piece)
            for name, peer in waiting.items():
                with self.subTest(name):
                    if name != "silent":
                        response = peer.read_response()
                        self.assertEqual((response.status, response.says_close), (408, True))
                    peer.expect_end()
            idle.expect_end()
        for peer in (*waiting.values(), idle):
            peer.close()
        self.finish()

    def test_ends_a_stalled_reader_and_a_lingering_writer(self):
        stalled = self.connect(receive_buffer=4096)
        stalled.send(request("/download/50000000"))
        lingering = self.connect()
        lingering.send(b"GET / HTTP/1.1\n\n")
        self.assertEqual(lingering.read_response().status, 400)
        with Neighbour(self.server) as neighbour:
            # It has ended its side; bytes that drip in do not keep it from leaving.
            lingering.expect_end()
            wait_for(lambda: self.is_closed(lingering), "the lingering close ends", ANSWER_MAX)
            wait_for(
                lambda: self.server.descriptors() <= self.before.descriptors + 2,
                "the stalled reader is ended", ANSWER_MAX,
            )  # fmt: skip
            neighbour.is_served_again()
        stalled.close()
        self.finish()

    def test_ends_slow_readers(self):
        """Clients that take less than 240 bytes a second are reset: after a close the kernel would go on
        to send where the server had ended."""
        readers = {self.connect(receive_buffer=4096) for _ in range(50)}
        for peer in readers:
            peer.send(request("/download/3000000"))
        with Neighbour(self.server) as neighbour:
            while readers:
                select.select([], [], [], 0.05)
                for peer in list(readers):
                    # Told of a reset at once, and not after what is still to be read.
                    watch = select.poll()
                    watch.register(peer.socket, select.POLLIN)
                    ready = watch.poll(0)
                    if ready and ready[0][1] & select.POLLERR:
                        readers.remove(peer)
                    elif ready:
                        peer.socket.recv(4)
                    self.assertLess(time.monotonic(), peer.until, "it is not reset")
            neighbour.is_served_again()
        self.finish()

    def is_closed(self, peer):
        """A byte sent to a peer that has closed comes back as a reset."""
        try:
            peer.socket.send(b"x")
            return bool(peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        except (ConnectionResetError, BrokenPipeError):
            return True
