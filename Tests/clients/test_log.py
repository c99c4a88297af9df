# SPDX-License-Identifier: MIT
"""The log that a program has by default, and readers of it that are slow or do not read at all."""

import os
import re
import select
import time
import unittest

import harness
from harness import Server, on_each_backend, request

DROPPED = re.compile(rb"vanilla: (\d+) messages were dropped: nobody read them")


def full_pipe():
    """A pipe into which nothing more goes: its ends."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\n" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer


def read_lines(reader, is_enough, lines=()):
    """What comes out, until it is enough."""
    lines = list(lines)
    rest = b""
    until = time.monotonic() + harness.DEADLINE
    while not is_enough(lines) and time.monotonic() < until:
        if not select.select([reader], [], [], 1)[0]:
            continue
        piece = os.read(reader, 1 << 16)
        if not piece:
            break
        *whole, rest = (rest + piece).split(b"\n")
        lines += [line for line in whole if line]
    return lines


@on_each_backend
class Log(unittest.TestCase):
    backend = "auto"
    FAILURES = 3000

    def setUp(self):
        self.reader, self.writer = full_pipe()
        self.server = Server.start("FormServer", backend=self.backend, errors=self.writer)

    def tearDown(self):
        self.server.close()
        os.close(self.reader)
        os.close(self.writer)

    def fail(self, texts):
        """Requests that each add a line to the log, on one connection."""
        with self.server.connect() as peer:
            for text in texts:
                peer.extend()
                peer.send(request("/fail?" + text))
                self.assertEqual(peer.read_response().status, 500)

    def test_holds_up_nobody_when_nobody_reads(self):
        self.fail(f"{i}-" + "x" * 100 for i in range(self.FAILURES))
        self.assertEqual(self.server.get("/").status, 200)
        self.assertEqual(self.server.stop(), 0)

    def test_says_what_was_dropped(self):
        self.fail(f"{i}-" + "x" * 100 for i in range(self.FAILURES))

        def count(lines):
            found = [int(match[1]) for match in map(DROPPED.fullmatch, lines) if match]
            return len(lines) - len(found) + sum(found), sum(found)

        lines = read_lines(self.reader, lambda lines: count(lines)[0] == self.FAILURES)
        said, dropped = count(lines)
        self.assertEqual(said, self.FAILURES)
        self.assertGreater(dropped, 0)
        self.fail(["afterwards"])
        lines = read_lines(self.reader, lambda lines: b"afterwards" in b"".join(lines))
        self.assertIn(b"afterwards", lines[-1])

    def test_repeats_no_line_without_bound(self):
        self.fail(["same"] * 1000)
        self.server.signal()
        os.close(self.writer)
        self.reader, reader = os.open("/dev/null", os.O_RDONLY), self.reader
        self.writer = os.open("/dev/null", os.O_WRONLY)
        lines = read_lines(reader, lambda lines: False)
        os.close(reader)
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(lines[:8], [lines[0]] * 8)
        # As long as it took, in spans of ten seconds.
        more = re.compile(re.escape(lines[0]) + rb" \((\d+) times more\)")
        kept = [int(match[1]) for match in map(more.fullmatch, lines) if match]
        self.assertEqual(sum(kept) + len(lines) - len(kept), 1000)
        self.assertLess(len(lines), 100)

    def test_writes_what_waits_before_the_end(self):
        self.fail(["last-words"])
        self.server.signal()
        os.close(self.writer)
        self.writer = os.open("/dev/null", os.O_WRONLY)
        lines = read_lines(self.reader, lambda lines: False)
        self.assertEqual(self.server.wait(), 0)
        self.assertIn(b"last-words", lines[-1])
