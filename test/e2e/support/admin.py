"""Asks the admin interface of a proxy, as curl would."""

import http.client
import json
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .deadline import SECONDS


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        assert self.fields["content-type"] == "application/json", self.fields
        return json.loads(self.body)


def connect(address):
    """A socket to `unix:/path` or `host:port`."""
    if address.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX)
        place = address.removeprefix("unix:")
    else:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        place = (host, int(port))
    one.settimeout(SECONDS)
    try:
        one.connect(place)
    except OSError:
        one.close()
        raise
    return one


class Admin:
    def __init__(self, address):
        self.address = address

    def ask(self, method, target, fields=None, body=None, host="localhost"):
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(host)
        connection.sock = connect(self.address)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": host, **(fields or {})}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, target, **fields):
        return self.ask("GET", target, {name.replace("_", "-"): v for name, v in fields.items()})

    def post(self, target):
        return self.ask("POST", target, {"X-Requested-With": "test"}, b"")


class Folder:
    """A folder with a name short enough for a socket in it."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="sp-"))

    @property
    def address(self):
        return f"unix:{self.path}/admin.sock"

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
