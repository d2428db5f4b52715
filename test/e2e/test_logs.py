"""What is logged: one line per exchange, one per failed handshake, and never a forged one."""

import datetime
import json
import re

import pytest

from support import logs
from support.configuration import cluster, plain_listener, site, tls_listener
from support.deadline import until
from support.messages import HOST, request, response
from support.recorder import echo_all

CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script=echo_all, **sections):
        listeners = [tls_listener(certificate), plain_listener()]
        return start_proxy(site(listeners, {"app": cluster(recorder(script))}, **sections))

    return start


def test_the_line_of_an_exchange(start):
    """Who, what, over which TLS, to which backend, how long, how it ended."""
    proxy = start()
    with proxy.connect() as client:
        answer = client.ask(request("/path?q=1", method="POST", body=b"x" * 1000), "POST")
        source = client.address
        suite = client.tls.cipher()[0]
    assert answer.status == 200
    line = proxy.exchange(path="/path")
    assert logs.REQUEST_KEYS <= set(line), logs.REQUEST_KEYS - set(line)
    assert logs.DURATION_KEYS <= set(line["duration_us"])
    assert line["client"] == source
    assert line["listener"] == f"127.0.0.1:{proxy.port}"
    assert (line["server_name"], line["host"]) == (HOST, HOST)
    assert "1.3" in line["tls_version"] and line["cipher_suite"] == suite
    assert re.search("25519|256", line["group"])
    assert line["resumed"] is False
    assert (line["method"], line["status"], line["reason"]) == ("POST", 200, "ok")
    assert line["request_bytes"] >= 1000 and line["response_bytes"] >= 1000
    assert line["cluster"] == "app" and line["backend"].startswith("127.0.0.1:")
    assert (line["reused"], line["retried"]) == (False, False)
    durations = line["duration_us"]
    assert 0 < durations["connect"] <= durations["total"] < 20_000_000
    assert 0 < durations["first_byte"] <= durations["total"]


def test_the_time_of_a_line(start):
    """An instant with its zone (RFC 3339), and a true one."""
    proxy = start()
    before = datetime.datetime.now(datetime.timezone.utc)
    assert proxy.ask(request("/")).status == 200
    told = datetime.datetime.fromisoformat(proxy.exchange(path="/")["time"].replace("Z", "+00:00"))
    after = datetime.datetime.now(datetime.timezone.utc)
    margin = datetime.timedelta(seconds=1)
    assert before - margin <= told <= after + margin


def test_an_exchange_without_tls_says_so(start):
    proxy = start()
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        assert client.ask(request("/plain")).status == 200
    line = proxy.exchange(path="/plain")
    assert not line.get("tls_version") and not line.get("cipher_suite")


def test_each_exchange_has_one_line(start):
    """Kept, pipelined, refused: as many lines as answers."""
    proxy = start()
    with proxy.connect() as client:
        client.send(b"".join(request(f"/{number}") for number in range(5)))
        for _ in range(5):
            client.response()
        client.ask(b"nonsense\r\n\r\n")
    until(lambda: len(proxy.exchanges()) >= 6, "six lines")
    assert [line["status"] for line in proxy.exchanges()] == [200] * 5 + [400]


NASTY = {
    "line-end-in-path": b"GET /a\nforged HTTP/1.1\r\nHost: x\r\n\r\n",
    "escape-in-path": b"GET /\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n",
    "quote-in-path": b'GET /"},{"event":"request" HTTP/1.1\r\nHost: x\r\n\r\n',
    "backslash-in-path": b"GET /\\u000a\\ HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes-in-path": b"GET /\xff\xfe\xc3( HTTP/1.1\r\nHost: x\r\n\r\n",
    "percent-in-path": b"GET /%0a%0d%22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "quote-in-host": b'GET / HTTP/1.1\r\nHost: x"y\r\n\r\n',
    "escape-in-host": b"GET / HTTP/1.1\r\nHost: x\x1b[2Jy\r\n\r\n",
    "delete-in-method": b"GE\x7fT / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab-in-agent": b'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\tb"c\\d\xe9\r\n\r\n',
    "escape-in-agent": b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\r\n\r\n",
}


