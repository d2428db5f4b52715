"""Big bodies at constant memory, whatever the size and however slow the other side."""

import hashlib
import subprocess
import threading

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.deadline import unchanged
from support.messages import pattern, request, response

GIB = 1 << 30
MIB = 1 << 20
# What the proxy may grow by while a body passes: its buffers, not the body.
GROWTH_MAX = 16 * MIB
# What two pairs of kernel buffers on the loopback device may hold of a body nobody reads.
IN_KERNEL_MAX = 32 * MIB
PATIENCE = 120


def grown_little(proxy, variant, before):
    """Under AddressSanitizer freed memory stays in quarantine: only the release is judged."""
    growth = proxy.memory_peak() - before
    assert variant.name != "release" or growth < GROWTH_MAX, f"grew by {growth >> 20} MiB"


@pytest.fixture(scope="module")
def big_file(tmp_path_factory, variant, nginx):
    """A file in nginx whose bytes do not repeat, and its digest."""
    size = variant.heavy(GIB)
    path = nginx.files / f"big-{variant.name}"
    cipher = "-aes-128-ctr -K 000102030405060708090a0b0c0d0e0f -iv 0f0e0d0c0b0a09080706050403020100"
    command = f"head -c {size} /dev/zero | openssl enc {cipher} -out {path}"
    subprocess.run(command, shell=True, check=True)
    digest = subprocess.run(["sha256sum", path], capture_output=True, check=True).stdout.split()[0]
    yield path, digest
    path.unlink()


def digest_of(command):
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{' '.join(map(str, command))} | sha256sum"],
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.split()[0]


def quoted(command):
    return [f"'{word}'" for word in command]


def test_a_gibibyte_down(start_proxy, certificate, nginx, variant, big_file):
    """nginx to curl: the same bytes, the same memory."""
    path, digest = big_file
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(nginx)}))
    clients.curl(proxy, "/page")
    before = proxy.memory_peak()
    assert digest_of(quoted(clients.curl_command(proxy, f"/{path.name}"))) == digest
    grown_little(proxy, variant, before)
    line = proxy.exchange(path=f"/{path.name}")
    assert line["reason"] == "ok" and line["response_bytes"] >= path.stat().st_size


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_gibibyte_up(start_proxy, certificate, node, variant, big_file, framing):
    """curl to Node.js, which answers with the digest of what it read."""
    path, digest = big_file
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(node)}))
    clients.curl(proxy, "/page")
    before = proxy.memory_peak()
    flags = ["-X", "POST", "-T", path]
    if framing == "chunked":
        flags += ["-H", "Transfer-Encoding: chunked"]
    assert clients.curl(proxy, "/sha256", *flags, seconds=PATIENCE) == digest
    grown_little(proxy, variant, before)
    line = proxy.exchange(path="/sha256")
    assert line["reason"] == "ok" and line["request_bytes"] >= path.stat().st_size


def test_a_slow_reader_stops_the_backend(start_proxy, recorder, certificate, variant):
    """Who does not read is not read for: the backend stalls, the proxy does not swell."""
    size = 256 * MIB
    block = pattern(MIB)

    def pour(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", str(size))))
        for _ in range(size // MIB):
            connection.send(block)

    backend = recorder(pour)
    clusters = {"app": cluster(backend)}
    whole = site([tls_listener(certificate)], clusters, timeouts={"client_idle": "60s"})
    proxy = start_proxy(whole)
    with proxy.connect(receive_buffer=65536) as client:
        before = proxy.memory_peak()
        client.send(request("/"))
        message = client.reader.head()
        assert message.status == 200
        sent = unchanged(lambda: backend.connections[0].sent_count, 0.5, "the backend's sending")
        assert sent < IN_KERNEL_MAX, f"{sent >> 20} MiB were taken from the backend"
        grown_little(proxy, variant, before)
        # And then it reads on: nothing was lost while everybody waited.
        wanted = variant.heavy(64 * MIB)
        for at in range(0, wanted, MIB):
            assert client.reader.take(MIB) == block, at


def test_a_reader_that_reads_slowly_is_not_idle(start_proxy, recorder, certificate):
    """client_idle is for who takes nothing: one who takes a little again and again is served."""
    size = 64 * MIB
    block = pattern(MIB)

    def pour(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", str(size))))
        for _ in range(size // MIB):
            connection.send(block)

    backend = recorder(pour)
    whole = site([tls_listener(certificate)], {"app": cluster(backend)})
    whole["timeouts"] = {"client_idle": "1s"}
    proxy = start_proxy(whole)
    pace = threading.Event()
    with proxy.connect(receive_buffer=65536) as client:
        client.send(request("/"))
        assert client.reader.head().status == 200
        unchanged(lambda: backend.connections[0].sent_count, 0.3, "the backend's sending")
        # Three times as long as it may be idle, at a pace that no buffer on the way lives on.
        for at in range(0, 60 * 16384, 16384):
            assert client.reader.take(16384) == block[at % MIB : at % MIB + 16384]
            pace.wait(0.05)
    assert proxy.exchange(path="/")["reason"] != "idle_timeout"


def test_a_slow_backend_stops_the_client(start_proxy, recorder, certificate, variant):
    """The same upward: the client can send no more than the buffers on the way hold."""
    size = 64 * MIB
    may_read = threading.Event()
    block = pattern(MIB)

    def read_late(connection):
        asked = connection.head()
        assert may_read.wait(60)
        digest = hashlib.sha256()
        for _ in range(size // MIB):
            digest.update(connection.reader.take(MIB))
        connection.send(response(200, digest.hexdigest().encode()))
        assert asked.value("Content-Length") == str(size)

    backend = recorder(read_late, receive_buffer=65536)
    clusters = {"app": cluster(backend, timeouts={"idle": "60s"})}
    proxy = start_proxy(site([tls_listener(certificate)], clusters))
    sent = [0]
    with proxy.connect() as client:
        before = proxy.memory_peak()

        def pour():
            client.send(request("/", ("Content-Length", str(size)), method="POST"))
            for _ in range(size // 16384):
                client.send(block[:16384])
                sent[0] += 16384

        block = pattern(16384)
        writer = threading.Thread(target=pour)
        writer.start()
        stalled_at = unchanged(lambda: sent[0], 0.5, "the client's sending")
        assert 0 < stalled_at < IN_KERNEL_MAX, f"{stalled_at >> 20} MiB were taken from the client"
        grown_little(proxy, variant, before)
        may_read.set()
        writer.join(60)
        expected = hashlib.sha256(block * (size // 16384)).hexdigest().encode()
        assert client.response("POST").body == expected


def test_a_slow_writer_is_waited_for(start_proxy, recorder, certificate):
    """A client that sends single bytes holds nobody up but itself."""

    def echo(connection):
        while True:
            connection.send(response(200, connection.request().body))

    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder(echo))}))
    with proxy.connect() as slow, proxy.connect() as quick:
        whole = request("/", method="POST", body=pattern(300), chunk=7)
        for at in range(len(whole)):
            slow.send(whole[at : at + 1])
            if at % 50 == 0:
                assert quick.ask(request("/")).status == 200
        assert slow.response("POST").body == pattern(300)


def test_many_idle_clients_cost_little(start_proxy, recorder, certificate, variant):
    """A connection between two requests owns no buffers: a hundred fit into a few MiB."""
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder())}))
    with proxy.connect() as client:
        assert client.ask(request("/")).status == 200
    before = proxy.memory_peak()
    idle = [proxy.connect() for _ in range(100)]
    for client in idle:
        assert client.ask(request("/")).status == 200
    grown_little(proxy, variant, before)
    for client in idle:
        client.close()
