"""Real servers as backends: nginx, Node.js, Python, and Python speaking HTTP/1.0."""

import asyncio
import http.server
import json
import threading
from pathlib import Path

import websockets

from .deadline import until
from .messages import pattern
from .ports import free_port
from .process import Process

PAGE = b"<h1>A page of the legacy app</h1>\n"
PAGE_TAG = '"page"'
LONG = pattern(300_000)  # what /chunked answers
SCRIPTS = Path(__file__).parent

NGINX_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 100000;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    location = /page {{ default_type text/html; }}
    location = /chunked {{ ssi on; ssi_types application/octet-stream; }}
    location = /until-close {{
      ssi on; ssi_types application/octet-stream; chunked_transfer_encoding off;
      alias {folder}/files/chunked;
    }}
    location = /trailers {{
      ssi on; ssi_types application/octet-stream; add_trailer X-Trailer late;
      alias {folder}/files/chunked;
    }}
    location = /early {{ client_max_body_size 1; dav_methods PUT; }}
    location = /204 {{ return 204; }}
    location = /id {{ return 200 $arg_id; }}
    location /kept/ {{ dav_methods PUT DELETE; }}
  }}
  server {{
    listen 127.0.0.1:{proxy_protocol_port} proxy_protocol;
    set $from $proxy_protocol_addr:$proxy_protocol_port;
    set $to $proxy_protocol_server_addr:$proxy_protocol_server_port;
    location / {{ return 200 "$from $to"; }}
  }}
}}
"""


class Nginx:
    """nginx with static files in `files`, PUT below /kept/, and /id that answers its argument.

    At proxy_protocol_address each connection must begin with a PROXY header; the answer tells what
    nginx took from it.
    """

    name = "nginx"
    echoes = False  # it has no way to answer a body; PUT and GET do the same in two steps

    def __init__(self, folder):
        self.files = folder / "files"
        (self.files / "kept").mkdir(parents=True)
        (self.files / "page").write_bytes(PAGE)
        (self.files / "chunked").write_bytes(LONG)
        config = folder / "nginx.conf"
        for _ in range(5):
            self.port, proxy_protocol_port = free_port(), free_port()
            config.write_text(NGINX_CONFIG.format(
                folder=folder, port=self.port, proxy_protocol_port=proxy_protocol_port
            ))  # fmt: skip
            self.process = Process("nginx", ["/usr/sbin/nginx", "-p", folder, "-c", config], folder)
            pid = folder / "nginx.pid"
            until(lambda: not self.process.running or written(pid), "nginx starts")
            if self.process.running:
                break
            self.process.forget()
        self.address = f"127.0.0.1:{self.port}"
        self.proxy_protocol_address = f"127.0.0.1:{proxy_protocol_port}"

    def close(self):
        self.process.end()
        self.process.forget()


def written(path):
    return path.exists() and path.read_text().strip()


class Node:
    """Node.js: support/node_backend.js, which lists what it serves."""

    name = "node"
    echoes = True

    def __init__(self, folder):
        self.process = Process("node", ["node", SCRIPTS / "node_backend.js"], folder)
        line = until(lambda: self.process.stdout.partition(b"\n")[0], "Node.js listens")
        self.port = json.loads(line)["port"]
        self.address = f"127.0.0.1:{self.port}"

    def close(self):
        self.process.end()
        self.process.forget()


class Handler(http.server.BaseHTTPRequestHandler):
    """The same small site as the others'; HTTP/1.1 with lengths and chunks."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/page" and self.headers.get("If-None-Match") == PAGE_TAG:
            self.answer(304, None)
        elif self.path == "/page":
            self.answer(200, PAGE)
        elif self.path == "/chunked":
            self.answer_in_chunks(LONG)
        elif self.path == "/until-close":
            self.answer_until_close(LONG)
        elif self.path == "/trailers":
            self.answer_in_chunks(LONG, trailer=b"X-Trailer: late\r\n")
        elif self.path == "/hints":
            self.send_response_only(103)
            self.send_header("Link", "</style.css>; rel=preload; as=style")
            self.end_headers()
            self.answer(200, PAGE)
        elif self.path == "/204":
            self.answer(204, None)
        else:
            self.answer(404, b"no such page\n")

    do_HEAD = do_GET

    def handle_expect_100(self):
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def do_POST(self):
        if self.path == "/early":
            self.close_connection = True
            self.answer(413, b"too much\n")
        else:
            self.answer(200, self.body())

    do_PUT = do_POST

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = bytearray()
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        trailer = self.rfile.readline()
        return bytes(body) + trailer.rstrip(b"\r\n")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("ETag", PAGE_TAG)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def answer_until_close(self, body):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_in_chunks(self, body, size=7001, trailer=b""):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        for at in range(0, len(body), size):
            part = body[at : at + size]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n" + trailer + b"\r\n")


class OldHandler(Handler):
    """HTTP/1.0: no lengths, no chunks; the end of the connection is the end of the body."""

    protocol_version = "HTTP/1.0"

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("ETag", PAGE_TAG)
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def answer_in_chunks(self, body, size=0, trailer=b""):
        self.answer(200, body)

    def answer_until_close(self, body):
        self.answer(200, body)


class Python:
    """Python's own http.server, a thread for each connection."""

    name = "python"
    echoes = True
    handler = Handler

    def __init__(self, _folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class OldPython(Python):
    """The same in HTTP/1.0, every body delimited by the end of the connection."""

    name = "http1.0"
    handler = OldHandler


class PythonWebSocket:
    """An echo by Python's websockets, in a loop and thread of its own."""

    name = "python"

    def __init__(self, _folder):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._call(self._serve())
        self.port = self.server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    async def _serve(self):
        return await websockets.serve(
            self._echo, "127.0.0.1", 0, max_size=None, compression=None, ping_interval=None
        )

    @staticmethod
    async def _echo(socket):
        async for message in socket:
            await socket.send(message)

    async def _stop(self):
        self.server.close()
        await self.server.wait_closed()

    def close(self):
        self._call(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()
