# SPDX-License-Identifier: MIT
"""What a strict examiner would still try: the forms by which servers have been told apart, made to
disagree with a proxy before them, or taken for a server of another protocol. The rows are like
those of test_conformance.py, and delivered in the same ways."""

from harness import on_each_backend
from test_conformance import (
    H, PH, Row, TableCase, bad, chunked, field, good, host, line, open_choice, post,
)  # fmt: skip

CHUNKED = "Transfer-Encoding: chunked"
CONTINUE = "Expect: 100-continue"
LINES_SKIPPED = 8  # empty lines before a request line


def echoed(section, data, **more):
    return good(section, data, b"hello", method="POST", **more)


START_LINES = [
    *[
        bad("9112 3", line(text))
        for text in [
            "GET  HTTP/1.1", "GET / HTTP/1.1 HTTP/1.1", "HTTP/1.1 GET /", "HTTP/1.1 200 OK",
            "GET /pipeline HTTP/1.1\x0b", "GET /pipeline\x0bHTTP/1.1", "GET\r /pipeline HTTP/1.1",
            "GET /pipeline\r HTTP/1.1", "GET /pipeline HTTP/1.1\r", "\x0bGET /pipeline HTTP/1.1",
            "\xef\xbb\xbfGET /pipeline HTTP/1.1", "GET /pipeline HTTP\\1.1", "GET ", "GET / ", "",
            "GET /pipeline HTTP/1.1;x", "GET /pipeline HTTP/1.1#", "GET /pipeline HTTP/\t1.1",
            "GET /pipeline HTTP//1.1", "GET /pipeline xHTTP/1.1", "GET,/pipeline,HTTP/1.1",
            "GET %20 HTTP/1.1",
        ]
    ],
    good("9112 2.2", "\r\n" * LINES_SKIPPED + PH + "\r\n"),
    bad("9112 2.2", "\r\n" * (LINES_SKIPPED + 1) + PH + "\r\n"),
    bad("9112 3.2", "GET /pipeline HTTP/1.1\r\n\r\n"),
    bad("9112 2.2", "\r\nHost: a\r\n\r\n"),
    *[
        bad("9112 2.3", line(f"GET /pipeline {version}"), 400, 505)
        for version in [
            "HTTP/0.0", "HTTP/2.1", "HTTP/2", "HTTP/3", "HTTP/10.1", "HTTP/0.1", "HTTP/1.1/",
            "HTTP/1..1", "hTTP/1.1", "HTTP/1\xe9", "HTTP/%31.1", "HTTP/1.1\0", "HTTP/1.11",
        ]
    ],
]  # fmt: skip

