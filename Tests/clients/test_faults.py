# SPDX-License-Identifier: MIT
"""Memory that runs out, clocks that jump, system calls that fail or do less than was asked."""

import email.utils
import errno
import mmap
import os
import re
import struct
import time
import unittest

import harness
from harness import Failed, Server, build_c_server, compile_c, on_each_backend, request, wait_for

HELLO = b"Hello from C"


class Faults:
    """The preloaded library and the file that tells it what goes wrong."""

    NAMES = (
        "allocation_every",
        "ahead",
        "wall_ahead",
        "most",
        "interrupt_every",
        "call_errno",
        "call_failures",
        "injected",
    )

    def __init__(self, name):
        library = os.path.join(harness.settings["work"], "faults.so")
        if not os.path.exists(library):
            source = os.path.join(harness.HERE, "faults.c")
            library = compile_c("faults.so", "-shared", "-fPIC", source, "-ldl")
        path = os.path.join(harness.settings["work"], name + ".faults")
        with open(path, "wb+") as file:
            file.write(bytes(8 * len(self.NAMES)))
            file.flush()
            self.shared = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": library, "FAULTS_FILE": path}

    def set(self, **values):
        for name, value in values.items():
            struct.pack_into("=q", self.shared, 8 * self.NAMES.index(name), value)

    def get(self, name):
        return struct.unpack_from("=q", self.shared, 8 * self.NAMES.index(name))[0]


class FaultyServer(unittest.TestCase):
    def start(self, *options):
        self.faults = Faults(self.id())
        self.addCleanup(self.faults.shared.close)
        command = [build_c_server(), "--backend", self.backend, "--workers", "1"]
        self.server = Server(
            command + [str(o) for o in options], environment=self.faults.environment
        )
        self.addCleanup(self.server.close)
        return self.server

    def check_all_is_well(self):
        """It serves, and stops as it should."""
        with self.server.connect() as peer:
            peer.send(request("/") + request("/shared/300000"))
            self.assertEqual(peer.read_response().body, HELLO)
            self.assertEqual(len(peer.read_response().body), 300_000)
        self.server.get("/stop", method="POST")
        self.assertEqual(self.server.wait(), 0)


# What a client may ask, in pieces that have the server keep something, and the body it gets.
CONVERSATIONS = [
    ([request("/")], HELLO),
    ([b"GET / HT", b"TP/1.1\r\nHost: a\r\nX: " + b"x" * 900, b"\r\n\r\n"], HELLO),
    ([request("/", method="POST", body=b"b" * 100_000)], HELLO),
    ([request("/", "Transfer-Encoding: chunked\r\n", "POST"), b"3\r\nabc\r\n", b"0\r\n\r\n"], HELLO),
    ([request("/ignore", method="POST", body=b"i" * 50_000)], b"ignored"),
    ([request("/length/200000")], None),
    ([request("/chunked/200000")], None),
    ([request("/shared/200000")], None),
    ([request("/") * 20], HELLO),
]


@on_each_backend
class MemoryRunsOut(FaultyServer):
    def talk(self, pieces, body):
        """Returns "served", "refused" or "closed"; anything else is a failure."""
        with self.server.connect() as peer:
            try:
                for piece in pieces:
                    peer.send(piece)
                    if len(pieces) > 1:
                        peer.is_readable(0.001)
                response = peer.read_response()
            except (Failed, OSError):
                self.assertIsNone(self.server.process.poll(), self.server.log())
                return "closed"
            if response.status != 200:
                self.assertIn(response.status, (500, 503))
                return "refused"
            self.assertEqual(response.body, body if body is not None else response.body)
            if body is None:
                self.assertEqual(len(response.body), 200_000)
            return "served"

    def test_serves_or_refuses_but_never_dies(self):
        self.start()
        self.server.get("/")  # it listens, which takes memory on the model of kqueue
        descriptors = self.server.descriptors()
        ends = set()
        for every in (1, 2, 3, 5, 7, 11, 13):
            self.faults.set(allocation_every=every)
            for _ in range(6):
                for pieces, body in CONVERSATIONS:
                    ends.add(self.talk(pieces, body))
        self.faults.set(allocation_every=0)
        self.assertGreater(self.faults.get("injected"), 100)
        self.assertLessEqual({"served", "closed"}, ends)
        for pieces, body in CONVERSATIONS:
            self.assertEqual(self.talk(pieces, body), "served")
        wait_for(lambda: self.server.descriptors() <= descriptors, "its descriptors are back")
        self.check_all_is_well()


