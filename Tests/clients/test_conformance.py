# SPDX-License-Identifier: MIT
"""What each request gets, row by row: refused or answered, once, in order, however it is cut.

Each row of the table names the section that says so. It is sent as one write, byte by byte, cut in
two at every boundary when it is short, after a request that must be answered first, and before one
that must be answered only when the row itself is.
"""

import re
import ssl

from exchanges import (
    Exchange, Recorded, byte_by_byte, check_refusal, in_pieces, run_exchanges,
)  # fmt: skip
from harness import Failed, ServerCase, on_each_backend, request, wait_for

BEFORE = b"GET /pipeline HTTP/1.1\r\nHost: before\r\n\r\n"
AFTER = b"GET /baseline11?a=7 HTTP/1.1\r\nHost: after\r\nConnection: close\r\n\r\n"
CUT_UP_TO = 100  # bytes: longer ones are not cut at every boundary
BYTEWISE_UP_TO = 400


class Row:
    """A request, and what it may get: statuses that refuse it, or statuses that answer it."""

    def __init__(
        self, section, data, refused=(), answered=(), body=None, method="GET", closes=False,
        interim=0, fields=(),
    ):  # fmt: skip
        self.section = section
        self.data = data.encode("latin-1") if isinstance(data, str) else data
        self.refused, self.answered = tuple(refused), tuple(answered)
        self.body, self.method, self.closes = body, method, closes
        self.interim, self.fields = interim, dict(fields)

    def __str__(self):
        return f"RFC {self.section}: {self.data[:90]!r}"


def bad(section, data, *statuses):
    return Row(section, data, refused=statuses or (400,))


def good(section, data, body=b"ok", status=200, **more):
    return Row(section, data, answered=(status,), body=body, **more)


def open_choice(section, data, refused, answered, **more):
    return Row(section, data, refused=refused, answered=answered, **more)


H = "Host: a\r\n"
P = "GET /pipeline HTTP/1.1\r\n"
PH = P + H


def line(text):
    return f"{text}\r\n{H}\r\n"


def field(text):
    return f"{PH}{text}\r\n\r\n"


def host(value):
    return f"{P}Host:{value}\r\n\r\n"


def post(fields, body="", target="/echo", version="1.1"):
    return f"POST {target} HTTP/{version}\r\n{H}{fields}\r\n\r\n{body}"


def chunked(body, target="/echo"):
    return post("Transfer-Encoding: chunked", body, target)


def ignored(value, name="X"):
    return good("9110 5.5", f"{PH}{name}:{value}\r\n\r\n")


REQUEST_LINES = [
    *[
        bad("9112 3", line(text))
        for text in [
            "GET  /pipeline HTTP/1.1", "GET /pipeline  HTTP/1.1", "GET\t/pipeline HTTP/1.1",
            "GET /pipeline\tHTTP/1.1", " GET /pipeline HTTP/1.1", "\tGET /pipeline HTTP/1.1",
            "GET /pipeline HTTP/1.1 ", "GET /pipeline HTTP/1.1\t", "GET /pipeline HTTP/1.1 x",
            "GET /pipeline", "GET HTTP/1.1", "GET", "/pipeline HTTP/1.1", "GET /pipe line HTTP/1.1",
            "GET\x0b/pipeline HTTP/1.1", "GET\x0c/pipeline HTTP/1.1", "GET\xa0/pipeline HTTP/1.1",
            "GET /pipeline HTTP/1.1\0", "x GET /pipeline HTTP/1.1",
        ]
    ],
    *[
        bad("9110 9.1", line(f"{method} /pipeline HTTP/1.1"))
        for method in [
            "G@T", "G(T", "G,T", "GET:", "G\x01T", "G\x7fT", "G\0T", "G\xe9T", "{GET}", '"GET"',
            "GET/", "G[T", "G=T",
        ]
    ],
    *[
        Row("9110 15.5.6", line(f"{method} /pipeline HTTP/1.1"), answered=(405, 501))
        for method in [
            "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get", "Get", "GETT",
                "GE",
            "!#$%&'*+-.^_`|~0Az",
        ]
    ],
    good("9110 9.3.7", line("OPTIONS /pipeline HTTP/1.1"), b"", 204, method="OPTIONS"),
    Row("9110 9.3.6", line("CONNECT a:443 HTTP/1.1"), refused=(405, 501), answered=(405, 501)),
    *[
        bad("9110 9.3.6", line(f"CONNECT {target} HTTP/1.1"), 400, 405, 501)
        for target in ["/pipeline", "a", "a:", "a:0", "a:65536", "*", "http://a/"]
    ],
    *[
        bad("9112 2.3", line(f"GET /pipeline {version}"))
        for version in [
            "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.1.1", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01",
            "HTTP/11.1", "HTTP/a.1", "HTTP/1.a", "HTTP/1,1", "HTTP 1.1", "http/1.1", "Http/1.1",
            "HTTP1.1", "HTTPS/1.1", "ICY/1.1", "HTTP/-1.1", "HTTP/1.-1", "HTTP/ 1.1", "HTTP/1 .1",
            "HTTP/\xb2.1", "1.1",
        ]
    ],
    *[bad("9110 15.6.6", line(f"GET /pipeline HTTP/{v}"), 505) for v in ["2.0", "0.9", "3.0",
        "9.9"]],
    *[
        open_choice("9110 2.5", line(f"GET /pipeline HTTP/1.{minor}"), (505,), (200,), body=b"ok")
        for minor in "29"
    ],
]  # fmt: skip

