"""SIGHUP: another setup for new connections, and nothing lost of what runs."""

import json
import signal
import socket
import ssl
import threading
from pathlib import Path

import pytest

from support import logs
from support.configuration import cluster, plain_listener, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import pattern, request, response
from support.ports import free_port
from support.reloading import over, put, refused, reload, setups_alive

CASES = Path(__file__).parents[1] / "cases" / "config"
# The sandbox has only the ports and folders of the first file; its own tests tell what it refuses.
OPEN = {"landlock": False}
WIDE_OPEN = {"mode": "off"}
BROKEN = sorted(case.stem for case in CASES.glob("*.yaml"))
MIB = 1 << 20
HANDSHAKE = request(
    "/socket", ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
)  # fmt: skip
SWITCH = response(
    101, None, ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
)  # fmt: skip


class Backend:
    """Answers with its name; /hold when it may; /socket becomes an echo."""

    def __init__(self, name):
        self.name = name
        self.may_answer = threading.Event()

    def __call__(self, connection):
        while True:
            target = connection.request().target
            if target == "/hold":
                assert self.may_answer.wait(60)
            if target == "/socket":
                connection.send(SWITCH)
                while received := connection.receive():
                    connection.send(received)
                return
            connection.send(response(200, self.name.encode()))


@pytest.fixture
def backends(recorder):
    both = Backend("old"), Backend("new")
    yield [(one, recorder(one)) for one in both]
    for one in both:
        one.may_answer.set()


@pytest.fixture
def sites(backends, certificate):
    """Configurations that lead to the old backend, and to the new one."""

    def make(which, listeners=None, **sections):
        listeners = listeners or [tls_listener(certificate)]
        clusters = {"app": cluster(backends[which][1])}
        return site(listeners, clusters, **{"sandbox": OPEN, **sections})

    return make


def asked(client, path="/"):
    return client.ask(request(path))


def body_of(proxy, **options):
    return proxy.ask(request("/"), **options).body


# --- Who gets which setup


@pytest.mark.parametrize("workers", [1, 2])
def test_new_connections_have_the_new_setup_at_once(start_proxy, sites, workers):
    """Each one, on every worker, as soon as the reload is told."""
    proxy = start_proxy(sites(0, workers=workers))
    assert body_of(proxy) == b"old"
    reload(proxy, sites(1, workers=workers))
    assert {body_of(proxy) for _ in range(10)} == {b"new"}
    assert proxy.errors(event="reloaded")[0]["setup"] == 2
    until(lambda: setups_alive(proxy) == 1, "the old setup is gone")


def test_an_idle_connection_has_one_more_request(start_proxy, sites):
    """With the setup that it began with; the answer says that it is the last."""
    proxy = start_proxy(sites(0))
    with proxy.connect() as client:
        assert not asked(client).closes
        reload(proxy, sites(1, timeouts={"reload_keep_alive": "1h"}))
        assert setups_alive(proxy) == 2
        answer = asked(client)
        assert answer.body == b"old" and answer.closes
        assert client.ends()
    until(lambda: setups_alive(proxy) == 1, "the old setup is gone")


def test_an_idle_connection_is_ended_after_a_while(start_proxy, sites):
    """timeouts.reload_keep_alive of the new file; it ends in order."""
    proxy = start_proxy(sites(0))
    with proxy.connect() as client:
        assert asked(client).status == 200
        reload(proxy, sites(1, timeouts={"reload_keep_alive": "100ms"}))
        assert client.ends()
    until(lambda: setups_alive(proxy) == 1, "the old setup is gone")


def test_a_request_that_runs_is_answered(start_proxy, sites, backends):
    proxy = start_proxy(sites(0))
    with proxy.connect() as client:
        client.send(request("/hold"))
        until(lambda: backends[0][1].requests, "the backend is asked")
        reload(proxy, sites(1))
        backends[0][0].may_answer.set()
        answer = client.response()
        assert answer.body == b"old" and answer.closes
        assert client.ends()


