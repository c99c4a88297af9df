# SPDX-License-Identifier: MIT
"""Files over sockets, plain and over TLS: what is larger than memory may hold, what the system is out of, curl."""

import os
import random
import resource
import shutil
import tempfile

from harness import ServerCase, on_each_backend, request, run_tool

LARGE = 40 << 20  # more than is kept of one file in memory


@on_each_backend
class Files(ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vanilla-files-", dir="/var/tmp")
        cls.large = random.Random(1).randbytes(1 << 20) * (LARGE >> 20)
        cls.write("large", cls.large)
        cls.write("small.txt", b"small")
        cls.options = ("--static", cls.folder)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.folder)

    @classmethod
    def write(cls, name, content):
        with open(os.path.join(cls.folder, name), "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def test_a_file_from_the_disk(self):
        response = self.server.get("/static/large")
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == self.large)

    def test_parts_in_any_order(self):
        drawn = random.Random(2)
        with self.server.connect() as peer:
            for _ in range(20):
                at = drawn.randrange(LARGE)
                end = min(LARGE - 1, at + drawn.randrange(1 << 20))
                peer.send(request("/static/large", f"Range: bytes={at}-{end}\r\n"))
                response = peer.read_response()
                self.assertEqual(response.status, 206)
                self.assertEqual(response.field("Content-Range"), f"bytes {at}-{end}/{LARGE}")
                self.assertTrue(response.body == self.large[at : end + 1])

    def test_curl_goes_on_with_a_download(self):
        part = os.path.join(self.folder, "part")
        with open(part, "wb") as file:
            file.write(self.large[: 10 << 20])
        status, said = run_tool(
            "curl", "-sSk", "-C", "-", "-o", part, self.server.url + "/static/large"
        )
        self.assertEqual(status, 0, said)
        with open(part, "rb") as file:
            self.assertTrue(file.read() == self.large)
        os.unlink(part)

    def test_downloads_that_stand_still_hold_little(self):
        before = self.server.private_bytes()
        peers = [self.server.connect(receive_buffer=4096) for _ in range(20)]
        for peer in peers:
            peer.send(request("/static/large"))
        for peer in peers:
            self.assertTrue(peer.is_readable(20))
        held = self.server.private_bytes() - before
        for peer in peers:
            peer.reset()
        self.assertLess(held, 20 * (1 << 20))

    def test_is_out_of_descriptors_with_503(self):
        with self.server.connect() as peer:
            peer.send(request("/static/small.txt"))
            self.assertEqual(peer.read_response().status, 200)
            limits = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
            try:
                peer.send(request("/static/large"))
                response = peer.read_response()
                self.assertEqual(response.status, 503)
                self.assertEqual(response.field("Retry-After"), "1")
            finally:
                resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, limits)
            peer.send(request("/static/large", "Range: bytes=0-3\r\n"))
            self.assertEqual(peer.read_response().body, self.large[:4])
