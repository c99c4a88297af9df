# SPDX-License-Identifier: MIT
"""Answers that are compressed on the way, as curl, Python and clients of HTTP/2 take them."""

import gzip
import json

from harness import ServerCase, on_each_backend, request, run_tool

CODINGS = {b"gzip": b"\x1f\x8b", b"br": b"", b"zstd": b"\x28\xb5\x2f\xfd"}


@on_each_backend
class Compression(ServerCase):
    def items(self, coding=None):
        fields = f"Accept-Encoding: {coding}\r\n" if coding else ""
        with self.server.connect() as peer:
            peer.send(request("/json/50?m=3", fields))
            return peer.read_response()

    def test_items_by_each_coding(self):
        plain = self.items()
        self.assertIsNone(plain.field("Content-Encoding"))
        self.assertEqual(plain.field("Vary"), "Accept-Encoding")
        self.assertEqual(json.loads(plain.body)["count"], 50)
        for coding, magic in CODINGS.items():
            response = self.items(coding.decode())
            self.assertEqual(response.field("Content-Encoding"), coding.decode())
            self.assertLess(len(response.body), len(plain.body) / 2)
            self.assertTrue(response.body.startswith(magic))
        self.assertEqual(gzip.decompress(self.items("gzip").body), plain.body)

    def test_many_on_one_connection(self):
        plain = self.items().body
        with self.server.connect() as peer:
            for _ in range(50):
                peer.send(request("/json/50?m=3", "Accept-Encoding: gzip\r\n") + request("/pipeline"))
                self.assertEqual(gzip.decompress(peer.read_response().body), plain)
                self.assertEqual(peer.read_response().body, b"ok")

    def test_curl_takes_all_of_them_off(self):
        plain = self.items().body.decode()
        for coding in CODINGS:
            status, said = run_tool(
                "curl", "-sSk", "--compressed", "-H", f"Accept-Encoding: {coding.decode()}",
                self.server.url + "/json/50?m=3",
            )  # fmt: skip
            self.assertEqual((status, said), (0, plain), coding)
