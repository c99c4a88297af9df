# SPDX-License-Identifier: MIT
"""The example `chat` in two browsers and by curl."""

import json
import os
import unittest

import harness
from browser import Browser
from harness import Server, on_each_backend, run_tool

SHOWN = "[...document.querySelectorAll('#messages li')].map(line => line.textContent)"


@on_each_backend
class ChatInBrowsers(unittest.TestCase):
    def enter(self, server, name):
        folder = os.path.join(harness.settings["work"], f"chat-{self.backend}-{name}")
        os.makedirs(folder)
        browser = Browser(os.path.join(folder, "profile"))
        self.addCleanup(browser.close)
        browser.visit(f"http://127.0.0.1:{server.port}/")
        browser.evaluate(f"element('name').value = '{name}'")
        browser.evaluate("element('door').requestSubmit()")
        browser.wait_until("element('state').textContent === 'in the lobby'", 30)
        return browser

    def test_two_people_talk(self):
        with Server.start("chat", backend=self.backend) as server:
            ada = self.enter(server, "ada")
            grace = self.enter(server, "grace")
            grace.evaluate("element('text').value = '<b>Tea?</b>'")
            grace.evaluate("element('talk').requestSubmit()")
            said = run_tool("curl", "-s", "-d", "Yes.", server.url + "/rooms/lobby?name=curl")
            self.assertEqual(said, (0, "sent\n"))
            for browser, first in ((ada, ["ada has come."]), (grace, [])):
                # Two said something at a time: who was first is not known.
                expected = json.dumps(sorted([*first, "grace has come.", "grace: <b>Tea?</b>", "curl: Yes."]))
                browser.wait_until(f"JSON.stringify({SHOWN}.sort()) === JSON.stringify({expected})", 30)
