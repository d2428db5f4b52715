"""How a TLS connection begins and ends: deadlines, strangers, close_notify."""

import ssl
import threading

import pytest

from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.messages import HOST, request, response
from support.certificates import Authority

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def proxy(start_proxy, recorder, certificate):
    return start_proxy(
        site(
            [tls_listener(certificate)],
            {"app": cluster(recorder())},
            timeouts={"handshake": "500ms"},
        )
    )


def test_silence_is_ended_by_the_handshake_deadline(proxy):
    with proxy.connect_plain() as client:
        assert not client.wire_end().startswith(b"HTTP")
    assert proxy.running


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_half_a_hello_is_ended_by_the_handshake_deadline(proxy, certificate, share):
    """A ClientHello that does not come to its end is told as what it is."""
    with proxy.connect(handshake=False) as client:
        hello = client.first_flight()
        client.send_wire(hello[: int(len(hello) * share)])
        client.wire_end()
    proxy.failed_handshake(reason="tls_handshake_timeout")


def test_an_unfinished_handshake_is_ended_by_its_deadline(proxy):
    """The whole ClientHello, and then nothing: no Finished."""
    with proxy.connect(handshake=False) as client:
        client.send_wire(client.first_flight())
        client.wire_end()
    proxy.failed_handshake(reason="tls_handshake_timeout", server_name=HOST)


def test_a_hello_in_single_bytes_is_as_good(start_proxy, recorder, certificate):
    """TCP has no messages: any cut is legal (RFC 8446 §5.1)."""
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder())}))
    with proxy.connect(handshake=False) as client:
        for byte in client.first_flight():
            client.send_wire(bytes([byte]))
        client.handshake()
        assert client.ask(request()).status == 200


def test_plain_http_is_told_so(proxy):
    """A client that forgot the s gets an answer that it can read, and a log line."""
    with proxy.connect_plain() as client:
        answer = client.ask(request("/", host=f"{HOST}:{proxy.port}"))
        assert (answer.status, answer.closes) == (400, True)
        assert b"this port speaks HTTPS" in answer.body
        assert b"plain_http_on_tls_port" in answer.body
        assert client.ends()
    proxy.failed_handshake(reason="plain_http_on_tls_port")


@pytest.mark.parametrize(
    "noise",
    [b"\0" * 64, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\xff\xff" + b"\1" * 64, b"\x80" * 99],
    ids=["zeros", "ssh", "oversized-record", "sslv2-like"],
)
def test_noise_is_refused(proxy, noise):
    """Not TLS and not HTTP: ended before the deadline or at it, with one line in the log."""
    with proxy.connect_plain() as client:
        client.send(noise)
        client.wire_end()
    proxy.failed_handshake()
    assert len(proxy.failed_handshakes()) == 1
    assert proxy.ask(request()).status == 200


def test_a_client_that_rejects_our_certificate_is_told_in_the_log(proxy, tmp_path):
    """Its alert unknown_ca (RFC 8446 §6.2) is a failed handshake, and not the proxy's end."""
    stranger = Authority(tmp_path, "another CA")
    with pytest.raises(ssl.SSLCertVerificationError):
        proxy.connect(context=trusting(stranger))
    proxy.failed_handshake(reason="tls_alert_received")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_proxy_ends_with_close_notify(proxy, version):
    """So that the client knows that nothing was cut off (RFC 8446 §6.1, RFC 9112 §9.8)."""
    with proxy.connect(context=trusting(proxy.authority, version, version)) as client:
        answer = client.ask(request("/", ("Connection", "close")))
        assert answer.status == 200 and answer.closes
        assert client.ends()
        client.close_notify()
        client.wire_end()  # and then the end of TCP


@pytest.mark.parametrize("version", VERSIONS)
def test_an_idle_clients_close_notify_is_answered(proxy, version):
    """By a close_notify of the proxy (RFC 5246 §7.2.1), and by silence in the log of errors."""
    with proxy.connect(context=trusting(proxy.authority, version, version)) as client:
        assert client.ask(request()).status == 200
        client.close_notify()
        assert client.ends()
    assert not proxy.failed_handshakes()


def test_a_request_can_end_the_clients_side(proxy):
    """close_notify ends one direction only (RFC 8446 §6.1): the answer still comes."""
    with proxy.connect() as client:
        client.send_wire(client.encrypt(request()))
        client.close_notify()
        assert client.response().status == 200
        assert client.ends()


def test_a_request_can_end_the_clients_side_and_tcp_too(start_proxy, recorder, certificate):
    """close_notify and FIN while the backend still thinks: half a connection is enough."""
    half_closed = threading.Event()

    def answer_late(connection):
        connection.request()
        assert half_closed.wait(20)
        connection.send(response(200, b"late"))

    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder(answer_late))}))
    with proxy.connect() as client:
        client.send(request())
        client.close_notify()
        client.finish()
        half_closed.set()
        assert client.response().body == b"late"
        assert client.ends()
