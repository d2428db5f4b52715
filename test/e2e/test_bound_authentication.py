"""NTLM and Negotiate authenticate a connection, not a request (RFC 4559 §6): it is one client's."""

import threading

import pytest

from support.configuration import cluster, plain_listener, site
from support.deadline import until
from support.messages import request, response

OFFER = ("WWW-Authenticate", "NTLM")


class FakeNtlm:
    """A backend that asks for three messages, and then takes all on the connection for the user's.

    The third message names the user. A public path is served without any of it.
    """

    def __init__(self, *offers):
        self.offers = offers or (OFFER,)
        self.users = {}  # of connections, by index
        self.served = []  # (index, target, user)
        self.ends_after = {}  # a target, after whose answer the connection ends
        self.drops = set()  # targets whose request is read, and the connection closed

    def __call__(self, connection):
        challenged = False
        while True:
            asked = connection.request()
            scheme, _, message = (asked.value("Authorization") or "").partition(" ")
            user = self.users.get(connection.index)
            if asked.target in self.drops:
                return
            self.served.append((connection.index, asked.target, user))
            if scheme in ("NTLM", "Negotiate") and message == "one":
                challenged = True
                answer = response(401, b"two", ("WWW-Authenticate", f"{scheme} two"))
            elif scheme in ("NTLM", "Negotiate") and message.startswith("three:"):
                # Without its own challenge on this very connection, it is worth nothing.
                answer = response(400, b"unexpected message")
                if challenged:
                    self.users[connection.index] = message.partition(":")[2]
                    answer = response(200, self.users[connection.index].encode())
            elif user or asked.target.startswith("/public"):
                answer = response(200, (user or "nobody").encode())
            else:
                answer = response(401, b"who?", *self.offers)
            connection.send(answer)
            if asked.target in self.ends_after:
                connection.finish()
                self.ends_after[asked.target].set()
                connection.wait_end()


@pytest.fixture
def start(start_proxy, recorder):
    def start(backend, pool=None, **sections):
        recording = recorder(backend)
        clusters = {"app": cluster(recording, pool=pool or {"idle_max": 64})}
        return start_proxy(site([plain_listener()], clusters, **sections)), recording

    return start


def authorized(target, message, scheme="NTLM", **options):
    return request(target, ("Authorization", f"{scheme} {message}"), **options)


def sign_in(client, user, scheme="NTLM"):
    assert client.ask(request("/")).status == 401
    challenge = client.ask(authorized("/", "one", scheme))
    assert challenge.status == 401
    assert challenge.value("WWW-Authenticate") == f"{scheme} two"
    answer = client.ask(authorized("/", f"three:{user}", scheme))
    assert (answer.status, answer.body) == (200, user.encode())


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_each_client_is_its_own_user(start, scheme):
    """Two clients take turns; none ever gets what is the other's."""
    backend = FakeNtlm(("WWW-Authenticate", 'Basic realm="a, b", ' + scheme))
    proxy, recording = start(backend)
    with proxy.connect_plain() as alice, proxy.connect_plain() as bob:
        sign_in(alice, "alice", scheme)
        sign_in(bob, "bob", scheme)
        for _ in range(5):
            assert alice.ask(request("/")).body == b"alice"
            assert bob.ask(request("/", method="POST", body=b"x"), "POST").body == b"bob"
        with proxy.connect_plain() as stranger:
            assert stranger.ask(request("/")).status == 401
    assert len(recording.connections) == 3


def test_the_connection_ends_with_its_client(start):
    """It never goes to the pool: the next client gets another."""
    proxy, recording = start(FakeNtlm())
    with proxy.connect_plain() as client:
        sign_in(client, "alice")
    until(lambda: recording.connections[0].ended == "fin", "it is closed with the client")
    assert proxy.connect_plain().ask(request("/")).status == 401
    assert len(recording.connections) == 2


def test_a_client_that_begins_by_itself(start):
    """Credentials in the very first request; the pool's idle connection is not taken for them."""
    proxy, recording = start(FakeNtlm())
    with proxy.connect_plain() as other:
        assert other.ask(request("/public")).body == b"nobody"
    with proxy.connect_plain() as client:
        assert client.ask(authorized("/", "one")).status == 401
        assert client.ask(authorized("/", "three:carol")).body == b"carol"
        assert client.ask(request("/public")).body == b"carol"
    with proxy.connect_plain() as other:
        assert other.ask(request("/public")).body == b"nobody"
    assert len(recording.connections) == 2


