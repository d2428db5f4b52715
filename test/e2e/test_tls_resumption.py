"""Session tickets (RFC 5077, RFC 8446 §4.6.1): a second handshake is a short one."""

import select
import ssl
import threading

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.connection import TIMEOUT, TlsSocket, trusting
from support.messages import request, response

TICKET_RECORD_MIN = 100
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def proxy(start_proxy, recorder, certificate):
    def start(tls=None, **sections):
        listener = tls_listener(certificate, **(tls or {}))
        return start_proxy(site([listener], {"app": cluster(recorder())}, **sections))

    return start


def test_s_client_resumes(proxy, version, tmp_path):
    """-sess_out and -sess_in: "Reused" the second time, and the log agrees."""
    proxy = proxy()
    ticket, flag = tmp_path / "session", f"-tls{version.replace('.', '_')}"
    first = clients.s_client(proxy, flag, "-sess_out", ticket)
    assert not clients.s_client_resumed(first) and "HTTP/1.1 200" in first
    second = clients.s_client(
        proxy, flag, "-sess_in", ticket, request=clients.closing_request(path="/again")
    )
    assert clients.s_client_resumed(second) and "HTTP/1.1 200" in second
    assert proxy.exchange(path="/again")["resumed"] is True
    assert proxy.exchange(path="/")["resumed"] is False


def test_gnutls_resumes(proxy, version):
    """gnutls-cli --resume connects twice and tells."""
    report = clients.gnutls_cli(
        proxy(), "--resume", "--waitresumption",
        "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}",
    )  # fmt: skip
    assert "This is a resumed session" in report
    assert "HTTP/1.1 200" in report


def one_session(proxy, context, session=None):
    """A request on a new connection: was it resumed, and the session to come back with."""
    with proxy.connect(context=context, session=session) as client:
        assert client.ask(request()).status == 200  # a 1.3 ticket comes after the handshake
        return client.tls.session_reused, client.tls.session


def test_a_ticket_is_good_at_every_worker(proxy, version):
    """A client does not choose its worker, so each must know the tickets of the others."""
    proxy = proxy(workers=2)
    context = trusting(proxy.authority, VERSIONS[version], VERSIONS[version])
    resumed, session = one_session(proxy, context)
    assert not resumed
    for _ in range(12):
        resumed, session = one_session(proxy, context, session)
        assert resumed


def test_tickets_go_with_the_answer(start_proxy, recorder, certificate):
    """Where the request came with the client's Finished, one write carries both; a client that has
    asked for nothing yet gets its tickets at once."""
    asked, may_answer = threading.Event(), threading.Event()

    def script(connection):
        connection.request()
        asked.set()
        assert may_answer.wait(TIMEOUT)
        connection.send(response(200, b"fine"))

    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder(script))}))
    context = trusting(proxy.authority, ssl.TLSVersion.TLSv1_3)
    with TlsSocket(proxy.port, context, handshake=False) as client:
        client.send_wire(client.first_flight())
        while True:
            client.wire_in.write(client.tcp.recv(65536))
            try:
                client.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
        client.send_wire(client.wire_out.read() + client.encrypt(request()))
        assert asked.wait(TIMEOUT)
        assert select.select([client.tcp], [], [], 0)[0] == []
        may_answer.set()
        assert client.response().status == 200
        assert client.tls.session.has_ticket
    with proxy.connect(context=context) as client:
        assert len(client.tcp.recv(65536)) > 2 * TICKET_RECORD_MIN


def test_no_tickets_if_so_configured(proxy, version):
    proxy = proxy(tls={"tickets": False})
    context = trusting(proxy.authority, VERSIONS[version], VERSIONS[version])
    _, session = one_session(proxy, context)
    resumed, _ = one_session(proxy, context, session)
    assert not resumed


def test_a_foreign_ticket_means_a_full_handshake(proxy, version):
    """A ticket of another proxy (or of this one before its restart) does no harm."""
    first, second = proxy(), proxy()
    context = trusting(first.authority, VERSIONS[version], VERSIONS[version])
    _, session = one_session(first, context)
    resumed, _ = one_session(second, context, session)
    assert not resumed
