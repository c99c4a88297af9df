# SPDX-License-Identifier: MIT
"""A PostgreSQL server for the client tests."""

import subprocess

import harness


class Postgres:
    """One of its own, which is gone when its standard input ends."""

    def __init__(self, *settings):
        self.process = subprocess.Popen(
            [harness.program("PostgresServer"), *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.connection = self.process.stdout.readline().strip()
        self.url = self.process.stdout.readline().strip()
        if not self.connection:
            raise harness.Failed("there is no PostgreSQL server")

    def perform(self, command):
        print(command, file=self.process.stdin, flush=True)
        if self.process.stdout.readline() != "done\n":
            raise harness.Failed(f"PostgreSQL did not {command}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
