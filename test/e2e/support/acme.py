"""Pebble, an ACME server for tests, with a DNS server that knows every name as 127.0.0.1."""

import json
import shutil
import ssl
import urllib.request

from .deadline import until
from .ports import free_port
from .process import Process

PROGRAMS = ("pebble", "pebble-challtestsrv", "certbot")
MISSING = [program for program in PROGRAMS if not shutil.which(program)]


class Pebble:
    def __init__(self, folder, certificate, root, http_port):
        """`certificate` is for its own HTTPS, `http_port` is where it asks for answers."""
        self.root = root
        dns, self.port, management = free_port(), free_port(), free_port()
        config = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(certificate.chain),
            "privateKey": str(certificate.key),
            "httpPort": http_port,
            "tlsPort": http_port,
        }
        path = folder / "pebble.json"
        path.write_text(json.dumps({"pebble": config}))
        self.names = Process(
            "names",
            ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-defaultIPv6", "",
             "-http01", "", "-https01", "", "-tlsalpn01", "",
             "-management", f"127.0.0.1:{free_port()}"],
            folder,
        )  # fmt: skip
        self.server = Process(
            "pebble",
            ["pebble", "-strict", "-config", path, "-dnsserver", f"127.0.0.1:{dns}"],
            folder,
            environment={"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
                         "PEBBLE_AUTHZREUSE": "0"},
        )  # fmt: skip
        until(lambda: self.get(self.port, "/dir"), "pebble answers")
        self.issuer = folder / "issuer.pem"
        self.issuer.write_bytes(self.get(management, "/roots/0"))

    @property
    def directory(self):
        return f"https://localhost:{self.port}/dir"

    def get(self, port, path):
        context = ssl.create_default_context(cafile=str(self.root))
        try:
            with urllib.request.urlopen(
                f"https://localhost:{port}{path}", context=context
            ) as answer:
                return answer.read()
        except OSError:
            return None

    def end(self):
        self.server.end()
        self.names.end()
        self.server.forget()
        self.names.forget()


class Certbot:
    """Asks for certificates, and renews them."""

    def __init__(self, folder, pebble, webroot):
        self.folder = folder
        self.pebble = pebble
        self.webroot = webroot
        self.runs = 0

    def run(self, *arguments):
        self.runs += 1
        process = Process(
            f"certbot{self.runs}",
            ["certbot", *arguments, "--non-interactive", "--server", self.pebble.directory,
             "--config-dir", self.folder / "config", "--work-dir", self.folder / "work",
             "--logs-dir", self.folder / "logs", "--no-random-sleep-on-renew"],
            self.folder,
            environment={"REQUESTS_CA_BUNDLE": str(self.pebble.root)},
        )  # fmt: skip
        status = process.wait(60)
        assert status == 0, process.stdout + process.stderr
        process.forget()

    def obtain(self, name):
        """The folder with the links, whose targets a renewal replaces."""
        self.run(
            "certonly", "--webroot", "-w", self.webroot, "-d", name, "--agree-tos",
            "--register-unsafely-without-email",
        )  # fmt: skip
        return self.folder / "config/live" / name

    def renew(self):
        self.run("renew", "--force-renewal")
