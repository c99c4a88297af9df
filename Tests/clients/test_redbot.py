# SPDX-License-Identifier: MIT
"""REDbot, which examines responses by the letter of the RFCs: it finds no fault.

scripts/test puts it into .build-tools/redbot; where it could not be had, this is not run."""

import json
import os
import unittest

import harness
from harness import ServerCase, on_each_backend, run_tool

REDBOT = os.path.join(harness.ROOT, ".build-tools", "redbot", "bin", "redbot")

# Warnings that are right and not ours to heed.
ACCEPTED = {
    # How long an answer stays fresh is for the application to say, by Cache-Control: the library
    # guesses nothing, and these examples have nothing to say.
    "FRESHNESS_HEURISTIC",
}

# What it must have seen, so that finding nothing does not mean that it saw nothing.
SEEN = {"DATE_CORRECT"}


class Examined:
    def notes_on(self, target):
        """The status, and the level of each note, by its name."""
        url = f"http://127.0.0.1:{self.server.port}{target}"
        status, said = run_tool(REDBOT, "-o", "har", url, deadline=120)
        self.assertEqual(status, 0, said)
        entry = json.loads(said)["log"]["entries"][0]
        notes = {note["note_id"]: note["level"] for note in entry["_red_messages"]}
        return entry["response"]["status"], notes

    def test_finds_no_fault(self):
        for target, expected, also in self.TARGETS:
            with self.subTest(target):
                status, notes = self.notes_on(target)
                self.assertEqual(status, expected)
                faults = {n: level for n, level in notes.items() if level not in ("GOOD", "INFO")}
                self.assertLessEqual(set(faults), ACCEPTED, notes)
                self.assertLessEqual(SEEN | also, set(notes), notes)


@on_each_backend
@unittest.skipUnless(os.path.exists(REDBOT), "redbot is not installed")
class RedbotOfArena(Examined, ServerCase):
    # target, status, notes that must be there
    TARGETS = [
        ("/", 200, {"CL_CORRECT"}), ("/pipeline", 200, {"CL_CORRECT"}),
        ("/user/1", 200, {"INM_304"}),
        ("/baseline11?a=1&b=2", 200, {"CL_CORRECT"}), ("/download/100000", 200, {"CL_CORRECT"}),
        ("/chunked/100000", 200, set()), ("/echo", 405, {"STATUS_METHOD_NOT_ALLOWED"}),
        ("/nowhere", 404, {"STATUS_NOT_FOUND"}),
    ]  # fmt: skip


@on_each_backend
@unittest.skipUnless(os.path.exists(REDBOT), "redbot is not installed")
class RedbotOfSimple(Examined, ServerCase):
    program = "simple"
    TARGETS = [
        ("/", 200, {"CL_CORRECT"}), ("/user/1", 200, {"CL_CORRECT"}),
        ("/user", 405, {"STATUS_METHOD_NOT_ALLOWED"}), ("/nowhere", 404, {"STATUS_NOT_FOUND"}),
    ]  # fmt: skip


@on_each_backend
@unittest.skipUnless(os.path.exists(REDBOT), "redbot is not installed")
class RedbotOfETag(Examined, ServerCase):
    program = "etag"
    TARGETS = [
        ("/", 200, {"CL_CORRECT"}), ("/user/1", 200, {"CL_CORRECT", "INM_304"}),
        ("/user/a%20b", 200, {"INM_304"}), ("/demo", 200, {"INM_304"}),
        ("/user", 405, {"STATUS_METHOD_NOT_ALLOWED"}), ("/nowhere", 404, {"STATUS_NOT_FOUND"}),
    ]  # fmt: skip
