"""The program as a command: what it prints, how it ends (0 well, 1 config, 2 usage, 3 no go)."""

import json
import re
import shutil
import socket
from pathlib import Path

import pytest

from support.client_authority import ClientAuthority
from support.configuration import cluster, plain_listener, site, tls_listener, yaml
from support.proxy import SANITIZER_REPORT, run_command

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "run", "check", "explain", "version", "config-reference", "policies", "hash-password",
    "status", "reload", "healthcheck",
    "manual", "completion",
]
NOBODY = "127.0.0.1:9"


@pytest.fixture
def sallyport(variant):
    """Runs a command of the program; no sanitizer may complain."""

    def run(*arguments, **options):
        done = run_command(variant.binary, *arguments, **options)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode()
        return done

    return run


@pytest.fixture
def config(tmp_path, certificate):
    """Writes a good configuration, or one that a function has spoilt."""

    def write(spoil=None):
        listener = tls_listener(certificate, address="127.0.0.1:18443")
        whole = site([listener], {"app": cluster(NOBODY)})
        if spoil:
            spoil(whole)
        path = tmp_path / "site.yaml"
        path.write_text(yaml(whole))
        return path

    return write


def test_help(sallyport):
    """On stdout and well; it names every command."""
    done = sallyport("--help")
    assert (done.returncode, done.stderr) == (0, b"")
    for command in COMMANDS:
        assert command.encode() in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(sallyport, command):
    done = sallyport(command, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert command.encode() in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["run", "--fly"],
        ["check", "-c"],
        ["version", "too", "much"],
        ["run", "too-much"],
        ["policies", "too", "much"],
    ],
    ids=" ".join,
)
def test_wrong_usage(sallyport, arguments):
    """Exit status 2, and a word about it on stderr."""
    done = sallyport(*arguments)
    assert done.returncode == 2, done
    assert done.stderr and done.stdout == b""


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["chek"], b'sallyport: unknown command "chek"; did you mean "check"?'),
        (["fly"], b'sallyport: unknown command "fly"; `sallyport --help` lists them'),
        (["check", "--fly"], b"sallyport check: unrecognized option '--fly'"),
        (["-t", "-c"], b"sallyport check: option requires an argument -- 'c'"),
        (["run", "it"], b'sallyport run: unexpected argument "it"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_word_for_word(sallyport, arguments, words):
    """The program and the command stand before what is wrong."""
    assert sallyport(*arguments).stderr.splitlines()[0] == words


def test_version_names_the_libraries(sallyport):
    done = sallyport("version")
    assert done.returncode == 0
    for name in (b"sallyport", b"Mbed TLS 3.6.7", b"libuv 1.", b"libyaml 0."):
        assert name in done.stdout
    # Who computes what, whatever accelerators the build has.
    for primitive in (b"AES-GCM", b"ChaCha20-Poly1305", b"SHA-2", b"X25519", b"ECDSA", b"RSA"):
        assert primitive in done.stdout


def test_the_reference_is_the_file_that_users_start_from(sallyport):
    """config/sallyport.yaml is what config-reference prints, to the byte."""
    done = sallyport("config-reference")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "config/sallyport.yaml").read_bytes()


@pytest.mark.parametrize(
    "words", [["check", "-c"], ["check", "--config"], ["-t", "-c"]], ids=" ".join
)
def test_a_good_configuration(sallyport, config, words):
    done = sallyport(*words, config())
    assert done.returncode == 0, done.stderr.decode()


def test_a_good_configuration_as_json(sallyport, config):
    done = sallyport("check", "-c", config(), "--json")
    assert done.returncode == 0
    json.loads(done.stdout)


def test_an_error_has_its_place(sallyport, config, tmp_path):
    """file:line:column, the key's path, a suggestion, the line and a caret under the word."""
    path = config(lambda whole: whole["routes"].append({"host": "x.example.com", "cluster": "ap"}))
    done = sallyport("check", "-c", path)
    assert done.returncode == 1
    line, text = next(
        (number, text)
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if text.endswith("cluster: ap")
    )
    column = text.index("ap") + 1
    output = (done.stdout + done.stderr).decode()
    expected = f'{path}:{line}:{column}: error: routes[1].cluster: unknown cluster "ap"'
    assert expected in output
    assert 'did you mean "app"?' in output
    shown, underline = output[output.index(expected) :].splitlines()[1:3]
    assert shown.endswith(text) and str(line) in shown
    assert underline.strip(" |") == "^~"
    assert underline.index("^") == shown.index(text) + column - 1


