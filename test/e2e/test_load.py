"""Many requests over many connections: each answered once, with its own answer."""

import asyncio
import ssl

import pytest

from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import HOST

CONNECTIONS = 100
REQUESTS_PER_CONNECTION = 100
TOTAL = CONNECTIONS * REQUESTS_PER_CONNECTION


async def read_response(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    lines = head.lower().split(b"\r\n")
    lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
    return status, await reader.readexactly(lengths[0])


async def ask_many(proxy, context, number):
    """The requests of one connection, one after the other; how many answers were right."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", proxy.port, ssl=context, server_hostname=HOST
    )
    right = 0
    for turn in range(REQUESTS_PER_CONNECTION):
        identity = f"{number}-{turn}".encode()
        writer.write(b"GET /id?id=%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (identity, HOST.encode()))
        right += await read_response(reader) == (200, identity)
    writer.close()
    try:
        await writer.wait_closed()
    except (ssl.SSLError, ConnectionError):
        pass  # the answers are all there; how the end looks is another test's matter
    return right


async def ask_all(proxy):
    context = trusting(proxy.authority)
    jobs = (ask_many(proxy, context, number) for number in range(CONNECTIONS))
    return sum(await asyncio.wait_for(asyncio.gather(*jobs), 120))


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_requests_and_none_lost(start_proxy, certificate, nginx, workers):
    """Over a hundred connections: every answer right, every exchange logged once."""
    clusters = {"app": cluster(nginx, pool={"idle_max": CONNECTIONS})}
    proxy = start_proxy(site([tls_listener(certificate)], clusters, workers=workers))
    assert asyncio.run(ask_all(proxy)) == TOTAL
    until(lambda: proxy.process.stdout.count(b"\n") >= TOTAL, "all are logged")
    lines = proxy.exchanges()
    assert len(lines) == TOTAL
    assert len({line["id"] for line in lines}) == TOTAL
    assert {(line["status"], line["reason"]) for line in lines} == {(200, "ok")}
    assert len({line["client"] for line in lines}) == CONNECTIONS
    # The pool did its work: far fewer backend connections than requests.
    assert sum(not line["reused"] for line in lines) <= 2 * CONNECTIONS
