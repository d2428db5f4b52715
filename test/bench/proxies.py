"""The proxies under test: how each is configured to do the same work, and started.

Every one gets one worker on one core, no access log, keep-alive to the backend, session tickets,
and two listeners with TLS: one with a P-256 certificate, one with RSA-2048.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ENTER = 'mkdir -p "$1$0"; mount --bind "$0" "$1$0"; cd /; root=$1; shift; exec chroot "$root" "$@"'
START_SECONDS = 60  # Caddy in a chroot takes its time


@dataclass(frozen=True)
class Ports:
    ecdsa: int
    rsa: int


@dataclass(frozen=True)
class Site:
    """What a proxy shall serve: files, the backend's port, and how many of what it has to know."""

    folder: Path
    origin: int
    ports: Ports
    names: int = 1
    routes: int = 1
    backends: int = 1
    workers: int = 1

    def pem(self, kind):
        return self.folder / f"{kind}.pem"

    def key(self, kind):
        return self.folder / f"{kind}.key"

    def both(self, kind):
        return self.folder / f"{kind}.both.pem"


def host(number):
    """The last one is what the load asks for, so that a search from the front is seen."""
    return f"name{number}.bench.example"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


# --- Configurations --------------------------------------------------------------------------


def sallyport_yaml(site):
    # The load asks for the path /1024 of the last name: all routes but one are not for it.
    routes = [f'  - {{host: {host(i)}, cluster: app}}' for i in range(site.names)]
    routes += [f'  - {{path: /route{i}/, cluster: app}}' for i in range(1, site.routes)]
    listeners = [
        f'  - address: 127.0.0.1:{port}\n    tls: {{certificates: [{{chain: {site.pem(kind)}, key: {site.key(kind)}}}]}}'
        for kind, port in (("ecdsa", site.ports.ecdsa), ("rsa", site.ports.rsa))
    ]
    backends = "".join(f"      - {{address: 127.0.0.1:{site.origin}}}\n" for _ in range(site.backends))
    return (
        "listeners:\n" + "\n".join(listeners) + "\nroutes:\n" + "\n".join(routes)
        + "\n  - {cluster: app}\nclusters:\n  app:\n    backends:\n" + backends
        + "    pool: {idle_max: 256}\n"
        + f"workers: {site.workers}\nlogging: {{access: \"off\"}}\n"
        + "limits: {connections: 9600, memory: 2GiB, body_size: 0}\n"
        + "timeouts: {keep_alive: 10m}\n"
    )  # fmt: skip


def nginx_conf(site):
    locations = "".join(
        f"location /route{i}/ {{ proxy_pass http://app; }}\n" for i in range(1, site.routes)
    )
    # One server with all names: a server each would load its certificate as often.
    names = " ".join(host(i) for i in range(site.names))
    servers = [
        f"server {{ listen 127.0.0.1:{port} ssl reuseport backlog=4096; server_name {names};\n"
        f"ssl_certificate {site.pem(kind)}; ssl_certificate_key {site.key(kind)};\n"
        f"{locations}location / {{ proxy_pass http://app; }} }}\n"
        for kind, port in (("ecdsa", site.ports.ecdsa), ("rsa", site.ports.rsa))
    ]
    upstream = "".join(f"server 127.0.0.1:{site.origin};\n" for _ in range(site.backends))
    return f"""
daemon off;
worker_processes {site.workers};
pid {site.folder}/nginx.pid;
error_log {site.folder}/nginx.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
access_log off;
server_names_hash_max_size 65536;
client_body_temp_path {site.folder}/nginx-body;
proxy_temp_path {site.folder}/nginx-proxy;
fastcgi_temp_path {site.folder}/nginx-fastcgi;
uwsgi_temp_path {site.folder}/nginx-uwsgi;
scgi_temp_path {site.folder}/nginx-scgi;
keepalive_timeout 600s;
keepalive_requests 100000000;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:tls:16m;
client_max_body_size 0;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_request_buffering off;
proxy_max_temp_file_size 0;
upstream app {{ {upstream} keepalive 256; keepalive_requests 100000000; }}
{"".join(servers)}
}}
"""


