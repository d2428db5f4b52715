"""What /metrics counts: known traffic gives known numbers."""

import re
import shutil
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from support import metrics, reloading
from support.configuration import cluster, plain_listener, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import request, response
from support.ports import free_port
from support.recorder import answer_all

README = Path(__file__).parents[2] / "README.md"
UPGRADE = [
    ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
]  # fmt: skip
SWITCH = response(
    101, None, ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
)  # fmt: skip
REQUESTS = "sallyport_requests_total"


@pytest.fixture
def start(start_proxy, certificate):
    """A proxy with its admin socket; listener 0 has TLS, 1 has none."""

    def start(clusters, routes=None, tls=None, **sections):
        listeners = [tls_listener(certificate, **(tls or {})), plain_listener()]
        whole = site(listeners, clusters, routes, admin=metrics.admin(), **sections)
        proxy = start_proxy(whole)
        proxy.whole = whole
        return proxy

    return start


def ask(proxy, target="/", *fields, **options):
    """One on a connection of its own, without TLS."""
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        return client.ask(request(target, *fields, **options), options.get("method", "GET"))


def listener(proxy, index):
    return f"127.0.0.1:{proxy.ports[index]}"


def test_requests_by_route_method_status_and_reason(start, recorder):
    """200, 404, 502, one of each rule: each is counted once, at its own place."""
    app = recorder(answer_all)
    routes = [
        {"path": "/app/", "cluster": "app"},
        {"path": "/down/", "cluster": "down"},
        {"path": "/fixed", "answer": {"body": "twelve bytes"}},
        {"path": "/few/", "cluster": "app", "rate_limit": {"requests": 1, "per": "1h", "burst": 1}},
    ]
    down = f"127.0.0.1:{free_port()}"
    proxy = start({"app": cluster(app), "down": cluster(down)}, routes)
    for _ in range(3):
        assert ask(proxy, "/app/x").status == 200
    assert ask(proxy, "/app/y", method="POST", body=b"x" * 1000).status == 200
    assert ask(proxy, "/app/z", method="BREW").status == 200
    assert ask(proxy, "/nowhere").status == 404
    assert ask(proxy, "/down/").status == 502
    assert ask(proxy, "/fixed").body == b"twelve bytes"
    assert [ask(proxy, "/few/").status for _ in range(3)] == [200, 429, 429]
    page = metrics.page_with(proxy, 11, REQUESTS)
    expected = {
        ("/app/", "GET", "200", "ok"): 3,
        ("/app/", "POST", "200", "ok"): 1,
        ("/app/", "other", "200", "ok"): 1,
        ("none", "GET", "404", "no_route"): 1,
        ("/down/", "GET", "502", "backend_connect_refused"): 1,
        ("/fixed", "GET", "200", "ok"): 1,
        ("/few/", "GET", "200", "ok"): 1,
        ("/few/", "GET", "429", "rate_limited"): 2,
    }
    keys = ("route", "method", "status", "reason")
    told = {tuple(has[key] for key in keys): page.value(REQUESTS, **has)
            for has in page.labels(REQUESTS)}  # fmt: skip
    assert told == expected
    assert page.value("sallyport_request_body_bytes_total", route="/app/") == 1000
    assert page.value("sallyport_response_body_bytes_total", route="/fixed") == 12
    assert page.value("sallyport_request_duration_seconds_count", route="/app/") == 5
    assert page.value("sallyport_request_head_duration_seconds_count", route="/few/") == 3
    assert page.value("sallyport_requests_open") == 0
    assert page.value("sallyport_connections_accepted_total", listener=listener(proxy, 1)) == 11
    # The backends that were asked, and the one that was not there.
    assert page.value("sallyport_backend_responses_total", cluster="app", **{"class": "2xx"}) == 6
    assert page.value("sallyport_backend_responses_total", cluster="app") == 6
    pool = {name: page.value(f"sallyport_backend_pool_{name}_total", cluster="app")
            for name in ("hits", "misses")}  # fmt: skip
    connects = page.value("sallyport_backend_connects_total", cluster="app")
    assert pool["misses"] == connects == len(app.connections) and sum(pool.values()) == 6
    assert page.value("sallyport_backend_connect_duration_seconds_count", cluster="app") == connects
    assert page.value("sallyport_backend_first_byte_duration_seconds_count", cluster="app") == 6
    failed = {"cluster": "down", "backend": down}
    assert page.value("sallyport_backend_failures_total", **failed) == 1
    assert page.value(
        "sallyport_backend_failures_total", reason="backend_connect_refused", **failed
    )  # fmt: skip
    assert page.value("sallyport_backend_up", cluster="app") == 1