FORMS_OF_TARGETS = [
    *[
        good("9112 3.2.2", line(f"GET {target} HTTP/1.1"))
        for target in [
            "http://a:/pipeline", "http://a:80/pipeline?x", "HtTp://A/pipeline",
            "http://1.2.3.4/pipeline", "http://[::]/pipeline", "http://a%41/pipeline",
            "http://[v1.a:b]/pipeline", "http://a/pipeline?http://b/", "http://a:00080/pipeline",
            "http://[::ffff:1.2.3.4]:1/pipeline",
        ]
    ],
    *[
        bad("9112 3.2", line(f"GET {target} HTTP/1.1"))
        for target in [
            "http://a:80:80/", "http://a@b/pipeline", "http://a:b@c/", "http://?x", "http:a",
            "https://", "http://a%zz/", "http://[::1%25lo]/", "http://[::1]a/", "http://[1.2.3.4]/",
            "http://[::1.2.3]/", "http://a:+80/", "http://a:-1/", "http://a:8 0/", "http:\\\\a/",
            "http://a,\x7f/", "httpx://a/", "http//a/", "ws://a/", "file:///etc/passwd",
            "javascript:x", "mailto:a@b", "**", "*/", "%2Fpipeline", "\\pipeline", ".", "..",
            "./pipeline", "a/pipeline", "[::1]:80", ":80", "@", "&", "=", "http://a/pipeline#x",
            "HTTP://", "http://a?#",
        ]
    ],
    *[
        bad("9112 3.2.4", line(f"{method} * HTTP/1.1"))
        for method in ["HEAD", "POST", "PUT", "TRACE", "options", "OPTION"]
    ],
    Row("9110 9.3.7", line("OPTIONS http://a HTTP/1.1"), answered=(200, 204, 405),
        method="OPTIONS"),
    good("9110 9.3.7", f"OPTIONS * HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nGET /", b"", 204,
        method="OPTIONS"),
    good("9110 9.3.7", f"OPTIONS * HTTP/1.1\r\n{H}{CHUNKED}\r\n\r\n5\r\nGET /\r\n0\r\n\r\n", b"",
        204, method="OPTIONS"),
    *[
        Row("9110 15.5.5", line(f"GET {target} HTTP/1.1"), answered=(404,))
        for target in [
            "/pipeline//", "/.//pipeline", "/./pipeline", "/pipeline/..", "/pipeline%3f",
            "/pipeline%23", "/%2fpipeline", "/pipeline\\", "/pipeline;", "///a/pipeline",
            "/http://a/pipeline", "/pipelin%2565", "/\\", "/|", "/^", "/`", "/{}", '/"', "/<>", "/*",
            "/:80", "/@", "/download/18446744073709551616", "/download/-1", "/download/",
            "/download/0x10", "/download/1e3", "/user/", "/user/a/b", "/%ff%fe", "/%c0%ae%c0%ae/",
            "/..%2f..%2fetc/passwd", "/.env", "/%E2%80%AE",
        ]
    ],
    good("9112 3.2.1", line("GET /pipeline?%0d%0aX-Injected:%20y HTTP/1.1")),
    good("9112 3.2.1", line('GET /pipeline?a=\\|^`{}<>" HTTP/1.1')),
]  # fmt: skip

NAMES_AND_VALUES = [
    *[
        bad("9112 5.1", field(text))
        for text in [
            "X\x0b: y", "X\x0c: y", "\x0bX: y", "X\r: y", "X\r\n: y", "X:y\r\n\x0bz: w", "a=b",
            "Transfer-Encoding\t: chunked", "Content-Length\0: 5", "Host\t: a", "\xa0X: y",
            "X\xa0: y", "Host a", "GET / HTTP/1.1", "X Y: z", "(c): x", 'X"Y: z', "\0",
        ]
    ],
    *[bad("9110 5.5", field(f"X: y{byte}")) for byte in "\0\x0b\x0c\r\x1f\x7f\x0e\x15"],
    *[
        good("9110 5.1", field(text))
        for text in [
            "X: \xe2\x80\xa8", 'X: (((((\\"', "0: y", "-: y", "Content_Length: 5", "Hos: t",
            "Transfer_Encoding: chunked", "Content-Lengt: x", "Transfer-Encodin: x", "Hostt: t",
            "XContent-Length: 5", "Contend-Length: +5", "X-Host: b", "Trailer: Content-Length",
            "TE: trailers, chunked;q=0", "Content-Encoding: gzip", "Range: bytes=0-0,1-1,-1",
            "Keep-Alive: timeout=5, max=0", "Max-Forwards: 0", "Via: 1.1 a", "Content-Length: 0",
            "X-Forwarded-Host: b\r\nForwarded: host=c", "X-HTTP-Method-Override: DELETE",
            "Date: x\r\nDate: y", "Cookie: a=b\r\nCookie: c=d",
        ]
    ],
]  # fmt: skip

