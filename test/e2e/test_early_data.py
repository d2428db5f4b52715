"""0-RTT data for another server: not accepted here, but it must not cost the handshake.

RFC 8446 §4.2.10: after a HelloRetryRequest the server skips it. The other server is OpenSSL's.
"""

import subprocess

import pytest

from support.configuration import cluster, site, tls_listener
from support.deadline import SECONDS, until
from support.messages import HOST, request
from support.ports import free_port


def openssl(*arguments):
    """A command of OpenSSL that stays as long as its input does."""
    return subprocess.Popen(
        ["openssl", *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def end(child):
    child.kill()
    child.stdin.close()
    child.wait()


@pytest.fixture(scope="module")
def foreign_session(tmp_path_factory, certificate):
    """A session of an s_server that allows 0-RTT, as a file for s_client."""
    path = tmp_path_factory.mktemp("foreign") / "session.pem"
    address = f"127.0.0.1:{free_port('127.0.0.1')}"
    other = openssl(
        "s_server", "-accept", address, "-tls1_3", "-early_data",
        "-key", certificate.key, "-cert", certificate.chain,
    )  # fmt: skip

    def get_session():
        client = openssl(
            "s_client", "-connect", address, "-servername", HOST, "-tls1_3", "-sess_out", path
        )
        try:
            until(lambda: is_written(path) or client.poll() is not None, "a session, or none")
        finally:
            end(client)
        return is_written(path)

    try:
        until(get_session, "a session of the other server")
        yield path
    finally:
        end(other)


def is_written(path):
    return path.exists() and b"END SSL SESSION" in path.read_bytes()


def s_client(port, data, *flags):
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, "-tls1_3",
         "-ign_eof", *map(str, flags)],
        input=data, capture_output=True, timeout=SECONDS, check=False,
    ).stdout.decode(errors="replace")  # fmt: skip


@pytest.mark.parametrize("size", [200, 16000])
def test_a_foreign_ticket_with_early_data(
    start_proxy, recorder, certificate, tmp_path, foreign_session, size
):
    """The early request is dropped unread; what the client sends afterwards is answered."""
    backend = recorder()
    proxy = start_proxy(
        site([tls_listener(certificate)], {"app": cluster(backend)}, logging={"handshakes": "all"})
    )
    early = tmp_path / "early"
    early.write_bytes(request("/early", ("X-Fill", "x" * (size - 100))))
    asked = request("/late", ("Connection", "close"))
    report = s_client(proxy.port, asked, "-sess_in", foreign_session, "-early_data", early)
    assert "Early data was rejected" in report
    assert "HTTP/1.1 200" in report
    assert [one.target for one in backend.requests] == ["/late"]
    assert proxy.failed_handshakes() == []