def test_all_errors_in_one_run(sallyport, config):
    def spoil(whole):
        whole["limit"] = {"connections": 1}
        whole["timeouts"]["drain"] = "soon"
        whole["routes"][0]["cluster"] = "ap"

    done = sallyport("check", "-c", config(spoil))
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count(b": error: ") == 3


def test_errors_as_json(sallyport, config):
    """For machines: the same places in fields."""
    done = sallyport("check", "-c", config(lambda whole: whole.update(limit=1)), "--json")
    assert done.returncode == 1
    told = json.dumps(json.loads(done.stdout))
    assert "limit" in told and '"line"' in told and '"column"' in told


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_file_that_is_not_there(sallyport, command, tmp_path):
    done = sallyport(command, "-c", tmp_path / "nowhere.yaml")
    assert done.returncode == 1 and b"nowhere.yaml" in done.stderr


def test_run_refuses_a_bad_configuration(sallyport, config):
    """Exit status 1 before a socket is opened, with the words of check."""
    path = config(lambda whole: whole.update(limit=1))
    done = sallyport("run", "-c", path)
    assert done.returncode == 1
    assert done.stderr == sallyport("check", "-c", path).stderr


def test_run_can_not_have_a_port_of_another(sallyport, config):
    """Exit status 3, and the address in the words."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        path = config(lambda whole: whole["listeners"][0].update(address=f"127.0.0.1:{port}"))
        done = sallyport("run", "-c", path)
    assert done.returncode == 3
    assert str(port).encode() in done.stderr


def spoil_with(section, value):
    def spoil(whole):
        whole[section] = value

    return spoil


BAD = {
    "unknown-key": (spoil_with("timeout", {}), "timeout"),
    "wrong-type": (spoil_with("workers", "many"), "workers"),
    "out-of-range": (spoil_with("limits", {"header_count": 0}), "limits.header_count"),
    "not-a-duration": (spoil_with("timeouts", {"drain": "5 parsecs"}), "timeouts.drain"),
    "undefined-variable": (spoil_with("workers", "${NO_SUCH_VARIABLE}"), "NO_SUCH_VARIABLE"),
    "equal-routes": (spoil_with("routes", [{"cluster": "app"}] * 2), "routes[1]"),
    "no-backends": (spoil_with("clusters", {"app": {"backends": []}}), "clusters.app"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_told_with_its_key(sallyport, config, case):
    spoil, named = BAD[case]
    path = config(spoil)
    done = sallyport("check", "-c", path)
    assert done.returncode == 1
    text = done.stderr.decode()
    assert named in text and f"{path}:" in text and "^" in text


def test_a_variable_is_expanded(sallyport, config):
    path = config(spoil_with("workers", "${SALLYPORT_WORKERS}"))
    assert sallyport("check", "-c", path, environment={"SALLYPORT_WORKERS": "2"}).returncode == 0
    path = config(spoil_with("workers", "${NO_SUCH_VARIABLE:-2}"))
    assert sallyport("check", "-c", path).returncode == 0


def certificates_of(certificate):
    def spoil(whole):
        pair = {"chain": str(certificate.chain), "key": str(certificate.key)}
        whole["listeners"][0]["tls"]["certificates"] = [pair]

    return spoil


def test_a_key_of_another_certificate(sallyport, config, authority, certificate):
    other = authority.issue("mismatched", "app.example.com")
    done = sallyport("check", "-c", config(certificates_of(certificate.with_key_of(other))))
    assert done.returncode == 1 and b"listeners[0].tls.certificates[0]" in done.stderr


CERTIFICATE_CASES = Path(__file__).parents[1] / "cases" / "certificates"


@pytest.fixture
def certificate_files(tmp_path, authority, certificate):
    """What the golden cases name, beside them under short names."""
    other = authority.issue("other", "other.example.com")
    expired = authority.expired("expired", "app.example.com")
    for name, pair in (("app", certificate), ("other", other), ("expired", expired)):
        shutil.copy(pair.chain, tmp_path / f"{name}.pem")
        shutil.copy(pair.key, tmp_path / f"{name}.key")
    (tmp_path / "noise.pem").write_text("not a certificate\n")
    (tmp_path / "folder.pem").mkdir()
    strangers = ClientAuthority(tmp_path, "Strangers")
    shutil.copy(strangers.crl("strangers"), tmp_path / "another.crl")
    shutil.copy(authority.root, tmp_path / "ca.pem")
    (tmp_path / "bad-keys").write_text("# of today\nnot-a-key\n")
    return tmp_path


@pytest.mark.parametrize("case", sorted(path.stem for path in CERTIFICATE_CASES.glob("*.yaml")))
def test_mistakes_of_certificates_word_for_word(sallyport, certificate_files, case):
    """Golden files: `{folder}` and `{date}` stand for what differs from run to run."""
    path = certificate_files / f"{case}.yaml"
    shutil.copy(CERTIFICATE_CASES / path.name, path)
    done = sallyport("check", "-c", path)
    told = done.stderr.decode().replace(str(certificate_files), "{folder}")
    told = re.sub(r"\d{4}-\d\d-\d\d([T ][0-9:]+Z?( UTC)?)?", "{date}", told)
    assert done.returncode == 1
    assert told == (CERTIFICATE_CASES / f"{case}.expected").read_text()


def test_certificates_and_the_file_in_one_run(sallyport, config, authority, certificate):
    """A mistake in the file does not hide one in a certificate that it names."""
    other = authority.issue("another", "app.example.com")

    def spoil(whole):
        certificates_of(certificate.with_key_of(other))(whole)
        whole["routes"][0]["cluster"] = "ap"

    done = sallyport("check", "-c", config(spoil))
    assert done.returncode == 1
    assert b"listeners[0].tls.certificates[0].key" in done.stderr
    assert b"routes[0].cluster" in done.stderr
    assert done.stderr.count(b": error: ") == 2


def test_an_expired_certificate(sallyport, config, authority):
    done = sallyport("check", "-c", config(certificates_of(authority.expired("old", "x.test"))))
    assert done.returncode == 1 and b"expired" in done.stderr


def test_an_unreadable_certificate(sallyport, config, tmp_path, certificate):
    path = tmp_path / "noise.pem"
    path.write_bytes(b"-----BEGIN NOISE-----\n")
    noise = type(certificate)(path, certificate.key)
    done = sallyport("check", "-c", config(certificates_of(noise)))
    assert done.returncode == 1 and b"noise.pem" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object x\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "workers: 1\n---\nworkers: 2\n",
        "workers: 1\nworkers: 2\n",
        "workers: [1\n",
        "\tworkers: 1\n",
        "",
    ],
    ids=["tag", "alias", "documents", "duplicate", "unclosed", "tab", "empty"],
)
def test_yaml_that_is_not_ours(sallyport, tmp_path, text):
    """Tags, aliases, several documents, duplicate keys, bad syntax: an error with its place."""
    path = tmp_path / "site.yaml"
    path.write_text(text)
    done = sallyport("check", "-c", path)
    assert done.returncode == 1 and f"{path}:".encode() in done.stderr


def test_check_tells_what_a_reload_would_change(variant, tmp_path):
    """--diff: each key with its place, or one object for programs; a bad file is told as ever."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    whole = site([plain_listener("127.0.0.1:8080")], {"app": cluster("127.0.0.1:1")})
    old.write_text(yaml(whole))
    whole["timeouts"]["drain"] = "1m"
    new.write_text(yaml(whole))
    told = run_command(variant.binary, "check", "-c", old, "--diff", new)
    line = new.read_text().splitlines().index("  drain: 1m") + 1
    expected = f"{new}:{line}:3: changed: timeouts.drain: 1m, before 5s\n1 change\n"
    assert (told.returncode, told.stdout.decode()) == (0, expected)
    told = run_command(variant.binary, "check", "-c", old, "--diff", new, "--json")
    [change] = json.loads(told.stdout)["changes"]
    assert (change["path"], change["line"], change["after"]) == ("timeouts.drain", line, "1m")
    told = run_command(variant.binary, "check", "-c", new, "--diff", new)
    assert told.stdout == b"nothing changes\n"
    new.write_text("listeners: 1\n")
    told = run_command(variant.binary, "check", "-c", old, "--diff", new)
    assert told.returncode == 1 and b": error: listeners" in told.stderr and not told.stdout
