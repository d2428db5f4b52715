"""Limits of the whole proxy: when one is reached it waits, says so once, and recovers."""

import re
import socket
import threading

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.deadline import unchanged, until
from support.messages import request, response

DESCRIPTORS = 64
TELLS_OF_DESCRIPTORS = re.compile(rb"descriptor|open files|EMFILE", re.IGNORECASE)


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(file_descriptors=None, **sections):
        whole = site([tls_listener(certificate)], {"app": cluster(recorder())}, **sections)
        return start_proxy(whole, file_descriptors=file_descriptors)

    return start


def connections(proxy, count):
    """TCP connections that say nothing; the kernel completes them, accepted or not."""
    return [socket.create_connection(("127.0.0.1", proxy.port), 20) for _ in range(count)]


def served(proxy):
    """Can a new client have an answer now? Waiting in the queue is no answer."""
    try:
        with proxy.connect(handshake=False) as client:
            client.tcp.settimeout(1.5)
            client.handshake()
            return client.ask(request("/")).status == 200
    except (OSError, EOFError):
        return False


def warnings_of(proxy, pattern):
    lines = proxy.process.stderr.splitlines()
    return [line for line in lines if pattern.search(line)]


def test_out_of_descriptors_it_waits_and_recovers(start):
    """More connections than descriptors: it says so once, never exits, and serves again."""
    proxy = start(file_descriptors=DESCRIPTORS, limits={"connections": 10000})
    at_start = len(warnings_of(proxy, TELLS_OF_DESCRIPTORS))
    crowd = connections(proxy, 2 * DESCRIPTORS)
    unchanged(proxy.descriptors, 0.3, "the number of open descriptors")
    assert proxy.running
    assert proxy.descriptors() <= DESCRIPTORS
    for one in crowd:
        one.close()
    until(lambda: served(proxy), "a client is served again")
    assert len(warnings_of(proxy, TELLS_OF_DESCRIPTORS)) <= at_start + 1


def test_no_descriptor_is_left_behind_by_a_crowd(start):
    proxy = start(file_descriptors=DESCRIPTORS)
    assert served(proxy)
    before = unchanged(proxy.descriptors, 0.3, "the number of open descriptors")
    for _ in range(3):
        for one in connections(proxy, 2 * DESCRIPTORS):
            one.close()
    until(lambda: proxy.descriptors() <= before, "all are closed")
    until(lambda: served(proxy), "a client is served again")


def test_no_more_clients_than_allowed(start):
    """limits.connections: the next one waits or is turned away, until another leaves."""
    proxy = start(limits={"connections": 3})
    held = [proxy.connect() for _ in range(3)]
    for client in held:
        assert client.ask(request("/")).status == 200
    assert not served(proxy)
    for client in held:  # they themselves are served on
        assert client.ask(request("/")).status == 200
    held.pop().close()
    until(lambda: served(proxy), "there is room again")


def told(proxy):
    return [line for line in proxy.errors() if line.get("level") in ("warning", "error")]


def test_the_limit_of_clients_is_told_once(start):
    """While a crowd waits there is one line about it, and not one for each who waits or leaves."""
    proxy = start(limits={"connections": 2})
    before = len(told(proxy))
    held = [proxy.connect() for _ in range(2)]
    crowd = connections(proxy, 20)
    until(lambda: len(told(proxy)) > before, "it says so")
    assert not served(proxy)
    assert len(told(proxy)) == before + 1
    for one in crowd + held:
        one.close()
    until(lambda: served(proxy), "there is room again")
    assert len(told(proxy)) <= before + 3


def test_out_of_memory_it_waits_and_recovers(start, variant):
    """limits.memory at its least: a crowd of unfinished requests neither kills it nor grows it."""
    proxy = start(limits={"memory": "16MiB"}, timeouts={"request_head": "30s"})
    assert served(proxy)
    before = proxy.memory_peak()
    crowd = []
    for _ in range(400):
        client = proxy.connect(handshake=False)
        client.tcp.settimeout(0.2)
        try:
            client.handshake()
            client.send(request("/")[:-2] + b"X-Long: " + b"x" * 20_000)
        except (OSError, EOFError):
            break  # it has stopped accepting: what this test is about
        finally:
            crowd.append(client)
    assert proxy.running
    if variant.name == "release":  # sanitizers keep memory of their own
        assert proxy.memory_peak() - before < 64 << 20
    for client in crowd:
        client.close()
    until(lambda: served(proxy), "a client is served again")


class Held:
    """A script that answers when it is let go on."""

    def __init__(self):
        self.count = 0
        self.opened = threading.Event()

    def __call__(self, connection):
        while True:
            connection.request()
            self.count += 1
            assert self.opened.wait(20)
            connection.send(response(200, b"fine"))


def test_idle_connections_give_way_when_descriptors_run_out(start_proxy, recorder):
    """More pooled connections, over several clusters, than files are allowed: all are served."""
    at_once, names = 12, [f"app{number}" for number in range(6)]
    scripts = {name: Held() for name in names}
    clusters = {name: cluster(recorder(script)) for name, script in scripts.items()}
    routes = [{"path": f"/{name}", "cluster": name} for name in names]
    whole = site([plain_listener()], clusters, routes)
    proxy = start_proxy(whole, file_descriptors=DESCRIPTORS)
    for name, script in scripts.items():
        clients = [proxy.connect_plain() for _ in range(at_once)]
        for client in clients:
            client.send(request(f"/{name}"))
        until(lambda script=script: script.count == at_once, f"all requests are at {name}")
        script.opened.set()
        for client in clients:
            assert client.response().status == 200
            client.close()
    assert proxy.descriptors() > DESCRIPTORS / 2, "nothing was pooled"
