"""What a route does with a request before, instead of and after it is forwarded."""

import contextlib
import threading

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.deadline import until
from support.messages import HOST, request, response
from support.ports import Refusing
from support.recorder import answer_all

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
]


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(*routes, script=answer_all, listeners=(), **sections):
        backend = recorder(script)
        whole = site(
            [tls_listener(certificate), *listeners],
            {"app": cluster(backend)},
            routes=list(routes),
            **sections,
        )
        return start_proxy(whole), backend

    return start


# --- paths


def test_a_prefix_is_replaced(start):
    """By whole segments; what follows it, and the query, stay as they came."""
    proxy, backend = start(
        {"path": "/api/", "cluster": "app", "replace_path": "/"},
        {"path": "/old", "cluster": "app", "replace_path": "/new/"},
        {"cluster": "app"},
    )
    rows = {
        "/api/": "/",
        "/api/x%2Fy/../z;p=1?q=%20/api/": "/x%2Fy/../z;p=1?q=%20/api/",
        "/api/?": "/?",
        "/old": "/new",
        "/old?a": "/new?a",
        "/old/x//y": "/new/x//y",
        "/older": "/older",
        "/api": "/api",
    }
    with proxy.connect() as client:
        for asked, got in rows.items():
            assert client.ask(request(asked)).status == 200
            assert backend.requests[-1].start == f"GET {got} HTTP/1.1", asked


def test_a_prefix_that_can_not_be_found_for_certain_is_refused(start):
    """What the route was chosen by and what a backend would serve must be the same path."""
    proxy, backend = start(
        {"path": "/api/", "cluster": "app", "replace_path": "/"}, {"answer": {"status": 404}}
    )
    for target in (
        "/%61pi/x",
        "//api/x",
        "/x/../api/y",
        "/api/../api/x",
        "/api/%2e%2e/api/x",
        "/api//x",
    ):
        refused = proxy.ask(request(target))
        assert refused.status == 400 and b"path_ambiguous" in refused.body, target
    assert backend.requests == []


# --- fields


def test_fields_of_a_request_are_changed(start):
    """Removed, set, added; a variable's value is never looked through again."""
    proxy, backend = start(
        {
            "cluster": "app",
            "request_headers": {
                "set": {
                    "X-Who": "${client.address}/${request.method}/${request.host}",
                    "X-Path": "${request.path}",
                    "X-Where": "${request.scheme} ${tls.version} ${tls.server_name}",
                    "X-Id": "${request.id}",
                    "X-Literal": "$${client.address} $$",
                    "Host": "internal.example:81",
                },
                "add": {"X-Via": "sallyport"},
                "remove": ["X-Debug", "Accept-Encoding"],
            },
        }
    )
    asked = request(
        "/$%7Bclient.port%7D?$(request.id)",
        ("X-Who", "${client.user}"),
        ("X-Via", "theirs"),
        ("X-Debug", "1"),
        ("x_debug", "2"),
        ("accept-encoding", "gzip"),
        ("X_Id", "chosen"),
        ("X.Where", "chosen"),
        ("x-via", "theirs too"),
        ("X_Via", "alias"),
    )
    assert proxy.ask(asked).status == 200
    got = backend.requests[0]
    assert got.value("X-Who") == f"127.0.0.1/GET/{HOST}"
    assert got.value("X-Path") == "/$%7Bclient.port%7D"
    assert got.value("X-Where") == f"https TLSv1.3 {HOST}"
    assert got.value("X-Id") == got.value("X-Request-Id")
    assert got.value("X-Literal") == "${client.address} $"
    assert got.value("Host") == "internal.example:81"
    assert got.value("X-Forwarded-Host") == HOST
    assert got.values("X-Via") == ["theirs", "theirs too", "sallyport"]
    for gone in ("X-Debug", "x_debug", "Accept-Encoding", "X_Id", "X.Where", "X_Via"):
        assert got.values(gone) == [], gone
    assert b"chosen" not in backend.received


