# SPDX-License-Identifier: MIT
"""Server-Sent Events as people use them: the example `sse` under curl, libraries, stopped readers,
thousands of subscribers and a browser."""

import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness
from browser import Browser
from harness import DEADLINE, Failed, Server, ServerCase, on_each_backend, request, run_tool, wait_for

READERS = os.path.join(harness.ROOT, ".build-tools", "sse", "bin", "python")


class Parser:
    """Events of a stream, by WHATWG HTML, section 9.2.6, for lines that end in LF."""

    def __init__(self):
        self.buffer = b""
        self.events = []  # (type, data, last id)
        self.comments = 0
        self.retry = None
        self.last_id = ""
        self._reset()

    def _reset(self):
        self.type, self.data = "", []

    def feed(self, data):
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self._line(line.decode())

    def _line(self, line):
        if not line:
            if self.data:
                self.events.append((self.type or "message", "\n".join(self.data), self.last_id))
            self._reset()
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "":
            self.comments += 1
        elif field == "data":
            self.data.append(value)
        elif field == "event":
            self.type = value
        elif field == "id":
            self.last_id = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = int(value)


class Subscriber:
    """A connection with a stream of events, read without blocking."""

    def __init__(self, address, last_id="", receive_buffer=None, target="/sse"):
        self.socket = socket.socket(socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        fields = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self.socket.sendall(request(target, fields))
        self.socket.setblocking(False)
        self.parser = Parser()
        self.parser.last_id = last_id
        self.head = None
        self.ended = False  # the server closed
        self.complete = False  # after the last chunk
        self.raw = b""

    def receive(self):
        """Take what is there."""
        while not self.ended:
            try:
                piece = self.socket.recv(1 << 16)
            except BlockingIOError:
                break
            except ConnectionResetError:
                piece = b""
            self.ended = not piece
            self.raw += piece
        if self.head is None and b"\r\n\r\n" in self.raw:
            self.head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        while self.head is not None and not self.complete:
            size, end, rest = self.raw.partition(b"\r\n")
            if not end or len(rest) < int(size, 16) + 2:
                break
            count = int(size, 16)
            if rest[count : count + 2] != b"\r\n":
                raise Failed(f"a chunk does not end in CRLF: {self.raw[:200]!r}")
            self.complete = count == 0
            self.parser.feed(rest[:count])
            self.raw = rest[count + 2 :]

    @property
    def data(self):
        return [data for _, data, _ in self.parser.events]

    def wait(self, condition, what, deadline=DEADLINE):
        until = time.monotonic() + deadline
        while True:
            self.receive()
            if condition(self):
                return
            if self.ended or time.monotonic() > until:
                raise Failed(f"{what}: {self.parser.events[-5:]} ended={self.ended} {self.raw[:100]!r}")
            select.select([self.socket], [], [], 0.1)

    def close(self):
        self.socket.close()


def greeted(subscriber):
    return subscriber.parser.last_id != ""


def publish(server, message=b"", target="/notification"):
    with server.connect() as peer:
        peer.send(request(target, method="POST", body=message))
        response = peer.read_response()
    if response.status != 200:
        raise Failed(f"{response.status} for {message!r}")


def metrics(server):
    lines = server.get("/metrics").body.decode().splitlines()
    return {name: int(value) for name, value in (line.split() for line in lines)}


@on_each_backend
class Curl(ServerCase):
    program = "sse"

    def follow(self, target, *arguments):
        """curl -N, once it is subscribed."""
        before = metrics(self.server)["events_subscribers"]
        process = subprocess.Popen(
            ["curl", "-sN", "--max-time", "30", *arguments, self.server.url + target],
            stdout=subprocess.PIPE,
        )
        wait_for(lambda: metrics(self.server)["events_subscribers"] > before, "curl subscribes")
        return process

    def lines_until(self, process, mark):
        """Whole lines of its output up to one that holds `mark`."""
        lines = []
        for line in process.stdout:
            lines.append(line.decode().rstrip("\n"))
            if mark in lines[-1]:
                break
        process.kill()
        process.wait()
        process.stdout.close()
        return lines

    def test_sees_what_curl_posts(self):
        for get, post in (("/sse", "/notification"), ("/events", "/broadcast")):
            with self.subTest(get):
                process = self.follow(get)
                url = self.server.url + post
                self.assertEqual(run_tool("curl", "-s", "-X", "POST", url), (0, "sent\n"))
                self.assertEqual(run_tool("curl", "-s", "-d", "one\ntwo", url)[0], 0)
                self.assertEqual(run_tool("curl", "-s", "-d", "last", url)[0], 0)
                lines = [line for line in self.lines_until(process, "last") if line.startswith("data")]
                self.assertRegex(lines[0], r"^data: Notification at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$")
                self.assertEqual(lines[1:], ["data: one", "data: two", "data: last"])

    def test_follows_over_http_1_0(self):
        process = self.follow("/sse", "--http1.0")
        publish(self.server, b"old")
        self.assertIn("data: old", self.lines_until(process, "old"))

    def test_head_gets_the_head_alone(self):
        response = self.server.get("/sse", method="HEAD")
        self.assertEqual((response.status, response.body), (200, b""))
        self.assertEqual(response.field("Content-Type"), "text/event-stream")
        self.assertEqual(response.field("Cache-Control"), "no-cache, no-transform")

    def test_refuses_long_messages_and_other_methods(self):
        with self.server.connect() as peer:
            peer.send(request("/notification", method="POST", body=b"x" * ((64 << 10) + 1)))
            self.assertEqual(peer.read_response().status, 413)
        publish(self.server, b"x" * (64 << 10))
        self.assertEqual(self.server.get("/notification").status, 405)
        self.assertEqual(self.server.get("/nothing").status, 404)


@on_each_backend
class AllowedOrigin(ServerCase):
    program = "sse"
    options = ("--allow-origin", "*")

    def test_lets_other_origins_read(self):
        response = self.server.get("/sse", "Origin: http://a.example\r\n", "HEAD")
        self.assertEqual(response.field("Access-Control-Allow-Origin"), "*")


@on_each_backend
@unittest.skipUnless(os.path.exists(READERS), "httpx-sse and sseclient-py are not installed")
class Libraries(ServerCase):
    program = "sse"
    MESSAGES = ["plain", "two\nlines", " a space", "\n", "data: x", ": y", "ü€😀\u2028", "tab\t", "end"]

    def read(self, library, count, *last_id):
        script = os.path.join(harness.HERE, "sse_reader.py")
        return subprocess.Popen(
            [READERS, script, library, self.server.url + "/sse", str(count), *last_id],
            stdout=subprocess.PIPE, env=harness.clean_environment(),
        )  # fmt: skip

    def finish(self, process):
        """Its events, once it has them all; the library ends it when nothing comes for long."""
        with process:
            said = process.stdout.read()
        self.assertEqual(process.returncode, 0, said)
        return [json.loads(line) for line in said.decode().splitlines()]

    def test_read_every_event(self):
        for library in ("httpx-sse", "sseclient-py"):
            with self.subTest(library):
                process = self.read(library, len(self.MESSAGES))
                self.assertEqual(process.stdout.readline(), b"ready\n")
                for message in self.MESSAGES:
                    publish(self.server, message.encode())
                events = self.finish(process)
                self.assertEqual([data for _, data, _ in events], self.MESSAGES)
                self.assertEqual({name for name, _, _ in events}, {"message"})
                # It comes back with the id of the third.
                process = self.read(library, len(events) - 3, events[2][2])
                self.assertEqual(process.stdout.readline(), b"ready\n")
                self.assertEqual(self.finish(process), events[3:])


@on_each_backend
class StoppedReader(ServerCase):
    program = "sse"

    def test_delays_nobody_and_costs_its_cap(self):
        reader = Subscriber(self.server.address)
        reader.wait(greeted, "the reader is subscribed")
        stopped = subprocess.Popen(
            ["curl", "-sN", "--max-time", "60", self.server.url + "/sse"], stdout=subprocess.PIPE
        )
        try:
            self.assertIn(b"id: ", stopped.stdout.readline())
            stopped.send_signal(signal.SIGSTOP)
            before = self.server.private_bytes()
            count, filler = 0, b"x" * 60000
            # Each event is with the reader before the next is published.
            while metrics(self.server)["events_disconnected"] == 0:
                self.assertLess(count, 2000, "more waits for the stopped one than may")
                publish(self.server, b"%d " % count + filler)
                count += 1
                reader.wait(lambda r: len(r.parser.events) == count, f"event {count}")
            self.assertEqual([int(data.split()[0]) for data in reader.data], list(range(count)))
            self.assertEqual(metrics(self.server)["events_subscribers"], 1)
            if not harness.settings["sanitized"]:
                # Its backlog, the history, and what the allocator keeps.
                self.assertLess(self.server.private_bytes() - before, 8 << 20)
        finally:
            stopped.kill()
            stopped.wait()
            stopped.stdout.close()
            reader.close()


@on_each_backend
class ManySubscribers(unittest.TestCase):
    EVENTS = 30

    def test_lose_nothing_while_they_come_and_go(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = 500 if harness.settings["sanitized"] else min(10000, hard - 1000)
        with Server.start("sse", backend=self.backend, workers=2, descriptors=hard) as server:
            subscribers = [Subscriber(server.address) for _ in range(count)]
            poll = select.epoll()
            by_descriptor = {}

            def watch(subscriber):
                by_descriptor[subscriber.socket.fileno()] = subscriber
                poll.register(subscriber.socket, select.EPOLLIN)

            def turn(seconds):
                for descriptor, _ in poll.poll(seconds):
                    by_descriptor[descriptor].receive()

            try:
                for subscriber in subscribers:
                    watch(subscriber)
                self.until(lambda: all(map(greeted, subscribers)), turn, "all are subscribed")
                self.assertEqual(metrics(server)["events_subscribers"], count)
                for number in range(self.EVENTS):
                    publish(server, b"%d" % number)
                    turn(0)
                    # Some go away in the middle of it, and come back for what they missed.
                    for index in range(number, count, 50):
                        old = subscribers[index]
                        poll.unregister(old.socket)
                        old.close()
                        new = Subscriber(server.address, old.parser.last_id)
                        new.parser.events = old.parser.events
                        subscribers[index] = new
                        watch(new)
                done = lambda: all(len(s.parser.events) >= self.EVENTS for s in subscribers)
                self.until(done, turn, "all have all events")
                expected = [("message", str(number)) for number in range(self.EVENTS)]
                for subscriber in subscribers:
                    got = [event[:2] for event in subscriber.parser.events]
                    if got != expected:
                        self.fail(f"{got} instead of 0 to {self.EVENTS - 1}")
                counted = metrics(server)
                self.assertEqual((counted["events_gaps"], counted["events_disconnected"]), (0, 0))
                self.assertEqual(counted["events_published"], self.EVENTS)
            finally:
                poll.close()
                for subscriber in subscribers:
                    subscriber.close()
            self.assertEqual(server.stop(60), 0, server.log())

    def until(self, condition, turn, what):
        until = time.monotonic() + 120
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            turn(0.1)


@on_each_backend
class Shutdown(unittest.TestCase):
    def test_ends_open_streams_when_it_stops(self):
        with Server.start("sse", backend=self.backend) as server:
            subscribers = [Subscriber(server.address) for _ in range(50)]
            for subscriber in subscribers:
                subscriber.wait(greeted, "subscribed")
            publish(server, b"last words")
            self.assertEqual(server.stop(), 0, server.log())
            waits = set()
            for subscriber in subscribers:
                subscriber.wait(lambda s: s.complete, "a whole stream")
                self.assertEqual(subscriber.data, ["last words"])
                self.assertTrue(1000 <= subscriber.parser.retry <= 5000)
                waits.add(subscriber.parser.retry)
                subscriber.close()
            self.assertGreater(len(waits), 5, "they would all come back at once")


class CuttingProxy:
    """Passes bytes between a browser and a server, until it is told to cut."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        self.requests = []
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            with self.lock:
                self.pairs.append((client, server))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, sink, is_request):
        try:
            while piece := source.recv(1 << 16):
                if is_request:
                    with self.lock:
                        self.requests.append(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """End every connection, in the middle of what it carries."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def close(self):
        self.listener.close()
        self.cut()


SHOWN = "[...document.querySelectorAll('#events li.%s')].map(line => line.textContent)"


@on_each_backend
class InABrowser(unittest.TestCase):
    def setUp(self):
        folder = os.path.join(harness.settings["work"], f"sse-{self.backend}-{self._testMethodName}")
        os.makedirs(folder)
        self.browser = Browser(os.path.join(folder, "profile"))
        self.addCleanup(self.browser.close)

    def shown(self, kind="message"):
        return self.browser.evaluate(SHOWN % kind)

    def wait_for_shown(self, messages, kind="message"):
        expected = json.dumps(messages)
        self.browser.wait_until(f"JSON.stringify({SHOWN % kind}) === JSON.stringify({expected})", 30)

    def wait_for_state(self, state):
        self.browser.wait_until(f"document.getElementById('state')?.textContent === '{state}'", 30)

    def test_shows_events_and_comes_back_for_those_it_missed(self):
        with Server.start("sse", backend=self.backend) as server:
            proxy = CuttingProxy(server.address)
            self.addCleanup(proxy.close)
            self.browser.visit(f"http://127.0.0.1:{proxy.port}/")
            self.wait_for_state("connected")
            url = server.url + "/notification"
            self.assertEqual(run_tool("curl", "-s", "-X", "POST", "-d", "first", url), (0, "sent\n"))
            self.assertEqual(run_tool("curl", "-s", "-d", "<b>two\nlines</b>", url)[0], 0)
            self.wait_for_shown(["first", "<b>two\nlines</b>"])
            proxy.cut()
            # Published while nobody listens.
            wait_for(lambda: metrics(server)["events_subscribers"] == 0, "the connection is cut")
            publish(server, b"missed")
            publish(server, "gespräch".encode())
            self.wait_for_shown(["first", "<b>two\nlines</b>", "missed", "gespräch"])
            publish(server, b"after")
            self.wait_for_shown(["first", "<b>two\nlines</b>", "missed", "gespräch", "after"])
            self.assertEqual(self.shown("gap"), [])
            with proxy.lock:
                asked = b"".join(proxy.requests)
            self.assertRegex(asked, rb"(?i)last-event-id: [0-9a-f]{8}-2\r\n")

    def test_survives_a_restart_and_is_told_of_the_gap(self):
        with Server.start("sse", backend=self.backend) as server:
            port = server.port
            self.browser.visit(server.url + "/")
            self.wait_for_state("connected")
            publish(server, b"before")
            self.wait_for_shown(["before"])
            self.assertEqual(server.stop(), 0, server.log())
        self.wait_for_state("connecting")
        command = [harness.program("sse"), "--port", str(port), "--backend", self.backend]
        with Server(command) as server:
            self.wait_for_state("connected")
            self.wait_for_shown(["events were lost"], "gap")
            publish(server, b"afterwards")
            self.wait_for_shown(["before", "afterwards"])
            self.assertEqual(server.stop(), 0, server.log())
