# SPDX-License-Identifier: MIT
"""What HTTPS costs beside others: scripts/bench tls.

CPU time per request and per handshake, and memory per idle connection, of one worker of this server, of a bare
program on epoll and OpenSSL that parses nothing (ceiling/tls_echo.c), and of nginx with one worker where it is
there. All have one certificate, P-256, and prefer AES-128-GCM. Servers are on the first CPU, clients on others.
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Contestant:
    """A server that runs, and the process of it that serves."""

    def __init__(self, name, command, port):
        self.name, self.port = name, port
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


def per_request(server, seconds):
    """Microseconds of CPU time of a small answer on a connection that stays."""
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", f"https://127.0.0.1:{server.port}/"]
    before = server.cpu()
    said = subprocess.run(on_other_cpus(command), capture_output=True, text=True, check=True).stdout
    requests = int(re.search(r"(\d+) requests in", said)[1])
    return (server.cpu() - before) / requests * 1e6


def per_handshake(server, seconds, kind):
    """Microseconds of CPU time of a connection with a handshake, by openssl s_time."""
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{server.port}", kind, "-time", str(seconds)]
    before = server.cpu()
    said = subprocess.run(on_other_cpus(command), capture_output=True, text=True).stdout
    connections = int(re.findall(r"(\d+) connections in \d+ real seconds", said)[-1])
    return (server.cpu() - before) / connections * 1e6


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
    return f"{folder}/chain.pem", f"{folder}/key.pem"


def contestants(options, folder):
    chain, key = make_certificate(folder)
    for backend in options.backend:
        port = free_port()
        yield Contestant(
            f"vanilla, {backend}",
            [os.path.join(options.bin, "arena"), "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             "--backend", backend, "--tls", "--tls-certificate", chain, "--tls-key", key],
            port,
        )  # fmt: skip
    port = free_port()
    yield Contestant("bare OpenSSL", [os.path.join(options.programs, "tls_echo"), str(port), chain, key], port)
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx:
        port = free_port()
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(folder=folder, port=port))
        yield Contestant("nginx", [nginx, "-c", f"{folder}/nginx.conf"], port)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder of arena")
    parser.add_argument("--programs", required=True, help="folder of tls_echo")
    parser.add_argument("--backend", action="append", choices=("io_uring", "epoll"))
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--idle", type=int, default=1000, help="connections")
    options = parser.parse_args()
    options.backend = options.backend or ["io_uring", "epoll"]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        servers = list(contestants(options, folder))
        try:
            measured = {server.name: [[], [], []] for server in servers}
            for _ in range(options.repeats):
                for server in servers:
                    rows = measured[server.name]
                    rows[0].append(per_request(server, options.seconds))
                    rows[1].append(per_handshake(server, options.seconds, "-new"))
                    rows[2].append(per_handshake(server, options.seconds, "-reuse"))
            print("| server | GET /, µs of CPU | full handshake | resumed handshake | idle connection |")
            print("| --- | --- | --- | --- | --- |")
            for server in servers:
                request, full, resumed = (statistics.median(row) for row in measured[server.name])
                idle = per_idle(server, options.idle)
                print(f"| {server.name} | {request:.2f} | {full:.0f} | {resumed:.0f} | {idle / 1024:.1f} KiB |", flush=True)
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
