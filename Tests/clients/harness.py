# SPDX-License-Identifier: MIT
"""What the client tests share: a server under test, connections with deadlines, a strict reader.

Nothing here waits by sleeping: a wait is for bytes, for an event or for the end of a process, and
each has a deadline. Standard library only.
"""

import ctypes
import email.utils
import errno
import os
import re
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))

# Set by run.py: where the built programs are, and how much the long tests move.
settings = {
    "bin": os.path.join(ROOT, ".build-all", "debug"),
    "work": tempfile.gettempdir(),
    "clang": "clang",
    "swiftc": "swiftc",
    "large": 64 << 20,
    "sanitized": False,
    "tls": False,  # the servers of ServerCase speak https, and connections to them TLS
}

DEADLINE = 20.0


class Failed(AssertionError):
    """What a server must not do."""


# ---- Which backends this machine has ----


def io_uring_is_allowed():
    """Whether the kernel lets this process set up io_uring at all (containers often forbid it)."""
    parameters = ctypes.create_string_buffer(120)
    number = 425  # io_uring_setup, the same on every architecture
    fd = ctypes.CDLL(None, use_errno=True).syscall(number, 2, parameters)
    if fd < 0:
        return False
    os.close(fd)
    return True


# Programs that were built with the model of kqueue are there to run on it.
HAS_KQUEUE_MODEL = os.environ.get("VANILLA_KQUEUE_MODEL") == "1"
if HAS_KQUEUE_MODEL or sys.platform != "linux":
    BACKENDS = ["kqueue"]
else:
    BACKENDS = ["io_uring", "epoll"] if io_uring_is_allowed() else ["epoll"]
NAMES_OF_CASES = {"io_uring": "OverIoUring", "epoll": "OverEpoll", "kqueue": "OverKqueue"}


def on_each_backend(case):
    """Make a test case a copy for each backend: CaseOverIoUring and CaseOverEpoll, or CaseOverKqueue."""
    module = sys.modules[case.__module__]
    for backend in BACKENDS:
        name = case.__name__ + NAMES_OF_CASES[backend]
        copy = type(name, (case,), {"backend": backend, "__module__": case.__module__})
        setattr(module, name, copy)


# ---- The server under test ----

LISTENING = re.compile(
    r"listening on (?:https?://(?P<host>\[[^\]]+\]|[^:/]+):(?P<port>\d+)|unix:(?P<path>\S+))"
    r" \((?P<backend>[a-z_]+), (?P<workers>\d+) workers?\)$"
)


def program(name):
    return os.path.join(settings["bin"], name)


def clean_environment(extra=None):
    """The environment without what would change a program's options."""
    options = ("PORT", "VANILLA_BACKEND", "DATABASE_URL")
    environment = {k: v for k, v in os.environ.items() if k not in options}
    environment.update(extra or {})
    if settings["tls"]:  # curl reads its options there: it trusts any certificate, too
        environment["CURL_HOME"] = settings["work"]
        with open(os.path.join(settings["work"], ".curlrc"), "w") as file:
            file.write("insecure\n")
    return environment


# Where servers listen that speak TLS: connections to them do, too.
TLS_ADDRESSES = set()


