# SPDX-License-Identifier: MIT
"""TLS by other implementations' words: Python's ssl, openssl s_client, curl."""

import os
import re
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import unittest

from harness import (
    DEADLINE, Failed, Peer, Server, on_each_backend, request, run_tool, tls_context, wait_for,
)  # fmt: skip

CERTIFICATES = (
    # file, type of key, names
    ("one-ec", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("one.example", "*.one.example")),
    ("one-rsa", ("rsa:2048",), ("one.example", "*.one.example")),
    ("two", ("rsa:2048",), ("two.example",)),
    ("three", ("ed25519",), ("three.example",)),
)


def make_certificates(folder):
    """Self-signed ones; returns the options that name them."""
    options = []
    for name, key, names in CERTIFICATES:
        chain, private = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
        status, said = run_tool(
            "openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "90", "-subj", f"/CN={names[0]}",
            "-addext", "subjectAltName=" + ",".join("DNS:" + each for each in names),
            "-out", chain, "-keyout", private,
        )  # fmt: skip
        if status != 0:
            raise Failed(said)
        options += ["--tls-certificate", chain, "--tls-key", private]
    return options


def make_certificate(chain, key, name, days=90):
    status, said = run_tool(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", days, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
        "-out", chain, "-keyout", key,
    )  # fmt: skip
    if status != 0:
        raise Failed(said)


def openssl(*words, input=b""):
    """Run a tool of OpenSSL's that has to succeed."""
    status, said = run_tool("openssl", *words, input=input)
    if status != 0:
        raise Failed(said)
    return said


class Authority:
    """One that signs, revokes and answers about what it has signed."""

    SETTINGS = """
        [ca]
        default_ca = here
        [here]
        database = {folder}/index
        serial = {folder}/serial
        crlnumber = {folder}/crlnumber
        new_certs_dir = {folder}
        default_md = sha256
        policy = any
        copy_extensions = copy
        unique_subject = no
        [any]
        commonName = supplied
    """

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        self.chain, self.key = self.place("authority.pem"), self.place("authority.key")
        make_certificate(self.chain, self.key, "authority.example")
        for name, content in (
            ("settings", self.SETTINGS.format(folder=folder)), ("index", ""), ("serial", "01"), ("crlnumber", "01"),
        ):  # fmt: skip
            with open(self.place(name), "w") as file:
                file.write(content)

    def place(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words):
        own = ("-config", self.place("settings"), "-cert", self.chain, "-keyfile", self.key)
        return openssl("ca", "-batch", *own, *words)

    def sign(self, name):
        """Make a pair; returns its files, of which the first has this authority's certificate, too."""
        leaf, key, asked, both = (self.place(f"{name}.{end}") for end in ("pem", "key", "csr", "both"))
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-out", asked, "-keyout", key,
        )  # fmt: skip
        self.run("-notext", "-days", "30", "-in", asked, "-out", leaf)
        with open(both, "w") as file:
            for part in (leaf, self.chain):
                with open(part) as source:
                    file.write(source.read())
        return both, key

    def revoke(self, name):
        self.run("-revoke", self.place(f"{name}.pem"))

    def list_revoked(self, path):
        self.run("-gencrl", "-crldays", "9", "-out", path + ".new")
        os.rename(path + ".new", path)

    def answer_about(self, name, path, days=9):
        """Write its answer (OCSP) about a certificate."""
        asked = self.place("asked.der")
        leaf = ("-issuer", self.chain, "-cert", self.place(f"{name}.pem"))
        openssl("ocsp", *leaf, "-no_nonce", "-reqout", asked)
        openssl(
            "ocsp", "-index", self.place("index"), "-CA", self.chain, "-rsigner", self.chain, "-rkey", self.key,
            "-reqin", asked, "-respout", path + ".new", "-ndays", str(days),
        )  # fmt: skip
        os.rename(path + ".new", path)


