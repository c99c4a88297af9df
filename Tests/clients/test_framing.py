# SPDX-License-Identifier: MIT
"""What each request gets: exact framing, one Date, refusals that say why and close."""

from harness import ServerCase, on_each_backend, request

# method, target, fields, body, then status, body (None: any), field lines that must be there
ANSWERS = [
    ("GET", "/", "", b"", 200, b"Hello, World!", {}),
    ("GET", "/pipeline", "", b"", 200, b"ok", {}),
    ("GET", "/?x=/pipeline", "", b"", 200, b"Hello, World!", {}),
    ("GET", "http://a/pipeline", "", b"", 200, b"ok", {}),
    ("GET", "http://a", "", b"", 200, b"Hello, World!", {}),
    ("GET", "/baseline11?a=13&b=42", "", b"", 200, b"55", {}),
    ("GET", "/baseline11?a=-13&b=42", "", b"", 200, b"29", {}),
    ("POST", "/baseline11?a=13&b=42", "", b"20", 200, b"75", {}),
    ("POST", "/baseline11?a=13&b=42", "Transfer-Encoding: chunked\r\n", None, 200, b"75", {}),
    ("POST", "/echo", "", bytes(range(256)) * 40, 200, bytes(range(256)) * 40, {}),
    ("POST", "/echo", "", b"", 200, b"", {}),
    ("POST", "/upload", "", b"x" * 100_000, 200, b"100000", {}),
    ("POST", "/upload", "", b"", 200, b"0", {}),
    ("GET", "/download/0", "", b"", 200, b"", {}),
    ("GET", "/download/1", "", b"", 200, None, {}),
    ("GET", "/user/12", "", b"", 200, b"12", {}),
    ("POST", "/", "", b"", 405, None, {"Allow": "GET, HEAD, OPTIONS"}),
    ("DELETE", "/user/1", "", b"", 405, None, {"Allow": "GET, HEAD, OPTIONS"}),
    ("BREW", "/pipeline", "", b"", 405, None, {"Allow": "GET, HEAD, OPTIONS"}),
    ("get", "/pipeline", "", b"", 405, None, {"Allow": "GET, HEAD, OPTIONS"}),
    ("GET", "/echo", "", b"", 405, None, {"Allow": "OPTIONS, POST"}),
    ("GET", "/upload", "", b"", 405, None, {"Allow": "OPTIONS, POST"}),
    ("PUT", "/baseline11", "", b"", 405, None, {"Allow": "GET, HEAD, OPTIONS, POST"}),
    ("GET", "/nowhere", "", b"", 404, None, {}),
    ("GET", "/pipeline/", "", b"", 404, None, {}),
    ("GET", "/PIPELINE", "", b"", 404, None, {}),
    ("POST", "/nowhere", "", b"with a body", 404, None, {}),
    ("GET", "/%0d%0aX-Injected:%20yes", "", b"", 404, None, {}),
    ("GET", "/pipeline", "Upgrade: h2c\r\nConnection: Upgrade\r\n", b"", 200, b"ok", {}),
    ("GET", "/pipeline", "Upgrade: nothing\r\nConnection: upgrade\r\n", b"", 200, b"ok", {}),
    ("GET", "/pipeline", "", b"a body that GET need not have", 200, b"ok", {}),
]  # fmt: skip

HEAD_OF = ["/", "/pipeline", "/baseline11?a=1", "/user/1", "/download/1000", "/nowhere"]


def refused(line_and_fields, *statuses):
    return line_and_fields.encode("latin-1"), statuses


HOST = "Host: a\r\n"
CHUNKED = f"POST /echo HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
POST = f"POST /echo HTTP/1.1\r\n{HOST}"

