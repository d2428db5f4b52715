"""Who may ask the admin interface, and what: refusals, limits, the socket, TCP."""

import json
import os
import pwd
import signal
import stat
import threading
from pathlib import Path

import pytest

from support.admin import Admin, connect
from support.administered import shared, start  # noqa: F401
from support.configuration import cluster, plain_listener, site, with_ports, yaml
from support.deadline import unchanged, until
from support.messages import request
from support.ports import free_port
from support.proxy import run_command


# --- Requests that are refused


@pytest.mark.parametrize(
    "method, target, status",
    [
        ("GET", "/nothing", 404),
        ("GET", "/clusters/app/backends/x/drain", 405),
        ("POST", "/status", 405),
        ("PUT", "/stop", 405),
        ("GET", "/status/", 404),
        ("GET", "//status", 404),
    ],
)
def test_other_pages_and_methods(shared, method, target, status):
    answer = shared.admin.ask(method, target, {"X-Requested-With": "test"})
    assert answer.status == status
    assert answer.json["error"] == {404: "not_found", 405: "method_not_allowed"}[status]
    assert ("allow" in answer.fields) == (status == 405)


def exchange_raw(admin, sent):
    with connect(admin.address) as client:
        client.sendall(sent)
        return read_all(client)


def read_all(client):
    got = b""
    try:
        while more := client.recv(65536):
            got += more
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"GET /status HTTP/1.1\r\n\r\n", b"400"),  # no Host
        (b"GET /status HTTP/1.1\nHost: x\n\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /status HTTP/3.0\r\nHost: x\r\n\r\n", b"505"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"4"),  # 414 or 431
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", b"431"),
        (b"POST /stop HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n", b"413"),
        (b"POST /stop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"2000\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n", b"413"),
        (b"POST /stop HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
    ],
)
def test_bad_requests(shared, sent, status):
    """Read as strictly as the clients' are, with limits of its own; the proxy goes on."""
    got = exchange_raw(shared.admin, sent)
    assert got.startswith(b"HTTP/1.1 " + status), got
    assert shared.admin.get("/healthz").status == 200


def test_one_request_for_each_connection(shared):
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    got = exchange_raw(shared.admin, asked * 3)
    assert got.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in got