def test_a_websocket_goes_on_until_the_deadline(start_proxy, sites):
    """Through a reload; timeouts.reload_drain of the next one cuts it off."""
    proxy = start_proxy(sites(0))
    with proxy.connect() as client:
        assert client.ask(HANDSHAKE).status == 101
        reload(proxy, sites(1))
        client.send(b"still here")
        assert client.receive() == b"still here"
        assert setups_alive(proxy) == 2
    with proxy.connect() as client:
        assert client.ask(HANDSHAKE).status == 101
        reload(proxy, sites(0, timeouts={"reload_drain": "50ms"}))
        assert client.wire_end() is not None
    told = until(lambda: proxy.errors(event="reload_drain_over"), "the deadline is told")
    assert told[0]["message"].endswith("that are cut off: 1")
    assert proxy.exchange(path="/socket", reason="drain_timeout")
    until(lambda: setups_alive(proxy) == 1, "the old setups are gone")


def test_a_stopping_proxy_ends_old_setups_too(start_proxy, sites, backends):
    """SIGTERM while requests of two setups run: both are answered."""
    proxy = start_proxy(sites(0))
    with proxy.connect() as first, proxy.connect() as second:
        first.send(request("/hold"))
        until(lambda: backends[0][1].requests, "the backend is asked")
        second.close()
        reload(proxy, sites(1))
        with proxy.connect() as third:
            third.send(request("/hold"))
            until(lambda: backends[1][1].requests, "the other backend is asked")
            proxy.send_signal(signal.SIGTERM)
            until(lambda: proxy.errors(event=logs.DRAINING), "it is draining")
            for backend, _ in backends:
                backend.may_answer.set()
            assert first.response().body == b"old"
            assert third.response().body == b"new"
    proxy.wait()


# --- Listeners


def test_listeners_come_and_go(start_proxy, sites, certificate):
    """One stays with the same sockets, one is added, one refuses; a unix socket's file goes."""
    stays = tls_listener(certificate)
    proxy = start_proxy(sites(0, [stays, plain_listener()], workers=2, sandbox=WIDE_OPEN))
    gone = proxy.ports[1]
    inodes = listening_inodes(proxy.port)
    path = proxy.folder / "door.sock"
    added = plain_listener(f"unix:{path}")
    ports = reload(proxy, sites(1, [stays, added], workers=2, sandbox=WIDE_OPEN))
    assert ports == [proxy.port, None]
    assert listening_inodes(proxy.port) == inodes
    assert proxy.connect_plain(None, path=path).ask(request("/")).body == b"new"
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", gone)) != 0
    assert proxy.listening(gone) == 0
    fresh = plain_listener()
    ports = reload(proxy, sites(1, [stays, fresh], workers=2, sandbox=WIDE_OPEN))
    assert not path.exists()
    assert proxy.listening(ports[1]) == 2
    assert proxy.connect_plain(ports[1]).ask(request("/")).body == b"new"


def listening_inodes(port):
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}


def test_from_one_address_to_all_and_back(start_proxy, sites, certificate):
    """Addresses that meet: the new one is bound while the old one is still there."""
    port = free_port("0.0.0.0")  # nobody has it at any address, as a client of 127.0.0.2 could
    proxy = start_proxy(sites(0, [tls_listener(certificate, address=f"127.0.0.1:{port}")]))
    for which, address in ((1, "0.0.0.0"), (0, "127.0.0.1")):
        whole = sites(which, [tls_listener(certificate, address=f"{address}:{proxy.port}")])
        reload(proxy, whole)
        assert body_of(proxy) == [b"old", b"new"][which]


def established(proxy):
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row for row in rows if row[1].endswith(f":{proxy.port:04X}") and row[3] == "01"]


