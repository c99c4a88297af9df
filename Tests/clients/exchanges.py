# SPDX-License-Identifier: MIT
"""Many raw exchanges at once: each sends pieces of bytes and records what comes back until the
server closes. A piece goes out once the turn comes round again, so that the others keep the server
busy in between and nobody has to sleep."""

import selectors
import socket
import ssl
import time

from harness import TLS_ADDRESSES, Failed, Peer, tls_context

AT_ONCE = 96
DEADLINE = 20.0


class Exchange:
    """One connection: the pieces to send, whether the client then ends its output, what came."""

    def __init__(self, name, pieces, finishes=False):
        self.name = name
        self.pieces = [piece for piece in pieces if piece]
        self.finishes = finishes
        self.received = bytearray()
        self.problem = None

    def begin(self, address):
        self.at = 0
        self.opened = time.time()
        self.until = time.monotonic() + DEADLINE
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address in TLS_ADDRESSES:
            self.socket = tls_context().wrap_socket(self.socket)
        self.socket.setblocking(False)

    @property
    def is_sending(self):
        return self.at < len(self.pieces)

    def send(self):
        try:
            count = self.socket.send(self.pieces[self.at])
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            # The server may close before it has everything; what it said must still arrive.
            self.at = len(self.pieces)
            return
        self.pieces[self.at] = self.pieces[self.at][count:]
        if not self.pieces[self.at]:
            self.at += 1
        if not self.is_sending and self.finishes:
            socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def receive(self):
        """False once it is over."""
        try:
            piece = self.socket.recv(1 << 16)
            while isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
                piece += self.socket.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except ConnectionResetError:
            self.problem = "the connection was reset"
            return False
        self.received += piece
        return bool(piece)


def run_exchanges(address, exchanges):
    """Run all of them to their ends."""
    waiting = list(reversed(exchanges))
    running = set()
    with selectors.DefaultSelector() as selector:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                exchange = waiting.pop()
                exchange.begin(address)
                running.add(exchange)
                events = selectors.EVENT_READ | selectors.EVENT_WRITE
                selector.register(exchange.socket, events, exchange)
            now = time.monotonic()
            for key, events in selector.select(1):
                exchange = key.data
                is_over = False
                if events & selectors.EVENT_WRITE and exchange.is_sending:
                    exchange.send()
                    if not exchange.is_sending:
                        selector.modify(exchange.socket, selectors.EVENT_READ, exchange)
                if events & selectors.EVENT_READ:
                    is_over = not exchange.receive()
                if is_over:
                    running.discard(exchange)
                    selector.unregister(exchange.socket)
                    exchange.socket.close()
            for exchange in [e for e in running if e.until < now]:
                exchange.problem = "neither closed nor answered in time"
                running.discard(exchange)
                selector.unregister(exchange.socket)
                exchange.socket.close()


class Recorded(Peer):
    """What came, read like a connection."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.opened = exchange.opened
        self.buffer = bytearray(exchange.received)
        self.interim = []

    def _receive(self, most=0):
        if self.exchange.problem:
            so_far = bytes(self.exchange.received[:300])
            raise Failed(f"{self.exchange.problem}; received: {so_far!r}")
        return False

    def read_response(self, method="GET"):
        if not self.buffer:
            self._receive()
            raise Failed("closed without an answer")
        return super().read_response(method)


def byte_by_byte(data):
    return [data[i : i + 1] for i in range(len(data))]


def in_pieces(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)]


def check_refusal(response):
    """What every refusal says of itself, RFC 9112, section 9.6."""
    if not response.says_close:
        raise Failed(f"a refusal without Connection: close: {response.head!r}")
    if response.field("Content-Length") is None:
        raise Failed(f"a refusal without Content-Length: {response.head!r}")