def test_a_field_that_is_set_never_comes_from_the_client(start):
    """Not in any spelling that an application may take for it, nor if Connection lists it."""
    proxy, backend = start({"cluster": "app", "request_headers": {"set": {"X-Who": "ours"}}})
    for name in ("X-Who", "x_who", "X.Who", "X~Who", "X-WHO"):
        for extra in ([], [("Connection", "X-Who")]):
            assert proxy.ask(request("/", (name, "theirs"), *extra)).status == 200
            assert backend.requests[-1].value("X-Who") == "ours"
            assert b"theirs" not in backend.requests[-1].head


def test_fields_of_a_response_are_changed(start):
    """In the backend's responses, and in those of the proxy."""

    def answer(connection):
        while True:
            connection.request()
            connection.send(
                response(200, b"fine", ("X-Powered-By", "old"), ("X-Frame-Options", "ALLOW"))
            )

    changes = {
        "set": {"X-Frame-Options": "DENY", "X-For": "${client.address}"},
        "add": {"X-Served": "us"},
        "remove": ["X-Powered-By"],
    }
    proxy, _ = start(
        {"cluster": "app", "response_headers": changes},
        {"path": "/closed", "answer": {"status": 503}, "response_headers": changes},
        script=answer,
    )
    for path, status in (("/", 200), ("/closed", 503)):
        got = proxy.ask(request(path))
        assert got.status == status
        assert got.value("X-Frame-Options") == "DENY"
        assert got.value("X-For") == "127.0.0.1"
        assert got.value("X-Served") == "us"
        assert got.values("X-Powered-By") == []


def test_hsts_is_said_over_tls_only(start):
    """RFC 6797 §7.2; once, whatever the backend says."""

    def answer(connection):
        while True:
            connection.request()
            connection.send(response(200, b"fine", ("Strict-Transport-Security", "max-age=1")))

    proxy, _ = start(
        {"cluster": "app", "hsts": {"max_age": "2y", "include_subdomains": True, "preload": True}},
        {"path": "/self", "answer": {"status": 200, "body": "x"}, "hsts": {"max_age": "1d"}},
        script=answer,
        listeners=[plain_listener()],
    )
    secure = proxy.ask(request("/"))
    assert (
        secure.value("Strict-Transport-Security")
        == "max-age=63072000; includeSubDomains; preload"
    )
    own = proxy.ask(request("/self"))
    assert own.value("Strict-Transport-Security") == "max-age=86400"
    with proxy.connect_plain(proxy.ports[1]) as client:
        assert client.ask(request("/")).values("Strict-Transport-Security") == []


# --- answers of our own


def test_redirects(start):
    statuses = [301, 302, 303, 307, 308]
    to = "https://${request.host}/new${request.target}"
    routes = [{"path": f"/{code}", "redirect": {"to": to, "status": code}} for code in statuses]
    proxy, backend = start(*routes)
    for status in statuses:
        got = proxy.ask(request(f"/{status}/a%20b?c=d&e=$(x)", host=f"{HOST}:8443"))
        assert got.status == status
        assert got.value("Location") == f"https://{HOST}/new/{status}/a%20b?c=d&e=$(x)"
    assert backend.requests == []


def test_a_redirect_leads_to_no_other_server(start):
    """`//host` after a redirect to a path would be another server's name."""
    proxy, _ = start({"redirect": {"to": "https://new.example${request.path}"}})
    assert proxy.ask(request("//evil.example/")).value("Location") == (
        "https://new.example//evil.example/"
    )
    asterisk = proxy.ask(request("*", method="OPTIONS"))
    assert asterisk.value("Location") == "https://new.example/"


