"""Backends that count: which requests a real server has seen, and from which client of ours."""

import http.server
import json
import threading
from dataclasses import dataclass

from .deadline import until
from .ports import free_port
from .process import Process
from .servers import SCRIPTS, written

# The outer server reads a request to its end before it asks the inner one.
NGINX_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 512; }}
http {{
  log_format seen escape=json '{{"client": "$http_x_forwarded_for", "line": "$request",'
    ' "status": "$status"}}';
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 100000;
  ignore_invalid_headers off;
  server {{
    listen 127.0.0.1:{port};
    access_log {folder}/seen.log seen;
    location / {{ proxy_pass http://unix:{folder}/inner.sock; }}
  }}
  server {{
    listen unix:{folder}/inner.sock;
    access_log off;
    return 200;
  }}
}}
"""


@dataclass(frozen=True)
class Seen:
    """A request as a backend read it; client is None if it refused it before it knew."""

    client: str
    method: str
    target: str


class CountingNginx:
    name = "nginx"

    def __init__(self, folder):
        config = folder / "nginx.conf"
        self.log = folder / "seen.log"
        for _ in range(5):
            self.port = free_port()
            config.write_text(NGINX_CONFIG.format(folder=folder, port=self.port))
            self.process = Process("nginx", ["/usr/sbin/nginx", "-p", folder, "-c", config], folder)
            pid = folder / "nginx.pid"
            until(lambda: not self.process.running or written(pid), "nginx starts")
            if self.process.running:
                break
            self.process.forget()
        self.address = f"127.0.0.1:{self.port}"

    def finish(self):
        """All that it has seen."""
        self.process.end()
        self.process.forget()
        seen = []
        for line in self.log.read_bytes().decode("latin-1").splitlines():
            entry = json.loads(line)
            method, _, rest = entry["line"].partition(" ")
            client = entry["client"] or None
            # 499: the client, which is the proxy, went away before the request was whole.
            if entry["status"] != "499" and method:
                seen.append(Seen(client, method, rest.partition(" ")[0]))
        return seen


class CountingNode:
    name = "node"

    def __init__(self, folder):
        self.process = Process("node", ["node", SCRIPTS / "case_backend.js"], folder)
        line = until(lambda: self.process.stdout.partition(b"\n")[0], "Node.js listens")
        self.address = f"127.0.0.1:{json.loads(line)['port']}"

    def finish(self):
        self.process.end()
        self.process.forget()
        seen = []
        for line in self.process.stdout.splitlines()[1:]:
            entry = json.loads(line)
            if "refused" in entry:
                method, target = entry["refused"].split(" ", 2)[:2]
                seen.append(Seen(None, method, target))
            else:
                seen.append(Seen(entry["client"], entry["method"], entry["target"]))
        return seen


class CountingHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        if self.read_body():
            client = self.headers.get("X-Forwarded-For")
            # Its own path has lost one of two slashes in front.
            self.server.seen.append(Seen(client, *self.requestline.split(" ")[:2]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def read_body(self):
        """False if it ends too early."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            size = int(self.headers.get("Content-Length", "0"))
            return len(self.rfile.read(size)) == size
        while line := self.rfile.readline():
            size = int(line, 16)
            if len(self.rfile.read(size)) < size or not self.rfile.readline():
                return False
            if size == 0:
                return True
        self.close_connection = True
        return False

    def send_error(self, code, message=None, explain=None):
        words = self.requestline.split(" ")
        self.server.seen.append(Seen(None, *words[:2]))
        super().send_error(code, message, explain)


class CountingPython:
    name = "python"

    def __init__(self, _folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CountingHandler)
        self.server.daemon_threads = True
        self.server.seen = []
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def finish(self):
        self.server.shutdown()
        self.server.server_close()
        return list(self.server.seen)
