# SPDX-License-Identifier: MIT
"""Behind nginx, as a user would set it up."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import harness
from harness import Failed, Peer, Server, on_each_backend, request, wait_for

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


class Nginx:
    """A proxy in front of a server, in the ways that `ways` names."""

    ways = ("plain", "kept", "unbuffered")

    def __init__(self, server):
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise unittest.SkipTest("there is no nginx")
        self.folder = tempfile.mkdtemp(dir=harness.settings["work"])
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(folder=self.folder, port=server.port))
        self.process = subprocess.Popen(
            [program, "-p", self.folder, "-c", path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: self.process.poll() is not None or self.listens(), "nginx listens")
        if self.process.poll() is not None:
            raise Failed(f"nginx ended: {self.log()}")

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