def test_no_request_can_forge_a_line(start):
    """Every line is JSON in UTF-8 on one line, without a control byte, whatever was sent."""
    proxy = start()
    for asked in NASTY.values():
        with proxy.connect() as client:
            assert client.ask(asked).status in (200, 400)
    until(lambda: len(proxy.exchanges()) >= len(NASTY), "a line for each")
    for output in (proxy.process.stdout, proxy.process.stderr):
        assert not CONTROL.search(output), CONTROL.search(output)
        output.decode("utf-8")
    assert len(proxy.exchanges()) == len(NASTY)
    keys = {frozenset(line) for line in proxy.exchanges(status=200)}
    assert len(keys) == 1  # nothing was slipped in


def test_no_server_name_can_forge_a_line(start, recorder):
    """The name of a ClientHello is the client's word as well."""
    proxy = start()
    with proxy.connect_plain() as client:
        client.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\n")
        client.wire_end()
    line = proxy.failed_handshake()
    assert logs.HANDSHAKE_KEYS <= set(line), logs.HANDSHAKE_KEYS - set(line)
    assert line["explanation"] and "\n" not in line["explanation"]


def test_a_failed_handshake_has_one_line(start):
    """With the client and a sentence; the good ones have none."""
    proxy = start()
    assert proxy.ask(request("/")).status == 200
    with proxy.connect_plain() as client:
        source = client.address
        client.send(b"\x16\x03\x01\x00\x02\x01\x00")
        client.send(b"x" * 100)
        client.wire_end()
    line = proxy.failed_handshake()
    assert line["client"] == source
    assert len(proxy.failed_handshakes()) == 1


def test_the_access_log_can_be_a_file(start, tmp_path):
    path = tmp_path / "access.log"
    proxy = start(logging={"access": str(path)})
    assert proxy.ask(request("/to-a-file")).status == 200
    until(lambda: path.exists() and path.read_bytes().count(b"\n") == 1, "the line is written")
    assert json.loads(path.read_text())["path"] == "/to-a-file"
    assert proxy.exchanges() == []


def test_the_access_log_can_be_off(start):
    proxy = start(logging={"access": "off"})
    assert proxy.ask(request("/")).status == 200
    proxy.stop()
    assert proxy.process.stdout == b""


def test_text_is_for_people(start):
    """format: text, one line each, with the same facts."""
    proxy = start(logging={"format": "text"})
    assert proxy.ask(request("/for-people")).status == 200
    until(lambda: b"/for-people" in proxy.process.stdout, "a line")
    line = proxy.process.stdout.splitlines()[-1]
    assert b"200" in line and b"GET" in line
    with pytest.raises(ValueError):
        json.loads(line)


def test_what_was_in_flight_at_the_end_is_logged(start):
    """The last batch is written before the exit."""
    proxy = start()
    with proxy.connect() as client:
        for number in range(50):
            client.ask(request(f"/{number}", ("Connection", "keep-alive")))
    proxy.stop()
    assert len(proxy.exchanges()) == 50


def test_a_backends_failure_is_told_with_its_request(start):
    def die(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", "9")) + b"half")

    proxy = start(die)
    with proxy.connect() as client:
        client.send(request("/dies"))
        client.wire_end()
    line = proxy.exchange(path="/dies")
    assert (line["status"], line["reason"]) == (200, "connection_closed")


def test_path_and_query_are_two_fields(start):
    """Lines can be counted by path; nginx and Caddy log the query too, so it is there."""
    proxy = start()
    assert proxy.ask(request("/page?token=1&b")).status == 200
    line = proxy.exchange(path="/page")
    assert line["query"] == "token=1&b"
    assert proxy.ask(request("/page2?")).status == 200
    assert "query" not in proxy.exchange(path="/page2")


def test_a_query_may_be_left_out(start):
    """logging.query: false, where queries hold secrets."""
    proxy = start(logging={"query": False})
    assert proxy.ask(request("/page?token=secret")).status == 200
    assert "query" not in proxy.exchange(path="/page")
    assert b"secret" not in proxy.process.stdout


def test_bytes_of_our_own_pages_are_counted(start):
    proxy = start(limits={"body_size": "10B"})
    answer = proxy.ask(request("/", method="POST", body=b"x" * 11), "POST")
    assert answer.status == 413 and len(answer.body) > 20
    assert proxy.exchange(path="/")["response_bytes"] == len(answer.body)
