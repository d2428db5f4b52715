"""Bodies both ways: lengths, chunks of every size, cuts at every place, streamed as they come."""

import threading

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import chunks, pattern, request, response
from support.recorder import echo_all

CHUNK_SIZES = range(1, 71)
BODY = pattern(281)  # a prime: no chunk size divides it


@pytest.fixture
def start(start_proxy, recorder, certificate):
    """A proxy in front of a backend with this script, and that backend."""

    def start(script):
        backend = recorder(script)
        return start_proxy(site([tls_listener(certificate)], {"app": cluster(backend)})), backend

    return start


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_any_method_is_passed_on(start, method):
    """A method is a token, and not ours to judge (RFC 9110 §9.1)."""
    proxy, backend = start(echo_all)
    assert proxy.ask(request("/x", method=method)).status == 200
    assert backend.requests[0].start == f"{method} /x HTTP/1.1"


@pytest.mark.parametrize("chunk", [None, 4096], ids=["length", "chunked"])
def test_bodies_around_the_record_size(start, chunk):
    """There and back on one connection, in either framing (RFC 9112 §6)."""
    proxy, _ = start(echo_all)
    with proxy.connect() as client:
        for size in (0, 1, 2, 4095, 16383, 16384, 16385, 65535, 65536, 65537, 300_001):
            body = pattern(size)
            answer = client.ask(request("/", method="POST", body=body, chunk=chunk), "POST")
            assert answer.status == 200 and answer.body == body, size


def test_the_framing_of_a_length_stays_a_length(start):
    """A body whose length is known keeps it."""
    proxy, backend = start(echo_all)
    answer = proxy.ask(request("/", method="POST", body=BODY))
    assert (backend.requests[0].framing, answer.framing) == ("length", "length")


def test_a_body_of_length_zero_stays_one(start):
    """A POST without a body still says so (RFC 9110 §8.6)."""
    proxy, backend = start(echo_all)
    proxy.ask(request("/", method="POST", body=b""))
    assert backend.requests[0].value("Content-Length") == "0"


def test_a_request_without_a_body_gets_no_framing(start):
    proxy, backend = start(echo_all)
    proxy.ask(request("/"))
    asked = backend.requests[0]
    assert asked.value("Content-Length") is None and asked.value("Transfer-Encoding") is None


def echo_in_chunks(connection):
    """The body comes back in chunks of the size that the target names."""
    while True:
        asked = connection.request()
        connection.send(response(200, asked.body, chunk=int(asked.target[1:])))


def test_every_chunk_size_at_both_sides(start):
    """Chunks from 1 to 70 bytes in the request and in the response (RFC 9112 §7.1)."""
    proxy, backend = start(echo_in_chunks)
    with proxy.connect() as client:
        for size in CHUNK_SIZES:
            asked = request(f"/{size}", method="POST", body=BODY, chunk=size)
            answer = client.ask(asked, "POST")
            assert answer.body == BODY, size
            assert backend.requests[-1].body == BODY, size
    assert len(backend.connections) == 1


def test_every_cut_of_a_request(start):
    """A chunked request in pieces of 1 to 70 bytes, each a TLS record of its own."""
    proxy, backend = start(echo_all)
    whole = request("/cut", method="POST", body=BODY, chunk=64)
    with proxy.connect() as client:
        for size in CHUNK_SIZES:
            for at in range(0, len(whole), size):
                client.send(whole[at : at + size])
            assert client.response("POST").body == BODY, size
    assert {asked.body for asked in backend.requests} == {BODY}


def test_every_cut_of_a_response(start):
    """A chunked response in pieces of 1 to 70 bytes, each a TCP segment of its own."""

    def answer_in_pieces(connection):
        while True:
            size = int(connection.request().target[1:])
            whole = response(200, BODY, chunk=64)
            for at in range(0, len(whole), size):
                connection.send(whole[at : at + size])

    proxy, _ = start(answer_in_pieces)
    with proxy.connect() as client:
        for size in CHUNK_SIZES:
            assert client.ask(request(f"/{size}")).body == BODY, size