TARGETS = [
    good("9112 3.2.2", line("GET http://a/pipeline HTTP/1.1")),
    good("9112 3.2.2", line("GET http://a HTTP/1.1"), b"Hello, World!"),
    good("9112 3.2.2", line("GET http://a?x=1 HTTP/1.1"), b"Hello, World!"),
    good("9112 3.2.2", line("GET http://a/ HTTP/1.1"), b"Hello, World!"),
    good("9112 3.2.2", line("GET HTTP://a:80/pipeline HTTP/1.1")),
    good("9112 3.2.2", line("GET https://other.example/pipeline HTTP/1.1")),
    good("9112 3.2.2", line("GET http://[::1]:80/pipeline HTTP/1.1")),
    *[
        bad("9112 3.2", line(f"GET {target} HTTP/1.1"))
        for target in [
            "*", "pipeline", "?x", "a:443", "http:/pipeline", "http:///pipeline", "http://",
            "http://:80/", "http://a b/", "http://u@a/", "http://a:b/", "http://[::1/", "ftp://a/",
            "://a/", "/#x", "/pipeline#", "/?a#b", "http://a/#x", "#",
        ]
    ],
    *[
        bad("3986 2", line(f"GET /pipeline{byte} HTTP/1.1"))
        for byte in "\x01\x07\x1f\x7f\x80\xc3\xff\0"
    ],
    *[bad("3986 2", line(f"GET /pipeline?{byte} HTTP/1.1")) for byte in "\x01\x7f\xe9\0"],
    good("9112 3.2.1", line("GET /pipeline? HTTP/1.1")),
    good("9112 3.2.1", line("GET /pipeline?/../x??y=/ HTTP/1.1")),
    *[
        Row("3986 2.1", line(f"GET {target} HTTP/1.1"), answered=(400,))
        for target in ["/%", "/%zz", "/pipeline%4"]
    ],
    good("3986 6.2.2.2", line("GET /%70ipelin%65 HTTP/1.1")),
    *[
        Row("9110 15.5.5", line(f"GET {target} HTTP/1.1"), answered=(404,))
        for target in [
            "//", "//pipeline", "/PIPELINE", "/pipeline/", "/../pipeline", "/%70ipelin",
            "/%00", "/%0d%0aX-Injected:%20yes", "/%0d%0a%0d%0aHTTP/1.1%20200%20OK", "/<script>",
            "/nowhere?a=/pipeline", "/x;y=z", "/a:b@c!$&'()*+,=", "/pipeline%20HTTP/1.1",
        ]
    ],
    good("9110 9.3.7", line("OPTIONS * HTTP/1.1"), b"", 204, method="OPTIONS"),
    bad("9112 3.2.4", line("OPTIONS *x HTTP/1.1")),
    bad("9112 3.2.4", line("OPTIONS *?x HTTP/1.1")),
]  # fmt: skip

LINE_ENDS = [
    *[good("9112 2.2", "\r\n" * count + PH + "\r\n") for count in (1, 2, 3)],
    *[
        bad("9112 2.2", junk + PH + "\r\n")
        for junk in ["\n", "\r", "\r\r\n", "\n\r\n", "\0", "x\r\n", "\r\nx\r\n", " \r\n", "\r\n\n"]
    ],
    bad("9112 2.2", "\r\n" * 200 + PH + "\r\n"),
    *[
        bad("9112 2.2", text)
        for text in [
            f"GET /pipeline HTTP/1.1\n{H}\r\n", f"GET /pipeline HTTP/1.1\r{H}\r\n",
            f"GET /pipeline HTTP/1.1\r\r\n{H}\r\n", f"GET /pipeline HTTP/1.1\n\r{H}\r\n",
            f"{P}Host: a\n\r\n", f"{P}Host: a\r\r\n", f"{P}Host: a\rX: y\r\n\r\n",
            f"{P}Host: a\r\r\n\r\n", f"{PH}\n", f"{PH}\rX: y\r\n\r\n", f"{PH}\r\r\n",
            f"{PH}\n\n", f"{PH}X: y\n\r\n", f"{PH}X: y\nZ: w\r\n\r\n",
            f"{PH}X: y\r\n\rZ: w\r\n\r\n", "GET /pipeline HTTP/1.1\nHost: a\n\n",
            f"{PH}X: y\r\n\n",
        ]
    ],
]  # fmt: skip

