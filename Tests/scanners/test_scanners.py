# SPDX-License-Identifier: MIT
"""TLS as scanners and other implementations see it: testssl.sh, sslscan, sslyze, gnutls-cli, tlslite-ng.

scripts/scan installs them and runs this. A finding is one of MEDIUM or above that is not about the certificates made
here: nobody's root, whose lists are nowhere.
"""

import json
import os
import re
import shutil
import socket
import tempfile
import unittest

from harness import DEADLINE, Failed, Server, on_each_backend, request, run_tool

PYTHON = os.environ.get("VANILLA_SCANNERS", "")  # folder of sslyze and tlslite-ng
# About the certificates, the domain, or the tool; and fields that are the program's.
NOT_OURS = ("cert", "DNS_CAArecord", "engine_problem", "security_headers", "scanTime", "overall_grade", "intermediate")


def make_pairs(folder):
    """An authority, and pairs of ECDSA and RSA for localhost; returns the options that name them."""
    place = lambda name: os.path.join(folder, name)
    ec = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    authority = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    leaf = (
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature",
        "-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:localhost",
    )  # fmt: skip
    options = []
    for name, key, more in (
        ("authority", ec, authority), ("ec", ec, leaf), ("rsa", ("rsa:2048",), leaf),
    ):  # fmt: skip
        signed = () if name == "authority" else ("-CA", place("authority.pem"), "-CAkey", place("authority.key"))
        status, said = run_tool(
            "openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "90", "-subj",
            "/CN=" + ("localhost" if signed else "Authority"), *signed, *more, "-config", place("empty"),
            "-out", place(f"{name}.pem"), "-keyout", place(f"{name}.key"),
        )  # fmt: skip
        if status != 0:
            raise Failed(said)
        if signed:
            with open(place(f"{name}.chain"), "w") as chain:
                for part in (name, "authority"):
                    with open(place(f"{part}.pem")) as source:
                        chain.write(source.read())
            options += ["--tls-certificate", place(f"{name}.chain"), "--tls-key", place(f"{name}.key")]
    return options


