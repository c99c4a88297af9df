# SPDX-License-Identifier: MIT
"""Bodies of any size, up and down, by length and chunked; refusals that reach a busy sender."""

import hashlib
import os
import threading
import unittest

import harness
from harness import Failed, Server, ServerCase, build_c_server, on_each_backend, request

PIECE = 64 << 10
PATTERN = bytes((i * 31 + i // 251) & 0xFF for i in range(PIECE))

# User memory that one connection may take while a body of any size goes by.
CONNECTION_MEMORY = 64 << 10


def pattern(count):
    """The first `count` bytes of the pattern repeated, in pieces."""
    for at in range(0, count, PIECE):
        yield PATTERN[: min(PIECE, count - at)]


def chunked(pieces, size=10_000):
    """Pieces as chunks of that size, extensions here and there, and a trailer."""
    for piece in pieces:
        for at in range(0, len(piece), size):
            data = piece[at : at + size]
            extension = b";part=1" if at == 0 else b""
            yield b"%x%b\r\n%b\r\n" % (len(data), extension, data)
    yield b"0\r\nX-Trailer: x\r\n\r\n"


def digest_of(count):
    hasher = hashlib.sha256()
    for piece in pattern(count):
        hasher.update(piece)
    return hasher.hexdigest()


class Growth:
    """The most private memory that a server took beyond what it had, seen while a body goes by."""

    EVERY = 4 << 20

    def __init__(self, server):
        self.server = server
        self.before = server.private_bytes()
        self.most = 0
        self.moved = 0

    def seen(self, count):
        self.moved += count
        if self.moved >= self.EVERY:
            self.moved = 0
            self.sample()

    def sample(self):
        self.most = max(self.most, self.server.private_bytes() - self.before)

    def watched(self, pieces):
        for piece in pieces:
            yield piece
            self.seen(len(piece))


class Collector(threading.Thread):
    """Hashes what comes out of a pipe until `count` bytes were there."""

    def __init__(self, descriptor, count):
        super().__init__(daemon=True)
        self.descriptor, self.count = descriptor, count
        self.hasher = hashlib.sha256()
        self.start()

    def run(self):
        while self.count:
            piece = os.read(self.descriptor, min(1 << 20, self.count))
            if not piece:
                return
            self.hasher.update(piece)
            self.count -= len(piece)

    def digest(self):
        self.join(harness.DEADLINE)
        if self.count:
            raise Failed(f"{self.count} bytes did not come out of the server")
        return self.hasher.hexdigest()


@on_each_backend
class LargeBodies(unittest.TestCase):
    def setUp(self):
        output, self.input = os.pipe()
        self.output = output
        self.addCleanup(os.close, output)
        self.addCleanup(os.close, self.input)
        command = [build_c_server(), "--backend", self.backend, "--workers", "1"]
        self.server = Server(command + ["--sink", str(self.input)], inherit=(self.input,))
        self.addCleanup(self.server.close)
        # Deadline of a whole test: 1 GiB, both ends of it on a small machine.
        self.peer = self.server.connect(deadline=240)
        self.addCleanup(self.peer.close)

    def download(self, target, count):
        hasher = hashlib.sha256()
        growth = Growth(self.server)

        def take(piece):
            hasher.update(piece)
            growth.seen(len(piece))

        self.peer.send(request(f"/{target}/{count}"))
        response = self.peer.read_response(skips_body=take)
        self.assertEqual(response.status, 200)
        self.assertEqual(hasher.hexdigest(), digest_of(count))
        return response, growth.most

    def download_large(self, target, framing, value):
        response, growth = self.download(target, harness.settings["large"])
        self.assertEqual(response.field(framing), value)
        return growth

    def upload(self, is_chunked, count):
        collector = Collector(self.output, count)
        growth = Growth(self.server)
        framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {count}"
        self.peer.send(request("/sink", f"{framing}\r\n", "POST"))
        body = pattern(count)
        for piece in growth.watched(chunked(body) if is_chunked else body):
            self.peer.send(piece)
        response = self.peer.read_response("POST")
        self.assertEqual((response.status, response.body), (200, str(count).encode()))
        self.assertEqual(collector.digest(), digest_of(count))
        return growth.most

    def check_memory(self, carry):
        """What a body takes it takes each time that `carry`, which says how much, lets one go by. Memory that
        is touched once for all, and may be touched whenever the machine is busy, is seen in one of them."""
        growth = carry()
        if not harness.settings["sanitized"]:
            for _ in range(2):
                if growth > CONNECTION_MEMORY:
                    growth = carry()
            self.assertLessEqual(growth, CONNECTION_MEMORY)

    # Each way goes by once before it is measured, so that the buffers shared by all connections
    # have been touched.
    WARM = 16 << 20

    def test_downloads_by_length(self):
        for target in ("length", "shared"):
            with self.subTest(target):
                self.download(target, self.WARM)
                self.check_memory(lambda: self.download_large(target, "Content-Length", str(harness.settings["large"])))

    def test_downloads_chunked(self):
        self.download("chunked", self.WARM)
        self.check_memory(lambda: self.download_large("chunked", "Transfer-Encoding", "chunked"))

    def test_uploads_by_length(self):
        self.upload(False, self.WARM)
        self.check_memory(lambda: self.upload(False, harness.settings["large"]))

    def test_uploads_chunked(self):
        self.upload(True, self.WARM)
        self.check_memory(lambda: self.upload(True, harness.settings["large"]))

    def test_downloads_to_http_1_0_until_the_end(self):
        self.peer.send(request("/chunked/5000000", version="1.0"))
        response = self.peer.read_response(until_close=True)
        self.assertIsNone(response.field("Transfer-Encoding"))
        self.assertEqual(hashlib.sha256(response.body).hexdigest(), digest_of(5_000_000))

    def test_holds_a_client_that_does_not_read(self):
        """Back-pressure: what nobody takes is not piled up."""
        self.download("length", self.WARM)
        self.upload(False, self.WARM)
        self.check_memory(self.serve_one_that_does_not_read)

    def serve_one_that_does_not_read(self):
        growth = Growth(self.server)
        count = 32 << 20
        with self.server.connect(deadline=240, receive_buffer=4096) as slow:
            slow.send(request(f"/length/{count}"))
            # Others are served meanwhile; each round trip gives the slow one its turn too.
            for _ in range(2000):
                self.peer.expect_open()
            growth.sample()
            response = slow.read_response(skips_body=lambda piece: None)
            self.assertEqual(response.status, 200)
        return growth.most


@on_each_backend
class SwiftBodies(ServerCase):
    """The same through Swift handlers."""

    def test_counts_an_upload(self):
        count = harness.settings["large"]
        for framing in (f"Content-Length: {count}", "Transfer-Encoding: chunked"):
            with self.subTest(framing), self.server.connect(deadline=240) as peer:
                peer.send(request("/upload", f"{framing}\r\n", "POST"))
                body = pattern(count)
                growth = Growth(self.server)
                for piece in growth.watched(chunked(body) if "chunked" in framing else body):
                    peer.send(piece)
                response = peer.read_response("POST")
                self.assertEqual((response.status, response.body), (200, str(count).encode()))

    def test_downloads_as_many_bytes_as_asked_for(self):
        for count in (0, 1, 1023, 65536, 1_000_000, harness.settings["large"]):
            with self.subTest(count), self.server.connect(deadline=240) as peer:
                got = []
                peer.send(request(f"/download/{count}") + request("/pipeline"))
                response = peer.read_response(skips_body=lambda piece: got.append(len(piece)))
                self.assertEqual((response.status, sum(got)), (200, count))
                self.assertEqual(peer.read_response().body, b"ok")

    def test_echoes_the_exact_bytes(self):
        body = os.urandom(8 << 20)
        for pieces in ([body], chunked([body], 70_000)):
            with self.subTest(type(pieces).__name__), self.server.connect(deadline=60) as peer:
                is_whole = isinstance(pieces, list)
                framing = f"Content-Length: {len(body)}" if is_whole else "Transfer-Encoding: chunked"
                peer.send(request("/echo", f"{framing}\r\n", "POST"))
                for piece in pieces:
                    peer.send(piece)
                self.assertEqual(peer.read_response("POST").body, body)


@on_each_backend
class EarlyRefusals(ServerCase):
    """A 413 arrives although its client is still sending."""

    LIMIT = 8 << 20

    def refused(self, fields, pieces):
        with self.server.connect() as peer:
            peer.send(request("/echo", fields, "POST"))
            peer.send_until_refused(pieces)
            response = peer.read_response("POST")
            self.assertEqual((response.status, response.says_close), (413, True))

    def test_refuses_a_declared_length_while_it_comes(self):
        count = 64 << 20
        self.refused(f"Content-Length: {count}\r\n", pattern(count))

    def test_refuses_chunks_while_they_come(self):
        self.refused("Transfer-Encoding: chunked\r\n", chunked(pattern(64 << 20)))

    def test_refuses_before_the_body(self):
        with self.server.connect() as peer:
            peer.send(request("/echo", f"Content-Length: {self.LIMIT + 1}\r\n", "POST"))
            self.assertEqual(peer.read_response("POST").status, 413)
            peer.expect_end()

    def test_lets_a_client_send_before_it_reads(self):
        """200 KB that nobody wants are read, so that no reset destroys the answer."""
        rows = [
            (request("/echo", f"Content-Length: {self.LIMIT + 1}\r\n", "POST"), 413),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
        ]
        for head, status in rows:
            with self.subTest(status), self.server.connect() as peer:
                peer.send(head)
                peer.send(b"x" * 200_000)
                response = peer.read_response("POST")
                self.assertEqual((response.status, response.says_close), (status, True))
                peer.expect_end()

    def test_answers_a_404_whose_body_is_still_coming(self):
        count = 500_000
        with self.server.connect() as peer:
            peer.send(request("/nowhere", f"Content-Length: {count}\r\n", "POST"))
            peer.send(b"x" * count)
            response = peer.read_response("POST")
            self.assertEqual(response.status, 404)
            self.assertFalse(response.says_close)
            self.assertEqual(peer.expect_open().body, b"Hello, World!")

    # method, target, status of the answer that needs no body
    EARLY = [("POST", "/nowhere", 404), ("DELETE", "/user/1", 405), ("GET", "/", 200), ("GET", "/async", 200)]

    def test_completes_no_answer_before_its_request(self):
        """A proxy would give the connection to its next client, whose request would follow the rest."""
        for method, target, status in self.EARLY:
            for fields, body in (("Content-Length: 5\r\n", b"hello"),
                                 ("Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n")):
                with self.subTest(f"{method} {target} {fields}"), self.server.connect() as peer:
                    peer.send(request("/pipeline") + request(target, fields, method))
                    self.assertEqual(peer.read_response().body, b"ok")
                    self.server.get("/async")  # whoever comes later is answered
                    self.assertFalse(peer.is_readable(0.05))
                    peer.send(body)
                    response = peer.read_response(method)
                    self.assertEqual((response.status, response.field("Connection")), (status, None))
                    self.assertEqual(peer.expect_open().body, b"Hello, World!")

    def test_says_that_it_closes_where_the_body_is_long(self):
        for method, target, status in self.EARLY:
            with self.subTest(f"{method} {target}"), self.server.connect() as peer:
                peer.send(request(target, f"Content-Length: {2 << 20}\r\n", method))
                response = peer.read_response(method)
                self.assertEqual((response.status, response.says_close), (status, True))
                peer.expect_end()
