"""Requests that we refuse: the status, the stable reason, and not a byte at the backend."""

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import HOST, request

LIMITS = {
    "head_size": "4KiB",
    "header_count": 20,
    "target_size": 1000,
    "body_size": 1000,
}
ROUTES = [{"host": HOST, "cluster": "app"}]


def head(*lines, start="GET / HTTP/1.1"):
    return "\r\n".join([start, f"Host: {HOST}", *lines, "", ""]).encode("latin-1")


CASES = {
    # The start line (RFC 9112 §3)
    "words": (b"hello there\r\n\r\n", 400, None),
    "http-0.9": (b"GET /\r\n\r\n", 400, None),
    "two-spaces": (head(start="GET  / HTTP/1.1"), 400, None),
    "tab-for-space": (head(start="GET\t/ HTTP/1.1"), 400, None),
    "space-in-target": (head(start="GET /a b HTTP/1.1"), 400, None),
    "fragment-in-target": (head(start="GET /a#b HTTP/1.1"), 400, "target_malformed"),
    "relative-target": (head(start="GET a HTTP/1.1"), 400, "target_malformed"),
    "method-no-token": (head(start="G(T / HTTP/1.1"), 400, "method_malformed"),
    "version-lower-case": (head(start="GET / http/1.1"), 400, "version_malformed"),
    "version-2": (head(start="GET / HTTP/2.0"), 505, "version_unsupported"),
    "control-in-target": (head(start="GET /\x01 HTTP/1.1"), 400, "target_malformed"),
    "connect": (b"CONNECT app.example.com:443 HTTP/1.1\r\nHost: app.example.com:443\r\n\r\n",
                501, "method_unsupported"),
    # Fields (RFC 9112 §5)
    "bare-lf": (b"GET / HTTP/1.1\nHost: app.example.com\n\n", 400, "line_end_malformed"),
    "bare-cr": (head("X-A: b\rc"), 400, None),
    "nul-in-value": (head("X-A: b\0c"), 400, "field_value_malformed"),
    "control-in-value": (head("X-A: b\x1bc"), 400, "field_value_malformed"),
    "space-before-colon": (head("X-A : b"), 400, "field_name_malformed"),
    "no-colon": (head("X-A"), 400, "field_name_malformed"),
    "empty-name": (head(": b"), 400, "field_name_malformed"),
    "name-no-token": (head("X-\xe4: b"), 400, "field_name_malformed"),
    "folded": (head("X-A: b", " c"), 400, "field_folded"),
    "folded-first": (b"GET / HTTP/1.1\r\n X-A: b\r\nHost: app.example.com\r\n\r\n", 400, None),
    # Host (RFC 9112 §3.2)
    "no-host": (b"GET / HTTP/1.1\r\n\r\n", 400, "host_missing"),
    "two-hosts": (head(f"Host: {HOST}"), 400, "host_repeated"),
    "host-with-user": (b"GET / HTTP/1.1\r\nHost: me@app.example.com\r\n\r\n", 400,
                       "host_malformed"),
    "host-list": (b"GET / HTTP/1.1\r\nHost: app.example.com, other\r\n\r\n", 400,
                  "host_malformed"),
    # Framing (RFC 9112 §6)
    "length-and-coding": (head("Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
                          400, "content_length_with_transfer_encoding"),
    "coding-and-length": (head("Transfer-Encoding: chunked", "Content-Length: 3") + b"0\r\n\r\n",
                          400, "content_length_with_transfer_encoding"),
    "two-lengths": (head("Content-Length: 3", "Content-Length: 4") + b"abc", 400,
                    "content_length_repeated"),
    "same-length-twice": (head("Content-Length: 3", "Content-Length: 3") + b"abc", 400,
                          "content_length_repeated"),
    "length-list": (head("Content-Length: 3, 3") + b"abc", 400, "content_length_malformed"),
    "length-plus": (head("Content-Length: +3") + b"abc", 400, "content_length_malformed"),
    "length-negative": (head("Content-Length: -3") + b"abc", 400, "content_length_malformed"),
    "length-hex": (head("Content-Length: 0x3") + b"abc", 400, "content_length_malformed"),
    "length-empty": (head("Content-Length:") + b"abc", 400, "content_length_malformed"),
    "length-overflow": (head("Content-Length: 99999999999999999999"), 400,
                        "content_length_malformed"),
    "gzip-then-chunked": (head("Transfer-Encoding: gzip, chunked"), 501,
                          "transfer_encoding_unsupported"),
    "unknown-coding": (head("Transfer-Encoding: xchunked"), 501, "transfer_encoding_unsupported"),
    "coding-in-1.0": (head("Transfer-Encoding: chunked", start="POST / HTTP/1.0") + b"0\r\n\r\n",
                      400, "transfer_encoding_in_http_1_0"),
    # Limits
    "target-too-long": (request("/" + "a" * 1000), 414, "target_too_long"),
    "head-too-large": (head("X-A: " + "a" * 5000), 431, "head_too_large"),
    "too-many-fields": (head(*["X-A: b"] * 21), 431, "too_many_fields"),
    "body-too-large": (request("/", method="POST", body=b"x" * 1001), 413, "body_too_large"),
    # Routing
    "no-route": (request("/", host="other.example.com"), 404, "no_route"),
}  # fmt: skip

# Refused for what they ask, not for how: the connection may go on.
UNDOUBTED = {"no-route"}


@pytest.fixture(scope="module")
def backend(shared_recorder):
    return shared_recorder()


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, backend, certificate):
    return start_shared_proxy(
        site([tls_listener(certificate)], {"app": cluster(backend)}, ROUTES, limits=LIMITS)
    )