def test_a_backend_that_is_down_is_told(start, recorder):
    """While it is passed over."""
    clusters = {
        "app": cluster(recorder(), f"127.0.0.1:{free_port()}", timeouts={"avoid": "1h"}),
    }
    proxy = start(clusters)
    while metrics.read(proxy).value("sallyport_backend_up") == 2:
        assert ask(proxy).status == 200
    page = metrics.read(proxy)
    assert page.value("sallyport_backend_up", backend=clusters["app"]["backends"][1]["address"]) == 0
    assert page.value("sallyport_backend_up", backend=clusters["app"]["backends"][0]["address"]) == 1


def test_handshakes_by_what_was_agreed(start, recorder, authority):
    proxy = start({"app": cluster(recorder(answer_all))})
    context = trusting(authority)
    session = None
    for _ in range(3):
        with proxy.connect(context=context, session=session) as client:
            assert client.ask(request()).status == 200
            session = client.tls.session
            suite = client.tls.cipher()[0]
    with pytest.raises((ssl.SSLError, OSError)):
        old = trusting(authority, maximum=ssl.TLSVersion.TLSv1_2, ciphers="AES128-SHA")
        proxy.connect(context=old)
    with proxy.connect_plain() as client:
        client.send(b"SSH-2.0-x\r\n")
        client.wire_end()
    page = metrics.page_with(proxy, 2, "sallyport_handshake_failures_total")
    own = {"listener": listener(proxy, 0)}
    name = "sallyport_handshakes_total"
    agreed = {**own, "version": "TLSv1.3", "cipher_suite": suite, "group": "x25519"}
    assert page.value(name, **agreed, resumed="false") == 1
    assert page.value(name, **agreed, resumed="true") == 2
    assert page.value(name) == 3
    failed = "sallyport_handshake_failures_total"
    assert page.value(failed, **own, reason="no_common_cipher_suite") == 1
    assert page.value(failed, **own, reason="not_tls") == 1
    assert page.value(failed) == 2
    taken = "sallyport_handshake_duration_seconds"
    assert page.value(f"{taken}_count", **own, resumed="true") == 2
    assert 0 < page.value(f"{taken}_sum", **own, resumed="false") < 60
    # As the log has it, too: one id for the connection and all that came of it.
    lines = proxy.exchanges()
    assert len({line["connection"] for line in lines}) == 3
    assert re.fullmatch("[0-9a-f]{16}", lines[0]["connection"])
    assert all(line["connection"] for line in proxy.failed_handshakes())


def test_a_handshake_and_its_requests_share_an_id(start, recorder):
    proxy = start({"app": cluster(recorder(answer_all))}, logging={"handshakes": "all"})
    with proxy.connect() as client:
        for _ in range(2):
            assert client.ask(request()).status == 200
    until(lambda: len(proxy.exchanges()) == 2, "two lines")
    connections = {line["connection"] for line in proxy.exchanges()}
    assert len(connections) == 1 and len({line["id"] for line in proxy.exchanges()}) == 2
    assert f'"event":"handshake","connection":"{connections.pop()}"'.encode() in (
        proxy.process.stdout
    )


def test_refused_connections(start, recorder):
    """More handshakes than there may be."""
    proxy = start({"app": cluster(recorder())}, limits={"handshakes": 1})
    with proxy.connect_plain() as first, proxy.connect_plain() as second:
        second.wire_end()
        first.wire_end()
    page = metrics.read(proxy)
    own = {"listener": listener(proxy, 0), "reason": "handshake_limit_reached"}
    assert page.value("sallyport_connections_refused_total", **own) == 1
    assert page.value("sallyport_handshake_failures_total", **own) == 1
    assert page.value("sallyport_connections_accepted_total") == 2


def die_once(connection):
    """Answers, and is gone with the next request of the first connection."""
    connection.request()
    connection.send(response(200, b"fine"))
    connection.request()
    if connection.index == 0:
        connection.reset()
        return
    connection.send(response(200, b"fine"))


