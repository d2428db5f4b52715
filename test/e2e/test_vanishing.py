"""A client or a backend that vanishes at any stage, by FIN or by RST: the proxy serves the next."""

import threading

import pytest

from support.configuration import cluster, site, tls_listener
from support.connection import Truncated
from support.deadline import unchanged, until
from support.messages import Ended, pattern, request, response

HOWS = ["fin", "rst"]
BODY = pattern(200_000)
CUT = (Ended, Truncated, ConnectionResetError, BrokenPipeError)


class Gate:
    """Where a backend's script waits until the client has vanished."""

    def __init__(self):
        self.reached = threading.Event()
        self.open = threading.Event()

    def wait(self):
        self.reached.set()
        assert self.open.wait(20)


@pytest.fixture
def gate():
    one = Gate()
    yield one
    one.open.set()


@pytest.fixture(scope="module")
def stage():
    """What the shared backend's script does with the next requests; a test sets it."""
    return {}


@pytest.fixture(scope="module")
def backend(shared_recorder, stage):
    def serve(connection):
        while True:
            stage["script"](connection)

    return shared_recorder(serve)


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, backend, certificate):
    """No connection is kept, so that after each test the proxy must be as it was at the start."""
    pool = {"idle_max": 0}
    clusters = {"app": cluster(backend, pool=pool)}
    return start_shared_proxy(
        site([tls_listener(certificate)], clusters, limits={"unread_body": 0})
    )


@pytest.fixture(scope="module")
def at_rest(proxy, stage):
    """How many descriptors it has open when nobody is there, after its first exchange."""
    stage["script"] = serve_one
    assert proxy.ask(request("/warm-up")).status == 200
    return unchanged(proxy.descriptors, 0.3, "the number of open descriptors")


@pytest.fixture(autouse=True)
def lives_on(proxy, stage, at_rest):
    """After each test: the next request is served, and no connection is left behind."""
    stage["script"] = serve_one
    yield
    stage["script"] = serve_one
    assert proxy.ask(request("/next", method="POST", body=b"x" * 1000), "POST").body == b"x" * 1000
    until(lambda: proxy.descriptors() <= at_rest, "all connections are closed", 10)


def serve_one(connection):
    connection.send(response(200, connection.request().body))


# --- The client


def connect_only(client):
    del client


def half_a_hello(client):
    client.send_wire(client.first_flight()[:50])


def a_hello(client):
    client.send_wire(client.first_flight())


def handshaken(client):
    client.handshake()


def half_a_head(client):
    client.handshake()
    client.send(request("/vanish")[:20])


def half_a_record(client):
    client.handshake()
    client.send_wire(client.encrypt(request("/vanish"))[:30])


def head_without_body(client):
    client.handshake()
    client.send(request("/vanish", ("Content-Length", "1000"), method="POST"))


def half_a_body(client):
    head_without_body(client)
    client.send(b"x" * 500)


def half_a_chunk(client):
    client.handshake()
    client.send(request("/vanish", ("Transfer-Encoding", "chunked"), method="POST"))
    client.send(b"ff\r\nxxxx")


def half_a_chunk_size(client):
    client.handshake()
    client.send(request("/vanish", ("Transfer-Encoding", "chunked"), method="POST"))
    client.send(b"4\r\nxxxx\r\nf")


CLIENT_STAGES = [
    connect_only, half_a_hello, a_hello, handshaken, half_a_head, half_a_record,
    head_without_body, half_a_body, half_a_chunk, half_a_chunk_size,
]  # fmt: skip


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("reach", CLIENT_STAGES)
def test_a_client_vanishes_while_it_sends(proxy, reach, how):
    client = proxy.connect(handshake=False)
    reach(client)
    client.vanish(how)


@pytest.mark.parametrize("how", HOWS)
def test_a_client_vanishes_while_the_backend_thinks(proxy, stage, gate, how):
    def think(connection):
        asked = connection.request()
        if asked.target == "/vanish":
            gate.wait()
        connection.send(response(200, BODY))

    stage["script"] = think
    client = proxy.connect()
    client.send(request("/vanish"))
    assert gate.reached.wait(20)
    client.vanish(how)
    gate.open.set()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("chunk", [None, 1000], ids=["length", "chunked"])
