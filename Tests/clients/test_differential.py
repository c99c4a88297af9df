# SPDX-License-Identifier: MIT
"""Random requests, most of them broken a little, against a second opinion (oracle.py).

The server must never answer what the oracle refuses, never refuse what it accepts, never fall out
of step, never stay silent. VANILLA_DIFFERENTIAL sets how many conversations there are, VANILLA_SEED
the first seed. Beside the random ones, each byte of a few requests is spoilt in every way there is.
"""

import itertools
import os
import random
import re

import oracle
from exchanges import Exchange, Recorded, run_exchanges
from harness import Failed, ServerCase, on_each_backend, settings

AT_A_TIME = 500
CLOSING = b"GET /baseline11?a=7 HTTP/1.1\r\nHost: after\r\nConnection: close\r\n\r\n"

SPACES = [b" ", b"", b"  ", b"\t", b" \t ", b"\x0b", b"\0", b"\r\n "]
ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r\n", b"", b" \r\n", b"\0\r\n", b"\r\n "]
HOSTS = [
    b"", b"a:80", b"a:", b"a b", b"[::1]", b"[::1]:8080", b"[::1", b"u@a", b"a:b", b":80", b"a,b",
    b"a/b", b"%61", b"%6", b"a\x80", b"127.0.0.1", b"a:80:80", b"a#b",
]  # fmt: skip
LENGTHS = [
    b"+%d", b"-%d", b"0%d", b"00%d", b"0x%d", b"%d,%d", b"%d, %d", b"%d %d", b"%d.0", b"%d\t",
        b"\t%d",
    b"%d;", b"", b"x", b"%d\0", b"1%d", b"18446744073709551616%d", b"9223372036854775807", b"_%d",
]  # fmt: skip
CODINGS = [
    b"chunked", b"CHUNKED", b"chunked, chunked", b"gzip", b"gzip, chunked", b"chunked, gzip",
        b"identity",
    b"chunked;a=b", b"", b" ", b",chunked", b"chunked,", b"xchunked", b'"chunked"', b"chunked\0",
    b"chunked\x0b", b"chunked \t",
]  # fmt: skip
SIZES = [
    b"0x%x", b"+%x", b"-%x", b" %x", b"%x ", b"0%x", b"0000000%x", b"%x;", b"%x;a", b"%x;a=b",
        b"%x; a=b",
    b'%x;a="b;c"', b'%x;a="b', b'%x;a="\\""', b"%x;a=b\n", b"%x\t", b"1%x", b"fffffffffffffff%x",
        b"%xg",
    b"", b"%x;a=\0", b"%x,", b"%x;=b", b"%x;a;b;c=d",
]  # fmt: skip
NAMES = [
    b"X", b"X ", b" X", b"", b"X\0", b"X\xe9", b"X(", b"x-y_z", b"Content-Length",
        b"Transfer-Encoding",
    b"Host", b"Connection", b"content-length", b"Content_Length", b"Content-Length ", b"\tX",
    b"Expect", b"Upgrade", b"Trailer",
]  # fmt: skip
VALUES = [
    b"", b"y", b"5", b"0", b"chunked", b"close", b"keep-alive", b"a\0b", b"a\x7fb", b"\xff",
        b"a\tb", b"x, close",
    b"a\rb", b"a\nb", b"y\r\n z", b"closed", b"identity", b"100-continue", b"h2c",
]  # fmt: skip
TARGETS = [
    b"/", b"/pipeline?a=b", b"/pipeline#", b"*", b"http://a", b"http://a/pipeline", b"http://a?x",
    b"HTTP://[::1]:8/echo", b"http://u@a/", b"http:///", b"http://[::1/", b"http://a:b/", b"a:443",
    b"pipeline", b"/\x7f", b"/%zz", b"", b"https://a:/pipeline",
]  # fmt: skip
METHODS = [b"HEAD", b"OPTIONS", b"CONNECT", b"get", b"G\0T", b"PUT", b"G@T", b""]
VERSIONS = [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"HTTP/1.",
    b"HTTP/1.1 ", b""]
BYTES = [b"\0", b"\t", b"\n", b"\r", b"\r\n", b" ", b":", b",", b";", b'"', b"0", b"5", b"a",
    b"\x7f", b"\x80", b"#"]