def test_retries_and_stale_connections(start, recorder):
    backend = recorder(die_once)
    proxy = start({"app": cluster(backend)})
    assert ask(proxy).status == 200
    assert ask(proxy, "/again").status == 200
    page = metrics.page_with(proxy, 2, REQUESTS)
    own = {"cluster": "app", "backend": backend.address}
    assert page.value(REQUESTS, reason="stale_reuse_retried", status="200") == 1
    assert page.value("sallyport_backend_retries_total", **own) == 1
    assert page.value("sallyport_backend_stale_connections_total", **own) == 1
    assert page.value("sallyport_backend_pool_hits_total", **own) == 1
    assert page.value("sallyport_backend_connects_total", **own) == 2


def echo_socket(connection):
    connection.request()
    connection.send(SWITCH)
    while received := connection.receive():
        connection.send(received)
    connection.finish()


def test_a_tunnel_is_seen_while_it_runs(start, recorder):
    """Open, and its bytes as they move; over, it is one request more."""
    proxy = start({"app": cluster(recorder(echo_socket))})
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        assert client.ask(request("/", *UPGRADE)).status == 101
        client.send(b"x" * 5000)
        name = "sallyport_response_body_bytes_total"
        page = metrics.page_with(proxy, 5000, name, route="/")
        assert page.value(name) == page.value("sallyport_request_body_bytes_total") == 5000
        assert page.value("sallyport_tunnels_open", route="/") == 1
        assert page.value("sallyport_requests_open", route="/") == 0
        assert page.value("sallyport_backend_connections_open", cluster="app") == 1
        assert page.value("sallyport_connections_open", listener=listener(proxy, 1)) == 1
    page = metrics.page_with(proxy, 1, REQUESTS, status="101")
    assert page.value("sallyport_tunnels_open") == 0
    assert page.value("sallyport_request_duration_seconds_count") == 0
    until(lambda: metrics.read(proxy).value("sallyport_connections_open") == 0, "it is closed")


def test_what_is_open_is_told(start, recorder):
    gate = threading.Event()

    def hold(connection):
        connection.request()
        assert gate.wait(20)
        connection.send(response(200, b"fine"))
        connection.wait_end()

    backend = recorder(hold)
    proxy = start({"app": cluster(backend)})
    with proxy.connect() as client:
        client.send(request())
        page = metrics.page_with(proxy, 1, "sallyport_backend_connections_open")
        assert page.value("sallyport_requests_open", route="/") == 1
        assert page.value("sallyport_tls_memory_bytes") > 0
        assert page.value("sallyport_memory_used_bytes") > page.value("sallyport_tls_memory_bytes")
        assert page.value("sallyport_backend_connections_idle") == 0
        gate.set()
        assert client.response().status == 200
        page = metrics.page_with(proxy, 1, "sallyport_backend_connections_idle", cluster="app")
        assert page.value("sallyport_backend_connections_open", backend=backend.address) == 1
    until(lambda: metrics.read(proxy).value("sallyport_tls_memory_bytes") == 0, "TLS is gone")


def test_all_workers_are_added_up(start, recorder):
    proxy = start({"app": cluster(recorder(answer_all))}, workers=4)
    for _ in range(40):
        assert ask(proxy).status == 200
    page = metrics.page_with(proxy, 40, REQUESTS)
    assert page.value("sallyport_workers") == 4
    assert page.value(REQUESTS) == page.value("sallyport_connections_accepted_total") == 40
    assert page.value("sallyport_request_duration_seconds_bucket", le="+Inf") == 40
    # A gauge of what is one for all is not added up.
    assert page.value("sallyport_backend_up") == 1


