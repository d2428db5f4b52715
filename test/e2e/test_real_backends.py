"""Real servers behind the proxy: the same small site, whatever serves it."""

import hashlib

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import pattern, request
from support.servers import LONG, PAGE

BACKENDS = ["nginx", "node", "python", "old_python"]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def proxy(start_proxy, certificate, backend):
    return start_proxy(site([tls_listener(certificate)], {"app": cluster(backend)}))


def test_a_page_comes_whole_and_the_connection_stays(proxy):
    """GET, HEAD and GET again on one connection (RFC 9110 §9.3.2: HEAD has no body)."""
    with proxy.connect() as client:
        assert client.ask(request("/page")).body == PAGE
        head = client.ask(request("/page", method="HEAD"), "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert client.ask(request("/page")).body == PAGE


def test_a_body_without_a_length_comes_whole(proxy):
    """Chunked, or delimited by the end of an HTTP/1.0 connection (RFC 9112 §6.3)."""
    with proxy.connect() as client:
        assert client.ask(request("/chunked")).body == LONG
        assert client.ask(request("/page")).body == PAGE


def test_no_content_has_no_body(proxy):
    """204 ends with its head (RFC 9112 §6.3): what follows is the next response."""
    with proxy.connect() as client:
        empty = client.ask(request("/204"))
        assert (empty.status, empty.body) == (204, b"")
        assert empty.value("Content-Length") is None and empty.value("Transfer-Encoding") is None
        assert client.ask(request("/page")).body == PAGE


def test_not_modified_has_no_body(proxy):
    """304 ends with its head, whatever length it tells (RFC 9112 §6.3)."""
    with proxy.connect() as client:
        tag = client.ask(request("/page")).value("ETag")
        unchanged = client.ask(request("/page", ("If-None-Match", tag)))
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert client.ask(request("/page")).body == PAGE


@pytest.mark.parametrize("backend", ["node", "python", "old_python"], indirect=True)
@pytest.mark.parametrize("chunk", [None, 1000], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1, 16384, 1_000_000])
def test_a_body_goes_there_and_back(proxy, size, chunk):
    """What the client sent is what the server read, in either framing."""
    sent = pattern(size)
    answer = proxy.ask(request("/echo", method="POST", body=sent, chunk=chunk))
    assert (answer.status, answer.body) == (200, sent)


@pytest.mark.parametrize("backend", ["nginx"], indirect=True)
@pytest.mark.parametrize("chunk", [None, 1000], ids=["length", "chunked"])
def test_nginx_keeps_what_was_put(proxy, chunk, variant):
    """PUT, then GET: the file in nginx is the body."""
    sent = pattern(1_000_000)
    target = f"/kept/{variant.name}-{chunk}"
    with proxy.connect() as client:
        assert client.ask(request(target, method="PUT", body=sent, chunk=chunk)).status == 201
        kept = client.ask(request(target)).body
        assert hashlib.sha256(kept).digest() == hashlib.sha256(sent).digest()
        assert client.ask(request(target, method="DELETE")).status == 204


@pytest.mark.parametrize("backend", ["node"], indirect=True)
def test_early_hints_are_passed_on(proxy):
    """103 goes before the final response (RFC 8297 §2, RFC 9110 §15.2)."""
    answer = proxy.ask(request("/hints"))
    assert [early.status for early in answer.interim] == [103]
    assert answer.interim[0].value("Link") == "</style.css>; rel=preload; as=style"
    assert answer.body == PAGE
