"""Several backends: each in turn, and on to the next when one can not be reached."""

import collections

import pytest

from support.configuration import cluster, site, tls_listener
from support.deadline import until
from support.messages import request, response
from support.ports import Refusing, Unanswering

UNRESOLVABLE = "no-such-name.invalid:80"  # RFC 6761 §6.4: .invalid never resolves


@pytest.fixture
def start(start_proxy, certificate):
    def start(*backends, **timeouts):
        clusters = {"app": cluster(*backends, timeouts=timeouts)}
        return start_proxy(site([tls_listener(certificate)], clusters))

    return start


@pytest.fixture
def refusing():
    one = Refusing()
    yield one
    one.close()


@pytest.fixture
def unanswering():
    one = Unanswering()
    yield one
    one.close()


def answer_once(connection):
    connection.request()
    connection.send(response(200, b"fine", ("Connection", "close")))


def test_each_backend_has_its_turn(start, recorder):
    """Round robin, seen on fresh connections: the same share for each."""
    backends = [recorder(answer_once) for _ in range(3)]
    proxy = start(*backends)
    with proxy.connect() as client:
        for _ in range(30):
            assert client.ask(request("/")).status == 200
    assert [len(backend.requests) for backend in backends] == [10, 10, 10]
    until(lambda: len(proxy.exchanges()) == 30, "30 lines")
    told = collections.Counter(line["backend"] for line in proxy.exchanges())
    assert told == {backend.address: 10 for backend in backends}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusing_backend_is_passed_over(start, recorder, refusing, method):
    """Nothing of the request has gone anywhere, so POST may go on as well."""
    backend = recorder(answer_once)
    proxy = start(refusing, backend)
    for _ in range(4):
        assert proxy.ask(request("/", method=method, body=b"x"), method).status == 200
    assert [asked.body for asked in backend.requests] == [b"x"] * 4


def test_a_backend_that_does_not_answer_is_passed_over(start, recorder, unanswering):
    """After the connect deadline."""
    backend = recorder(answer_once)
    proxy = start(unanswering, backend, connect="200ms")
    for _ in range(3):
        assert proxy.ask(request("/")).status == 200
    assert len(backend.requests) == 3


def test_all_refuse(start, refusing):
    """502 with its reason, and the proxy goes on."""
    proxy = start(refusing)
    with proxy.connect() as client:
        for _ in range(3):
            answer = client.ask(request("/"))
            assert answer.status == 502 and b"backend_connect_refused" in answer.body
    assert proxy.exchange(reason="backend_connect_refused")["status"] == 502


def test_none_answers(start, unanswering):
    """504 after the connect deadline."""
    proxy = start(unanswering, connect="200ms")
    answer = proxy.ask(request("/"))
    assert answer.status == 504 and b"backend_connect_timeout" in answer.body
    assert proxy.exchange(reason="backend_connect_timeout")["status"] == 504


def test_a_name_that_does_not_resolve_is_a_warning(start):
    """Never a failed start; a 502 for who asks."""
    proxy = start(UNRESOLVABLE)
    until(lambda: b"no-such-name.invalid" in proxy.process.stderr, "a warning names it")
    answer = proxy.ask(request("/"))
    assert answer.status == 502 and b"backend_name_unresolved" in answer.body
    assert proxy.running


def test_a_name_that_does_not_resolve_is_passed_over(start, recorder):
    backend = recorder(answer_once)
    proxy = start(UNRESOLVABLE, backend)
    for _ in range(4):
        assert proxy.ask(request("/")).status == 200
    assert len(backend.requests) == 4


def test_a_backend_by_name(start, recorder):
    backend = recorder()
    proxy = start(f"localhost:{backend.port}")
    assert proxy.ask(request("/")).status == 200


def test_a_body_survives_the_way_to_the_next_backend(start, recorder, refusing):
    """A streamed body waits until there is a connection for it."""
    backend = recorder(answer_once)
    proxy = start(refusing, backend)
    body = b"0123456789" * 10_000
    for chunk in (None, 1000):
        answer = proxy.ask(request("/", method="POST", body=body, chunk=chunk), "POST")
        assert answer.status == 200
    assert [asked.body for asked in backend.requests] == [body, body]