FIELDS = [
    *[
        bad("9112 5.1", field(text))
        for text in [
            "X : y", "X\t: y", ": y", ":", "X", "X y", "X y: z", " : y", "X\0: y", "X\x01: y",
            "X\x7f: y", "X\xe9: y", "X(: y", "X,Y: z", "X/Y: z", "X;: y", "X=: y", "X@: y",
                "[X]: y",
            "{X}: y", '"X": y', "X\\: y", "X<: y", "X?: y", "Content-Length : 0",
            "Transfer-Encoding : chunked", "Host : a",
        ]
    ],
    *[
        bad("9112 5.2", text)
        for text in [
            f"{PH}X: y\r\n z\r\n\r\n", f"{PH}X: y\r\n\tz\r\n\r\n", f"{PH}X: y\r\n \r\n\r\n",
            f"{PH}X:\r\n y\r\n\r\n", f"{P} X: y\r\n{H}\r\n", f"{P}\tX: y\r\n{H}\r\n",
            f"{P} {H}\r\n", f"{P} \r\n{H}\r\n", f"{PH}Content-Length:\r\n 5\r\n\r\nhello",
            f"{PH}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", f"{P}Host: a\r\n b\r\n\r\n",
        ]
    ],
    *[bad("9110 5.5", field(f"X: a{byte}b")) for byte in "\0\x01\x08\x0b\x0c\x1b\x1f\x7f\r"],
    *[bad("9110 5.5", field(f"X: {byte}")) for byte in "\0\x02\x7f"],
    *[bad("9110 5.5", field(f"X:{byte}y")) for byte in "\0\x0b\x0c"],
    *[
        ignored(value)
        for value in [
            "", " ", "\t", " \t \t", "y", "  y  ", "\ty\t", " a\tb", "\x80\xff", " \xa0y\xa0",
                ": :",
            " HTTP/1.1 200 OK", "\t\x85", ' "quoted\\"', " a, b,, c",
        ]
    ],
    good("9110 5.1", f"{PH}!#$%&'*+-.^_`|~09Az: y\r\n\r\n"),
    good("9110 5.1", "GET /pipeline HTTP/1.1\r\nhOsT: a\r\n\r\n"),
    good("9110 5.3", f"{PH}X: y\r\nX: y\r\nx: y\r\n\r\n"),
]  # fmt: skip

