"""A reload that is asked for, by a command or a request: whoever asks is told how it went."""

import json

import pytest

from support.configuration import cluster, plain_listener, site, yaml
from support.deadline import until
from support.messages import request
from support.proxy import SANITIZER_REPORT, run_command


@pytest.fixture
def start(start_proxy, recorder):
    """A proxy, and a function that writes its file anew, changed by a function."""

    def start(**sections):
        backends = [recorder(), recorder()]
        # The sandbox of a running proxy has no room for the ports of later backends.
        sections.setdefault("sandbox", {"landlock": False})
        whole = site([plain_listener()], {"app": cluster(*backends)}, admin={}, **sections)
        proxy = start_proxy(whole)
        whole["listeners"][0]["address"] = f"127.0.0.1:{proxy.port}"
        whole["admin"] = {"address": proxy.admin.address}

        def change(edit=None):
            if edit:
                edit(whole)
            proxy.config_path.write_text(yaml(whole))

        proxy.change = change
        proxy.backends = backends
        return proxy

    return start


@pytest.fixture
def sallyport(variant):
    def run(*arguments):
        done = run_command(variant.binary, *arguments)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode()
        return done

    return run


def add_cluster(whole):
    # At a port that the sandbox knows.
    address = whole["clusters"]["app"]["backends"][0]["address"]
    whole["clusters"]["more"] = cluster(address)
    whole["routes"].append({"cluster": "more", "path": "/more/"})


def test_the_command(start, sallyport):
    proxy = start()
    proxy.change(add_cluster)
    done = sallyport("reload", "-c", proxy.config_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"reloaded" in done.stdout
    names = [one["name"] for one in proxy.admin.get("/clusters").json["clusters"]]
    assert names == ["app", "more"]
    assert '"more"' in proxy.admin.get("/config").text
    until(lambda: proxy.admin.get("/status").json["setups"]["alive"] == 1, "the old one is gone")


def test_a_broken_file(start, sallyport):
    """Told as `check` tells it, with place and caret; everything stays as it is."""
    proxy = start()
    proxy.change(lambda whole: whole.update(nonsense=True))
    done = sallyport("reload", "-c", proxy.config_path)
    assert (done.returncode, done.stdout) == (1, b"")
    checked = sallyport("check", "-c", proxy.config_path)
    assert checked.stderr in done.stderr
    assert b"^" in done.stderr and b"nonsense" in done.stderr
    with proxy.connect_plain() as client:
        assert client.ask(request("/")).status == 200


def test_as_json(start, sallyport):
    proxy = start()
    answer = proxy.admin.post("/reload")
    assert answer.status == 200
    assert answer.json["reloaded"] is True
    proxy.change(lambda whole: whole.update(nonsense=True))
    answer = proxy.admin.post("/reload")
    assert answer.status == 422
    assert answer.json["reloaded"] is False
    assert "nonsense" in answer.json["diagnostics"]
    told = json.loads(sallyport("reload", "--json", "-c", proxy.config_path).stderr)
    assert told["reloaded"] is False


def test_a_drained_backend_stays_so(start):
    """Until it is undrained, or the proxy is started anew."""
    proxy = start()
    first, second = proxy.backends
    assert proxy.admin.post(f"/clusters/app/backends/{first.address}/drain").status == 200
    proxy.change(add_cluster)
    assert proxy.admin.post("/reload").status == 200
    for _ in range(6):
        with proxy.connect_plain() as client:
            assert client.ask(request("/")).status == 200
    assert (len(first.requests), len(second.requests)) == (0, 6)


def test_limits_change_and_the_socket_stays(start):
    """admin.address and its like need a restart, which is told."""
    proxy = start()
    proxy.change(lambda whole: whole["admin"].update(head_size="512B", mode="0666"))
    assert proxy.admin.post("/reload").status == 200
    assert proxy.admin.get("/status", X="x" * 600).status == 431
    told = until(lambda: proxy.errors(event="restart_needed"), "it is told")
    assert "admin.address" in told[0]["message"]


def test_the_level_of_the_log_is_the_files_again(start):
    proxy = start()
    assert proxy.admin.post("/log-level/debug").status == 200
    assert proxy.admin.post("/reload").status == 200
    assert proxy.admin.get("/log-level").json == {"level": "notice"}


def test_not_while_it_stops(start):
    proxy = start()
    with proxy.connect_plain() as client:
        assert client.ask(request("/")).status == 200
        client.send(b"GET / HTTP/1.1\r\n")
        until(lambda: proxy.admin.get("/status").json["connections"].get("read_head"), "it reads")
        assert proxy.admin.post("/drain").status == 202
        assert proxy.admin.post("/reload").status == 503
    proxy.wait()