@pytest.mark.parametrize("read", [1, 50_000], ids=["at-once", "half-way"])
def test_a_client_vanishes_while_it_is_answered(proxy, stage, how, chunk, read):
    def answer(connection):
        connection.request()
        connection.send(response(200, BODY * 80, chunk=chunk))

    stage["script"] = answer
    client = proxy.connect(receive_buffer=16384)
    client.send(request(f"/vanish-{how}-{chunk}-{read}"))
    assert client.reader.head().status == 200
    client.reader.take(read)
    client.vanish(how)
    assert proxy.exchange(path=f"/vanish-{how}-{chunk}-{read}")["reason"] != "ok"


# --- The backend


def at_once(connection):
    connection.receive(1)


def after_the_head(connection):
    connection.head()


def amid_the_body(connection):
    connection.head()
    connection.reader.take(100)


def after_the_request(connection):
    connection.request()


def amid_the_status(connection):
    connection.request()
    connection.send(b"HTTP/1.1 20")


def amid_the_fields(connection):
    connection.request()
    connection.send(b"HTTP/1.1 200 Fine\r\nContent-Len")


def after_an_interim_response(connection):
    connection.request()
    connection.send(response(103, None, ("Link", "</a.css>")))


BACKEND_STAGES = [
    at_once, after_the_head, amid_the_body, after_the_request, amid_the_status, amid_the_fields,
    after_an_interim_response,
]  # fmt: skip


def dying(reach, how, ready=None):
    """A script for a connection that ends at this stage, once it has got there."""

    def script(connection):
        reach(connection)
        if ready:
            assert ready.wait(20)
        connection.vanish(how)
        raise Ended

    return script


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("reach", BACKEND_STAGES)
def test_a_backend_vanishes_before_its_answer(proxy, stage, reach, how):
    """502, and a reason in the log."""
    stage["script"] = dying(reach, how)
    target = f"/{reach.__name__}-{how}"
    body = b"x" * 1000 if reach in (at_once, after_the_head, amid_the_body) else None
    asked = request(target, method="POST", body=body)
    answer = proxy.ask(asked, "POST")
    assert answer.status == 502
    assert proxy.exchange(path=target)["reason"] in ("connection_closed", "connection_reset")


def after_a_head_with_length(connection):
    connection.request()
    connection.send(response(200, None, ("Content-Length", "1000")))


def amid_a_length(connection):
    after_a_head_with_length(connection)
    connection.send(b"x" * 500)


def after_a_head_with_chunks(connection):
    connection.request()
    connection.send(response(200, None, ("Transfer-Encoding", "chunked")))


def amid_a_chunk_size(connection):
    after_a_head_with_chunks(connection)
    connection.send(b"4\r\nxxxx\r\n1")


def amid_a_chunk(connection):
    after_a_head_with_chunks(connection)
    connection.send(b"ff\r\nxxxx")


def before_the_last_chunk(connection):
    after_a_head_with_chunks(connection)
    connection.send(b"4\r\nxxxx\r\n")


def amid_the_last_chunk(connection):
    after_a_head_with_chunks(connection)
    connection.send(b"4\r\nxxxx\r\n0\r\n")


ANSWER_STAGES = [
    after_a_head_with_length, amid_a_length, after_a_head_with_chunks, amid_a_chunk_size,
    amid_a_chunk, before_the_last_chunk, amid_the_last_chunk,
]  # fmt: skip


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("reach", ANSWER_STAGES)
def test_a_backend_vanishes_amid_its_answer(proxy, stage, reach, how):
    """The client sees that something is missing: no end is made up for it (RFC 9112 §8)."""
    seen = threading.Event()
    stage["script"] = dying(reach, how, ready=seen)
    target = f"/{reach.__name__}-{how}"
    with proxy.connect() as client:
        client.send(request(target))
        message = client.reader.head()
        assert message.status == 200
        seen.set()
        with pytest.raises(CUT):
            client.reader.read_body(message)
    line = proxy.exchange(path=target)
    assert line["status"] == 200 and line["reason"] in ("connection_closed", "connection_reset")


@pytest.mark.parametrize("how", HOWS)
def test_both_vanish(proxy, stage, gate, how):
    def think(connection):
        connection.head()
        gate.wait()
        connection.vanish(how)
        raise Ended

    stage["script"] = think
    client = proxy.connect()
    client.send(request("/vanish", ("Content-Length", "1000"), method="POST"))
    assert gate.reached.wait(20)
    gate.open.set()
    client.vanish(how)