AUTHORITIES = [
    *[
        bad("9110 7.2", host(value))
        for value in [
            " [::1]]", " [[::1]]", " [::1]:888x", " [fe80::1%25eth0]", " [fe80::1%eth0]",
            " [1:2:3:4:5:6:7]", " [1:2:3:4:5:6:7:8:9]", " [1::2::3]", " [:1]", " [1:]",
            " [12345::]", " [::256.1.1.1]", " [::1.2.3]", " [::01.2.3.4]", " [1.2.3.4]", " []:80",
            " [v.]", " [v1]", " [v1.]", " a;b c", " a@", " @a", " %", " %4", " a%", " a:80 80",
            " a:80\x0b", " a\0", " a\x7f", " *:x", " a:\xef\xbc\x98\xef\xbc\x90", " ::1]", " -:-",
            " a:0x50", " a:80,", " a:80/", " //a", " a?", " [::ffff:1.2.3.4.5]",
            " [1:2:3:4:5:6:7:1.2.3.4]", " [::1:2:3:4:5:6:7:8]",
        ]
    ],
    *[
        good("9110 7.2", host(value))
        for value in [
            " [1:2:3:4:5:6:7:8]", " [1::]", " [::]:", " [1:2:3:4:5:6:1.2.3.4]", " [ABCD::abcd]:1",
            " [V1.a]:1", " [vF.:]", " a.b.", " 1.2.3", " 256.256.256.256", " a:0", " a:00080",
            " a:65536", " a:99999999999999999999", " *", " !$&'()*+;=", " a,b", " %00", " -", " .",
            " _", " a--b", " " + "a" * 1000,
        ]
    ],
]  # fmt: skip

FORMS_OF_LENGTHS = [
    *[
        bad("9110 8.6", post(f"Content-Length:{value}", "hello"))
        for value in [
            " 5\t5", " 5\r", " 5\0", " \0", " 5\x0c", " 5\xa0", " \xa05", " 5.", " .5", " 0x05",
            " 0o5", " 5L", " ,", " 5,5,5", " 5;5", " '5'", " 5-", " 5+", " +", " -", " --5", " +-5",
            " 5#", " %35", " inf", " NaN", " 1e1", " 5 ,5", " 05x", " 5\t,\t5", " \xd9\xa5",
            " \xef\xbc\x95", " ++5", " 5=5", " 5/1", " 5*1", " 5:5", " (5)",
        ]
    ],
    *[
        bad("9110 8.6", post(lines, "hello"))
        for lines in [
            "Content-Length: 5\r\nContent-Length:", "Content-Length:\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: x", "Content-Length: 05\r\nContent-Length: 5",
            "content-length: 5\r\nCONTENT-LENGTH: 5", "Content-Length: 0\r\nContent-Length: 0",
        ]
    ],
    *[
        bad("9110 8.6", post(f"Content-Length: {value}"), 400, 413)
        for value in [
            "9" * 19, "9" * 20, "1" + "0" * 30, "36893488147419103237", "9223372036854775813",
            "18446744069414584325", "2147483648", "2147483653", "-18446744073709551611",
        ]
    ],
]  # fmt: skip

FORMS_OF_CODINGS = [
    *[
        bad("9112 6.1", post(f"Transfer-Encoding:{value}", "0\r\n\r\n"))
        for value in [
            " chunked\r", " chunked\0x", ' "chunked', " chunked, ,chunked", " chunked, trailers;x",
            " chunked,\x0b", " chunked/1", " chunked:", "\x0bchunked", "\x0cchunked",
            " chunked\x0c", "\xa0chunked", " chunked\xa0", " chun ked", " chunked chunked",
            " chunked,chunked", " chunked\tx", " [chunked]", " (chunked)", " chunked;ext=1",
            " =chunked", " chunked,gzip,chunked", " chunked ; x", ' ""',
        ]
    ],
    *[
        bad("9112 6.1", post(f"Transfer-Encoding: {value}", "0\r\n\r\n"), 400, 501)
        for value in [
            "cow", "chunked2", "2chunked", "identity, chunked", "trailers, chunked", "chunked-",
            "-chunked", "chunked.", "Chunked'", "gzip,deflate", "gzip, chunked, gzip", "compress",
            "br", "CHUNKE", "unchunked",
        ]
    ],
    *[
        bad("9112 6.3", post(lines, "5\r\nhello\r\n0\r\n\r\n"))
        for lines in [
            f"{CHUNKED}\r\nContent-Length: 15", f"Content-Length: 15\r\n{CHUNKED}",
            "X: y\r\ntransfer-encoding: Chunked\r\nX: y\r\ncontent-length: 15",
            f"{CHUNKED}\r\nContent-Length:", f"{CHUNKED}\r\nContent-Length: +",
            "Content-Length: 15\r\nTransfer-Encoding: ",
            "Content-Length: 15\r\nTransfer-Encoding: x",
            "Transfer-Encoding: x\r\nContent-Length: 15",
        ]
    ],
    bad("9112 6.1", post(f"Connection: keep-alive\r\n{CHUNKED}", "0\r\n\r\n", version="1.0")),
    bad("9112 6.1", post(f"Content-Length: 5\r\n{CHUNKED}", "hello", version="1.0")),
    bad("9112 6.1", f"GET /pipeline HTTP/1.0\r\n{CHUNKED}\r\n\r\n0\r\n\r\n"),
    *[
        echoed("9112 7", post(f"Transfer-Encoding:{value}", "5\r\nhello\r\n0\r\n\r\n"))
        for value in ["chunked", " \t chunked \t ", " cHuNkEd"]
    ],
    good("9110 9.3.2",
        f"HEAD /pipeline HTTP/1.1\r\n{H}{CHUNKED}\r\n\r\n3\r\nGET\r\n0\r\nGET: /\r\n\r\n",
        method="HEAD"),
]  # fmt: skip

