"""Every response case of test/cases from a raw backend: forwarded exactly, or 502 and never more."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.case_limits import LIMITS
from support.configuration import cluster, plain_listener, site
from support.messages import Ended, request

sys.path.insert(0, str(Path(__file__).parents[1] / "cases"))
import cases as case_files  # noqa: E402  pylint: disable=wrong-import-position

CASES = [case for case in case_files.read("response") if not case.limits]
HOP = {
    "connection", "content-length", "transfer-encoding", "upgrade", "expect", "te", "trailer",
    "keep-alive", "proxy-connection", "http2-settings", "host",
}  # fmt: skip


@dataclass
class Response:
    """A response of a case, as its events tell."""

    status: int
    reason: str
    fields: list = field(default_factory=list)
    body: bytes = b""
    framing: str = ""
    end: str = ""  # "end", "switched", or "": it was not read to its end


def rules_of(case):
    return "-".join(case.rules["tolerate"]) or "strict"


def responses_of(case):
    """The interim responses and the first final one; None in its place if it was refused."""
    found = []
    for line in case.expected:
        word, _, rest = line.partition(" ")
        if word == "response":
            status, reason = rest.rpartition(" ")[0].split(" ", 1)
            found.append(Response(int(status), case_files.unescape(reason).decode("latin-1")))
        elif word == "field":
            found[-1].fields.append(case_files.unescape(rest).decode("latin-1"))
        elif word == "body":
            found[-1].framing = rest.split(" ")[0]
        elif word == "payload":
            found[-1].body = case_files.unescape(rest)
        elif word in ("end", "switched"):
            found[-1].end = word
    interim = []
    for one in found:
        if one.status >= 200 or one.status == 101:
            return interim, one
        interim.append(one)
    return interim, None


@pytest.fixture
def proxy(start_proxy, recorder):
    """A cluster for each combination of leniencies, all with the same backend."""

    def answer(connection):
        index = int(connection.request().target.rpartition("/")[2])
        connection.send(CASES[index].data)
        connection.finish()
        connection.wait_end()

    backend = recorder(answer)
    rules = {rules_of(case): case.rules["tolerate"] for case in CASES}
    clusters = {
        name: cluster(backend, http={"tolerate": tolerate}) for name, tolerate in rules.items()
    }
    routes = [{"path": f"/{name}/", "cluster": name} for name in rules]
    return start_proxy(site([plain_listener()], clusters, routes, limits=LIMITS))


def expects_body(case, response):
    return case.to != "HEAD" and response.framing != "none"


def end_to_end(fields):
    """Name and value of those that go on, where no Connection lists them."""
    pairs = [tuple(line.split(": ", 1)) if ": " in line else (line[:-1], "") for line in fields]
    return [(name, value) for name, value in pairs if name.lower() not in HOP]


def complaint(case, client, target):
    """What is wrong about a case, in words; None: nothing."""
    interim, wanted = responses_of(case)
    client.send(request(target, method=case.to))
    is_cut = wanted and wanted.end == "" and wanted.framing != "until_close"
    try:
        got = client.response(case.to)
    except (Ended, ConnectionResetError):
        return None if is_cut else "it was cut"
    if wanted is None or wanted.status == 101 or (is_cut and got.status == 502):
        if got.status != 502 or (case.refused and case.to != "HEAD"
                                 and case.refused.encode() not in got.body):
            return f"answered {got.start}, {got.body!r}"
        return None
    if is_cut:
        return "an end was made up"
    if [one.status for one in got.interim] != [one.status for one in interim]:
        return f"the interim responses {got.interim}"
    if got.start != f"HTTP/1.1 {wanted.status} {wanted.reason}":
        return f"came {got.start!r}"
    if expects_body(case, wanted) and got.body != wanted.body:
        return f"came {got.body!r}"
    forwarded = [pair for pair in got.fields if pair[0].lower() not in HOP]
    if wanted.fields and forwarded != end_to_end(wanted.fields):
        return f"came {forwarded}"
    return None


def test_a_response_is_forwarded_exactly_or_not_at_all(proxy):
    """Also nothing that comes behind it ever answers the client's next request."""
    failures = []
    for index, case in enumerate(CASES):
        with proxy.connect_plain() as client:
            wrong = complaint(case, client, f"/{rules_of(case)}/{index}")
            if wrong:
                failures.append(f"{case}: {wrong}")
    assert not failures, "\n".join(failures)


def test_there_are_enough_cases():
    assert len(CASES) >= 150
    assert sum(case.refused is not None for case in CASES) >= 70
