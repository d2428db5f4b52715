"""The admin interface: its pages, in both formats, and what can be changed through it."""

import os
import threading

import pytest

from support.administered import shared, start  # noqa: F401
from support.configuration import cluster, site, tls_listener, yaml
from support.deadline import until
from support.messages import HOST, request, response
from support.ports import Refusing
from support.proxy import run_command

GETS = ["/", "/status", "/healthz", "/readyz", "/clusters", "/sessions", "/handshakes",
        "/certificates", "/log-level"]


# --- Every page, both formats


@pytest.mark.parametrize("page", GETS)
def test_json_by_default(shared, page):
    answer = shared.admin.get(page, Accept="*/*")
    assert answer.status == 200
    assert isinstance(answer.json, dict)
    assert answer.fields["cache-control"] == "no-store"
    assert answer.body.endswith(b"}\n")


@pytest.mark.parametrize("page", GETS)
@pytest.mark.parametrize("way", ["query", "accept"])
def test_text_for_people(shared, page, way):
    answer = (shared.admin.get(page + "?format=text") if way == "query"
              else shared.admin.get(page, Accept="text/plain, */*;q=0.1"))
    assert answer.status == 200
    assert answer.fields["content-type"] == "text/plain; charset=utf-8"
    assert not answer.text.startswith("{")
    assert answer.text.endswith("\n")


@pytest.mark.parametrize("page", GETS)
def test_head(shared, page):
    """The head of GET, without a body."""
    answer = shared.admin.ask("HEAD", page)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.fields["content-length"]) > 0


def test_the_list_has_every_page(shared):
    rows = shared.admin.get("/").json["pages"]
    assert {row["path"] for row in rows if row["method"] == "GET"} >= set(GETS)
    assert all(row["what"] for row in rows)


def test_status(shared):
    with shared.connect() as client:
        assert client.ask(request("/")).status == 200
        told = shared.admin.get("/status").json
        assert told["state"] == "running"
        assert told["workers"] == told["workers_that_answered"] == 2
        assert told["process"] == shared.pid
        assert told["requests"] >= 1 and told["requests_per_second"] >= 0
        assert told["handshakes"] >= 1
        assert told["connections"]["accepted"] >= told["connections"]["open"] >= 1
        assert told["connections"]["await_request"] >= 1
        assert told["setups"] == {"alive": 1, "connections_of_older_ones": 0}
        assert [one["name"] for one in told["clusters"]] == ["app"]
        assert told["clusters"][0]["usable"] == 1
        assert told["certificates"][0]["name"] == HOST


def test_requests_are_counted(start, recorder):
    """Of all workers together."""
    proxy = start(recorder(), workers=2)
    for _ in range(10):
        assert proxy.ask(request("/")).status == 200
    until(lambda: proxy.admin.get("/status").json["requests"] == 10, "all are counted")
    told = proxy.admin.get("/status").json
    assert told["handshakes"] == told["connections"]["accepted"] == 10
    assert told["requests_per_second"] > 0


def test_certificates(shared, certificate):
    (told,) = shared.admin.get("/certificates").json["certificates"]
    assert told["file"] == str(certificate.chain)
    assert HOST in told["names"]
    assert told["days_left"] > 0
    assert told["not_before"] < told["not_after"]
    assert told["state"] == "good"
    assert told["listeners"] == [f"127.0.0.1:{shared.port}"]
    assert len(told["fingerprint"]) == 64


def test_sessions(start, recorder):
    """Who is connected, with TLS and the request that runs; never the query or a field."""
    release = threading.Event()

    def hold(connection):
        connection.request()
        release.wait(20)
        connection.send(response(200, b"late"))

    backend = recorder(hold)
    proxy = start(backend)
    with proxy.connect() as client:
        client.send(request("/slow?secret=swordfish", ("Cookie", "swordfish")))
        until(lambda: backend.requests, "the request has come")
        (told,) = running(proxy)
        assert told["tls"]["server_name"] == HOST
        assert told["tls"]["version"] == "TLSv1.3"
        assert told["phase"] == "exchange"
        assert told["peer"] == client.address
        assert told["request"]["path"] == "/slow"
        assert told["request"]["cluster"] == "app"
        assert told["request"]["backend"] == backend.address
        for answer in proxy.admin.get("/sessions"), proxy.admin.get("/sessions?format=text"):
            assert b"swordfish" not in answer.body
        release.set()
        assert client.response().body == b"late"


