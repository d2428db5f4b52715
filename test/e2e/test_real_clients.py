"""What curl, Node.js and Python's own client make of the proxy."""

import base64
import http.client
import json

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import HOST, pattern
from support.recorder import echo_all
from support.servers import LONG, PAGE


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, certificate, node):
    return start_shared_proxy(site([tls_listener(certificate)], {"app": cluster(node)}))


def test_curl_reads_pages(proxy):
    assert clients.curl(proxy, "/page") == PAGE
    assert clients.curl(proxy, "/chunked") == LONG
    assert clients.curl_status(proxy, "/204") == 204
    assert clients.curl_status(proxy, "/page", "--head") == 200
    assert clients.curl_status(proxy, "/nowhere") == 404


@pytest.mark.parametrize("framing", [[], ["-H", "Transfer-Encoding: chunked"]], ids=["cl", "te"])
@pytest.mark.parametrize("expect", [[], ["-H", "Expect: 100-continue"]], ids=["eager", "waiting"])
def test_curl_sends_bodies(proxy, tmp_path, framing, expect):
    body = tmp_path / "body"
    body.write_bytes(pattern(2_000_000))
    got = clients.curl(proxy, "/echo", *framing, *expect, "--data-binary", f"@{body}")
    assert got == body.read_bytes()


def test_curl_reuses_its_connection(proxy):
    written = clients.curl(
        proxy, "/204", "-w", "%{num_connects} ", proxy.url("/204"), proxy.url("/204")
    )
    assert written.split() == [b"1", b"0", b"0"]


def test_node_keeps_its_connections(start_proxy, certificate, node):
    """An https.Agent with keepAlive: as many answers as questions, each its own, over four."""
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(node)}))
    bodies = [base64.b64encode(pattern(size)).decode() for size in (1, 1000, 100_000)] * 20
    asked = [{"path": "/echo", "method": "POST", "body": body} for body in bodies]
    answers = clients.node(proxy, asked, connections=4)
    assert [answer["status"] for answer in answers] == [200] * 60
    assert [base64.b64encode(answer["body"]).decode() for answer in answers] == bodies
    until(lambda: len(proxy.exchanges()) == 60, "all are logged")
    assert len({line["client"] for line in proxy.exchanges()}) == 4


def test_http_client_of_python(start_proxy, recorder, certificate):
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder(echo_all))}))
    connection = http.client.HTTPSConnection(
        "localhost", proxy.port, context=trusting(proxy.authority), timeout=20
    )
    for number in range(10):
        sent = json.dumps({"number": number}).encode()
        connection.request("POST", "/", body=sent, headers={"Host": HOST})
        assert connection.getresponse().read() == sent
    connection.close()
