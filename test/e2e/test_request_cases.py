"""Every request case of test/cases through the proxy: what reaches a backend, and how often.

Each case has a client address of its own, 127.x.y.1, so that a backend's X-Forwarded-For tells
whose request it saw, on whatever connection.
"""

import errno
import re
import socket
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.canonical import Request
from support.case_backends import CountingNginx, CountingNode, CountingPython
from support.case_limits import LIMITS
from support.configuration import cluster, plain_listener, site
from support.recorder import answer_all

sys.path.insert(0, str(Path(__file__).parents[1] / "cases"))
import cases as case_files  # noqa: E402  pylint: disable=wrong-import-position

CLUSTER = "app"
NOT_OF_A_LISTENER = {"obs_fold", "missing_reason"}
# By the client's address.
CASES = {
    f"127.{1 + index // 250}.{1 + index % 250}.1": case
    for index, case in enumerate(case_files.read("request"))
    if not case.limits and not NOT_OF_A_LISTENER & set(case.rules["tolerate"])
}
REQUEST_ID = re.compile(rb"\r\nX-Request-Id: [0-9A-Za-z-]+\r\n")


def rules_of(case):
    return tuple(case.rules["tolerate"]), tuple(case.rules["refuse"])


@dataclass
class Message:
    """A request of a case, as its events tell."""

    method: str
    target: str
    payload: bytes = b""
    end: str = ""  # "end", "handshake", or "": it was not read to its end

    @property
    def is_whole(self):
        return self.end == "end"


def messages_of(case):
    messages = []
    for line in case.expected:
        word, _, rest = line.partition(" ")
        if word == "request":
            method, target, _ = rest.split(" ")
            messages.append(Message(method, case_files.unescape(target).decode("latin-1")))
        elif word == "payload":
            messages[-1].payload = case_files.unescape(rest)
        elif word in ("end", "handshake"):
            messages[-1].end = word
    return messages


def heads_of(case):
    """Each message with its head, taken from the case's bytes where the one before has ended."""
    rest = case.data
    for message in messages_of(case):
        rest = rest.lstrip(b"\r\n")
        is_bare = not rest.partition(b"\n")[0].endswith(b"\r")
        head, _, rest = rest.partition(b"\n\n" if is_bare else b"\r\n\r\n")
        request = Request(head.decode("latin-1"))
        yield message, request
        rest = after_chunks(rest) if request.is_chunked else rest[len(message.payload) :]


def after_chunks(rest):
    """What follows a chunked body; nothing if it has no end."""
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(re.match(rb"[0-9A-Fa-f]*", line)[0] or b"0", 16)
        if not line or not rest:
            return b""
        if size == 0:
            break
        rest = rest[size + 2 :]
    while line:  # trailers, and the empty line
        line, _, rest = rest.partition(b"\r\n")
    return rest


def start(start_proxy, backend):
    """A proxy with a listener for each combination of rules; the port of each."""
    rules = sorted({rules_of(case) for case in CASES.values()})
    listeners = [
        plain_listener(http={"tolerate": list(tolerate), "refuse_targets": list(refuse)})
        for tolerate, refuse in rules
    ]
    proxy = start_proxy(site(listeners, {CLUSTER: cluster(backend)}, limits=LIMITS))
    return dict(zip(rules, proxy.ports))


def ask(port, client, data):
    """All the bytes, then FIN; everything that comes back."""
    with socket.socket() as tcp:
        tcp.settimeout(20)
        tcp.bind((client, 0))
        tcp.connect(("127.0.0.1", port))
        answer = b""
        try:
            tcp.sendall(data)
            tcp.shutdown(socket.SHUT_WR)
            while part := tcp.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError, OSError) as error:
            assert error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN), error
        return answer


# --- the raw backend


def reaches(message, request):
    """The backend gets it whole: a handshake only if it is one."""
    is_handshake = request.values("sec-websocket-key") and request.values("sec-websocket-version")
    return message.is_whole or bool(message.end and is_handshake)


def wire_size(asked):
    """Bytes of a request as it came."""
    framing = sum(len(f"{size:x}") + 4 for size in asked.chunk_sizes)
    last = len(b"0\r\n\r\n") if asked.framing == "chunked" else 0
    return len(asked.head) + len(asked.body) + framing + last