class Draft:
    """A request in parts, any of which can be spoilt before it is written."""

    def __init__(self, chance):
        self.chance = chance
        self.line = [b"GET", b" ", b"/pipeline", b" ", b"HTTP/1.1"]
        self.fields = [[b"Host", b":", b" ", b"a"]]
        self.ends = {}
        self.body = b""
        if chance.random() < 0.3:
            self.fields.append([b"X", b":", b" ", b"y" * chance.randrange(30)])
        if chance.random() < 0.75:
            self.line[0], self.line[2] = b"POST", b"/echo"
            self.give_body(chance)

    def give_body(self, chance):
        body = bytes(chance.choice(b"abc\r\n0 G") for _ in range(chance.choice([0, 1, 2, 5, 17,
            40])))
        self.count = len(body)
        if chance.random() < 0.5:
            self.fields.append([b"Content-Length", b":", b" ", b"%d" % len(body)])
            self.body = body
            return
        self.fields.append([b"Transfer-Encoding", b":", b" ", b"chunked"])
        self.chunks = []
        while body:
            count = chance.randrange(1, len(body) + 1)
            self.chunks.append([b"%x" % count, b"\r\n", body[:count], b"\r\n"])
            body = body[count:]
        self.chunks.append([b"0", b"\r\n", b"", b""])
        self.trailers = [[b"T", b":", b" ", b"u"]] if chance.random() < 0.2 else []

    def spoil(self):
        chance = self.chance
        kinds = [self.spoil_line, self.spoil_end, self.spoil_host, self.spoil_field, self.add_field,
                 self.repeat_field]  # fmt: skip
        if hasattr(self, "count"):
            kinds += [self.spoil_framing] * 4
        if hasattr(self, "chunks"):
            kinds += [self.spoil_chunk] * 4
        chance.choice(kinds)()

    def spoil_line(self):
        part = self.chance.choice([0, 1, 2, 2, 3, 4])
        self.line[part] = self.chance.choice([METHODS, SPACES, TARGETS, SPACES, VERSIONS][part])

    def spoil_end(self):
        self.ends[self.chance.randrange(len(self.fields) + 2)] = self.chance.choice(ENDS)

    def spoil_host(self):
        self.fields[0][3] = self.chance.choice(HOSTS)

    def spoil_field(self):
        field = self.chance.choice(self.fields)
        part = self.chance.choice([0, 1, 2, 3])
        field[part] = self.chance.choice([NAMES, [b" :", b"", b"::", b"=", b"\t:"], SPACES,
            VALUES][part])

    def add_field(self):
        pair = [self.chance.choice(NAMES), b":", b" ", self.chance.choice(VALUES)]
        self.fields.insert(self.chance.randrange(len(self.fields) + 1), pair)

    def repeat_field(self):
        field = list(self.chance.choice(self.fields))
        self.fields.insert(self.chance.randrange(len(self.fields) + 1), field)

    def spoil_framing(self):
        form = self.chance.choice(LENGTHS)
        length = form.replace(b"%d", b"%d" % self.count)
        framing = [
            [b"Content-Length", b":", b" ", length],
            [b"Transfer-Encoding", b":", b" ", self.chance.choice(CODINGS)],
            [b"Content-Length", b":", b" ", b"%d" % (self.count + self.chance.choice([-1, 1, 2]))],
        ]
        what = self.chance.choice(framing)
        if self.chance.random() < 0.5:
            self.fields[-1] = what
        else:
            self.fields.insert(self.chance.randrange(1, len(self.fields) + 1), what)

    def spoil_chunk(self):
        chunk = self.chance.choice(self.chunks)
        part = self.chance.choice([0, 0, 0, 1, 3])
        if part == 0:
            chunk[0] = self.chance.choice(SIZES).replace(b"%x", chunk[0])
        else:
            chunk[part] = self.chance.choice(ENDS)
        if self.chance.random() < 0.3:
            self.trailers.append([self.chance.choice(NAMES), b":", b" ",
                self.chance.choice(VALUES)])

    def write(self):
        lines = [b"".join(self.line)] + [b"".join(field) for field in self.fields] + [b""]
        ended = [line + self.ends.get(index, b"\r\n") for index, line in enumerate(lines)]
        data = b"".join(ended) + self.body
        if hasattr(self, "chunks"):
            data += b"".join(b"".join(chunk) for chunk in self.chunks)
            data += b"".join(b"".join(trailer) + b"\r\n" for trailer in self.trailers) + b"\r\n"
        if self.chance.random() < 0.08:
            at = self.chance.randrange(len(data))
            data = data[:at] + self.chance.choice(BYTES) + data[at + self.chance.randrange(2) :]
        return data


def write_requests(chance):
    data = b""
    for _ in range(chance.choice([1, 1, 2, 3])):
        draft = Draft(chance)
        for _ in range(chance.choice([0, 0, 1, 1, 1, 2, 3])):
            draft.spoil()
        data += chance.choice([b"", b"", b"", b"\r\n"]) + draft.write()
    if chance.random() < 0.1:
        return data[: chance.randrange(1, len(data) + 1)]
    return data + CLOSING


def cut(chance, data):
    cuts = sorted(chance.randrange(len(data)) for _ in range(chance.choice([0, 0, 1, 3, 10])))
    return [data[a:b] for a, b in zip([0] + cuts, cuts + [len(data)])]


# Each byte of these is replaced, taken out, and has others put before it.
WHOLE = [
    b"\r\nGET /pipeline HTTP/1.1\r\nHost:a\r\nX: y\r\n\r\n"
    b"HEAD /pipeline HTTP/1.1\r\nHost:a\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'3;a="b";c\r\nabc\r\n0\r\nT: u\r\n\r\n',
    b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"
    b"0123456789",
    b"GET http://[::1]:80/pipeline HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:8\r\n\r\n",
    b"GET http://a.b:8/pipeline?x HTTP/1.1\r\nHost: 1.2.3.4:5\r\n\r\n",
    b"GET /pipeline HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: x, y\r\n\r\n",
]
# One of each kind that the grammar knows, and its neighbours.
KINDS = b"\0\x08\t\n\x0b\r\x1f !\"#%'(+,-./019:;<=?@AFGZ[\\]^_`afgz{|}~\x7f\x80\xa0\xff"


