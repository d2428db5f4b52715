"""Backends that answer wrongly, late or not at all: 502 or 504, a reason, and never a guess."""

import threading
import time

import pytest

from support.configuration import cluster, site, tls_listener
from support.connection import Truncated
from support.deadline import until
from support.messages import Ended, request, response

OK = "HTTP/1.1 200 Fine\r\n"
CUT = (Ended, Truncated, ConnectionResetError)

CASES = {
    "words": ("hello there\r\n\r\n", None),
    "no-version": ("200 OK\r\n\r\n", None),
    "version-2": ("HTTP/2.0 200 Fine\r\n\r\n", "version_unsupported"),
    "status-of-two-digits": ("HTTP/1.1 20 Fine\r\n\r\n", "status_malformed"),
    "status-of-four-digits": ("HTTP/1.1 2000 Fine\r\n\r\n", "status_malformed"),
    "status-in-words": ("HTTP/1.1 abc Fine\r\n\r\n", "status_malformed"),
    "bare-lf": ("HTTP/1.1 200 Fine\nContent-Length: 0\n\n", "line_end_malformed"),
    "space-before-colon": (OK + "X-A : b\r\nContent-Length: 0\r\n\r\n", "field_name_malformed"),
    "folded": (OK + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n", "field_folded"),
    "nul-in-value": (OK + "X-A: b\0c\r\nContent-Length: 0\r\n\r\n", "field_value_malformed"),
    "bare-cr": (OK + "X-A: b\rX-B: c\r\nContent-Length: 0\r\n\r\n", None),
    "length-and-coding": (
        OK + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "content_length_with_transfer_encoding",
    ),
    "two-lengths": (OK + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                    "content_length_repeated"),
    "length-in-words": (OK + "Content-Length: x\r\n\r\n", "content_length_malformed"),
    "unknown-coding": (OK + "Transfer-Encoding: gzip\r\n\r\n", "transfer_encoding_unsupported"),
    "coding-in-1.0": ("HTTP/1.0 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                      "transfer_encoding_in_http_1_0"),
    "switching-unasked": ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                          "upgrade_unexpected"),
    "head-too-large": (OK + "X-A: " + "a" * 40000 + "\r\nContent-Length: 0\r\n\r\n",
                       "head_too_large"),
    "too-many-fields": (OK + "X-A: b\r\n" * 101 + "Content-Length: 0\r\n\r\n", "too_many_fields"),
    "nothing": ("", "connection_closed"),
    "half-a-head": (OK + "Content-Le", "connection_closed"),
}  # fmt: skip


@pytest.fixture(scope="module")
def backend(shared_recorder):
    """Answers with the case that the target names, and closes."""

    def answer(connection):
        case = connection.request().target[1:]
        connection.send(CASES[case][0].encode("latin-1"))
        connection.finish()
        connection.wait_end()

    return shared_recorder(answer)


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, backend, certificate):
    return start_shared_proxy(site([tls_listener(certificate)], {"app": cluster(backend)}))


@pytest.mark.parametrize("case", CASES)
def test_a_bad_response_is_a_502(proxy, backend, case):
    """Parsed as strictly as a request; the client gets our answer and can go on or be closed."""
    reason = CASES[case][1]
    before = len(backend.requests)
    answer = proxy.ask(request(f"/{case}"))
    assert answer.status == 502
    line = proxy.exchange(path=f"/{case}")
    assert line["status"] == 502 and line["reason"] != "ok"
    if reason:
        assert line["reason"] == reason
        assert reason.encode() in answer.body
    assert len(backend.requests) == before + 1  # never tried again: the connection was fresh


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script, **timeouts):
        backend = recorder(script)
        whole = site([tls_listener(certificate)], {"app": cluster(backend, timeouts=timeouts)})
        return start_proxy(whole), backend

    return start


def test_a_late_answer_is_a_504(start):
    """first_byte counts from the end of the request."""

    def think_too_long(connection):
        connection.request()
        connection.wait_end()

    proxy, backend = start(think_too_long, first_byte="300ms")
    answer = proxy.ask(request("/late"))
    assert answer.status == 504 and b"backend_first_byte_timeout" in answer.body
    assert proxy.exchange(path="/late")["reason"] == "backend_first_byte_timeout"
    assert len(backend.requests) == 1


CHUNKED_HEAD = response(200, None, ("Transfer-Encoding", "chunked"))
TRUNCATED = {
    "length": response(200, None, ("Content-Length", "100")) + b"only a part",
    "chunk": CHUNKED_HEAD + b"64\r\nonly a part",
    "between-chunks": CHUNKED_HEAD + b"b\r\nonly a part\r\n",
}


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("case", TRUNCATED)
def test_a_cut_body_is_not_made_whole(start, case, how):
    """The client must see that something is missing (RFC 9112 §8)."""
    seen = threading.Event()

    def cut(connection):
        connection.request()
        connection.send(TRUNCATED[case])
        assert seen.wait(20)
        connection.vanish(how)

    proxy, _ = start(cut)
    with proxy.connect() as client:
        client.send(request("/cut"))
        message = client.reader.head()
        while b"only a part" not in client.reader.buffer:
            client.reader.fill()
        seen.set()
        with pytest.raises(CUT):
            client.reader.read_body(message)
    line = proxy.exchange(path="/cut")
    assert line["reason"] == {"fin": "connection_closed", "rst": "connection_reset"}[how]
    assert line["status"] == 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"b\r\nonly a part\r\n0x1\r\n", "chunk_size_malformed"),
        (b"b\r\nonly a part!\r\n0\r\n\r\n", "chunk_end_malformed"),
        (b"b;a=\nb\r\nonly a part\r\n0\r\n\r\n", "line_end_malformed"),
    ],
    ids=["size", "end", "line-end"],
)
def test_a_malformed_chunk_cuts_the_answer(start, body, reason):
    """What came before it may have gone on; an end is not made up (RFC 9112 §7.1)."""

    def answer(connection):
        connection.request()
        connection.send(CHUNKED_HEAD + body)
        connection.wait_end()

    proxy, _ = start(answer)
    with proxy.connect() as client:
        try:
            assert client.ask(request("/cut")).status == 502
        except CUT:
            pass
    assert proxy.exchange(path="/cut")["reason"] == reason


def test_a_body_that_stalls_is_ended(start):
    """idle: nothing in either direction while a body moves."""

    def stall(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", "100")) + b"only a part")
        connection.wait_end()

    proxy, _ = start(stall, idle="300ms")
    with proxy.connect() as client:
        with pytest.raises(CUT):
            client.ask(request("/stall"))
    assert proxy.exchange(path="/stall")["reason"] == "idle_timeout"


def test_a_slow_but_steady_body_is_not_ended(start):
    """Each byte moves the idle deadline: the whole may take longer than it."""

    def trickle(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", "12")))
        for _ in range(12):
            enough = time.monotonic() + 0.1
            until(lambda at=enough: time.monotonic() > at, "a while")
            connection.send(b"x")

    proxy, _ = start(trickle, idle="500ms")
    assert proxy.ask(request("/")).body == b"x" * 12
