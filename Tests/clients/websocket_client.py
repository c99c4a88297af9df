# SPDX-License-Identifier: MIT
"""websocket_client.py LIBRARY URL: talks to an echo by a library from PyPI, and says what failed. Run
by test_websocket.py with the Python that has the libraries."""

import asyncio
import os
import socket
import ssl
import sys
import urllib.parse

SIZES = (0, 1, 125, 126, 127, 65535, 65536, 1 << 20)
TEXTS = ("", "plain", "Grüße, 世界 \U0001f600", "x" * 70_000)


def trusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check(is_so, what):
    if not is_so:
        sys.exit(f"failed: {what}")


async def by_websockets(url, compression=None):
    import websockets

    options = {"ssl": trusting()} if url.startswith("wss") else {}
    async with websockets.connect(url, max_size=None, compression=compression, **options) as client:
        for size in SIZES:
            data = os.urandom(size)
            await client.send(data)
            check(await client.recv() == data, f"{size} bytes")
        for text in TEXTS:
            await client.send(text)
            check(await client.recv() == text, f"text of {len(text)}")
        await client.send(["in ", "", "parts"])  # a message in frames
        check(await client.recv() == "in parts", "a message in frames")
        await (await client.ping(b"p" * 125))
        for number in range(500):
            await client.send(f"{number}")
        for number in range(500):
            check(await client.recv() == f"{number}", "many in a row")
        await client.close(4000, "done")
        check((client.close_code, client.close_reason) == (4000, ""), "the code of the close")


async def by_websockets_compressed(url):
    await by_websockets(url, "deflate")


async def by_aiohttp(url, window=0):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        options = {"ssl": trusting()} if url.startswith("wss") else {}
        async with session.ws_connect(url, max_msg_size=0, compress=window, **options) as client:
            check(bool(client.compress) == bool(window), f"compressed by {client.compress}")
            for size in SIZES:
                data = os.urandom(size)
                await client.send_bytes(data)
                check(await client.receive_bytes() == data, f"{size} bytes")
            for text in TEXTS:
                await client.send_str(text)
                check(await client.receive_str() == text, f"text of {len(text)}")
            await client.ping(b"p")
            await client.send_str("after a ping")
            check(await client.receive_str() == "after a ping", "a ping")
            await client.close(code=1000)
            check(client.close_code == 1000, f"closed with {client.close_code}")


async def by_aiohttp_compressed(url):
    for window in (9, 15):
        await by_aiohttp(url, window)


async def by_wsproto(url):
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import (
        AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request, TextMessage,
    )  # fmt: skip

    parts = urllib.parse.urlsplit(url)
    stream = socket.create_connection((parts.hostname, parts.port), 20)
    if parts.scheme == "wss":
        stream = trusting().wrap_socket(stream)
    client = WSConnection(ConnectionType.CLIENT)
    pending = []

    def send(event):
        stream.sendall(client.send(event))

    def take():
        while not pending:
            data = stream.recv(1 << 16)
            client.receive_data(data or None)
            pending.extend(client.events())
        return pending.pop(0)

    def take_message(kind):
        whole = b"" if kind is BytesMessage else ""
        while True:
            event = take()
            check(isinstance(event, kind), f"{event} in place of a message")
            whole += event.data
            if event.message_finished:
                return whole

    send(Request(host=parts.netloc, target=parts.path))
    check(isinstance(take(), AcceptConnection), "the handshake")
    for size in SIZES:
        data = os.urandom(size)
        send(BytesMessage(data=data))
        check(take_message(BytesMessage) == data, f"{size} bytes")
    for text in TEXTS:
        send(TextMessage(data=text))
        check(take_message(TextMessage) == text, f"text of {len(text)}")
    send(TextMessage(data="a", message_finished=False))
    send(Ping(payload=b"within"))
    send(TextMessage(data="b", message_finished=True))
    event = take()
    check(isinstance(event, Pong) and event.payload == b"within", f"a ping within a message: {event}")
    check(take_message(TextMessage) == "ab", "a message in frames")
    send(CloseConnection(code=1001, reason="away"))
    event = take()
    check(isinstance(event, CloseConnection) and event.code == 1001, f"closed by {event}")
    check(stream.recv(1) == b"", "the end")


LIBRARIES = {
    "websockets": by_websockets, "websockets-compressed": by_websockets_compressed,
    "aiohttp": by_aiohttp, "aiohttp-compressed": by_aiohttp_compressed, "wsproto": by_wsproto,
}  # fmt: skip
asyncio.run(asyncio.wait_for(LIBRARIES[sys.argv[1]](sys.argv[2]), 40))
print("done")