def spoil_everywhere(data, some):
    """Each way to spoil one byte of `data`, or to end after it."""
    for at in range(len(data) + 1):
        before, after = data[:at], data[at:]
        for byte in some:
            yield before + bytes([byte]) + after + CLOSING
            if after and after[0] != byte:
                yield before + bytes([byte]) + after[1:] + CLOSING
        if after:
            yield before + after[1:] + CLOSING
        if before:
            yield before


ANSWERS = {
    (b"GET", b"/"): b"Hello, World!", (b"GET", b"/pipeline"): b"ok", (b"GET", b"/baseline11"): b"7",
    (b"HEAD", b"/"): b"", (b"HEAD", b"/pipeline"): b"", (b"HEAD", b"/baseline11"): b"",
    (b"POST", b"/baseline11"): b"7", (b"OPTIONS", b"*"): b"",
}  # fmt: skip


MALFORMED_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def compare(exchange, verdicts):
    reader = Recorded(exchange)
    for verdict in verdicts:
        if verdict.kind != "whole":
            compare_last(reader, verdict)
            break
        response = reader.read_response(verdict.method.decode("latin-1"))
        if is_refusal(response) and verdict.is_open:
            break
        check_answer(response, verdict)
        if verdict.is_open and is_early(verdict) and not reader.buffer:
            break
    reader.expect_end()


def compare_last(reader, verdict):
    """What is refused ends the conversation, and so does the client's end of output."""
    is_incomplete = verdict.kind == "incomplete"
    if is_incomplete and reader.buffer == b"HTTP/1.1 100 Continue\r\n\r\n":
        reader.buffer.clear()
    if is_incomplete and not reader.buffer:
        return
    response = reader.read_response(verdict.method.decode("latin-1"))
    if not is_refusal(response) and not is_early(verdict):
        raise Failed(f"{response.status} for what is {verdict.kind}")


def is_early(verdict):
    """Only /echo waits for the body; others may answer before its first wrong byte."""
    return bool(verdict.path) and verdict.path != b"/echo"


def is_refusal(response):
    return response.status >= 400 and response.says_close and response.body == b""


def check_answer(response, verdict):
    expected = ANSWERS.get((verdict.method, verdict.path))
    if (verdict.method, verdict.path) == (b"POST", b"/echo"):
        expected = verdict.body
    if expected is None:
        # The router answers these two by itself.
        may_be = {204} if verdict.method == b"OPTIONS" else set()
        if MALFORMED_ESCAPE.search(verdict.path):
            may_be = {400}
        if response.status not in may_be and (response.status < 300 or response.status == 400):
            raise Failed(f"{response.status} for what nobody serves")
    elif (response.status, response.body) != (204 if verdict.path == b"*" else 200, expected):
        raise Failed(f"{response.status} with {response.body[:100]!r}, not {expected[:100]!r}")
    if verdict.closes != response.says_close:
        raise Failed(f"Connection: close is {response.says_close}, not {verdict.closes}")


@on_each_backend
class Differential(ServerCase):
    def test_agrees_with_the_oracle(self):
        count = int(os.environ.get("VANILLA_DIFFERENTIAL", 400_000 if is_long() else 40_000))
        first = int(os.environ.get("VANILLA_SEED", 1))
        self.check_all(map(random_conversation, range(first, first + count)), count // 50)

    def test_agrees_on_every_wrong_byte(self):
        some = range(256) if is_long() else KINDS
        for whole in WHOLE:
            with self.subTest(whole):
                spoilt = spoil_everywhere(whole, some)
                self.check_all((Exchange(f"{data!r}", [data], finishes=True) for data in spoilt), 1)

    def check_all(self, conversations, least):
        seen = {}
        while some := list(itertools.islice(conversations, AT_A_TIME)):
            self.compare_all(some, seen)
        # Neither the drafts nor the oracle may become one-sided unnoticed.
        for kind in ("whole", "refused", "incomplete"):
            self.assertGreater(seen.get(kind, 0), least, seen)

    def compare_all(self, exchanges, seen):
        for exchange in exchanges:
            exchange.verdicts = oracle.judge(b"".join(exchange.pieces))
        run_exchanges(self.server.address, exchanges)
        for exchange in exchanges:
            for verdict in exchange.verdicts:
                seen[verdict.kind] = seen.get(verdict.kind, 0) + 1
            try:
                compare(exchange, exchange.verdicts)
            except Failed as failure:
                with self.subTest(exchange.name):
                    got = bytes(exchange.received)
                    raise Failed(f"{failure}; {exchange.verdicts}; got {got!r}")


def is_long():
    return settings["large"] >= 1 << 30


def random_conversation(seed):
    chance = random.Random(seed)
    data = write_requests(chance)
    return Exchange(f"seed {seed}: {data!r}", cut(chance, data), finishes=True)
