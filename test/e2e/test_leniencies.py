"""What a listener or cluster tolerates or refuses besides the rule: each on and off."""

import pytest

from support.configuration import cluster, plain_listener, site
from support.messages import request
from support.recorder import answer_all

BARE_LF = b"GET /old HTTP/1.1\nHost: a\nX-A: b\n\n"
EMPTY_LINES = b"\r\n\r\n\r\n" + request("/old")
TARGETS = {"/a%2fb": "target_encoded_slash", "/a?%00": "target_encoded_nul",
           "/a/..;/b": "target_dot_segment"}  # fmt: skip
RESPONSES = {
    "bare_lf": b"HTTP/1.1 200 Fine\nContent-Length: 4\nX-A: b\n\npage",
    "obs_fold": b"HTTP/1.1 200 Fine\r\nX-A: b\r\n\tc\r\nContent-Length: 4\r\n\r\npage",
    "missing_reason": b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\npage",
}


@pytest.fixture
def backend(recorder):
    return recorder(answer_all)


def test_a_listener_tolerates_what_it_names(start_proxy, backend):
    """bare_lf and empty_lines (RFC 9112 §2.2) on one listener, and not on the other."""
    proxy = start_proxy(site(
        [plain_listener(http={"tolerate": ["bare_lf", "empty_lines"]}), plain_listener()],
        {"app": cluster(backend)},
    ))  # fmt: skip
    for asked, reason in [(BARE_LF, b"line_end_malformed"), (EMPTY_LINES, b"start_line_malformed")]:
        with proxy.connect_plain() as client:
            for _ in range(2):
                assert client.ask(asked).status == 200
        with proxy.connect_plain(proxy.ports[1]) as client:
            answer = client.ask(asked)
            assert answer.status == 400 and reason in answer.body and client.ends()
    assert [asked.target for asked in backend.requests] == ["/old"] * 4
    assert b"\n" not in backend.received.replace(b"\r\n", b""), "written anew, in our form"
    assert backend.requests[0].value("X-A") == "b"


def test_a_listener_refuses_the_targets_it_names(start_proxy, backend):
    """encoded_slash, encoded_nul and dot_segment: 400 with a reason each; by default forwarded."""
    proxy = start_proxy(site(
        [plain_listener(http={"refuse_targets": ["encoded_slash", "encoded_nul", "dot_segment"]}),
         plain_listener()],
        {"app": cluster(backend)},
    ))  # fmt: skip
    for target, reason in TARGETS.items():
        with proxy.connect_plain() as client:
            answer = client.ask(request(target))
            assert answer.status == 400 and reason.encode() in answer.body and client.ends()
        assert proxy.exchange(reason=reason)["status"] == 400
    assert backend.received == b""
    for target in TARGETS:
        with proxy.connect_plain(proxy.ports[1]) as client:
            assert client.ask(request(target)).status == 200
    assert [asked.target for asked in backend.requests] == list(TARGETS)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_cluster_tolerates_what_it_names(start_proxy, recorder, name):
    """Responses of an old backend: read by the cluster's leniency, 502 without it."""

    def answer(connection):
        while True:
            connection.request()
            connection.send(RESPONSES[name])

    backend = recorder(answer)
    proxy = start_proxy(site(
        [plain_listener()],
        {"old": cluster(backend, http={"tolerate": [name]}), "new": cluster(backend)},
        [{"path": "/old", "cluster": "old"}, {"cluster": "new"}],
    ))  # fmt: skip
    with proxy.connect_plain() as client:
        got = client.ask(request("/old"))
        assert got.status == 200 and got.body == b"page"
        if name == "obs_fold":
            assert got.value("X-A").split() == ["b", "c"]
        assert client.ask(request("/new")).status == 502


@pytest.mark.parametrize("rest", [
    b"/a b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"/ HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
    b"/ HTTP/1.1\r\n\r\n",
    b"/ HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
], ids=["version", "field", "host", "length"])  # fmt: skip
def test_head_is_refused_without_a_body(start_proxy, backend, rest):
    """RFC 9110 §9.3.2: once the method is certain, whatever is wrong behind it; else with one."""
    proxy = start_proxy(site([plain_listener()], {"app": cluster(backend)}))
    with proxy.connect_plain() as client:
        answer = client.ask(b"HEAD " + rest, "HEAD")
        assert answer.status == 400 and int(answer.value("Content-Length")) > 0
        assert client.ends(), "no body"
    with proxy.connect_plain() as client:
        assert client.ask(b"GET " + rest).body
        assert client.ends()
    with proxy.connect_plain() as client:
        assert client.ask(b"HEAD\t" + rest).body, "the method is not certain"
    assert backend.received == b""
