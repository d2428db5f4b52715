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


@pytest.mark.parametrize("backend", ["node", "python"], indirect=True)
def test_early_hints_are_passed_on(proxy):
    """103 goes before the final response (RFC 8297 §2, RFC 9110 §15.2); nginx has none to send."""
    answer = proxy.ask(request("/hints"))
    assert [early.status for early in answer.interim] == [103]
    assert answer.interim[0].value("Link") == "</style.css>; rel=preload; as=style"
    assert answer.body == PAGE


# Where a body can be sent to, and what the answer to it is.
UPLOADS = {"nginx": "/kept/upload", "node": "/echo", "python": "/echo", "http1.0": "/echo"}
FULL = ["nginx", "node", "python"]


@pytest.mark.parametrize("backend", FULL, indirect=True)
def test_continue_is_said_by_the_server(proxy, backend):
    """Expect: 100-continue, and the body only after the 100 (RFC 9110 §10.1.1)."""
    # Not by an echo: one that answers before it has read all ends the connection (RFC 9112 §9.3).
    target = "/sha256" if backend.name == "node" else UPLOADS[backend.name]
    body = pattern(50_000)
    fields = [("Expect", "100-continue"), ("Content-Length", str(len(body)))]
    with proxy.connect() as client:
        client.send(request(target, *fields, method="PUT"))
        assert client.reader.head().status == 100
        client.send(body)
        assert client.response("PUT").status in (200, 201, 204)
        assert client.ask(request("/page")).body == PAGE


@pytest.mark.parametrize("backend", FULL, indirect=True)
def test_trailers_of_a_response_are_dropped(proxy):
    """RFC 9110 §6.5.1: nobody has said that they are safe to merge; the body is whole."""
    with proxy.connect() as client:
        for _ in range(2):
            answer = client.ask(request("/trailers"))
            assert answer.body == LONG and answer.framing == "chunked"
            assert answer.value("Trailer") is None and answer.value("X-Trailer") is None


@pytest.mark.parametrize("backend", FULL, indirect=True)
def test_trailers_of_a_request_are_dropped(proxy, backend):
    """The server sees the body and no more, and what follows is the next request."""
    head = request(UPLOADS[backend.name], ("Transfer-Encoding", "chunked"), method="PUT")
    with proxy.connect() as client:
        sent = head + b"5\r\nhello\r\n0\r\nX-Trailer: late\r\nContent-Length: 99\r\n\r\n"
        answer = client.ask(sent)
        assert answer.status in (200, 201, 204)
        if backend.echoes:
            assert answer.body == b"hello"
        else:
            assert client.ask(request(UPLOADS[backend.name])).body == b"hello"
        assert client.ask(request("/page")).body == PAGE


def test_a_body_that_ends_with_the_connection(proxy):
    """RFC 9112 §6.3 ¶8: the client gets it whole and framed, and its connection goes on."""
    with proxy.connect() as client:
        for _ in range(2):
            answer = client.ask(request("/until-close"))
            assert answer.body == LONG and answer.framing == "chunked"


@pytest.mark.parametrize("target", ["/page", "/chunked", "/until-close", "/204"])
def test_a_client_of_http_1_0(proxy, target):
    """No chunks for it (RFC 9112 §6.1); a body of unknown length ends with its connection."""
    with proxy.connect() as client:
        answer = client.ask(request(target, version="1.0"))
        wanted = {"/page": (200, PAGE), "/204": (204, b"")}.get(target, (200, LONG))
        assert (answer.status, answer.body) == wanted
        assert answer.framing != "chunked" and client.ends()


@pytest.mark.parametrize("target", ["/page", "/chunked", "/until-close"])
def test_head_has_no_body_whatever_it_would_be(proxy, target):
    """RFC 9110 §9.3.2, for each framing; what follows is the next response."""
    with proxy.connect() as client:
        answer = client.ask(request(target, method="HEAD"), "HEAD")
        assert answer.status == 200 and answer.body == b""
        if answer.closes:
            assert client.ends()
        else:
            assert client.ask(request("/page")).body == PAGE


@pytest.mark.parametrize("backend", FULL, indirect=True)
def test_an_answer_before_the_request_is_complete(proxy):
    """413 while the body is still to come: it reaches the client, the connection ends (0004)."""
    with proxy.connect() as client:
        client.send(request("/early", ("Content-Length", "1000000"), method="PUT") + b"x" * 1000)
        answer = client.response("PUT")
        assert answer.status == 413 and answer.closes
    assert proxy.ask(request("/page")).body == PAGE
