# SPDX-License-Identifier: MIT
"""A headless Chromium that tests tell what to do, and a relay that keeps what a client and a server
say to each other. Standard library only."""

import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import DEADLINE, Failed

# Both are numbers that the shell below does not use itself.
LOWEST_DESCRIPTOR = 20
TIMEOUT = 60.0  # seconds: a browser starts slowly on a busy machine


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise Failed("no browser: scripts/install.sh knows its package")


class Browser:
    """One page in a browser with a profile of its own. It takes commands of the DevTools protocol
    from its descriptor 3 and answers on 4: JSON, a zero byte after each message."""

    def __init__(self, profile, *options):
        theirs_in, self.commands = self._pipe()
        self.answers, theirs_out = self._pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "browser", find_browser(),
             "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", *options,
             "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out), start_new_session=True,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.buffer = b""
        self.events = []
        self.number = 0
        self.session = None
        try:
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
            self.session = attached["sessionId"]
            self.ask("Page.enable")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _pipe():
        ends = os.pipe()
        moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, LOWEST_DESCRIPTOR) for end in ends]
        for end in ends:
            os.close(end)
        return moved

    def _read_message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, until - time.monotonic()))
            piece = os.read(self.answers, 1 << 16) if ready else b""
            if not piece:
                raise Failed("the browser " + ("ended" if ready else "said nothing in time"))
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def ask(self, method, **parameters):
        """What a command returns. Events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT
        while True:
            answer = self._read_message(until)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def visit(self, url):
        """Go to an address, and wait until the page is there."""
        self.events.clear()
        gone = self.ask("Page.navigate", url=url)
        if gone.get("errorText"):
            raise Failed(f"{url}: {gone['errorText']}")
        until = time.monotonic() + TIMEOUT
        while not self.happened("Page.loadEventFired"):
            self.events.append(self._read_message(until))

    def happened(self, method):
        """What the events of a kind said, since the last visit began."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def evaluate(self, expression):
        """The value of an expression of the page, or what the promise that it is comes to."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
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
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(DEADLINE)
        except (Failed, OSError, subprocess.TimeoutExpired):
            pass
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            os.close(self.commands)
            os.close(self.answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


GET = re.compile(rb"^GET (\S+) HTTP/1\.1\r\n((?:[^\r]+\r\n)*)\r\n", re.M)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")  # straight after a body, too


class Relay:
    """Listens on a port of its own, and passes on what comes either way."""

    def __init__(self, server):
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # For each connection what was asked, what was answered, and how much had been asked when.
        self.said = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client):
        kept = (bytearray(), bytearray(), [])
        self.said.append(kept)
        with client, socket.create_connection(self.server.address) as server:
            ways = {client: (server, kept[0]), server: (client, kept[1])}
            while ways:
                for source in select.select(list(ways), [], [])[0]:
                    target, copy = ways[source]
                    try:
                        piece = source.recv(1 << 16)
                        copy += piece
                        kept[2].append((len(kept[0]), time.monotonic()))
                        target.sendall(piece)
                    except OSError:
                        return
                    if not piece:
                        target.shutdown(socket.SHUT_WR)
                        del ways[source]

    def exchanges(self, target):
        """Each GET of a target, in the order in which they were asked on whatever connections: its
        fields, their names in lower case, and the status it got."""
        found = []
        for asked, answered, times in self.said:
            statuses = [int(status) for status in STATUS.findall(answered)]
            for get, status in zip(GET.finditer(asked), statuses):
                if get[1].decode() == target:
                    when = next(moment for count, moment in times if count >= get.end())
                    pairs = [line.split(b":", 1) for line in get[2].splitlines()]
                    fields = {n.decode().lower(): v.decode().strip() for n, v in pairs}
                    found.append((when, fields, status))
        found.sort(key=lambda each: each[0])
        return [(fields, status) for _, fields, status in found]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