def test_fixed_answers(start, tmp_path):
    page = tmp_path / "closed.html"
    page.write_bytes(b"<p>closed</p>" * 80000)  # about a megabyte
    proxy, backend = start(
        {"path": "/text", "answer": {"status": 410, "body": "gone for good"}},
        {"path": "/file", "answer": {"file": str(page), "content_type": "text/html"}},
        {"path": "/empty", "answer": {}},
    )
    with proxy.connect() as client:
        gone = client.ask(request("/text"))
        assert (gone.status, gone.body) == (410, b"gone for good")
        assert gone.value("Content-Type") == "text/plain; charset=utf-8"
        file = client.ask(request("/file", method="POST", body=b"ignored"))
        assert (file.status, file.body) == (200, page.read_bytes())
        assert file.value("Content-Type") == "text/html"
    with proxy.connect() as client:
        head = client.ask(request("/file", method="HEAD"), "HEAD")
        assert head.value("Content-Length") == str(page.stat().st_size)
        assert client.ask(request("/empty")).body == b""
    assert backend.requests == []
    assert proxy.exchange(path="/text")["reason"] == "ok"


def test_error_pages(start_proxy, recorder, certificate, tmp_path):
    """Of the route, else of the whole proxy; not in the place of a backend's own."""

    def answer(connection):
        connection.request()
        connection.send(response(502, b"the backend's own"))

    pages = {}
    for name in ("all", "api"):
        path = tmp_path / f"{name}.html"
        path.write_text(f"<p>{name}</p>")
        pages[name] = {"file": str(path)}
    of_api = {**pages["api"], "content_type": "text/x-api"}
    with contextlib.closing(Refusing()) as refusing:
        whole = site(
            [tls_listener(certificate)],
            {"app": cluster(recorder(answer)), "dead": cluster(refusing.address)},
            routes=[
                {"path": "/api", "cluster": "dead", "error_pages": {502: of_api}},
                {"path": "/other", "cluster": "dead"},
                {"path": "/own", "cluster": "app"},
            ],
            error_pages={status: pages["all"] for status in (400, 404, 502)},
        )
        proxy = start_proxy(whole)
        api = proxy.ask(request("/api"))
        assert (api.status, api.body) == (502, b"<p>api</p>")
        assert api.value("Content-Type") == "text/x-api"
        assert proxy.ask(request("/other")).body == b"<p>all</p>"
        assert proxy.ask(request("/nowhere")).body == b"<p>all</p>"
        assert proxy.ask(b"nonsense\r\n\r\n").body == b"<p>all</p>"
        head = proxy.ask(request("/other", method="HEAD"), "HEAD")
        assert head.value("Content-Length") == str(len(b"<p>all</p>"))
    assert proxy.ask(request("/own")).body == b"the backend's own"
    assert proxy.exchange(path="/api")["reason"] == "backend_connect_refused"


# --- who may use it


def test_access_by_address(start):
    """deny before allow; 403 with its reason."""
    proxy, backend = start(
        {"path": "/local", "cluster": "app", "allow": ["127.0.0.0/8", "::1"]},
        {"path": "/others", "cluster": "app", "allow": ["10.0.0.0/8"]},
        {"path": "/denied", "cluster": "app", "allow": ["127.0.0.0/8"], "deny": ["127.0.0.1"]},
    )
    assert proxy.ask(request("/local")).status == 200
    for path in ("/others", "/denied"):
        refused = proxy.ask(request(path))
        assert refused.status == 403 and b"access_denied" in refused.body
        assert proxy.exchange(path=path)["reason"] == "access_denied"
    assert len(backend.requests) == 1


ORIGINS = [
    ([("Origin", "https://app.example.com")], 200),
    ([("Origin", "HTTPS://APP.example.com")], 200),
    ([("Origin", "https://evil.example.com")], 403),
    ([("Origin", "https://app.example.com.evil.example")], 403),
    ([("Origin", "null")], 403),
    ([("Origin", "")], 403),
    ([("Origin", "https://app.example.com"), ("Origin", "https://evil.example.com")], 403),
    ([], 403),
]


def test_pages_of_other_origins_open_no_websocket(start):
    """RFC 6455 §10.2. Other requests do not care about it."""
    proxy, backend = start({"cluster": "app", "websocket_origins": ["https://app.example.com"]})
    for fields, status in ORIGINS:
        before = len(backend.requests)
        # The backend answers 200: it does not switch, but it was asked.
        assert proxy.ask(request("/", *WEBSOCKET, *fields)).status == status, fields
        assert len(backend.requests) - before == (1 if status == 200 else 0)
        assert proxy.ask(request("/", *fields)).status == 200


