"""What a backend is told, to the byte: the request line, the fields, where it came from."""

import re

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.messages import HOST, Message, request, response
from support.recorder import answer_all

OURS = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Request-Id"]
SPOOFED = [
    ("X-Forwarded-For", "203.0.113.6"),
    ("X-Forwarded-Proto", "gopher"),
    ("X-Forwarded-Host", "evil.example.com"),
    ("Forwarded", "for=203.0.113.6;proto=gopher"),
    ("X-Request-Id", "chosen-by-the-client"),
]


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=answer_all, **sections):
        backend = recorder(script)
        whole = site([tls_listener(certificate)], {"app": cluster(backend)}, **sections)
        return start_proxy(whole), backend

    return start


def forwarded(asked: Message):
    """The Forwarded field as a list of sets of pairs (RFC 7239 §4)."""
    elements = ", ".join(asked.values("Forwarded")).split(",")
    pairs = (re.findall(r'(\w+)=("[^"]*"|[^;\s]+)', element) for element in elements)
    return [{(name.lower(), value.strip('"')) for name, value in one} for one in pairs]


def test_the_request_line_is_the_clients(start):
    """The target goes on byte by byte: no decoding, no tidying (RFC 9112 §3.2)."""
    targets = ["/", "/a/b?c=d&e=%20f", "/%2e%2E/a//b/./c;x=1", "/?", "/a?b?c=/d", "/~!$&'()*+,;=:@"]
    proxy, backend = start()
    with proxy.connect() as client:
        for target in targets:
            assert client.ask(request(target)).status == 200
    lines = [asked.start for asked in backend.requests]
    assert lines == [f"GET {target} HTTP/1.1" for target in targets]


def test_the_clients_fields_go_on_in_order(start):
    """End-to-end fields keep their bytes, their order and their number (RFC 9110 §5.3)."""
    fields = [
        ("Accept", "text/html, */*;q=0.8"),
        ("Cookie", "a=1; b=2"),
        ("X-Twice", "first"),
        ("x-lower-CASE", "\x80\xff caf\xe9"),
        ("X-Twice", "second"),
        ("X-Empty", ""),
        ("Authorization", "Basic dXNlcjpwYXNz"),
        ("User-Agent", 'quote " backslash \\ tab \t end'),
    ]
    proxy, backend = start()
    assert proxy.ask(request("/", *fields)).status == 200
    names = {name.lower() for name, _ in fields}
    kept = [(name, value) for name, value in backend.requests[0].fields if name.lower() in names]
    lowered = [(name.lower(), value) for name, value in fields]
    assert [(name.lower(), value) for name, value in kept] == lowered


def test_host_is_kept(start):
    """The backend sees the name and port that the client asked for."""
    proxy, backend = start()
    for host in (HOST, f"{HOST}:8443", "APP.example.com"):
        assert proxy.ask(request("/", host=host)).status == 200
        assert backend.requests[-1].value("Host").lower() == host.lower()


def test_white_space_around_a_value_is_not_part_of_it(start):
    """RFC 9112 §5.1: spaces and tabs before and after belong to nobody."""
    proxy, backend = start()
    asked = request("/")[:-2] + b"X-Padded: \t padded \t\r\n\r\n"
    assert proxy.ask(asked).status == 200
    assert b": padded\r\n" in backend.requests[0].head


def test_who_asked_how_and_for_whom(start):
    """X-Forwarded-*, Forwarded (RFC 7239) and a request id, each once."""
    proxy, backend = start()
    assert proxy.ask(request("/", host=f"{HOST}:8443")).status == 200
    asked = backend.requests[0]
    assert asked.value("X-Forwarded-For") == "127.0.0.1"
    assert asked.value("X-Forwarded-Proto") == "https"
    assert asked.value("X-Forwarded-Host") == f"{HOST}:8443"
    [element] = forwarded(asked)
    assert {("for", "127.0.0.1"), ("proto", "https"), ("host", f"{HOST}:8443")} <= element
    # A host with a port is no token: it must be quoted (RFC 7239 §4).
    assert f'host="{HOST}:8443"' in asked.value("Forwarded")


def test_an_ipv6_client_is_named_as_rfc_7239_wants(start_proxy, recorder):
    """In Forwarded in brackets and quotes (§6); in X-Forwarded-For as it is."""
    backend = recorder()
    proxy = start_proxy(site([plain_listener("[::1]:0")], {"app": cluster(backend)}))
    with proxy.connect_plain(host="::1") as client:
        assert client.ask(request("/")).status == 200
    asked = backend.requests[0]
    assert asked.value("X-Forwarded-For") == "::1"
    assert 'for="[::1]"' in asked.value("Forwarded")


