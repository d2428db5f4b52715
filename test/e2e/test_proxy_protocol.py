"""The PROXY protocol: who the client is, told to us by a balancer and by us to a backend."""

import pytest

from support import balancer
from support.balancer import HAProxy, header_v1, header_v2
from support.configuration import cluster, plain_listener, site, tls_listener
from support.connection import TlsSocket, trusting
from support.messages import HOST, request, response
from support.recorder import answer_all

CLIENT = "192.0.2.1:56324"
CLIENT6 = "[2001:db8::1]:1"
LOOPBACK = {"from": ["127.0.0.0/8"]}
HEADERS = {
    "v1": (header_v1(CLIENT), CLIENT),
    "v1-ipv6": (header_v1(CLIENT6, "[2001:db8::2]:443"), CLIENT6),
    "v2": (header_v2(CLIENT), CLIENT),
    "v2-ipv6": (header_v2(CLIENT6, "[2001:db8::2]:443"), CLIENT6),
    "v2-parts": (header_v2(CLIENT, parts=b"\x02\x00\x03abc\x04\x00\x00"), CLIENT),
}
OWN = {
    "v1-unknown": b"PROXY UNKNOWN\r\n",
    "v2-local": header_v2(CLIENT, command=balancer.V2_LOCAL),
    "v2-unspecified": balancer.SIGNATURE + b"\x21\0\0\0",
}


@pytest.fixture
def backend(recorder):
    return recorder(answer_all)


@pytest.fixture
def start(start_proxy, backend, certificate):
    """A proxy with an HTTPS and a plain listener that both expect a header."""

    def start(protocol=None, **sections):
        protocol = protocol or LOOPBACK
        secure = {**tls_listener(certificate), "proxy_protocol": protocol}
        plain = plain_listener(proxy_protocol=protocol)
        return start_proxy(site([secure, plain], {"app": cluster(backend)}, **sections))

    return start


def ask_over_tls(proxy, header, asked):
    with TlsSocket(proxy.port, trusting(proxy.authority), handshake=False) as client:
        client.send_wire(header)
        client.handshake()
        return client.ask(asked)


def ask(proxy, header, asked, in_pieces=False):
    with proxy.connect_plain(proxy.ports[1]) as client:
        for piece in [header[i : i + 1] for i in range(len(header))] if in_pieces else [header]:
            client.send(piece)
        assert client.ask(asked).status == 200
        return client.ask(asked)


@pytest.mark.parametrize("name", HEADERS)
def test_the_client_is_who_the_header_says(start, backend, name):
    """X-Forwarded-For and the log, over TLS and plain, for all requests of the connection."""
    header, client = HEADERS[name]
    host = balancer.split(client)[0]
    proxy = start()
    assert ask_over_tls(proxy, header, request("/tls")).status == 200
    assert ask(proxy, header, request("/plain")).status == 200
    assert ask(proxy, header, request("/pieces"), in_pieces=True).status == 200
    assert [asked.value("X-Forwarded-For") for asked in backend.requests] == [host] * 5
    for path in ("/tls", "/plain", "/pieces"):
        assert proxy.exchange(path=path)["client"] == client


def test_header_and_request_in_one_write(start, backend):
    """What comes with the header is not lost."""
    proxy = start()
    with proxy.connect_plain(proxy.ports[1]) as client:
        assert client.ask(header_v2(CLIENT) + request("/at-once")).status == 200
    with TlsSocket(proxy.port, trusting(proxy.authority), handshake=False) as client:
        client.send_wire(header_v1(CLIENT) + client.first_flight())
        client.handshake()
        assert client.ask(request("/")).status == 200
    assert len(backend.requests) == 2


@pytest.mark.parametrize("name", OWN)
def test_a_header_without_a_client(start, backend, name):
    """LOCAL, UNKNOWN, UNSPEC: the balancer's own connection, with its own address."""
    proxy = start()
    assert ask_over_tls(proxy, OWN[name], request("/tls")).status == 200
    assert ask(proxy, OWN[name], request("/plain")).status == 200
    assert {asked.value("X-Forwarded-For") for asked in backend.requests} == {"127.0.0.1"}