def running(proxy):
    return [one for one in proxy.admin.get("/sessions").json["sessions"] if "request" in one]


def test_sessions_are_bounded(shared):
    clients = [shared.connect_plain(shared.ports[1]) for _ in range(5)]
    try:
        until(lambda: len(shared.admin.get("/sessions").json["sessions"]) >= 5, "all are seen")
        assert len(shared.admin.get("/sessions?limit=2").json["sessions"]) == 2
    finally:
        for client in clients:
            client.close()


def test_the_newest_sessions_are_listed(start, recorder):
    """admin.sessions for each worker."""
    proxy = start(recorder(), admin={"sessions": 3})
    clients = [proxy.connect_plain(proxy.ports[1]) for _ in range(6)]
    try:
        until(lambda: proxy.admin.get("/status").json["connections"]["open"] == 6, "all are open")
        told = proxy.admin.get("/sessions").json["sessions"]
        assert len(told) == 3
        ports = {client.tcp.getsockname()[1] for client in clients[3:]}
        assert {int(one["peer"].rpartition(":")[2]) for one in told} == ports
    finally:
        for client in clients:
            client.close()


def say_hello_in_plain(proxy, count):
    for _ in range(count):
        with proxy.connect_plain() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.wire_end()


def test_handshakes(start, recorder):
    """The last failures with their explanations, those of a kind together."""
    proxy = start(recorder())
    say_hello_in_plain(proxy, 3)
    until(lambda: failed(proxy) and failed(proxy)[0]["count"] == 3, "three are told")
    (told,) = failed(proxy)
    assert told["reason"] == "plain_http_on_tls_port"
    assert told["explanation"]
    assert told["first"] <= told["last"]
    reasons = proxy.admin.get("/status").json["failed_handshake_reasons"]
    assert reasons[0]["reason"] == "plain_http_on_tls_port"
    assert reasons[0]["count"] == 3


def failed(proxy):
    return proxy.admin.get("/handshakes").json["handshakes"]


def test_handshakes_are_remembered_whatever_the_log_tells(start, recorder):
    proxy = start(recorder(), logging={"access": "off", "handshakes": "off"})
    say_hello_in_plain(proxy, 1)
    until(lambda: failed(proxy), "it is told")


def test_handshakes_are_bounded(start, recorder):
    """admin.handshakes: the kind that came last the longest time ago is forgotten."""
    proxy = start(recorder(), admin={"handshakes": 2})
    for bytes_sent in b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02" + bytes(44), b"GET / HTTP/1.1\r\n\r\n":
        with proxy.connect_plain() as client:
            client.send(bytes_sent)
            client.wire_end()
    until(lambda: proxy.admin.get("/status").json["failed_handshakes"] == 3, "all are counted")
    assert len(failed(proxy)) == 2
    assert failed(proxy)[0]["reason"] == "plain_http_on_tls_port"


def test_config(start_proxy, recorder, certificate, variant, tmp_path):
    """The configuration in force; what it prints is one, apart from secrets, and means the same."""
    whole = site([tls_listener(certificate)], {"app": cluster(recorder())},
                 [{"cluster": "app", "path": "/x/", "replace_path": "/",
                   "request_headers": {"set": {"Authorization": "Bearer swordfish",
                                               "X-Cost": "5$$ for ${client.address}"}},
                   "basic_auth": {"users": {"alice": "$$6$$saltsalt$$" + "a" * 86}}},
                  {"cluster": "app"}],
                 admin={})
    proxy = start_proxy(whole)
    answer = proxy.admin.get("/config")
    assert answer.fields["content-type"] == "application/yaml"
    assert "swordfish" not in answer.text and "saltsalt" not in answer.text
    assert '"X-Cost": "5$$ for ${client.address}"' in answer.text
    copy = tmp_path / "copy.yaml"
    copy.write_text(answer.text.replace('"alice": "(secret)"',
                                        '"alice": "$$6$$saltsalt$$' + "a" * 86 + '"'))
    checked = run_command(variant.binary, "check", "-c", copy)
    assert checked.returncode == 0, checked.stderr.decode()


