# SPDX-License-Identifier: MIT
"""Conditional requests over sockets (RFC 9110, section 13), row by row."""

import email.utils
import os

import harness
from harness import Server, ServerCase, on_each_backend, request, run_tool
from test_bodies import build_c_server

# Of /modified in the arena.
MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"

# fields of a GET of /etag, whose tag is "v1": the status
OF_TAG = [
    ("", 200),
    ('If-None-Match: "v1"\r\n', 304),
    ('if-none-match:"v1"\r\n', 304),
    ('If-None-Match: W/"v1"\r\n', 304),
    ("If-None-Match: v1\r\n", 304),
    ("If-None-Match: *\r\n", 304),
    ('If-None-Match: "v0", "v1"\r\n', 304),
    ('If-None-Match: ,, "a,b" ,\t"v1",\r\n', 304),
    ('If-None-Match: "v0"\r\nIf-None-Match: "v1"\r\n', 304),
    ('If-None-Match: "v0\r\nIf-None-Match: "v1"\r\n', 304),
    ('If-None-Match: "v0, "v1"\r\n', 304),
    ('If-None-Match: "v0"\r\n', 200),
    ('If-None-Match: "V1"\r\n', 200),
    ('If-None-Match: w/"v1"\r\n', 200),
    ('If-None-Match: "v1\r\n', 200),
    ('If-None-Match: v1"\r\n', 200),
    ('If-None-Match: "v1"x\r\n', 200),
    ('If-None-Match: ""\r\n', 200),
    ("If-None-Match:\r\n", 200),
    ('If-Match: "v1"\r\n', 200),
    ("If-Match: *\r\n", 200),
    ('If-Match: "v0", "v1"\r\n', 200),
    ('If-Match: W/"v1"\r\n', 412),
    ('If-Match: "v0"\r\n', 412),
    ("If-Match:\r\n", 412),
    ('If-Match: "v0"\r\nIf-None-Match: "v1"\r\n', 412),
    ('If-None-Match: "v1"\r\nIf-Match: "v1"\r\n', 304),
    # No date is known of /etag, so dates have no say.
    (f"If-Modified-Since: {AFTER}\r\n", 200),
    (f"If-Unmodified-Since: {BEFORE}\r\n", 200),
    (f'If-None-Match: "v0"\r\nIf-Modified-Since: {AFTER}\r\n', 200),
]

# fields of a GET of /modified: the status
OF_DATE = [
    ("", 200),
    (f"If-Modified-Since: {MODIFIED}\r\n", 304),
    (f"If-Modified-Since: {AFTER}\r\n", 304),
    ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304),
    ("If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304),
    (f"If-Modified-Since: {BEFORE}\r\n", 200),
    ("If-Modified-Since: 1994-11-06\r\n", 200),
    ("If-Modified-Since: Sun, 32 Nov 2094 08:49:37 GMT\r\n", 200),
    ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37\r\n", 200),
    ("If-Modified-Since: 99999999999999999999\r\n", 200),
    (f"If-Modified-Since: {AFTER}, {AFTER}\r\n", 200),
    (f"If-Modified-Since: {AFTER}\r\nIf-Modified-Since: {AFTER}\r\n", 200),
    (f'If-None-Match: "v0"\r\nIf-Modified-Since: {AFTER}\r\n', 200),
    (f"If-Modified-Since: {BEFORE}\r\nIf-None-Match: *\r\n", 304),
    (f"If-Unmodified-Since: {MODIFIED}\r\n", 200),
    (f"If-Unmodified-Since: {BEFORE}\r\n", 412),
    ("If-Unmodified-Since: never\r\n", 200),
    (f"If-Unmodified-Since: {BEFORE}\r\nIf-Match: *\r\n", 200),
]

# fields of a PUT to /etag: the status
OF_CHANGE = [
    ("", 200),
    ('If-Match: "v1"\r\n', 200),
    ("If-Match: *\r\n", 200),
    ('If-Match: "v0"\r\n', 412),
    ('If-Match: W/"v1"\r\n', 412),
    ("If-None-Match: *\r\n", 412),
    ('If-None-Match: "v1"\r\n', 412),
    ('If-None-Match: W/"v1"\r\n', 412),
    ('If-None-Match: "v0"\r\n', 200),
    (f"If-Modified-Since: {AFTER}\r\n", 200),
]

# What conditions do not apply to: method, target, the status with or without them
OF_NOTHING = [
    ("GET", "/nowhere", 404),
    ("HEAD", "/nowhere", 404),
    ("DELETE", "/etag", 405),
    ("OPTIONS", "*", 204),
]