def test_chunk_extensions_are_not_passed_on(start):
    """They are for one hop (RFC 9112 §7.1.1)."""
    proxy, backend = start(echo_all)
    head = request("/", ("Transfer-Encoding", "chunked"), method="POST")
    with proxy.connect() as client:
        answer = client.ask(head + b'5;a=b;c="d;e"\r\nhello\r\n0;last\r\n\r\n', "POST")
    assert answer.body == b"hello"
    assert b"a=b" not in backend.received and b"last" not in backend.received


def test_trailers_of_a_request_are_dropped(start):
    """Never merged, never passed on (RFC 9110 §6.5.1)."""
    proxy, backend = start(echo_all)
    body = chunks(b"hello", 5)[:-2] + b"X-Late: from the client\r\n\r\n"
    head = request("/", ("Transfer-Encoding", "chunked"), ("Trailer", "X-Late"), method="POST")
    assert proxy.ask(head + body).body == b"hello"
    assert b"from the client" not in backend.received
    assert backend.requests[0].values("X-Late") == []


def test_trailers_of_a_response_are_dropped(start):
    def answer_with_trailers(connection):
        while True:
            connection.request()
            head = response(200, None, ("Transfer-Encoding", "chunked"), ("Trailer", "X-Late"))
            connection.send(head + chunks(b"hello", 2)[:-2] + b"X-Late: from the backend\r\n\r\n")

    proxy, backend = start(answer_with_trailers)
    with proxy.connect() as client:
        for _ in range(2):  # the reader refuses a trailer; the connection stays usable
            answer = client.ask(request("/"))
            assert answer.body == b"hello" and answer.values("X-Late") == []
    assert len(backend.connections) == 1


def test_a_response_streams(start):
    """What the backend has sent reaches the client before the backend sends more."""
    seen = threading.Event()

    def answer_when_seen(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", "10")) + b"first")
        assert seen.wait(20)
        connection.send(b"later")

    proxy, _ = start(answer_when_seen)
    with proxy.connect() as client:
        client.send(request("/"))
        assert client.reader.head().status == 200
        assert client.reader.take(5) == b"first"
        seen.set()
        assert client.reader.take(5) == b"later"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_request_streams(start, chunked):
    """What the client has sent reaches the backend before the client sends more."""
    seen = threading.Event()

    def watch(connection):
        asked = connection.head()
        while b"first" not in connection.reader.buffer:
            connection.reader.fill()
        seen.set()
        connection.reader.read_body(asked)
        connection.send(response(200, asked.body))

    proxy, _ = start(watch)
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", "10")
    parts = (b"5\r\nfirst\r\n", b"5\r\nlater\r\n0\r\n\r\n") if chunked else (b"first", b"later")
    with proxy.connect() as client:
        client.send(request("/", framing, method="POST") + parts[0])
        assert seen.wait(20)
        client.send(parts[1])
        assert client.response("POST").body == b"firstlater"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(start, status):
    """204 and 304 end with their head, whatever it says (RFC 9112 §6.3)."""

    def answer(connection):
        while True:
            connection.request()
            length = [("Content-Length", "5")] if status == 304 else []
            connection.send(response(status, None, ("ETag", '"x"'), *length))

    proxy, backend = start(answer)
    with proxy.connect() as client:
        for _ in range(3):
            assert client.ask(request("/")).status == status
    assert len(backend.connections) == 1


def test_the_answer_to_head_has_no_body(start):
    """Its length is that of a GET (RFC 9110 §9.3.2), and is passed on."""

    def answer(connection):
        while True:
            connection.request()
            connection.send(response(200, None, ("Content-Length", "12345")))

    proxy, backend = start(answer)
    with proxy.connect() as client:
        for _ in range(3):
            answer = client.ask(request("/", method="HEAD"), "HEAD")
            assert answer.value("Content-Length") == "12345"
    assert len(backend.connections) == 1
