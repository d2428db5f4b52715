"""HTTP/1.0 on either side (RFC 9112 §9.3, §6.3, appendix C.2)."""

import threading

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import Ended, pattern, request, response
from support.connection import Truncated
from support.recorder import answer_all


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script):
        backend = recorder(script)
        return start_proxy(site([tls_listener(certificate)], {"app": cluster(backend)})), backend

    return start


def answer_until_close(body, how="fin"):
    def answer(connection):
        connection.request()
        connection.send(response(200, None, version="1.0") + body)
        connection.vanish(how)

    return answer


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_body_that_ends_with_its_connection(start, size):
    """The client gets it whole, in a framing of its own, and can go on."""
    body = pattern(size)
    proxy, backend = start(answer_until_close(body))
    with proxy.connect() as client:
        for _ in range(3):
            answer = client.ask(request("/"))
            assert answer.body == body and answer.start.startswith("HTTP/1.1 200")
            assert answer.framing in ("chunked", "length")
    assert len(backend.connections) == 3


def test_a_body_that_is_cut_is_not_made_whole(start):
    """A reset is no end: the client must see that something is missing (RFC 9112 §8)."""

    seen = threading.Event()

    def cut(connection):
        connection.request()
        connection.send(response(200, None, version="1.0") + b"only a part")
        assert seen.wait(20)
        connection.reset()

    proxy, _ = start(cut)
    with proxy.connect() as client:
        client.send(request("/"))
        message = client.reader.head()
        assert message.value("Transfer-Encoding") == "chunked"
        while b"only a part" not in client.reader.buffer:
            client.reader.fill()
        seen.set()
        with pytest.raises((Ended, Truncated, ConnectionResetError)):
            client.reader.chunked(message)
    assert proxy.exchange(path="/")["reason"] == "connection_reset"


def test_a_client_of_1_0_gets_no_chunks(start):
    """It would not understand them: the end of the connection ends the body (RFC 9112 §7)."""

    def answer_in_chunks(connection):
        connection.request()
        connection.send(response(200, b"in chunks", chunk=2))

    proxy, backend = start(answer_in_chunks)
    with proxy.connect() as client:
        answer = client.ask(request("/", version="1.0"))
        assert answer.value("Transfer-Encoding") is None
        assert answer.body == b"in chunks"
        assert client.ends()
    assert backend.requests[0].start == "GET / HTTP/1.1"  # each hop has its own version


def test_a_client_of_1_0_is_closed_after_its_answer(start):
    """No keep-alive unless asked for (RFC 9112 §9.3)."""
    proxy, _ = start(answer_all)
    with proxy.connect() as client:
        assert client.ask(request("/", version="1.0")).body == b"fine"
        assert client.ends()


def test_a_client_of_1_0_without_host(start):
    """Host is 1.1's (RFC 9112 §3.2); the default route serves it."""
    proxy, backend = start(answer_all)
    answer = proxy.ask(request("/", version="1.0", host=None))
    assert answer.status == 200
    assert len(backend.requests[0].values("Host")) == 1


def test_a_backend_of_1_0_can_keep_its_connection(start):
    """Connection: keep-alive from 1.0 is optional to honour; the answers are right either way."""

    def keep(connection):
        while True:
            connection.request()
            fields = [("Connection", "keep-alive")]
            connection.send(response(200, b"kept", *fields, version="1.0"))

    proxy, _ = start(keep)
    with proxy.connect() as client:
        assert [client.ask(request("/")).body for _ in range(3)] == [b"kept"] * 3
