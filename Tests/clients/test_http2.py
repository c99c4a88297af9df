# SPDX-License-Identifier: MIT
"""HTTP/2 over sockets: what each frame and each request comes to, floods, windows, and clients that
others wrote. docs/HTTP2.md has the choices."""

import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import Server, build_c_server, on_each_backend, run_tool
from http2_peer import *
from http2_peer import IS_THERE, PYTHON, Peer


def but(fields, changes):
    """With other values; without those that are None."""
    changed = {**dict(fields), **changes}
    return [(name, value) for name, value in changed.items() if value is not None]


def long_head(fields, *more):
    """A head in as many frames as it takes."""
    raw = block(fields + list(more))
    pieces = [raw[at : at + 16000] for at in range(0, len(raw), 16000)]
    frames = [frame(HEADERS, END_STREAM, 1, pieces[0])]
    frames += [frame(CONTINUATION, 0, 1, piece) for piece in pieces[1:]]
    return b"".join(frames) + frame(CONTINUATION, END_HEADERS, 1, b"")


# What a row comes to: the connection ends with an error, a stream fails alone, either of both, or there is an answer.
def ends(error):
    return ("ends", error, None)


def fails(error):
    return ("fails", error, 1)


def either(error):
    return ("either", error, 1)


def answers(status, stream=1):
    return ("answers", status, stream)


def lives():
    return ("lives", None, None)


OPEN = headers(1, POST, END_HEADERS)