def test_continue(shared):
    got = exchange_raw(shared.admin, b"POST /log-level/notice HTTP/1.1\r\nHost: x\r\n"
                                     b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab")
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


# --- Slow clients, and many


def test_slow_clients_are_ended(start, recorder):
    """admin.timeout: one that says nothing, one that does not finish its request."""
    proxy = start(recorder(), admin={"timeout": "300ms"})
    with connect(proxy.admin.address) as silent, connect(proxy.admin.address) as slow:
        slow.sendall(b"GET /status HTT")
        assert silent.recv(100) == b""
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_many_clients_hold_nobody_up(start, recorder):
    """admin.connections at most; others wait for one that goes. Signals and requests go on."""
    proxy = start(recorder(), admin={"connections": 4, "timeout": "10s"})
    holders = [connect(proxy.admin.address) for _ in range(4)]
    try:
        with connect(proxy.admin.address) as waiting:
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert proxy.ask(request("/")).status == 200
            waiting.settimeout(0.3)
            with pytest.raises(TimeoutError):
                waiting.recv(1)
            holders.pop().close()
            waiting.settimeout(20)
            assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        proxy.stop(signal.SIGTERM)
    finally:
        for holder in holders:
            holder.close()


def test_a_reader_that_does_not_read(start_proxy):
    """Its answer waits for it, no longer than admin.timeout, and nobody else."""
    clusters = {f"c{i}": cluster("127.0.0.1:9") for i in range(1000)}
    routes = [{"cluster": name, "path": f"/{name}/"} for name in clusters]
    proxy = start_proxy(site([plain_listener()], clusters, routes, admin={"timeout": "500ms"}))
    assert proxy.admin.get("/healthz").status == 200  # libuv opens one for its own use
    before = unchanged(proxy.descriptors, 0.2, "how many files are open")
    with connect(proxy.admin.address) as lazy:
        lazy.sendall(b"GET /config HTTP/1.1\r\nHost: x\r\n\r\n")
        whole = len(proxy.admin.get("/config").body)
        assert whole > 1 << 18
        until(lambda: proxy.descriptors() <= before, "it is given up")
        assert len(read_all(lazy)) < whole


def test_answers_when_memory_is_used_up(start, recorder):
    """Its memory is not the workers'."""
    proxy = start(recorder(), limits={"memory": "16MiB", "connections": 2000})
    clients = []
    try:
        while proxy.admin.get("/status").json["memory"]["used_bytes"] < 14 << 20:
            clients.append(proxy.connect_plain())
            clients[-1].send(b"\x16\x03\x01\x02\x00\x01")
            if len(clients) > 900:
                break
        assert proxy.admin.get("/status").status == 200
        assert proxy.admin.get("/sessions?limit=10").status == 200
    finally:
        for client in clients:
            client.close()


# --- The socket


def test_only_the_owner_may_connect(shared):
    path = Path(shared.admin.address.removeprefix("unix:"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_mode_and_group(start, recorder):
    proxy = start(recorder(), admin={"mode": "0660", "group": str(os.getgid())})
    path = Path(proxy.admin.address.removeprefix("unix:"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert path.stat().st_gid == os.getgid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_user_that_the_process_becomes_owns_it(start_proxy, recorder):
    """So that commands of that user reach it, too."""
    nobody = pwd.getpwnam("nobody")
    whole = site([plain_listener()], {"app": cluster(recorder())}, user="nobody", admin={})
    proxy = start_proxy(whole)
    facts = Path(proxy.admin.address.removeprefix("unix:")).stat()
    assert (facts.st_uid, stat.S_IMODE(facts.st_mode)) == (nobody.pw_uid, 0o600)
    assert proxy.admin.get("/readyz").json["ready"]


def test_a_stale_file_is_replaced(start, recorder):
    """A proxy that was killed leaves its file behind; the next one takes its place."""
    first = start(recorder())
    address = first.admin.address
    first.process.forget()  # SIGKILL
    assert Path(address.removeprefix("unix:")).exists()
    second = start(recorder(), admin={"address": address})
    assert second.admin.get("/healthz").status == 200
    assert second.admin.get("/status").json["process"] == second.pid
    second.stop()
    first.admin_folder.remove()


def test_a_socket_in_use_is_not_taken(shared, variant, config_text):
    """The other proxy keeps it, and the new one does not start: the file asks for that address."""
    path = config_text({"address": shared.admin.address})
    done = run_command(variant.binary, "run", "-c", path)
    assert done.returncode == 3
    assert b"admin.address" in done.stderr and b"in use" in done.stderr
    assert shared.admin.get("/status").json["process"] == shared.pid


@pytest.fixture
def config_text(tmp_path):
    """The path of a configuration with this admin section."""
    def write(admin):
        whole = site([plain_listener()], {"app": cluster("127.0.0.1:9")}, admin=admin)
        path = tmp_path / "admin.yaml"
        path.write_text(yaml(with_ports(whole, free_port)[0]))
        return path

    return write


# --- TCP


@pytest.fixture(scope="module")
def over_tcp(start_shared_proxy, shared_recorder, certificate):
    whole = site([plain_listener()], {"app": cluster(shared_recorder())},
                 admin={"address": "127.0.0.1:0"})
    return start_shared_proxy(whole)


def hosts(proxy):
    port = proxy.admin.address.rpartition(":")[2]
    return [f"localhost:{port}", f"127.0.0.1:{port}", "localhost", "127.9.8.7", f"[::1]:{port}"]


def test_loopback_names(over_tcp):
    for host in hosts(over_tcp):
        assert over_tcp.admin.ask("GET", "/healthz", host=host).status == 200, host


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1.nip.io", "[::2]",
             "128.0.0.1", "0.0.0.0"])
def test_other_names_are_refused(over_tcp, host):
    """A name that somebody points at 127.0.0.1 (DNS rebinding)."""
    answer = over_tcp.admin.ask("GET", "/status", host=host)
    assert (answer.status, answer.json["error"]) == (403, "admin_host_refused")


@pytest.mark.parametrize(
    "fields",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method, page", [("GET", "/status"), ("POST", "/log-level/debug")])
def test_pages_of_other_origins_are_refused(over_tcp, fields, method, page):
    answer = over_tcp.admin.ask(method, page, {"X-Requested-With": "x", **fields})
    assert (answer.status, answer.json["error"]) == (403, "admin_origin_refused")


def test_the_same_origin_is_taken(over_tcp):
    host = hosts(over_tcp)[0]
    fields = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "X-Requested-With": "x"}
    assert over_tcp.admin.ask("GET", "/status", fields, host=host).status == 200
    assert over_tcp.admin.ask("POST", "/log-level/notice", fields, b"", host=host).status == 200
    other = {**fields, "Origin": "http://localhost:1"}
    assert over_tcp.admin.ask("POST", "/log-level/notice", other, b"", host=host).status == 403


@pytest.mark.parametrize(
    "fields, status",
    [
        ({}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({"Content-Type": "multipart/form-data; boundary=application/json"}, 403),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"X-Requested-With": "curl"}, 200),
    ],
    ids=str,
)
def test_what_a_form_can_send_changes_nothing(over_tcp, fields, status):
    answer = over_tcp.admin.ask("POST", "/log-level/notice", fields, b"")
    assert answer.status == status
    if status == 403:
        assert answer.json["error"] == "admin_form_refused"


def test_on_a_unix_socket_nothing_of_that_is_asked(shared):
    """No page of a browser can open one."""
    assert shared.admin.ask("GET", "/status", host="anything.example").status == 200
    assert shared.admin.ask("POST", "/log-level/notice", {}, b"").status == 200


@pytest.mark.parametrize(
    "admin, words",
    [
        ({"address": "0.0.0.0:9901"}, "anybody on the network could reach it"),
        ({"address": "10.0.0.1:9901"}, "anybody on the network could reach it"),
        ({"address": "localhost:9901"}, "a listener needs an IP address"),
        ({"address": "of"}, "address"),
        ({"mode": "0999"}, "a mode has three octal digits"),
        ({"mode": "99"}, "a mode has three octal digits"),
        ({"ready": {"clusters": ["ap"]}}, 'did you mean "app"?'),
        ({"ready": {"when": "sometimes"}}, "every_cluster"),
        ({"connections": 0}, "out of range"),
    ],
    ids=json.dumps,
)
def test_mistakes_in_the_file(variant, config_text, admin, words):
    done = run_command(variant.binary, "check", "-c", config_text(admin))
    assert done.returncode == 1
    assert words in done.stderr.decode()


@pytest.mark.parametrize("admin, words", [({"user": "no-such-user"}, "there is no user"),
                                          ({"group": "no-such-group"}, "there is no group"),
                                          ({"address": "unix:/nowhere/at/all"}, "can not listen")])
def test_an_address_that_can_not_be_had(variant, config_text, admin, words, tmp_path):
    address = {"address": f"unix:{tmp_path}/s"[:107]}
    done = run_command(variant.binary, "run", "-c", config_text({**address, **admin}))
    assert done.returncode == 3
    assert words in done.stderr.decode()


def test_two_answers_at_once(shared):
    """Many ask at the same time; each gets a whole answer."""
    answers = []

    def ask():
        answers.append(Admin(shared.admin.address).get("/clusters"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["workers"] for answer in answers}) == 1