def test_log_level(start, recorder):
    """It changes on all threads, and lasts."""
    proxy = start(recorder(), workers=2)
    assert proxy.admin.get("/log-level").json == {"level": "notice"}
    proxy.ask(request("/"))
    assert not proxy.errors(event="handshake_steps")
    assert proxy.admin.post("/log-level/debug").json == {"level": "debug"}
    proxy.ask(request("/"))
    until(lambda: proxy.errors(event="handshake_steps"), "workers tell the steps")
    assert proxy.admin.post("/log-level/error").json == {"level": "error"}
    assert proxy.admin.post("/log-level/loud").status == 400
    assert proxy.admin.get("/log-level").json == {"level": "error"}


# --- Clusters, and draining a backend


def states(proxy):
    return {backend["address"]: backend["state"]
            for one in proxy.admin.get("/clusters").json["clusters"]
            for backend in one["backends"]}


def test_clusters_tell_what_fails(start, recorder):
    refusing = Refusing()
    good = recorder()
    try:
        proxy = start(refusing, good)
        for _ in range(2):
            assert proxy.ask(request("/")).status == 200
        (told,) = proxy.admin.get("/clusters").json["clusters"]
        bad, fine = told["backends"]
        assert bad["failures"] >= 1
        assert bad["last_failure"] == "backend_connect_refused"
        assert bad["state"] in ("failing", "usable")  # it is tried again after a while
        assert fine["state"] == "usable"
        assert fine["busy"] + fine["idle"] == 1
    finally:
        refusing.close()


def drain_path(backend, word):
    return f"/clusters/app/backends/{backend.address}/{word}"


def test_draining_a_backend_loses_no_request(start, recorder):
    """Under load: it gets no new requests, those that run end well, and it comes back."""
    first, second = recorder(), recorder()
    proxy = start(first, second, workers=2)
    ended = threading.Event()
    statuses = []

    def load():
        while not ended.is_set():
            with proxy.connect_plain(proxy.ports[1]) as client:
                for _ in range(5):
                    statuses.append(client.ask(request("/")).status)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: first.requests and second.requests, "both are used")
        assert proxy.admin.post(drain_path(first, "drain")).status == 200
        until(lambda: states(proxy)[first.address] == "drained", "its last request is over")
        before = len(first.requests), len(second.requests)
        until(lambda: len(second.requests) > before[1] + 50, "the other one serves")
        assert len(first.requests) == before[0]
        assert proxy.admin.post(drain_path(first, "undrain")).status == 200
        until(lambda: len(first.requests) > before[0], "it is used again")
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}
    assert proxy.errors(event="backend_drained", backend=first.address)
    assert proxy.errors(event="backend_undrained", backend=first.address)


def test_what_runs_goes_on(start, recorder):
    """A request that is under way, on a drained backend and with no other one there."""
    release = threading.Event()

    def hold(connection):
        connection.request()
        release.wait(20)
        connection.send(response(200, b"whole"))
        connection.request()

    backend = recorder(hold)
    proxy = start(backend)
    with proxy.connect_plain(proxy.ports[1]) as client:
        client.send(request("/"))
        until(lambda: backend.requests, "it has begun")
        assert proxy.admin.post(drain_path(backend, "drain")).status == 200
        assert states(proxy) == {backend.address: "draining"}
        assert proxy.ask(request("/")).status == 503
        assert not proxy.admin.get("/readyz").json["ready"]
        release.set()
        assert client.response().body == b"whole"
    until(lambda: states(proxy) == {backend.address: "drained"}, "the connection is closed")


def test_a_backend_that_is_not_there(shared):
    for path in "/clusters/app/backends/127.0.0.1:1/drain", "/clusters/x/backends/y/drain":
        answer = shared.admin.post(path)
        assert (answer.status, answer.json["error"]) == (404, "not_found")


# --- The end


@pytest.mark.parametrize("way", ["drain", "stop"])
def test_stopping(start, recorder, way):
    """It answers until the last connection has ended, and says that it is not ready."""
    proxy = start(recorder())
    with proxy.connect() as client:
        assert client.ask(request("/")).status == 200
        with proxy.connect_plain() as other:
            other.send(b"\x16\x03\x01")
            until(lambda: proxy.admin.get("/status").json["connections"]["open"] == 2, "it is open")
            assert proxy.admin.post("/" + way).json == {"state": "draining"}
            told = proxy.admin.get("/readyz")
            assert told.status == 503
            assert told.json["reasons"] == ["the proxy is stopping"]
            assert proxy.admin.get("/healthz").status == 200
    proxy.wait()
    assert not os.path.exists(proxy.admin.address.removeprefix("unix:"))
