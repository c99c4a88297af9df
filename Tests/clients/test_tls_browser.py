# SPDX-License-Identifier: MIT
"""A browser over TLS: which certificate, version, group and protocol it gets, and a stream of events."""

import base64
import hashlib
import json
import os
import shutil
import tempfile
import unittest

from browser import Browser
from harness import Failed, Server, on_each_backend, run_tool
from test_sse import SHOWN
from test_tls import make_certificates, openssl

HYBRID = "X25519MLKEM768"


def trust_of(folder, name):
    """The option that has Chromium trust this key, and no other."""
    path = os.path.join(folder, f"{name}.der")
    openssl("pkey", "-in", os.path.join(folder, f"{name}.key"), "-pubout", "-outform", "DER", "-out", path)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"


def has_hybrid_groups():
    """Whether the OpenSSL of this machine, which the server is linked with, has them."""
    return HYBRID in run_tool("openssl", "list", "-kem-algorithms")[1]


class BrowserOverTLS:
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        certificates = make_certificates(self.folder)
        self.server = Server.start("sse", "--tls", *certificates, backend=self.backend)
        self.addCleanup(self.server.close)

    def browse(self, trusted, *options):
        browser = Browser(
            os.path.join(self.folder, f"profile{len(options)}"), trust_of(self.folder, trusted),
            f"--host-resolver-rules=MAP *.example 127.0.0.1:{self.server.port}", *options,
        )  # fmt: skip
        browser.ask("Network.enable")
        return browser

    def visit(self, browser, name):
        """Go to the page of that host; returns what the browser says of the connection."""
        browser.visit(f"https://{name}/")
        response = next(told["response"] for told in browser.happened("Network.responseReceived"))
        self.assertEqual(response["status"], 200)
        return response["protocol"], response["securityDetails"]

    def publish(self, message):
        url = self.server.url + "/notification"
        self.assertEqual(run_tool("curl", "-s", "-k", "-d", message, url), (0, "sent\n"))

    def test_serves_a_page_and_its_events(self):
        for protocol, options in (("h2", ()), ("http/1.1", ("--disable-http2",))):
            with self.subTest(protocol), self.browse("two", *options) as browser:
                spoken, security = self.visit(browser, "two.example")
                self.assertEqual(spoken, protocol)
                self.assertEqual(security["protocol"], "TLS 1.3")
                self.assertEqual(security["subjectName"], "two.example")
                # Chromium offers a share of the hybrid group and one of X25519.
                group = HYBRID if has_hybrid_groups() else "X25519"
                self.assertEqual(security["keyExchangeGroup"], group)
                self.assertTrue(browser.evaluate("isSecureContext"))
                browser.wait_until("document.getElementById('state')?.textContent === 'connected'", 30)
                self.publish(protocol)
                shown = json.dumps([protocol])
                browser.wait_until(f"JSON.stringify({SHOWN % 'message'}) === JSON.stringify({shown})", 30)
                # Another name has another key, which this browser does not trust.
                with self.assertRaisesRegex(Failed, "ERR_CERT_AUTHORITY_INVALID"):
                    browser.visit("https://one.example/")
        self.assertEqual(self.server.stop(), 0)


@on_each_backend
class BrowserOverTLSServer(BrowserOverTLS, unittest.TestCase):
    pass
