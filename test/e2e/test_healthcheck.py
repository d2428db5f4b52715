"""`sallyport healthcheck` and `sallyport status`: a running proxy, asked by a command."""

import json
import os
import socket
import threading

import pytest

from support.admin import Folder
from support.configuration import cluster, plain_listener, site, with_ports, yaml
from support.deadline import until
from support.ports import Refusing, Unanswering, free_port
from support.process import Process
from support.proxy import READY, SANITIZER_REPORT, SANITIZERS, run_command


@pytest.fixture
def sallyport(variant):
    def run(*arguments, **options):
        done = run_command(variant.binary, *arguments, **options)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode()
        return done

    return run


@pytest.fixture
def start(start_proxy):
    def start(clusters, **admin):
        return start_proxy(site([plain_listener()], clusters, [{"cluster": next(iter(clusters))}] + [
            {"cluster": name, "path": f"/{name}/"} for name in list(clusters)[1:]], admin=admin))

    return start


def test_unhealthy_when_all_backends_are_down_and_back(start, recorder, sallyport):
    """One of two is enough; the port of one that goes is taken by another that comes."""
    first, second = recorder(), recorder()
    proxy = start({"app": cluster(first, second)})

    def check():
        done = sallyport("healthcheck", "-c", proxy.config_path)
        assert done.stderr == b""
        assert done.stdout.count(b"\n") == 1
        return done.returncode, done.stdout.decode()

    assert check() == (0, "ready\n")
    first.close()
    until(lambda: check() == (0, "ready\n"), "one is left")
    second.close()
    until(lambda: check()[0] == 1, "none is left")
    assert "no backend of the cluster app can be used: the backend refused" in check()[1]
    assert sallyport("healthcheck", "--live", "-c", proxy.config_path).stdout == b"alive\n"
    back = recorder_at(first.port)
    try:
        until(lambda: check() == (0, "ready\n"), "one is back")
    finally:
        back.close()


def recorder_at(port):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    one.listen()
    return one


@pytest.fixture
def refusing():
    one = Refusing()
    yield one
    one.close()


@pytest.mark.parametrize(
    "ready, status",
    [
        ({}, 1),
        ({"when": "every_cluster"}, 1),
        ({"when": "any_cluster"}, 0),
        ({"when": "always"}, 0),
        ({"clusters": ["good"]}, 0),
        ({"clusters": ["bad"]}, 1),
        ({"when": "any_cluster", "clusters": ["bad"]}, 1),
    ],
    ids=str,
)
def test_which_clusters_decide(start, recorder, refusing, sallyport, ready, status):
    proxy = start({"good": cluster(recorder()), "bad": cluster(refusing)}, ready=ready)
    done = sallyport("healthcheck", "-c", proxy.config_path)
    assert done.returncode == status, done.stdout


def test_a_backend_that_does_not_answer(start, sallyport):
    """For admin.ready.connect_timeout."""
    backend = Unanswering()
    try:
        proxy = start({"app": cluster(backend)}, ready={"connect_timeout": "100ms"})
        done = sallyport("healthcheck", "--ready", "--admin", proxy.admin.address)
        assert done.returncode == 1
        assert b"did not accept in time" in done.stdout
    finally:
        backend.close()


def test_a_name_that_does_not_resolve(start, sallyport):
    proxy = start({"app": cluster("no-such-name.invalid:80")})
    done = sallyport("healthcheck", "--admin", proxy.admin.address)
    assert done.returncode == 1
    assert b"not ready: " in done.stdout


def test_many_ask_at_once(start, recorder, refusing):
    """The backends are tried once for all of them."""
    backend = recorder()
    proxy = start({"app": cluster(backend), "bad": cluster(refusing)})
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(proxy.admin.get("/readyz").status))
               for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [503] * 10
    assert len(backend.connections) <= 2  # at most one a second


