# SPDX-License-Identifier: MIT
"""What HTTPS costs beside others: scripts/bench tls.

CPU time per request and per handshake, and memory per idle connection, of one worker of this server, of a bare
program on epoll and OpenSSL that parses nothing (ceiling/tls_echo.c), and of nginx and haproxy with one worker where
they are there; and how long an ordinary client waits beside handshakes that do not go on. All have one certificate, P-256, and prefer AES-128-GCM. Servers are on the first CPU, clients on others.
"""

import argparse
import os
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519:P-256; ssl_prefer_server_ciphers on;
        ssl_session_cache off; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384;
        location / {{ default_type text/plain; return 200 "Hello, World!"; }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 8192
    tune.ssl.cachesize 0
defaults
    mode http
    timeout client 60s
    timeout connect 5s
    timeout server 60s
frontend hello
    bind 127.0.0.1:{port} ssl crt {folder}/both.pem alpn http/1.1 ssl-min-ver TLSv1.2
    http-request return status 200 content-type text/plain string "Hello, World!"
"""
# 10 KB there and back, for those who have such a path.
ECHO = """
wrk.method = "POST"
wrk.path = "/echo"
wrk.body = string.rep("x", 10240)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Contestant:
    """A server that runs, and the process of it that serves."""

    def __init__(self, name, command, port, echoes=False):
        self.name, self.port, self.echoes = name, port, echoes
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            if time.monotonic() > until:
                sys.exit(f"{name} does not listen")
            select.select([], [], [], 0.05)
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children) as file:
            found = file.read().split()
        self.pid = int(found[0]) if found else self.process.pid

    def cpu(self):
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def memory(self):
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty:")) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def on_other_cpus(command):
    count = os.cpu_count()
    return ["taskset", "-c", f"1-{count - 1}" if count > 1 else "0", *command]


def per_request(server, seconds, *options):
    """Microseconds of CPU time of a small answer on a connection that stays, or of what a script asks for."""
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", *options, f"https://127.0.0.1:{server.port}/"]
    before = server.cpu()
    said = subprocess.run(on_other_cpus(command), capture_output=True, text=True, check=True).stdout
    requests = int(re.search(r"(\d+) requests in", said)[1])
    return (server.cpu() - before) / requests * 1e6


def per_handshake(server, seconds, *kind):
    """Microseconds of CPU time of a connection with a handshake, by openssl s_time."""
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{server.port}", *kind, "-time", str(seconds)]
    before = server.cpu()
    said = subprocess.run(on_other_cpus(command), capture_output=True, text=True).stdout
    connections = int(re.findall(r"(\d+) connections in \d+ real seconds", said)[-1])
    return (server.cpu() - before) / connections * 1e6


def latency(server, seconds, stalled):
    """Milliseconds in which 99 of 100 small answers came, beside so many handshakes that do not go on."""
    begun = bytes([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])
    others = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(stalled)]
    for other in others:
        other.sendall(begun)
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", f"https://127.0.0.1:{server.port}/"]
    said = subprocess.run(on_other_cpus(command), capture_output=True, text=True, check=True).stdout
    for other in others:
        other.close()
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def per_idle(server, count):
    """Bytes of memory of a connection that has asked once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def ask():
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.recv(4096)
        return connection

    # As many before: what a server has in store for its first clients is not what one more of them costs.
    first = [ask() for _ in range(count)]
    before = server.memory()
    more = [ask() for _ in range(count)]
    grown = server.memory() - before
    for connection in first + more:
        connection.close()
    return grown / count


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
         "-subj", "/CN=localhost", "-out", f"{folder}/chain.pem", "-keyout", f"{folder}/key.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(f"{folder}/both.pem", "w") as both:
        for name in ("chain", "key"):
            with open(f"{folder}/{name}.pem") as part:
                both.write(part.read())
    with open(f"{folder}/echo.lua", "w") as file:
        file.write(ECHO)
    return f"{folder}/chain.pem", f"{folder}/key.pem"


def contestants(options, folder):
    chain, key = make_certificate(folder)
    for backend in options.backend:
        port = free_port()
        yield Contestant(
            f"vanilla, {backend}",
            [os.path.join(options.bin, "arena"), "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             "--backend", backend, "--tls", "--tls-certificate", chain, "--tls-key", key],
            port, echoes=True,
        )  # fmt: skip
    port = free_port()
    yield Contestant("bare OpenSSL", [os.path.join(options.programs, "tls_echo"), str(port), chain, key], port)
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx:
        port = free_port()
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(folder=folder, port=port))
        yield Contestant("nginx", [nginx, "-c", f"{folder}/nginx.conf"], port)
    haproxy = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
    if haproxy:
        port = free_port()
        with open(f"{folder}/haproxy.conf", "w") as file:
            file.write(HAPROXY.format(folder=folder, port=port))
        yield Contestant("haproxy", [haproxy, "-db", "-f", f"{folder}/haproxy.conf"], port)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder of arena")
    parser.add_argument("--programs", required=True, help="folder of tls_echo")
    parser.add_argument("--backend", action="append", choices=("io_uring", "epoll"))
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--stalled", type=int, default=500, help="handshakes that do not go on")
    parser.add_argument("--idle", type=int, default=1000, help="connections")
    options = parser.parse_args()
    options.backend = options.backend or ["io_uring", "epoll"]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        servers = list(contestants(options, folder))
        try:
            measured = {server.name: [[], [], [], []] for server in servers}
            for _ in range(options.repeats):
                for server in servers:
                    rows = measured[server.name]
                    rows[0].append(per_request(server, options.seconds))
                    rows[1].append(per_handshake(server, options.seconds, "-new"))
                    # It reads no tickets of TLS 1.3, which come after the handshake.
                    rows[2].append(per_handshake(server, options.seconds, "-reuse", "-tls1_2"))
                    if server.echoes:
                        rows[3].append(per_request(server, options.seconds, "-s", f"{folder}/echo.lua"))
            print(
                "| server | GET /, µs of CPU | 10 KB echoed | full handshake | resumed handshake | p99 of a GET, ms "
                f"| the same beside {options.stalled} stalled handshakes | idle connection |"
            )
            print("| --- | --- | --- | --- | --- | --- | --- | --- |")
            for server in servers:
                request, full, resumed, echo = (statistics.median(row or [0]) for row in measured[server.name])
                idle = per_idle(server, options.idle)
                alone, beside = (latency(server, options.seconds, count) for count in (0, options.stalled))
                print(
                    f"| {server.name} | {request:.2f} | {f'{echo:.2f}' if echo else ''} | {full:.0f} | {resumed:.0f} "
                    f"| {alone:.2f} | {beside:.2f} | {idle / 1024:.1f} KiB |",
                    flush=True,
                )
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