OTHER_UPGRADES = [
    [("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABk")],
    [("Upgrade", "h2c"), ("Connection", "Upgrade")],
    [("Upgrade", "websocket, h2c"), ("Connection", "Upgrade")],
    [("Upgrade", "websocket"), ("Upgrade", "h2c"), ("Connection", "Upgrade")],
    [("Upgrade", "h2"), ("Upgrade", "c"), ("Connection", "Upgrade")],
    [("Upgrade", "TLS/1.2"), ("Connection", "Upgrade")],
    [("Upgrade", "websocket")],
]


def test_other_upgrades_are_stripped(start):
    """h2c above all: behind it a backend would take anything that the proxy never read."""
    proxy, backend = start({"cluster": "app"})
    for upgrade in OTHER_UPGRADES:
        assert proxy.ask(request("/", *upgrade)).status == 200
        got = backend.requests[-1]
        for name in ("Upgrade", "HTTP2-Settings"):
            assert got.values(name) == [], upgrade
        assert "upgrade" not in (got.value("Connection") or "").lower()


# --- behind other proxies

TRUSTED = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]


X_FORWARDED_FOR = [
    ([], "127.0.0.1"),
    (["203.0.113.6"], "203.0.113.6"),
    (["203.0.113.6, 10.0.0.1"], "203.0.113.6"),
    (["198.51.100.9, 203.0.113.6, 10.0.0.1"], "203.0.113.6"),
    (["198.51.100.9", "203.0.113.6", "10.0.0.1,fd00::7"], "203.0.113.6"),
    (["10.0.0.2, 10.0.0.1"], "10.0.0.2"),
    (["2001:db8::6"], "2001:db8::6"),
    (["[2001:db8::6]:443"], "2001:db8::6"),
    (["203.0.113.6:1234"], "203.0.113.6"),
    (["203.0.113.6, unknown, 10.0.0.1"], "10.0.0.1"),
    (["203.0.113.6,, 10.0.0.1"], "10.0.0.1"),
    (["203.0.113.6, 10.0.0.1,"], "127.0.0.1"),
    (["203.0.113.6 10.0.0.1"], "127.0.0.1"),
    (["203.0.113.6/32"], "127.0.0.1"),
    (["localhost"], "127.0.0.1"),
    (["203.0.113.6" + ", 10.0.0.1" * 31], "203.0.113.6"),
    (["203.0.113.6" + ", 10.0.0.1" * 32], "10.0.0.1"),
]


def test_the_client_is_the_last_address_that_is_not_trusted(start):
    """From the right; what is malformed ends the walk."""
    rules = {"request_headers": {"set": {"X-Who": "${client.address}"}}}
    proxy, backend = start({"cluster": "app", **rules}, trusted_proxies=TRUSTED)
    for number, (fields, client) in enumerate(X_FORWARDED_FOR):
        listed = [("X-Forwarded-For", value) for value in fields]
        asked = request(f"/{number}", *listed, ("Forwarded", "for=192.0.2.1"))
        assert proxy.ask(asked).status == 200
        assert backend.requests[-1].value("X-Who") == client, fields
        line = proxy.exchange(path=f"/{number}")
        assert client in line["client"]
        assert ("peer" in line) == (client != "127.0.0.1")


FORWARDED = [
    (["for=203.0.113.6"], "203.0.113.6"),
    (["For=203.0.113.6;proto=https, for=10.0.0.1;by=10.0.0.2"], "203.0.113.6"),
    (['for="[2001:db8::6]:80"'], "2001:db8::6"),
    (['for="203.0.113.6:81", for=10.0.0.1'], "203.0.113.6"),
    (['for=198.51.100.9;host="a,b"', 'for="203.0.113.6"'], "203.0.113.6"),
    (["for=unknown"], "127.0.0.1"),
    (["for=_hidden, for=10.0.0.1"], "10.0.0.1"),
    (["for=2001:db8::6"], "127.0.0.1"),
    (["for=203.0.113.6;for=203.0.113.7"], "127.0.0.1"),
    (['for="203.0.113.6'], "127.0.0.1"),
    (["proto=https"], "127.0.0.1"),
]


