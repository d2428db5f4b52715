"""One client connection, many requests: order, reuse, its end (RFC 9112 §9)."""

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.messages import pattern, request, response
from support.recorder import answer_all, echo_all


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=answer_all, **sections):
        backend = recorder(script)
        whole = site([tls_listener(certificate)], {"app": cluster(backend)}, **sections)
        return start_proxy(whole), backend

    return start


def test_a_connection_carries_many_requests(start):
    proxy, backend = start()
    with proxy.connect() as client:
        for number in range(100):
            assert client.ask(request(f"/{number}")).body == b"fine"
    assert [asked.target for asked in backend.requests] == [f"/{n}" for n in range(100)]


def answer_with_target(connection):
    while True:
        connection.send(response(200, connection.request().target.encode()))


def test_pipelined_requests_are_answered_in_order(start):
    """RFC 9112 §9.3.2: thirty requests in one write."""
    proxy, _ = start(answer_with_target)
    with proxy.connect() as client:
        client.send(b"".join(request(f"/{number}") for number in range(30)))
        answers = [client.response().body for _ in range(30)]
    assert answers == [b"/%d" % number for number in range(30)]


def test_pipelined_bodies_do_not_run_into_each_other(start):
    """A body ends where its framing says, and the next request begins there."""
    proxy, backend = start(echo_all)
    bodies = [pattern(size, seed=size) for size in (1, 0, 500, 20_000, 3)]
    with proxy.connect() as client:
        client.send(
            b"".join(
                request("/", method="POST", body=body, chunk=100 if at % 2 else None)
                for at, body in enumerate(bodies)
            )
        )
        assert [client.response("POST").body for _ in bodies] == bodies
    assert [asked.body for asked in backend.requests] == bodies


def test_one_empty_line_before_a_request_is_forgiven(start):
    """RFC 9112 §2.2."""
    proxy, backend = start()
    with proxy.connect() as client:
        assert client.ask(request("/first")).status == 200
        assert client.ask(b"\r\n" + request("/second")).status == 200
    assert [asked.target for asked in backend.requests] == ["/first", "/second"]


def test_a_client_can_ask_for_the_end(start):
    """Connection: close is answered in kind, and kept (RFC 9112 §9.6)."""
    proxy, _ = start()
    with proxy.connect() as client:
        answer = client.ask(request("/", ("Connection", "close")))
        assert answer.status == 200 and answer.closes
        assert client.ends()


def test_a_request_after_close_is_not_served(start):
    """What is pipelined behind Connection: close is not read (RFC 9112 §9.6)."""
    proxy, backend = start()
    with proxy.connect() as client:
        client.send(request("/last", ("Connection", "close")) + request("/too-late"))
        assert client.response().status == 200
        assert client.ends()
    assert [asked.target for asked in backend.requests] == ["/last"]


def test_a_backend_that_closes_does_not_end_the_clients_connection(start):
    """Connection is for one hop (RFC 9110 §7.6.1)."""

    def answer_once(connection):
        connection.request()
        connection.send(response(200, b"fine", ("Connection", "close")))

    proxy, backend = start(answer_once)
    with proxy.connect() as client:
        for _ in range(3):
            answer = client.ask(request("/"))
            assert answer.status == 200 and not answer.closes
    assert len(backend.connections) == 3


def test_an_idle_connection_is_ended_in_order(start):
    """At keep_alive: close_notify, and not a byte of HTTP."""
    proxy, _ = start(timeouts={"keep_alive": "300ms"})
    with proxy.connect() as client:
        assert client.ask(request("/")).status == 200
        assert client.ends()
    assert {line["status"] for line in proxy.exchanges()} <= {200}


def test_a_connection_without_a_request_is_ended_in_order(start):
    proxy, _ = start(timeouts={"keep_alive": "300ms", "request_head": "300ms"})
    with proxy.connect() as client:
        assert client.ends()


def test_a_slow_head_is_answered_408(start):
    """The deadline is for the whole head: single bytes do not move it."""
    proxy, backend = start(timeouts={"request_head": "400ms"})
    with proxy.connect() as client:
        client.send(request("/")[:20])
        answer = client.response()
        assert answer.status == 408 and answer.closes
        assert b"request_head_timeout" in answer.body
        assert client.ends()
    assert backend.received == b""
    assert proxy.exchange(status=408)["reason"] == "request_head_timeout"


def test_a_stalled_body_is_ended(start):
    """Nothing in either direction for client_idle: 408, or the end if the answer has begun."""
    proxy, _ = start(timeouts={"client_idle": "400ms"})
    with proxy.connect() as client:
        client.send(request("/stalled", ("Content-Length", "10"), method="POST") + b"12345")
        answer = client.response("POST")
        assert answer.status == 408 and answer.closes
    assert proxy.exchange(path="/stalled")["reason"] == "idle_timeout"


def test_plain_http_is_served_on_a_plain_listener(start_proxy, recorder):
    """Without TLS the rest is the same; the backend is told so."""
    backend = recorder()
    proxy = start_proxy(site([plain_listener()], {"app": cluster(backend)}))
    with proxy.connect_plain() as client:
        assert [client.ask(request("/")).status for _ in range(3)] == [200] * 3
    assert backend.requests[0].value("X-Forwarded-Proto") == "http"


def test_half_a_connection_is_enough(start_proxy, recorder):
    """A client that ends its side after the request still gets the answer (RFC 9112 §9.6)."""
    proxy = start_proxy(site([plain_listener()], {"app": cluster(recorder(echo_all))}))
    with proxy.connect_plain() as client:
        client.send(request("/", method="POST", body=b"all there is"))
        client.finish()
        assert client.response("POST").body == b"all there is"
        assert client.ends()


@pytest.mark.parametrize("address", ["[::1]:0", "unix"])
def test_other_kinds_of_listener(start_proxy, recorder, tmp_path, address):
    """[IPv6] and unix:/path."""
    path = tmp_path / "proxy.socket"
    listener = plain_listener(f"unix:{path}" if address == "unix" else address)
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    where = {"path": path} if address == "unix" else {"host": "::1"}
    with proxy.connect_plain(**where) as client:
        assert client.ask(request("/")).status == 200


def test_a_backend_over_ipv6(start_proxy, recorder, certificate):
    backend = recorder(host="::1")
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(backend)}))
    assert proxy.ask(request("/")).status == 200
