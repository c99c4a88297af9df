# SPDX-License-Identifier: MIT
"""docs/SECURITY.md names tests that exist, at least one for each behaviour, limit and deadline, and
each limit and deadline that there is."""

import os
import re
import unittest

from test_layout import ROOT, VANILLA, files, text_of

DOCUMENT = os.path.join(ROOT, "docs", "SECURITY.md")
CLIENTS = os.path.join(ROOT, "Tests", "clients")
BEHAVIOURS = 40

REFERENCE = re.compile(r"`(test_\w+|\w+Tests)\.(\w+)`")


def rows_of(title):
    """The rows of the table under a heading, each as its cells."""
    section = text_of(DOCUMENT).split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def find_file(name):
    """The file of a reference's first word; None where there is none."""
    if name.startswith("test_"):
        path = os.path.join(CLIENTS, f"{name}.py")
        return path if os.path.exists(path) else None
    found = [path for path in files(os.path.join(ROOT, "Tests"), f"/{name}.swift", f"{name}.swift")]
    return next((path for path in found if os.path.basename(path) == f"{name}.swift"), None)


def has_test(path, name):
    patterns = {
        ".py": rf"^    def {name}\(|^{name} = \[",
        ".swift": rf"\bfunc {name}\(",
    }
    return re.search(patterns[os.path.splitext(path)[1]], text_of(path), re.M) is not None


class Security(unittest.TestCase):
    def test_names_tests_that_exist(self):
        references = set(REFERENCE.findall(text_of(DOCUMENT)))
        self.assertGreater(len(references), 50)
        for file, name in sorted(references):
            with self.subTest(f"{file}.{name}"):
                path = find_file(file)
                self.assertIsNotNone(path, f"no file {file}")
                self.assertTrue(has_test(path, name), f"no {name} in {path}")

    def test_has_a_test_in_every_row(self):
        behaviours = rows_of("What each request gets")
        self.assertEqual([row[0] for row in behaviours], [str(n + 1) for n in range(BEHAVIOURS)])
        for row in behaviours + rows_of("Limits") + rows_of("Deadlines"):
            with self.subTest(row[0]):
                self.assertRegex(row[-1], REFERENCE)

    def test_lists_each_limit_and_deadline(self):
        for title in ("Limits", "Deadlines"):
            with self.subTest(title):
                source = text_of(os.path.join(VANILLA, "Server", f"Configuration+{title}.swift"))
                options = set(re.findall(r"^        public var (\w+)", source, re.M))
                self.assertGreater(len(options), 5)
                listed = re.findall(r"`(\w+)`", " ".join(row[0] for row in rows_of(title)))
                self.assertEqual(set(listed), options)
