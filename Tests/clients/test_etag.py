# SPDX-License-Identifier: MIT
"""The example `etag`, as curl and a browser see it, and every combination of preconditions."""

import hashlib
import itertools
import os
import re
import shlex

import harness
from browser import Browser, Relay
from harness import ServerCase, on_each_backend, request, run_tool

DIGEST = "c4ca4238a0b923820dcc509a6f75849b"  # MD5 of "1"
TAG = f'"{DIGEST}"'
PAST, FUTURE = "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 06 Nov 2093 08:49:37 GMT"

# The value of a field: whether it names the current state.
IF_MATCH = {
    None: True, "*": True, TAG: True, f'"x", {TAG}': True, DIGEST: True,
    f"W/{TAG}": False, '"x"': False, f'"x", W/{TAG}': False, "": False,
}  # fmt: skip
IF_NONE_MATCH = {
    None: False, '"x"': False, "": False, TAG[:-2] + '"': False, TAG.upper(): False,
    "*": True, TAG: True, f"W/{TAG}": True, DIGEST: True, f'"a,b",, {TAG}': True,
}  # fmt: skip
# No date is known of a user, so that dates have no say.
DATES = [None, PAST, FUTURE, "yesterday"]


def expected_status(method, if_match, if_none_match):
    """RFC 9110, section 13.2.2."""
    if not IF_MATCH[if_match]:
        return 412
    return 304 if IF_NONE_MATCH[if_none_match] else 200


def combinations():
    """Fields of a request, and the status of its answer."""
    for values in itertools.product(IF_MATCH, IF_NONE_MATCH, DATES, DATES):
        names = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
        lines = [f"{name}: {value}\r\n" for name, value in zip(names, values) if value is not None]
        for method in ("GET", "HEAD"):
            yield method, "".join(lines), expected_status(method, *values[:2])


class ETagCase(ServerCase):
    program = "etag"

    def curl(self, *arguments):
        status, said = run_tool("curl", "--show-error", "--max-time", 30, *arguments)
        self.assertEqual(status, 0, said)
        return said


@on_each_backend
class ETagWithCurl(ETagCase):
    def test_answers_the_lines_of_the_readme(self):
        """As they are printed there, except for the port."""
        with open(os.path.join(harness.ROOT, "README.md")) as file:
            lines = re.findall(r"^curl (-v .*localhost:3001/user/1)$", file.read(), re.M)
        self.assertEqual(len(lines), 2)
        whole, known = (
            self.curl(*shlex.split(line.replace("3001", str(self.server.port)))) for line in lines
        )
        self.assertRegex(whole, r"(?m)^< HTTP/1\.1 200 OK\r?$")
        self.assertRegex(whole, r"(?m)^< Content-Length: 1\r?$")
        self.assertIn(f"> If-None-Match: {DIGEST}", known)
        self.assertRegex(known, r"(?m)^< HTTP/1\.1 304 Not Modified\r?$")
        self.assertNotRegex(known, r"(?mi)^< Content-")
        for said in (whole, known):
            self.assertRegex(said, rf"(?m)^< ETag: {TAG}\r?$")
            self.assertRegex(said, r"(?m)^< Access-Control-Allow-Origin: \*\r?$")
            self.assertRegex(said, r"(?m)^< Date: ")

    def test_lets_curl_keep_a_copy(self):
        path = os.path.join(harness.settings["work"], self.id())
        for target, answer in [("/user/1", "1 200"), ("/user/1", " 304"), ("/user/2", "2 200"),
                               ("/user/2", " 304"), ("/user/1", "1 200")]:  # fmt: skip
            said = self.curl(
                "--silent", "--etag-save", path, "--etag-compare", path,
                "--write-out", " %{http_code}", self.server.url + target,
            )  # fmt: skip
            self.assertEqual(said, answer)


@on_each_backend
class ETagOverSockets(ETagCase):
    def test_tags_each_user_by_the_digest_of_the_body(self):
        with self.server.connect() as peer:
            for user in ("1", "2", "user", "a%20b", "x" * 500):
                peer.send(request(f"/user/{user}"))
                response = peer.read_response()
                digest = hashlib.md5(response.body).hexdigest()
                self.assertEqual((response.status, response.body), (200, user.encode()))
                self.assertEqual(response.field("ETag"), f'"{digest}"')

    def test_heeds_every_combination_of_preconditions(self):
        rows = list(combinations())
        self.assertGreater(len(rows), 2000)
        with self.server.connect(deadline=120) as peer:
            for at in range(0, len(rows), 100):
                part = rows[at : at + 100]
                peer.send(b"".join(request("/user/1", fields, method) for method, fields, _ in part))
                for method, fields, status in part:
                    response = peer.read_response(method)
                    with self.subTest(f"{method} {fields!r}"):
                        self.check(response, method, status)

    def check(self, response, method, status):
        self.assertEqual(response.status, status)
        self.assertEqual(response.body, b"1" if (method, status) == ("GET", 200) else b"")
        self.assertEqual(response.field("ETag"), None if status == 412 else TAG)
        length = {200: "1", 304: None, 412: "0"}[status]
        self.assertEqual(response.field("Content-Length"), length)

    def test_has_no_say_where_nothing_is(self):
        for method, target, status in [("GET", "/nowhere", 404), ("DELETE", "/user/1", 405),
                                       ("OPTIONS", "/user/1", 204)]:  # fmt: skip
            for fields in ("If-None-Match: *\r\n", 'If-Match: "x"\r\n'):
                with self.subTest(f"{method} {target} {fields!r}"):
                    self.assertEqual(self.server.get(target, fields, method).status, status)


@on_each_backend
class ETagInBrowser(ETagCase):
    # Presses the button twice; the rows of its table.
    PRESS = """(async () => {
        const answers = document.getElementById("answers");
        for (let count = 1; count <= 2; count++)
            await new Promise(done => {
                new MutationObserver((_, observer) => { observer.disconnect(); done(); })
                    .observe(answers, { childList: true });
                document.getElementById("ask").click();
            });
        return [...answers.rows].map(row => [...row.cells].map(cell => cell.textContent));
    })()"""

    # What a script sees whose request does not mention tags.
    FETCH = """fetch("/user/7").then(async answer => [answer.status, await answer.text()])"""

    def browser(self):
        profile = os.path.join(harness.settings["work"], self.id())
        return Browser(profile)

    def test_shows_the_304_of_its_button(self):
        with self.browser() as browser:
            for page in ("/demo", "/index.html"):
                browser.visit(self.server.url + page)
                rows = browser.evaluate(self.PRESS)
                self.assertEqual(
                    rows, [["/user/1", "", "200", TAG, "1"], ["/user/1", TAG, "304", TAG, "0"]]
                )

    def test_saves_a_browser_the_second_body(self):
        with Relay(self.server) as relay, self.browser() as browser:
            for _ in range(2):
                browser.visit(relay.url + "/user/1")
                self.assertEqual(browser.evaluate("document.body.textContent"), "1")
                browser.visit(relay.url + "/demo")
                self.assertEqual(browser.evaluate(self.FETCH), [200, "7"])
            for target in ("/user/1", "/user/7", "/demo"):
                with self.subTest(target):
                    first, second = relay.exchanges(target)
                    self.assertEqual((first[0].get("if-none-match"), first[1]), (None, 200))
                    tag = self.server.get(target).field("ETag")
                    self.assertEqual((second[0].get("if-none-match"), second[1]), (tag, 304))