def test_an_address_in_use_refuses_all(start_proxy, sites, certificate):
    """Nothing changes, not even what could have."""
    proxy = start_proxy(sites(0))
    assert body_of(proxy) == b"old"
    until(lambda: not established(proxy), "the connection is gone")
    before = proxy.descriptors()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = plain_listener(f"127.0.0.1:{other.getsockname()[1]}")
        put(proxy, sites(1, [tls_listener(certificate), taken]))
        assert "can not listen on 127.0.0.1:" in refused(proxy)[-1]
    assert body_of(proxy) == b"old"
    until(lambda: proxy.descriptors() <= before, "no descriptor is left behind")


# --- What is refused


def test_a_broken_file_changes_nothing(start_proxy, sites):
    """It is told as `check` tells it: with place and caret."""
    proxy = start_proxy(sites(0))
    whole = sites(1)
    whole["routes"][0]["cluster"] = "ap"
    put(proxy, whole)
    lines = refused(proxy)
    assert 'unknown cluster "ap"; did you mean "app"?' in lines[0] and "site.yaml:" in lines[0]
    assert lines[1].endswith("cluster: ap") and lines[2].strip(" |") == "^~"
    assert lines[3] == f"everything stays as it is: {proxy.config_path} has 1 error"
    assert body_of(proxy) == b"old"
    reload(proxy, sites(1))
    assert body_of(proxy) == b"new"
    # The numbers of setups are those of files that were good.
    assert proxy.errors(event="reloaded")[0]["setup"] == 2


def test_no_broken_file_changes_anything(start_proxy, sites, variant):
    """Every configuration that the tests of `check` know: refused, or none of the errors is."""
    # One after the other they are more than logging.error_rate lets through in a second.
    whole = sites(0)
    whole["logging"] = {**whole.get("logging", {}), "error_rate": 0}
    proxy = start_proxy(whole)
    good = proxy.config_path.read_text()
    names = [name for name in BROKEN if ": error: " in expected(name)]
    assert len(names) > 50
    with proxy.connect() as client:
        for name in names if variant.name == "release" else names[::8]:
            proxy.config_path.write_bytes((CASES / f"{name}.yaml").read_bytes())
            assert refused(proxy), name
        assert asked(client).body == b"old"
        assert not over(proxy)
        proxy.config_path.write_text(good)
        reload(proxy)
        assert asked(client).closes
    assert body_of(proxy) == b"old"


def expected(name):
    file = CASES / f"{name}.expected"
    return file.read_text() if file.exists() else ""


def test_what_needs_a_restart_is_told(start_proxy, sites):
    proxy = start_proxy(sites(0, workers=1))
    reload(proxy, sites(1, workers=2))
    assert proxy.errors(event="restart_needed", level="warning")
    assert proxy.listening() == 1
    assert body_of(proxy) == b"new"


# --- What goes on, and what changes


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed_across_a_reload(start_proxy, sites, version):
    """Ticket keys of our own stay."""
    proxy = start_proxy(sites(0))
    context = trusting(proxy.authority, version, version)
    with proxy.connect(context=context) as client:
        assert asked(client).status == 200
        session = client.tls.session
    reload(proxy, sites(1))
    with proxy.connect(context=context, session=session) as client:
        assert asked(client).body == b"new"
        assert client.tls.session_reused


def test_a_rate_limit_is_not_forgotten(start_proxy, backends, certificate):
    """Who has used up the tokens has none after a reload either."""

    def whole(which):
        limit = {"requests": 2, "per": "1h", "burst": 2}
        route = {"cluster": "app", "rate_limit": limit}
        clusters = {"app": cluster(backends[which][1])}
        return site([tls_listener(certificate)], clusters, [route], sandbox=OPEN)

    proxy = start_proxy(whole(0))
    assert [proxy.ask(request("/")).status for _ in range(3)] == [200, 200, 429]
    reload(proxy, whole(1))
    assert proxy.ask(request("/")).status == 429


def test_limits_change(start_proxy, sites):
    """Of connections and of handshakes, up and down."""
    proxy = start_proxy(sites(0, limits={"handshakes": 1, "handshakes_per_address": 1}))
    with proxy.connect(handshake=False):
        reload(proxy, sites(0, limits={"handshakes": 2000, "handshakes_per_address": 2000}))
        with proxy.connect(handshake=False):
            assert body_of(proxy) == b"old"
    reload(proxy, sites(0, limits={"handshakes": 1, "handshakes_per_address": 1}))
    assert body_of(proxy) == b"old"


