"""WebSocket: the handshake judged on both sides (RFC 6455 §4), then a tunnel."""

import asyncio
import base64
import hashlib
import threading

import pytest
import websockets

from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import HOST, pattern, request, response
from support.recorder import answer_all

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Version", "13"),
]
MIB = 1 << 20


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def switching(*fields, accept=accept_of(KEY)):
    return response(
        101, None, ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept), *fields,
    )  # fmt: skip


def changed(**changes):
    """The handshake with some fields changed, or taken out by None."""
    fields = {name.replace("-", "_"): (name, value) for name, value in HANDSHAKE}
    for name, value in changes.items():
        fields[name] = (name.replace("_", "-"), value)
    return [(name, value) for name, value in fields.values() if value is not None]


# --- Real servers and clients


@pytest.fixture(params=["python_websocket", "node"])
def real_backend(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def real_proxy(start_proxy, certificate, real_backend):
    return start_proxy(site([tls_listener(certificate)], {"app": cluster(real_backend)}))


def connected(proxy, conversation):
    """Runs conversation(socket) over Python's websockets."""

    async def run():
        async with websockets.connect(
            f"wss://{HOST}:{proxy.port}/", host="127.0.0.1", port=proxy.port,
            ssl=trusting(proxy.authority), server_hostname=HOST,
            max_size=None, compression=None, ping_interval=None,
        ) as socket:  # fmt: skip
            return await asyncio.wait_for(conversation(socket), 60)

    return asyncio.run(run())


def test_text_and_binary(real_proxy):
    """Messages of every kind and length form come back as they went (RFC 6455 §5.2)."""

    async def talk(socket):
        for message in ("", "text", "é \U0001f680", b"", b"\0\xff", pattern(126), pattern(65536)):
            await socket.send(message)
            assert await socket.recv() == message

    connected(real_proxy, talk)
    assert real_proxy.exchange(path="/")["status"] == 101


def test_sixteen_mebibytes_in_fragments(real_proxy):
    """One message of 256 fragments (RFC 6455 §5.4), all of it back."""
    message = pattern(16 * MIB)

    async def talk(socket):
        parts = (message[at : at + 65536] for at in range(0, len(message), 65536))
        await socket.send(parts)
        received = bytearray()
        while len(received) < len(message):  # Node.js echoes fragment by fragment
            received += await socket.recv()
        return hashlib.sha256(received).digest()

    assert connected(real_proxy, talk) == hashlib.sha256(message).digest()


def test_many_at_once(real_proxy):
    async def one(number):
        async with websockets.connect(
            f"wss://{HOST}:{real_proxy.port}/", host="127.0.0.1", port=real_proxy.port,
            ssl=trusting(real_proxy.authority), server_hostname=HOST, compression=None,
        ) as socket:  # fmt: skip
            for turn in range(20):
                await socket.send(f"{number}/{turn}")
                assert await socket.recv() == f"{number}/{turn}"

    async def run():
        await asyncio.gather(*(one(number) for number in range(20)))

    asyncio.run(run())


# --- The handshake, byte by byte


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=answer_all, **sections):
        backend = recorder(script)
        whole = site([tls_listener(certificate)], {"app": cluster(backend)}, **sections)
        return start_proxy(whole), backend

    return start


def echo_tunnel(connection):
    connection.request()
    connection.send(switching())
    while plain := connection.receive():
        connection.send(plain)


def test_the_handshake_is_passed_on(start):
    """With its key and its extensions; the hop-by-hop fields are those of the new hop."""
    proxy, backend = start(echo_tunnel)
    extra = [("Sec-WebSocket-Protocol", "chat"), ("Sec-WebSocket-Extensions", "x")]
    with proxy.connect() as client:
        answer = client.ask(request("/chat", *HANDSHAKE, *extra))
        assert answer.status == 101
        assert answer.value("Sec-WebSocket-Accept") == accept_of(KEY)
        assert answer.value("Upgrade").lower() == "websocket"
        assert answer.value("Connection").lower() == "upgrade"
        client.send(b"\x00any bytes\xff")
        assert client.reader.take(11) == b"\x00any bytes\xff"
    asked = backend.requests[0]
    assert asked.value("Upgrade").lower() == "websocket"
    assert asked.value("Connection").lower() == "upgrade"
    for name, value in [*HANDSHAKE[2:], *extra]:
        assert asked.value(name) == value


