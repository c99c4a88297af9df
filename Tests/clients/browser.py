# SPDX-License-Identifier: MIT
"""A headless browser, driven over the pipe of its DevTools. Standard library only."""

import json
import os
import select
import shutil
import subprocess
import time

from harness import DEADLINE, Failed, clean_environment


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise Failed("no browser: scripts/install.sh knows its package")


class Browser:
    """One page of a browser with a profile of its own."""

    def __init__(self, profile):
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()
        self.number = 0
        self.buffer = b""
        self.errors = open(os.path.join(os.path.dirname(profile), "browser.log"), "wb")

        def place():
            # The browser reads commands from 3 and writes answers to 4.
            high = os.dup2(to_browser, 200), os.dup2(from_browser, 201)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [
                find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-dev-shm-usage",
                "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, close_fds=False,
            preexec_fn=place, env=clean_environment(),
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]

    def _read(self, until):
        """The next message of the browser."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, until - time.monotonic()))
            piece = os.read(self.answers, 1 << 16) if ready else b""
            if not piece:
                raise Failed("the browser has ended" if ready else "the browser does not answer")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        """A command and its result. What the browser tells of itself meanwhile is passed over."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        until = time.monotonic() + DEADLINE
        while True:
            message = self._read(until)
            if message.get("id") == self.number:
                if "error" in message:
                    raise Failed(f"{method}: {message['error']}")
                return message["result"]

    def open(self, url):
        self.ask("Page.navigate", self.session, url=url)

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page; a promise's value when it has one."""
        answer = self.ask(
            "Runtime.evaluate", self.session, expression=expression, returnByValue=True,
            awaitPromise=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            raise Failed(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_until(self, expression, seconds=DEADLINE):
        """Ask the page until an expression is true of it."""
        until = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > until:
                body = self.evaluate("document.documentElement.outerHTML")
                raise Failed(f"not in {seconds} s: {expression}\n{body}")
            select.select([], [], [], 0.02)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
