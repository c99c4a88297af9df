# SPDX-License-Identifier: MIT
"""Allocations, retains and releases per request, counted in the running program.

Meaningful for a release build only: without optimisation Swift retains what it reads.
"""

import os
import struct
import unittest

import harness
from harness import Server, compile_c, on_each_backend, request, run_tool

NAMES = ("allocations", "frees", "retains", "releases")


class Counters:
    """The preloaded counter and the file that it counts in."""

    def __init__(self, name):
        library = os.path.join(harness.settings["work"], "counter.so")
        if not os.path.exists(library):
            source = os.path.join(harness.HERE, "counter.c")
            library = compile_c("counter.so", "-shared", "-fPIC", source, "-ldl")
        self.path = os.path.join(harness.settings["work"], name + ".counters")
        self.environment = {"LD_PRELOAD": library, "COUNTER_FILE": self.path}

    def read(self):
        with open(self.path, "rb") as file:
            return struct.unpack("=4Q", file.read(32))


def difference(a, b):
    return dict(zip(NAMES, (y - x for x, y in zip(a, b))))


class Control(unittest.TestCase):
    def test_counts_what_a_program_does(self):
        """The counter counts: per object one allocation, one retain at least, two releases."""
        program = os.path.join(harness.settings["work"], "control")
        source = os.path.join(harness.HERE, "control.swift")
        status, said = run_tool(harness.settings["swiftc"], "-O", source, "-o", program, deadline=300)
        self.assertEqual(status, 0, said)
        read = []
        for count in (1000, 2000):
            counters = Counters(f"control-{count}")
            environment = [f"{k}={v}" for k, v in counters.environment.items()]
            status, said = run_tool("env", *environment, program, count)
            self.assertEqual(status, 0, said)
            read.append(counters.read())
        counted = difference(*read)
        self.assertEqual((counted["allocations"], counted["frees"]), (1000, 1000))
        self.assertGreaterEqual(counted["retains"], 1000)
        self.assertEqual(counted["releases"], counted["retains"] + 1000)


class Counted:
    """A server under the counter, and what N more requests cost: the difference of 2N and N."""

    program = "arena"
    ROUND = 2000
    DEPTH = 10

    def setUp(self):
        self.counters = Counters(self.id())
        self.server = Server.start(
            self.program, *self.options, backend=self.backend, environment=self.counters.environment
        )
        self.addCleanup(self.server.close)
        # It counts: no program starts without any of them.
        self.assertGreater(min(self.counters.read()), 0)

    def counted_for(self, peer, count, data, methods, status):
        """What the counters say for `count` times `data`, which holds one request for a method."""
        before = self.counters.read()
        for _ in range(count):
            peer.send(data)
            for method in methods:
                response = peer.read_response(method)
                self.assertEqual(response.status, status)
        return difference(before, self.counters.read())

    def check(self, data, methods, status=200):
        """What a request costs it costs each time. Where a busy machine holds a client up, its answers wait
        in memory that is taken once: that is seen in one of the rounds and not in all, or not in one of a
        hundred requests."""
        requests = self.ROUND * len(methods)
        none = dict.fromkeys(NAMES, 0)
        with self.server.connect(deadline=360) as peer:
            self.counted_for(peer, 200, data, methods, status)
            for _ in range(3):
                once = self.counted_for(peer, self.ROUND, data, methods, status)
                twice = self.counted_for(peer, 2 * self.ROUND, data, methods, status)
                costs = {name: round((twice[name] - once[name]) / requests, 2) for name in NAMES}
                if costs == none:
                    return
        self.assertEqual(costs, none, f"{requests} requests: {once}; then {twice}")

    def test_a_plaintext_request_costs_nothing(self):
        self.check(request("/"), ["GET"])

    def test_pipelined_plaintext_requests_cost_nothing(self):
        self.check(request("/") * self.DEPTH, ["GET"] * self.DEPTH)

    def test_a_head_request_costs_nothing(self):
        self.check(request("/", method="HEAD"), ["HEAD"])


