# SPDX-License-Identifier: MIT
"""What fits, and what is refused one byte later, over sockets."""

from harness import ServerCase, on_each_backend, request

KIB = 1 << 10


def line_of(count):
    """A request line of that many bytes."""
    return f"GET /{'x' * (count - len('GET / HTTP/1.1'))} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def field_of(count):
    """One field line of that many bytes."""
    return request("/", f"X-Long: {'x' * (count - len('X-Long: '))}\r\n")


def fields_of(count):
    """Field lines of that many bytes in all, CRLFs included."""
    host = len("Host: a\r\n")
    lines = [4 * KIB] * ((count - host) // (4 * KIB) - 1)
    lines.append(count - host - sum(lines))
    return request("/", "".join(f"X: {'x' * (line - 5)}\r\n" for line in lines))


def field_count_of(count):
    return request("/", "X: y\r\n" * (count - 1))


def chunk_line_of(count):
    """A body whose chunk line has that many bytes, CRLF included."""
    head = request("/echo", "Transfer-Encoding: chunked\r\n", "POST")
    return head + b"1;a=" + b"b" * (count - 6) + b"\r\nx\r\n0\r\n\r\n"


def trailers_of(count):
    """A trailer section of that many bytes, without its empty line."""
    head = request("/echo", "Transfer-Encoding: chunked\r\n", "POST")
    lines = [1 * KIB] * (count // KIB - 1)
    lines.append(count - sum(lines))
    return head + b"0\r\n" + b"".join(b"X: %b\r\n" % (b"x" * (n - 5)) for n in lines) + b"\r\n"


def length_of(count):
    return request("/echo", method="POST", body=b"x" * count)


def chunks_of(count):
    head = request("/echo", "Transfer-Encoding: chunked\r\n", "POST")
    return head + b"%x\r\n" % count + b"x" * count + b"\r\n0\r\n\r\n"


# name, the request of a size, the limit, the statuses of what fits, the status beyond, and by how
# many bytes the edge may lie elsewhere: a CRLF is counted or it is not.
LIMITS = [
    ("request line", line_of, 16 * KIB, (404,), (414,), 2),
    ("one field", field_of, 16 * KIB, (200,), (431,), 2),
    ("all fields", fields_of, 64 * KIB, (200,), (431,), 2),
    ("fields", field_count_of, 128, (200,), (431,), 0),
    ("chunk line", chunk_line_of, 4 * KIB, (200,), (400,), 2),
    ("trailers", trailers_of, 16 * KIB, (200,), (431,), 2),
    ("body by length", length_of, 8 * KIB * KIB, (200,), (413,), 0),
    ("body in chunks", chunks_of, 8 * KIB * KIB, (200,), (413,), 0),
]


@on_each_backend
class Limits(ServerCase):
    def status_of(self, data):
        with self.server.connect() as peer:
            peer.send_until_refused([data])
            response = peer.read_response("POST" if data.startswith(b"POST") else "GET")
            return response.status, response.says_close

    def test_fits_at_the_limit_and_is_refused_one_past_it(self):
        for name, make, limit, fitting, beyond, slack in LIMITS:
            with self.subTest(name):
                sizes = range(limit - slack, limit + slack + 2)
                statuses = [self.status_of(make(size)) for size in sizes]
                self.assertIn(statuses[0][0], fitting, f"{limit - slack} bytes")
                status, closes = statuses[-1]
                self.assertIn(status, beyond, f"{limit + slack + 1} bytes")
                self.assertTrue(closes)
                self.assertEqual(statuses, sorted(statuses, key=lambda s: s[0] in beyond))

    def test_refuses_while_the_bytes_arrive(self):
        """A line, a field or a chunk line without an end is refused once it is too long."""
        rows = [
            (b"GET /", 414),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 127, 431),
            (request("/echo", "Transfer-Encoding: chunked\r\n", "POST") + b"1;a=", 400),
            (request("/echo", "Transfer-Encoding: chunked\r\n", "POST") + b"0\r\nX: ", 431),
            (b"M", 400),
            (b"\r\n" * 10, 400),
        ]
        for start, status in rows:
            with self.subTest(start[-20:]), self.server.connect() as peer:
                pad = b"\r\n" if start.endswith(b"\r\n\r\n") else b"X"
                if b"y\r\n" in start:
                    pad = b"X: y\r\n"
                peer.send_until_refused([start] + [pad * 1000] * 200)
                self.assertEqual(peer.read_response().status, status)