HOSTS = [
    bad("9112 3.2", f"{P}\r\n"),
    bad("9112 3.2", f"{P}X-Host: a\r\n\r\n"),
    bad("9112 3.2", f"{PH}{H}\r\n"),
    bad("9112 3.2", f"{PH}Host: b\r\n\r\n"),
    bad("9112 3.2", f"{PH}host: a\r\n\r\n"),
    bad("9112 3.2", f"{PH}Host:\r\n\r\n"),
    bad("9112 3.2.2", "GET http://a/pipeline HTTP/1.1\r\n\r\n"),
    bad("9112 3.2.2", "GET http://a/pipeline HTTP/1.1\r\nHost:\r\n\r\n"),
    *[
        bad("9110 7.2", host(value))
        for value in [
            "", " ", "\t", " a b", " a\tb", " a, b", " a,b:c", " a/b", " http://a", " u@a", " a:b",
            " a:80:80", " :80", " :", " [::1", " ::1", " [::g]", " [::1]x", " []", " [1:2]", " a#b",
            " a?b", " a\\b", " a%2", " a%zz", " a\xe9", " <a>", ' "a"', " a:-1", " a:+1", " a: 80",
            " a :80", " [::1] :80", " a:8\x300x", " [v.x]", " [::1]:x", " a^b", " a|b", " {a}",
        ]
    ],
    *[
        good("9110 7.2", host(value))
        for value in [
            "a", " a ", "\ta\t", " a:", " a:80", " a.example:65535", " 127.0.0.1", " 127.0.0.1:1",
            " [::1]", " [::1]:80", " [::ffff:1.2.3.4]", " a_b~c.d-e", " a%20b", " [v1.x]", " xn--a",
        ]
    ],
    good("9112 3.2", "GET /pipeline HTTP/1.0\r\n\r\n", closes=True),
    bad("9112 3.2", "GET /pipeline HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
    bad("9112 3.2", "GET /pipeline HTTP/1.0\r\nHost: a b\r\n\r\n"),
]  # fmt: skip

LENGTHS = [
    *[
        bad("9110 8.6", post(f"Content-Length:{value}", "hello"))
        for value in [
            "", " ", " +5", " -5", " -0", " 0x5", " 5x", " 5.0", " 5,5", " 5, 5", " 5,", " ,5",
                " 5 5",
            " 5;", " 5e0", " 1_0", " \xb2", " five", ' "5"', " 5\x0b", " \0005", " 0b1", " 05,5",
        ]
    ],
    *[
        bad("9110 8.6", post(lines, "hello"))
        for lines in [
            "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 0\r\nContent-Length: 5",
                "Content-Length: 5\r\nX: y\r\ncontent-length: 5",
        ]
    ],
    *[
        bad("9110 8.6", post(f"Content-Length: {value}"), 400, 413)
        for value in [
            "9223372036854775807", "9223372036854775808", "18446744073709551615",
            "18446744073709551616", "18446744073709551621", "4294967296", "4294967301", "9" * 400,
            "8388609",
        ]
    ],
    good("9110 8.6", post("Content-Length: 5", "hello"), b"hello", method="POST"),
    good("9110 8.6", post("content-LENGTH:5", "hello"), b"hello", method="POST"),
    good("9110 8.6", post("Content-Length: \t5\t ", "hello"), b"hello", method="POST"),
    good("9110 8.6", post("Content-Length: 0"), b"", method="POST"),
    open_choice("9110 8.6", post("Content-Length: 0005", "hello"), (400,), (200,), body=b"hello",
        method="POST"),
    open_choice("9110 8.6", post("Content-Length: 010", "0123456789"), (400,), (200,),
        body=b"0123456789", method="POST"),
    good("9112 6.3", post("X: y"), b"", method="POST"),
    good("9112 6.3", post("X: y", target="/upload"), b"0", method="POST"),
    good("9110 9.3.1", f"{PH}Content-Length: 5\r\n\r\nGET /"),
    good("9110 9.3.1", f"{PH}Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n"),
    good("9110 9.3.2", f"HEAD /pipeline HTTP/1.1\r\n{H}Content-Length: 3\r\n\r\nGET",
        method="HEAD"),
    Row("9112 9.3", post("Content-Length: 4", "GET ", "/nowhere"), answered=(404,), method="POST"),
    Row("9112 9.3", post("Content-Length: 4", "GET ", "/pipeline"), answered=(405,), method="POST"),
    Row("9112 9.3", chunked("4\r\nGET \r\n0\r\n\r\n", "/nowhere"), answered=(404,), method="POST"),
]  # fmt: skip

CODINGS = [
    *[
        bad("9112 6.1", post(f"Transfer-Encoding:{value}", "0\r\n\r\n"), 400)
        for value in [
            "", " ", " chunked, chunked", " chunked, gzip", " chunked;q=1", " chunked;",
                " chunked x",
            ' "chunked"', " chun\x01ked", " chunked\x0b", " \x0bchunked", " chunked\0", " ;chunked",
            " chunked=1", " chunked, identity",
        ]
    ],
    *[
        bad("9112 6.1", post(f"Transfer-Encoding: {value}", "0\r\n\r\n"), 400, 501)
        for value in [
            "gzip", "identity", "xchunked", "chunkedx", "x-chunked", "gzip, chunked", "chunke",
            "deflate", "chunked-false",
        ]
    ],
    *[
        open_choice("9110 5.6.1", post(f"Transfer-Encoding:{value}", "0\r\n\r\n"), (400,), (200,),
            body=b"", method="POST")
        for value in [" ,chunked", " chunked,", " , chunked ,"]
    ],
    *[
        bad("9112 6.1", post(lines, "0\r\n\r\n"), 400, 501)
        for lines in [
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
            "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
        ]
    ],
    *[
        bad("9112 6.3", post(lines, "0\r\n\r\n"))
        for lines in [
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 0",
                "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Content-Length: x\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: gzip\r\nContent-Length: 5",
            "Content-Length: 5\r\nTransfer-Encoding: identity",
        ]
    ],
    *[
        bad("9112 6.1", post(f"Transfer-Encoding: {value}", "0\r\n\r\n", version="1.0"), 400, 501)
        for value in ["chunked", "gzip", "identity"]
    ],
    good("9112 7", post("transfer-ENCODING: CHUNKED", "5\r\nhello\r\n0\r\n\r\n"), b"hello",
        method="POST"),
    good("9112 7", post("Transfer-Encoding:\tchunked\t", "5\r\nhello\r\n0\r\n\r\n"), b"hello",
        method="POST"),
]  # fmt: skip

CHUNKS = [
    *[
        bad("9112 7.1", chunked(f"{size}\r\nhello\r\n0\r\n\r\n"))
        for size in [
            "0x5", "+5", "-5", " 5", "\t5", "5_0", "g", "", "5h", "5.", "5,", "\x005", "5\0", "0X5",
            "\xef\xbc\x95", "5 5", "x5", "h5", "\r5",
        ]
    ],
    *[
        bad("9112 7.1", chunked(f"{size}\r\nhello\r\n0\r\n\r\n"), 400, 413)
        for size in [
            "8000000000000000", "ffffffffffffffff", "10000000000000005", "fffffffffffffffff",
            "100000000", "0" * 5000 + "5", "7fffffffffffffff",
        ]
    ],
    *[
        bad("9112 7.1", chunked(body))
        for body in [
            "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n",
            "5\r\nhellox\r\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n",
            "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\r\n\rX",
            "0\r\r\n\r\n", "\r\n", "5\r\nhello\r\r\n0\r\n\r\n", "5\n\nhello\r\n0\r\n\r\n",
        ]
    ],
    *[
        good("9112 7.1.1", chunked(f"5{extension}\r\nhello\r\n0{extension}\r\n\r\n"), b"hello",
            method="POST")
        for extension in [
            ";a", ";a=b", ";a;b=c", ';a="b"', ';a="b;\\"c\\\\"', ';a="\t \x80"', ';a=""', ";!#=%",
            ";a=" + "x" * 200,
        ]
    ],
    *[
        open_choice("9112 7.1.1", chunked(f"5{extension}\r\nhello\r\n0\r\n\r\n"), (400,), (200,),
            body=b"hello", method="POST")
        for extension in [" ;a", "; a", ";a =b", ";a= b", ";a ", " ", "\t;a"]
    ],
    *[
        bad("9112 7.1.1", chunked(f"5{extension}\r\nhello\r\n0\r\n\r\n"))
        for extension in [
            ";", ";;a", ";=b", ";a=", ';a="', ';a="b', ';a="b"c', ';a="\x01"', ";a=b\0", ";a\n",
            ";a\rb", ';a="\\', ";a=(", ";\xe9", ";a=b c", ';a="\n"', ';a="\r"',
        ]
    ],
    bad("9112 7.1.1", chunked("5;a=" + "x" * 65536 + "\r\nhello\r\n0\r\n\r\n"), 400, 413, 431),
    *[
        good("9112 7.1", chunked(body), expected, method="POST")
        for body, expected in [
            ("0\r\n\r\n", b""), ("5\r\nhello\r\n0\r\n\r\n", b"hello"), ("00\r\n\r\n", b""),
            ("0005\r\nhello\r\n0000\r\n\r\n", b"hello"), ("a\r\n0123456789\r\n0\r\n\r\n",
                b"0123456789"),
            ("A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
            ("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", b"hello"), ("2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
            ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
        ]
    ],
]  # fmt: skip

TRAILERS = [
    *[
        good("9112 7.1.2", chunked(f"1\r\nx\r\n0\r\n{trailers}\r\n"), b"x", method="POST")
        for trailers in [
            "X: y\r\n", "X:\r\n", "X: y\r\nZ: w\r\n", "Content-Length: 5\r\n", "Host: b\r\n",
            "Connection: close\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: x\r\n",
            "Expect: 100-continue\r\n", "X: \xff\ty\r\n", "Host: a b\r\nHost: c\r\n",
        ]
    ],
    *[
        bad("9112 7.1.2", chunked(f"1\r\nx\r\n0\r\n{trailers}\r\n"))
        for trailers in [
            "X : y\r\n", ": y\r\n", "X\r\n", " X: y\r\n", "X: y\r\n z\r\n", "X: y\n", "X: \0\r\n",
            "X: y\rz\r\n", "X: \x7f\r\n", "X\xe9: y\r\n", "\n", "X: y\r\r\n", "GET / HTTP/1.1\r\n",
        ]
    ],
    bad("9112 7.1.2", chunked("0\r\n" + "X: y\r\n" * 20000 + "\r\n"), 400, 413, 431),
    bad("9112 7.1.2", chunked("0\r\nX: " + "y" * 70000 + "\r\n\r\n"), 400, 413, 431),
]  # fmt: skip

SIZES = [
    good("9112 3", line(f"GET /pipeline?{'x' * (8000 - 24)} HTTP/1.1")),
    good("9110 5.4", f"{PH}X: {'y' * 8000}\r\n\r\n"),
    good("9110 5.4", PH + "X: y\r\n" * 63 + "\r\n"),
    good("9110 5.4", f"{PH}X:{' ' * 4000}y{' ' * 4000}\r\n\r\n"),
    bad("9110 15.5.15", line(f"GET /{'x' * 70000} HTTP/1.1"), 414),
    bad("9110 15.5.15", "GET /" + "x" * 70000, 414),
    bad("9112 3", "X" * 70000, 400),
    bad("9112 3", line("X" * 70000 + " / HTTP/1.1"), 400),
    bad("6585 5", field(f"X: {'y' * 70000}"), 431),
    bad("6585 5", f"{PH}X: {'y' * 70000}", 431),
    bad("6585 5", f"{PH}X:{' ' * 70000}", 431),
    bad("6585 5", f"{PH}{'X' * 70000}", 431),
    bad("6585 5", PH + "X: y\r\n" * 3000 + "\r\n", 431),
    bad("6585 5", PH + f"X: {'y' * 8000}\r\n" * 20, 431),
    bad("6585 5", f"{P}Host: {'a' * 70000}\r\n\r\n", 400, 431),
]  # fmt: skip

CONNECTIONS = [
    *[
        good("9112 9.6", field(text), closes=True)
        for text in [
            "Connection: close", "Connection: CLOSE", "connection:close", "Connection: x, close",
            "Connection: close, x", "Connection: ,close,,", "Connection:\tclose\t",
            "Connection: keep-alive, close", "Connection: close, keep-alive",
            "Connection: x\r\nConnection: close", "Connection: close\r\nConnection: keep-alive",
        ]
    ],
    *[
        good("9112 9.3", field(text))
        for text in [
            "Connection: closed", 'Connection: "close"', "Connection: xclose", "Connection: clos",
            "Connection: keep-alive", "Connection:", "Connection: ,", "Connection: x;close",
            "X-Connection: close", "Connection: not close", "Proxy-Connection: close",
            "Keep-Alive: timeout=0", "Connection: upgrade\r\nUpgrade: h2c",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ",
            "Connection: Upgrade\r\nUpgrade: websocket", "Upgrade: TLS/1.0",
        ]
    ],
    good("9112 9.3", f"GET /pipeline HTTP/1.0\r\n{H}\r\n", closes=True),
    good("9112 9.3", f"GET /pipeline HTTP/1.0\r\n{H}Connection: close\r\n\r\n", closes=True),
    good("9112 9.3", f"GET /pipeline HTTP/1.0\r\n{H}Connection: keep-alive\r\n\r\n",
         fields={"Connection": "keep-alive"}),
    good("9112 9.3", f"GET /pipeline HTTP/1.0\r\n{H}Connection: keep-alive, close\r\n\r\n",
        closes=True),
    good("9112 9.3", post("Content-Length: 5", "hello", version="1.0"), b"hello", method="POST",
        closes=True),
    good("9112 7", f"GET /download/1000 HTTP/1.0\r\n{H}\r\n", bytes(1000), closes=True),
    bad("9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
    bad("9112 3", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\xaa" * 40),
    bad("9112 3", "\x80\x2e\x01\x03\x01\r\n"),
    bad("9112 3", "SSH-2.0-x\r\n"),
    bad("9112 3", "\0" * 20),
    bad("9112 3", "{}\r\n\r\n"),
]  # fmt: skip

EXPECTATIONS = [
    good("9110 10.1.1", post("Content-Length: 5\r\nExpect: nothing", "hello"), b"hello",
        method="POST", interim=None),
    good("9110 10.1.1", f"{PH}Expect: 100-continue\r\n\r\n"),
    good("9110 10.1.1", f"{PH}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
    good("9110 10.1.1", post("Content-Length: 5\r\nExpect: 100-continue", "hello"), b"hello",
        method="POST", interim=None),
    good("9110 10.1.1", post("Content-Length: 5\r\nExpect: 100-CONTINUE", "hello"), b"hello",
        method="POST", interim=None),
    good("9110 10.1.1", post("Transfer-Encoding: chunked\r\nExpect: 100-continue",
        "5\r\nhello\r\n0\r\n\r\n"), b"hello", method="POST", interim=None),
    good("9110 10.1.1", post("Content-Length: 5\r\nExpect: 100-continue", "hello", version="1.0"),
        b"hello", method="POST", closes=True),
    bad("9110 10.1.1", post("Content-Length: 8388609\r\nExpect: 100-continue"), 413),
    bad("9110 10.1.1",
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue")),
]  # fmt: skip

HEADS = [
    good("9110 9.3.2", f"HEAD {target} HTTP/1.1\r\n{H}\r\n", None, status, method="HEAD",
        fields=fields)
    for target, status, fields in [
        ("/", 200, {"Content-Length": "13"}), ("/pipeline", 200, {"Content-Length": "2"}),
        ("/user/1", 200, {"Content-Length": "1"}), ("/baseline11?a=1", 200,
            {"Content-Length": "1"}),
        ("/download/12345", 200, {"Content-Length": "12345"}), ("/nowhere", 404, {}),
        ("/echo", 405, {"Allow": "OPTIONS, POST"}), ("/upload", 405, {"Allow": "OPTIONS, POST"}),
    ]
]  # fmt: skip


def cuts_of(row):
    """The ways to deliver it: (words, pieces)."""
    yield "at once", [row.data]
    if len(row.data) <= BYTEWISE_UP_TO:
        yield "byte by byte", byte_by_byte(row.data)
    else:
        yield "in pieces of 499", in_pieces(row.data, 499)
    if len(row.data) <= CUT_UP_TO:
        for at in range(1, len(row.data)):
            yield f"cut at {at}", [row.data[:at], row.data[at:]]


class Conversation(Exchange):
    """A row delivered in one way, with or without its neighbours."""

    def __init__(self, row, words, pieces, before, after):
        self.row, self.before = row, before
        self.after = after or (bool(row.refused) and bool(row.answered))
        pieces = list(pieces)
        if before:
            pieces[0] = BEFORE + pieces[0]
        if self.after:
            pieces[-1] += AFTER
        # A refusal and an announced close end the connection by themselves.
        finishes = bool(row.answered) and not row.closes and not self.after
        words += ", after a neighbour" if before else ""
        words += ", before a neighbour" if self.after else ""
        super().__init__(f"{words}: {row}", pieces, finishes)

    def check(self):
        reader = Recorded(self)
        if self.before:
            self.check_neighbour(reader.read_response(), b"ok")
        response = reader.read_response(self.row.method)
        self.check_row(response, reader)
        if self.after and not response.says_close:
            last = reader.read_response()
            self.check_neighbour(last, b"7")
        reader.expect_end()

    def check_neighbour(self, response, body):
        if (response.status, response.body) != (200, body):
            raise Failed(f"the neighbour got {response.raw!r}")

    def check_row(self, response, reader):
        row = self.row
        if response.status not in row.refused + row.answered:
            raise Failed(f"not {row.refused + row.answered}: {response.raw[:300]!r}")
        if response.field("X-Injected") is not None:
            raise Failed(f"response splitting: {response.head!r}")
        if row.interim is not None and len(reader.interim) != row.interim:
            raise Failed(f"{len(reader.interim)} interim responses, not {row.interim}")
        is_open = bool(row.refused) and response.says_close
        is_refusal = response.status not in row.answered or is_open
        if is_refusal:
            return check_refusal(response)
        if row.closes != response.says_close:
            raise Failed(f"Connection: close is not {row.closes}: {response.head!r}")
        if row.body is not None and row.method != "HEAD" and response.body != row.body:
            raise Failed(f"not the body {row.body[:100]!r}: {response.body[:100]!r}")
        if response.status == 405 and response.field("Allow") is None:
            raise Failed(f"405 without Allow: {response.head!r}")
        if response.body and response.field("Content-Type") is None:
            raise Failed(f"content without a type: {response.head!r}")
        for name, value in row.fields.items():
            if response.field(name) != value:
                raise Failed(f"{name} is not {value}: {response.head!r}")


def conversations(row):
    for words, pieces in cuts_of(row):
        yield Conversation(row, words, pieces, before=False, after=False)
    whole = [row.data]
    yield Conversation(row, "at once", whole, before=True, after=False)
    yield Conversation(row, "at once", whole, before=False, after=True)
    yield Conversation(row, "at once", whole, before=True, after=True)
    if len(row.data) <= BYTEWISE_UP_TO:
        yield Conversation(row, "byte by byte", byte_by_byte(row.data), before=True, after=True)


class TableCase(ServerCase):
    """Tests that are tables of rows."""

    def check_table(self, rows):
        everything = [(row, list(conversations(row))) for row in rows]
        run_exchanges(self.server.address, [c for _, some in everything for c in some])
        for row, some in everything:
            with self.subTest(str(row)):
                failed = []
                for conversation in some:
                    try:
                        conversation.check()
                    except Failed as failure:
                        failed.append(f"{conversation.name}\n    {failure}")
                if failed:
                    raise Failed(f"{len(failed)} of {len(some)} ways, the first {failed[0]}")


@on_each_backend
class Conformance(TableCase):
    def test_request_lines(self):
        self.check_table(REQUEST_LINES)

    def test_targets(self):
        self.check_table(TARGETS)

    def test_line_ends(self):
        self.check_table(LINE_ENDS)

    def test_fields(self):
        self.check_table(FIELDS)

    def test_hosts(self):
        self.check_table(HOSTS)

    def test_lengths(self):
        self.check_table(LENGTHS)

    def test_codings(self):
        self.check_table(CODINGS)

    def test_chunks(self):
        self.check_table(CHUNKS)

    def test_trailers(self):
        self.check_table(TRAILERS)

    def test_sizes(self):
        self.check_table(SIZES)

    def test_connections(self):
        self.check_table(CONNECTIONS)

    def test_expectations(self):
        self.check_table(EXPECTATIONS)

    def test_heads(self):
        self.check_table(HEADS)

    def test_sends_one_100_before_the_body_and_none_beside_it(self):
        for fields in ("Content-Length: 5", "Transfer-Encoding: chunked"):
            body = b"5\r\nhello\r\n0\r\n\r\n" if "chunked" in fields else b"hello"
            with self.subTest(fields), self.server.connect() as peer:
                peer.send(post(f"{fields}\r\nExpect: 100-continue").encode())
                self.assertEqual(peer.take_until(b"\r\n\r\n", 200),
                    b"HTTP/1.1 100 Continue\r\n\r\n")
                peer.send(body + BEFORE)
                self.assertEqual(peer.read_response("POST").body, b"hello")
                self.assertEqual(peer.read_response().body, b"ok")
                self.assertEqual(peer.interim, [])

    def test_a_final_answer_instead_of_100_consumes_the_body_or_closes(self):
        with self.server.connect() as peer:
            fields = "Content-Length: 5\r\nExpect: 100-continue"
            peer.send(post(fields, target="/nowhere").encode())
            response = peer.read_response("POST")
            self.assertEqual((response.status, peer.interim), (404, []))
            peer.send(b"GET /" + BEFORE)
            if response.says_close:
                peer.expect_end()
            else:
                self.assertEqual(peer.read_response().body, b"ok")

    def test_a_refusal_arrives_although_much_is_unread(self):
        for bad_request in (b"GET / HTTP/1.1\r\n\r\n", post("Content-Length: 99999999").encode()):
            with self.subTest(bad_request), self.server.connect() as peer:
                peer.send_until_refused([bad_request, b"x" * 200_000])
                response = peer.read_response()
                self.assertIn(response.status, (400, 413))
                self.assertTrue(response.says_close)
                peer.expect_end()

    def test_bytes_after_the_last_request_do_not_disturb_its_answer(self):
        # RFC 9112, section 9.6: a reset would destroy what the client has not read yet.
        with self.server.connect(receive_buffer=4096) as peer, self.server.connect() as other:
            peer.send(request("/download/300000", "Connection: close\r\n"))
            peer.take_until(b"\r\n\r\n", 1000)
            for _ in range(50):  # the only worker has handed over the rest by then
                other.expect_open()
            peer.send(b"x")
            peer.take(300_000)
            peer.expect_end()

    def test_a_request_cut_by_the_end_of_input_is_never_answered_with_success(self):
        requests = [request("/pipeline"), post("Content-Length: 5", "hello").encode(),
                    chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n").encode()]  # fmt: skip
        cut = [Exchange("", [BEFORE + r[:n]], True) for r in requests for n in range(1, len(r))]
        run_exchanges(self.server.address, cut)
        for exchange in cut:
            with self.subTest(exchange.name):
                reader = Recorded(exchange)
                self.assertEqual(reader.read_response().body, b"ok")
                rest = reader.read_to_end()
                self.assertFalse(exchange.problem)
                self.assertFalse(rest and not re.match(rb"HTTP/1\.1 40[08] ", rest), rest[:200])

    def test_answers_a_thousand_pipelined_requests_with_bodies_in_order(self):
        with self.server.connect() as peer:
            one = lambda i: post(f"Content-Length: {len(str(i))}", str(i)).encode()
            other = lambda i: chunked(f"1\r\n{i % 10}\r\n0\r\n\r\n").encode()
            peer.send(b"".join(one(i) + other(i) for i in range(500)))
            for i in range(500):
                self.assertEqual(peer.read_response("POST").body, str(i).encode())
                self.assertEqual(peer.read_response("POST").body, str(i % 10).encode())

    def test_one_who_does_not_read_blocks_nobody(self):
        with self.server.connect(receive_buffer=4096) as deaf:
            deaf.socket.setblocking(False)
            flood, left = request("/echo", method="POST", body=b"x" * 60_000), 200
            try:
                while left:
                    deaf.socket.send(flood)
                    left -= 1
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
            for _ in range(20):
                self.assertEqual(self.server.get("/pipeline").body, b"ok")

    def test_lives_through_resets_at_any_point(self):
        settled = self.server.descriptors()
        data = BEFORE + chunked("5\r\nhello\r\n0\r\n\r\n").encode() + request("/download/5000000")
        for at in range(0, len(data) + 1):
            peer = self.server.connect()
            peer.send(data[:at])
            peer.reset()
        for at in range(1, 40):
            peer = self.server.connect()
            peer.send(request("/download/5000000"))
            peer.take(at * 1000)
            peer.close() if at % 2 else peer.reset()
        crowd = [self.server.connect() for _ in range(200)]
        for index, peer in enumerate(crowd):
            peer.send(data[: index % 60])
        self.assertEqual(self.server.get("/pipeline").body, b"ok")
        for peer in crowd:
            peer.close()
        wait_for(lambda: self.server.descriptors() <= settled, "descriptors came back")
        self.assertEqual(self.server.get("/pipeline").body, b"ok")
