# SPDX-License-Identifier: MIT
"""The example `database`, as curl and other clients see it, and what becomes of its server."""

import os
import re
import shlex
import signal
import socket
import threading
import time
import unittest
import urllib.parse

import harness
from harness import ServerCase, on_each_backend, request, run_tool, wait_for
from postgres import Postgres

COMPOSE = os.path.join("Sources", "VanillaExamples", "Database", "compose.yml")


def readme():
    with open(os.path.join(harness.ROOT, "README.md")) as file:
        return file.read()


def curl(server, line):
    """Body and status of what a line of the README asks of port 3003."""
    code, said = run_tool(
        "curl", "--silent", "--max-time", 30, "--write-out", "%{http_code}",
        *shlex.split(line.replace("3003", str(server.port))),
    )  # fmt: skip
    if code != 0:
        raise harness.Failed(f"{line}: {code} {said}")
    return said[:-3], int(said[-3:])


def answer(server, target="/user", method="GET", body=b""):
    """The response to one request on a connection of its own."""
    with server.connect() as peer:
        peer.send(request(target, "", method, body))
        return peer.read_response(method)


def own_database(server):
    """The directory of the PostgreSQL server that the program started."""
    host = re.search(r"postgresql://username:password@(\S+):5432/example\n", server.log())[1]
    return urllib.parse.unquote(host)


@on_each_backend
class DatabaseWithCurl(ServerCase):
    program = "database"
    workers = 2

    def test_answers_the_lines_of_the_readme(self):
        """As they are printed there, except for the port, and in their order."""
        rows = re.findall(
            r"^curl (.*localhost:3003/.*)\n# (\d+) ?(.*\n(?:# .*\n)*)", readme(), re.M
        )
        self.assertEqual(len(rows), 6)
        for line, status, body in rows:
            with self.subTest(line):
                said, code = curl(self.server, line)
                self.assertEqual(code, int(status))
                self.assertEqual(said, re.sub("^# ", "", body, flags=re.M) if said else "")
                self.assertEqual(bool(said), body != "\n")

    def test_takes_an_id_for_nothing_else(self):
        before = answer(self.server, "/user").body
        targets = (b"/user/1;drop table users", b"/user/1;drop%20table%20users",
                   b"/user/1%3Bdrop%20table%20users%3B--", b"/user/1'%20or%20'1'='1")  # fmt: skip
        for target in targets:
            with self.subTest(target), self.server.connect() as peer:
                peer.send(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(peer.read_response().status, 400)
                listed = answer(self.server, "/user")
                self.assertEqual((listed.status, listed.body), (200, before))


class DatabaseOfItsOwn(unittest.TestCase):
    """The server that the program starts for itself ends with it."""

    def test_is_gone_with_the_program(self):
        for number, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)):
            with self.subTest(number.name), harness.Server.start("database") as server:
                self.assertEqual(answer(server, method="POST").status, 201)
                directory = own_database(server)
                with open(os.path.join(directory, "data", "postmaster.pid")) as file:
                    process = f"/proc/{int(file.readline())}"
                self.assertTrue(os.path.exists(process))
                server.signal(number)
                self.assertEqual(server.wait(), status)
                if number != signal.SIGKILL:
                    self.assertFalse(os.path.exists(directory))
                wait_for(
                    lambda: not os.path.exists(directory) and not os.path.exists(process),
                    "the database is gone",
                )

    def test_is_gone_when_the_program_cannot_listen(self):
        with harness.Server.start("simple") as other:
            code, said = run_tool(harness.program("database"), "--port", other.port)
        self.assertEqual(code, 1, said)
        directory = re.search(r"@(%2F\S+):5432", said)[1]
        self.assertFalse(os.path.exists(urllib.parse.unquote(directory)))

    def test_refuses_what_is_no_database(self):
        code, said = run_tool(harness.program("database"), "--port", 0, "--database", "no=thing")
        self.assertEqual(code, 64, said)
        self.assertTrue(said.startswith("Error: "), said)