class Scanned:
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vanilla-scanners-")
        with open(os.path.join(cls.folder, "empty"), "w") as file:
            file.write("[req]\ndistinguished_name = name\n[name]\n")
        cls.authority = os.path.join(cls.folder, "authority.pem")
        cls.server = Server.start(
            "simple", "--tls", *make_pairs(cls.folder), "--tls-strict", "31536000", backend=cls.backend, workers=2
        )

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        status, log = cls.server.stop(), cls.server.log()
        cls.server.close()
        if status != 0 or re.search(r"Sanitizer|Assertion|Fatal error", log):
            raise Failed(f"{status}: {log}")

    def test_sslscan_finds_nothing(self):
        status, said = run_tool("sslscan", "--no-colour", f"localhost:{self.server.port}")
        self.assertEqual(status, 0, said)
        for expected in (
            "SSLv2     disabled", "SSLv3     disabled", "TLSv1.0   disabled", "TLSv1.1   disabled", "TLSv1.2   enabled",
            "TLSv1.3   enabled", "Server supports TLS Fallback SCSV", "Session renegotiation not supported",
            "TLSv1.2 not vulnerable to heartbleed",
        ):  # fmt: skip
            self.assertIn(expected, said)
        ciphers = re.findall(r"^(?:Preferred|Accepted) .* bits +(\S+)", said, re.MULTILINE)
        self.assertEqual(len(ciphers), 9, said)
        for cipher in ciphers:
            self.assertRegex(cipher, r"^(TLS_|ECDHE-).*(GCM|POLY1305)")

    def test_sslyze_finds_what_mozilla_recommends(self):
        program = os.path.join(PYTHON, "bin", "sslyze")
        if not os.path.exists(program):
            self.skipTest("there is no sslyze")
        status, said = run_tool(
            program, "--certinfo_ca_file", self.authority, "--mozilla_config", "intermediate",
            f"localhost:{self.server.port}", deadline=300,
        )  # fmt: skip
        findings = re.findall(r"^ +\* ([a-z_]+): (.*)$", said, re.MULTILINE)
        ours = [each for each in findings if not each[0].startswith(("cert", "maximum_certificate"))]
        self.assertEqual(ours, [], said)
        self.assertNotRegex(said, r"(?m)^ +VULNERABLE|: +VULNERABLE")
        self.assertIn("SCANS COMPLETED", said)

    def test_gnutls_is_served(self):
        for priority, version in (("NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2"), ("NORMAL:-VERS-ALL:+VERS-TLS1.3", "TLS1.3")):
            with self.subTest(version):
                status, said = run_tool(
                    "gnutls-cli", "--x509cafile", self.authority, "--priority", priority, "--alpn", "http/1.1",
                    "--port", self.server.port, "localhost", input=request("/user/7", "Connection: close\r\n"),
                )  # fmt: skip
                self.assertEqual(status, 0, said)
                self.assertIn(f"({version}", said)
                self.assertIn("HTTP/1.1 200 OK", said)
                self.assertIn("Application protocol: http/1.1", said)

    def tlslite(self, script):
        """Run a script with a connection of tlslite-ng's, whose handshake is over."""
        python = os.path.join(PYTHON, "bin", "python3")
        if not os.path.exists(python):
            self.skipTest("there is no tlslite-ng")
        whole = f"""
import socket
from tlslite.api import *
from tlslite.constants import KeyUpdateMessageType
raw = socket.create_connection(("localhost", {self.server.port}), {DEADLINE})
connection = TLSConnection(raw)
connection.handshakeClientCert(serverName="localhost", alpn=[b"http/1.1"])
def ask():
    connection.write({request("/user/7")!r})
    answer = b""
    while not answer.endswith(b"7"):
        answer += connection.read(max=4096, min=1)
    return answer
{script}
"""
        return run_tool(python, "-c", whole)

    def test_tlslite_is_served(self):
        status, said = self.tlslite("assert ask().startswith(b'HTTP/1.1 200 OK'); connection.close(); print('fine')")
        self.assertEqual((status, said.strip()), (0, "fine"))

    def test_tlslite_changes_its_keys(self):
        script = """
for round in range(2):
    for _ in connection.send_keyupdate_request(KeyUpdateMessageType.update_requested):
        pass
    assert ask().startswith(b"HTTP/1.1 200 OK")
print("fine")
"""
        status, said = self.tlslite(script)
        self.assertEqual((status, said.strip()), (0, "fine"))

    def test_a_flood_of_new_keys_is_cut(self):
        script = """
try:
    for round in range(10000):
        for _ in connection.send_keyupdate_request(KeyUpdateMessageType.update_not_requested):
            pass
    ask()
    print("served")
except Exception as error:
    print("cut")
"""
        status, said = self.tlslite(script)
        self.assertEqual((status, said.strip()), (0, "cut"))


@on_each_backend
class ScannedServer(Scanned, unittest.TestCase):
    pass


class TestSSL(Scanned, unittest.TestCase):
    """Its scan takes minutes: once."""

    backend = "auto"

    def test_testssl_finds_nothing(self):
        program = shutil.which("testssl") or shutil.which("testssl.sh")
        if program is None:
            self.skipTest("there is no testssl.sh")
        found = os.path.join(self.folder, "found.json")
        run_tool(
            program, "--quiet", "--color", "0", "--warnings", "off", "--add-ca", self.authority, "--jsonfile", found,
            f"https://localhost:{self.server.port}", deadline=900,
        )  # fmt: skip
        with open(found) as file:
            rows = json.load(file)
        self.assertGreater(len(rows), 100)
        grave = [row for row in rows if row["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "FATAL")]
        self.assertEqual([row for row in grave if not row["id"].startswith(NOT_OURS)], [])


del Scanned