def tls_context(**options):
    """A client's side that trusts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Server:
    """A running program that printed its "listening on" line."""

    def __init__(
        self, command, environment=None, descriptors=None, cores=None, inherit=(), listeners=1,
        errors=None,
    ):  # fmt: skip
        """`descriptors`: their limit, or the soft and the hard one.
        `listeners`: as many lines say where it listens; what is asked of this object goes to the first.
        `errors`: its standard error, which is a file otherwise."""
        def prepare():
            if descriptors is not None:
                both = descriptors if isinstance(descriptors, tuple) else (descriptors,) * 2
                resource.setrlimit(resource.RLIMIT_NOFILE, both)
            if cores is not None:
                os.sched_setaffinity(0, cores)

        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors if errors is None else errors,
            env=clean_environment(environment),
            preexec_fn=prepare,
            pass_fds=inherit,
        )
        self.pid = self.process.pid
        try:
            self.lines = [self._read_line() for _ in range(listeners)]
            self._take_line(self.lines[0])
        except BaseException:
            self.close()
            raise

    @classmethod
    def start(cls, name, *options, backend="auto", workers=1, **keywords):
        """One of this package's executables on any free port."""
        command = [program(name), "--port", "0", "--backend", backend, "--workers", str(workers)]
        return cls(command + [str(o) for o in options], **keywords)

    def _read_line(self):
        line = b""
        until = time.monotonic() + DEADLINE
        output = self.process.stdout.fileno()
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([output], [], [], max(0, until - time.monotonic()))
            piece = os.read(output, 1) if ready else b""
            if not piece:
                why = "ended" if ready else "said nothing in time"
                raise Failed(f"{self.process.args}: {why} before it listened: {line!r} {self.log()}")
            line += piece
        return line.decode().rstrip("\n")

    def _take_line(self, line):
        self.line = line
        found = LISTENING.search(line)
        if not found:
            raise Failed(f"not the line that says where it listens: {line!r}")
        self.path = found["path"]
        self.port = int(found["port"] or 0)
        self.backend = found["backend"]
        self.workers = int(found["workers"])
        self.host = (found["host"] or "").strip("[]")
        self.is_tls = " https://" in line
        self.url = f"http{'s' if self.is_tls else ''}://{found['host']}:{self.port}"
        if self.is_tls:
            TLS_ADDRESSES.add(self.address)

    @property
    def address(self):
        return self.path or (self.host, self.port)

    def connect(self, deadline=DEADLINE, receive_buffer=None):
        return Peer(self.address, deadline, receive_buffer)

    def get(self, target="/", fields="", method="GET"):
        """One request on a connection of its own."""
        with self.connect() as peer:
            peer.send(request(target, fields, method))
            return peer.read_response(method)

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def cpu_seconds(self):
        """CPU time of all its threads."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def private_bytes(self):
        """Memory that only this process has, and has written to."""
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            return sum(int(l.split()[1]) for l in file if l.startswith("Private_Dirty:")) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """Its exit status, once it has ended by itself."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Failed(f"did not end in {deadline} s: {self.log()}") from None

    def stop(self, deadline=DEADLINE):
        self.signal()
        return self.wait(deadline)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ServerCase(unittest.TestCase):
    """Tests of one server, started for the class and stopped after it; stopping is a test as well."""

    program = "arena"
    options = ()
    workers = 1
    backend = "auto"
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.server = Server.start(
            cls.program, *cls.options, *(["--tls"] if settings["tls"] else []), backend=cls.backend, workers=cls.workers
        )
        if cls.backend != "auto" and cls.server.backend != cls.backend:
            raise Failed(f"asked for {cls.backend}: {cls.server.line}")

    @classmethod
    def tearDownClass(cls):
        try:
            status = cls.server.stop()
            log = cls.server.log()
            if status != 0:
                raise Failed(f"exit status {status} after SIGTERM: {log}")
            if re.search(r"Sanitizer|Assertion|Fatal error", log):
                raise Failed(log)
        finally:
            cls.server.close()


# ---- Connections ----


