# SPDX-License-Identifier: MIT
"""README.md and docs say what is so: their snippets compile, and their links and files exist."""

import os
import re
import tempfile
import unittest

from test_layout import CORE, ROOT, text_of

import harness

PAGES = ["README.md", "CONTRIBUTING.md"] + sorted(
    os.path.join("docs", name) for name in os.listdir(os.path.join(ROOT, "docs"))
)
README_LINES_MAX = 250

# Where Debian has the headers of libpq, which imports of VanillaPostgres need; others have them with the rest.
LIBPQ = "/usr/include/postgresql"

# What snippets leave to the reader, where they do not say it themselves.
PRELUDE = """
import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaCompression
import VanillaFoundation
import VanillaJSON
import VanillaMiddleware
import VanillaPostgres
import VanillaTLS
import VanillaTesting
import VanillaTestingJSON
import VanillaTestingTLS

private struct Account { let name: String }
private func isMember(_ request: borrowing Request) -> Bool { true }
private func newToken(for user: String) -> String { user }
private func render(_ done: @escaping @Sendable (String) -> Void) { done("") }
private func XCTAssertTrue(_ condition: Bool) {}
"""
GIVEN = {
    "configuration": "Server.Configuration()",
    "pool": 'try PostgresPool(.init("host=db"))',
    "findUser": 'Statement("select name from users where id = $1", .reads)',
    "insertUser": 'Statement("insert into users (name) values ($1) returning id, name")',
    "page": '"a page"',
    "server": 'try Server(port: 0) { _, response in response.send("") }',
}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(os.path.join(ROOT, page)), re.M | re.S)


TYPES = r"^(?:struct|enum|extension) .*?^}\n"


def swift_file(snippet):
    """A file whose only function is the snippet, with what it presupposes."""
    snippet = re.sub(r"^import .*\n", "", snippet, flags=re.M)
    snippet = snippet.replace("in ... }", 'in response.send("") }')
    types = "".join(re.findall(TYPES, snippet, re.M | re.S))
    body = re.sub(TYPES, "", snippet, flags=re.M | re.S)
    if found := re.search(r"^routes\.", body, re.M):  # a part of a router's closure
        at = found.start()
        body = f"{body[:at]}_ = try Router {{ routes in\n{body[at:]}}}\n"
    given = "".join(
        f"let {name} = {value}\n"
        for name, value in GIVEN.items()
        if re.search(rf"\b{name}\b", body) and not re.search(rf"\b(let|var) {name}\b", body)
    )
    # One that awaits by itself, and not only in a closure.
    effects = "async throws" if re.search(r"^\S.*\bawait\b", body, re.M) else "throws"
    return f"{PRELUDE}{types}private func snippet() {effects} {{\n{given}{body}}}\n"


class Documents(unittest.TestCase):
    def test_snippets_in_swift_compile(self):
        # Those of a manifest are a part of a list, HEXAGONAL.md quotes the example, and tests are files.
        snippets = {
            f"{os.path.basename(page)[:-3]}_{at}.swift": swift_file(snippet)
            for page in PAGES if not page.endswith("HEXAGONAL.md")
            for at, snippet in enumerate(blocks(page, "swift"))
            if ".package(" not in snippet and "@Test" not in snippet
        }  # fmt: skip
        self.assertGreater(len(snippets), 10)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in snippets.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            status, said = harness.run_tool(
                # As far as isolation is checked, which is after types are.
                harness.settings["swiftc"], "-c", "-o", os.path.join(folder, "snippets.o"),
                "-wmo", "-swift-version", "6", "-parse-as-library",
                "-I", os.path.join(harness.settings["bin"], "Modules"),
                "-I", os.path.join(CORE, "include"),
                "-I", os.path.join(ROOT, "Sources", "CVanillaTLS", "include"),
                "-I", os.path.join(ROOT, "Sources", "COpenSSL"),
                "-I", os.path.join(ROOT, "Sources", "CVanillaCompression", "include"),
                *(word for name in ("CZlib", "CBrotli", "CZstd") for word in ("-I", os.path.join(ROOT, "Sources", name))),
                "-I", os.path.join(ROOT, "Sources", "CPostgres"), "-I", LIBPQ,
                *(os.path.join(folder, name) for name in snippets), deadline=100,
            )  # fmt: skip
        errors = [line for line in said.splitlines() if re.match(r"\S+: error: ", line)]
        self.assertEqual((status, errors), (0, []), said)

    def test_programs_with_tests_are_tested(self):
        # A page says which file of the tests such a program is.
        for page in PAGES:
            for program in (snippet for snippet in blocks(page, "swift") if "@Test" in snippet):
                text = text_of(os.path.join(ROOT, page))
                names = re.findall(r"`(Tests/[\w/]+\.swift)`\.\n\n```swift\n" + re.escape(program), text)
                with self.subTest(page):
                    self.assertEqual(len(names), 1)
                    licence = "// SPDX-License-Identifier: MIT\n\n"
                    self.assertEqual(text_of(os.path.join(ROOT, names[0])), licence + program)

    def test_snippets_in_c_compile(self):
        snippets = blocks(os.path.join("docs", "C.md"), "c")
        self.assertEqual(len(snippets), 1)
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "server.c")
            with open(source, "w", encoding="utf-8") as file:
                file.write(snippets[0])
            harness.compile_c("server.o", "-c", "-I", os.path.join(CORE, "include"), source)

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text_of(os.path.join(ROOT, page))):
                if re.match(r"\w+:", link):
                    continue
                with self.subTest(f"{page}: {link}"):
                    folder = os.path.dirname(os.path.join(ROOT, page))
                    self.assertTrue(os.path.exists(os.path.join(folder, link)))

    def test_files_that_are_named_exist(self):
        # By a path from the root, from the core or from the Swift library, to a file of source.
        tops = [ROOT, CORE, os.path.join(ROOT, "Sources", "Vanilla")]
        for page in PAGES:
            text = text_of(os.path.join(ROOT, page))
            for name in set(re.findall(r"`([\w+.-]+(?:/[\w+.-]+)+\.(?:c|h|swift|py))`", text)):
                with self.subTest(f"{page}: {name}"):
                    self.assertTrue(any(os.path.exists(os.path.join(top, name)) for top in tops))

    def test_the_readme_is_short(self):
        lines = text_of(os.path.join(ROOT, "README.md")).splitlines()
        self.assertLess(len(lines), README_LINES_MAX)
