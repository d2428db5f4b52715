"""What the log says of handshakes: why one failed, how often, and step by step."""

import ssl

import pytest

from support import logs
from support.certificates import Authority
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import HOST, request

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
STEPS = {
    "1.2": "ClientHello ServerHello Certificate ServerKeyExchange ServerHelloDone "
    "ClientKeyExchange ChangeCipherSpec Finished NewSessionTicket ChangeCipherSpec Finished",
    "1.3": "ClientHello ServerHello ChangeCipherSpec EncryptedExtensions Certificate "
    "CertificateVerify Finished Finished NewSessionTicket",
}


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(**sections):
        return start_proxy(
            site([tls_listener(certificate)], {"app": cluster(recorder())}, **sections)
        )

    return start


def say(proxy, wire, **options):
    with proxy.connect_plain(**options) as client:
        client.send(wire)
        client.wire_end()


def messages(line):
    return " ".join(step["step"] for step in line["steps"] if step["by"] != "proxy")


@pytest.mark.parametrize("version", VERSIONS)
def test_all_handshakes_can_be_told_step_by_step(start, version):
    """`handshakes: all`, by the names of RFC 8446 §4 and RFC 5246 §7.3."""
    proxy = start(logging={"handshakes": "all"})
    wanted = VERSIONS[version]
    proxy.ask(request(), context=trusting(proxy.authority, wanted, wanted))
    [line] = until(
        lambda: logs.events(proxy.process.stdout, "handshake"), "the line of the handshake"
    )
    assert line["reason"] == "ok" and line["tls_version"] == f"TLSv{version}"
    assert messages(line) == STEPS[version]
    times = [step["at_us"] for step in line["steps"]]
    assert times == sorted(times) and times[-1] > 0
    assert sum(step["bytes"] for step in line["steps"]) == line["bytes_in"] + line["bytes_out"]
    assert {"decision", "certificate_chosen"} <= {step["step"] for step in line["steps"]}


def test_good_handshakes_are_not_told_by_default(start):
    proxy = start()
    assert proxy.ask(request()).status == 200
    proxy.stop()
    assert not logs.events(proxy.process.stdout, "handshake")
    assert not logs.events(proxy.process.stderr, "handshake_steps")


def test_the_debug_log_has_the_steps(start):
    """`level: debug`, in the error log."""
    proxy = start(logging={"level": "debug"})
    assert proxy.ask(request()).status == 200
    [line] = until(lambda: logs.events(proxy.process.stderr, "handshake_steps"), "the steps")
    assert line["level"] == "debug" and messages(line) == STEPS["1.3"]


def test_failed_handshakes_can_be_left_out(start):
    proxy = start(logging={"handshakes": "off"})
    say(proxy, b"\x16\x03\x01\xff\xff")
    proxy.stop()
    assert proxy.failed_handshakes() == []


def test_a_kind_that_repeats_is_summed_up(start):
    """The first at once, the rest as a number when the proxy ends: none is lost."""
    proxy = start(logging={"handshake_repeat_interval": "1h"})
    for _ in range(20):
        say(proxy, b"SSH-2.0-x\r\n")
    say(proxy, b"EHLO x\r\n")
    assert len(proxy.failed_handshakes()) <= 2
    proxy.stop()
    ssh = proxy.failed_handshakes(explanation=logs.words(proxy, "SSH"))
    assert [line["count"] for line in ssh] == [1, 19]
    assert all(line["reason"] == "not_tls" and line["client"] for line in ssh)
    assert sum(line["count"] for line in proxy.failed_handshakes()) == 21


def test_a_sum_is_told_after_each_interval(start):
    proxy = start(logging={"handshake_repeat_interval": "100ms"})

    def fail_again():
        say(proxy, b"SSH-2.0-x\r\n")
        return any(line["count"] > 1 for line in proxy.failed_handshakes())

    until(fail_again, "a line with a number")


def test_a_client_that_knows_not_our_issuer(start, tmp_path):
    """Its alert, what that means, and the certificate that it was shown (RFC 8446 §6.2)."""
    proxy = start()
    with pytest.raises(ssl.SSLCertVerificationError):
        proxy.connect(context=trusting(Authority(tmp_path, "another CA")))
    line = proxy.failed_handshake(reason="tls_alert_received")
    assert line["alert_received"] == "unknown_ca"
    words = line["explanation"]
    assert "the client rejected our certificate with the alert unknown_ca (48)" in words
    assert f"the certificate that it was shown is for {HOST}" in words
    assert "no intermediate certificate is sent" in words
    assert messages(line).startswith("ClientHello ServerHello")


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_client_that_goes_without_a_word(start, how):
    """After our Certificate, before its Finished."""
    proxy = start()
    with proxy.connect(handshake=False) as client:
        client.send_wire(client.first_flight())
        assert client.tcp.recv(1)
        client.vanish(how)
    line = proxy.failed_handshake()
    assert line["reason"] in ("connection_closed", "connection_reset")
    assert "after our Certificate and before its Finished" in line["explanation"]


def test_what_would_let_a_client_in(start_proxy, recorder, certificate):
    """The nearest change to the policy, and its price."""
    listener = tls_listener(certificate, policy="modern")
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    old = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        proxy.connect(context=trusting(proxy.authority, old, old))
    words = proxy.failed_handshake(reason="no_common_version")["explanation"]
    assert f"policy modern-2026-04 of {HOST} allows 1.3" in words
    assert proxy.failed_handshake()["ja4"].startswith("t12d")
    assert "to let it in: " in words and "its price: " in words
