"""How the proxy stops: what is in flight ends well, what is idle ends at once."""

import signal
import socket
import threading
import time

import pytest

from support import logs
from support.configuration import cluster, site, tls_listener
from support.deadline import until
from support.messages import pattern, request, response
from support.recorder import answer_all

LONG = "20s"  # a drain deadline that no test may need
SOON = 3.0  # much less than that


class Holding:
    """A backend that answers when it may."""

    def __init__(self):
        self.asked = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, connection):
        while True:
            connection.request()
            self.asked.set()
            assert self.may_answer.wait(20)
            connection.send(response(200, b"in the end"))


@pytest.fixture
def holding():
    one = Holding()
    yield one
    one.may_answer.set()


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=answer_all, drain=LONG, **sections):
        clusters = {"app": cluster(recorder(script))}
        whole = site([tls_listener(certificate)], clusters, timeouts={"drain": drain}, **sections)
        return start_proxy(whole)

    return start


def asking(proxy, holding):
    """A client whose request is at the backend."""
    client = proxy.connect()
    client.send(request("/in-flight"))
    assert holding.asked.wait(20)
    return client


def accepts(proxy):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", proxy.port)) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_in_flight_is_answered(start, holding, number, workers):
    """No new connections, the answer in full, the connection closed, exit status 0."""
    proxy = start(holding, workers=workers)
    client = asking(proxy, holding)
    proxy.send_signal(number)
    until(lambda: not accepts(proxy), "new connections are refused")
    assert proxy.running
    holding.may_answer.set()
    answer = client.response()
    assert answer.body == b"in the end" and answer.closes
    assert client.ends()
    proxy.wait(SOON)
    assert proxy.exchange(path="/in-flight")["reason"] == "ok"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_idle_clients_do_not_hold_it_up(start, number):
    """A connection between two requests is ended in order, long before the deadline."""
    proxy = start()
    clients = [proxy.connect() for _ in range(3)]
    for client in clients:
        assert client.ask(request("/")).status == 200
    proxy.send_signal(number)
    proxy.wait(SOON)
    for client in clients:
        assert client.ends()


def test_it_stops_without_clients(start):
    proxy = start(workers=2)
    proxy.send_signal(signal.SIGTERM)
    proxy.wait(SOON)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_drain_deadline_is_kept(start, holding, number):
    """A request that does not end is cut, and the exit is still a clean one."""
    proxy = start(holding, drain="500ms")
    client = asking(proxy, holding)
    before = time.monotonic()
    proxy.send_signal(number)
    proxy.wait(SOON)
    assert time.monotonic() - before >= 0.45
    assert proxy.exchange(path="/in-flight")["reason"] == "drain_timeout"
    client.close()


def test_quit_has_no_deadline(start, holding):
    """SIGQUIT waits for the request, past the drain deadline of the other signals."""
    proxy = start(holding, drain="300ms")
    client = asking(proxy, holding)
    proxy.send_signal(signal.SIGQUIT)
    enough = time.monotonic() + 0.8
    until(lambda: time.monotonic() > enough, "the drain deadline has passed")
    assert proxy.running
    holding.may_answer.set()
    assert client.response().body == b"in the end"
    proxy.wait(SOON)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_second_interrupt_stops_now(start, holding, first):
    """Whatever came first."""
    proxy = start(holding)
    client = asking(proxy, holding)
    proxy.send_signal(first)
    until(lambda: proxy.errors(event=logs.DRAINING), "it is draining")
    proxy.send_signal(signal.SIGINT)
    proxy.wait(SOON)
    client.close()


def test_a_body_in_flight_ends_well(start):
    """A long response goes on to its end while the proxy drains."""
    may_go_on = threading.Event()
    body = pattern(3_000_000)

    def answer(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", str(len(body)))) + body[:1000])
        assert may_go_on.wait(20)
        connection.send(body[1000:])

    proxy = start(answer)
    with proxy.connect() as client:
        client.send(request("/"))
        message = client.reader.head()
        proxy.send_signal(signal.SIGTERM)
        until(lambda: proxy.errors(event=logs.DRAINING), "it is draining")
        may_go_on.set()
        client.reader.read_body(message)
        assert message.body == body
    proxy.wait(SOON)


def test_a_handshake_in_progress_does_not_hold_it_up(start):
    """Longer than the drain deadline, at least."""
    proxy = start(drain="500ms")
    with proxy.connect(handshake=False) as client:
        client.send_wire(client.first_flight()[:50])
        with proxy.connect() as other:
            assert other.ask(request("/")).status == 200
        proxy.send_signal(signal.SIGTERM)
        proxy.wait(SOON)
