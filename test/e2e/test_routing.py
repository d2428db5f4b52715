"""Which cluster serves a request: the most specific host, then the longest path prefix."""

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.messages import HOST, request, response

ROUTES = [
    {"cluster": "rest"},
    {"host": "*.example.com", "cluster": "wild"},
    {"host": "app.example.com", "path": "/api/", "cluster": "api"},
    {"host": "app.example.com", "path": "/api/v2/", "cluster": "second"},
    {"host": "app.example.com", "cluster": "app"},
    {"path": "/static/", "cluster": "static"},
]


def answer_with(name):
    def answer(connection):
        while True:
            connection.request()
            connection.send(response(200, name.encode()))

    return answer


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, certificate):
    names = {route["cluster"] for route in ROUTES}
    clusters = {name: cluster(shared_recorder(answer_with(name))) for name in sorted(names)}
    return start_shared_proxy(site([tls_listener(certificate)], clusters, ROUTES))


@pytest.mark.parametrize(
    ("host", "target", "served_by"),
    [
        ("app.example.com", "/", "app"),
        ("app.example.com", "/api/", "api"),
        ("app.example.com", "/api/x?y=z", "api"),
        ("app.example.com", "/api/v2/x", "second"),
        ("app.example.com", "/api", "app"),  # the prefix ends in a slash
        ("app.example.com", "/apix", "app"),
        ("app.example.com", "/?/api/", "app"),  # the query is not the path
        ("APP.Example.COM", "/api/", "api"),  # names have no case (RFC 9110 §4.2.3)
        ("app.example.com:8443", "/api/", "api"),  # the port is not the name
        ("app.example.com", "/static/x", "app"),  # the host decides before the path
        ("other.example.com", "/api/", "wild"),
        ("a.b.example.com", "/", "wild"),
        ("example.com", "/", "rest"),
        ("example.org", "/static/x", "static"),
        ("127.0.0.1", "/", "rest"),
        ("[::1]:8443", "/", "rest"),
    ],
)
def test_a_request_finds_its_cluster(proxy, host, target, served_by):
    assert proxy.ask(request(target, host=host)).body == served_by.encode()
    assert proxy.exchange(path=target.partition("?")[0], cluster=served_by)["status"] == 200


def test_one_connection_can_reach_them_all(proxy):
    """Each request is routed for itself."""
    with proxy.connect() as client:
        for host, served_by in (("app.example.com", b"app"), ("x.example.com", b"wild")) * 3:
            assert client.ask(request("/", host=host)).body == served_by


def test_the_absolute_form_wins_over_host(proxy):
    """RFC 9112 §3.2.2: the target's own authority is the one that counts."""
    asked = request("http://app.example.com/api/x", host="elsewhere.example.org")
    assert proxy.ask(asked).body == b"api"


def redirected(start_proxy, recorder, certificate):
    backend = recorder()
    listeners = [tls_listener(certificate), plain_listener(redirect_to_https=True)]
    return start_proxy(site(listeners, {"app": cluster(backend)})), backend


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_plain_http_is_sent_to_https(start_proxy, recorder, certificate, method):
    """Same host and target, the port that speaks TLS (RFC 9110 §15.4); no backend is asked."""
    proxy, backend = redirected(start_proxy, recorder, certificate)
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        body = b"a body" if method == "POST" else None
        answer = client.ask(request("/a/b?c=d", method=method, body=body), method)
    assert answer.status in (301, 308)
    assert answer.value("Location") == f"https://{HOST}:{proxy.port}/a/b?c=d"
    assert backend.connections == []


def test_a_redirect_never_leads_elsewhere(start_proxy, recorder, certificate):
    """A target that looks like another host is still a path."""
    proxy, _ = redirected(start_proxy, recorder, certificate)
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        answer = client.ask(request("//evil.example.org/x"))
    if answer.status in (301, 308):
        assert answer.value("Location") == f"https://{HOST}:{proxy.port}//evil.example.org/x"
    else:
        assert answer.status == 400


def test_a_redirect_of_a_malformed_host_is_refused(start_proxy, recorder, certificate):
    proxy, _ = redirected(start_proxy, recorder, certificate)
    with proxy.connect_plain(port=proxy.ports[1]) as client:
        assert client.ask(request("/", host="app.example.com/@evil")).status == 400