# RFC 9113, sections 3 to 6; RFC 9218, section 7.
FRAMES = [
    ("settings on stream", frame(SETTINGS,0,1),ends(PROTOCOL_ERROR)),
    ("settings ack with payload", frame(SETTINGS,ACK,0,b"123456"),ends(FRAME_SIZE_ERROR)),
    ("settings 5", frame(SETTINGS,0,0,b"12345"),ends(FRAME_SIZE_ERROR)),
    ("push 2", settings((2,2)),ends(PROTOCOL_ERROR)),
    ("window 2^31", settings((4,1<<31)),ends(FLOW_CONTROL_ERROR)),
    ("frame size", settings((5,16383)),ends(PROTOCOL_ERROR)),
    ("unknown frame", frame(0x77,0xff,5,b"abc")+headers(1,GET),answers(200)),
    ("data on idle", frame(DATA,0,1,b"a"),ends(PROTOCOL_ERROR)),
    ("rst on idle", frame(RST_STREAM,0,1,number(8)),ends(PROTOCOL_ERROR)),
    ("wu on idle", frame(WINDOW_UPDATE,0,1,number(8)),ends(PROTOCOL_ERROR)),
    ("cont on idle", frame(CONTINUATION,4,1,b""),ends(PROTOCOL_ERROR)),
    ("even", headers(2,GET),ends(PROTOCOL_ERROR)),
    ("stream 0", headers(0,GET),ends(PROTOCOL_ERROR)),
    ("smaller", headers(5,GET)+headers(3,GET),ends(PROTOCOL_ERROR)),
    ("data 0", frame(DATA,0,0,b"a"),ends(PROTOCOL_ERROR)),
    ("pad too long", OPEN + frame(DATA,PADDED,1,b"\x05aaa"),ends(PROTOCOL_ERROR)),
    ("pad ok", OPEN + frame(DATA,PADDED|1,1,b"\x02aaa"),answers(200)),
    ("headers pad too long", frame(HEADERS,PADDED|5,1,b"\xff"+block(GET)),ends(PROTOCOL_ERROR)),
    ("big frame", OPEN + frame(DATA,0,1,b"a"*16385),ends(FRAME_SIZE_ERROR)),
    ("ping ack ignored", frame(PING,ACK,0,b"12345678")+headers(1,GET),answers(200)),
    ("ping 7", frame(PING,0,0,b"1234567"),ends(FRAME_SIZE_ERROR)),
    ("ping on 1", frame(PING,0,1,b"12345678"),ends(PROTOCOL_ERROR)),
    ("priority 4", frame(PRIORITY,0,1,b"1234"),either(FRAME_SIZE_ERROR)),
    ("priority 0", frame(PRIORITY,0,0,b"12345"),ends(PROTOCOL_ERROR)),
    ("priority self", frame(PRIORITY,0,1,number(1)+b"1"),either(PROTOCOL_ERROR)),
    ("headers self", frame(HEADERS,0x25,1,number(1)+b"1"+block(GET)),fails(PROTOCOL_ERROR)),
    ("headers prio", frame(HEADERS,0x25,1,number(0)+b"1"+block(GET)),answers(200)),
    ("push promise", frame(PUSH_PROMISE,4,1,number(2)),ends(PROTOCOL_ERROR)),
    ("wu 0", frame(WINDOW_UPDATE,0,0,number(0)),ends(PROTOCOL_ERROR)),
    ("wu stream 0", OPEN + frame(WINDOW_UPDATE,0,1,number(0)),fails(PROTOCOL_ERROR)),
    ("wu over", frame(WINDOW_UPDATE,0,0,number(0x7fffffff)),ends(FLOW_CONTROL_ERROR)),
    ("wu stream over", OPEN + frame(WINDOW_UPDATE,0,1,number(0x7fffffff)),fails(FLOW_CONTROL_ERROR)),
    ("wu 3", frame(WINDOW_UPDATE,0,0,b"123"),ends(FRAME_SIZE_ERROR)),
    ("goaway on 1", frame(GOAWAY,0,1,number(0)*2),ends(PROTOCOL_ERROR)),
    ("interleaved", frame(HEADERS,1,1,block(GET)[:4])+frame(PING,0,0,b"12345678"),ends(PROTOCOL_ERROR)),
    ("cont other", frame(HEADERS,1,1,block(GET)[:4])+frame(CONTINUATION,4,3,block(GET)[4:]),ends(PROTOCOL_ERROR)),
    ("cont ok", frame(HEADERS,1,1,block(GET)[:4])+frame(CONTINUATION,0,1,b"")+frame(CONTINUATION,4,1,block(GET)[4:]),answers(200)),
    ("bad hpack", frame(HEADERS,5,1,b"\x80"),ends(COMPRESSION_ERROR)),
    ("431", long_head(GET, *[(f"a{i}", "x" * 10000) for i in range(10)]), answers(431)),
    ("431 one", long_head(GET, ("a", "x" * 17000)), answers(431)),
    ("414", long_head(but(GET, {":path": "/" + "x" * 17000})), answers(414)),
    ("flow conn", OPEN + b"".join(frame(DATA,0,1,b"a"*16384) for _ in range(3))+b"",lives()),
    ("prio update", frame(PRIORITY_UPDATE,0,0,number(1)+b"u=1")+headers(1,GET),answers(200)),
    ("prio update 0", frame(PRIORITY_UPDATE,0,0,number(0)+b"u=1"),ends(PROTOCOL_ERROR)),
    ("prio update on 1", frame(PRIORITY_UPDATE,0,1,number(1)+b"u=1"),ends(PROTOCOL_ERROR)),
    ("reset then data", OPEN + frame(RST_STREAM,0,1,number(8))+headers(3,GET),answers(200, 3)),
    ("reset then headers", OPEN + frame(RST_STREAM,0,1,number(8))+headers(1,GET),ends(STREAM_CLOSED)),
]  # fmt: skip