def leftovers(backend):
    """Of each connection, what is not a whole request: only one that has been cut."""
    for connection in backend.connections:
        rest = bytes(connection.received)[sum(map(wire_size, connection.requests)) :]
        if rest:
            yield rest


def complaints(client, case, answer, reached):
    """What is wrong about a case, in words."""
    wanted = [(m, r) for m, r in heads_of(case) if reaches(m, r)]
    if len(reached) != len(wanted):
        yield f"{case}: {len(reached)} requests reached the backend, not {len(wanted)}"
        return
    for asked, (message, request) in zip(reached, wanted):
        head = REQUEST_ID.sub(b"\r\nX-Request-Id: *\r\n", asked.head).decode("latin-1")
        canonical = request.forwarded(client, "http", CLUSTER)
        if head != canonical:
            yield f"{case}:\n{head!r} came, not\n{canonical!r}"
        if asked.body != message.payload:
            yield f"{case}: the body {asked.body!r} came"
    if answer.count(b"HTTP/1.1 200 Fine\r\n") != len(wanted):
        yield f"{case}: answered {answer!r}"
    is_head = case.data.lstrip(b"\r\n").startswith(b"HEAD ")
    if case.refused and not is_head and f"<p>{case.refused}:".encode() not in answer:
        yield f"{case}: refused with {answer!r}"


def test_what_reaches_a_backend_is_canonical(start_proxy, recorder):
    """Byte by byte in our own form; and of what is refused, not one byte."""
    backend = recorder(answer_all)
    ports = start(start_proxy, backend)
    answers = {one: ask(ports[rules_of(case)], one, case.data) for one, case in CASES.items()}
    reached = {}
    for asked in backend.requests:
        reached.setdefault(asked.value("X-Forwarded-For"), []).append(asked)
    failures = [
        complaint
        for client, case in CASES.items()
        for complaint in complaints(client, case, answers[client], reached.get(client, []))
    ]
    # What has come in one piece is judged before any of it goes on: only what has no end is cut.
    cut = {one for one, case in CASES.items() if case.expected[-1] == "incomplete"}
    for rest in leftovers(backend):
        client = re.search(rb"\r\nX-Forwarded-For: ([0-9.]+)\r\n", rest)
        if not client or client[1].decode() not in cut:
            failures.append(f"nobody asked for {rest!r}")
    assert not failures, "\n".join(failures)


def test_there_are_enough_cases():
    assert len(CASES) >= 400
    assert sum(case.refused is not None for case in CASES.values()) >= 250


# --- real servers


@pytest.mark.parametrize("kind", [CountingNginx, CountingNode, CountingPython])
def test_a_real_server_sees_as_many_requests(start_proxy, tmp_path, kind):
    """nginx, Node.js and Python read as many requests as we did, the same ones, in order.

    One that a server refuses in its first line counts as well, though it does not know whose it is.
    """
    backend = kind(tmp_path)
    ports = start(start_proxy, backend)
    asked = {
        client: case for client, case in CASES.items()
        if not any(message.end == "handshake" for message in messages_of(case))
    }  # fmt: skip
    for client, case in asked.items():
        ask(ports[rules_of(case)], client, case.data)
    seen = backend.finish()
    failures = []
    missing = Counter()
    for client, case in asked.items():
        messages = [(m.is_whole, (r.method, r.path)) for m, r in heads_of(case)]
        whole = [what for is_whole, what in messages if is_whole]
        got = [(one.method, one.target) for one in seen if one.client == client]
        cut = [what for is_whole, what in messages if not is_whole]
        if got not in (whole, whole + cut):
            left = list(whole)
            for what in got:
                if what not in left:
                    failures.append(f"{case}: it saw {what}")
                else:
                    left.remove(what)
            missing.update(left)
    nobodys = Counter((one.method, one.target) for one in seen if one.client not in asked)
    assert not failures, "\n".join(failures)
    assert nobodys == missing, f"not ours: {nobodys - missing}; not seen: {missing - nobodys}"