@on_each_backend
class ClocksJump(FaultyServer):
    DAY = 86_400

    def nudge(self):
        """A wait that is under way ends with the next event."""
        self.assertEqual(self.server.get("/").status, 200)

    def test_a_day_ahead_ends_nothing(self):
        """As when the process was stopped for a day: nobody is to blame for that time."""
        self.start()
        connect = self.server.connect
        with connect() as idle, connect() as head, connect() as body, connect() as slow:
            idle.send(request("/"))
            self.assertEqual(idle.read_response().body, HELLO)
            head.send(b"GET / HTTP/1.1\r\nHos")
            body.send(request("/", "Content-Length: 9\r\n", "POST") + b"half")
            slow.send(request("/length/50000000"))
            slow.take(100_000)
            self.nudge()  # all of the above has been taken up
            self.faults.set(ahead=self.DAY)
            self.nudge()
            head.send(b"t: a\r\n\r\n")
            body.send(b"-done")
            for peer in (head, body):
                self.assertEqual(peer.read_response().status, 200)
            idle.expect_open()
            slow.take(50_000_000 - 100_000)
            # A new connection has all of its time.
            with connect() as late:
                late.send(request("/")[:10])
                self.nudge()
                late.send(request("/")[10:])
                self.assertEqual(late.read_response().body, HELLO)
        self.check_all_is_well()

    def test_the_date_follows_the_wall_clock_both_ways(self):
        self.start()
        for ahead in (0, 366 * self.DAY, -366 * self.DAY, 0):
            self.faults.set(wall_ahead=ahead)
            with self.server.connect() as peer:
                peer.send(request("/", "Connection: close\r\n"))
                date = re.search(rb"\r\nDate: ([^\r]+)", peer.read_to_end())[1].decode()
            told = email.utils.parsedate_to_datetime(date).timestamp()
            self.assertAlmostEqual(told, time.time() + ahead, delta=10)
        self.check_all_is_well()


@on_each_backend
class CallsDoLess(FaultyServer):
    """The epoll backend makes these calls; io_uring's answers come from the kernel whatever the
    library does, and are to be the same."""

    def check_conversations(self):
        for pieces, body in CONVERSATIONS:
            with self.subTest(pieces[0][:40]), self.server.connect(deadline=60) as peer:
                for piece in pieces:
                    peer.send(piece)
                response = peer.read_response()
                self.assertEqual(response.status, 200)
                if body is None:
                    self.assertEqual(len(response.body), 200_000)
                else:
                    self.assertEqual(response.body, body)
        if self.backend == "epoll":
            self.assertGreater(self.faults.get("injected"), 30)

    def test_sends_seven_bytes_at_a_time(self):
        self.start()
        self.faults.set(most=7)
        self.check_conversations()
        self.faults.set(most=0)
        self.check_all_is_well()

    def test_every_second_call_interrupted(self):
        self.start()
        self.faults.set(interrupt_every=2)
        self.check_conversations()
        self.faults.set(interrupt_every=0)
        self.check_all_is_well()


@on_each_backend
class CallsAreRefused(FaultyServer):
    """Accepting and registering fail for a while, each for every reason that accept(2) and
    epoll_ctl(2) name."""

    REASONS = ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EPROTO", "EPERM", "ENOSPC")

    def test_recovers_from_every_reason(self):
        self.start()
        descriptors = self.server.descriptors()
        for reason in self.REASONS:
            with self.subTest(reason):
                before = self.faults.get("injected")
                self.faults.set(call_errno=getattr(errno, reason), call_failures=3)
                peers = [self.server.connect(deadline=30) for _ in range(8)]
                served = 0
                for peer in peers:
                    with peer:
                        try:
                            peer.send(request("/"))
                            served += peer.read_response().body == HELLO
                        except (Failed, OSError):
                            pass  # its own registration was refused
                self.assertGreaterEqual(served, 5)
                if self.backend == "epoll":
                    self.assertEqual(self.faults.get("injected") - before, 3)
                self.faults.set(call_failures=0)
        wait_for(lambda: self.server.descriptors() <= descriptors, "its descriptors are back")
        self.check_all_is_well()