# RFC 9113, section 8.
REQUESTS = [
    ("get", headers(1,GET),answers(200)),
    ("unknown setting", settings((0x99,1))+headers(1,GET),answers(200)),
    ("again", headers(1,GET)+headers(1,GET),ends(STREAM_CLOSED)),
    ("data after end", headers(1,GET)+frame(DATA,0,1,b"a"),either(STREAM_CLOSED)),
    ("upper", headers(1,GET + [("X-A","b")]),fails(PROTOCOL_ERROR)),
    ("pseudo unknown", headers(1,GET + [(":foo","b")]),fails(PROTOCOL_ERROR)),
    ("pseudo resp", headers(1,GET + [(":status","200")]),fails(PROTOCOL_ERROR)),
    ("pseudo after", headers(1,GET[:3]+[("a","b"),GET[3]]),fails(PROTOCOL_ERROR)),
    ("pseudo twice", headers(1,GET + [GET[0]]),fails(PROTOCOL_ERROR)),
    ("no method", headers(1,GET[1:]),fails(PROTOCOL_ERROR)),
    ("no scheme", headers(1,[GET[0]] + GET[2:]),fails(PROTOCOL_ERROR)),
    ("no path", headers(1,GET[:2] + GET[3:]),fails(PROTOCOL_ERROR)),
    ("empty path", headers(1,but(GET,{":path":""})),fails(PROTOCOL_ERROR)),
    ("path no slash", headers(1,but(GET,{":path":"a"})),fails(PROTOCOL_ERROR)),
    ("path space", headers(1,but(GET,{":path":"/ a"})),fails(PROTOCOL_ERROR)),
    ("path crlf", headers(1,but(GET,{":path":"/\r\nb: c"})),fails(PROTOCOL_ERROR)),
    ("no authority, host", headers(1,GET[:3]+[("host","a")]),answers(200)),
    ("authority and host", headers(1,GET + [("host","A")]),answers(200)),
    ("authority and other", headers(1,GET + [("host","b")]),fails(PROTOCOL_ERROR)),
    ("host twice", headers(1,GET[:3]+[("host","a"),("host","a")]),fails(PROTOCOL_ERROR)),
    ("authority userinfo", headers(1,but(GET,{":authority":"u@a"})),fails(PROTOCOL_ERROR)),
    ("connection", headers(1,GET + [("connection","close")]),fails(PROTOCOL_ERROR)),
    ("keep-alive", headers(1,GET + [("keep-alive","x")]),fails(PROTOCOL_ERROR)),
    ("proxy-connection", headers(1,GET + [("proxy-connection","x")]),fails(PROTOCOL_ERROR)),
    ("upgrade", headers(1,GET + [("upgrade","x")]),fails(PROTOCOL_ERROR)),
    ("te chunked", headers(1,GET + [("transfer-encoding","chunked")]),fails(PROTOCOL_ERROR)),
    ("te", headers(1,GET + [("te","gzip")]),fails(PROTOCOL_ERROR)),
    ("te trailers", headers(1,GET + [("te","trailers")]),answers(200)),
    ("value crlf", headers(1,GET + [("a","b\r\nc: d")]),fails(PROTOCOL_ERROR)),
    ("value nul", headers(1,GET + [("a","b\0")]),fails(PROTOCOL_ERROR)),
    ("value space", headers(1,GET + [("a"," b")]),fails(PROTOCOL_ERROR)),
    ("value space2", headers(1,GET + [("a","b\t")]),fails(PROTOCOL_ERROR)),
    ("name space", headers(1,GET + [("a b","b")]),fails(PROTOCOL_ERROR)),
    ("name colon", headers(1,GET + [("a:b","b")]),fails(PROTOCOL_ERROR)),
    ("name empty", headers(1,GET + [("","b")]),fails(PROTOCOL_ERROR)),
    ("length with end", headers(1,POST+[("content-length","3")]),fails(PROTOCOL_ERROR)),
    ("length 0 with end", headers(1,POST+[("content-length","0")]),answers(200)),
    ("length more", headers(1,POST+[("content-length","3")],4)+frame(DATA,1,1,b"aaaa"),fails(PROTOCOL_ERROR)),
    ("length less", headers(1,POST+[("content-length","3")],4)+frame(DATA,1,1,b"aa"),fails(PROTOCOL_ERROR)),
    ("length twice", headers(1,POST+[("content-length","3"),("content-length","3")],4)+frame(DATA,1,1,b"aaa"),fails(PROTOCOL_ERROR)),
    ("length ok", headers(1,POST+[("content-length","3")],4)+frame(DATA,0,1,b"aa")+frame(DATA,1,1,b"a"),answers(200)),
    ("trailers", headers(1,POST,4)+frame(DATA,0,1,b"aa")+headers(1,[("a","b")]),answers(200)),
    ("trailers longer than the head", headers(1,POST,4)+frame(DATA,0,1,b"aa")+headers(1,[("x","a = b"*60)]),answers(200)),
    ("trailers no end", headers(1,POST,4)+frame(DATA,0,1,b"aa")+headers(1,[("a","b")],4),fails(PROTOCOL_ERROR)),
    ("trailers pseudo", headers(1,POST,4)+frame(DATA,0,1,b"aa")+headers(1,[(":path","b")]),fails(PROTOCOL_ERROR)),
    ("trailers upper", headers(1,POST,4)+frame(DATA,0,1,b"aa")+headers(1,[("A","b")]),fails(PROTOCOL_ERROR)),
    ("connect", headers(1,[(":method","CONNECT"),(":authority","a:1")]),answers(501)),
    ("connect with path", headers(1,[(":method","CONNECT"),(":authority","a:1"),(":path","/"),(":scheme","http")]),fails(PROTOCOL_ERROR)),
    ("options *", headers(1,but(GET,{":method":"OPTIONS",":path":"*"})),answers(204)),
    ("get *", headers(1,but(GET,{":path":"*"})),fails(PROTOCOL_ERROR)),
    ("431 count", headers(1,GET + [("a","b")]*200),answers(431)),
    ("413", headers(1,but(POST,{":path":"/"})+[("content-length","99999999")],4),answers(413)),
    ("404", headers(1,but(GET,{":path":"/nope"})),answers(404)),
    ("head", headers(1,but(GET,{":method":"HEAD"})),answers(200)),
    ("cookies", headers(1,GET + [("cookie","a=b"),("x","y"),("cookie","c=d")]),answers(200)),
]  # fmt: skip


