# SPDX-License-Identifier: MIT
"""A client of HTTP/2 frame by frame, which may send what it likes. What it reads of fields is
decoded by PyPI's hpack, which scripts/install.sh puts into .build-tools/http2."""

import glob
import os
import select
import socket
import struct
import sys
import time

import harness
from harness import Failed

PLACE = os.path.join(harness.ROOT, ".build-tools", "http2")
PYTHON = os.path.join(PLACE, "bin", "python")
IS_THERE = os.path.exists(os.path.join(PLACE, "complete"))

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(
    DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION,
) = range(10)  # fmt: skip
PRIORITY_UPDATE = 0x10
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 0x20
(
    NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
    FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM,
) = range(12)  # fmt: skip

GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]
POST = [(":method", "POST"), (":scheme", "http"), (":path", "/sink"), (":authority", "a")]


def frame(kind, flags=0, stream=0, payload=b"", count=None):
    count = len(payload) if count is None else count
    return struct.pack(">I", count)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


def number(value):
    return struct.pack(">I", value)


def _string(text):
    text = text.encode("latin-1") if isinstance(text, str) else text
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, out = len(text) - 127, b"\x7f"
    while rest >= 128:
        out += bytes([rest % 128 + 128])
        rest //= 128
    return out + bytes([rest]) + text


def block(fields):
    """Each a literal that is not indexed."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def headers(stream, fields, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, block(fields))


class Frame:
    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload

    def error(self):
        at = 4 if self.kind == GOAWAY else 0
        return struct.unpack(">I", self.payload[at : at + 4])[0]

    def last(self):
        return struct.unpack(">I", self.payload[:4])[0]

    def __repr__(self):
        return f"<{self.kind} {self.flags:#x} on {self.stream}: {self.payload[:40]!r}>"


class Answer:
    def __init__(self):
        self.heads, self.body, self.is_complete, self.reset = [], b"", False, None

    @property
    def fields(self):
        return dict(self.heads[-1]) if self.heads else {}

    @property
    def status(self):
        return int(self.fields[":status"]) if self.heads else None

    def __repr__(self):
        return f"<{self.status}, {len(self.body)} bytes, {self.is_complete}, reset {self.reset}>"


class Peer:
    def __init__(self, address, greets=True, deadline=harness.DEADLINE, first=()):
        for place in glob.glob(os.path.join(PLACE, "lib", "python*", "site-packages")):
            if place not in sys.path:
                sys.path.append(place)
        from hpack import Decoder

        self.decoder = Decoder()
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.until = time.monotonic() + deadline
        self.bytes, self.is_over = b"", False
        self.answers, self.goaways, self.others = {}, [], []
        self.settings = None
        if greets:
            self.send(PREFACE + settings(*first))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, raw):
        try:
            self.socket.sendall(raw)
        except OSError:
            pass  # it is seen by what is read

    def answer(self, stream):
        return self.answers.setdefault(stream, Answer())

    def read_frame(self):
        """The next one; None at the end."""
        while True:
            count = struct.unpack(">I", b"\0" + self.bytes[:3])[0] if len(self.bytes) >= 9 else None
            if count is not None and len(self.bytes) >= 9 + count:
                kind, flags, stream = struct.unpack(">BBI", self.bytes[3:9])
                found = Frame(kind, flags, stream, self.bytes[9 : 9 + count])
                self.bytes = self.bytes[9 + count :]
                return self._note(found)
            left = self.until - time.monotonic()
            ready, _, _ = select.select([self.socket], [], [], max(0, left))
            if not ready:
                raise Failed(f"nothing comes: {self.answers} {self.goaways} {self.others}")
            try:
                piece = self.socket.recv(1 << 16)
            except ConnectionError:
                piece = b""
            if not piece:
                self.is_over = True
                return None
            self.bytes += piece

    def _note(self, found):
        if found.kind == HEADERS:
            answer = self.answer(found.stream)
            raw = found.payload
            while not found.flags & END_HEADERS:
                more = self.read_frame()
                raw += more.payload
                found.flags |= more.flags & END_HEADERS
            answer.heads.append(self.decoder.decode(raw))
        elif found.kind == DATA:
            self.answer(found.stream).body += found.payload
        elif found.kind == RST_STREAM:
            self.answer(found.stream).reset = found.error()
        elif found.kind == GOAWAY:
            self.goaways.append(found)
        elif found.kind == SETTINGS and not found.flags & ACK:
            self.settings = dict(struct.iter_unpack(">HI", found.payload))
            self.send(frame(SETTINGS, ACK))
        else:
            self.others.append(found)
        if found.kind in (DATA, HEADERS) and found.flags & END_STREAM:
            self.answer(found.stream).is_complete = True
        return found

    def read_until(self, condition):
        """Read frames until it holds, or the connection has ended."""
        while not condition() and self.read_frame() is not None:
            pass

    def read_answer(self, stream=1):
        answer = self.answer(stream)
        self.read_until(lambda: answer.is_complete or answer.reset is not None)
        return answer

    def read_to_end(self):
        """The error of the last GOAWAY; None: there was none."""
        self.read_until(lambda: False)
        return self.goaways[-1].error() if self.goaways else None

    def ping(self):
        """What was sent before is done when it is answered."""
        seen = len([f for f in self.others if f.kind == PING])
        self.send(frame(PING, payload=b"12345678"))
        self.read_until(lambda: len([f for f in self.others if f.kind == PING]) > seen)
