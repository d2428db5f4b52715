"""First flights that must fail, against the whole program: the alert on the wire, the log line.

The cases are those of the unit test: test/cases/hello.
"""

import sys
from pathlib import Path

import pytest

from support.configuration import cluster, site, tls_listener
from support.deadline import until

sys.path.insert(0, str(Path(__file__).parents[1] / "cases"))
import hello_cases  # noqa: E402

CASES = hello_cases.read()
LISTENERS = ["default", "strict", "modern"]
ALERT_RECORD = 21
ALERTS = {
    10: "unexpected_message", 22: "record_overflow", 40: "handshake_failure",
    47: "illegal_parameter", 50: "decode_error", 70: "protocol_version",
    86: "inappropriate_fallback", 109: "missing_extension", 112: "unrecognized_name",
    120: "no_application_protocol",
}  # fmt: skip


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, certificate):
    listeners = [
        tls_listener(certificate),
        tls_listener(certificate, unknown_server_name="refuse"),
        tls_listener(certificate, policy="modern"),
    ]
    return start_shared_proxy(
        site(
            listeners,
            {"app": cluster(shared_recorder())},
            logging={"handshake_repeat_interval": "0s"},  # each by itself
        )
    )


def alert_in(wire):
    """The alert that the wire ends with; the HTTP status of an answer in plaintext."""
    if wire.startswith(b"HTTP/1.1 "):
        return f"http {wire[9:12].decode()}"
    if len(wire) < 7 or wire[-7] != ALERT_RECORD:
        return "none"
    assert wire[-6:-2] == b"\x03\x03\x00\x02\x02" or wire[-4:-1] == b"\x00\x02\x02"
    return ALERTS[wire[-1]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.where)
def test_a_first_flight_that_fails(proxy, case):
    with proxy.connect_plain(port=proxy.ports[LISTENERS.index(case.listener)]) as client:
        address = client.address
        before = len(proxy.failed_handshakes(client=address))  # a client's port may come again
        client.send(case.data)
        if case.eof:
            client.finish()
        wire = client.wire_end()
    expected = case.expected.get("alert") or f"http {case.expected['http']}"
    assert alert_in(wire) == expected
    line = until(lambda: proxy.failed_handshakes(client=address)[before:], "its line in the log")[0]
    assert line["reason"] == case.expected["reason"]
    assert case.expected.get("says", "") in line["explanation"]
    assert line["count"] == 1


def test_there_are_many_cases():
    assert len(CASES) >= 60