@on_each_backend
@unittest.skipUnless(IS_THERE, "hpack of PyPI is not installed")
class HTTP2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = [build_c_server(), "--backend", cls.backend, "--workers", "1", "--h2c-port", "0"]
        cls.server = Server(command, listeners=2)
        found = re.search(r"h2c://([\d.]+):(\d+)", cls.server.lines[1])
        cls.address = (found[1], int(found[2]))
        cls.url = f"http://{found[1]}:{found[2]}"

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def peer(self, **options):
        peer = Peer(self.address, **options)
        self.addCleanup(peer.close)
        return peer

    # ---- Rows ----

    def check_row(self, raw, verdict, pieces):
        kind, value, stream = verdict
        peer = self.peer()
        for piece in pieces(raw):
            peer.send(piece)
        if kind == "ends":
            self.assertEqual(peer.read_to_end(), value)
            self.assertTrue(peer.is_over)
        elif kind == "fails":
            self.assertEqual(peer.read_answer(stream).reset, value)
            peer.send(headers(99, GET))
            self.assertEqual(peer.read_answer(99).status, 200)
        elif kind == "either":
            answer = peer.answer(stream)
            peer.read_until(lambda: answer.reset is not None)
            last = peer.goaways[-1].error() if peer.goaways else None
            self.assertEqual(last if answer.reset is None else answer.reset, value)
        elif kind == "answers":
            answer = peer.read_answer(stream)
            self.assertEqual((answer.status, answer.is_complete), (value, True), answer)
        else:
            peer.ping()
            self.assertFalse(peer.is_over)

    def check_rows(self, rows):
        def whole(raw):
            return [raw]

        def byte_by_byte(raw):
            return [raw[at : at + 1] for at in range(len(raw))]

        for name, raw, verdict in rows:
            for pieces in [whole] + ([byte_by_byte] if len(raw) < 300 else []):
                with self.subTest(name, pieces=pieces.__name__):
                    self.check_row(raw, verdict, pieces)

    def test_does_what_each_frame_means(self):
        self.check_rows(FRAMES)

    def test_takes_sound_requests_alone(self):
        self.check_rows(REQUESTS)

    def test_wants_settings_first(self):
        peer = self.peer(greets=False)
        peer.send(PREFACE + headers(1, GET))
        self.assertEqual(peer.read_to_end(), PROTOCOL_ERROR)

    def test_invites_a_body(self):
        peer = self.peer()
        peer.send(headers(1, POST + [("expect", "100-continue")], END_HEADERS))
        answer = peer.answer(1)
        peer.read_until(lambda: answer.heads)
        self.assertEqual(answer.status, 100)
        peer.send(frame(DATA, END_STREAM, 1, b"abc"))
        self.assertEqual((peer.read_answer().status, answer.body), (200, b"3"))

    # ---- Bounds ----

    def flood(self, make, first=b"", count=3000):
        peer = self.peer()
        peer.send(headers(1, GET))
        peer.read_answer()  # so that the acknowledgement of SETTINGS is out
        peer.send(first)
        before = self.server.private_bytes()
        for i in range(count):
            peer.send(make(2 * i + 5))
        self.assertEqual(peer.read_to_end(), ENHANCE_YOUR_CALM)
        self.assertLess(self.server.private_bytes() - before, 4 << 20)

    def test_ends_rapid_resets(self):
        self.flood(lambda i: headers(i, POST) + frame(RST_STREAM, 0, i, number(CANCEL)))

    def test_ends_resets_that_it_is_made_to_send(self):
        self.flood(lambda i: headers(i, POST, END_HEADERS) + frame(WINDOW_UPDATE, 0, i, number(0)))
        self.flood(lambda i: headers(i, GET + [("A", "b")]))
        self.flood(lambda i: headers(i, GET) + frame(WINDOW_UPDATE, 0, i, number(0)))

    def test_takes_a_hundred_cancelled_streams(self):
        peer = self.peer()
        for i in range(1, 201, 2):
            peer.send(headers(i, POST, END_HEADERS) + frame(RST_STREAM, 0, i, number(CANCEL)))
        peer.send(headers(999, GET))
        self.assertEqual(peer.read_answer(999).status, 200)

    def test_ends_floods_of_frames_that_carry_nothing(self):
        body = headers(3, POST, END_HEADERS)
        for name, first, flood in [
            ("PING", b"", frame(PING, payload=bytes(8))),
            ("SETTINGS", b"", settings()),
            ("settings of the table", b"", settings((1, 0)) + settings((1, 4096))),
            ("PRIORITY", b"", frame(PRIORITY, 0, 1, number(3) + b"1")),
            ("PRIORITY_UPDATE", b"", frame(PRIORITY_UPDATE, payload=number(3) + b"u=1")),
            ("unknown", b"", frame(99)),
            ("empty DATA", body, frame(DATA, 0, 3)),
            ("padding", body, frame(DATA, PADDED, 3, bytes([5]) + bytes(5))),
            ("WINDOW_UPDATE", b"", frame(WINDOW_UPDATE, payload=number(1))),
            ("CONTINUATION", frame(HEADERS, 0, 3, block(GET)), frame(CONTINUATION, 0, 3)),
        ]:
            with self.subTest(name):
                self.flood(lambda i: flood * 20, first, 1000)

    def test_ends_a_head_without_end(self):
        piece = frame(CONTINUATION, 0, 3, block([("a", "b" * 10000)]))
        self.flood(lambda i: piece, frame(HEADERS, 0, 3, block(GET)), 100)

    def test_refuses_one_stream_more(self):
        peer = self.peer()
        for i in range(1, 259, 2):
            peer.send(headers(i, POST, END_HEADERS))
        self.assertEqual(peer.read_answer(257).reset, REFUSED_STREAM)
        peer.send(frame(DATA, END_STREAM, 1, b"x"))
        self.assertEqual(peer.read_answer(1).body, b"1")

    def test_answers_a_bomb_of_fields(self):
        peer = self.peer()
        name = bytes([0x40, 1]) + b"a"
        large = name + bytes([0x7F, 0xA1, 0x1E]) + bytes(b"b" * 4000)
        peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + large + bytes([0xBE]) * 12000))
        self.assertEqual(peer.read_answer().status, 431)

    # ---- Windows, tables and turns ----

    def length(self, count, **changes):
        return but(GET, {":path": f"/length/{count}", **changes})

    def test_waits_for_windows(self):
        peer = self.peer(first=[(4, 10)])
        peer.send(headers(1, self.length(30)))
        peer.read_until(lambda: len(peer.answer(1).body) >= 10)
        peer.ping()
        self.assertEqual(len(peer.answer(1).body), 10)
        peer.send(frame(WINDOW_UPDATE, 0, 1, number(15)))
        peer.read_until(lambda: len(peer.answer(1).body) >= 25)
        peer.ping()
        self.assertEqual(len(peer.answer(1).body), 25)
        peer.send(headers(3, but(self.length(30), {":method": "HEAD"})))
        self.assertEqual(peer.read_answer(3).fields["content-length"], "30")
        peer.send(settings((4, 15)))
        self.assertEqual(len(peer.read_answer(1).body), 30)

    def test_follows_the_size_of_the_table(self):
        peer = self.peer()
        peer.send(headers(1, GET))
        peer.read_answer(1)
        peer.decoder.max_allowed_table_size = 0
        peer.send(settings((1, 0)) + headers(3, GET) + headers(5, GET))
        self.assertEqual(peer.read_answer(3).status, 200)
        self.assertEqual(peer.read_answer(5).status, 200)

    def test_sends_the_most_urgent_first(self):
        peer = self.peer(first=[(4, 1 << 20)])
        for stream, urgency in ((1, 5), (3, 1), (5, 3)):
            peer.send(headers(stream, self.length(300000) + [("priority", f"u={urgency}")]))
        peer.ping()
        peer.send(frame(WINDOW_UPDATE, payload=number(1 << 22)))
        order = []

        def is_over():
            order.extend(i for i in (1, 3, 5) if peer.answer(i).is_complete and i not in order)
            return len(order) == 3

        peer.read_until(is_over)
        self.assertEqual(order, [3, 5, 1])

    # ---- Others' clients ----

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_serves_curl(self):
        said = ""
        # One request a call: curl 7.88 cannot use a connection again that is HTTP/2 by prior knowledge.
        for more in (["/"], ["/nowhere"], ["/sink", "--data-binary", "abc"]):
            status, text = run_tool(
                "curl", "-sS", "-w", " %{http_version} %{http_code}", "--http2-prior-knowledge",
                self.url + more[0], *more[1:],
            )  # fmt: skip
            self.assertEqual(status, 0, text)
            said += text
        self.assertEqual((said.count(" 2 200"), said.count(" 2 404")), (2, 1), said)

    @unittest.skipUnless(shutil.which("nghttp"), "nghttp is not installed")
    def test_serves_nghttp(self):
        targets = [f"{self.url}/length/{count}" for count in (0, 1, 100000, 3000000)]
        status, said = run_tool("nghttp", "-ns", *targets)
        self.assertEqual((status, said.count(" 200 ")), (0, len(targets)), said)

    @unittest.skipUnless(shutil.which("h2load"), "h2load is not installed")
    def test_serves_h2load(self):
        for target in ("/", "/length/10240", "/shared/10240"):
            status, said = run_tool("h2load", "-n", "3000", "-c", "3", "-m", "100", self.url + target)
            self.assertEqual(status, 0, said)
            self.assertIn("3000 succeeded", said)

    def test_serves_httpx(self):
        script = (
            "import httpx, sys\n"
            "with httpx.Client(http1=False, http2=True) as client:\n"
            "    for body in (b'', b'a' * 10, b'b' * 1000000):\n"
            "        answer = client.post(sys.argv[1] + '/sink', content=body)\n"
            "        assert (answer.http_version, answer.text) == ('HTTP/2', str(len(body))), answer\n"
            "    assert len(client.get(sys.argv[1] + '/chunked/3000000').content) == 3000000\n"
        )
        status, said = run_tool(PYTHON, "-c", script, self.url)
        self.assertEqual(status, 0, said)