def test_nobody_listens(sallyport, tmp_path):
    """A clear message, and the status of each command."""
    for command, status in ("healthcheck", 1), ("status", 3):
        done = sallyport(command, "--admin", f"unix:{tmp_path}/x"[:100])
        assert done.returncode == status
        assert b"no proxy answers" in done.stdout + done.stderr


def test_off(start_proxy, recorder, sallyport):
    proxy = start_proxy(site([plain_listener()], {"app": cluster(recorder())},
                             admin={"address": "off"}))
    done = sallyport("healthcheck", "-c", proxy.config_path)
    assert done.returncode == 1
    assert b"the admin interface is off" in done.stdout


@pytest.mark.parametrize("address", ["nonsense", "name.example:80", "1.2.3.4"])
def test_an_address_that_is_none(sallyport, address):
    assert sallyport("status", "--admin", address).returncode == 2


def test_status(start, recorder, sallyport):
    proxy = start({"app": cluster(recorder())})
    text = sallyport("status", "-c", proxy.config_path).stdout.decode()
    assert "running" in text and "app" in text
    told = json.loads(sallyport("status", "--json", "-c", proxy.config_path).stdout)
    assert told["process"] == proxy.pid
    assert told["state"] == "running"


def test_a_file_that_is_broken_now(start, recorder, sallyport):
    """The proxy that runs has read an older one; what can be read of this one is used."""
    proxy = start({"app": cluster(recorder())})
    with open(proxy.config_path, "a", encoding="ascii") as file:
        file.write("nonsense: true\n")
    assert sallyport("healthcheck", "-c", proxy.config_path).returncode == 0


# --- Where it is, if nobody says


@pytest.fixture
def run_plain(variant, tmp_path):
    """Starts a proxy whose file says nothing of the admin interface, in an environment."""
    started = []

    def run(name, environment):
        whole = site([plain_listener()], {"app": cluster("127.0.0.1:9")})
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "site.yaml"
        path.write_text(yaml(with_ports(whole, free_port)[0]))
        one = Process("sallyport", [variant.binary, "run", "-c", path], folder,
                      environment={**SANITIZERS, **environment})
        started.append(one)
        until(lambda: READY.search(one.stderr) or not one.running, "it is ready")
        assert one.running
        return path, one

    yield run
    for one in started:
        one.end()
        one.forget()


@pytest.fixture
def short_folder():
    folder = Folder()
    yield folder.path
    folder.remove()


def test_the_default_place(run_plain, sallyport, short_folder):
    """Who starts and who asks find the same one, made if need be."""
    environment = {"RUNTIME_DIRECTORY": str(short_folder / "run")}
    path, one = run_plain("first", environment)
    assert (short_folder / "run/admin.sock").exists()
    done = sallyport("healthcheck", "--live", "-c", path, environment=environment)
    assert (done.returncode, done.stdout) == (0, b"alive\n")
    one.end()
    assert not (short_folder / "run/admin.sock").exists()


def test_two_proxies_at_the_default_place(run_plain, sallyport, short_folder):
    """The second one runs without, and says so; the first one keeps it."""
    environment = {"RUNTIME_DIRECTORY": str(short_folder)}
    path, first = run_plain("first", environment)
    _, second = run_plain("second", environment)
    assert b"admin_off" in second.stderr
    told = json.loads(sallyport("status", "--json", "-c", path, environment=environment).stdout)
    assert told["process"] == first.pid
    second.end()
    assert (short_folder / "admin.sock").exists()


def test_a_folder_of_others_is_not_used(run_plain, sallyport, short_folder):
    """One that all may write to: the socket in it could be anybody's."""
    shared = short_folder / "shared"
    shared.mkdir()
    os.chmod(shared, 0o777)
    environment = {"RUNTIME_DIRECTORY": str(shared)}
    path, one = run_plain("first", environment)
    assert b"admin_off" in one.stderr
    assert sallyport("healthcheck", "--live", "-c", path, environment=environment).returncode == 1