@on_each_backend
class Conditional(ServerCase):
    def check(self, target, rows, method="GET", body=b""):
        """Each row on one connection, with a request after it, which must be understood."""
        for fields, status in rows:
            with self.subTest(f"{method} {target} {fields!r}"), self.server.connect() as peer:
                peer.send(request(target, fields, method, body) + request("/pipeline"))
                response = peer.read_response(method)
                self.assertEqual(response.status, status)
                if status == 304:
                    self.check_not_modified(response)
                if status == 412:
                    self.assertEqual((response.body, response.field("Content-Length")), (b"", "0"))
                    for name in ("ETag", "Last-Modified", "Cache-Control", "Content-Language"):
                        self.assertIsNone(response.field(name), name)
                self.assertEqual(peer.read_response().body, b"ok")

    def check_not_modified(self, response):
        """RFC 9110, section 15.4.5; Date is checked of every response."""
        for name in ("Content-Length", "Content-Type", "Content-Language", "Transfer-Encoding"):
            self.assertIsNone(response.field(name), name)
        has_tag = response.field("ETag") is not None
        self.assertEqual(response.field("Last-Modified"), None if has_tag else MODIFIED)

    def test_compares_tags(self):
        self.check("/etag", OF_TAG)

    def test_compares_dates(self):
        self.check("/modified", OF_DATE)

    def test_answers_head_as_get(self):
        self.check("/etag", OF_TAG, "HEAD")
        self.check("/modified", OF_DATE, "HEAD")

    def test_refuses_a_change(self):
        self.check("/etag", OF_CHANGE, "PUT")
        self.check("/etag", OF_CHANGE, "PUT", b"new text")

    def test_has_no_say_elsewhere(self):
        conditions = ["", 'If-Match: "v0"\r\n', "If-None-Match: *\r\n", "If-Match: *\r\n",
                      f"If-Unmodified-Since: {BEFORE}\r\n", f"If-Modified-Since: {AFTER}\r\n"]  # fmt: skip
        for method, target, status in OF_NOTHING:
            self.check(target, [(fields, status) for fields in conditions], method)

    def test_sends_the_validators(self):
        whole = self.server.get("/etag")
        known = self.server.get("/etag", 'If-None-Match: "v1"\r\n')
        for name, value in (("ETag", '"v1"'), ("Cache-Control", "max-age=60"), ("Vary", "Accept-Language")):
            self.assertEqual((whole.field(name), known.field(name)), (value, value), name)
        self.assertEqual((whole.field("Content-Language"), whole.body), ("en", b"note"))
        page = self.server.get("/modified")
        self.assertEqual((page.field("Last-Modified"), page.field("ETag")), (MODIFIED, None))
        self.assertEqual(email.utils.parsedate_to_datetime(MODIFIED).timestamp(), 784111777)

    def test_takes_a_list_of_a_thousand_tags(self):
        """Over several lines, malformed ones among them, the one that counts at the end."""
        lines = [", ".join(f'"{i}-{j}"' for j in range(100)) + ', "x y", *' for i in range(10)]
        fields = "".join(f"If-None-Match: {line}\r\n" for line in lines)
        self.check("/etag", [(fields, 200), (fields + 'If-None-Match: "z", "v1"\r\n', 304)])

    def test_tells_the_tag_of_a_body(self):
        first, again = self.server.get("/user/1"), self.server.get("/user/1")
        tag = first.field("ETag")
        self.assertEqual(tag, '"df3ce784d856334d65cd25028f98f158"')  # XXH3-128 of "1"
        self.assertEqual(again.field("ETag"), tag)
        self.assertNotEqual(self.server.get("/user/2").field("ETag"), tag)

    def test_lets_curl_keep_a_copy(self):
        """curl stores the tag, and sends it the next time."""
        path = os.path.join(harness.settings["work"], self.id())
        for body in ("1", ""):
            status, said = run_tool(
                "curl", "--silent", "--show-error", "--etag-save", path,
                "--etag-compare", path, self.server.url + "/user/1",
            )  # fmt: skip
            self.assertEqual((status, said), (0, body))


@on_each_backend
class ConditionalOfC(ServerCase):
    """The same from a program in C that includes CVanillaIO.h alone."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server([build_c_server(), "--backend", cls.backend, "--workers", "1"])

    @classmethod
    def tearDownClass(cls):
        cls.server.get("/stop", method="POST")
        try:
            if cls.server.wait() != 0:
                raise harness.Failed(cls.server.log())
        finally:
            cls.server.close()

    def test_offers_a_body(self):
        whole = self.server.get("/tagged")
        tag = whole.field("ETag")
        self.assertEqual((whole.status, whole.body), (200, b"Hello from C"))
        self.assertEqual(whole.field("Last-Modified"), MODIFIED)
        rows = [
            ("GET", f"If-None-Match: {tag}\r\n", 304),
            ("HEAD", f"If-None-Match: {tag}\r\n", 304),
            ("GET", f"If-Modified-Since: {MODIFIED}\r\n", 304),
            ("GET", f'If-None-Match: "x"\r\nIf-Modified-Since: {MODIFIED}\r\n', 200),
            ("GET", 'If-Match: "x"\r\n', 412),
            ("PUT", 'If-Match: "x"\r\n', 412),
            ("PUT", f"If-Match: {tag}\r\n", 204),
            ("PUT", f"If-Unmodified-Since: {BEFORE}\r\n", 412),
        ]
        for method, fields, status in rows:
            with self.subTest(f"{method} {fields!r}"):
                response = self.server.get("/tagged", fields, method)
                self.assertEqual(response.status, status)
                self.assertEqual(response.field("ETag"), tag if status in (200, 304) else None)
                keeps = "max-age=60" if status != 412 else None
                self.assertEqual(response.field("Cache-Control"), keeps)
