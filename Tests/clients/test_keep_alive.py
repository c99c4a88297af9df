# SPDX-License-Identifier: MIT
"""Which answers leave the connection open, in each keep-alive setting."""

from harness import ServerCase, on_each_backend, request

OPEN, CLOSED = "open", "closed"

# version, Connection field lines, then what each setting makes of it
REQUESTS = [
    #                                           rfc     always  never
    ("1.1", "",                                 OPEN,   OPEN, CLOSED),
    ("1.1", "Connection: keep-alive\r\n",       OPEN,   OPEN, CLOSED),
    ("1.1", "Connection: close\r\n",            CLOSED, OPEN, CLOSED),
    ("1.1", "Connection: CLOSE\r\n",            CLOSED, OPEN, CLOSED),
    ("1.1", "Connection: , x ,close,\r\n",      CLOSED, OPEN, CLOSED),
    ("1.1", "Connection: x\r\nConnection: close\r\n", CLOSED, OPEN, CLOSED),
    ("1.1", "Connection: closed\r\n",           OPEN,   OPEN, CLOSED),
    ("1.1", 'Connection: "close"\r\n',          OPEN,   OPEN, CLOSED),
    ("1.0", "",                                 CLOSED, OPEN, CLOSED),
    ("1.0", "Connection: keep-alive\r\n",       OPEN,   OPEN, CLOSED),
    ("1.0", "Connection: Keep-Alive\r\n",       OPEN,   OPEN, CLOSED),
    ("1.0", "Connection: keep-alive, close\r\n", CLOSED, OPEN, CLOSED),
]  # fmt: skip


class KeepAlive:
    def test_leaves_the_connection_as_the_setting_says(self):
        for version, fields, *expected in REQUESTS:
            with self.subTest(f"HTTP/{version} {fields!r}"), self.server.connect() as peer:
                peer.send(request("/", fields, version=version))
                response = peer.read_response()
                self.assertEqual(response.status, 200)
                if expected[self.column] == CLOSED:
                    if version == "1.1":
                        self.assertTrue(response.says_close, response.head)
                    peer.expect_end()
                    continue
                self.assertFalse(response.says_close, response.head)
                if version == "1.0":
                    self.assertEqual(response.field("Connection").lower(), "keep-alive")
                self.assertEqual(peer.expect_open().status, 200)

    def test_closes_after_an_error(self):
        with self.server.connect() as peer:
            peer.send(b"GET / HTTP/1.1\r\n\r\n")
            response = peer.read_response()
            self.assertEqual((response.status, response.says_close), (400, True))
            peer.expect_end()

    def test_does_not_process_what_follows_a_close(self):
        with self.server.connect() as peer:
            peer.send(request("/", "Connection: close\r\n") + request("/pipeline"))
            first = peer.read_response()
            self.assertEqual(first.body, b"Hello, World!")
            if self.options[1] == "always":
                self.assertEqual(peer.read_response().body, b"ok")
            else:
                peer.expect_end()


@on_each_backend
class KeepAliveByRfc(KeepAlive, ServerCase):
    options, column = ("--keep-alive", "rfc"), 0


@on_each_backend
class KeepAliveAlways(KeepAlive, ServerCase):
    options, column = ("--keep-alive", "always"), 1


@on_each_backend
class KeepAliveNever(KeepAlive, ServerCase):
    options, column = ("--keep-alive", "never"), 2
