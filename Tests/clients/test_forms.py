# SPDX-License-Identifier: MIT
"""Forms, cookies and JSON: what curl sends and keeps, and what Python's own parsers say."""

import http.cookies
import json
import os
import random
import urllib.parse

import harness
from harness import ServerCase, on_each_backend, request, run_tool

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
JSON = "Content-Type: application/json\r\n"


# Not curl's --json, which older ones do not have.
AS_JSON = ("--header", "Content-Type: application/json", "--data")


def understood(item):
    """Name and value of an item, decoded by Python."""
    name, _, value = item.partition(b"=")
    return [
        urllib.parse.unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8", "replace")
        for part in (name, value)
    ]


class FormCase(ServerCase):
    program = "FormServer"

    def curl(self, target, *arguments):
        """The body, and after it the status on a line of its own."""
        status, said = run_tool(
            "curl", "--silent", "--show-error", "--max-time", 30, "--write-out", "\n%{http_code}",
            *arguments, self.server.url + target,
        )  # fmt: skip
        self.assertEqual(status, 0, said)
        body, code = said.rsplit("\n", 1)
        return int(code), body

    def post(self, peer, target, fields, body):
        peer.extend()
        peer.send(request(target, fields, "POST", body))
        return peer.read_response("POST")


@on_each_backend
class Forms(FormCase):
    # What curl sends, and the items that the server understands.
    ROWS = [
        (["--data", "a=1&b=2"], [["a", "1"], ["b", "2"]]),
        (["--data", "a=1", "--data", "a=2"], [["a", "1"], ["a", "2"]]),
        (["--data-urlencode", "a=x y&z=ä+%"], [["a", "x y&z=ä+%"]]),
        (["--data-urlencode", "a b"], [["a b", ""]]),
        (["--data-urlencode", "=x=y"], [["x=y", ""]]),
        (["--data-urlencode", "a=line\r\nline"], [["a", "line\r\nline"]]),
        (["--data", "%zz=%4&&=&+"], [["%zz", "%4"], ["", ""], [" ", ""]]),
        (["--data", "a=1", "--header", "Transfer-Encoding: chunked"], [["a", "1"]]),
        (["--data", "a=1", "--http1.0"], [["a", "1"]]),
        (["--data", "a=1", "--header", "Expect: 100-continue"], [["a", "1"]]),
    ]

    def test_understands_what_curl_sends(self):
        for arguments, items in self.ROWS:
            with self.subTest(arguments):
                status, body = self.curl("/form", *arguments)
                self.assertEqual((status, json.loads(body)), (200, items))

    def test_understands_what_curl_puts_into_the_query(self):
        for arguments, items in self.ROWS[:7]:
            with self.subTest(arguments):
                status, body = self.curl("/query", "--get", *arguments)
                self.assertEqual((status, json.loads(body)), (200, items))

    def test_takes_a_file_as_a_value(self):
        path = os.path.join(harness.settings["work"], f"value-{self.backend}")
        text = "".join(chr(random.Random(1).randrange(32, 0x2FF)) for _ in range(200_000))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        status, body = self.curl("/form", "--data-urlencode", f"text@{path}", "--data", "end")
        self.assertEqual((status, json.loads(body)), (200, [["text", text], ["end", ""]]))

    def test_refuses_other_types(self):
        no_type = ["--data", "a", "--header", "Content-Type:"]
        for arguments in (["--form", "a=1"], [*AS_JSON, "{}"], no_type):
            with self.subTest(arguments):
                status, body = self.curl("/form", *arguments)
                self.assertEqual(status, 415, body)

    def test_refuses_more_items_than_the_limit(self):
        for count, status in ((1000, 200), (1001, 413)):
            with self.subTest(count):
                self.assertEqual(self.curl("/form", "--data", "&".join(["a"] * count))[0], status)

    def test_understands_any_bytes_as_python_does(self):
        generator = random.Random(2)
        alphabet = b"ab=&%+4fF \0\xc3\xa4\xe2\x82\xac"
        with self.server.connect() as peer:
            for _ in range(500):
                body = bytes(generator.choice(alphabet) for _ in range(generator.randrange(40)))
                expected = [understood(item) for item in body.split(b"&") if item]
                with self.subTest(body):
                    response = self.post(peer, "/form", FORM, body)
                    self.assertEqual((response.status, json.loads(response.body)), (200, expected))


