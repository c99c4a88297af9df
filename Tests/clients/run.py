#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs tests written in Python: run.py [--tests FOLDER] [--bin FOLDER] [--only WORD] [--at-once] ...

Counts every row of a table as a test. The last line is "N passed, N failed". Most tests wait most of
the time, and each has servers of its own: with --at-once those over epoll run beside all others,
and where all are over the model of kqueue, every second class.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest
import zlib

import harness

HALVES = ("one", "other")
END_OF_CLASS = re.compile(r"  \w+: \d+ passed, ")
TOTAL = re.compile(r"(\d+) passed, (\d+) failed$")


class Counting(unittest.TestResult):
    """Prints failures at once, and each class with what it took."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = 0
        self.rows = {}
        self.current = None
        self.began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        name = type(test).__qualname__
        if name != self.current:
            self.summary()
            self.current, self.began = name, time.monotonic()
            self.before = self.passed

    def summary(self):
        if self.current:
            seconds = time.monotonic() - self.began
            print(f"  {self.current}: {self.passed - self.before} passed, {seconds:.1f} s", flush=True)
        self.current = None

    def report(self, test, error):
        self.failed += 1
        told = traceback.TracebackException(*error)
        told.stack = traceback.StackSummary.from_list(
            frame for frame in told.stack if "/unittest/" not in frame.filename
        )
        print(f"FAILED {test}\n{''.join(told.format())}", flush=True)

    def addSuccess(self, test):
        self.passed += 1 if not self.rows.pop(id(test), 0) else 0

    def addSubTest(self, test, subtest, error):
        self.rows[id(test)] = 1
        if error is None:
            self.passed += 1
        else:
            self.report(subtest, error)

    def addFailure(self, test, error):
        self.report(test, error)

    def addError(self, test, error):
        # Raised by a test, or by the setUpClass or tearDownClass that `test` then names.
        self.report(test, error)

    def addSkip(self, test, reason):
        print(f"  not run: {test}: {reason}", flush=True)


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def is_of_first_half(test):
    name = type(test).__qualname__
    return zlib.crc32(name.encode()) % 2 == 0 if harness.HAS_KQUEUE_MODEL else "OverEpoll" in name


def is_chosen(test, options):
    name = test.id().lower()
    names = lambda words: any(word.lower() in name for word in words or [])
    if options.half and (options.half == "one") != is_of_first_half(test):
        return False
    return (not options.only or names(options.only)) and not names(options.skip)


class Half(threading.Thread):
    """A run of half of the tests, whose output comes a class at a time."""

    def __init__(self, which):
        super().__init__()
        arguments = [argument for argument in sys.argv[1:] if argument != "--at-once"]
        self.process = subprocess.Popen(
            [sys.executable, __file__, *arguments, "--half", which],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        self.passed, self.failed = 0, 1  # until it says more
        self.start()

    def run(self):
        block = []
        for line in self.process.stdout:
            if total := TOTAL.match(line):
                self.passed, self.failed = map(int, total.groups())
                continue
            block.append(line)
            if END_OF_CLASS.match(line):
                print("".join(block), end="", flush=True)
                block = []
        print("".join(block), end="", flush=True)
        status = self.process.wait()
        if status not in (0, 1):
            print(f"a run of half of the tests ended with {status}", flush=True)
            self.failed += 1


def run_at_once():
    halves = [Half(which) for which in HALVES]
    for half in halves:
        half.join()
    passed, failed = sum(half.passed for half in halves), sum(half.failed for half in halves)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", default=harness.HERE, help="folder of the tests")
    parser.add_argument("--tls", action="store_true", help="over TLS, where tests share a server")
    parser.add_argument("--bin", default=harness.settings["bin"], help="folder of the programs")
    parser.add_argument("--only", action="append", help="tests whose name holds one of these words")
    parser.add_argument("--skip", action="append", help="not those whose name holds one of these")
    parser.add_argument("--clang", default=shutil.which("clang") or "clang")
    parser.add_argument("--swiftc", default=shutil.which("swiftc") or "swiftc")
    parser.add_argument("--long", action="store_true", help="move 1 GiB where it is 64 MiB")
    parser.add_argument("--sanitized", action="store_true", help="programs built with a sanitizer")
    parser.add_argument("--at-once", action="store_true", help="two runs beside each other")
    parser.add_argument("--half", choices=HALVES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.at_once:
        return run_at_once()

    for backend in () if harness.BACKENDS == ["kqueue"] else ("io_uring", "epoll"):
        if backend not in harness.BACKENDS:
            print(f"  not run: everything over {backend}, which the kernel refuses here")

    result = Counting()
    with tempfile.TemporaryDirectory(prefix="vanilla-clients-") as work:
        harness.settings.update(
            bin=os.path.abspath(options.bin),
            work=work,
            clang=options.clang,
            swiftc=options.swiftc,
            large=(1 << 30) if options.long else (64 << 20),
            sanitized=options.sanitized,
            tls=options.tls,
        )
        found = flat(unittest.defaultTestLoader.discover(options.tests))
        unittest.TestSuite(test for test in found if is_chosen(test, options)).run(result)
    result.summary()
    print(f"{result.passed} passed, {result.failed} failed", flush=True)
    return 1 if result.failed or not result.passed else 0


if __name__ == "__main__":
    sys.exit(main())
