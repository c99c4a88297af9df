# SPDX-License-Identifier: MIT
"""A short run of soak.py: that it works, and that nothing breaks at once. scripts/soak runs long."""

import os
import sys
import unittest

import harness
from harness import run_tool

SECONDS = 20


class Soak(unittest.TestCase):
    def test_finds_nothing_in_a_short_run(self):
        program = os.path.join(harness.HERE, "soak.py")
        options = ["--sanitized"] if harness.settings["sanitized"] else []
        status, said = run_tool(
            sys.executable, program, SECONDS, "--bin", harness.settings["bin"], *options,
            deadline=SECONDS + 240,
        )  # fmt: skip
        print(f"  {said.splitlines()[0]}", flush=True)
        self.assertEqual(status, 0, said)
        self.assertIn("soak: passed", said)
