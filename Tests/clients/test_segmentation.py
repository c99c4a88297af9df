# SPDX-License-Identifier: MIT
"""Whole, cut at every byte boundary, and byte by byte: the same answer."""

import harness
from harness import ServerCase, on_each_backend, request, without_date

FIELDS = "".join(f"X-Field-{i}: {'value ' * (i % 7)}end\r\n" for i in range(100))

CHUNKED = (
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;name=value;quoted="a b"\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: x\r\n\r\n'
)

PIPELINED = (
    request("/") + request("/echo", method="POST", body=b"ping") + request("/pipeline")
)

CONTINUED = request("/echo", "Expect: 100-continue\r\n", "POST", b"expected")

# name, bytes, the answers as (method, status, body)
SHAPES = [
    ("GET", request("/"), [("GET", 200, b"Hello, World!")]),
    ("GET with query", request("/baseline11?a=13&b=42"), [("GET", 200, b"55")]),
    ("HEAD", request("/", method="HEAD"), [("HEAD", 200, b"")]),
    (
        "POST with length",
        request("/baseline11?a=1&b=2", method="POST", body=b"20"),
        [("POST", 200, b"23")],
    ),
    ("POST chunked", CHUNKED, [("POST", 200, b"hello world")]),
    (
        "pipelined",
        PIPELINED,
        [("GET", 200, b"Hello, World!"), ("POST", 200, b"ping"), ("GET", 200, b"ok")],
    ),
    ("Expect: 100-continue", CONTINUED, [("POST", 200, b"expected")]),
    (
        "HTTP/1.0 keep-alive",
        request("/", "Connection: keep-alive\r\n", version="1.0"),
        [("GET", 200, b"Hello, World!")],
    ),
    (
        "Connection: close",
        request("/", "Connection: close\r\n"),
        [("GET", 200, b"Hello, World!")],
    ),
    ("large head", request("/pipeline", FIELDS), [("GET", 200, b"ok")]),
]

# What is refused must be refused with the same answer too.
REFUSALS = [
    ("bare LF", b"GET / HTTP/1.1\nHost: a\r\n\r\n", [("GET", 400, None)]),
    ("two lengths", request("/", "Content-Length: 0\r\nContent-Length: 0\r\n"), [("GET", 400, None)]),
    ("space before colon", request("/", "X : y\r\n"), [("GET", 400, None)]),
    ("bad chunk size", CHUNKED.replace(b"\r\n1\r\n", b"\r\n+1\r\n"), [("POST", 400, None)]),
    ("good before bad", request("/pipeline") + b"GET /\r\n\r\n", [("GET", 200, b"ok"), ("GET", 400, None)]),
]

BATCH = 200


@on_each_backend
class Segmentation(ServerCase):
    # One worker takes events in their order: once a later request on another connection is
    # answered, the bytes sent before it were received. That is what separates the pieces.
    workers = 1

    def setUp(self):
        self.barrier = self.server.connect(deadline=120)
        self.addCleanup(self.barrier.close)

    def pass_barrier(self):
        self.barrier.send(request("/pipeline"))
        self.barrier.read_response()

    def deliver(self, many, expected):
        """Send each list of pieces on a connection of its own; returns the answers of each, as
        bytes without dates, and the number of interim responses."""
        peers = [self.server.connect(deadline=60) for _ in many]
        try:
            for step in range(max(map(len, many))):
                for peer, pieces in zip(peers, many):
                    if step < len(pieces):
                        # A refusal may come, and end the connection, before the last byte.
                        peer.send_until_refused([pieces[step]])
                self.pass_barrier()
            return [self.answers(peer, expected) for peer in peers]
        finally:
            for peer in peers:
                peer.close()

    def answers(self, peer, expected):
        raw = b""
        for method, status, body in expected:
            response = peer.read_response(method)
            self.assertEqual(response.status, status)
            if body is not None:
                self.assertEqual(response.body, body)
            raw += response.raw
        if not response.says_close:
            peer.finish()
        peer.expect_end()
        return without_date(raw), len(peer.interim)

    def check(self, name, data, expected, cuts):
        whole, interim = self.deliver([[data]], expected)[0]
        self.assertEqual(interim, 0, "100 Continue although the body was there")
        for at in range(0, len(cuts), BATCH):
            batch = cuts[at : at + BATCH]
            for pieces, (raw, interim) in zip(batch, self.deliver(batch, expected)):
                where = f"{name}, cut after {len(pieces[0])} of {len(data)} bytes"
                self.assertEqual(raw, whole, where)
                self.assertLessEqual(interim, 1 if b"100-continue" in data else 0, where)

    def test_answers_the_same_when_cut_at_every_byte(self):
        for name, data, expected in SHAPES + REFUSALS:
            with self.subTest(name):
                self.check(name, data, expected, [[data[:i], data[i:]] for i in range(1, len(data))])

    def test_answers_the_same_byte_by_byte(self):
        for name, data, expected in SHAPES + REFUSALS:
            with self.subTest(name):
                self.check(name, data, expected, [[data[i : i + 1] for i in range(len(data))]])

    def test_sends_one_100_when_the_body_has_not_come(self):
        head, body = CONTINUED[: -len(b"expected")], b"expected"
        with self.server.connect() as peer:
            peer.send(head)
            interim = harness.Response(peer, "POST", None, False)
            self.assertEqual((interim.status, interim.fields), (100, []))
            peer.send(body)
            response = peer.read_response("POST")
            self.assertEqual((response.status, response.body), (200, body))
            self.assertEqual(peer.interim, [])


@on_each_backend
class SegmentationOfSimple(ServerCase):
    program = "simple"

    SHAPES = [
        ("GET /", request("/"), 200, b""),
        ("GET /user/12", request("/user/12"), 200, b"12"),
        ("POST /user", request("/user", method="POST", body=b"name"), 201, b""),
        ("POST /user without a body", request("/user", method="POST"), 201, b""),
        ("unknown path", request("/nowhere"), 404, None),
        ("another method", request("/user/12", method="DELETE"), 405, None),
    ]

    def test_answers_the_same_byte_by_byte(self):
        for name, data, status, body in self.SHAPES:
            with self.subTest(name), self.server.connect() as whole, self.server.connect() as cut:
                whole.send(data)
                for i in range(len(data)):
                    cut.send(data[i : i + 1])
                answers = [peer.read_response() for peer in (whole, cut)]
                self.assertEqual(answers[0].status, status)
                if body is not None:
                    self.assertEqual(answers[0].body, body)
                self.assertEqual(*(without_date(answer.raw) for answer in answers))

    def test_names_the_types_and_the_methods(self):
        self.assertEqual(self.server.get("/").media_type, "application/json")
        self.assertEqual(self.server.get("/user/7").media_type, "text/plain")
        allowed = self.server.get("/user/7", method="DELETE").field("Allow")
        self.assertEqual(sorted(allowed.replace(" ", "").split(",")), ["GET", "HEAD", "OPTIONS"])
        self.assertEqual(self.server.get("/user", method="GET").field("Allow"), "OPTIONS, POST")