@on_each_backend
@unittest.skipUnless(shutil.which("curl") and shutil.which("h2load"), "curl or h2load is not installed")
class HTTP2OverTLS(unittest.TestCase):
    """By ALPN; the rows are those of a listener in clear."""

    def versions(self, *options):
        server = Server.start("simple", "--tls-port", "0", *options, backend=self.backend, listeners=2)
        self.addCleanup(server.close)
        url = "https://" + server.lines[1].split("https://")[1].split(" ")[0]
        found = []
        for curl in ((), ("--http1.1",), ("--no-alpn",)):
            status, said = run_tool("curl", "-ksS", "-w", "%{http_version}", *curl, url)
            self.assertEqual(status, 0, said)
            found.append(said)
        return url, found

    def test_is_chosen_by_alpn(self):
        url, found = self.versions()
        self.assertEqual(found, ["2", "1.1", "1.1"])
        status, said = run_tool("h2load", "-n", "500", "-c", "3", "-m", "20", url)
        self.assertEqual((status, "500 succeeded" in said), (0, True), said)

    def test_is_not_offered_where_it_is_turned_off(self):
        _, found = self.versions("--http1-only")
        self.assertEqual(found, ["1.1", "1.1", "1.1"])


if __name__ == "__main__":
    unittest.main()
