# SPDX-License-Identifier: MIT
"""Random requests, most of them broken a little, against a second opinion (oracle.py).

The server must never answer what the oracle refuses, never refuse what it accepts, never fall out
of step, never stay silent. VANILLA_DIFFERENTIAL sets how many conversations there are, VANILLA_SEED
the first seed.
"""

import os
import random

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
]  # fmt: skip
VALUES = [
    b"", b"y", b"5", b"0", b"chunked", b"close", b"keep-alive", b"a\0b", b"a\x7fb", b"\xff",
        b"a\tb", b"x, close",
    b"a\rb", b"a\nb", b"y\r\n z", b"closed", b"identity",
]  # fmt: skip
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
        part = self.chance.choice([1, 3, 4])
        self.line[part] = self.chance.choice(VERSIONS if part == 4 else SPACES)

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


ANSWERS = {(b"GET", b"/pipeline"): b"ok", (b"GET", b"/baseline11"): b"7"}


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
    reader.expect_end()


def compare_last(reader, verdict):
    """What is refused ends the conversation, and so does the client's end of output."""
    is_incomplete = verdict.kind == "incomplete"
    if is_incomplete and not reader.buffer:
        return
    response = reader.read_response(verdict.method.decode("latin-1"))
    # Only /echo waits for the body; others may answer before its first wrong byte.
    is_early = bool(verdict.path) and verdict.path != b"/echo"
    if not is_refusal(response) and not is_early:
        raise Failed(f"{response.status} for what is {verdict.kind}")


def is_refusal(response):
    return response.status >= 400 and response.says_close and response.body == b""


def check_answer(response, verdict):
    expected = ANSWERS.get((verdict.method, verdict.path))
    if (verdict.method, verdict.path) == (b"POST", b"/echo"):
        expected = verdict.body
    if expected is None:
        if response.status < 300 or response.status == 400:
            raise Failed(f"{response.status} for what nobody serves")
    elif (response.status, response.body) != (200, expected):
        raise Failed(f"{response.status} with {response.body[:100]!r}, not {expected[:100]!r}")
    if verdict.closes != response.says_close:
        raise Failed(f"Connection: close is {response.says_close}, not {verdict.closes}")


@on_each_backend
class Differential(ServerCase):
    def test_agrees_with_the_oracle(self):
        usual = 400_000 if settings["large"] >= 1 << 30 else 40_000
        count = int(os.environ.get("VANILLA_DIFFERENTIAL", usual))
        first = int(os.environ.get("VANILLA_SEED", 1))
        seen = {}
        for start in range(first, first + count, AT_A_TIME):
            seeds = range(start, min(start + AT_A_TIME, first + count))
            self.compare_all(seeds, seen)
        # Neither the drafts nor the oracle may become one-sided unnoticed.
        for kind in ("whole", "refused", "incomplete"):
            self.assertGreater(seen.get(kind, 0), count // 50, seen)

    def compare_all(self, seeds, seen):
        exchanges = []
        for seed in seeds:
            chance = random.Random(seed)
            data = write_requests(chance)
            exchange = Exchange(f"seed {seed}: {data!r}", cut(chance, data), finishes=True)
            exchange.verdicts = oracle.judge(data)
            exchanges.append(exchange)
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