def test_the_same_by_forwarded(start):
    """RFC 7239 §4 and §6; only the field that the configuration names counts."""
    rules = {"request_headers": {"set": {"X-Who": "${client.address}"}}}
    proxy, backend = start(
        {"cluster": "app", **rules}, trusted_proxies=TRUSTED, trusted_field="forwarded"
    )
    for fields, client in FORWARDED:
        listed = [("Forwarded", value) for value in fields]
        assert proxy.ask(request("/", *listed, ("X-Forwarded-For", "192.0.2.1"))).status == 200
        assert backend.requests[-1].value("X-Who") == client, fields


def test_nobody_else_is_believed(start):
    """The same fields of a client that is no trusted proxy change nothing."""
    proxy, _ = start({"cluster": "app", "deny": ["203.0.113.0/24"]}, trusted_proxies=["10.0.0.1"])
    spoofed = [("X-Forwarded-For", "203.0.113.6"), ("Forwarded", "for=203.0.113.6")]
    assert proxy.ask(request("/", *spoofed)).status == 200


def test_access_lists_see_the_client_behind_the_proxy(start):
    proxy, _ = start({"cluster": "app", "deny": ["203.0.113.0/24"]}, trusted_proxies=TRUSTED)
    assert proxy.ask(request("/", ("X-Forwarded-For", "203.0.113.6"))).status == 403
    assert proxy.ask(request("/", ("X-Forwarded-For", "203.0.113.6, 198.51.100.1"))).status == 200


# --- how much


def test_a_rate_limit_holds_for_each_client_and_all_workers(start):
    """Past the burst 429 with Retry-After; other clients are not concerned."""
    proxy, backend = start(
        {"cluster": "app", "rate_limit": {"requests": 1, "per": "1h", "burst": 5}},
        trusted_proxies=TRUSTED,
        workers=4,
    )
    statuses = [proxy.ask(request("/")).status for _ in range(20)]
    assert sorted(statuses) == [200] * 5 + [429] * 15
    refused = proxy.ask(request("/"))
    assert 0 < int(refused.value("Retry-After")) <= 3600
    assert b"rate_limited" in refused.body
    assert proxy.ask(request("/", ("X-Forwarded-For", "203.0.113.6"))).status == 200
    for last in range(1, 7):
        statuses.append(proxy.ask(request("/", ("X-Forwarded-For", f"2001:db8::{last}"))).status)
    assert statuses[20:] == [200] * 5 + [429]
    assert len(backend.requests) == 11


@pytest.mark.parametrize(
    "limit,status,reason",
    [
        ({"requests": 2}, 503, b"route_busy"),
        ({"requests_per_client": 2}, 429, b"too_many_requests_at_once"),
    ],
)
def test_requests_at_the_same_time(start, limit, status, reason):
    """The third is refused while two run, and let in when one has ended."""
    held = threading.Semaphore(0)

    def answer(connection):
        while True:
            connection.request()
            assert held.acquire(timeout=30)
            connection.send(response(200, b"fine"))

    proxy, backend = start({"cluster": "app", "concurrency": limit}, script=answer, workers=2)
    with proxy.connect() as first, proxy.connect() as second:
        first.send(request("/"))
        second.send(request("/"))
        until(lambda: len(backend.requests) == 2, "two requests run")
        refused = proxy.ask(request("/"))
        assert refused.status == status and reason in refused.body
        assert refused.value("Retry-After") == "1"
        held.release(3)
        assert first.response().status == 200 and second.response().status == 200
    until(lambda: len(proxy.exchanges(path="/")) == 3, "all three have ended")
    assert proxy.ask(request("/")).status == 200
