"""1xx responses, Expect: 100-continue, and answers that come before the request has."""

import threading

import pytest

from support.configuration import cluster, plain_listener, site, tls_listener
from support.deadline import until
from support.messages import pattern, request, response
from support.recorder import answer_all

EXPECT = ("Expect", "100-continue")


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(script, **sections):
        backend = recorder(script)
        whole = site([tls_listener(certificate)], {"app": cluster(backend)}, **sections)
        return start_proxy(whole), backend

    return start


def test_early_hints_go_before_the_answer(start):
    """Each 1xx is passed on as it comes (RFC 9110 §15.2)."""

    def hint(connection):
        while True:
            connection.request()
            connection.send(response(103, None, ("Link", "</a.css>")))
            connection.send(response(103, None, ("Link", "</b.css>")))
            connection.send(response(200, b"page"))

    proxy, backend = start(hint)
    with proxy.connect() as client:
        for _ in range(2):
            answer = client.ask(request("/"))
            assert [early.value("Link") for early in answer.interim] == ["</a.css>", "</b.css>"]
            assert answer.body == b"page"
    assert len(backend.connections) == 1


def test_a_client_of_http_1_0_gets_no_interim_response(start):
    """RFC 9110 §15.2: it would not understand."""

    def hint(connection):
        connection.request()
        connection.send(response(103, None) + response(200, b"page"))

    proxy, _ = start(hint)
    answer = proxy.ask(request("/", version="1.0"))
    assert answer.interim == [] and answer.body == b"page"


def test_continue_comes_before_the_body(start):
    """The client waits for 100 and gets it, whoever says it (RFC 9110 §10.1.1)."""

    def ask_for_more(connection):
        asked = connection.head()
        if asked.value("Expect"):
            connection.send(response(100, None))
        connection.reader.read_body(asked)
        connection.send(response(200, asked.body))

    proxy, _ = start(ask_for_more)
    body = pattern(50_000)
    with proxy.connect() as client:
        client.send(request("/", EXPECT, ("Content-Length", "50000"), method="POST"))
        assert client.reader.head().status == 100
        client.send(body)
        assert client.response("POST").body == body


def test_a_client_that_does_not_wait_for_continue(start):
    """Head and body in one write, Expect or not: the body still goes through."""

    def read_all(connection):
        while True:
            connection.send(response(200, connection.request().body))

    proxy, _ = start(read_all)
    with proxy.connect() as client:
        for _ in range(2):
            answer = client.ask(request("/", EXPECT, method="POST", body=b"impatient"), "POST")
            assert answer.status == 200 and answer.body == b"impatient"


def test_a_refusal_instead_of_continue(start):
    """A final answer in place of 100: no body is sent, nothing hangs (RFC 9110 §10.1.1)."""

    def refuse(connection):
        connection.head()
        connection.send(response(403, b"no", ("Connection", "close")))

    proxy, _ = start(refuse)
    with proxy.connect() as client:
        client.send(request("/", EXPECT, ("Content-Length", "50000"), method="POST"))
        answer = client.response("POST")
        assert answer.status == 403 and answer.body == b"no"


def test_another_expectation_is_refused(start):
    """Only 100-continue can be expected: 417 (RFC 9110 §10.1.1)."""
    proxy, backend = start(answer_all)
    answer = proxy.ask(request("/", ("Expect", "a-miracle")))
    assert answer.status == 417 and b"expectation_unsupported" in answer.body
    assert backend.received == b""


def test_an_answer_before_the_body_reaches_the_client(start):
    """The backend has seen enough, while the client still sends (RFC 9112 §9.3)."""

    def refuse_early(connection):
        connection.head()
        connection.send(response(413, b"too much", ("Connection", "close")))

    proxy, _ = start(refuse_early)
    with proxy.connect() as client:
        client.send(request("/", ("Content-Length", "1000000"), method="POST") + b"x" * 1000)
        answer = client.response("POST")
        assert answer.status == 413 and answer.body == b"too much"


