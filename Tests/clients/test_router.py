# SPDX-License-Identifier: MIT
"""The router over real sockets: what each path and method of `simple` and of `arena` is answered."""

import re
import unittest

from harness import ServerCase, on_each_backend, request

# method, target, status, body (None: not looked at), Allow
SIMPLE = [
    ("GET", "/", 200, b"", None),
    ("GET", "/?x=/user/1", 200, b"", None),
    ("GET", "/user/1", 200, b"1", None),
    ("GET", "/user/1?x", 200, b"1", None),
    ("POST", "/user", 201, b"", None),
    ("HEAD", "/user/12", 200, b"", None),
    # Percent-encoding: an escape is the same as an unreserved character, and never a slash.
    ("GET", "/%75ser/1", 200, b"1", None),
    ("GET", "/us%65%72/%31", 200, b"%31", None),
    ("GET", "/user/a%2Fb", 200, b"a%2Fb", None),
    ("GET", "/user%2F1", 404, None, None),
    ("GET", "/user%2f1", 404, None, None),
    ("GET", "/%2575ser/1", 404, None, None),
    ("GET", "/user/%0d%0aX-Injected:%201", 200, b"%0d%0aX-Injected:%201", None),
    ("GET", "/user/%", 400, None, None),
    ("GET", "/user/%4", 400, None, None),
    ("GET", "/%zz", 400, None, None),
    ("POST", "/nowhere/%x0", 400, None, None),
    # Strict about slashes and segments; dots are nothing special.
    ("GET", "/user/", 404, None, None),
    ("GET", "/user/1/", 404, None, None),
    ("GET", "//user/1", 404, None, None),
    ("GET", "/user//1", 404, None, None),
    ("GET", "/x/../user/1", 404, None, None),
    ("GET", "/user/..", 200, b"..", None),
    ("GET", "/User/1", 404, None, None),
    ("GET", "/nowhere", 404, None, None),
    # Other methods.
    ("GET", "/user", 405, None, "OPTIONS, POST"),
    ("HEAD", "/user", 405, None, "OPTIONS, POST"),
    ("DELETE", "/user/1", 405, None, "GET, HEAD, OPTIONS"),
    ("PURGE", "/", 405, None, "GET, HEAD, OPTIONS"),
    ("get", "/", 405, None, "GET, HEAD, OPTIONS"),
    ("OPTIONS", "/", 204, b"", "GET, HEAD, OPTIONS"),
    ("OPTIONS", "/user", 204, b"", "OPTIONS, POST"),
    ("OPTIONS", "/%75ser/%31", 204, b"", "GET, HEAD, OPTIONS"),
    ("OPTIONS", "/nowhere", 404, None, None),
    ("OPTIONS", "*", 204, b"", None),
    # Absolute form.
    ("GET", "http://example.com", 200, b"", None),
    ("GET", "http://example.com/user/7", 200, b"7", None),
]

ARENA = [
    ("GET", "/teams/red/users/7", 200, b"red", None),
    ("GET", "/te%61ms/r%20d/%75sers/%37", 200, b"r%20d", None),
    ("GET", "/teams/red/users/seven", 404, None, None),
    ("GET", "/teams/red/users/99999999999999999999", 404, None, None),
    ("GET", "/teams//users/7", 404, None, None),
    ("PUT", "/baseline11", 405, None, "GET, HEAD, OPTIONS, POST"),
    ("OPTIONS", "/baseline11", 204, b"", "GET, HEAD, OPTIONS, POST"),
    ("GET", "/download/-1", 404, None, None),
    ("GET", "/download/%33", 200, b"\0\0\0", None),
]


class Routed:
    """Each row alone, then all of them in a row on one connection."""

    def check(self, response, row):
        method, target, status, body, allowed = row
        self.assertEqual(response.status, status, row)
        self.assertEqual(response.field("Allow"), allowed, row)
        self.assertIsNone(response.field("X-Injected"), row)
        if body is not None:
            self.assertEqual(response.body, body, row)
        if status == 204:
            self.assertIsNone(response.field("Content-Length"))

    def test_answers_each_request(self):
        for row in self.ROWS:
            with self.subTest(f"{row[0]} {row[1]}"):
                self.check(self.server.get(row[1], method=row[0]), row)

    def test_answers_them_pipelined(self):
        with self.server.connect() as peer:
            peer.send(b"".join(request(row[1], method=row[0]) for row in self.ROWS))
            for row in self.ROWS:
                self.check(peer.read_response(row[0]), row)

    def test_drains_the_body_of_what_it_refuses(self):
        body = b"GET /user/2 HTTP/1.1\r\nHost: a\r\n\r\n" * 100
        with self.server.connect() as peer:
            for target, status in (("/nowhere", 404), ("/download/1", self.POST_DOWNLOAD), ("/%", 400)):
                peer.send(request(target, method="POST", body=body))
                self.assertEqual(peer.read_response().status, status)
            peer.expect_open()

    def test_serves_head_as_get_without_the_body(self):
        for method, target, status, *_ in self.ROWS:
            if method != "GET" or status != 200:
                continue
            with self.subTest(target):
                whole = self.server.get(target)
                head = self.server.get(target, method="HEAD")
                fields = lambda response: re.sub(rb"\r\nDate: [^\r]*", b"", response.head)
                self.assertEqual(fields(head), fields(whole))
                self.assertEqual(head.body, b"")


@on_each_backend
class RoutedSimple(Routed, ServerCase):
    program = "simple"
    ROWS = SIMPLE
    POST_DOWNLOAD = 404


@on_each_backend
class RoutedArena(Routed, ServerCase):
    program = "arena"
    ROWS = ARENA
    POST_DOWNLOAD = 405


if __name__ == "__main__":
    unittest.main()