class DatabaseElsewhere(unittest.TestCase):
    """A database that is there without the program."""

    def test_is_as_its_page_and_the_compose_file_say(self):
        """But for the port, which may be taken here."""
        with open(os.path.join(harness.ROOT, "docs", "EXAMPLES.md")) as file:
            page = file.read()
        url = re.search(r"^DATABASE_URL=(\S+) scripts/run database --port 3003$", page, re.M)[1]
        self.assertIn(f"-f {COMPOSE} up -d", page)
        with open(os.path.join(harness.ROOT, COMPOSE)) as file:
            compose = file.read()
        place = re.fullmatch(r"postgresql://(\w+):(\w+)@localhost:(\d+)/(\w+)", url)
        for line in (f"POSTGRES_USER: {place[1]}\n", f"POSTGRES_PASSWORD: {place[2]}\n",
                     f'"127.0.0.1:{place[3]}:5432"\n', f"POSTGRES_DB: {place[4]}\n"):  # fmt: skip
            self.assertIn(line, compose)
        self.assertEqual(place[3], "5435")

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        variables = {"DATABASE_URL": url.replace("5435", str(port))}
        with Postgres("listen_addresses=127.0.0.1", f"port={port}"):
            for number in (1, 2):
                with harness.Server.start("database", environment=variables) as server:
                    # What one has added another one finds.
                    added = answer(server, method="POST")
                    self.assertEqual(added.body, b"%d new_user\n" % number)
                    self.assertEqual(server.stop(), 0)


class Load:
    """Clients that ask again and again, each on a thread of its own. What each was answered: when it
    asked, when the answer came, its status, and the name that was to be added."""

    CLIENTS = 6

    def __init__(self, server):
        self.server = server
        self.got = [[] for _ in range(self.CLIENTS)]
        self.errors = []
        self.is_over = False
        self.threads = [threading.Thread(target=self.ask, args=(got,)) for got in self.got]
        for thread in self.threads:
            thread.start()

    def ask(self, got):
        try:
            while not self.is_over:
                name = f"{threading.get_ident()}.{len(got)}" if len(got) % 2 else None
                began = time.monotonic()
                if name:
                    response = answer(self.server, "/user", "POST", name.encode())
                else:
                    response = answer(self.server, "/user/1")
                if response.status == 503 and response.field("Retry-After") != "1":
                    raise harness.Failed("a 503 without Retry-After")
                got.append((began, time.monotonic(), response.status, name))
        except Exception as error:
            self.errors.append(error)

    def wait_for_each(self, *statuses, deadline=harness.DEADLINE):
        """Until each client has had one of these from now on. Returns when."""
        counts = [len(got) for got in self.got]
        have = lambda got, count: any(row[2] in statuses for row in got[count:])
        wait_for(
            lambda: self.errors or all(map(have, self.got, counts)),
            f"{statuses} for each client",
            deadline,
        )
        return time.monotonic()

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return [answer for got in self.got for answer in got]


@on_each_backend
class DatabaseRestarts(unittest.TestCase):
    def test_asks_to_come_back_and_is_back_within_a_second(self):
        with Postgres() as postgres, harness.Server.start(
            "database", "--database", postgres.url, backend=self.backend, workers=2
        ) as server:
            self.assertEqual(answer(server, method="POST").status, 201)
            load = Load(server)
            try:
                load.wait_for_each(200, 201)
                postgres.perform("halt")
                gone = time.monotonic()
                load.wait_for_each(503)
                coming = load.wait_for_each(503)
                postgres.perform("start")
                back = load.wait_for_each(200, 201, deadline=1)
                load.wait_for_each(200, 201)
            finally:
                got = load.end()
            self.assertEqual({row[2] for row in got}, {200, 201, 503})
            outage = [row[2] for row in got if gone < row[0] and row[1] < coming]
            self.assertGreater(len(outage), 0)
            self.assertEqual(set(outage), {503})
            self.assertLessEqual({row[2] for row in got if back < row[0]}, {200, 201})
            # Whatever was answered 201 is there.
            added = {row[3] for row in got if row[2] == 201}
            there = answer(server, "/user").body.decode().splitlines()
            self.assertLessEqual(added, {line.split(" ", 1)[1] for line in there})
            self.assertEqual(server.stop(), 0)
