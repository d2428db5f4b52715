"""Limits of handshakes at once: what one address does costs the others nothing."""

import contextlib
import socket

import pytest

from support.configuration import cluster, site, tls_listener
from support.deadline import until
from support.messages import request

PER_ADDRESS = 8
TOTAL = 16
REASON = "handshake_limit_reached"


def connect_from(port, number):
    """A connection from another address of this machine, 127.0.0.x."""
    return socket.create_connection(
        ("127.0.0.1", port), timeout=20, source_address=(f"127.0.0.{number}", 0)
    )


@pytest.fixture
def proxy(start_proxy, recorder, certificate):
    return start_proxy(
        site(
            [tls_listener(certificate)],
            {"app": cluster(recorder())},
            limits={"handshakes": TOTAL, "handshakes_per_address": PER_ADDRESS},
            timeouts={"handshake": "60s"},
            workers=2,
        )
    )


def is_closed(tcp):
    """True if the proxy has ended it."""
    try:
        return tcp.recv(1) == b""
    except ConnectionResetError:
        return True


def test_one_address_can_not_take_all(proxy):
    """Connections that say nothing: so many are kept, the others closed at once."""
    with contextlib.ExitStack() as stack:
        flood = [stack.enter_context(connect_from(proxy.port, 2)) for _ in range(4 * PER_ADDRESS)]
        lines = until(lambda: proxy.failed_handshakes(reason=REASON), "the limit is told")
        assert "limits.handshakes_per_address" in lines[0]["explanation"]
        assert lines[0]["client"].startswith("127.0.0.2:")
        for _ in range(3 * PER_ADDRESS):
            assert proxy.ask(request()).status == 200
        for tcp in flood:
            tcp.setblocking(False)

        def closed():
            count = 0
            for tcp in flood:
                with contextlib.suppress(BlockingIOError):
                    count += is_closed(tcp)
            return count

        until(lambda: closed() == 3 * PER_ADDRESS, "all beyond the limit are closed")
    until(
        lambda: can_begin(proxy, 2), "the places are free again when the connections have closed"
    )


def can_begin(proxy, number):
    """Whether a ClientHello from there is read, and not its connection closed before."""
    with connect_from(proxy.port, number) as tcp:
        try:
            tcp.sendall(b"SSH-2.0-x\r\n")
            return tcp.recv(1) == b"\x15"
        except ConnectionError:
            return False


def test_bad_hellos_cost_others_nothing(proxy):
    """A flood of refused ClientHellos from one address, while another one works."""
    hello = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x01" + bytes(32) + b"\0\0\x02\0\x2f\x01\0\0\0"
    for _ in range(20):
        with contextlib.ExitStack() as stack:
            for _ in range(2 * PER_ADDRESS):
                tcp = stack.enter_context(connect_from(proxy.port, 2))
                with contextlib.suppress(ConnectionError):
                    tcp.sendall(hello)
            assert proxy.ask(request()).status == 200
    proxy.stop()
    told = proxy.failed_handshakes()
    assert sum(line["count"] for line in told) == 20 * 2 * PER_ADDRESS
    assert len(told) <= 6  # two kinds, each told once and summed up at the end


def test_all_addresses_together(proxy):
    """`limits.handshakes`, whoever they are from."""
    with contextlib.ExitStack() as stack:
        for number in (2, 3, 4):
            for _ in range(PER_ADDRESS - 1):
                stack.enter_context(connect_from(proxy.port, number))
        [line] = until(lambda: proxy.failed_handshakes(reason=REASON), "the limit is told")
        assert "limits.handshakes is reached" in line["explanation"]


def test_trusted_proxies_have_no_limit_of_their_own(start_proxy, recorder, certificate):
    """Behind a load balancer all clients have one address."""
    proxy = start_proxy(
        site(
            [tls_listener(certificate)],
            {"app": cluster(recorder())},
            limits={"handshakes": TOTAL, "handshakes_per_address": 1},
            trusted_proxies=["127.0.0.2/32"],
        )
    )
    with contextlib.ExitStack() as stack:
        for _ in range(PER_ADDRESS):
            stack.enter_context(connect_from(proxy.port, 2))
        assert can_begin(proxy, 2)
    assert proxy.failed_handshakes(reason=REASON) == []
