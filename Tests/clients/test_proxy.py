# SPDX-License-Identifier: MIT
"""Behind nginx and haproxy, as a user would set them up."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import harness
from harness import Failed, Peer, Server, on_each_backend, program, request, wait_for

CONFIGURATION = """
daemon off;
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream kept {{ server 127.0.0.1:{port}; keepalive 8; }}
    upstream pair {{
        server 127.0.0.1:{port} max_fails=0;
        server 127.0.0.1:{other} max_fails=0;
        keepalive 64;
    }}
    server {{
        listen unix:{folder}/pair.socket;
        location / {{
            proxy_pass http://pair;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
    server {{
        listen unix:{folder}/plain.socket;
        location / {{ proxy_pass http://127.0.0.1:{port}; }}
    }}
    server {{
        listen unix:{folder}/kept.socket;
        location / {{
            proxy_pass http://kept;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
    server {{
        listen unix:{folder}/unbuffered.socket;
        location / {{
            proxy_pass http://kept;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
        }}
    }}
}}
"""


HAPROXY = """
global
    maxconn 500
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch 1
frontend clients
    bind unix@{folder}/pair.socket
    default_backend servers
backend servers
    http-reuse always
    server one 127.0.0.1:{port}
    server other 127.0.0.1:{other}
"""


class Proxy:
    """A proxy in front of a server or two, in the ways that `ways` names."""

    def __init__(self, server, other=None):
        program = shutil.which(self.name, path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise unittest.SkipTest(f"there is no {self.name}")
        self.folder = tempfile.mkdtemp(dir=harness.settings["work"])
        path = os.path.join(self.folder, "configuration")
        ports = {"port": server.port, "other": (other or server).port}
        with open(path, "w") as file:
            file.write(self.configuration.format(folder=self.folder, **ports))
        with open(os.path.join(self.folder, "error.log"), "a") as log:
            self.process = subprocess.Popen(
                [program, *self.options(path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(lambda: self.process.poll() is not None or self.listens(), f"{self.name} listens")
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended: {self.log()}")

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.path.join(self.folder, f"{self.ways[-1]}.socket")) == 0

    def connect(self, way):
        return Peer(os.path.join(self.folder, f"{way}.socket"), 60)

    def log(self):
        try:
            with open(os.path.join(self.folder, "error.log")) as file:
                return file.read()[-2000:]
        except FileNotFoundError:
            return ""

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Nginx(Proxy):
    name = "nginx"
    ways = ("plain", "kept", "unbuffered")
    configuration = CONFIGURATION

    def options(self, path):
        return ["-p", self.folder, "-c", path]


class HAProxy(Proxy):
    name = "haproxy"
    ways = ("pair",)
    configuration = HAPROXY

    def options(self, path):
        return ["-db", "-f", path]


@on_each_backend
class BehindNginx(unittest.TestCase):
    # target, bytes of the body, the status of the refusal
    REFUSALS = [("/nowhere", 1_500_000, 404), ("/", 1_500_000, 405), ("/echo", 20_000_000, 413),
                ("/nowhere", 40_000_000, 404)]  # fmt: skip
    TIMES = 8

    def setUp(self):
        self.server = Server.start("arena", "--host", "127.0.0.1", backend=self.backend, workers=1)
        self.addCleanup(self.server.close)
        self.proxy = Nginx(self.server)
        self.addCleanup(self.proxy.close)

    def test_refusals_come_through(self):
        for way in self.proxy.ways:
            for target, count, status in self.REFUSALS:
                with self.subTest(f"{way} {target} {count}"):
                    for _ in range(self.TIMES):
                        with self.proxy.connect(way) as peer:
                            peer.send_until_refused([request(target, method="POST", body=bytes(count))])
                            self.assertEqual(peer.read_response("POST").status, status, self.proxy.log())


class Caller(threading.Thread):
    """A client that posts all the time, over one connection while it may."""

    def __init__(self, proxy):
        super().__init__()
        self.proxy = proxy
        self.statuses = {}
        self.ends = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.ends.is_set():
                with self.proxy.connect("pair") as peer:
                    while not self.ends.is_set():
                        peer.extend(60)
                        peer.send(request("/echo", method="POST", body=b"x" * 100))
                        response = peer.read_response("POST")
                        self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
                        if response.says_close:
                            break
        except (Failed, OSError) as failure:
            self.failure = failure


@on_each_backend
class RestartsBehindAProxy(unittest.TestCase):
    """Two servers are restarted in turn, while the proxy in front of them has requests for them all
    the time, which it may not send twice."""

    CALLERS = 32
    RESTARTS = 6

    def start(self, port=0):
        server = Server([program("arena"), "--host", "127.0.0.1", "--port", str(port),
                         "--backend", self.backend, "--workers", "2"])  # fmt: skip
        self.addCleanup(server.close)
        return server

    def restart_in_turn(self, kind):
        servers = [self.start(), self.start()]
        proxy = kind(*servers)
        self.addCleanup(proxy.close)
        callers = [Caller(proxy) for _ in range(self.CALLERS)]
        for caller in callers:
            caller.start()

        def answered():
            return sum(caller.statuses.get(200, 0) for caller in callers)

        try:
            for number in range(self.RESTARTS):
                until = answered() + 20 * self.CALLERS
                wait_for(lambda: answered() >= until, "the clients are served")
                which = number % 2
                port = servers[which].port
                self.assertEqual(servers[which].stop(60), 0)
                servers[which].close()
                servers[which] = self.start(port)
        finally:
            for caller in callers:
                caller.ends.set()
            for caller in callers:
                caller.join()
        self.assertEqual([caller.failure for caller in callers if caller.failure], [])
        statuses = {status for caller in callers for status in caller.statuses}
        self.assertEqual(statuses, {200}, [caller.statuses for caller in callers])

    def test_loses_no_request_behind_nginx(self):
        self.restart_in_turn(Nginx)

    def test_loses_no_request_behind_haproxy(self):
        self.restart_in_turn(HAProxy)
