"""The process confines itself: what must be refused is, and all that is needed still works."""

import ctypes
import json
import os
import pwd
import re
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from support.certificates import openssl
from support.configuration import cluster, plain_listener, site, tls_listener, with_ports, yaml
from support.deadline import until
from support.messages import HOST, request
from support.ports import free_port
from support.process import Process
from support.proxy import READY, SANITIZERS, run_command

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can do that")

LANDLOCK = {"read_file", "write_file", "list_folder", "read_own_memory", "connect", "bind",
            "connect_abstract", "signal"}  # fmt: skip
SECCOMP = {"start_program", "start_process", "trace", "signal", "connect_fast_open",
           "connect_abstract", "other_transport", "raw_packets", "run_own_code", "new_namespace",
           "become_root", "io_uring"}  # fmt: skip
# A sanitizer traces us from a process of its own at the end, and reads /proc.
OF_SANITIZERS = {"read_own_memory", "dump_core", "start_process", "trace", "signal"}
LANDLOCK_LAYERS_MAX = 16


def landlock_abi():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(444, None, 0, 1)


needs_landlock = pytest.mark.skipif(
    landlock_abi() < 6, reason=f"this kernel's Landlock is too old: {landlock_abi()}"
)


@pytest.fixture
def example(certificate, shared_recorder):
    """A configuration with a backend."""
    return lambda **sections: site(
        [tls_listener(certificate)], {"app": cluster(shared_recorder())}, **sections
    )


def trial(variant, folder, whole):
    """What `sallyport sandbox` says: exit status, the words for what is in force, {name: how}."""
    config, _ = with_ports(whole, free_port)
    path = folder / "trial.yaml"
    path.write_text(yaml(config))
    done = run_command(variant.binary, "sandbox", "--json", "-c", path)
    assert done.stdout, done.stderr.decode()
    found = json.loads(done.stdout)
    refused = {one["attempt"]: one["how"] for one in found["attempts"] if one["refused"]}
    return done.returncode, found["sandbox"], refused, {one["attempt"] for one in found["attempts"]}


@needs_landlock
def test_all_that_must_be_refused_is(variant, tmp_path, example):
    status, words, refused, tried = trial(variant, tmp_path, example())
    missing = tried - set(refused)
    assert missing <= (OF_SANITIZERS if variant.name == "sanitize" else set())
    assert status == (3 if missing else 0)
    assert "no capabilities" in words and "no_new_privs" in words and "seccomp" in words
    assert refused["start_program"] == "killed"
    assert refused["read_file"] == refused["connect"] == refused["bind"] == "EACCES"
    assert len(tried) >= 19


@needs_landlock
@pytest.mark.parametrize("part, names", [("landlock", LANDLOCK), ("seccomp", SECCOMP)])
def test_each_part_alone(variant, tmp_path, example, part, names):
    other = "seccomp" if part == "landlock" else "landlock"
    _, words, refused, _ = trial(variant, tmp_path, example(sandbox={other: False}))
    missing = names - set(refused)
    assert missing <= (OF_SANITIZERS if variant.name == "sanitize" else set())
    assert f"no {'Landlock' if other == 'landlock' else other}" in words


def test_without_a_sandbox(variant, tmp_path, example):
    status, words, refused, _ = trial(variant, tmp_path, example(sandbox={"mode": "off"}))
    assert status == 3
    assert "no_new_privs" not in words and "no Landlock" in words and "no seccomp" in words
    assert {"read_file", "start_program", "connect"}.isdisjoint(refused)


def test_a_folder_and_a_port_that_are_kept_for_later(variant, tmp_path, example):
    """sandbox.read and sandbox.ports reach beyond what the file names; the trial's file is in /tmp."""
    keys = {"sandbox": {"read": ["/tmp"], "seccomp": False}}
    _, _, refused, _ = trial(variant, tmp_path, example(**keys))
    assert "read_file" not in refused
    assert "write_file" in refused


def test_the_machine_is_told_by_version(variant):
    output = run_command(variant.binary, "version").stdout.decode()
    assert re.search(r"^sandbox: .*Landlock.*seccomp with libseccomp \d", output, re.MULTILINE)


def status_of(proxy):
    """The kernel's view of the process and of all its threads: they are the same in all."""
    keys = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")
    views = []
    for task in Path(f"/proc/{proxy.pid}/task").iterdir():
        lines = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        views.append({key: lines[key].split() for key in keys})
    assert len(views) > 1
    assert all(view == views[0] for view in views), views
    return views[0]


def test_every_thread_is_confined(start_proxy, example):
    proxy = start_proxy(example(workers=3))
    assert proxy.ask(request("/")).status == 200
    view = status_of(proxy)
    assert view["Seccomp"] == ["2"]
    assert view["NoNewPrivs"] == ["1"]
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(view[capabilities][0], 16) == 0
    (ready,) = proxy.errors(event="ready")
    assert "no capabilities" in ready["sandbox"] and "seccomp" in ready["sandbox"]


@needs_root
def test_it_becomes_another_user(start_proxy, example, certificate):
    """The key is root's alone: it was read before. What can not be read again is told."""
    certificate.key.chmod(0o600)
    proxy = start_proxy(example(user="nobody"))
    nobody = pwd.getpwnam("nobody")
    view = status_of(proxy)
    assert view["Uid"] == [str(nobody.pw_uid)] * 4
    assert view["Gid"] == [str(nobody.pw_gid)] * 4
    assert "0" not in view["Groups"]
    assert proxy.ask(request("/")).status == 200
    (lost,) = proxy.errors(event="files_lost")
    assert f"user {nobody.pw_uid} can not open" in lost["message"]


