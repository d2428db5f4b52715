"""traceparent and tracestate (W3C Trace Context): gone on with, begun, or left alone."""

import re

import pytest

from support.configuration import cluster, plain_listener, site
from support.messages import request
from support.recorder import answer_all

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{PARENT}-01"
MALFORMED = f"00-{TRACE}-{PARENT}-01-more"
OURS = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])")
TRUSTED = {"trusted_proxies": ["127.0.0.0/8"]}


@pytest.fixture
def start(start_proxy, recorder):
    """What a backend gets, and the line of the log, for a request with these fields."""

    def start(tracing, **sections):
        backend = recorder(answer_all)
        whole = site([plain_listener()], {"app": cluster(backend)}, tracing=tracing, **sections)
        proxy = start_proxy(whole)

        def ask(*fields):
            with proxy.connect_plain() as client:
                assert client.ask(request("/", *fields)).status == 200
            got = backend.requests[-1]
            return got.values("traceparent"), got.values("tracestate"), proxy.exchange(
                id=got.value("X-Request-Id")
            )

        return ask

    return start


def ours(values):
    assert len(values) == 1
    return OURS.fullmatch(values[0]).groups()


def test_off_leaves_them_alone(start):
    ask = start({})
    for value in (VALID, MALFORMED, "what?"):
        parents, states, line = ask(("TraceParent", value), ("tracestate", "a=1"), ("tracestate", "="))
        assert (parents, states) == ([value], ["a=1", "="])
        assert "trace_id" not in line and "span_id" not in line
    assert ask()[:2] == ([], [])


def test_a_trace_goes_on(start):
    """The same trace; our span is the backend's parent, and the log knows all three."""
    ask = start({"traceparent": "pass"}, **TRUSTED)
    parents, states, line = ask(("traceparent", VALID), ("tracestate", "a=1"), ("tracestate", "b=2"))
    trace, span, sampled = ours(parents)
    assert (trace, sampled) == (TRACE, "1") and span != PARENT
    assert states == ["a=1,b=2"]
    assert (line["trace_id"], line["span_id"]) == (trace, span)
    assert line["parent_span_id"] == PARENT
    parents, _, _ = ask(("traceparent", f"00-{TRACE}-{PARENT}-00"))
    assert ours(parents)[2] == "0"
    assert ours(parents)[1] != span


def test_a_malformed_one_is_replaced(start):
    """And takes its tracestate with it."""
    ask = start({"traceparent": "pass"}, **TRUSTED)
    for fields in (
        [("traceparent", MALFORMED)],
        [("traceparent", VALID), ("traceparent", VALID)],
        [("traceparent", VALID.upper())],
    ):
        parents, states, line = ask(*fields, ("tracestate", "a=1"))
        trace, span, _ = ours(parents)
        assert trace not in (TRACE, TRACE.upper()) and states == []
        assert (line["trace_id"], line["span_id"]) == (trace, span)
        assert "parent_span_id" not in line


def test_pass_begins_none(start):
    parents, states, line = start({"traceparent": "pass"}, **TRUSTED)(("tracestate", "a=1"))
    assert parents == [] and "trace_id" not in line
    assert states == ["a=1"]  # of no meaning, but not ours to take away


def test_create_begins_one(start):
    """Its id is the request's own."""
    parents, states, line = start({"traceparent": "create"})(("tracestate", "a=1"))
    trace, span, sampled = ours(parents)
    assert trace == line["id"] == line["trace_id"] and sampled == "1"
    assert states == [] and line["span_id"] == span


def test_strangers_are_not_believed(start):
    """Only trusted_proxies, unless the file says otherwise."""
    parents, states, _ = start({"traceparent": "create"})(
        ("traceparent", VALID), ("tracestate", "a=1")
    )
    assert ours(parents)[0] != TRACE and states == []
    parents, states, _ = start({"traceparent": "pass", "from": "anyone"})(
        ("traceparent", VALID), ("tracestate", "a=1")
    )
    assert ours(parents)[0] == TRACE and states == ["a=1"]


def test_how_many_are_sampled(start):
    ask = start({"traceparent": "create", "sample": 0})
    assert ours(ask()[0])[2] == "0"
    ask = start({"traceparent": "create", "sample": 50})
    assert {ours(ask()[0])[2] for _ in range(64)} == {"0", "1"}