@on_each_backend
class Cookies(FormCase):
    def jar(self, name):
        return os.path.join(harness.settings["work"], f"{name}-{self.backend}.jar")

    def test_are_kept_and_sent_back_by_curl(self):
        jar = ["--cookie-jar", self.jar("kept"), "--cookie", self.jar("kept")]
        self.assertEqual(self.curl("/cookies", *jar), (200, "[]"))
        self.assertEqual(self.curl("/login", *jar, "--data", "user=ann")[0], 200)
        # Each for its path, the longer path first; a jar's file says which are hidden from scripts.
        status, body = self.curl("/cookies", *jar)
        self.assertEqual((status, json.loads(body)), (200, [["theme", "dark"], ["user", "ann"]]))
        with open(self.jar("kept")) as file:
            lines = [line.split() for line in file if "127.0.0.1" in line]
        self.assertEqual(
            {(line[0], line[2], line[3], line[5], line[6]) for line in lines},
            {("#HttpOnly_127.0.0.1", "/", "FALSE", "user", "ann"),
             ("127.0.0.1", "/cookies", "FALSE", "theme", "dark")},
        )  # fmt: skip
        self.assertEqual(self.curl("/logout", *jar)[0], 200)
        status, body = self.curl("/cookies", *jar)
        self.assertEqual((status, json.loads(body)), (200, [["theme", "dark"]]))

    def test_are_read_as_they_are_sent(self):
        for sent, expected in [
            ("a=1; b=2", [["a", "1"], ["b", "2"]]),
            ('a="1"; b=x y;c', [["a", "1"], ["b", "x y"], ["", "c"]]),
            (";; =", [["", ""]]),
        ]:
            with self.subTest(sent):
                status, body = self.curl("/cookies", "--header", f"Cookie: {sent}")
                self.assertEqual((status, json.loads(body)), (200, expected))

    def test_are_on_lines_that_python_understands(self):
        with self.server.connect() as peer:
            response = self.post(peer, "/login", FORM, b"user=bob")
        lines = response.all("Set-Cookie")
        self.assertEqual(len(lines), 2)
        read = http.cookies.SimpleCookie()
        for line in lines:
            read.load(line)
        user, theme = read["user"], read["theme"]
        self.assertEqual((user.value, user["max-age"], user["path"]), ("bob", "3600", "/"))
        self.assertEqual((user["httponly"], user["samesite"]), (True, "Lax"))
        self.assertEqual((theme.value, theme["path"], theme["httponly"]), ("dark", "/cookies", ""))

    def test_hold_nothing_that_a_client_smuggles_in(self):
        with self.server.connect() as peer:
            attempts = ("x; Domain=evil", "x\r\nSet-Cookie: a=b", "ä", 'x"', "a b", "\0")
            for value in attempts:
                with self.subTest(value):
                    body = ("user=" + urllib.parse.quote_plus(value)).encode()
                    response = self.post(peer, "/login", FORM, body)
                    self.assertEqual((response.status, response.all("Set-Cookie")), (422, []))
                    self.assertEqual(response.media_type, "text/plain")


@on_each_backend
class Json(FormCase):
    ORDER = {"article": "tea \"ä\" 😀 </b>", "count": 2, "tags": ["x/y", ""]}

    def test_goes_back_and_forth(self):
        for arguments in ([], ["--header", "Transfer-Encoding: chunked"]):
            with self.subTest(arguments):
                status, body = self.curl("/json", *AS_JSON, json.dumps(self.ORDER), *arguments)
                self.assertEqual((status, json.loads(body)), (201, self.ORDER))

    def test_refuses_with_a_status_and_a_sentence(self):
        for arguments, status, said in [
            (["--data", "{}"], 415, "The body must be application/json."),
            ([*AS_JSON, ""], 400, "The body is empty, and so no JSON."),
            ([*AS_JSON, "{<b>"], 400, "The body is no JSON from byte 1 on, counted from zero."),
            ([*AS_JSON, "{}"], 422, "article is missing."),
            ([*AS_JSON, '{"article":"a","count":"<b>"}'], 422, "count must be a whole number."),
            ([*AS_JSON, '{"article":"a","count":1,"tags":[1]}'], 422, "tags[0] must be a string."),
            ([*AS_JSON, "[" * 33], 400, "The body is nested deeper than 32 arrays and objects."),
            (["--header", "Content-Encoding: gzip", *AS_JSON, "{}"], 415, "The body must have no Content-Encoding."),
        ]:
            with self.subTest(arguments):
                self.assertEqual(self.curl("/json", *arguments), (status, said))

    def test_stands_a_body_of_brackets(self):
        with self.server.connect() as peer:
            response = self.post(peer, "/json", JSON, b"[" * (1 << 20))
            self.assertEqual(response.status, 400)
            self.assertEqual(peer.expect_open().status, 200)

    def test_judges_any_bytes_as_python_does(self):
        def refuse(constant):
            raise ValueError(constant)

        generator = random.Random(3)
        texts = [
            '[1, {"a": "\\u00e9"}, -2.5e3, null]',
            '{"a": [true, false], "b": {"c": "ä"}}',
            "[[], [[]], {}]",
        ]
        accepted = 0
        with self.server.connect() as peer:
            for _ in range(600):
                body = bytearray(generator.choice(texts).encode())
                for _ in range(generator.randrange(3)):
                    at = generator.randrange(len(body))
                    other = body[generator.randrange(len(body))]
                    changes = (b"", bytes([other]), bytes([body[at], other]), b"\xff", b"\t")
                    body[at : at + 1] = generator.choice(changes)
                try:
                    json.loads(body.decode("utf-8"), parse_constant=refuse)
                    status = 200
                except (ValueError, UnicodeDecodeError):
                    status = 400
                accepted += status == 200
                with self.subTest(bytes(body)):
                    self.assertEqual(self.post(peer, "/check", JSON, bytes(body)).status, status)
        self.assertTrue(100 < accepted < 500, accepted)