def test_after_an_early_answer_nothing_is_mistaken_for_a_request(start):
    """The rest of the body is drained, or the connection ends; it is never a request."""

    def refuse_early(connection):
        connection.head()
        connection.send(response(403, b"no"))
        connection.wait_end()

    proxy, backend = start(refuse_early)
    smuggled = request("/smuggled")
    with proxy.connect() as client:
        client.send(request("/", ("Content-Length", str(len(smuggled) + 10)), method="POST"))
        answer = client.response("POST")
        assert answer.status == 403
        client.send(b"0123456789" + smuggled)
        if answer.closes:
            assert client.ends()
        else:
            assert client.ask(request("/next")).status == 403
    assert "/smuggled" not in [asked.target for asked in backend.requests]


def test_an_early_answer_of_a_real_server_survives_a_big_body(start, variant):
    """The client goes on sending after the refusal, and still reads it: no reset destroys it."""

    def refuse_and_go(connection):
        connection.head()
        connection.send(response(403, b"no", ("Connection", "close")))

    proxy, _ = start(refuse_and_go)
    with proxy.connect() as client:
        size = 600_000
        client.send(request("/", ("Content-Length", str(size)), method="POST"))
        try:
            client.send(pattern(size))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the proxy may have had enough of it
        assert client.response("POST").status == 403


def test_a_body_that_nobody_wants_is_read_up_to_a_limit(start_proxy, recorder):
    """limits.unread_body after an early answer: read to its last byte; one more ends it."""
    limit = 2000

    def refuse_uploads(connection):
        while connection.head().method == "GET":
            connection.send(response(200, b"fine"))
        connection.send(response(403, b"no"))
        connection.wait_end()

    whole = site(
        [plain_listener()],
        {"app": cluster(recorder(refuse_uploads))},
        limits={"unread_body": f"{limit}B"},
        timeouts={"linger": "1m"},
    )
    proxy = start_proxy(whole)
    with proxy.connect_plain() as other:
        assert other.ask(request("/")).status == 200
        before = proxy.descriptors()
        with proxy.connect_plain() as client:
            client.send(request("/", ("Content-Length", "1000000"), method="POST"))
            answer = client.response("POST")
            assert answer.status == 403 and answer.closes and client.ends()
            client.send(b"x" * limit)
            assert other.ask(request("/")).status == 200
            until(lambda: proxy.descriptors() == before + 1, "the rest is still being read")
            client.send(b"x")
            until(lambda: proxy.descriptors() == before, "the connection is closed")


def test_any_number_up_to_the_limit(start):
    """limits.interim_responses: large ones do not use anything up; each goes when it is sent."""
    count = 300
    large = response(103, None, *[("Link", "x" * 1000)] * 20)

    def hint(connection):
        while True:
            connection.request()
            for _ in range(count):
                connection.send(large)
            connection.send(response(200, b"page"))

    proxy, _ = start(hint, limits={"interim_responses": count})
    answer = proxy.ask(request("/"))
    assert len(answer.interim) == count and answer.body == b"page"


def test_one_more_than_the_limit(start):
    """Then ours is the answer."""

    def hint(connection):
        connection.request()
        connection.send(response(103, None) * 6 + response(200, b"page"))
        connection.wait_end()

    proxy, _ = start(hint, limits={"interim_responses": 5})
    answer = proxy.ask(request("/"))
    assert len(answer.interim) == 5
    assert answer.status == 502 and b"too_many_interim_responses" in answer.body


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_no_answer_of_ours_in_the_middle_of_an_interim_head(start_proxy, recorder, how):
    """The client reads slowly, the backend dies: what it got is whole heads and a piece, no more."""
    head = response(103, None, *[("Link", "x" * 1000)] * 25)
    sent = threading.Event()

    def hint(connection):
        connection.request()
        try:
            for _ in range(300):
                connection.tcp.settimeout(0.5)
                connection.send(head)
        finally:
            connection.vanish(how)
            sent.set()

    whole = site(
        [plain_listener()], {"app": cluster(recorder(hint))}, limits={"interim_responses": 10000}
    )
    proxy = start_proxy(whole)
    with proxy.connect_plain(receive_buffer=32768) as client:
        client.send(request("/", ("Connection", "close")))
        assert sent.wait(20)
        got = client.wire_end()
    while got.startswith(head):
        got = got[len(head) :]
    assert head.startswith(got) or got.startswith(b"HTTP/1.1 502 ")