FORMS_OF_CHUNKS = [
    *[
        bad("9112 7.1", chunked(f"{size}\r\nhello\r\n0\r\n\r\n"))
        for size in [
            "5\x0b", "5\x0c", "\x0b5", "5\xa0", "5-", "5+", "5:", "5=", "5/", "5*", '5"', "5#",
            "%35", "5\\", "five", "0x", "x", "--5", "5 ;a b", "5;a=b=c", "5;a==b", '5;"a"=b',
            "5;a='b c'", '5;a="b" c', '5;a="b""c"', '5;a="\x7f"', '5;a="\\\x01"', "5;a,b", "5;a/b",
            "5;a:b", "5 a", "5;\0", "5\t\t\r", "5;a=\x80", "5;\x80=a", "5;a=b;\x0b",
        ]
    ],
    *[
        echoed("9112 7.1.1", chunked(f"5{extension}\r\nhello\r\n0\r\n\r\n"))
        for extension in [
            ";a=" + "x" * 4000, ";a;b;c;d;e;f", ';a="\\""', ';a="\\\t"', ';a="\xff"', ';a=";;;"',
            ';a="0\\r\\n"', ";a=1;a=1",
        ]
    ],
    *[
        bad("9112 7.1", chunked(body))
        for body in [
            "5\r\nhello\r\n5\r\nhello\r\n0\r\n \r\n", "5\r\nhello \r\n0\r\n\r\n",
            "5\r\nhello\r\n\r\n", "5\r\nhello\r\n 0\r\n\r\n", "5\r\nhello\r\n0 0\r\n\r\n",
            "5\r\nhello\r\n-0\r\n\r\n", "5\r\nhello\r\n0x0\r\n\r\n", "5\r\nhello\0\r\n0\r\n\r\n",
            "\n5\r\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "5;\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n\r0\r\n\r\n", "5\n\rhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ]
    ],
    bad("9112 7.1", chunked("0" * 4095 + "5\r\nhello\r\n0\r\n\r\n"), 400, 413),
    *[
        bad("9112 7.1.2", chunked(f"1\r\nx\r\n0\r\n{trailers}\r\n"))
        for trailers in [
            "X\0: y\r\n", "\tX: y\r\n", "X: y\r\n\tz\r\n", "X: y\x0b\r\n", "X\r\n: y\r\n",
            ": \r\n", ":\r\n", "X\t: y\r\n", "\x0b\r\n", "X: \r z\r\n", "X: y\n\n", "0\r\n",
            "a=b\r\n", "Content-Length : 5\r\n",
        ]
    ],
    *[
        good("9112 7.1.2", chunked(f"1\r\nx\r\n0\r\n{trailers}\r\n"), b"x", method="POST")
        for trailers in [
            "Connection: close, x\r\n", "Upgrade: h2c\r\n", "Host:\r\n", "Trailer: x\r\n",
            "Content-Length: +\r\nTransfer-Encoding: \x80\r\n", "X: y\r\n" * 100,
            "Expect: 417\r\nContent-Length: 99999999999999999999\r\n",
        ]
    ],
]  # fmt: skip

