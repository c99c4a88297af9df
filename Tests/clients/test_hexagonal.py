# SPDX-License-Identifier: MIT
"""The example `hexagonal`, as clients see it: what it keeps, and that nobody waits for a hash."""

import json
import os
import re
import shlex
import shutil
import signal
import tempfile
import time
import unittest

import harness
from harness import ServerCase, on_each_backend, request, run_tool
from postgres import Postgres

JSON = "Content-Type: application/json\r\n"
ADA = {"name": "ada", "password": "correct horse"}


def post(target, value):
    return request(target, JSON, "POST", json.dumps(value).encode())


def answer(server, message, method="POST"):
    """Status and value of one request on a connection of its own."""
    with server.connect() as peer:
        peer.send(message)
        response = peer.read_response(method)
        return response.status, json.loads(response.body)


# All clients here have one address.
MANY = ("--hashes-per-address", 100)


class HexagonalCase(ServerCase):
    program = "hexagonal"

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=harness.settings["work"])
        cls.options = ("--database", os.path.join(cls.folder, "store.sqlite"), *MANY)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            shutil.rmtree(cls.folder)


class Conversation:
    """What holds of every store."""

    workers = 2

    def test_answers_the_lines_of_the_readme(self):
        """As they are printed there, except for the port and https, and in their order."""
        with open(os.path.join(harness.ROOT, "README.md")) as file:
            text = file.read()
        lines = re.findall(r"^curl (.*localhost:3002/.*)\n(?:# (\d+) (.*)\n)", text, re.M)
        self.assertEqual(len(lines), 6)
        for line, status, body in lines:
            with self.subTest(line):
                place = f"{'https://' if self.server.is_tls else ''}localhost:{self.server.port}"
                line = line.replace("localhost:3002", place)
                code, said = run_tool(
                    "curl", "--silent", "--max-time", 30, "--write-out", "\n%{http_code}",
                    *shlex.split(line),
                )  # fmt: skip
                self.assertEqual(code, 0, said)
                self.assertEqual(said, f"{body}\n{status}")

    def test_registers_a_name_once_of_many_at_the_same_time(self):
        count = 30
        statuses = []
        peers = [self.server.connect(60) for _ in range(count)]
        for peer in peers:
            peer.send(post("/users", {"name": "contested", "password": "battery staple"}))
        for peer in peers:
            with peer:
                statuses.append(peer.read_response("POST").status)
        self.assertEqual(sorted(statuses), [201] + [409] * (count - 1))
        _, users = answer(self.server, request("/users?limit=1000"), "GET")
        self.assertEqual([user["name"] for user in users].count("contested"), 1)


@on_each_backend
class Hexagonal(Conversation, HexagonalCase):
    def test_forgets_who_is_gone(self):
        """Clients that leave while they wait do no harm."""
        for _ in range(20):
            with self.server.connect() as peer:
                peer.send(post("/login", ADA))
                peer.reset()
        status, _ = answer(self.server, request("/users"), "GET")
        self.assertEqual(status, 200)


@on_each_backend
class HexagonalOnPostgres(Conversation, ServerCase):
    program = "hexagonal"

    @classmethod
    def setUpClass(cls):
        cls.database = Postgres()
        cls.options = ("--store", "postgres", "--database", cls.database.connection, *MANY)
        try:
            super().setUpClass()
        except BaseException:
            cls.database.close()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.database.close()


class HexagonalRestarts(unittest.TestCase):
    """What was answered is kept, however the program ends."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=harness.settings["work"])
        self.options = ("--database", os.path.join(self.folder, "store.sqlite"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def test_keeps_what_it_answered(self):
        tea = {"name": "Tea", "price": 450, "currency": "EUR"}
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number.name):
                name = number.name.lower()
                with harness.Server.start("hexagonal", *self.options) as server:
                    status, user = answer(server, post("/users", {**ADA, "name": name}))
                    self.assertEqual(status, 201)
                    status, product = answer(server, post("/products", tea))
                    self.assertEqual(status, 201)
                    server.signal(number)
                    server.wait()
                with harness.Server.start("hexagonal", *self.options) as server:
                    status, found = answer(server, post("/login", {**ADA, "name": name}))
                    self.assertEqual((status, found), (200, user))
                    _, products = answer(server, request("/products"), "GET")
                    self.assertEqual(products[-1], product)
                    self.assertEqual(server.stop(), 0)

    def test_forgets_what_was_in_memory(self):
        for _ in range(2):
            with harness.Server.start("hexagonal", "--store", "memory") as server:
                self.assertEqual(answer(server, post("/users", ADA))[0], 201)
                self.assertEqual(server.stop(), 0)

    def test_refuses_impossible_stores(self):
        rows = [
            (["--store", "paper"], 64, "--store"),
            (["--database", ":memory:"], 64, "--database"),
            (["--store", "memory", "--database", "a"], 64, "--database"),
            (["--database", os.path.join(self.folder, "no", "store")], 1, "unable to open"),
            (["--database", self.folder], 1, "unable to open"),
        ]
        for options, status, word in rows:
            with self.subTest(options):
                code, said = run_tool(harness.program("hexagonal"), "--port", 0, *options)
                self.assertEqual(code, status, said)
                self.assertTrue(said.startswith("Error: ") and word in said, said)

    def test_asks_to_come_back_while_there_is_no_database(self):
        database = Postgres()
        options = ("--store", "postgres", "--database", database.connection)
        try:
            with harness.Server.start("hexagonal", *options) as server:
                self.assertEqual(answer(server, post("/users", ADA))[0], 201)
                database.perform("halt")
                with server.connect() as peer:
                    peer.send(request("/users"))
                    response = peer.read_response()
                    self.assertEqual((response.status, response.field("Retry-After")), (503, "1"))
                database.perform("start")
                until = time.monotonic() + harness.DEADLINE
                while (found := answer(server, request("/users"), "GET"))[0] != 200:
                    self.assertLess(time.monotonic(), until)
                self.assertEqual(found[1], [{"id": 1, "name": "ada"}])
                self.assertEqual(server.stop(), 0)
        finally:
            database.close()
