# SPDX-License-Identifier: MIT
"""A second opinion on where requests begin and end, simple and strict, by RFC 9110 and RFC 9112.

It sees the whole input at once and works on it with regular expressions, so that it shares no idea
with the server's incremental scanner.
"""

import ipaddress
import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
NAME = rb"[A-Za-z0-9._~!$&'()*+,;=-]"
HOST = re.compile(
    rb"(?:\[(?:([0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.(?:" + NAME + rb"|:)+)\]|(?:" + NAME
    + rb"|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?\Z"
)  # fmt: skip

REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21\x22\x24-\x7e]+) HTTP/([0-9])\.([0-9])\Z")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):(" + TEXT + rb")\Z")
ABSOLUTE = re.compile(rb"(?i)https?://([^/?]*)(/[^?]*)?(?:\?.*)?\Z")
QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
CHUNK_LINE = re.compile(
    rb"([0-9A-Fa-f]+)((?:;" + TOKEN + rb"(?:=(?:" + TOKEN + rb"|" + QUOTED + rb"))?)*)\Z"
)
LOOSE_CHUNK_LINE = re.compile(
    rb"([0-9A-Fa-f]+)(?:[ \t]*;[ \t]*" + TOKEN
    + rb"[ \t]*(?:=[ \t]*(?:" + TOKEN + rb"|" + QUOTED + rb"))?)*[ \t]*\Z"
)  # fmt: skip

BODY_MAX = 8 << 20


class Refused(Exception):
    """It must be refused."""


class Incomplete(Exception):
    """More input could make it whole."""


class Verdict:
    """What one request is: "whole", "refused" or "incomplete". `is_open`: refusing it is right as
    well. A method and a path are there when the head is in order."""

    def __init__(self, kind, method=b"", path=b"", body=b"", closes=False, is_open=False):
        self.kind, self.method, self.path, self.body = kind, method, path, body
        self.closes, self.is_open = closes, is_open

    def __repr__(self):
        return f"<{self.kind} {self.method!r} {self.path!r} {self.body[:40]!r} open={self.is_open}>"


def is_host(text):
    """uri-host [ ":" port ], RFC 9110, section 7.2."""
    host = HOST.match(text)
    if not host or host[1] is None:
        return bool(host)
    try:
        return bool(ipaddress.IPv6Address(host[1].decode()))
    except ValueError:
        return False


def judge(data):
    """The verdicts on all requests in `data`, which the client's end of output follows."""
    verdicts = []
    while data:
        reader = Reader(data)
        try:
            verdict = reader.read()
        except Refused:
            return verdicts + [Verdict("refused", *reader.head)]
        except Incomplete:
            return verdicts + [Verdict("incomplete", *reader.head)]
        verdicts.append(verdict)
        if verdict.closes:
            return verdicts
        data = reader.data
    return verdicts


class Reader:
    def __init__(self, data):
        self.data = data
        self.head = ()
        self.is_open = False

    def line(self):
        """The next line, which CRLF and nothing else ends."""
        end = self.data.find(b"\r\n")
        line = self.data if end < 0 else self.data[:end]
        if b"\n" in line or b"\r" in (line[:-1] if end < 0 else line):
            raise Refused
        if end < 0:
            raise Incomplete
        self.data = self.data[end + 2 :]
        return line

    def read(self):
        while self.data.startswith(b"\r\n"):
            self.data = self.data[2:]
        if not self.data:
            raise Incomplete
        start = REQUEST_LINE.match(self.line())
        if not start or start[3] != b"1":
            raise Refused
        minor = int(start[4])
        self.is_open = minor > 1
        path = self.path(start[1], start[2])
        fields = self.fields()
        self.check_host(fields, minor)
        self.check_framing(fields, minor)
        self.head = (start[1], path)
        body = self.body(fields)
        return Verdict("whole", start[1], path, body, self.closes(fields, minor), self.is_open)

    def path(self, method, target):
        if method == b"CONNECT":
            raise Refused
        if target.startswith(b"/"):
            return target.split(b"?")[0]
        absolute = ABSOLUTE.match(target)
        if absolute and is_host(absolute[1]):
            return absolute[2] or b"/"
        if method == b"OPTIONS" and target == b"*":
            return b"*"
        raise Refused

    def fields(self):
        fields = []
        while line := self.line():
            field = FIELD_LINE.match(line)
            if not field:
                raise Refused
            fields.append((field[1].lower(), field[2].strip(b" \t")))
        return fields

    def check_host(self, fields, minor):
        hosts = [value for name, value in fields if name == b"host"]
        if len(hosts) > 1 or (minor > 0 and not hosts):
            raise Refused
        if hosts and not is_host(hosts[0]):
            raise Refused

    def check_framing(self, fields, minor):
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        members = [member.strip(b" \t").lower() for member in b",".join(codings).split(b",")]
        if codings and (lengths or minor == 0 or [m for m in members if m] != [b"chunked"]):
            raise Refused
        if lengths and (len(lengths) > 1 or not re.fullmatch(rb"[0-9]+", lengths[0])):
            raise Refused
        if lengths and int(lengths[0]) >= 1 << 63:
            raise Refused
        self.is_open |= bool(codings) and b"" in members
        self.is_open |= bool(lengths) and len(lengths[0]) > 1 and lengths[0].startswith(b"0")

    def body(self, fields):
        framing = dict(fields)
        if b"transfer-encoding" in framing:
            return self.chunked_body()
        count = int(framing.get(b"content-length", b"0"))
        if count > BODY_MAX:
            raise Refused
        return self.take(count)

    def chunked_body(self):
        body = b""
        while count := self.chunk_size(self.line()):
            if len(body) + count > BODY_MAX:
                raise Refused
            body += self.take(count)
            if not b"\r\n".startswith(self.data[:2]):
                raise Refused
            self.take(2)
        self.fields()
        return body

    def chunk_size(self, line):
        size = CHUNK_LINE.match(line)
        if not size:
            size = LOOSE_CHUNK_LINE.match(line)
            self.is_open = True
        if not size:
            raise Refused
        # So many digits are an overflow to a reader that counts them.
        self.is_open |= len(size[1]) > 15
        return int(size[1], 16)

    def take(self, count):
        if len(self.data) < count:
            raise Incomplete
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def closes(self, fields, minor):
        options = [
            option.strip(b" \t").lower()
            for name, value in fields
            if name == b"connection"
            for option in value.split(b",")
        ]
        return b"close" in options or (minor == 0 and b"keep-alive" not in options)