def counters(page):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in page.families
        if family.type in ("counter", "histogram")
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_counters_do_not_go_back(start, recorder):
    """Over reloads, with listeners, routes and clusters that come and go."""
    app, other = recorder(answer_all), recorder(answer_all)
    # It may connect to the other one after the reload.
    room = {"ports": [int(other.address.rpartition(":")[2])]}
    proxy = start({"app": cluster(app)}, workers=2, sandbox=room)
    before = {}
    for round_number in range(4):
        for _ in range(3):
            assert ask(proxy).status == 200
        page = metrics.page_with(proxy, 3 * (round_number + 1), REQUESTS)
        now = counters(page)
        assert {key for key, value in before.items() if now.get(key, -1) < value} == set()
        before = now
        clusters = [{"app": cluster(app)}, {"app": cluster(other), "more": cluster(app)}]
        whole = {**proxy.whole, "clusters": clusters[(round_number + 1) % 2]}
        proxy.whole = whole
        reloading.reload(proxy, whole)
    until(lambda: metrics.read(proxy).value("sallyport_setups_open") == 1, "one setup")
    page = metrics.read(proxy)
    assert page.value(REQUESTS, route="/", status="200") == 12
    assert page.value("sallyport_backend_responses_total", cluster="app", backend=app.address) == 6
    assert page.value("sallyport_backend_responses_total", cluster="app", backend=other.address) == 6


def test_more_series_than_there_may_be(start, recorder):
    """metrics.series_max: the rest is counted together, and nothing is lost."""
    routes = [{"path": f"/{number}/", "cluster": "app"} for number in range(12)]
    proxy = start({"app": cluster(recorder(answer_all))}, routes, metrics={"series_max": 5})
    for number in range(12):
        assert ask(proxy, f"/{number}/").status == 200
    page = metrics.page_with(proxy, 12, REQUESTS)
    assert len(page.labels(REQUESTS)) == 6
    assert page.value(REQUESTS, route="other", status="other") == 7
    assert page.value("sallyport_request_duration_seconds_count", route="other") >= 7
    assert page.value("sallyport_metrics_folded_total") > 0


def test_the_process(start, recorder, certificate):
    proxy = start({"app": cluster(recorder())}, limits={"memory": "64MiB"})
    page = metrics.read(proxy)
    assert page.value("sallyport_memory_limit_bytes") == 64 << 20
    until(
        # The page is read over one of them.
        lambda: metrics.read(proxy).value("process_open_fds") == proxy.descriptors() + 1,
        "so many file descriptors are open",
    )
    assert 1 << 20 < page.value("process_resident_memory_bytes")
    assert page.value("process_cpu_seconds_total") > 0
    assert page.value("process_max_fds") > page.value("process_open_fds")
    assert 0 < page.value("sallyport_uptime_seconds") < 600
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", page.labels("sallyport_build_info")[0]["version"])
    ends = page.value("sallyport_certificate_expiry_timestamp_seconds", file=str(certificate.chain))
    told = subprocess.run(
        ["openssl", "x509", "-in", certificate.chain, "-noout", "-enddate"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert ends == ssl.cert_time_to_seconds(told.stdout.strip().removeprefix("notAfter="))


def test_both_formats_say_the_same(start, recorder):
    """And Prometheus's own tool finds nothing wrong with them."""
    proxy = start({"app": cluster(recorder(answer_all))})
    assert proxy.ask(request()).status == 200
    page = metrics.page_with(proxy, 1, REQUESTS)
    classic = metrics.read_classic(proxy)
    moving = {"process_cpu_seconds_total", "sallyport_uptime_seconds", "process_open_fds",
              "process_resident_memory_bytes", "process_virtual_memory_bytes"}  # fmt: skip
    one, other = (
        {key: value for key, value in both.samples.items() if key[0] not in moving}
        for both in (page, classic)
    )
    assert one == other and len(one) > 100
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run(
            [promtool, "check", "metrics"], input=metrics.fetch(proxy).body, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b""), done.stderr


def test_every_metric_of_the_readme_is_there(start, recorder):
    """Those that need something to happen aside; and none is there that is not in it."""
    listed = set(re.findall(r"^\| `((?:sallyport|process)_\w+)` \|", README.read_text(), re.M))
    proxy = start({"app": cluster(recorder(answer_all))})
    assert proxy.ask(request()).status == 200
    page = metrics.page_with(proxy, 1, REQUESTS)
    told = {re.sub(r"_(bucket|count|sum)$", "", name) if "duration" in name else name
            for name, _ in page.samples}  # fmt: skip
    assert told <= listed, told - listed
    assert listed - told <= {
        "sallyport_accept_pauses_total", "sallyport_connections_refused_total",
        "sallyport_handshake_failures_total", "sallyport_backend_failures_total",
        "sallyport_metrics_folded_total",
    }  # fmt: skip