@needs_root
def test_numbers_as_user_and_group(start_proxy, example):
    view = status_of(start_proxy(example(user=4000123, group=4000124)))
    assert view["Uid"] == ["4000123"] * 4
    assert view["Groups"] == ["4000124"]


@pytest.fixture
def open_folder():
    """One that everybody can write to, and reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@needs_root
def test_logs_are_reopened_by_the_user(start_proxy, example, open_folder):
    """A file that root has made belongs to the user, who can make the next one."""
    access = open_folder / "access.log"
    proxy = start_proxy(example(user="nobody", logging={"access": str(access)}))
    assert access.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert proxy.ask(request("/")).status == 200
    access.rename(open_folder / "access.log.1")
    proxy.send_signal(signal.SIGUSR1)
    until(lambda: proxy.errors(event="logs_reopened"), "the logs are reopened")
    assert proxy.ask(request("/")).status == 200
    until(lambda: b'"status":200' in access.read_bytes(), "the new file is written")


def test_an_unknown_user_is_told_at_its_place(variant, tmp_path, example):
    config, _ = with_ports(example(user="no-such-user"), free_port)
    path = tmp_path / "site.yaml"
    path.write_text(yaml(config))
    done = run_command(variant.binary, "check", "-c", path)
    assert done.returncode == 1
    assert b'user: there is no user "no-such-user"' in done.stderr


def test_names_are_looked_up(start_proxy, certificate, recorder):
    """All that libc reads, loads and asks for is there."""
    backend = recorder()
    port = backend.address.rpartition(":")[2]
    clusters = {"app": cluster(f"localhost:{port}")}
    proxy = start_proxy(site([tls_listener(certificate)], clusters))
    until(lambda: proxy.ask(request("/")).status == 200, "the name is found")


def test_a_unix_listener_is_removed_at_the_end(start_proxy, recorder, tmp_path):
    path = tmp_path / "front.sock"
    listener = plain_listener(f"unix:{path}")
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    with proxy.connect_plain(0, path=path) as client:
        assert client.ask(request("/")).status == 200
    proxy.stop()
    assert not path.exists()


def spend_landlock():
    """The kernel allows 16 layers: with these, one more is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 1)(1 << 6)  # LANDLOCK_ACCESS_FS_MAKE_CHAR: nobody needs it
    libc.prctl(38, 1, 0, 0, 0)
    for _ in range(LANDLOCK_LAYERS_MAX):
        ruleset = libc.syscall(444, attributes, 8, 0)
        assert ruleset >= 0 and libc.syscall(446, ruleset, 0) == 0
        os.close(ruleset)


SPENT = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); " \
        "import os, test_sandbox; test_sandbox.spend_landlock(); os.execv(sys.argv[1], sys.argv[1:])"


def run_spent(variant, folder, whole):
    config, _ = with_ports(whole, free_port)
    path = folder / "site.yaml"
    path.write_text(yaml(config))
    command = [sys.executable, "-c", SPENT, variant.binary, "run", "-c", path]
    process = Process("sallyport", command, folder, environment=SANITIZERS)
    until(lambda: READY.search(process.stderr) or not process.running, "ready, or over")
    return process


@needs_landlock
def test_what_the_kernel_refuses_is_told(variant, tmp_path, example):
    process = run_spent(variant, tmp_path, example())
    assert process.running
    assert b'"event":"sandbox_incomplete","message":"Landlock: ' in process.stderr
    assert b"no Landlock, seccomp" in process.stderr
    process.end()
    process.forget()


@needs_landlock
def test_what_is_required_keeps_it_from_starting(variant, tmp_path, example):
    process = run_spent(variant, tmp_path, example(sandbox={"mode": "required"}))
    assert process.wait() == 3
    assert b"sallyport: Landlock: " in process.stderr
    process.forget()


def private_numbers(certificate):
    """What makes the key: the private number of ECDSA, the primes and exponents of RSA."""
    text = openssl("pkey", "-in", certificate.key, "-noout", "-text").decode()
    names = r"(?:priv|privateExponent|prime[12]|exponent[12]|coefficient)"
    for digits in re.findall(names + r":\n((?:\s+[0-9a-f:]+\n)+)", text):
        number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
        yield number
        yield number[::-1]


def mappings(pid):
    """(from, to, flags) of what the process can write to."""
    found = None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if head := re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line):
            found = (int(head[1], 16), int(head[2], 16), head[3])
        elif line.startswith("VmFlags:") and "w" in found[2]:
            yield found[0], found[1], line.split()[1:]


def flags_around(pid, secrets):
    """The flags of each mapping in which one of the secrets is found."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, flags in mappings(pid):
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except OSError:
                continue
            if any(secret in content for secret in secrets):
                yield flags


@needs_root
@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_keys_are_in_locked_memory_only(start_proxy, variant, authority, recorder, kind):
    """After handshakes: wherever the key is, it is neither swapped, dumped nor inherited."""
    if variant.name == "sanitize":
        pytest.skip("a sanitizer keeps what was freed")
    certificate = authority.issue(f"locked-{kind}", HOST, kind=kind)
    pem = certificate.key.read_bytes().splitlines()[1]
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder())}))
    for _ in range(3):
        assert proxy.ask(request("/")).status == 200
    places = list(flags_around(proxy.pid, [pem, *private_numbers(certificate)]))
    assert places, "the key is nowhere"
    for flags in places:
        assert {"lo", "dd", "wf"} <= set(flags), places