def haproxy_cfg(site):
    servers = "".join(
        f"    server origin{i} 127.0.0.1:{site.origin}\n" for i in range(site.backends)
    )
    names = site.folder / "haproxy.names"
    names.write_text("".join(f"{host(i)} app\n" for i in range(site.names)))
    paths = site.folder / "haproxy.paths"
    paths.write_text("".join(f"/route{i}/ app\n" for i in range(1, site.routes)))
    return f"""
global
    nbthread {site.workers}
    maxconn 9600
    ulimit-n 19900
    tune.ssl.default-dh-param 2048
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    timeout client 600s
    timeout server 600s
    timeout connect 5s
    timeout http-keep-alive 600s
    option http-keep-alive
    option forwardfor
    http-reuse always
frontend web
    bind 127.0.0.1:{site.ports.ecdsa} ssl crt {site.both("ecdsa")} backlog 4096
    bind 127.0.0.1:{site.ports.rsa} ssl crt {site.both("rsa")} backlog 4096
    use_backend %[path,map_beg({paths})] if {{ path,map_beg({paths}) -m found }}
    use_backend %[req.hdr(host),lower,map_str({names},app)]
backend app
    balance roundrobin
{servers}
"""


def hitch_conf(site):
    return f"""
frontend = {{ host = "127.0.0.1" port = "{site.ports.ecdsa}" pem-file = "{site.both("ecdsa")}" }}
frontend = {{ host = "127.0.0.1" port = "{site.ports.rsa}" pem-file = "{site.both("rsa")}" }}
backend = "[127.0.0.1]:{site.origin}"
workers = {site.workers}
backlog = 4096
user = "nobody"
daemon = off
quiet = on
tls-protos = TLSv1.2 TLSv1.3
"""


def caddyfile(site):
    parts = [
        "{\nadmin off\nauto_https off\npersist_config off\n"
        "servers {\nprotocols h1\n}\nlog {\noutput discard\n}\n}\n"
    ]
    for kind, port in (("ecdsa", site.ports.ecdsa), ("rsa", site.ports.rsa)):
        parts.append(
            f"https://*.bench.example:{port} {{\nbind 127.0.0.1\ntls {site.pem(kind)} {site.key(kind)}\n"
            f"reverse_proxy 127.0.0.1:{site.origin}\n}}\n"
        )
    return "".join(parts)


# --- Starting --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proxy:
    name: str  # as in the table
    program: str
    configure: object  # Site → text
    arguments: list  # with {file}
    version: list
    root: Path = None  # a folder with another Debian, run by chroot
    environment: dict = field(default_factory=dict)
    parses_http: bool = True
    many: bool = True  # can be configured with many names, routes, backends

    def command(self, folder, *arguments):
        """With a root: chrooted, the folder in its place there as long as the process lives."""
        inside = ["unshare", "--mount", "sh", "-ec", ENTER, folder, self.root] if self.root else []
        return [*map(str, inside), self.program, *arguments]

    def is_installed(self):
        if self.root:
            return (self.root / self.program.lstrip("/")).exists()
        return shutil.which(self.program) is not None

    def version_text(self):
        run = subprocess.run(
            self.command("/tmp", *self.version), capture_output=True, text=True, check=False
        )
        found = re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)
        return found[0] if found else "?"

    def start(self, site, core):
        file = site.folder / f"{self.program.split('/')[-1]}.conf"
        file.write_text(self.configure(site))
        log = (site.folder / f"{file.stem}.out").open("wb")
        process = subprocess.Popen(
            ["taskset", "--cpu-list", core,
             *self.command(site.folder,
                           *[a.format(file=file, folder=site.folder) for a in self.arguments])],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, **self.environment},
        )  # fmt: skip
        wait_for(site.ports.rsa, process, site.folder / f"{file.stem}.out")
        return process


def wait_for(port, process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)  # it is another program's start that is waited for
    raise SystemExit(f"bench: a proxy did not start:\n{log.read_text()[-2000:]}")


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def sallyport(program):
    return Proxy("Sallyport", str(program), sallyport_yaml, ["run", "-c", "{file}"], ["version"])


def peers(root=None):
    suffix = " (newest)" if root else ""
    return [
        Proxy(f"nginx{suffix}", "/usr/sbin/nginx", nginx_conf, ["-c", "{file}", "-p", "{folder}"],
              ["-v"], root),
        Proxy(f"HAProxy{suffix}", "/usr/sbin/haproxy", haproxy_cfg, ["-W", "-f", "{file}"], ["-v"],
              root),
        Proxy(f"Hitch{suffix}", "/usr/sbin/hitch", hitch_conf, ["--config={file}"], ["--version"],
              root, parses_http=False, many=False),
        Proxy(f"Caddy{suffix}", "/usr/bin/caddy", caddyfile,
              ["run", "--config", "{file}", "--adapter", "caddyfile"], ["version"], root,
              {"GOMAXPROCS": "1", "HOME": "/tmp", "XDG_DATA_HOME": "/tmp"}, many=False),
    ]  # fmt: skip