def test_logs_change(start_proxy, sites, tmp_path):
    """Another file and another form, from one line to the next, without a gap."""
    access = tmp_path / "access.log"
    proxy = start_proxy(sites(0))
    assert body_of(proxy) == b"old"
    proxy.exchange(path="/")
    reload(proxy, sites(1, logging={"access": str(access)}))
    assert body_of(proxy) == b"new"
    until(lambda: access.exists() and access.read_text().endswith("\n"), "the other file is written")
    [line] = access.read_text().splitlines()
    assert json.loads(line)["event"] == "request"
    assert len(proxy.exchanges()) == 1
    put(proxy, sites(1, logging={"access": str(tmp_path / "nowhere" / "access.log")}))
    assert "can not open the log" in refused(proxy)[-1]


# --- Many


class Load:
    """Clients that ask and ask; what goes wrong is kept."""

    def __init__(self, proxy, count, path="/"):
        self.proxy = proxy
        self.path = path
        self.answers = 0
        self.mistakes = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self):
        try:
            while not self.is_over.is_set():
                with self.proxy.connect() as client:
                    self._ask(client)
        except Exception as mistake:  # whatever it is, the test tells it
            self.mistakes.append(repr(mistake))

    def _ask(self, client):
        while not self.is_over.is_set():
            answer = asked(client, self.path)
            assert answer.status == 200 and answer.body in (b"old", b"new")
            self.answers += 1
            if answer.closes:
                return


def test_many_reloads_under_load(start_proxy, sites, recorder, variant):
    """Requests, a WebSocket, and a download whose bytes are checked: none of them notices."""
    size = variant.heavy(64 * MIB)
    piece = pattern(MIB)

    def send_much(connection):
        connection.request()
        connection.send(response(200, None, ("Content-Length", str(size))))
        for _ in range(size // MIB):
            connection.send(piece)

    big = cluster(recorder(send_much))

    def whole(which):
        made = sites(which, workers=2)
        made["clusters"]["big"] = big
        made["routes"].append({"path": "/big", "cluster": "big"})
        return made

    old, new = whole(0), whole(1)
    proxy = start_proxy(old)
    times = 200 if variant.name == "release" else 25
    with proxy.connect() as download, proxy.connect() as tunnel, Load(proxy, 4) as load:
        assert tunnel.ask(HANDSHAKE).status == 101
        download.send(request("/big"))
        assert download.reader.head().status == 200
        body = bytearray()
        for turn in range(times):
            reload(proxy, new if turn % 2 == 0 else old)
            body += download.reader.take(size // (times + 1))
            tunnel.send(b"%d" % turn)
            assert tunnel.receive() == b"%d" % turn
            if turn == times // 10:
                warm = proxy.memory(), proxy.descriptors()
        body += download.reader.take(size - len(body))
        assert body == piece * (size // MIB)
    assert not load.mistakes and load.answers > times
    until(lambda: setups_alive(proxy) == 1, "the old setups are gone")
    lines = [line for line in proxy.exchanges() if line["path"] != "/socket"]
    assert {line["reason"] for line in lines} == {"ok"}
    until(lambda: proxy.descriptors() <= warm[1], "no descriptor is left behind")
    if variant.name == "release":  # sanitizers keep memory of their own
        assert proxy.memory() - warm[0] < 16 * MIB


def test_signals_are_not_counted(start_proxy, sites):
    """Many at once: one reload, and one more for all that came meanwhile."""
    proxy = start_proxy(sites(0))
    put(proxy, sites(1))
    for _ in range(50):
        proxy.send_signal(signal.SIGHUP)
    until(lambda: over(proxy) >= 1 and body_of(proxy) == b"new", "it has reloaded")
    assert over(proxy) <= 50
    proxy.stop()