BAD_HANDSHAKES = {
    "no-key": (changed(Sec_WebSocket_Key=None), "upgrade_malformed"),
    "short-key": (changed(Sec_WebSocket_Key="c2hvcnQ="), "upgrade_malformed"),
    "key-not-base64": (changed(Sec_WebSocket_Key="!" * 22 + "=="), "upgrade_malformed"),
    "no-version": (changed(Sec_WebSocket_Version=None), "upgrade_malformed"),
}


@pytest.mark.parametrize("case", BAD_HANDSHAKES)
def test_a_bad_handshake_is_refused(start, case):
    """RFC 6455 §4.2.1."""
    fields, reason = BAD_HANDSHAKES[case]
    proxy, backend = start()
    answer = proxy.ask(request("/", *fields))
    assert answer.status == 400 and reason.encode() in answer.body
    assert backend.received == b""


def test_another_version_of_websocket_is_refused(start):
    """With the one that we serve, so that the client can try again (RFC 6455 §4.4)."""
    proxy, backend = start()
    answer = proxy.ask(request("/", *changed(Sec_WebSocket_Version="8")))
    assert answer.status == 426 and answer.value("Sec-WebSocket-Version") == "13"
    assert backend.received == b""


def test_a_handshake_is_a_get_without_a_body(start):
    """RFC 6455 §4.2.1; bytes behind it would be the tunnel's (RFC 9110 §7.8)."""
    proxy, backend = start()
    assert proxy.ask(request("/", *HANDSHAKE, method="POST")).status == 400
    assert proxy.ask(request("/", *HANDSHAKE, body=b"body")).status == 400
    assert backend.received == b""


@pytest.mark.parametrize(
    "fields",
    [changed(Connection=None), changed(Upgrade="h2c"), changed(Upgrade="websocket, h2c")],
    ids=["no-connection", "h2c", "two-protocols"],
)
def test_what_is_no_websocket_is_an_ordinary_request(start, fields):
    """Another upgrade is not ours to pass on (RFC 9110 §7.8): stripped, or refused."""
    proxy, backend = start()
    answer = proxy.ask(request("/", *fields))
    assert answer.status in (200, 400)
    assert all(asked.values("Upgrade") == [] for asked in backend.requests)


