# SPDX-License-Identifier: MIT
"""The clients that people use: curl, ab, wrk, h2load and a browser."""

import os
import re

import harness
from browser import find_browser
from harness import ServerCase, on_each_backend, run_tool


@on_each_backend
class Curl(ServerCase):
    # arguments, target, the body expected
    PLAIN = [
        ([], "/", "Hello, World!"),
        (["--http1.0"], "/", "Hello, World!"),
        (["--data", "20"], "/baseline11?a=13&b=42", "75"),
        (["--data", "20", "--header", "Transfer-Encoding: chunked"], "/baseline11?a=1", "21"),
        (["--data", "x", "--header", "Expect: 100-continue"], "/echo", "x"),
        (["--data", "x", "--http1.0"], "/echo", "x"),
        (["--compressed"], "/pipeline", "ok"),
        (["--request", "GET", "--data", "x"], "/pipeline", "ok"),
        (["--header", "Connection: close"], "/pipeline", "ok"),
    ]

    def curl(self, target, *arguments):
        status, said = run_tool(
            "curl", "--silent", "--show-error", "--fail", "--max-time", 30,
            *arguments, self.server.url + target,
        )  # fmt: skip
        self.assertEqual(status, 0, said)
        return said

    def test_gets_the_body(self):
        for arguments, target, body in self.PLAIN:
            with self.subTest(arguments):
                self.assertEqual(self.curl(target, *arguments), body)

    def test_gets_a_head_alone(self):
        said = self.curl("/", "--head")
        self.assertRegex(said, r"^HTTP/1.1 200 OK\r?\n")
        self.assertRegex(said, r"(?i)content-length: 13\r?\n")

    def test_reuses_the_connection(self):
        urls = [self.server.url + "/pipeline"] * 4
        status, said = run_tool(
            "curl", "--silent", "--write-out", " %{num_connects}", self.server.url + "/", *urls
        )
        self.assertEqual((status, said), (0, "Hello, World! 1" + "ok 0" * 4))

    def test_uploads_a_file_by_length_and_chunked(self):
        path = os.path.join(harness.settings["work"], "upload")
        with open(path, "wb") as file:
            file.write(os.urandom(5_000_000))
        for arguments in ([], ["--header", "Transfer-Encoding: chunked"], ["--header", "Expect:"]):
            with self.subTest(arguments):
                said = self.curl("/upload", "--request", "POST", "--upload-file", path, *arguments)
                self.assertEqual(said, "5000000")
                echo = os.path.join(harness.settings["work"], "echo")
                self.curl("/echo", "--data-binary", f"@{path}", "--output", echo, *arguments)
                with open(path, "rb") as sent, open(echo, "rb") as got:
                    self.assertEqual(sent.read(), got.read())

    def test_waits_for_no_timeout_to_get_its_100(self):
        # curl waits this long for a 100 that does not come, so a missing one would show.
        said = self.curl(
            "/upload", "--verbose", "--expect100-timeout", "25", "--header", "Expect: 100-continue",
            "--data", "hello", "--max-time", "10",
        )  # fmt: skip
        self.assertEqual(said.count("HTTP/1.1 100"), 1, said)

    def test_gets_a_304(self):
        tag = self.server.get("/user/1").field("ETag")
        said = self.curl("/user/1", "--header", f"If-None-Match: {tag}", "--write-out", "%{http_code}")
        self.assertEqual(said, "304")


@on_each_backend
class LoadTools(ServerCase):
    workers = 2

    def test_ab_keeps_alive(self):
        status, said = run_tool("ab", "-q", "-k", "-n", 20000, "-c", 32, self.server.url + "/")
        self.assertEqual(status, 0, said)
        for line in (r"Complete requests: +20000", r"Failed requests: +0", r"Keep-Alive requests: +20000"):
            self.assertRegex(said, line)
        self.assertNotIn("Non-2xx", said)

    def test_ab_without_keep_alive(self):
        status, said = run_tool("ab", "-q", "-n", 5000, "-c", 32, self.server.url + "/")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"Complete requests: +5000")
        self.assertRegex(said, r"Failed requests: +0")

    def test_ab_posts(self):
        path = os.path.join(harness.settings["work"], "post")
        with open(path, "w") as file:
            file.write("x" * 10000)
        status, said = run_tool(
            "ab", "-q", "-k", "-n", 5000, "-c", 16, "-p", path, "-T", "text/plain",
            self.server.url + "/echo",
        )  # fmt: skip
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"Failed requests: +0")
        self.assertRegex(said, r"Document Length: +10000 bytes")

    def test_wrk_sees_no_errors(self):
        status, said = run_tool("wrk", "-t2", "-c64", "-d2s", self.server.url + "/")
        self.assertEqual(status, 0, said)
        self.assertNotRegex(said, "Socket errors|Non-2xx")
        self.assertGreater(int(re.search(r"(\d+) requests in", said)[1]), 1000)

    def test_h2load_sees_no_errors(self):
        for depth in (1, 16):
            with self.subTest(depth=depth):
                status, said = run_tool(
                    "h2load", "--h1", "-n", 20000, "-c", 32, "-m", depth, self.server.url + "/"
                )
                self.assertEqual(status, 0, said)
                self.assertIn("20000 succeeded, 0 failed, 0 errored, 0 timeout", said)
                self.assertIn("20000 2xx", said)


@on_each_backend
class Browser(ServerCase):
    def test_shows_the_page(self):
        profile = os.path.join(harness.settings["work"], f"profile-{self.backend}")
        status, said = run_tool(
            find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-dev-shm-usage",
            f"--user-data-dir={profile}", "--dump-dom", self.server.url + "/",
        )  # fmt: skip
        self.assertEqual(status, 0, said)
        self.assertIn("Hello, World!", said)
