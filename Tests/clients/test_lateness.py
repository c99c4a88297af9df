# SPDX-License-Identifier: MIT
"""Time in which the server did not run is nobody's delay."""

import select
import signal
import time
import unittest

from harness import Server, on_each_backend, request, wait_for

DEADLINE = 1.0  # seconds: of heads and of bodies
COUNT = 900  # clients: more than one turn of a worker takes
ANSWER_MAX = 120.0  # seconds in which a client has its answer, on any machine


@on_each_backend
class Paused(unittest.TestCase):
    """The process is stopped, as a container is that is paused, and goes on after the deadlines."""

    # What a client has sent before, what it sends meanwhile, and what answers the last request.
    ROWS = [
        (b"", request("/pipeline"), b"ok"),
        (b"GET /pipe", b"line HTTP/1.1\r\nHost: a\r\n\r\n", b"ok"),
        (request("/pipeline"), request("/user/7"), b"7"),
        (request("/echo", "Content-Length: 5\r\n", "POST") + b"h", b"ello", b"hello"),
        (request("/upload", "Content-Length: 5\r\n", "POST") + b"h", b"ello", b"5"),
        (request("/upload", "Transfer-Encoding: chunked\r\n", "POST") + b"1\r\nh", b"\r\n0\r\n\r\n", b"1"),
    ]

    def test_answers_what_came_meanwhile(self):
        milliseconds = int(DEADLINE * 1000)
        options = [f"{name}={milliseconds}" for name in ("head", "bodyGrace", "idle")]
        options = [word for option in options for word in ("--deadline", option)]
        server = Server.start("arena", *options, backend=self.backend, workers=1)
        self.addCleanup(server.close)
        peers = []
        for index in range(COUNT):
            peer = server.connect(ANSWER_MAX)
            self.addCleanup(peer.close)
            before, *row = self.ROWS[index % len(self.ROWS)]
            if before:
                peer.send(before)
            peers.append((peer, before, *row))
        server.get("/")  # what was sent before has been read, or is about to be
        server.signal(signal.SIGSTOP)
        self.addCleanup(server.signal, signal.SIGCONT)
        wait_for(lambda: self.state(server) == "T", "the process is stopped")
        for peer, _, rest, _ in peers:
            peer.send(rest)
        select.select([], [], [], 3 * DEADLINE)  # it is time itself that has to pass
        server.signal(signal.SIGCONT)
        for peer, before, _, body in peers:
            if before == request("/pipeline"):
                peer.read_response()
            response = peer.read_response()
            self.assertEqual((response.status, response.body), (200, body), before)
        self.assertEqual(server.stop(), 0)

    def state(self, server):
        with open(f"/proc/{server.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
