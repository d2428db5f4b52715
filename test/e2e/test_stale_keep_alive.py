"""A backend that closes idle connections at any moment: no GET is lost, no POST is doubled."""

import asyncio
import collections
import random
import re

import pytest

from support.configuration import cluster, plain_listener, site
from support.deadline import until
from support.messages import request, response
from support.recorder import answer_all

COUNT = 50_000
CLIENTS = 24
SEED = 20250
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
FINE = response(200, b"fine")


def whole_message(buffer):
    """The size of the message at the front of the buffer; 0: it is not there yet."""
    end = buffer.find(HEAD_END)
    if end < 0:
        return 0
    length = LENGTH.search(buffer, 0, end)
    size = end + len(HEAD_END) + (int(length[1]) if length else 0)
    return size if len(buffer) >= size else 0


class Fickle(asyncio.Protocol):
    """A backend's connection that ends when it likes, but never before its first answer."""

    def __init__(self, backend):
        self.backend = backend
        self.buffer = bytearray()
        self.answered = 0

    def connection_made(self, transport):
        self.transport = transport
        self.backend.connections += 1

    def data_received(self, data):
        self.buffer += data
        while size := whole_message(self.buffer):
            target = bytes(self.buffer[: self.buffer.index(b" HTTP")])
            del self.buffer[:size]
            self.backend.seen[target] += 1
            self.answer()

    def answer(self):
        mood = self.backend.random.random()
        if self.answered and mood < 0.01:
            self.transport.abort()  # the request has come, and that is all
            return
        self.transport.write(FINE)
        self.answered += 1
        if mood > 0.97:
            self.transport.close()  # right behind the answer
        elif mood > 0.93:
            delay = self.backend.random.uniform(0, 0.004)
            asyncio.get_running_loop().call_later(delay, self.transport.close)


class FickleBackend:
    def __init__(self):
        self.random = random.Random(SEED)
        self.connections = 0
        self.seen = collections.Counter()  # how often each request came whole

    async def listen(self):
        server = await asyncio.get_running_loop().create_server(lambda: Fickle(self), "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        return server


class Client(asyncio.Protocol):
    """Takes one request after the other from `targets`, on one connection while it lasts."""

    def __init__(self, targets, statuses, over):
        self.targets = targets
        self.statuses = statuses
        self.over = over
        self.buffer = bytearray()
        self.is_waiting = False

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        target = next(self.targets, None)
        if target is None:
            self.transport.close()
            self.over.set_result(None)
            return
        self.is_waiting = True
        self.transport.write(target)

    def data_received(self, data):
        self.buffer += data
        while size := whole_message(self.buffer):
            self.statuses[int(self.buffer[9:12])] += 1
            del self.buffer[:size]
            self.is_waiting = False
            self.ask()

    def connection_lost(self, _):
        if not self.over.done():
            self.over.set_exception(AssertionError("the proxy closed a client's connection"))


async def load(port, method, count):
    """So many requests, each with an id of its own; how many answers of each status came."""
    body = {"body": b"once only!"} if method == "POST" else {"body": None}
    targets = (request(f"/{number}", method=method, **body) for number in range(count))
    statuses = collections.Counter()
    loop = asyncio.get_running_loop()
    waiting = []
    for _ in range(CLIENTS):
        over = loop.create_future()
        waiting.append(over)
        make = lambda over=over: Client(targets, statuses, over)
        await loop.create_connection(make, "127.0.0.1", port)
    await asyncio.gather(*waiting)
    return statuses


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_torture(start_proxy, variant, method):
    """With default settings: 50,000 GETs without one 5xx, 50,000 POSTs without one twice."""
    count = variant.heavy(COUNT)

    async def torture():
        backend = FickleBackend()
        server = await backend.listen()
        proxy = start_proxy(site([plain_listener()], {"app": cluster(backend)}))
        statuses = await load(proxy.port, method, count)
        server.close()
        return backend, proxy, statuses

    backend, proxy, statuses = asyncio.run(torture())
    print(f"{backend.connections} connections, {statuses}, seed {SEED}")
    assert sum(statuses.values()) == count
    assert backend.connections > count / 50, "it has hardly closed any"
    twice = [target for target, times in backend.seen.items() if times > 1]
    if method == "GET":
        assert statuses == {200: count}
        assert b'"reason":"stale_reuse_retried"' in proxy.process.stdout
    else:
        assert not twice
        assert set(statuses) <= {200, 502}
        assert statuses[200] > 0.9 * count


# --- What is sent again, and how often


@pytest.fixture
def start(start_proxy, recorder):
    def start(script=answer_all, **sections):
        backend = recorder(script)
        whole = site([plain_listener()], {"app": cluster(backend, **sections)})
        return start_proxy(whole), backend

    return start


def ask(proxy, bytes_of_request):
    with proxy.connect_plain() as client:
        return client.ask(bytes_of_request)


def answer_once(connection):
    """The second request on a connection is read, and never answered."""
    connection.request()
    connection.send(FINE)
    connection.request()


def test_what_was_sent_again_is_told(start):
    proxy, backend = start(answer_once)
    assert ask(proxy, request("/first")).status == 200
    assert ask(proxy, request("/again")).status == 200
    assert [asked.target for asked in backend.requests] == ["/first", "/again", "/again"]
    line = proxy.exchange(path="/again")
    assert (line["status"], line["reason"], line["retried"]) == (200, "stale_reuse_retried", True)


def test_a_post_is_never_sent_again(start):
    proxy, backend = start(answer_once)
    assert ask(proxy, request("/first")).status == 200
    assert ask(proxy, request("/once", method="POST", body=b"x")).status == 502
    assert [asked.target for asked in backend.requests] == ["/first", "/once"]


def test_no_more_retries_than_the_budget(start):
    """retries: a share of the requests, and so many besides; then 502 with its own reason."""
    proxy, backend = start(answer_once, retries={"share": 0, "per_second": 0})
    assert ask(proxy, request("/first")).status == 200
    answer = ask(proxy, request("/again"))
    assert answer.status == 502 and b"retry_budget_spent" in answer.body
    assert [asked.target for asked in backend.requests] == ["/first", "/again"]
    assert proxy.exchange(path="/again")["reason"] == "retry_budget_spent"


def test_a_share_of_the_requests_is_sent_again(start):
    """Of 20 requests at 20 % no more than 4, whatever the backend does."""
    proxy, backend = start(answer_once, retries={"share": 20, "per_second": 0})
    statuses = [ask(proxy, request("/")).status for _ in range(20)]
    sent = len(backend.requests)
    assert set(statuses) == {200, 502}
    assert 20 < sent <= 24


def test_the_backend_announces_its_time(start):
    """Keep-Alive: timeout=1: half a second later the proxy has closed the idle connection."""

    def announce(connection):
        while True:
            connection.request()
            connection.send(response(200, b"fine", ("Keep-Alive", "timeout=1, max=5")))

    proxy, backend = start(announce)
    assert ask(proxy, request("/")).status == 200
    until(lambda: backend.connections[0].ended == "fin", "it is closed in time")


def test_the_last_request_that_the_backend_announces(start):
    """Keep-Alive: max=0 is as good as Connection: close."""

    def announce(connection):
        while True:
            connection.request()
            connection.send(response(200, b"fine", ("Keep-Alive", "timeout=60, max=0")))

    proxy, backend = start(announce)
    for number in (1, 2, 3):
        assert ask(proxy, request("/")).status == 200
        assert len(backend.connections) == number
