"""Programs that people use as clients: curl, openssl s_client, gnutls-cli, Node.js."""

import base64
import json
import re
import subprocess
from pathlib import Path

from .deadline import SECONDS
from .messages import HOST

SCRIPTS = Path(__file__).parent


def run(command, **options):
    options = {"capture_output": True, "timeout": SECONDS, "check": False, **options}
    return subprocess.run([str(word) for word in command], **options)


def curl_command(proxy, path="/", *arguments, name=HOST):
    return [
        "curl", "--silent", "--show-error", "--http1.1", "--noproxy", "*",
        "--cacert", proxy.authority.root, "--connect-to", f"{name}::127.0.0.1:{proxy.port}",
        *arguments, proxy.url(path, name),
    ]  # fmt: skip


def curl(proxy, path="/", *arguments, name=HOST, seconds=SECONDS, **options):
    """What curl wrote to stdout; it must succeed."""
    command = curl_command(proxy, path, *arguments, name=name)
    done = run(command, timeout=seconds, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def curl_status(proxy, path="/", *arguments, name=HOST):
    """The status alone."""
    flags = ["--output", "/dev/null", "-w", "%{http_code}"]
    return int(curl(proxy, path, *flags, *arguments, name=name))


def s_client(proxy, *arguments, request=None, name=HOST):
    """openssl s_client: its report and what the server sent. The request should ask for a close."""
    command = [
        "openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-servername", name,
        "-CAfile", proxy.authority.root, "-ign_eof", *arguments,
    ]  # fmt: skip
    done = run(command, input=request or closing_request(name))
    return (done.stdout + done.stderr).decode(errors="replace")


def closing_request(name=HOST, path="/"):
    return f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode()


def s_client_resumed(report):
    """Did s_client's report say that the session was an old one?"""
    kinds = re.findall(r"^(New|Reused), TLSv", report, re.MULTILINE)
    assert kinds, report
    return kinds[-1] == "Reused"


def gnutls_cli(proxy, *arguments, name=HOST, request=None):
    """gnutls-cli: its report and what the server sent."""
    command = [
        "gnutls-cli", "--port", proxy.port, "--x509cafile", proxy.authority.root,
        "--sni-hostname", name, "--verify-hostname", name, *arguments, "127.0.0.1",
    ]  # fmt: skip
    done = run(command, input=request or closing_request(name))
    return (done.stdout + done.stderr).decode(errors="replace")


def node(proxy, requests, connections=1, name=HOST, seconds=SECONDS, **versions):
    """Node.js asks for all of them over so many kept connections; the answers in order."""
    task = {
        "port": proxy.port,
        "ca": str(proxy.authority.root),
        "server_name": name,
        "connections": connections,
        "versions": versions,
        "requests": requests,
    }
    command = ["node", SCRIPTS / "node_client.js"]
    done = run(command, input=json.dumps(task).encode(), timeout=seconds)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answers = json.loads(done.stdout)
    for answer in answers:
        answer["body"] = base64.b64decode(answer["body"])
    return answers