def request(target="/", fields="", method="GET", body=b"", version="1.1"):
    """A request as bytes. `fields` are whole lines, each with its CRLF."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {target} HTTP/{version}\r\nHost: a\r\n{fields}{length}\r\n".encode() + body


class Peer:
    """A client's end of a connection. Everything on it must happen before its deadline."""

    def __init__(self, address, deadline=DEADLINE, receive_buffer=None):
        self.opened = time.time()
        self.until = time.monotonic() + deadline
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self.socket = socket.socket(family)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.buffer = bytearray()
        self.interim = []
        try:
            self._limit()
            self.socket.connect(address)
            if address in TLS_ADDRESSES:
                self.socket = tls_context().wrap_socket(self.socket)
        except BaseException:
            self.socket.close()
            raise

    def _limit(self):
        left = self.until - time.monotonic()
        if left <= 0:
            raise Failed(f"nothing in time; received so far: {bytes(self.buffer[:300])!r}")
        self.socket.settimeout(left)

    def extend(self, deadline=DEADLINE):
        self.until = time.monotonic() + deadline

    def send(self, data):
        self._limit()
        self.socket.sendall(data)

    def send_until_refused(self, pieces):
        """Send while the server takes it, as a client does that reads only once it has to. Returns
        whether all was taken. What comes back meanwhile is kept for the reader."""
        for piece in pieces:
            view = memoryview(piece)
            while view:
                self._limit()
                readable, writable, _ = select.select([self.socket], [self.socket], [], 1)
                if (readable or self._pending()) and not self._receive_now():
                    return False
                if writable:
                    try:
                        view = view[self.socket.send(view) :]
                    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                        return False
        return True

    def _pending(self):
        """Bytes that TLS has taken from the socket."""
        return self.socket.pending() if isinstance(self.socket, ssl.SSLSocket) else 0

    def _receive_now(self):
        """As `_receive`, but what TLS has received need not be anything of the server's."""
        if not isinstance(self.socket, ssl.SSLSocket):
            return self._receive()
        self.socket.settimeout(0)
        try:
            piece = self.socket.recv(1 << 16)
        except ssl.SSLWantReadError:
            return True
        finally:
            self._limit()
        self.buffer += piece
        return bool(piece)

    def finish(self):
        """No more input will follow. Of a socket with TLS, whose own method would end that both ways."""
        socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def _receive(self, most=1 << 16):
        """Append what comes; False at the end of output. A reset is an error of its own."""
        self._limit()
        try:
            piece = self.socket.recv(most)
        except socket.timeout:
            so_far = bytes(self.buffer[:300])
            raise Failed(f"nothing in time; received so far: {so_far!r}") from None
        except ConnectionResetError:
            so_far = bytes(self.buffer[:300])
            raise Failed(f"the connection was reset; received so far: {so_far!r}") from None
        self.buffer += piece
        return bool(piece)

    def take(self, count):
        """The next `count` bytes."""
        while len(self.buffer) < count:
            if not self._receive():
                raise Failed(f"ended {count - len(self.buffer)} bytes early: {bytes(self.buffer)!r}")
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def take_until(self, mark, most):
        """The next bytes up to and with `mark`, at most `most` of them."""
        searched = 0
        while (at := self.buffer.find(mark, searched)) < 0:
            if len(self.buffer) > most:
                raise Failed(f"no {mark!r} in {most} bytes: {bytes(self.buffer[:300])!r}")
            searched = max(0, len(self.buffer) - len(mark))
            if not self._receive():
                raise Failed(f"ended without {mark!r}: {bytes(self.buffer)!r}")
        return self.take(at + len(mark))

    def receive_slowly(self, most):
        """One receive of at most `most` bytes, which stay in the buffer, and a breath."""
        if not self._receive(most):
            raise Failed("the server has closed")
        select.select([], [], [], 0.02)

    def take_some(self, most):
        """The next bytes, at least one."""
        return self.take(min(most, max(1, len(self.buffer))))

    def read_response(self, method="GET", skips_body=None, until_close=False):
        """The next final response; interim ones are kept in `interim`. `skips_body`, when given,
        gets the body in pieces instead of the response."""
        while True:
            response = Response(self, method, skips_body, until_close)
            if response.status >= 200:
                return response
            self.interim.append(response)

    def read_to_end(self):
        """Everything until the server closes."""
        while self._receive():
            pass
        rest = bytes(self.buffer)
        self.buffer.clear()
        return rest

    def expect_end(self):
        """The server has closed, and sent nothing more."""
        rest = self.read_to_end()
        if rest:
            raise Failed(f"bytes after the last response: {rest[:300]!r}")

    def expect_open(self):
        """The connection is open and serves: it answers one more request."""
        self.send(request("/"))
        return self.read_response()

    def is_readable(self, seconds):
        return bool(self.buffer) or bool(self._pending()) or bool(select.select([self.socket], [], [], seconds)[0])

    def close(self):
        self.socket.close()

    def reset(self):
        """Close so that the server sees a reset."""
        linger = b"\1\0\0\0\0\0\0\0"
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- Responses ----

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)\Z")
FIELD_LINE = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*"
    rb"[\x21-\x7e\x80-\xff])?)?)[ \t]*\Z"
)
IMF_FIXDATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} \d\d:\d\d:\d\d GMT\Z"
)
DATE_LINE = re.compile(rb"(?mi)^Date: [^\r]*\r\n")


def without_date(raw):
    return DATE_LINE.sub(b"", raw)