# Each of these gets one refusal with one of these statuses, and then the end of the connection.
REFUSALS = [
    # The request line.
    refused(f"GET  / HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET /  HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET\t/ HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f" GET / HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1 \r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1 x\r\n{HOST}\r\n", 400),
    refused(f"GET /\r\n{HOST}\r\n", 400),
    refused(f"GET HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"G@T / HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/2.0\r\n{HOST}\r\n", 505),
    refused(f"GET / HTTP/0.9\r\n{HOST}\r\n", 505),
    refused(f"GET / HTTP/1.\r\n{HOST}\r\n", 400),
    refused(f"GET / http/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1\r\r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1\r{HOST}\r\n", 400),
    refused(f"GET pipeline HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET * HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET /#x HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET /\x7f HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET /\xe9 HTTP/1.1\r\n{HOST}\r\n", 400),
    refused(f"GET /\0 HTTP/1.1\r\n{HOST}\r\n", 400),
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
    refused("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    # Fields.
    refused("GET / HTTP/1.1\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n", 400),
    refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    refused("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X : y\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}: y\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\r\n z\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n X: y\r\n{HOST}\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\0z\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\x01\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\x7f\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\rz\r\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}X: y\n\r\n", 400),
    refused(f"GET / HTTP/1.1\r\n{HOST}\n", 400),
    # Lengths and codings.
    refused(f"{POST}Content-Length: +1\r\n\r\nx", 400),
    refused(f"{POST}Content-Length: -1\r\n\r\nx", 400),
    refused(f"{POST}Content-Length: 0x1\r\n\r\nx", 400),
    refused(f"{POST}Content-Length: 1, 1\r\n\r\nx", 400),
    refused(f"{POST}Content-Length: \r\n\r\n", 400),
    refused(f"{POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    refused(f"{POST}Content-Length: 9223372036854775808\r\n\r\n", 400, 413),
    refused(f"{POST}Content-Length: 18446744073709551617\r\n\r\n", 400, 413),
    refused(f"{POST}Content-Length: 4294967297000\r\n\r\n", 413),
    refused(f"{POST}Transfer-Encoding: gzip\r\n\r\n", 400, 501),
    refused(f"{POST}Transfer-Encoding: chunked, gzip\r\n\r\n", 400, 501),
    refused(f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
    refused(f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    refused(f"{POST}Transfer-Encoding: xchunked\r\n\r\n", 400, 501),
    refused(f"{POST}Transfer-Encoding: chunked;a=b\r\n\r\n", 400, 501),
    refused(f"{POST}Transfer-Encoding: \r\n\r\n", 400),
    refused(f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    refused(f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    refused("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    # Chunks.
    refused(f"{CHUNKED}0x1\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}+1\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}1_0\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED} 1\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}g\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}1\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}1\r\nxy\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}1\r\nx\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}ffffffffffffffffff\r\nx", 400, 413),
    refused(f"{CHUNKED}1;a=\"\r\nx\r\n0\r\n\r\n", 400),
    refused(f"{CHUNKED}0\r\nX : y\r\n\r\n", 400),
    refused(f"{CHUNKED}0\r\n folded: y\r\n\r\n", 400),
]  # fmt: skip


@on_each_backend
class Framing(ServerCase):
    def test_answers_each_route(self):
        for method, target, fields, body, status, expected, lines in ANSWERS:
            with self.subTest(f"{method} {target}"), self.server.connect() as peer:
                chunks = b"2\r\n20\r\n0\r\n\r\n" if body is None else b""
                peer.send(request(target, fields, method, body or b"") + chunks)
                response = peer.read_response(method)
                self.assertEqual(response.status, status)
                if expected is not None:
                    self.assertEqual(response.body, expected)
                if status == 200 and response.body:
                    self.assertIn(response.media_type, ("text/plain", "application/octet-stream"))
                for name, value in lines.items():
                    self.assertEqual(response.field(name), value)
                self.assertIsNone(response.field("X-Injected"))
                self.assertEqual(peer.expect_open().body, b"Hello, World!")

    def test_answers_head_as_get_without_the_body(self):
        for target in HEAD_OF:
            with self.subTest(target), self.server.connect() as peer:
                peer.send(request(target) + request(target, method="HEAD") + request("/pipeline"))
                get, head, after = peer.read_response(), peer.read_response("HEAD"), None
                without = lambda response: [f for f in response.fields if f[0] != "Date"]
                self.assertEqual((head.status, without(head)), (get.status, without(get)))
                self.assertEqual(head.field("Content-Length"), str(len(get.body)))
                after = peer.read_response()
                self.assertEqual(after.body, b"ok")

    def test_refuses_and_closes(self):
        for data, statuses in REFUSALS:
            with self.subTest(data), self.server.connect() as peer:
                peer.send(data)
                response = peer.read_response()
                self.assertIn(response.status, statuses)
                self.assertTrue(response.says_close, response.head)
                self.assertIsNotNone(response.field("Content-Length"), response.head)
                peer.expect_end()

    def test_answers_options_for_the_whole_server(self):
        with self.server.connect() as peer:
            peer.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(peer.read_response().status, (200, 204))
            peer.expect_open()

    def test_refuses_connect(self):
        self.assertIn(self.server.get("a:443", method="CONNECT").status, (405, 501))

    def test_skips_blank_lines_before_a_request(self):
        with self.server.connect() as peer:
            peer.send(b"\r\n\r\n" + request("/") + b"\r\n" + request("/pipeline"))
            self.assertEqual(peer.read_response().body, b"Hello, World!")
            self.assertEqual(peer.read_response().body, b"ok")

    def test_answers_a_thousand_pipelined_requests_in_order(self):
        with self.server.connect() as peer:
            peer.send(b"".join(request(f"/baseline11?a={i}") for i in range(1000)))
            for i in range(1000):
                self.assertEqual(peer.read_response().body, str(i).encode())

    def test_answers_good_requests_before_a_bad_one(self):
        with self.server.connect() as peer:
            peer.send(request("/") + request("/pipeline") + b"GET / HTTP/1.1\nHost: a\n\n" + request())
            bodies = [peer.read_response().body for _ in range(2)]
            self.assertEqual(bodies, [b"Hello, World!", b"ok"])
            self.assertEqual(peer.read_response().status, 400)
            peer.expect_end()

    def test_answers_whole_requests_after_the_end_of_input(self):
        with self.server.connect() as peer:
            peer.send(request("/") + request("/pipeline"))
            peer.finish()
            bodies = [peer.read_response().body for _ in range(2)]
            self.assertEqual(bodies, [b"Hello, World!", b"ok"])
            peer.expect_end()

    def test_never_answers_a_cut_request_with_success(self):
        for data in (request("/")[:-2], request("/echo", method="POST", body=b"12345")[:-1]):
            with self.subTest(data), self.server.connect() as peer:
                peer.send(data)
                peer.finish()
                answer = peer.read_to_end()
                self.assertNotIn(b"HTTP/1.1 2", answer)

    def test_sends_no_100_to_http_1_0_nor_before_a_refusal(self):
        expect = "Expect: 100-continue\r\n"
        with self.server.connect() as peer:
            peer.send(request("/echo", expect, "POST", b"hello", version="1.0"))
            self.assertEqual(peer.read_response("POST").body, b"hello")
            self.assertEqual(peer.interim, [])
        with self.server.connect() as peer:
            peer.send(request("/echo", f"{expect}Content-Length: 99999999\r\n", "POST"))
            self.assertEqual(peer.read_response("POST").status, 413)
            self.assertEqual(peer.interim, [])

    def test_sends_304_for_a_known_tag(self):
        first = self.server.get("/user/1")
        tag = first.field("ETag")
        self.assertRegex(tag, r'^(W/)?"[\x21\x23-\x7e]*"$')
        strong = tag.removeprefix("W/")
        # value of If-None-Match, expected status
        rows = [
            (tag, 304),
            ("*", 304),
            (f"W/{strong}", 304),
            (f'"x", {tag}', 304),
            (f'"x,y", , {tag} , "z"', 304),
            (f'"x"\r\nIf-None-Match: {tag}', 304),
            ('"x"', 200),
            (strong[:-1], 200),
        ]
        for value, status in rows:
            with self.subTest(value), self.server.connect() as peer:
                peer.send(request("/user/1", f"If-None-Match: {value}\r\n") + request("/pipeline"))
                response = peer.read_response()
                self.assertEqual(response.status, status)
                self.assertEqual(response.field("ETag"), tag)
                self.assertEqual(peer.read_response().body, b"ok")


@on_each_backend
class FramingOfC(ServerCase):
    options = ("--handler", "c")

    def test_answers_from_a_c_callback(self):
        response = self.server.get("/")
        self.assertEqual((response.status, response.body), (200, b"Hello, World!"))
        self.assertEqual(response.media_type, "text/plain")
        self.assertEqual(self.server.get("/", method="HEAD").field("Content-Length"), "13")
