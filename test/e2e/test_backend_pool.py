"""Connections to backends: kept, reused last-in-first-out, and never when there is a doubt."""

import threading
import time

import pytest

from support.configuration import cluster, site, tls_listener
from support.deadline import until
from support.messages import request, response
from support.recorder import answer_all


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=answer_all, pool=None, **timeouts):
        backend = recorder(script)
        clusters = {"app": cluster(backend, pool=pool or {"idle_max": 64}, timeouts=timeouts)}
        return start_proxy(site([tls_listener(certificate)], clusters)), backend

    return start


class Gates:
    """A script that answers a request only when the test opens its gate."""

    def __init__(self, count):
        self.gates = [threading.Event() for _ in range(count)]
        self.holders = {}

    def __call__(self, connection):
        while True:
            target = connection.request().target
            self.holders[target] = connection.index
            number = int(target[1:])
            if number < len(self.gates):
                assert self.gates[number].wait(20)
            connection.send(response(200, target.encode()))


def in_flight(proxy, gates, count):
    """So many requests at once, each on its own client and backend connection."""
    clients = [proxy.connect() for _ in range(count)]
    for number, client in enumerate(clients):
        client.send(request(f"/{number}"))
        until(lambda target=f"/{number}": target in gates.holders, "the request is at the backend")
    assert sorted(gates.holders.values()) == list(range(count))
    return clients


def test_one_connection_serves_one_client_after_another(start):
    proxy, backend = start()
    for _ in range(20):
        assert proxy.ask(request("/")).status == 200
    assert len(backend.connections) == 1
    assert [line["reused"] for line in until_logged(proxy, 20)] == [False] + [True] * 19


def until_logged(proxy, count):
    until(lambda: len(proxy.exchanges()) >= count, f"{count} lines in the access log")
    return proxy.exchanges()


def test_the_last_one_back_is_the_first_one_out(start):
    """Last in, first out: few connections stay warm, and the others may time out."""
    gates = Gates(3)
    proxy, backend = start(gates)
    clients = in_flight(proxy, gates, 3)
    for number in (1, 2, 0):
        gates.gates[number].set()
        assert clients[number].response().status == 200
    for number in (3, 4):
        assert proxy.ask(request(f"/{number}")).status == 200
        assert gates.holders[f"/{number}"] == gates.holders["/0"]
    assert len(backend.connections) == 3


def test_no_more_than_idle_max_are_kept(start):
    gates = Gates(4)
    proxy, backend = start(gates, pool={"idle_max": 1})
    clients = in_flight(proxy, gates, 4)
    for number, client in enumerate(clients):
        gates.gates[number].set()
        assert client.response().status == 200
    until(lambda: sum(one.ended == "fin" for one in backend.connections) == 3, "three are closed")
    assert proxy.ask(request("/9")).status == 200
    assert len(backend.connections) == 4


def test_an_idle_connection_is_closed_in_time(start):
    """idle_timeout, and not before."""
    proxy, backend = start(pool={"idle_max": 4, "idle_timeout": "400ms"})
    before = time.monotonic()
    assert proxy.ask(request("/")).status == 200
    connection = backend.connections[0]
    until(lambda: connection.ended, "the idle connection is closed")
    assert connection.ended == "fin"
    assert connection.ended_at - before >= 0.39
    assert proxy.ask(request("/")).status == 200
    assert len(backend.connections) == 2


def test_an_unasked_byte_closes_an_idle_connection(start):
    """What comes between two responses belongs to none (RFC 9112 §9.3): never mistaken for one."""
    said = threading.Event()

    def speak_unasked(connection):
        connection.request()
        connection.send(response(200, b"right"))
        if connection.index == 0:
            assert said.wait(20)
            connection.send(response(200, b"poison"))
            connection.wait_end()

    proxy, backend = start(speak_unasked)
    assert proxy.ask(request("/")).body == b"right"
    said.set()
    until(lambda: backend.connections[0].ended, "the connection is closed")
    assert proxy.ask(request("/")).body == b"right"
    assert len(backend.connections) == 2


def test_a_backend_that_closes_its_idle_connection_costs_nothing(start):
    closed = threading.Event()

    def answer_and_close(connection):
        connection.request()
        connection.send(response(200, b"fine"))
        connection.finish()
        connection.wait_end()
        closed.set()

    proxy, backend = start(answer_and_close)
    for number in range(5):
        assert proxy.ask(request("/", method="POST", body=b"x")).status == 200
        assert closed.wait(20)
        closed.clear()
        assert len(backend.connections) == number + 1