OPTIONS_OF_CONNECTIONS = [
    *[
        good("9112 9.3", field(f"Connection: {value}"))
        for value in [
            "close close", "close;x", "c lose", "cl\tose", '"close', "close=1", "xclose, closex",
            "close\x80", "clos\xe9", "keep-alive;close", "TE", "HTTP2-Settings", "Content-Length",
            "Host", "Transfer-Encoding", ",,,,", "\x80, \xff",
        ]
    ],
    *[
        good("9112 9.6", field(f"Connection:{value}"), closes=True)
        for value in ["cLoSe", ",,close", ", ,\t,close , ,", "a,b,c,close,d", "x" + ",x" * 500
            + ",close"]
    ],
    echoed("9112 9.6", post("Connection: close\r\nContent-Length: 5", "hello"), closes=True),
    echoed("9112 9.6", post(f"Connection: close\r\n{CHUNKED}", "5\r\nhello\r\n0\r\n\r\n"),
        closes=True),
    good("9112 9.3", "GET /pipeline HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        fields={"Connection": "keep-alive"}),
    echoed("9112 9.3", post("Connection: keep-alive\r\nContent-Length: 5", "hello", version="1.0")),
    good("9112 9.3", "GET /download/70000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        bytes(70000)),
    good("9112 9.3", "HEAD /pipeline HTTP/1.0\r\n\r\n", None, method="HEAD", closes=True),
    echoed("9110 7.8", post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5", "hello")),
    good("9110 7.8", field("Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13")),
]  # fmt: skip

FORMS_OF_EXPECTATIONS = [
    *[
        open_choice("9110 10.1.1", post(f"Content-Length: 5\r\nExpect:{value}", "hello"), (417,),
            (200,), body=b"hello", method="POST", interim=None)
        for value in [
            "", " ", "100-continue, x", " 100-continue;x=y", " 100", ' "100-continue"', " 200-ok",
            " 100-continue\r\nExpect: 100-continue", " 100-continue, 100-continue",
        ]
    ],
    bad("9110 10.1.1", f"POST /echo HTTP/1.1\r\n{CONTINUE}\r\nContent-Length: 5\r\n\r\nhello"),
    bad("9110 10.1.1", post(f"{CONTINUE}\r\nContent-Length: +5", "hello")),
    bad("9110 10.1.1", post(f"{CONTINUE}\r\nTransfer-Encoding: x"), 400, 501),
]  # fmt: skip

# What other protocols say first.
STRANGERS = [
    bad("9112 3", data, 400, 505)
    for data in [
        "\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + "\0" * 40, "*1\r\n$4\r\nPING\r\n", "EHLO a\r\n",
        "\0\0\0\x85\xfeSMB", "USER a\r\n", "GET\r\n", "RTSP/1.0 200 OK\r\n\r\n",
        "OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", "OPTIONS sip:a@b SIP/2.0\r\n\r\n",
        "M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n\0\r\nQUIT\n",
        "<policy-file-request/>\0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
    ]
]  # fmt: skip


@on_each_backend
class Examiner(TableCase):
    def test_start_lines(self):
        self.check_table(START_LINES)

    def test_forms_of_targets(self):
        self.check_table(FORMS_OF_TARGETS)

    def test_names_and_values(self):
        self.check_table(NAMES_AND_VALUES)

    def test_authorities(self):
        self.check_table(AUTHORITIES)

    def test_forms_of_lengths(self):
        self.check_table(FORMS_OF_LENGTHS)

    def test_forms_of_codings(self):
        self.check_table(FORMS_OF_CODINGS)

    def test_forms_of_chunks(self):
        self.check_table(FORMS_OF_CHUNKS)

    def test_options_of_connections(self):
        self.check_table(OPTIONS_OF_CONNECTIONS)

    def test_forms_of_expectations(self):
        self.check_table(FORMS_OF_EXPECTATIONS)

    def test_strangers(self):
        self.check_table(STRANGERS)