def test_without_a_pool_it_is_kept_all_the_same(start):
    """idle_max: 0 closes after each request; a connection that is bound can not be."""
    proxy, recording = start(FakeNtlm(), pool={"idle_max": 0})
    with proxy.connect_plain() as client:
        assert client.ask(authorized("/", "one")).status == 401
        assert client.ask(authorized("/", "three:dora")).body == b"dora"
    assert len(recording.connections) == 1


def test_a_proxy_header_is_said_once(start_proxy, recorder):
    """With proxy_protocol: at the start of the connection, not before each request."""
    backend = FakeNtlm()
    headers = []

    def read_header_first(connection):
        headers.append(connection.reader.line())
        backend(connection)

    recording = recorder(read_header_first)
    clusters = {"app": cluster(recording, proxy_protocol="v1")}
    proxy = start_proxy(site([plain_listener()], clusters))
    with proxy.connect_plain() as client:
        assert client.ask(authorized("/", "one")).status == 401
        assert client.ask(authorized("/", "three:erin")).body == b"erin"
        assert client.ask(request("/")).body == b"erin"
    assert len(recording.connections) == len(headers) == 1


def test_when_the_backend_ends_it_the_client_is_told(start):
    """Between two messages of a handshake: the client's connection ends too, without an answer."""
    backend = FakeNtlm()
    backend.ends_after["/half-way"] = threading.Event()
    proxy, recording = start(backend)
    with proxy.connect_plain() as client:
        assert client.ask(authorized("/half-way", "one")).status == 401
        assert client.ends()
    with proxy.connect_plain() as client:
        sign_in(client, "eve")
    assert len(recording.connections) == 2


def test_a_message_that_meets_its_end_is_not_sent_elsewhere(start):
    """Not even a GET is sent again on another connection: it means nothing there."""
    backend = FakeNtlm()
    backend.drops.add("/dropped")
    proxy, recording = start(backend)
    with proxy.connect_plain() as client:
        assert client.ask(authorized("/", "one")).status == 401
        answer = client.ask(authorized("/dropped", "three:frank"))
        assert answer.status == 502 and answer.closes and client.ends()
        assert b"bound_connection_lost" in answer.body
    assert len(recording.connections) == 1
    assert proxy.exchange(path="/dropped")["reason"] == "bound_connection_lost"


def test_a_backend_that_says_close_closes_both(start):
    """Its answer says so; what follows would be from a stranger."""

    def one_each(connection):
        connection.request()
        connection.send(response(401, b"who?", OFFER, ("Connection", "close")))

    proxy, _ = start(one_each)
    with proxy.connect_plain() as client:
        answer = client.ask(request("/"))
        assert answer.status == 401 and answer.closes and client.ends()


def test_other_schemes_share_connections(start):
    """Basic, Bearer and Digest stand in each request: the pool serves all clients."""
    proxy, recording = start(FakeNtlm(("WWW-Authenticate", 'Digest realm="NTLM", nonce="x"')))
    for _ in range(3):
        with proxy.connect_plain() as client:
            assert client.ask(request("/", ("Authorization", "Basic YTpi"))).status == 401
    assert len(recording.connections) == 1


def test_one_for_each_cluster(start_proxy, recorder):
    """A client of two such backends is known to both."""
    first, second = recorder(FakeNtlm()), recorder(FakeNtlm())
    routes = [{"path": "/two", "cluster": "two"}, {"cluster": "one"}]
    clusters = {"one": cluster(first), "two": cluster(second)}
    proxy = start_proxy(site([plain_listener()], clusters, routes))
    with proxy.connect_plain() as client:
        for target, user in (("/", "gina"), ("/two", "hugo")):
            assert client.ask(authorized(target, "one")).status == 401
            assert client.ask(authorized(target, f"three:{user}")).body == user.encode()
        for _ in range(3):
            assert client.ask(request("/")).body == b"gina"
            assert client.ask(request("/two")).body == b"hugo"
    assert len(first.connections) == len(second.connections) == 1