@pytest.mark.parametrize("case", CASES)
def test_a_refused_request_reaches_nobody(proxy, backend, case):
    """Our own short page with the reason, the end of the connection, silence at the backend."""
    asked, status, reason = CASES[case]
    before = backend.received
    with proxy.connect() as client:
        source = client.address
        answer = client.ask(asked)
        assert answer.status == status, answer
        if case not in UNDOUBTED:
            assert answer.closes
            assert client.ends()
    assert (reason or "").encode() in answer.body, answer.body
    line = proxy.exchange(client=source)
    assert line["status"] == status and line["reason"] in answer.body.decode()
    assert len(proxy.exchanges(client=source)) == 1
    assert backend.received == before
    assert len(answer.body) < 2000


def test_the_requests_before_a_refused_one_are_served(proxy, backend):
    """Pipelined: the good one is answered, the bad one refused, what follows never read."""
    before = len(backend.requests)
    with proxy.connect() as client:
        client.send(request("/good") + head("X-A : b") + request("/never"))
        assert client.response().status == 200
        assert client.response().status == 400
        assert client.ends()
    assert [asked.target for asked in backend.requests[before:]] == ["/good"]


@pytest.mark.parametrize(
    "body",
    [
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5;a=\nb\r\nhello\r\n0\r\n\r\n",
        b"11111111111111111\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    ],
    ids=["hex-prefix", "plus", "empty", "space", "bare-lf", "too-long", "bare-lf-after-data",
         "lf-in-extension", "overflow", "bad-trailer"],
)  # fmt: skip
def test_a_malformed_chunk_ends_everything(proxy, backend, body):
    """The head may have gone on already; a whole request never does (RFC 9112 §7.1)."""
    before = len(backend.requests)
    with proxy.connect() as client:
        answer = client.ask(head("Transfer-Encoding: chunked", start="POST /bad HTTP/1.1") + body)
        assert answer.status == 400 and answer.closes
        assert client.ends()
    assert len(backend.requests) == before


def test_a_chunked_body_can_not_pass_the_limit(proxy, backend):
    """body_size holds while it streams, too: 413, and the backend's request stays unfinished."""
    before = len(backend.requests)
    with proxy.connect() as client:
        client.send(head("Transfer-Encoding: chunked", start="POST /big HTTP/1.1"))
        client.send(b"1f4\r\n" + b"x" * 500 + b"\r\n")
        client.send(b"1f5\r\n" + b"x" * 501 + b"\r\n0\r\n\r\n")
        answer = client.response("POST")
        assert answer.status == 413 and answer.closes
        assert b"body_too_large" in answer.body
    assert len(backend.requests) == before


def test_what_is_just_within_the_limits_is_served(proxy, backend):
    """Each limit is the last value that is good."""
    fields = ["X-A: b"] * 19  # and Host
    assert proxy.ask(head(*fields)).status == 200
    assert proxy.ask(request("/" + "a" * 999)).status == 200
    assert proxy.ask(request("/", method="POST", body=b"x" * 1000)).status == 200


def test_a_refusal_answers_head_without_a_body(proxy):
    """Our own pages keep to RFC 9110 §9.3.2."""
    with proxy.connect() as client:
        asked = request("/", ("Connection", "close"), method="HEAD", host="other.example.com")
        assert client.ask(asked, "HEAD").status == 404
        assert client.ends()