@on_each_backend
class CountedSwiftHandler(Counted, unittest.TestCase):
    options = ("--handler", "swift")

    def test_another_route_costs_nothing(self):
        self.check(request("/pipeline"), ["GET"])

    def test_a_route_with_parameters_and_middleware_costs_nothing(self):
        self.check(request("/teams/red/users/7"), ["GET"])

    def test_what_middleware_hands_on_costs_nothing(self):
        """Up to 64 bytes of it."""
        self.check(request("/stored"), ["GET"])

    def test_a_percent_encoded_path_costs_nothing(self):
        self.check(request("/te%61ms/r%20d/%75sers/7"), ["GET"])
    def test_tagging_a_body_costs_nothing(self):
        self.check(request("/user/1"), ["GET"])

    def test_comparing_tags_costs_nothing(self):
        tag = self.server.get("/user/1").field("ETag")
        known = request("/user/1", f'If-None-Match: "a,b", W/"c", d, "e, {tag}\r\n')
        self.check(known, ["GET"], 304)
        self.check(known * self.DEPTH, ["GET"] * self.DEPTH, 304)
        self.check(request("/user/1", 'If-None-Match: "other"\r\n'), ["GET"])
        self.check(request("/user/1", 'If-Match: "other"\r\n'), ["GET"], 412)

    def test_changing_by_tag_costs_nothing(self):
        self.check(request("/etag", 'If-Match: "v1"\r\n', "PUT"), ["PUT"])
        self.check(request("/etag", 'If-Match: "v0"\r\n', "PUT"), ["PUT"], 412)

    def test_comparing_dates_costs_nothing(self):
        date = self.server.get("/modified").field("Last-Modified")
        self.check(request("/modified", f"If-Modified-Since: {date}\r\n"), ["GET"], 304)
        self.check(request("/modified"), ["GET"])


@on_each_backend
class CountedETag(Counted, unittest.TestCase):
    program = "etag"
    options = ()

    def test_a_user_with_a_digest_for_its_tag_costs_nothing(self):
        self.check(request("/user/1"), ["GET"])

    def test_a_304_costs_nothing(self):
        known = request("/user/1", "If-None-Match: c4ca4238a0b923820dcc509a6f75849b\r\n")
        self.check(known, ["GET"], 304)
        self.check(known * self.DEPTH, ["GET"] * self.DEPTH, 304)


@on_each_backend
class CountedCHandler(Counted, unittest.TestCase):
    options = ("--handler", "c")


@on_each_backend
class CountedLookups(Counted, unittest.TestCase):
    program = "FormServer"
    options = ()

    def test_names_are_found_and_values_decoded_for_nothing(self):
        fields = (
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Cookie: theme=dark; session=\"17\"\r\nCookie: last=1\r\n"
        )
        body = b"first=1&s%65cond=two+words&%zz=3&last=a+value+that+is+longer+than+a+small+string%21"
        self.check(request("/lookups?page=7&p%61th=%2F", fields, "POST", body), ["POST"])


@on_each_backend
class CountedSockets(unittest.TestCase):
    """Small messages that a callback echoes allocate nothing."""

    program = "arena"
    options = ("--handler", "swift")
    ROUND = 2000
    MESSAGE = b"\x82\x86\x00\x00\x00\x00abcdef"
    ECHO = b"\x82\x06abcdef"
    OPENING = request(
        "/ws",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    )

    setUp = Counted.setUp

    def counted_for(self, peer, count, at_once):
        before = self.counters.read()
        for _ in range(count):
            peer.send(self.MESSAGE * at_once)
            self.assertEqual(peer.take(len(self.ECHO) * at_once), self.ECHO * at_once)
        counted = difference(before, self.counters.read())
        return counted["allocations"], counted["frees"]

    def check(self, at_once):
        """As Counted.check does."""
        with self.server.connect(deadline=360) as peer:
            peer.send(self.OPENING)
            peer.take_until(b"\r\n\r\n", 4096)
            self.counted_for(peer, 200, at_once)
            for _ in range(3):
                once = self.counted_for(peer, self.ROUND, at_once)
                twice = self.counted_for(peer, 2 * self.ROUND, at_once)
                costs = [round((b - a) / self.ROUND / at_once, 2) for a, b in zip(once, twice)]
                if costs == [0, 0]:
                    return
        self.assertEqual(costs, [0, 0], f"{once}; then {twice}")

    def test_a_message_costs_nothing(self):
        self.check(1)

    def test_pipelined_messages_cost_nothing(self):
        self.check(16)