def test_only_who_is_trusted_may_send_one(start, backend):
    """Others are closed without an answer, header or not, and told in the log."""
    proxy = start({"from": ["192.0.2.0/24"]})
    for port in proxy.ports:
        for said in (header_v2(CLIENT) + request("/"), request("/")):
            with proxy.connect_plain(port) as client:
                client.send(said)
                assert client.wire_end() == b""
    lines = [proxy.failed_handshake(reason="proxy_header_untrusted")]
    assert lines[0]["client"].startswith("127.0.0.1:")
    assert backend.received == b""


@pytest.mark.parametrize("said", [
    request("/"), b"\x16\x03\x01\x00\x05hello", b"PROXY TCP4 1.2.3.4\r\n" + request("/"),
    b"PROXY " + b"x" * 200, header_v2(CLIENT, parts=b"\x04\x08\x00" + b"\0" * 2048) + request("/"),
], ids=["request", "client-hello", "malformed", "too-long", "larger-than-header_size"])  # fmt: skip
def test_a_bad_header_is_closed_without_an_answer(start, backend, said):
    proxy = start()
    for port in proxy.ports:
        with proxy.connect_plain(port) as client:
            client.send(said)
            assert client.wire_end() == b""
    assert proxy.failed_handshake(reason="proxy_header_malformed")["client"]
    assert backend.received == b""


def test_the_limit_of_the_header_can_be_raised(start, backend):
    proxy = start({**LOOPBACK, "header_size": "4KiB"})
    large = header_v2(CLIENT, parts=b"\x04\x08\x00" + b"\0" * 2048)
    assert ask(proxy, large, request("/")).status == 200
    assert len(backend.requests) == 2


def test_a_header_must_come_in_time(start):
    """It has the time of the handshake, or of the head, and gives none of it back."""
    proxy = start(timeouts={"handshake": "300ms", "request_head": "300ms"})
    for port in proxy.ports:
        with proxy.connect_plain(port) as client:
            client.send(b"PROXY TCP4")
            assert client.wire_end() == b""
        with proxy.connect_plain(port) as client:
            client.send(header_v1(CLIENT))
            assert client.wire_end() == b"", "nothing behind it"
        with proxy.connect_plain(port) as client:
            assert client.wire_end() == b"", "nothing at all"
    assert proxy.failed_handshake(reason="proxy_header_timeout")
    reasons = [line["reason"] for line in proxy.failed_handshakes()]
    assert reasons.count("proxy_header_timeout") == 2


def test_trust_is_about_the_client_behind_the_balancer(start, backend):
    """trusted_proxies is looked up for the header's address, not for the balancer's."""
    proxy = start(trusted_proxies=["192.0.2.0/24"])
    told = ("X-Forwarded-For", "203.0.113.9")
    ask(proxy, header_v1(CLIENT), request("/", told))
    assert backend.requests[-1].value("X-Forwarded-For") == "203.0.113.9, 192.0.2.1"
    ask(proxy, header_v1("198.51.100.7:1"), request("/", told))
    assert backend.requests[-1].value("X-Forwarded-For") == "198.51.100.7"
    ask(proxy, OWN["v1-unknown"], request("/", told))
    assert backend.requests[-1].value("X-Forwarded-For") == "127.0.0.1"


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"])
def test_haproxy_in_front(start, backend, tmp_path, how):
    """A real balancer: the client's own address and port arrive."""
    proxy = start()
    balancers = [HAProxy(tmp_path, port, how) for port in proxy.ports]
    try:
        with TlsSocket(balancers[0].port, trusting(proxy.authority)) as client:
            assert client.ask(request("/tls")).status == 200
            assert proxy.exchange(path="/tls")["client"] == client.address
        with proxy.connect_plain(balancers[1].port) as client:
            assert client.ask(request("/plain")).status == 200
            assert proxy.exchange(path="/plain")["client"] == client.address
    finally:
        for one in balancers:
            one.close()


# --- to a backend


def read_v1(connection):
    return connection.reader.line().decode()


def read_v2(connection):
    return balancer.read_v2(connection.reader)