BAD_ANSWERS = {
    "wrong-accept": switching(accept=accept_of("other")),
    "no-accept": response(101, None, ("Upgrade", "websocket"), ("Connection", "Upgrade")),
    "two-accepts": switching(("Sec-WebSocket-Accept", accept_of(KEY))),
    "no-upgrade": response(
        101, None, ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept_of(KEY))
    ),
    "other-upgrade": response(
        101, None, ("Upgrade", "h2c"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_of(KEY)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_bad_answer_is_a_502(start, case):
    """No tunnel without a valid 101 (RFC 6455 §4.1)."""

    def answer_badly(connection):
        connection.request()
        connection.send(BAD_ANSWERS[case])
        connection.wait_end()

    proxy, backend = start(answer_badly)
    with proxy.connect() as client:
        client.send(request("/", *HANDSHAKE) + b"eager bytes")
        answer = client.response()
    assert answer.status == 502 and b"upgrade_malformed" in answer.body
    assert b"eager bytes" not in backend.received


def test_a_backend_may_decline(start):
    """Another status is an ordinary response, and what follows it an ordinary request."""

    def decline(connection):
        while True:
            connection.request()
            connection.send(response(403, b"no sockets here"))

    proxy, _ = start(decline)
    with proxy.connect() as client:
        answer = client.ask(request("/", *HANDSHAKE))
        assert (answer.status, answer.body) == (403, b"no sockets here")


def test_bytes_before_the_101_wait_for_it(start):
    """An eager client's frames reach the backend after the switch, and never before."""
    early, may_switch = [], threading.Event()

    def switch_late(connection):
        connection.request()
        assert may_switch.wait(20)
        early.append(bytes(connection.reader.buffer))
        connection.tcp.setblocking(False)
        try:
            early.append(connection.tcp.recv(100))
        except BlockingIOError:
            pass
        connection.tcp.setblocking(True)
        connection.send(switching())
        connection.send(connection.receive())

    proxy, _ = start(switch_late)
    with proxy.connect() as client:
        client.send(request("/", *HANDSHAKE) + b"eager")
        may_switch.set()
        assert client.response().status == 101
        assert client.reader.take(5) == b"eager"
    assert b"".join(early) == b""


def test_eager_bytes_are_never_a_request(start):
    """The backend declines: what the client sent for the tunnel is dropped with the connection."""

    def decline(connection):
        while True:
            connection.request()
            connection.send(response(403, b"no"))

    proxy, backend = start(decline)
    with proxy.connect() as client:
        client.send(request("/", *HANDSHAKE) + request("/smuggled"))
        assert client.response().status == 403
        client.wire_end()
    assert [asked.target for asked in backend.requests] == ["/"]


def test_a_backend_that_speaks_right_behind_its_101(start):
    """Head and first frames in one segment."""

    def speak_first(connection):
        connection.request()
        connection.send(switching() + b"hello")
        connection.wait_end()

    proxy, _ = start(speak_first)
    with proxy.connect() as client:
        assert client.ask(request("/", *HANDSHAKE)).status == 101
        assert client.reader.take(5) == b"hello"


def test_the_client_ends_its_half(start):
    """The backend sees the end and can still speak; the tunnel ends with the second half."""

    def answer_at_the_end(connection):
        connection.request()
        connection.send(switching())
        assert connection.wait_end() == "fin"
        connection.send(b"goodbye")
        connection.finish()

    proxy, _ = start(answer_at_the_end)
    with proxy.connect() as client:
        assert client.ask(request("/", *HANDSHAKE)).status == 101
        client.send(b"that was all")
        client.close_notify()
        assert client.reader.take(7) == b"goodbye"
        assert client.ends()
    assert proxy.exchange(path="/")["status"] == 101


def test_the_backend_ends_its_half(start):
    """The client sees the end and can still speak."""

    def end_first(connection):
        connection.request()
        connection.send(switching() + b"that was all")
        connection.finish()
        connection.wait_end()

    proxy, backend = start(end_first)
    with proxy.connect() as client:
        assert client.ask(request("/", *HANDSHAKE)).status == 101
        assert client.reader.take(12) == b"that was all"
        assert client.ends()
        client.send(b"goodbye")
        client.close_notify()
        client.finish()
        until(lambda: backend.received.endswith(b"goodbye"), "the backend hears the last word")


def test_an_idle_tunnel_is_ended(start):
    """tunnel_idle: both sides are told, and the log says why."""
    proxy, backend = start(echo_tunnel, timeouts={"tunnel_idle": "1s"})
    with proxy.connect() as client:
        assert client.ask(request("/idle", *HANDSHAKE)).status == 101
        assert client.ends()
    line = proxy.exchange(path="/idle")
    assert (line["status"], line["reason"]) == (101, "tunnel_idle_timeout")
    until(lambda: backend.connections[0].ended, "the backend is told, too")


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_client_that_vanishes_takes_the_tunnel_along(start, how):
    proxy, backend = start(echo_tunnel)
    client = proxy.connect()
    assert client.ask(request("/", *HANDSHAKE)).status == 101
    client.vanish(how)
    until(lambda: backend.connections[0].ended, "the backend is told")
    assert proxy.exchange(path="/")["status"] == 101
