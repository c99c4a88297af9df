# SPDX-License-Identifier: MIT
"""Certificates by ACME: Debian's certbot gets them from a pebble of this machine and renews them, while a server has
its files. scripts/scan installs both and runs this."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import DEADLINE, Failed, Peer, Server, on_each_backend, request, run_tool, tls_context, wait_for

NAME = "acme.example"


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Authority:
    """A pebble, and the name server that it asks, where each name is this machine."""

    CONFIGURATION = """{"pebble": {
        "listenAddress": "127.0.0.1:%(port)d", "managementListenAddress": "127.0.0.1:%(management)d",
        "certificate": "%(folder)s/pebble.pem", "privateKey": "%(folder)s/pebble.key",
        "httpPort": %(http)d, "tlsPort": %(tls)d, "ocspResponderURL": "",
        "externalAccountBindingRequired": false
    }}"""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.chain = self.place("pebble.pem")
        self.port, self.http = free_port(), free_port()
        status, said = run_tool(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", self.chain,
            "-keyout", self.place("pebble.key"),
        )  # fmt: skip
        if status != 0:
            raise Failed(said)
        numbers = {"port": self.port, "http": self.http, "management": free_port(), "tls": free_port()}
        with open(self.place("pebble.json"), "w") as file:
            file.write(self.CONFIGURATION % {"folder": folder, **numbers})
        names = free_port(socket.SOCK_DGRAM)
        self.begin(
            "pebble-challtestsrv", "-dns01", f"127.0.0.1:{names}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
            "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{free_port()}",
        )  # fmt: skip
        self.begin("pebble", "-config", self.place("pebble.json"), "-dnsserver", f"127.0.0.1:{names}")
        wait_for(self.is_there, "pebble listens")

    def place(self, name):
        return os.path.join(self.folder, name)

    def begin(self, *command):
        # Without its random waits and refusals, which are there to try clients.
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        with open(self.place(command[0] + ".log"), "w") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))

    def is_there(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 2).close()
            return True
        except ConnectionRefusedError:
            return False

    def certbot(self, *words):
        folders = [f"--{each}-dir={self.place('certbot-' + each)}" for each in ("config", "work", "logs")]
        done = subprocess.run(
            ["certbot", *words, *folders, "--server", f"https://localhost:{self.port}/dir", "--non-interactive"],
            env={**os.environ, "REQUESTS_CA_BUNDLE": self.chain}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failed(done.stdout.decode())

    def issue(self):
        """The first certificate, and the files of it and its key, which are links."""
        self.certbot(
            "certonly", "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", str(self.http),
            "--agree-tos", "--register-unsafely-without-email", "--domain", NAME,
        )  # fmt: skip
        return [self.place(f"certbot-config/live/{NAME}/{file}.pem") for file in ("fullchain", "privkey")]

    def close(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)


@unittest.skipUnless(shutil.which("certbot") and shutil.which("pebble"), "certbot and pebble are not there")
class Renewed:
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="vanilla-acme-")
        self.addCleanup(shutil.rmtree, folder)
        self.authority = Authority(folder)
        self.addCleanup(self.authority.close)

    def leaf(self):
        with socket.create_connection(self.server.address, DEADLINE) as raw:
            with tls_context().wrap_socket(raw, server_hostname=NAME) as connection:
                return connection.getpeercert(binary_form=True)

    def test_shows_a_renewed_certificate_without_a_dropped_connection(self):
        chain, key = self.authority.issue()
        self.assertTrue(os.path.islink(chain) and os.path.islink(key))
        self.server = Server.start(
            "simple", "--tls", "--tls-certificate", chain, "--tls-key", key, backend=self.backend, workers=2
        )
        self.addCleanup(self.server.close)
        first = self.leaf()
        with Peer(self.server.address) as old:
            for _ in range(2):
                # A new key each time, by links that are replaced one after the other.
                self.authority.certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
                wait_for(lambda: self.leaf() != first, "the renewed certificate")
                first = self.leaf()
                old.extend()
                old.send(request("/user/7"))
                self.assertEqual(old.read_response().body, b"7")
        self.assertNotIn("stay", self.server.log())
        self.assertEqual(self.server.stop(), 0)


@on_each_backend
class RenewedServer(Renewed, unittest.TestCase):
    pass