@pytest.fixture
def start_to(start_proxy, recorder, certificate):
    """A proxy with both listeners, and a backend that notes the header of each connection."""

    def start(version, **keys):
        headers = []

        def answer(connection):
            headers.append({"v1": read_v1, "v2": read_v2}[version](connection))
            while True:  # as if the connection could go on
                connection.request()
                connection.send(response(200, b"fine"))

        backend = recorder(answer)
        listeners = [{**tls_listener(certificate), **keys}, plain_listener(**keys)]
        whole = site(listeners, {"app": cluster(backend, proxy_protocol=version)})
        return start_proxy(whole), backend, headers

    return start


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_each_request_has_a_connection_that_says_whose_it_is(start_to, version):
    """Never pooled, whatever the backend says: the next request may be another client's."""
    proxy, backend, headers = start_to(version)
    clients = []
    for _ in range(2):
        with proxy.connect_plain(proxy.ports[1]) as client:
            for _ in range(2):
                assert client.ask(request("/")).body == b"fine"
                clients.append(client.address)
    assert len(backend.connections) == len(headers) == 4
    assert all(asked.closes for asked in backend.requests)
    to = f"127.0.0.1:{proxy.ports[1]}"
    for client, header in zip(clients, headers):
        if version == "v1":
            port, to_port = client.split(":")[1], proxy.ports[1]
            assert header == f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {to_port}"
        else:
            assert header == (balancer.V2_PROXY, client, to, {})


def test_version_2_tells_of_the_tls(start_to):
    """PP2_TYPE_ALPN, _AUTHORITY and _SSL with the version and the suite."""
    proxy, _, headers = start_to("v2")
    with proxy.connect() as client:
        assert client.ask(request("/")).status == 200
        address = client.address
    command, source, destination, parts = headers[0]
    assert (command, source) == (balancer.V2_PROXY, address)
    assert destination == f"127.0.0.1:{proxy.port}"
    assert parts[0x01] == b"http/1.1" and parts[0x02] == HOST.encode()
    line = proxy.exchange(path="/")
    assert parts[0x20][0] == 1 and parts[0x20][1:5] != b"\0\0\0\0", "no client certificate"
    inner = balancer.read_parts(parts[0x20][5:])
    assert inner[0x21].decode() == line["tls_version"]
    assert inner[0x23].decode() == line["cipher_suite"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_a_balancer_says_is_passed_on(start_to, version):
    """In and out: client and destination of the balancer's header, not of its connection."""
    proxy, _, headers = start_to(version, proxy_protocol=LOOPBACK)
    with proxy.connect_plain(proxy.ports[1]) as client:
        assert client.ask(header_v1(CLIENT, "198.51.100.2:4433") + request("/")).status == 200
    told = {
        "v1": "PROXY TCP4 192.0.2.1 198.51.100.2 56324 4433",
        "v2": (balancer.V2_PROXY, CLIENT, "198.51.100.2:4433", {}),
    }
    assert headers == [told[version]]


def test_a_client_on_a_unix_socket_has_no_address(start_proxy, recorder, tmp_path):
    headers = []

    def answer(connection):
        headers.append(read_v1(connection))
        answer_all(connection)

    path = tmp_path / "listen.sock"
    proxy = start_proxy(site(
        [plain_listener(f"unix:{path}")],
        {"app": cluster(recorder(answer), proxy_protocol="v1")},
    ))  # fmt: skip
    with proxy.connect_plain(1, path=path) as client:
        assert client.ask(request("/")).status == 200
    assert headers == ["PROXY UNKNOWN"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nginx_understands_it(start_proxy, certificate, nginx, version):
    """`listen … proxy_protocol`: what nginx makes of the header."""
    whole = site(
        [tls_listener(certificate)],
        {"app": cluster(nginx.proxy_protocol_address, proxy_protocol=version)},
    )
    proxy = start_proxy(whole)
    with proxy.connect() as client:
        for _ in range(2):
            answer = client.ask(request("/"))
            assert answer.body.decode().split() == [
                client.address,
                f"127.0.0.1:{proxy.port}",
            ]
