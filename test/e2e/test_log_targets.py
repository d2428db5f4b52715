"""Where lines go, which they are, and how many: files, syslog, chosen fields, samples, limits."""

import json
import re
import signal
import socket

import pytest

from support import logs
from support.configuration import cluster, plain_listener, site, tls_listener
from support.deadline import until
from support.messages import request, response
from support.recorder import answer_all

SYSLOG = re.compile(
    rb"<(?P<priority>\d+)>1 \S+T\S+Z \S+ (?P<app>\S+) \d+ (?P<event>\S+) - (?P<line>\{.*\})", re.DOTALL
)


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(logging, script=answer_all):
        whole = site(
            [tls_listener(certificate), plain_listener()],
            {"app": cluster(recorder(script))},
            logging=logging,
        )
        return start_proxy(whole)

    return start


def paths(file):
    """Of the requests that are told in it."""
    whole = file.read_bytes() if file.exists() else b""
    return [line["path"] for line in logs.events(whole, logs.REQUEST)]


def test_a_file_that_is_moved_away(start, tmp_path):
    """SIGUSR1, as logrotate sends it: each line is in one of the two, none is lost."""
    log, kept = tmp_path / "access.log", tmp_path / "access.log.1"
    proxy = start({"access": str(log)})
    with proxy.connect() as client:
        client.ask(request("/one"))
        until(lambda: paths(log) == ["/one"], "the first line")
        log.rename(kept)
        client.ask(request("/two"))
        until(lambda: paths(kept) == ["/one", "/two"], "the line goes with the file")
        proxy.send_signal(signal.SIGUSR1)
        until(lambda: proxy.errors(event="logs_reopened"), "the signal was seen")
        client.ask(request("/three"))
        until(lambda: paths(log) == ["/three"], "the new file")
    assert log.stat().st_mode & 0o777 == 0o640
    assert paths(kept) == ["/one", "/two"]


def test_a_file_that_can_not_be_opened_anew(start, tmp_path):
    """What is open goes on being written, and that is said."""
    folder, moved = tmp_path / "logs", tmp_path / "moved"
    folder.mkdir()
    proxy = start({"access": str(folder / "access.log")})
    folder.rename(moved)
    proxy.send_signal(signal.SIGUSR1)
    until(lambda: proxy.errors(event="log_not_reopened"), "the warning")
    assert proxy.ask(request("/still")).status == 200
    until(lambda: paths(moved / "access.log") == ["/still"], "the line")


@pytest.mark.parametrize("kind", ["unix", "udp"])
def test_syslog(start, tmp_path, kind):
    """RFC 5424, a datagram for each line, over both ways."""
    if kind == "unix":
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(str(tmp_path / "log"))
        address = f"unix:{tmp_path / 'log'}"
    else:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with server:
        server.settimeout(30)
        proxy = start(
            {
                "access": "syslog",
                "syslog": {"address": address, "facility": "local3", "app_name": "door"},
            }
        )
        assert proxy.ask(request("/told")).status == 200
        message = SYSLOG.fullmatch(server.recv(65536))
    assert message and message["app"] == b"door" and message["event"] == b"request"
    assert int(message["priority"]) == 19 * 8 + 5  # local3, notice
    assert json.loads(message["line"])["path"] == "/told"


def test_a_syslog_server_that_is_not_there(start, tmp_path):
    """Nobody waits for it."""
    proxy = start({"access": "syslog", "syslog": {"address": f"unix:{tmp_path / 'nobody'}"}})
    assert proxy.ask(request("/")).status == 200


def test_chosen_fields(start):
    """Only those, whatever was asked; and header fields by name, of each the first."""

    def answer(connection):
        while True:
            connection.request()
            connection.send(response(200, b"x", ("X-Kind", "a"), ("X-Kind", "b")))

    proxy = start(
        {
            "fields": ["method", "path", "status", "reason"],
            "request_headers": ["User-Agent", "Referer"],
            "response_headers": ["x-kind"],
        },
        answer,
    )
    proxy.ask(request("/chosen?secret=1", ("user-agent", 'a "quoted" one')))
    line = proxy.exchange(path="/chosen")
    assert set(line) == {
        "time", "level", "event", "method", "path", "status", "reason",
        "request_headers", "response_headers",
    }  # fmt: skip
    assert line["request_headers"] == {"User-Agent": 'a "quoted" one'}
    assert line["response_headers"] == {"x-kind": "a"}


def test_a_sample_holds_every_fault(start):
    """One of ten good ones is told, and all others."""

    def answer(connection):
        while True:
            asked = connection.request()
            connection.send(response(404 if asked.target == "/none" else 200, b""))

    proxy = start({"sample": 10}, answer)
    with proxy.connect() as client:
        for index in range(40):
            client.ask(request("/none" if index % 4 == 3 else "/good"))
    until(lambda: len(proxy.exchanges(path="/none")) == 10, "each fault is told")
    assert len(proxy.exchanges(path="/good")) == 3


def test_lines_beyond_the_rate_are_counted(start):
    """What is told and what is held back make up all that happened."""
    proxy = start({"access_rate": 5})
    count = 60

    def told():
        held = logs.events(proxy.process.stdout, "lines_suppressed")
        assert all(line["of"] == "request" for line in held)
        return len(proxy.exchanges()) + sum(line["count"] for line in held)

    with proxy.connect() as client:
        for _ in range(count):
            client.ask(request("/"))
    proxy.stop()
    assert told() == count
    assert len(proxy.exchanges()) < count
