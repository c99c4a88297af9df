# SPDX-License-Identifier: MIT
"""WebSockets over sockets: libraries as clients, what each frame gets, and how a connection ends."""

import os
import struct
import time
import unittest
import zlib

import harness
from harness import DEADLINE, ServerCase, on_each_backend, run_tool

READERS = os.path.join(harness.ROOT, ".build-tools", "websocket", "bin", "python")
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
FIN_WITHIN = 2.5  # seconds from a breach to the end of the server's output


def opening(target="/ws", **changes):
    """A handshake, with fields that are changed, or left out where they are None."""
    fields = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY, **{name.replace("_", "-"): value for name, value in changes.items()},
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return harness.request(target, lines)


def frame(first, payload=b"", mask=b"\x01\x7f\x80\xfe"):
    if len(payload) < 126:
        length = bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        length = b"\xfe" + struct.pack("!H", len(payload))
    else:
        length = b"\xff" + struct.pack("!Q", len(payload))
    return bytes([first]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def close(code):
    return b"\x88\x02" + struct.pack("!H", code)


# Name, what the client sends, what comes back.
FRAMES = [
    ("text", frame(0x81, b"hello") + frame(0x88), b"\x81\x05hello\x88\x00"),
    ("nothing", frame(0x81) + frame(0x88, b"\x03\xe8"), b"\x81\x00" + close(1000)),
    ("125 bytes", frame(0x82, b"x" * 125) + frame(0x88), b"\x82\x7d" + b"x" * 125 + b"\x88\x00"),
    ("126 bytes", frame(0x82, b"x" * 126) + frame(0x88), b"\x82\x7e\x00\x7e" + b"x" * 126 + b"\x88\x00"),
    ("parts", frame(0x01, b"a") + frame(0x00, b"b") + frame(0x80, b"c") + frame(0x88), b"\x81\x03abc\x88\x00"),
    ("a ping between parts", frame(0x01, b"a") + frame(0x89, b"p") + frame(0x80, b"b") + frame(0x88),
     b"\x8a\x01p\x81\x02ab\x88\x00"),
    ("a pong of nobody", frame(0x8A, b"?") + frame(0x81, b"a") + frame(0x88), b"\x81\x01a\x88\x00"),
    ("a close with a reason", frame(0x88, b"\x0f\xa0why"), close(4000)),
    ("what follows a close", frame(0x88, b"\x03\xe8") + frame(0x81, b"late"), close(1000)),
    ("a long ping", frame(0x89, b"x" * 126), close(1002)),
    ("a ping in parts", frame(0x09, b"x"), close(1002)),
    ("RSV1", frame(0xC1, b"x"), close(1002)),
    ("RSV2", frame(0xA1, b"x"), close(1002)),
    ("RSV3", frame(0x91, b"x"), close(1002)),
    *((f"opcode {code}", frame(0x80 | code, b"x"), close(1002)) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    ("a continuation of nothing", frame(0x80, b"x"), close(1002)),
    ("text within a message", frame(0x01, b"a") + frame(0x81, b"b"), close(1002)),
    ("no mask", b"\x81\x01a", close(1002)),
    ("a length in two bytes that needs one", b"\x82\xfe\x00\x05" + b"\x00" * 9, close(1002)),
    ("a length in eight bytes that needs two", b"\x82\xff" + b"\x00" * 6 + b"\x01\x00", close(1002)),
    ("the top bit of a length", b"\x82\xff\x80" + b"\x00" * 7, close(1002)),
    ("no UTF-8", frame(0x81, b"abc\xed\xa0\x80"), close(1007)),
    ("half a character at the end", frame(0x81, b"\xe2\x82"), close(1007)),
    ("no UTF-8 in a part", frame(0x01, b"abc\xff"), close(1007)),
    ("the echo before an error", frame(0x81, b"a") + frame(0x83), b"\x81\x01a" + close(1002)),
    ("the first error", frame(0x81, b"\xff") + frame(0x83), close(1007)),
    ("a close of one byte", frame(0x88, b"\x03"), close(1002)),
    *((f"code {code}", frame(0x88, struct.pack("!H", code)), close(1002))
      for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)),
    *((f"code {code}", frame(0x88, struct.pack("!H", code)), close(code))
      for code in (1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999)),
    ("a reason that is no UTF-8", frame(0x88, b"\x03\xe8\xff"), close(1007)),
    ("more than 16 MiB", b"\x82\xff" + struct.pack("!Q", (16 << 20) + 1) + b"\x00" * 4, close(1009)),
]  # fmt: skip

def deflated(payload):
    """A message of permessage-deflate, without the empty block at its end."""
    stream = zlib.compressobj(wbits=-15)
    return (stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


REPEATED = b"hello, " * 100
BAD = deflated(b"a" * 50 + b"\xff" + b"b" * 50)
# The same, of sockets that compress; what comes back is its messages, then a code.
COMPRESSED = [
    ("text", frame(0xC1, deflated(REPEATED)), [REPEATED], 1000),
    ("in parts", frame(0x41, deflated(REPEATED)[:5]) + frame(0x00) + frame(0x80, deflated(REPEATED)[5:]),
     [REPEATED], 1000),
    ("a ping between parts", frame(0x42, deflated(REPEATED)[:5]) + frame(0x89) + frame(0x80, deflated(REPEATED)[5:]),
     [b"", REPEATED], 1000),
    ("one after the other", frame(0xC1, deflated(b"x" * 500)) + frame(0x81, b"y" * 500), [b"x" * 500, b"y" * 500], 1000),
    ("nothing", frame(0xC1, b"\x00"), [b""], 1000),
    ("no UTF-8", frame(0xC1, BAD), [], 1007),
    ("no UTF-8 in a part", frame(0x41, BAD), [], 1007),
    ("half a character at the end", frame(0xC1, deflated(b"\xe2\x82")), [], 1007),
    ("a part of a block", frame(0xC2, deflated(REPEATED)[:-3]), [], 1007),
    ("no deflate", frame(0xC2, b"\xff" * 20), [], 1007),
    ("a compressed continuation", frame(0x41, deflated(REPEATED)) + frame(0xC0), [], 1002),
    ("a compressed close", frame(0xC8, deflated(b"")), [], 1002),
]  # fmt: skip

HANDSHAKES = [
    ("no Upgrade", {"Upgrade": None}, 426),
    ("no Connection", {"Connection": None}, 426),
    ("another protocol", {"Upgrade": "h2c"}, 426),
    ("version 8", {"Sec_WebSocket_Version": "8"}, 426),
    ("no version", {"Sec_WebSocket_Version": None}, 426),
    ("no key", {"Sec_WebSocket_Key": None}, 400),
    ("a short key", {"Sec_WebSocket_Key": "AAAA"}, 400),
    ("a body", {"Transfer_Encoding": "chunked"}, 400),
]


@on_each_backend
class WebSockets(ServerCase):
    targets = ("/ws", "/ws-async")

    def open(self, target, after=b""):
        peer = self.server.connect()
        peer.send(opening(target) + after)
        return peer

    def expect_opened(self, peer):
        head = peer.take_until(b"\r\n\r\n", 4096).decode()
        self.assertRegex(head, "^HTTP/1.1 101 ")
        self.assertIn(f"Sec-WebSocket-Accept: {ACCEPT}\r\n", head)

    def expect(self, peer, want):
        self.assertEqual(peer.take(len(want)), want)
        began = time.monotonic()
        peer.expect_end()
        self.assertLess(time.monotonic() - began, FIN_WITHIN)

    def test_answers_each_frame(self):
        for target in self.targets:
            for name, sent, want in FRAMES:
                with self.subTest(name, target=target), self.open(target, sent) as peer:
                    self.expect_opened(peer)
                    self.expect(peer, want)

    def test_answers_the_same_byte_by_byte(self):
        for name, sent, want in FRAMES:
            with self.subTest(name), self.open("/ws-async") as peer:
                self.expect_opened(peer)
                for at in range(len(sent)):
                    try:
                        peer.send(sent[at : at + 1])
                    except OSError:
                        break  # it has closed by then
                self.expect(peer, want)

    def open_compressed(self, after=b""):
        peer = self.server.connect()
        peer.send(opening(Sec_WebSocket_Extensions="permessage-deflate") + after)
        head = peer.take_until(b"\r\n\r\n", 4096).decode()
        self.assertIn("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover", head)
        return peer

    def expect_message(self, peer, want):
        first, length = peer.take(2)
        if length == 126:
            (length,) = struct.unpack("!H", peer.take(2))
        payload = peer.take(length)
        if first & 0x40:
            payload = zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff")
        self.assertEqual(payload, want)
        self.assertTrue(first & 0x40 or not want, "what compresses is sent compressed")

    def test_answers_what_is_compressed_at_each_cut(self):
        for name, sent, messages, code in COMPRESSED:
            sent += frame(0x88, struct.pack("!H", 1000))
            for cut in range(len(sent)):
                with self.subTest(name, cut=cut), self.open_compressed(sent[:cut]) as peer:
                    try:
                        peer.send(sent[cut:])
                    except OSError:
                        pass  # it has closed by then
                    for message in messages:
                        self.expect_message(peer, message)
                    self.expect(peer, close(code))

    def test_a_bomb_stops_at_the_limit_of_messages(self):
        bomb = deflated(b"\x00" * ((16 << 20) + 1))
        self.assertLess(len(bomb), 100_000)
        with self.open_compressed(frame(0xC2, bomb)) as peer:
            self.expect(peer, close(1009))

    def test_what_does_not_become_smaller_is_sent_as_it_is(self):
        with self.open_compressed(frame(0xC2, deflated(bytes(range(100))))) as peer:
            self.assertEqual(peer.take(102), b"\x82\x64" + bytes(range(100)))

    def test_refuses_what_opens_no_socket(self):
        for name, changes, status in HANDSHAKES:
            with self.subTest(name), self.server.connect() as peer:
                body = b"0\r\n\r\n" if "Transfer_Encoding" in changes else b""
                peer.send(opening(**changes) + body + opening())
                answer = peer.read_response()
                self.assertEqual(answer.status, status)
                if status == 426:
                    self.assertEqual(answer.field("Sec-WebSocket-Version"), "13")
                    self.assertEqual(answer.field("Upgrade"), "websocket")
                self.expect_opened(peer)  # the next request is served

    def test_reads_lists_in_any_case(self):
        for changes in ({"Connection": "keep-alive, UPGRADE"}, {"Upgrade": "h2c, WebSocket"}):
            with self.subTest(changes), self.server.connect() as peer:
                peer.send(opening(**changes))
                self.expect_opened(peer)

    def test_a_breach_is_seen_by_who_still_sends(self):
        with self.open("/ws", frame(0x83)) as peer:
            self.expect_opened(peer)
            for _ in range(50):
                peer.send(b"\x82" * 10_000)
            self.expect(peer, close(1002))

    def test_a_stop_says_that_it_goes_away(self):
        with harness.Server.start("arena", *(["--tls"] if harness.settings["tls"] else []), backend=self.backend) as server:
            with server.connect() as peer:
                peer.send(opening())
                self.expect_opened(peer)
                server.signal()
                self.assertEqual(peer.take(4), close(1001))
                peer.send(frame(0x88, b"\x03\xe9"))
                peer.expect_end()
            self.assertEqual(server.wait(DEADLINE), 0)

    @unittest.skipUnless(os.path.exists(READERS), "websockets, wsproto and aiohttp are not installed")
    def test_talks_to_libraries(self):
        script = os.path.join(harness.ROOT, "Tests", "clients", "websocket_client.py")
        for target in self.targets:
            for library in (
                "websockets", "websockets-compressed", "aiohttp", "aiohttp-compressed", "wsproto",
            ):  # fmt: skip
                with self.subTest(library, target=target):
                    url = self.server.url.replace("http", "ws", 1) + target
                    status, said = run_tool(READERS, script, library, url)
                    self.assertEqual((status, said.strip()), (0, "done"))