class TLS:
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        options = make_certificates(cls.folder)
        cls.server = Server.start(
            "simple", "--tls", *options, backend=cls.backend, workers=2
        )

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        status, log = cls.server.stop(), cls.server.log()
        cls.server.close()
        if status != 0 or re.search(r"Sanitizer|Assertion|Fatal error", log):
            raise Failed(f"{status}: {log}")

    def connect(self, name=None, session=None, **options):
        raw = socket.create_connection(self.server.address, DEADLINE)
        context = options.pop("context", None) or tls_context(**options)
        try:
            return context.wrap_socket(
                raw, server_hostname=name, session=session, suppress_ragged_eofs=False
            )
        except BaseException:
            raw.close()
            raise

    def ask(self, connection, fields=""):
        connection.sendall(request("/user/7", fields))
        answer = b""
        while not answer.endswith(b"\r\n\r\n7"):
            piece = connection.recv(4096)
            if not piece:
                raise Failed(f"ended after {answer!r}")
            answer += piece
        return answer

    def s_client(self, *options, input=b""):
        return run_tool(
            "openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", *options, input=input
        )

    def test_shows_the_certificate_of_the_name(self):
        rows = [
            ("one.example", "one.example"), ("a.one.example", "one.example"),
            ("A.ONE.example", "one.example"), ("two.example", "two.example"),
            ("TWO.EXAMPLE", "two.example"), ("three.example", "three.example"),
            # A wildcard covers one label, and what nobody has gets the first.
            ("a.b.one.example", "one.example"), ("x.two.example", "one.example"),
            ("other.example", "one.example"), (".one.example", "one.example"), (None, "one.example"),
        ]  # fmt: skip
        for name, expected in rows:
            with self.subTest(name):
                asks = ["-servername", name] if name else ["-noservername"]
                status, said = self.s_client(*asks)
                self.assertRegex(said, rf"subject=CN = {re.escape(expected)}\n")

    def test_lets_the_client_choose_the_type_of_key(self):
        for signatures, expected in (
            ("ECDSA+SHA256", "ECDSA"), ("RSA-PSS+SHA256", "RSA-PSS"),
            ("RSA-PSS+SHA256:ECDSA+SHA256", "ECDSA"),
        ):  # fmt: skip
            with self.subTest(signatures):
                _, said = self.s_client("-servername", "one.example", "-sigalgs", signatures)
                self.assertRegex(said, rf"Peer signature type: {expected}")
        _, said = self.s_client("-servername", "three.example")
        self.assertRegex(said, r"(?i)Peer signature type: Ed25519")

    def test_speaks_no_sha1(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                status, said = self.s_client(version, "-sigalgs", "RSA+SHA1:ECDSA+SHA1")
                self.assertNotEqual(status, 0, said)

    def test_speaks_what_it_says(self):
        rows = [
            (("-tls1_3",), "TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"),
            (("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"),
             "Cipher is TLS_CHACHA20_POLY1305_SHA256"),
            (("-tls1_2",), "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
            (("-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"),
             "Cipher is ECDHE-RSA-CHACHA20-POLY1305"),
            # A share of a group that the server does not have: HelloRetryRequest.
            (("-tls1_3", "-groups", "P-384:P-256"), "Server Temp Key: ECDH, prime256v1"),
            (("-alpn", "http/1.1,h2"), "ALPN protocol: h2"),
            (("-alpn", "http/1.0,http/1.1"), "ALPN protocol: http/1.1"),
            (("-alpn", "http/1.0"), "ALPN protocol: http/1.0"),
            ((), "No ALPN negotiated"),
        ]  # fmt: skip
        for options, expected in rows:
            with self.subTest(options):
                status, said = self.s_client(*options)
                self.assertIn(expected, said.replace("New, ", ""))
                self.assertIn("Compression: NONE", said)

    def test_refuses_the_rest(self):
        rows = [
            (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "protocol version"),
            (("-tls1", "-cipher", "ALL:@SECLEVEL=0"), "protocol version"),
            (("-tls1_2", "-cipher", "AES128-GCM-SHA256"), "handshake failure"),
            (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"), "handshake failure"),
            (("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"), "handshake failure"),
            (("-alpn", "h3"), "no application protocol"),
            (("-tls1_3", "-groups", "P-521"), "handshake failure"),
        ]  # fmt: skip
        for options, expected in rows:
            with self.subTest(options):
                status, said = self.s_client(*options)
                self.assertRegex(said, rf"alert {expected}")

    def test_resumes_on_any_worker(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls_context(maximum_version=version, minimum_version=version)
            with self.subTest(version), self.connect("one.example", context=context) as first:
                self.ask(first)
                session = first.session
                self.assertTrue(session.has_ticket)
                for _ in range(16):
                    with self.connect("one.example", session, context=context) as again:
                        self.ask(again)
                        self.assertTrue(again.session_reused)

    def test_answers_after_a_half_close(self):
        # By hand: Python's unwrap waits for the server's close_notify, and s_client ends at once.
        context = tls_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        side = context.wrap_bio(incoming, outgoing)
        with socket.create_connection(self.server.address, DEADLINE) as raw:

            def exchange(step):
                while True:
                    try:
                        return step()
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        piece = raw.recv(1 << 16)
                        incoming.write(piece) if piece else incoming.write_eof()

            exchange(side.do_handshake)
            side.write(request("/user/7"))
            try:
                side.unwrap()
            except ssl.SSLWantReadError:
                pass
            raw.sendall(outgoing.read())
            while piece := raw.recv(1 << 16):
                incoming.write(piece)
            # What came before the server's close_notify is the whole answer.
            answer = b""
            try:
                while piece := side.read(1 << 16):
                    answer += piece
            except ssl.SSLError as error:
                self.assertIn(error.reason, ("APPLICATION_DATA_AFTER_CLOSE_NOTIFY", None), error)
                return
            self.assertTrue(answer.endswith(b"\r\n\r\n7"), answer)

    def test_ends_with_close_notify(self):
        for fields in ("Connection: close\r\n",):
            with self.connect() as connection:
                self.ask(connection, fields)
                # Without it this would be an error: suppress_ragged_eofs is off.
                self.assertEqual(connection.recv(1), b"")

    def test_never_takes_a_cut_body_for_whole(self):
        body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"
        with self.connect() as connection:
            connection.sendall(body)
            socket.socket.shutdown(connection, socket.SHUT_WR)
            got = b""
            try:
                while piece := connection.recv(4096):
                    got += piece
            except (ssl.SSLEOFError, ConnectionResetError):
                pass
            self.assertNotIn(b"200 OK", got)

    def test_answers_plain_http_in_clear(self):
        for method in ("GET", "HEAD", "OPTIONS"):
            with self.subTest(method), socket.create_connection(self.server.address, DEADLINE) as raw:
                raw.sendall(request("/", method=method))
                got = b""
                while piece := raw.recv(4096):
                    got += piece
                self.assertTrue(got.startswith(b"HTTP/1.1 400 Bad Request\r\n"), got)
                self.assertIn(b"\r\nConnection: close\r\n", got)
                self.assertEqual(got.endswith(b"\r\n\r\n"), method == "HEAD")

    def test_does_not_renegotiate(self):
        _, said = self.s_client("-tls1_2", "-servername", "two.example", input=b"R\n")
        self.assertRegex(said, r"no renegotiation|NO_RENEGOTIATION")

    def test_says_that_a_record_is_too_large(self):
        for size in (16384 + 257, 65535):
            with self.subTest(size), self.connect() as connection:
                self.ask(connection)
                # As the server sees it: encrypted, and larger than any (RFC 8446, section 5.2).
                raw = socket.socket(fileno=os.dup(connection.fileno()))
                with raw:
                    raw.sendall(b"\x17\x03\x03" + size.to_bytes(2, "big") + b"x" * size)
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)) as found:
                        connection.recv(1)
                    if isinstance(found.exception, ssl.SSLError):
                        self.assertIn("RECORD_OVERFLOW", str(found.exception))

    def test_ends_a_body_without_a_length_with_close_notify(self):
        with self.connect() as connection:
            connection.sendall(request("/", version="1.0"))
            while connection.recv(4096):  # an end without it would be an error
                pass

    def test_serves_curl(self):
        url = f"https://one.example:{self.server.port}/user/7"
        route = f"one.example:{self.server.port}:127.0.0.1"
        ca = os.path.join(self.folder, "one-ec.pem")
        status, said = run_tool("curl", "--silent", "--show-error", "--resolve", route, "--cacert", ca, url, url)
        self.assertEqual((status, said), (0, "77"))

    def test_ends_what_is_no_tls(self):
        for begin in (b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01", b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000):
            with self.subTest(begin[:8]), socket.create_connection(self.server.address, DEADLINE) as raw:
                raw.sendall(begin)
                raw.shutdown(socket.SHUT_WR)
                try:
                    while raw.recv(4096):
                        pass
                except ConnectionResetError:
                    pass


@on_each_backend
class TLSServer(TLS, unittest.TestCase):
    pass


class Mutual:
    """Certificates of clients."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        place = lambda name: os.path.join(self.folder, name)
        for name in ("server", "authority", "stranger"):
            make_certificate(place(f"{name}.pem"), place(f"{name}.key"), f"{name}.example")
        for options in (
            ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=client",
             "-out", place("client.csr"), "-keyout", place("client.key")),
            ("x509", "-req", "-in", place("client.csr"), "-CA", place("authority.pem"), "-CAkey",
             place("authority.key"), "-CAcreateserial", "-days", "9", "-out", place("client.pem")),
        ):  # fmt: skip
            status, said = run_tool("openssl", *options)
            self.assertEqual(status, 0, said)
        self.place = place
        self.server = Server.start(
            "simple", "--tls", "--tls-certificate", place("server.pem"), "--tls-key", place("server.key"),
            "--tls-client-ca", place("authority.pem"), backend=self.backend,
        )  # fmt: skip
        self.addCleanup(self.server.close)

    def ask(self, shown=None, **options):
        context = tls_context(**options)
        if shown:
            context.load_cert_chain(self.place(f"{shown}.pem"), self.place(f"{shown}.key"))
        raw = socket.create_connection(self.server.address, DEADLINE)
        with context.wrap_socket(raw) as connection:
            connection.sendall(request("/user/7"))
            return connection.recv(4096)

    def test_asks_for_a_certificate_and_looks_at_it(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                self.assertIn(b"200 OK", self.ask("client", maximum_version=version))
                for shown in (None, "stranger"):
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                        self.ask(shown, maximum_version=version)
        self.assertEqual(self.server.stop(), 0)


@on_each_backend
class MutualServer(Mutual, unittest.TestCase):
    pass


class Rotation:
    """A certificate that is replaced while connections are served."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.chain, self.key = (os.path.join(self.folder, name) for name in ("chain.pem", "key.pem"))
        make_certificate(self.chain, self.key, "first.example")
        self.server = Server.start(
            "simple", "--tls", "--tls-certificate", self.chain, "--tls-key", self.key,
            backend=self.backend, workers=2,
        )  # fmt: skip
        self.addCleanup(self.server.close)

    def replace(self, name, days=90):
        """As ACME clients do: new files are moved over the old ones, one after the other."""
        new = [path + ".new" for path in (self.chain, self.key)]
        make_certificate(*new, name, days)
        for path, old in zip(new, (self.chain, self.key)):
            os.rename(path, old)

    def shown(self):
        with socket.create_connection(self.server.address, DEADLINE) as raw:
            with tls_context().wrap_socket(raw) as connection:
                certificate = connection.getpeercert(binary_form=True)
                session = connection.version()
        self.assertEqual(session, "TLSv1.3")
        return next(name for name in (b"first.example", b"second.example") if name in certificate)

    def test_takes_changed_files_without_a_dropped_connection(self):
        with Peer(self.server.address) as old:
            old.send(request("/user/7"))
            self.assertEqual(old.read_response().body, b"7")
            self.replace("second.example")
            wait_for(lambda: self.shown() == b"second.example", "the new certificate")
            old.send(request("/user/7"))
            self.assertEqual(old.read_response().body, b"7")
        self.assertEqual(self.server.stop(), 0)

    def test_fails_no_request_while_it_changes(self):
        """New connections and old ones, all the while that the files are replaced, twice."""
        is_over, failures, counts = threading.Event(), [], [0, 0]

        def ask_anew():
            while not is_over.is_set():
                with socket.create_connection(self.server.address, DEADLINE) as raw:
                    with tls_context().wrap_socket(raw) as connection:
                        connection.sendall(request("/user/7"))
                        if b"200 OK" not in connection.recv(4096):
                            raise Failed("another answer")
                counts[0] += 1

        def ask_again():
            with Peer(self.server.address) as peer:
                while not is_over.is_set():
                    peer.extend()
                    peer.send(request("/user/7"))
                    if peer.read_response().body != b"7":
                        raise Failed("another answer")
                    counts[1] += 1

        def run(ask):
            try:
                ask()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(ask,)) for ask in (ask_anew, ask_anew, ask_again)]
        for thread in threads:
            thread.start()
        try:
            for name in ("second", "first"):
                self.replace(f"{name}.example")
                wait_for(lambda: self.shown() == f"{name}.example".encode(), "the new certificate")
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertTrue(all(counts), counts)
        self.assertEqual(self.server.stop(), 0)

    def test_loads_again_on_a_hangup(self):
        self.replace("second.example")
        self.server.signal(signal.SIGHUP)
        wait_for(lambda: "loaded again" in self.server.log(), "the line in the log")
        self.assertEqual(self.shown(), b"second.example")
        self.assertEqual(self.server.stop(), 0)

    def test_keeps_what_it_has_where_the_new_is_broken(self):
        with open(self.chain, "w") as file:
            file.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        wait_for(lambda: "stay" in self.server.log(), "the line in the log")
        self.assertEqual(self.shown(), b"first.example")
        self.replace("second.example")
        wait_for(lambda: self.shown() == b"second.example", "the new certificate")
        self.assertEqual(self.server.stop(), 0)

    def test_says_when_a_certificate_expires(self):
        self.replace("second.example", days=3)
        wait_for(lambda: "expires in 2 days" in self.server.log(), "the line in the log")
        self.assertEqual(self.server.stop(), 0)

    def test_resumes_after_a_reload(self):
        context = tls_context()
        with context.wrap_socket(socket.create_connection(self.server.address, DEADLINE)) as first:
            first.sendall(request("/user/7"))
            first.recv(4096)
            session = first.session
        self.replace("second.example")
        wait_for(lambda: self.shown() == b"second.example", "the new certificate")
        raw = socket.create_connection(self.server.address, DEADLINE)
        with context.wrap_socket(raw, session=session) as again:
            again.sendall(request("/user/7"))
            again.recv(4096)
            self.assertTrue(again.session_reused)
        self.assertEqual(self.server.stop(), 0)


@on_each_backend
class RotationServer(Rotation, unittest.TestCase):
    pass


class Stapled:
    """What an authority says of the server's certificate, shown with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority = Authority(os.path.join(self.folder, "authority"))
        self.pair = self.authority.sign("one.example")
        self.staple = os.path.join(self.folder, "staple.der")

    def start(self):
        chain, key = self.pair
        server = Server.start(
            "simple", "--tls", "--tls-certificate", chain, "--tls-key", key, "--tls-ocsp", self.staple,
            backend=self.backend,
        )  # fmt: skip
        self.addCleanup(server.close)
        return server

    def shown(self, server, *options):
        _, said = run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-status", *options)
        return "OCSP Response Status: successful" in said

    def test_shows_it_and_what_replaces_it(self):
        self.authority.answer_about("one.example", self.staple)
        server = self.start()
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.assertTrue(self.shown(server, version))
        _, said = run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}")
        self.assertNotIn("OCSP Response Status", said)
        # One that is not about it, or cannot be read, is not shown; the server goes on.
        self.authority.sign("two.example")
        self.authority.answer_about("two.example", self.staple)
        wait_for(lambda: "another certificate" in server.log(), "the line in the log")
        self.assertFalse(self.shown(server))
        self.authority.answer_about("one.example", self.staple)
        wait_for(lambda: self.shown(server), "the new answer")
        with open(self.staple, "w") as file:
            file.write("no answer")
        wait_for(lambda: "cannot be read" in server.log(), "the line in the log")
        self.assertFalse(self.shown(server))
        self.assertEqual(server.stop(), 0)

    def test_starts_without_it(self):
        server = self.start()
        self.assertFalse(self.shown(server))
        self.assertIn("staple", server.log())
        self.assertEqual(server.stop(), 0)


@on_each_backend
class StapledServer(Stapled, unittest.TestCase):
    pass


class SharedTickets:
    """Two servers with the same keys for tickets."""

    KEY = 80

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.keys, self.chain, self.key = (os.path.join(self.folder, name) for name in ("keys", "chain", "key"))
        make_certificate(self.chain, self.key, "one.example")

    def write(self, *keys):
        with open(self.keys + ".new", "wb") as file:
            file.write(b"".join(keys))
        os.rename(self.keys + ".new", self.keys)

    def start(self):
        server = Server.start(
            "simple", "--tls", "--tls-certificate", self.chain, "--tls-key", self.key, "--tls-ticket-keys", self.keys,
            backend=self.backend, workers=2,
        )  # fmt: skip
        self.addCleanup(server.close)
        return server

    def ask(self, server, context, session=None):
        raw = socket.create_connection(server.address, DEADLINE)
        with context.wrap_socket(raw, session=session) as connection:
            connection.sendall(request("/user/7"))
            connection.recv(4096)
            return connection.session, connection.session_reused

    def test_each_resumes_sessions_of_the_other(self):
        first, second = os.urandom(self.KEY), os.urandom(self.KEY)
        self.write(first)
        servers = [self.start(), self.start()]
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls_context(maximum_version=version)
            session, _ = self.ask(servers[0], context)
            with self.subTest(version):
                for server in servers * 2:
                    self.assertTrue(self.ask(server, context, session)[1])
        # Another key makes tickets from now on; that of before still opens them.
        self.write(second, first)
        for server in servers:
            wait_for(lambda: "loaded again" in server.log(), "the line in the log")
        for server in servers:
            self.assertTrue(self.ask(server, context, session)[1])
        session, _ = self.ask(servers[0], context)
        # A file that is read while it is written may be loaded twice.
        before = [server.log().count("loaded again") for server in servers]
        self.write(second)
        for server, count in zip(servers, before):
            wait_for(lambda: server.log().count("loaded again") > count, "the line in the log")
            self.assertTrue(self.ask(server, context, session)[1])
        # What is no key leaves those there are.
        self.write(second[:-1])
        for server in servers:
            wait_for(lambda: "stay" in server.log(), "the line in the log")
            self.assertTrue(self.ask(server, context, session)[1])
            self.assertEqual(server.stop(), 0)

    def test_refuses_what_is_none(self):
        for content in (b"", b"x" * 79, b"x" * (17 * self.KEY)):
            with self.subTest(len(content)):
                self.write(content)
                with self.assertRaises(Failed):
                    self.start()


@on_each_backend
class SharedTicketsServer(SharedTickets, unittest.TestCase):
    pass


class Revocation:
    """Certificates of clients that were good once."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanilla-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority = Authority(os.path.join(self.folder, "authority"))
        self.revoked = os.path.join(self.folder, "revoked.pem")
        self.pair = self.authority.sign("client.example")
        self.authority.list_revoked(self.revoked)
        chain, key = (os.path.join(self.folder, name) for name in ("chain.pem", "key.pem"))
        make_certificate(chain, key, "server.example")
        self.server = Server.start(
            "simple", "--tls", "--tls-certificate", chain, "--tls-key", key, "--tls-client-ca", self.authority.chain,
            "--tls-client-crl", self.revoked, "--tls-client-optional", backend=self.backend, workers=2,
        )  # fmt: skip
        self.addCleanup(self.server.close)

    def ask(self, context, session=None):
        raw = socket.create_connection(self.server.address, DEADLINE)
        with context.wrap_socket(raw, session=session) as connection:
            connection.sendall(request("/user/7"))
            answer = connection.recv(4096)
            return answer, connection.session, connection.session_reused

    def test_looks_at_a_certificate_again_when_a_session_is_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                nobody = tls_context(maximum_version=version)
                answer, anonymous, _ = self.ask(nobody)
                self.assertIn(b"200 OK", answer)
                somebody = tls_context(maximum_version=version)
                somebody.load_cert_chain(*self.pair)
                answer, session, _ = self.ask(somebody)
                self.assertIn(b"200 OK", answer)
                self.assertTrue(self.ask(somebody, session)[2])
                self.authority.revoke("client.example")
                self.authority.list_revoked(self.revoked)
                before = self.server.log().count("loaded again")
                self.server.signal(signal.SIGHUP)
                wait_for(lambda: self.server.log().count("loaded again") > before, "the line in the log")
                for resumed in (session, None):
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                        self.ask(somebody, resumed)
                # Those who never showed one are as they were.
                answer, _, was_resumed = self.ask(nobody, anonymous)
                self.assertTrue(b"200 OK" in answer and was_resumed)
                self.pair = self.authority.sign("client.example")
        self.assertEqual(self.server.stop(), 0)


@on_each_backend
class RevocationServer(Revocation, unittest.TestCase):
    pass