NOT_KEPT = {
    "close": response(200, b"fine", ("Connection", "close")),
    "close-among-others": response(200, b"fine", ("Connection", "x-other, CLOSE")),
    "http-1.0": response(200, b"fine", version="1.0"),
    "extra-bytes": response(200, b"fine") + b"more",
    "extra-response": response(200, b"fine") + response(200, b"poison"),
    "extra-after-chunks": response(200, b"fine", chunk=2) + b"\r\n",
    "extra-after-204": response(204, None) + b"fine",
}


@pytest.mark.parametrize("case", NOT_KEPT)
def test_a_connection_in_doubt_is_not_kept(start, case):
    """Either side said close, or something extra came: the next request gets a fresh one."""

    def answer_doubtfully(connection):
        connection.request()
        connection.send(NOT_KEPT[case])
        connection.wait_end()

    proxy, backend = start(answer_doubtfully)
    with proxy.connect() as client:
        for number in range(3):
            answer = client.ask(request("/"))
            assert answer.status in (200, 204) and answer.body in (b"fine", b"")
            assert len(backend.connections) == number + 1
            until(lambda at=number: backend.connections[at].ended, "the connection is closed")


def test_a_connection_with_an_unfinished_request_is_not_kept(start):
    """The answer came before the body had gone (RFC 9112 §9.3): its rest must not follow."""

    def answer_early(connection):
        connection.head()
        connection.send(response(200, b"early"))
        connection.wait_end()

    proxy, backend = start(answer_early)
    with proxy.connect() as client:
        client.send(request("/", ("Content-Length", "100000"), method="POST") + b"x" * 10)
        assert client.response("POST").body == b"early"
    until(lambda: backend.connections[0].ended, "the connection is closed")
    assert proxy.ask(request("/")).body == b"early"
    assert len(backend.connections) == 2


class Stale:
    """Serves one request on the first connection and dies at the second; then serves all."""

    def __init__(self, how="fin", part=b"", dying=1):
        self.how, self.part, self.dying = how, part, dying

    def __call__(self, connection):
        connection.request()
        connection.send(response(200, b"%d" % connection.index))
        while connection.index >= self.dying:
            connection.request()
            connection.send(response(200, b"%d" % connection.index))
        connection.request()
        connection.send(self.part)
        connection.vanish(self.how)


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_an_idempotent_request_on_a_stale_connection_is_sent_again(start, method, how):
    """Once, on a fresh one (RFC 9112 §9.3.1, RFC 9110 §9.2.2)."""
    proxy, backend = start(Stale(how))
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(request("/again", method=method), method).status == 200
    line = proxy.exchange(path="/again")
    assert line["retried"] is True and line["reason"] == "stale_reuse_retried"
    assert [asked.target for asked in backend.requests].count("/again") == 2


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_body_that_is_still_whole_in_memory_is_sent_again(start, how):
    """PUT is idempotent; its short body came in one piece with its head."""
    proxy, backend = start(Stale(how))
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(request("/again", method="PUT", body=b"short"), "PUT").status == 200
    seen = [asked.body for asked in backend.requests if asked.target == "/again"]
    assert seen == [b"short", b"short"]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_post_is_never_sent_again(start, how):
    """RFC 9110 §9.2.2: it may have been done already."""
    proxy, backend = start(Stale(how))
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(request("/again", method="POST", body=b"pay"), "POST").status == 502
    line = proxy.exchange(path="/again")
    assert line["retried"] is False
    assert line["reason"] == {"fin": "connection_closed", "rst": "connection_reset"}[how]
    assert [asked.target for asked in backend.requests].count("/again") == 1


def test_a_request_that_got_part_of_an_answer_is_not_sent_again(start):
    """The first byte of a response settles it."""
    proxy, backend = start(Stale(part=b"HTTP/1.1 2"))
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(request("/again")).status == 502
    assert [asked.target for asked in backend.requests].count("/again") == 1


def test_a_request_on_a_fresh_connection_is_not_sent_again(start):
    """Only a reused connection may have been dying of age."""

    def die(connection):
        connection.request()

    proxy, backend = start(die)
    assert proxy.ask(request("/")).status == 502
    assert len(backend.requests) == 1


def test_a_request_is_sent_again_only_once(start):
    """The fresh connection dies, too: 502."""

    def serve_once(connection):
        connection.request()
        if connection.index == 0:
            connection.send(response(200, b"fine"))
            connection.request()

    proxy, backend = start(serve_once)
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(request("/again")).status == 502
    assert [asked.target for asked in backend.requests].count("/again") == 2