class Response:
    """One response, read by the letter of RFC 9112: a byte out of place is a failure."""

    def __init__(self, peer, method, skips_body, until_close):
        head = peer.take_until(b"\r\n\r\n", 128 << 10)
        lines = head[:-4].split(b"\r\n")
        status = STATUS_LINE.match(lines[0])
        if not status:
            raise Failed(f"not a status line: {lines[0]!r}")
        self.status = int(status[1])
        self.reason = status[2].decode("latin-1")
        self.fields = []
        for line in lines[1:]:
            field = FIELD_LINE.match(line)
            if not field:
                raise Failed(f"not a field line: {line!r}")
            self.fields.append((field[1].decode(), field[2].decode("latin-1")))
        self.head = head
        self._check_date(peer)
        self.body = b""
        self.framed = b""  # the body as it was on the wire
        self._read_body(peer, method, skips_body, until_close)

    @property
    def raw(self):
        return self.head + self.framed

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def field(self, name):
        """The one value of a field, None when there is none."""
        values = self.all(name)
        if len(values) > 1:
            raise Failed(f"{name} {len(values)} times: {self.head!r}")
        return values[0] if values else None

    @property
    def media_type(self):
        """Content-Type without its parameters."""
        return (self.field("Content-Type") or "").split(";")[0].strip()

    @property
    def says_close(self):
        return (self.field("Connection") or "").lower() == "close"

    def _check_date(self, peer):
        """It is a moment since the client came; a busy machine may take its time to read it."""
        date = self.field("Date")
        if self.status < 200:
            return
        if date is None or not IMF_FIXDATE.match(date):
            raise Failed(f"Date must be there once, as IMF-fixdate: {self.head!r}")
        seconds = email.utils.parsedate_to_datetime(date).timestamp()
        if not peer.opened - 5 < seconds < time.time() + 5:
            raise Failed(f"Date is not now: {date}")

    def _read_body(self, peer, method, skips_body, until_close):
        length, coding = self.field("Content-Length"), self.field("Transfer-Encoding")
        if length is not None and coding is not None:
            raise Failed(f"both a length and a coding: {self.head!r}")
        if coding is not None and coding != "chunked":
            raise Failed(f"unknown coding: {self.head!r}")
        if length is not None and not re.fullmatch(r"0|[1-9][0-9]*", length):
            raise Failed(f"not a length: {self.head!r}")
        if self.status < 200 or self.status == 204:
            if length is not None or coding is not None:
                raise Failed(f"{self.status} has no framing: {self.head!r}")
            return
        if method == "HEAD" or self.status == 304:
            return
        if length is None and coding is None:
            if not until_close:
                raise Failed(f"no framing: {self.head!r}")
            self.body = self.framed = peer.read_to_end()
        elif coding is not None:
            self._read_chunks(peer, skips_body)
        elif skips_body:
            self._skip(peer, int(length), skips_body)
        else:
            self.body = self.framed = peer.take(int(length))

    def _skip(self, peer, count, sink):
        while count:
            piece = peer.take_some(count)
            sink(piece)
            count -= len(piece)

    def _read_chunks(self, peer, skips_body):
        body, framed = [], []
        while True:
            line = peer.take_until(b"\r\n", 64)
            if not re.fullmatch(rb"(0|[1-9a-fA-F][0-9a-fA-F]{0,15})\r\n", line):
                raise Failed(f"not a chunk size: {line!r}")
            count = int(line, 16)
            if skips_body:
                self._skip(peer, count, skips_body)
            else:
                data = peer.take(count)
                body.append(data)
                framed += [line, data, b"\r\n"]
            if peer.take(2) != b"\r\n":
                raise Failed("a chunk does not end in CRLF")
            if count == 0:
                break
        self.body, self.framed = b"".join(body), b"".join(framed)


# ---- Programs of the tests ----


def run_tool(*command, deadline=60, input=None):
    """Run a client program to its end; returns (status, output with errors)."""
    done = subprocess.run(
        [str(c) for c in command],
        input=input,
        stdin=None if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=deadline,
        env=clean_environment(),
    )
    return done.returncode, done.stdout.decode(errors="replace")


def compile_c(output, *arguments):
    """Build a C program of the tests, warnings being errors. Returns its path."""
    path = os.path.join(settings["work"], output)
    warnings = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    status, said = run_tool(
        settings["clang"], *warnings, "-O1", "-g", "-o", path, *arguments, deadline=300
    )
    if status != 0:
        raise Failed(f"does not compile: {said}")
    return path


def core_sources():
    """The core's source files, as a C user would compile them."""
    top = os.path.join(ROOT, "Sources", "CVanillaIO")
    found = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(top)
        for name in names
        if name.endswith(".c") and not name.endswith(".c.h")
    ]
    return sorted(found)


def build_c_server():
    """The server of c_server.c: one in C, compiled as a C user would."""
    path = os.path.join(settings["work"], "c_server")
    if os.path.exists(path):
        return path
    include = "-I" + os.path.join(ROOT, "Sources", "CVanillaIO", "include")
    # Where Homebrew and FreeBSD have the header of libxxhash.
    places = [f"-isystem{place}/include" for place in ("/opt/homebrew", "/usr/local")]
    source = os.path.join(HERE, "c_server.c")
    libraries = ["-lpthread"] + (["-luring"] if os.uname().sysname == "Linux" else [])
    if HAS_KQUEUE_MODEL:
        model = os.path.join(ROOT, "Tests", "KqueueModel")
        include = ["-DVN_KQUEUE_MODEL", "-I" + os.path.join(model, "include"), include]
        libraries.append(os.path.join(model, "kqueue_model.c"))
    else:
        include = [include]
    return compile_c("c_server", *include, *places, source, *core_sources(), *libraries)


def wait_for(condition, what, deadline=DEADLINE):
    """Ask again and again until it holds. For what the kernel tells of another process, which has
    no event to wait for."""
    until = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > until:
            raise Failed(f"not in {deadline} s: {what}")
        select.select([], [], [], 0.005)


def is_refused(address):
    """Whether nobody accepts connections there."""
    try:
        Peer(address, 2).close()
        return False
    except OSError as error:
        return error.errno in (errno.ECONNREFUSED, errno.ENOENT)
