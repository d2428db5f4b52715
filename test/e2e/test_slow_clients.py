"""limits.rate_min and timeouts.rate_grace: who is slow on purpose is let go of, and nobody else."""

import select
import threading
import time

import pytest

from support.configuration import cluster, plain_listener, site
from support.deadline import SECONDS
from support.messages import pattern, request, response
from support.recorder import answer_all

GRACE = 0.4  # seconds
RATE = 5000  # bytes per second
EXPECT = ("Expect", "100-continue")


@pytest.fixture
def start(start_proxy, recorder):
    def start(script=answer_all, **timeouts):
        backend = recorder(script)
        timeouts = {"rate_grace": f"{int(GRACE * 1000)}ms", **timeouts}
        whole = site(
            [plain_listener()],
            {"app": cluster(backend)},
            limits={"rate_min": f"{RATE}B"},
            timeouts=timeouts,
        )
        return start_proxy(whole), backend

    return start


def pause(seconds):
    """A pace is what these tests are about: it takes time."""
    select.select([], [], [], seconds)


def speaks(client, seconds):
    """Waits so long at most, for an answer."""
    return bool(select.select([client.tcp], [], [], seconds)[0])


def test_a_byte_now_and_then_does_not_hold_a_connection(start):
    """Slow body: each byte comes long before client_idle, and yet the request ends with 408."""
    proxy, _ = start(client_idle="60s")
    with proxy.connect_plain() as client:
        client.send(request("/slow", ("Content-Length", "100000"), method="POST"))
        end = time.monotonic() + SECONDS
        while not speaks(client, GRACE / 10):
            assert time.monotonic() < end, "it is never let go of"
            client.send(b"x")
        answer = client.response()
        assert answer.status == 408 and answer.closes
        assert b"client_too_slow" in answer.body
    line = proxy.exchange(path="/slow")
    assert (line["reason"], line["side"]) == ("client_too_slow", "client")


def test_a_slow_reader_is_let_go_of(start):
    """It takes a few bytes at a time; the rest of the answer is not kept for it."""
    body = pattern(8 << 20)

    def answer(connection):
        connection.request()
        connection.send(response(200, body))

    proxy, _ = start(answer, client_idle="60s")
    with proxy.connect_plain(receive_buffer=4096) as client:
        client.send(request("/slow"))
        end = time.monotonic() + SECONDS
        got = 0
        while not proxy.exchanges(path="/slow"):
            assert time.monotonic() < end, "it is never let go of"
            pause(GRACE / 10)
            got += len(client.tcp.recv(16))
        assert got < len(body) / 100
        line = proxy.exchange(path="/slow")
        assert line["reason"] == "client_too_slow"
        assert line["response_bytes"] < len(body)


def test_slow_but_fast_enough(start):
    """At several times the least rate it may take several times the grace."""
    proxy, _ = start()
    with proxy.connect_plain() as client:
        portion = b"x" * int(RATE * GRACE)
        count = 12
        client.send(request("/", ("Content-Length", str(count * len(portion))), method="POST"))
        for _ in range(count):
            assert not speaks(client, GRACE / 3)
            client.send(portion)
        assert client.response().status == 200


def test_an_answer_that_has_nothing_to_say(start):
    """Long polling and server-sent events: the silence is the backend's, not the client's."""

    def events(connection):
        connection.request()
        for part in (response(200, None, ("Transfer-Encoding", "chunked")), b"1\r\na\r\n"):
            connection.send(part)
            pause(3 * GRACE)
        connection.send(b"1\r\nb\r\n0\r\n\r\n")

    proxy, _ = start(events)
    with proxy.connect_plain() as client:
        pause(GRACE / 2)
        assert client.ask(request("/")).body == b"ab"


def test_a_backend_that_does_not_read(start):
    """The client could send more, but nobody takes it: not its fault."""
    body = pattern(8 << 20)

    def read_late(connection):
        asked = connection.head()
        pause(4 * GRACE)
        connection.reader.read_body(asked)
        connection.send(response(200, b"late"))

    proxy, backend = start(read_late)
    with proxy.connect_plain() as client:
        sender = threading.Thread(target=client.send, args=(request("/", method="PUT", body=body),))
        sender.start()
        assert client.response().body == b"late"
        sender.join(SECONDS)
    assert backend.requests[0].body == body


def test_a_client_that_waits_for_continue(start):
    """Until it is told to go on, it is the backend's turn (RFC 9110 §10.1.1)."""

    def late_continue(connection):
        asked = connection.head()
        pause(3 * GRACE)
        connection.send(response(100, None))
        connection.reader.read_body(asked)
        connection.send(response(200, asked.body))

    proxy, _ = start(late_continue)
    with proxy.connect_plain() as client:
        client.send(request("/", EXPECT, ("Content-Length", "4"), method="POST"))
        assert client.reader.head().status == 100
        client.send(b"body")
        assert client.response().body == b"body"


def test_an_idle_connection_is_not_slow(start):
    """Between two requests there is nothing to be fast with."""
    proxy, _ = start()
    with proxy.connect_plain() as client:
        assert client.ask(request("/")).status == 200
        assert not speaks(client, 3 * GRACE)
        assert client.ask(request("/")).status == 200


def test_a_tunnel_may_be_silent(start):
    """timeouts.tunnel_idle is for those."""

    def echo(connection):
        asked = connection.head()
        assert asked.value("Sec-WebSocket-Key") == "dGhlIHNhbXBsZSBub25jZQ=="
        connection.send(
            b"HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        connection.send(connection.reader.take(4))

    proxy, _ = start(echo)
    with proxy.connect_plain() as client:
        upgrade = (("Upgrade", "websocket"), ("Connection", "Upgrade"))
        key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        answer = client.ask(request("/", *upgrade, key, ("Sec-WebSocket-Version", "13")))
        assert answer.status == 101
        assert not speaks(client, 3 * GRACE)
        client.send(b"ping")
        assert client.reader.take(4) == b"ping"