def test_the_request_id_is_that_of_the_log(start):
    """One name for one exchange, at the backend and in the log; never the same twice."""
    proxy, backend = start()
    with proxy.connect() as client:
        for number in range(20):
            client.ask(request(f"/{number}"))
    ids = {asked.target: asked.value("X-Request-Id") for asked in backend.requests}
    assert len(set(ids.values())) == 20
    for target, identity in ids.items():
        assert proxy.exchange(path=target)["id"] == identity


def test_a_clients_own_copies_are_discarded(start):
    """Nobody but us says where a request came from (RFC 7239 §8.1)."""
    proxy, backend = start()
    assert proxy.ask(request("/", *SPOOFED)).status == 200
    asked = backend.requests[0]
    assert asked.value("X-Forwarded-For") == "127.0.0.1"
    assert asked.value("X-Forwarded-Proto") == "https"
    assert asked.value("X-Forwarded-Host") == HOST
    assert len(asked.values("Forwarded")) == 1
    for spoof in (b"203.0.113.6", b"gopher", b"evil.example.com", b"chosen-by-the-client"):
        assert spoof not in backend.received


def test_a_trusted_proxys_copies_are_kept_and_continued(start):
    """From trusted_proxies the history counts; we append the hop that we saw."""
    proxy, backend = start(trusted_proxies=["127.0.0.0/8", "::1"])
    assert proxy.ask(request("/", *SPOOFED)).status == 200
    asked = backend.requests[0]
    history = re.split(r",\s*", ", ".join(asked.values("X-Forwarded-For")))
    assert history == ["203.0.113.6", "127.0.0.1"]
    elements = forwarded(asked)
    assert [dict(one)["for"] for one in elements] == ["203.0.113.6", "127.0.0.1"]
    assert asked.value("X-Request-Id") == "chosen-by-the-client"
    assert asked.value("X-Forwarded-Proto") == "gopher"
    assert asked.value("X-Forwarded-Host") == "evil.example.com"


def test_another_address_is_not_trusted(start):
    proxy, backend = start(trusted_proxies=["10.0.0.0/8"])
    assert proxy.ask(request("/", *SPOOFED)).status == 200
    assert backend.requests[0].value("X-Forwarded-For") == "127.0.0.1"


def test_hop_by_hop_fields_of_a_request_stay(start):
    """Connection, what it lists, and the rest of RFC 9110 §7.6.1."""
    gone = [
        ("Connection", "X-Listed, keep-alive"),
        ("X-Listed", "for this hop"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
    ]
    proxy, backend = start()
    assert proxy.ask(request("/", *gone, ("X-Kept", "end to end"))).status == 200
    asked = backend.requests[0]
    assert asked.value("X-Kept") == "end to end"
    for name in ("X-Listed", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade"):
        assert asked.values(name) == [], name
    assert "listed" not in (asked.value("Connection") or "").lower()
    assert not asked.closes


@pytest.mark.parametrize("name", OURS)
def test_connection_can_not_strip_what_we_say(start, name):
    """Removal comes first, our fields after it: CVE-2021-32813 of another proxy."""
    proxy, backend = start()
    assert proxy.ask(request("/", ("Connection", f"close, {name}"))).status == 200
    assert backend.requests[0].value(name)


def test_a_clients_close_is_not_the_backends(start):
    """Connection: close is for the hop before us; the pool lives on."""
    proxy, backend = start()
    for _ in range(3):
        assert proxy.ask(request("/", ("Connection", "close"))).status == 200
    assert len(backend.connections) == 1
    assert not any(asked.closes for asked in backend.requests)


def test_fields_of_a_response(start):
    """End-to-end fields in their order and number; those of the hop are gone."""
    fields = [
        ("Server", "legacy/1.0"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2; Secure"),
        ("Date", "Mon, 23 Nov 2026 20:00:00 GMT"),
        ("X-Odd", "\xff \x80 \t tab"),
    ]
    hop = [
        ("Connection", "X-Listed, keep-alive"),
        ("X-Listed", "for this hop"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
    ]

    def answer(connection):
        while True:
            connection.request()
            connection.send(response(200, b"fine", *fields, *hop))

    proxy, _ = start(answer)
    got = proxy.ask(request("/"))
    names = {name for name, _ in fields}
    assert [field for field in got.fields if field[0] in names] == fields
    for name in ("X-Listed", "Keep-Alive", "Proxy-Connection"):
        assert got.values(name) == [], name


@pytest.mark.parametrize("status", [200, 201, 206, 301, 400, 404, 418, 429, 500, 503, 599])
def test_a_status_is_the_backends(start, status):
    """We judge no answer; the code goes on, with its body."""

    def answer(connection):
        connection.request()
        connection.send(response(status, b"theirs", reason="As They Like"))

    proxy, _ = start(answer)
    got = proxy.ask(request("/"))
    assert (got.status, got.body) == (status, b"theirs")
    assert proxy.exchange(path="/")["reason"] == "ok"
