# SPDX-License-Identifier: MIT
"""The server as a process: options, addresses, descriptors, memory, signals."""

import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import time
import unittest

import harness
from harness import (
    Failed,
    Server,
    build_c_server,
    clean_environment,
    is_refused,
    on_each_backend,
    program,
    request,
    run_tool,
    wait_for,
)

PROGRAMS = ("simple", "arena")


class Options(unittest.TestCase):
    # Arguments and environment that are refused with status 64, and a word that the message holds.
    REFUSED = [
        (["--nonsense"], {}, "nonsense"),
        (["nonsense"], {}, "nonsense"),
        (["--port"], {}, "port"),
        (["--port", "abc"], {}, "port"),
        (["--port", "-1"], {}, "port"),
        (["--port", "65536"], {}, "65536"),
        (["--backend", "kqueues"], {}, "kqueues"),
        (["--backend", ""], {}, "backend"),
        (["--workers", "-1"], {}, "workers"),
        (["--workers", "many"], {}, "many"),
        (["--workers", "1000000"], {}, "workers"),
        (["--keep-alive", "sometimes"], {}, "sometimes"),
        (["--host", "not-an-address"], {}, "not-an-address"),
        (["--host", "999.0.0.1"], {}, "999.0.0.1"),
        *((["--listen", address], {}, "listen") for address in (
            "", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", ":1", "::1:1", "-1", "unix:",
        )),
        (["--listen", "999.0.0.1:0"], {}, "999.0.0.1"),
        ([], {"PORT": "abc"}, "PORT"),
        ([], {"PORT": "65536"}, "PORT"),
        ([], {"VANILLA_BACKEND": "select"}, "select"),
    ]

    def test_refuses_what_is_impossible_with_status_64(self):
        for name in PROGRAMS:
            for arguments, environment, word in self.REFUSED:
                with self.subTest(name, arguments=arguments, environment=environment):
                    # Where a value is wrongly taken, the free port keeps programs apart.
                    port = [] if "--port" in arguments or "PORT" in environment else ["--port", "0"]
                    done = subprocess.run(
                        [program(name), *port, *arguments],
                        stdin=subprocess.DEVNULL, capture_output=True, timeout=10,
                        env=clean_environment(environment),
                    )  # fmt: skip
                    said = (done.stdout + done.stderr).decode()
                    self.assertEqual(done.returncode, 64, said)
                    self.assertIn(word.lower(), said.lower())

    def test_refuses_an_unknown_handler(self):
        status, said = run_tool(program("arena"), "--port", 0, "--handler", "rust", deadline=10)
        self.assertEqual(status, 64, said)

    def test_takes_the_port_and_the_backend_from_the_environment(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            port = holder.getsockname()[1]
        environment = {"PORT": str(port), "VANILLA_BACKEND": "epoll"}
        with Server([program("simple")], environment=environment) as server:
            self.assertEqual((server.port, server.backend), (port, "epoll"))
            self.assertEqual(server.get("/user/3").body, b"3")

    def test_lets_an_option_win_over_the_environment(self):
        environment = {"PORT": "1", "VANILLA_BACKEND": "io_uring"}
        with Server.start("simple", backend="epoll", environment=environment) as server:
            self.assertEqual(server.backend, "epoll")

    def test_says_what_failed_when_the_port_is_in_use(self):
        with Server.start("simple", "--host", "127.0.0.1") as first:
            for name in PROGRAMS:
                with self.subTest(name):
                    status, said = run_tool(
                        program(name), "--host", "127.0.0.1", "--port", first.port, deadline=20
                    )
                    self.assertNotIn(status, (0, 64))
                    self.assertGreater(status, 0, said)
                    self.assertIn(str(first.port), said)
                    self.assertEqual(said.count("in use; trying"), 1, said)

    def test_starts_as_many_workers_as_cpus_are_allowed(self):
        cores = sorted(os.sched_getaffinity(0))
        command = [program("simple"), "--port", "0"]
        for allowed in {1, len(cores)}:
            with self.subTest(allowed), Server(command, cores=cores[:allowed]) as server:
                self.assertLessEqual(server.workers, allowed)
                self.assertGreaterEqual(server.workers, 1)
        with Server.start("simple", workers=3) as server:
            self.assertEqual(server.workers, 3)


@on_each_backend
class Addresses(unittest.TestCase):
    # options, the address to connect to
    HOSTS = [
        ([], "127.0.0.1"),
        ([], "::1"),
        (["--host", "127.0.0.1"], "127.0.0.1"),
        (["--host", "::1"], "::1"),
        (["--host", "0.0.0.0"], "127.0.0.1"),
        (["--host", "::"], "::1"),
    ]

    def test_listens_where_it_is_told(self):
        for options, host in self.HOSTS:
            with self.subTest(f"{options} {host}"):
                with Server.start("arena", *options, backend=self.backend) as server:
                    server.host = host
                    self.assertEqual(server.get("/").body, b"Hello, World!")
                    bracketed = f"[{host}]" if ":" in host else host
                    url = f"http://{bracketed}:{server.port}/"
                    status, said = run_tool("curl", "-g", "-sS", "--max-time", 10, url)
                    self.assertEqual((status, said), (0, "Hello, World!"))

    def test_listens_at_several_addresses(self):
        path = os.path.join(harness.settings["work"], f"{self.backend}-listeners.socket")
        options = ("--listen", "127.0.0.2:0", "--listen", "[::1]:0", "--listen", f"unix:{path}", "--listen", "0")
        with Server.start("arena", *options, backend=self.backend, workers=2, listeners=5) as server:
            ending = rf" \({self.backend}, 2 workers\)$"
            places = [r"http://127\.0\.0\.1:\d+", r"http://127\.0\.0\.2:\d+", r"http://\[::1\]:\d+",
                      re.escape(f"unix:{path}"), r"http://127\.0\.0\.1:\d+"]  # fmt: skip
            for line, place in zip(server.lines, places):
                self.assertRegex(line, f"^listening on {place}{ending}")
            for line in server.lines:
                place = line.split()[2]
                unix = ("--unix-socket", path) if place.startswith("unix:") else ()
                url = "http://localhost/" if unix else f"{place}/"
                said = run_tool("curl", "-g", "-sS", "--max-time", 10, *unix, url)
                self.assertEqual(said, (0, "Hello, World!"), line)
            self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_names_the_interface_as_a_url_does(self):
        """RFC 6874: "%25" before it, however it was given."""
        for host in "::1%lo", "[::1%lo]", "::1%25lo", "[::1%25lo]":
            for options in ("--host", host), ("--listen", f"[{host.strip('[]')}]:0"):
                with self.subTest(options):
                    listeners = 2 if options[0] == "--listen" else 1
                    with Server.start(
                        "arena", *options, backend=self.backend, listeners=listeners
                    ) as server:
                        url = server.lines[-1].split()[2]
                        self.assertRegex(url, r"^http://\[::1%25lo\]:\d+$")
                        said = run_tool("curl", "-g", "-sS", "--max-time", 10, f"{url}/")
                        self.assertEqual(said, (0, "Hello, World!"))

    def test_does_not_listen_elsewhere(self):
        with Server.start("arena", "--host", "127.0.0.1", backend=self.backend) as server:
            self.assertTrue(is_refused(("::1", server.port)))
            self.assertTrue(is_refused(("127.0.0.2", server.port)))


@on_each_backend
class ClosedDescriptors(unittest.TestCase):
    def test_opens_the_standard_ones_before_it_serves(self):
        """Else a connection would be standard error, and a message in its answer."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", program("arena"), "--host", "127.0.0.1",
             "--port", str(port), "--backend", self.backend], env=clean_environment(),
        )  # fmt: skip
        try:
            wait_for(lambda: not is_refused(("127.0.0.1", port)), "it listens")
            for number in range(3):
                self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), os.devnull)
            with harness.Peer(("127.0.0.1", port)) as peer:
                self.assertEqual(peer.expect_open().status, 200)
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)


@on_each_backend
class CProgram(unittest.TestCase):
    """A program in C that includes CVanillaIO.h and nothing else of this project."""

    def start(self, *options):
        server = Server([build_c_server(), "--backend", self.backend, "--workers", "2", *options])
        self.addCleanup(server.close)
        return server

    def test_serves_and_is_stopped_by_its_own_handler(self):
        server = self.start()
        self.assertEqual((server.backend, server.workers), (self.backend, 2))
        self.assertEqual(server.get("/").body, b"Hello from C")
        self.assertEqual(server.get("/client").body, b"unknown")
        self.assertEqual(server.get("/stop", method="POST").body, b"stopping")
        self.assertEqual(server.wait(), 0)
        self.assertEqual(server.log(), "")

    def test_drains_a_body_that_it_ignores(self):
        server = self.start()
        with server.connect() as peer:
            peer.send(request("/ignore", method="POST", body=b"x" * 100_000) + request("/"))
            self.assertEqual(peer.read_response("POST").body, b"ignored")
            self.assertEqual(peer.read_response().body, b"Hello from C")

    def test_serves_a_unix_socket(self):
        path = os.path.join(harness.settings["work"], f"{self.backend}.socket")
        server = self.start("--unix", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        status, said = run_tool(
            "curl", "-sS", "--max-time", 10, "--unix-socket", path, "http://localhost/"
        )
        self.assertEqual((status, said), (0, "Hello from C"))
        with server.connect() as peer:
            peer.send(request("/chunked/100000") + request("/client"))
            self.assertEqual(len(peer.read_response().body), 100_000)
            user, group, process = map(int, peer.read_response().body.split())
            self.assertEqual((user, group), (os.geteuid(), os.getegid()))
            self.assertIn(process, (os.getpid(), 0))
        server.get("/stop", method="POST")
        self.assertEqual(server.wait(), 0)

    @unittest.skipIf(sys.platform != "linux", "names are Linux's")
    def test_serves_an_abstract_socket(self):
        name = f"@vanilla-test-{os.getpid()}-{self.backend}"
        server = self.start("--unix", name)
        status, said = run_tool(
            "curl", "-sS", "--max-time", 10, "--abstract-unix-socket", name[1:], "http://localhost/"
        )
        self.assertEqual((status, said), (0, "Hello from C"))
        with harness.Peer("\0" + name[1:]) as peer:
            peer.send(request("/stop", method="POST"))
            self.assertEqual(peer.read_response("POST").body, b"stopping")
        self.assertEqual(server.wait(), 0)
        self.assertFalse(os.path.exists(name))

    def test_does_not_replace_what_is_no_socket(self):
        path = os.path.join(harness.settings["work"], f"{self.backend}.file")
        with open(path, "w") as file:
            file.write("precious")
        with self.assertRaises(Failed):
            self.start("--unix", path)
        with open(path) as file:
            self.assertEqual(file.read(), "precious")

    def test_answers_408_at_the_head_deadline_however_it_drips(self):
        server = self.start("--head-deadline", "300")
        with server.connect() as silent, server.connect() as dripping:
            began = time.monotonic()
            while not dripping.is_readable(0.02):
                dripping.send(b"G")
                self.assertLess(time.monotonic() - began, 5, "dripping extends the deadline")
            response = dripping.read_response()
            self.assertEqual((response.status, response.says_close), (408, True))
            dripping.expect_end()
            self.assertEqual(silent.read_to_end(), b"", "an answer that nobody asked for")

    def wait_until_closed(self, server, before):
        wait_for(lambda: server.descriptors() == before, "the server has closed the connection")

    def test_closes_on_a_client_that_reads_nothing(self):
        server = self.start("--write-stall", "300")
        before = server.descriptors()
        with server.connect(receive_buffer=65536) as peer:
            peer.send(request("/length/50000000"))
            self.wait_until_closed(server, before)

    def test_closes_on_a_client_that_reads_too_slowly(self):
        server = self.start("--write-stall", "300", "--write-rate", "2000000")
        before = server.descriptors()
        with server.connect(receive_buffer=65536) as peer:
            peer.send(request("/length/50000000"))
            with self.assertRaisesRegex(Failed, "reset"):
                while True:
                    peer.receive_slowly(10_000)
        self.wait_until_closed(server, before)

    def test_waits_for_a_client_that_reads_slowly(self):
        """It lives by what it acknowledges: the socket takes nothing new for long."""
        server = self.start("--write-stall", "300", "--write-rate", "2000")
        with server.connect(receive_buffer=65536, deadline=30) as peer:
            peer.send(request("/length/20000000"))
            began = time.monotonic()
            while time.monotonic() - began < 1.5:
                peer.receive_slowly(20_000)
            self.assertEqual(len(peer.read_response().body), 20_000_000)


@on_each_backend
class Shutdown(unittest.TestCase):
    def setUp(self):
        self.server = Server.start("arena", backend=self.backend, workers=2)
        self.addCleanup(self.server.close)

    def connect(self, **keywords):
        peer = self.server.connect(**keywords)
        self.addCleanup(peer.close)
        return peer

    def begin_upload(self, count=20):
        """A request in hand: the server has its head and half of its body."""
        peer = self.connect()
        head = request("/upload", f"Content-Length: {count}\r\nExpect: 100-continue\r\n", "POST")
        peer.send(head)
        self.assertEqual(harness.Response(peer, "POST", None, False).status, 100)
        peer.send(b"x" * (count // 2))
        return peer, b"x" * (count - count // 2)

    def begin_drain(self):
        """Returns once every worker drains: the end of its idle connections tells. There are so
        many of them that each worker has some."""
        idle = [self.connect() for _ in range(40)]
        for peer in idle:
            peer.expect_open()
        self.server.signal()
        for peer in idle:
            peer.expect_end()

    def test_finishes_the_requests_in_hand(self):
        uploads = [self.begin_upload() for _ in range(8)]
        self.begin_drain()
        for peer, rest in uploads:
            peer.send(rest)
            response = peer.read_response("POST")
            self.assertEqual((response.status, response.body), (200, b"20"))
            self.assertTrue(response.says_close, response.head)
            peer.expect_end()
        self.assertEqual(self.server.wait(), 0)

    def test_finishes_a_response_in_hand(self):
        count = 32 << 20
        peer = self.connect(receive_buffer=65536)
        peer.send(request(f"/download/{count}"))
        first = peer.take(1)
        self.assertEqual(first, b"H")
        self.server.signal()
        rest = first + peer.read_to_end()
        self.assertEqual(len(rest.split(b"\r\n\r\n", 1)[1]), count)
        self.assertEqual(self.server.wait(), 0)

    def test_answers_what_waits_in_the_accept_queue(self):
        peers = [self.connect() for _ in range(50)]
        for peer in peers:
            peer.send(request("/"))
        self.server.signal()
        for peer in peers:
            self.assertEqual(peer.read_response().status, 200)
            peer.expect_end()
        self.assertEqual(self.server.wait(), 0)

    def test_accepts_nothing_more(self):
        upload, rest = self.begin_upload()
        self.begin_drain()
        wait_for(lambda: is_refused(self.server.address), "the listener is closed")
        upload.send(rest)
        self.assertEqual(upload.read_response("POST").body, b"20")
        self.assertEqual(self.server.wait(), 0)

    def test_stops_when_idle_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                with Server.start("arena", backend=self.backend) as server:
                    server.get("/")
                    began = time.monotonic()
                    server.signal(number)
                    self.assertEqual(server.wait(), 0)
                    self.assertLess(time.monotonic() - began, 2)

    def test_stops_at_once_at_the_second_signal(self):
        self.begin_upload()
        self.begin_drain()
        self.assertIsNone(self.server.process.poll(), "the request in hand is waited for")
        began = time.monotonic()
        self.server.signal()
        self.assertEqual(self.server.wait(), 0)
        self.assertLess(time.monotonic() - began, 2)

    def test_takes_every_hangup_for_one(self):
        """A terminal that is closed sends it, and so does its shell."""
        upload, rest = self.begin_upload()
        for _ in range(3):
            self.server.signal(signal.SIGHUP)
        wait_for(lambda: is_refused(self.server.address), "the listener is closed")
        self.server.signal(signal.SIGHUP)
        upload.send(rest)
        self.assertEqual(upload.read_response("POST").body, b"20")
        self.assertEqual(self.server.wait(), 0)

    def test_outlives_its_terminal_under_nohup(self):
        command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", program("arena"), "--port", "0",
                   "--backend", self.backend]  # fmt: skip
        with Server(command) as server:
            server.signal(signal.SIGHUP)
            self.assertEqual(server.get("/").status, 200)
            self.assertEqual(server.stop(), 0)

    def test_listens_again_after_it_was_killed(self):
        """The kernel takes down the ring of a killed server, and its sockets, seconds later."""
        port = self.server.port
        for _ in range(3):
            peers = [self.connect() for _ in range(20)]
            for peer in peers:
                peer.expect_open()
            self.server.signal(signal.SIGKILL)
            self.assertEqual(self.server.wait(), -signal.SIGKILL)
            self.server.close()
            command = [program("arena"), "--port", str(port), "--backend", self.backend]
            self.server = Server(command)
            self.addCleanup(self.server.close)
        self.assertEqual(self.server.get("/").status, 200)

    def test_listens_again_on_the_same_port(self):
        """Connections that the server closed first do not keep its port."""
        port = self.server.port
        for _ in range(5):
            with self.connect() as peer:
                peer.send(request("/", "Connection: close\r\n"))
                peer.read_response()
                peer.expect_end()
            self.assertEqual(self.server.stop(), 0)
            self.server.close()
            command = [program("arena"), "--port", str(port), "--backend", self.backend]
            self.server = Server(command)
            self.addCleanup(self.server.close)

    def test_keeps_serving_while_clients_vanish(self):
        before = self.server.descriptors()
        for _ in range(20):
            peers = [self.server.connect() for _ in range(20)]
            for i, peer in enumerate(peers):
                data = (b"", b"GET / HT", request(f"/download/{1 << 22}"), request("/") * 100)[i % 4]
                if data:
                    peer.send(data)
                (peer.reset if i % 2 else peer.close)()
        self.assertEqual(self.server.get("/").status, 200)
        wait_for(lambda: self.server.descriptors() <= before, "descriptors are given back")


@on_each_backend
class DescriptorExhaustion(unittest.TestCase):
    """More connections than descriptors: no spin, no flood in the log, and recovery."""

    CLIENTS = 300
    OBSERVED = 2.0  # seconds

    def check(self, server):
        peers = [server.connect(deadline=60) for _ in range(self.CLIENTS)]
        try:
            for peer in peers:
                peer.send(request("/"))
            first = peers[0].read_response()
            self.assertEqual(first.status, 200)

            # Nothing happens in this time but the server's waiting, so its CPU time is its spin.
            before = server.cpu_seconds()
            select.select([], [], [], self.OBSERVED)
            used = server.cpu_seconds() - before
            self.assertLess(used, self.OBSERVED * 0.1, "it spins")
            self.assertLess(len(server.log().splitlines()), 20)

            served = [peer for peer in peers if peer is peers[0] or peer.is_readable(0)]
            self.assertGreaterEqual(len(served), 5)
            self.assertLess(len(served), self.CLIENTS, "the limit was never reached")
            # Connections that are served still are.
            peers[0].expect_open()

            # Each that goes away makes room for one that waits; all are served in the end.
            for peer in peers:
                if peer is not peers[0]:
                    self.assertEqual(peer.read_response().status, 200)
                peer.close()
        finally:
            for peer in peers:
                peer.close()
        self.assertEqual(server.get("/").status, 200)
        self.assertLess(len(server.log().splitlines()), 50)
        self.assertEqual(server.stop(), 0)

    def test_with_few_descriptors_from_the_start(self):
        with Server.start("arena", backend=self.backend, descriptors=64) as server:
            self.check(server)

    def test_raises_the_soft_limit(self):
        """64 connections and more, though only 64 descriptors were allowed at first."""
        with Server.start("arena", backend=self.backend, descriptors=(64, 1024)) as server:
            with open(f"/proc/{server.pid}/limits") as file:
                limit = next(line for line in file if line.startswith("Max open files"))
            self.assertEqual(limit.split()[3:5], ["1024", "1024"])
            peers = [server.connect() for _ in range(200)]
            try:
                for peer in peers:
                    self.assertEqual(peer.expect_open().status, 200)
            finally:
                for peer in peers:
                    peer.close()

    def test_when_others_hold_descriptors(self):
        """Fewer are left than the limit says, so accept itself fails: EMFILE."""
        held = [os.open(os.devnull, os.O_RDONLY) for _ in range(30)]
        try:
            with Server.start(
                "arena", backend=self.backend, descriptors=64, inherit=held
            ) as server:
                self.check(server)
        finally:
            for descriptor in held:
                os.close(descriptor)


@on_each_backend
class IdleMemory(unittest.TestCase):
    CONNECTIONS = 10_000
    MOST = 1024  # bytes of user memory for an idle connection

    def test_an_idle_connection_costs_at_most_one_kibibyte(self):
        if harness.settings["sanitized"]:
            self.skipTest("a sanitizer's own memory is not the server's")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = min(self.CONNECTIONS, hard - 500)
        with Server.start("arena", backend=self.backend) as server:
            peers = []
            try:
                # The first ones touch what is there once for all connections.
                for round_, until in ((0, 500), (1, 500 + count)):
                    if round_ == 1:
                        before = server.private_bytes()
                    until = min(until, hard - 200)
                    while len(peers) < until:
                        peers.append(server.connect(deadline=120))
                        peers[-1].send(request("/"))
                        peers[-1].read_response()
                grown = server.private_bytes() - before
                each = grown / (len(peers) - 500)
                print(f"  {self.backend}: {each:.0f} bytes for each of {len(peers) - 500} idle", flush=True)
                self.assertLessEqual(each, self.MOST)
                self.assertEqual(peers[0].expect_open().status, 200)
            finally:
                for peer in peers:
                    peer.close()
            self.assertEqual(server.get("/").status, 200)
            self.assertEqual(server.stop(), 0)
