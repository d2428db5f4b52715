"""`sallyport explain`: what would be negotiated with a client, from the configuration alone."""

import json
import re
from pathlib import Path

import pytest

from support.configuration import cluster, site, tls_listener, yaml
from support.messages import HOST
from support.proxy import SANITIZER_REPORT, run_command

HELLOS = Path(__file__).parents[1] / "cases/client_hellos"
NOBODY = "127.0.0.1:9"

TEXT, FLAG, LIST = (str,), (bool,), (list,)
OPTIONAL = (str, type(None))
# Every key of --json, and what it holds.
OUTCOME = {
    "client": OPTIONAL, "file": OPTIONAL, "ja4": OPTIONAL, "succeeds": FLAG, "policy": OPTIONAL,
    "version": OPTIONAL, "cipher_suite": OPTIONAL, "group": OPTIONAL, "hello_retry_request": FLAG,
    "signature_algorithm": OPTIONAL, "certificate": (dict, type(None)), "alpn": OPTIONAL,
    "reason": OPTIONAL, "explanation": OPTIONAL, "nearest_change": OPTIONAL, "price": OPTIONAL,
}  # fmt: skip
ONE = {**OUTCOME, "listener": TEXT, "server_name": TEXT, "steps": LIST, "offer": (dict, type(None))}
STEP = {"step": TEXT, "result": TEXT, "text": OPTIONAL}
CERTIFICATE = {"key": TEXT, "sha256": TEXT, "names": LIST}
OFFER = {
    "record_version": OPTIONAL, "legacy_version": TEXT, "server_name": OPTIONAL,
    "supported_versions": LIST, "cipher_suites": LIST, "groups": LIST, "key_shares": LIST,
    "signature_algorithms": LIST, "signature_algorithms_cert": LIST, "alpn": LIST,
    "psk_key_exchange_modes": LIST, "session_ticket": FLAG, "pre_shared_key": FLAG,
    "early_data": FLAG, "compression_methods": LIST, "extensions": LIST,
}  # fmt: skip
CLIENT = {"name": TEXT, "title": TEXT, "source": TEXT, "captured": FLAG}
STEPS = [
    "ClientHello", "server name", "version", "cipher suite", "key exchange", "certificate",
    "application protocol", "client certificate", "Finished",
]  # fmt: skip
RESULTS = {"succeeds", "fails", "not_reached"}


def expect_schema(schema, found):
    assert set(found) == set(schema)
    for key, kinds in schema.items():
        assert isinstance(found[key], kinds), (key, found[key])


@pytest.fixture
def config(tmp_path, authority, certificate):
    """Two listeners: one with an ECDSA certificate, one that is modern and refuses other names."""
    listeners = [
        {"address": "127.0.0.1:18480"},
        tls_listener(certificate, address="127.0.0.1:18443"),
        tls_listener(
            certificate, address="127.0.0.1:18444", policy="modern", unknown_server_name="refuse"
        ),
    ]
    path = tmp_path / "site.yaml"
    path.write_text(yaml(site(listeners, {"app": cluster(NOBODY)})))
    return path


@pytest.fixture
def explain(variant, config):
    def run(*arguments, **options):
        done = run_command(variant.binary, "explain", "-c", config, *arguments, **options)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode()
        return done

    return run


def test_a_client_of_the_table(explain):
    """Exit status 0, and each step on a line of its own, in order."""
    done = explain("--name", HOST, "--client", "firefox-144")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = [line.strip() for line in done.stdout.decode().splitlines()]
    shown = [line for line in lines if line.startswith("✓ ")]
    assert [re.split(r"\s{2,}|: ", line[2:])[0] for line in shown] == STEPS
    assert lines[-1] == "The handshake would succeed."


def test_a_client_that_fails(explain):
    """Exit status 1, the reason, the nearest change and its price."""
    done = explain("--name", HOST, "--client", "java-8u161", "--listener", "127.0.0.1:18444")
    assert (done.returncode, done.stderr) == (1, b"")
    text = done.stdout.decode()
    assert "✗ version" in text and "· cipher suite\n" in text
    assert "The handshake would fail: no_common_version.\n" in text
    assert "nearest change: use policy intermediate-2026-04 for the name\n" in text
    assert "its price:      TLS 1.2 is below Mozilla modern 6.0" in text


@pytest.mark.parametrize("client", ["chrome-146", "java-7"])
def test_json(explain, client):
    done = explain("--name", HOST, "--client", client, "--json")
    found = json.loads(done.stdout)
    expect_schema(ONE, found)
    expect_schema(OFFER, found["offer"])
    assert [step["step"] for step in found["steps"]] == STEPS
    for step in found["steps"]:
        expect_schema(STEP, step)
        assert step["result"] in RESULTS and (step["text"] is None) == (
            step["result"] == "not_reached"
        )
    assert found["succeeds"] == (done.returncode == 0) == (client == "chrome-146")
    assert (found["reason"] is None) == found["succeeds"]
    if found["succeeds"]:
        expect_schema(CERTIFICATE, found["certificate"])
        assert found["certificate"]["names"][0] == HOST
        assert "GREASE" in found["offer"]["cipher_suites"]
        assert "X25519MLKEM768" in found["offer"]["key_shares"]


def test_all_clients(explain):
    done = explain("--name", HOST, "--all")
    assert done.returncode == 1
    *rows, blank, counts = done.stdout.decode().splitlines()
    found = re.fullmatch(r"(\d+) clients: (\d+) would succeed, (\d+) would fail", counts)
    count, good, bad = map(int, found.groups())
    assert count >= 25 and count == good + bad and blank == ""
    assert sum(" ✗ " in row for row in rows) == bad
    assert sum(" TLSv1." in row for row in rows) == good


def test_all_clients_as_json(explain):
    found = json.loads(explain("--name", HOST, "--all", "--json").stdout)
    assert set(found) == {"listener", "server_name", "clients", "count", "failing"}
    assert found["count"] == len(found["clients"])
    assert found["failing"] == sum(not row["succeeds"] for row in found["clients"])
    for row in found["clients"]:
        expect_schema(OUTCOME, row)


@pytest.mark.parametrize("words", [["--clients"], ["--client", "list"]], ids=" ".join)
def test_the_table_of_clients(explain, words):
    """Each with its source; no configuration is read."""
    text = explain(*words, "-c", "/nowhere").stdout.decode()
    assert re.search(r"^openssl-0.9.8 .*\n +reported: Qualys SSL Labs", text, re.MULTILINE)
    assert re.search(r"^curl-7.88 .*\n +captured: ", text, re.MULTILINE)
    found = json.loads(explain(*words, "--json").stdout)["clients"]
    assert len(found) >= 25
    for client in found:
        expect_schema(CLIENT, client)


def as_bytes(hexadecimal):
    return bytes.fromhex(hexadecimal)


def message_alone(hexadecimal):
    return as_bytes(hexadecimal)[5:]


def with_colons(hexadecimal):
    return bytes.fromhex(hexadecimal).hex(":").upper().encode()


@pytest.mark.parametrize("form", [str.encode, as_bytes, message_alone, with_colons])
@pytest.mark.parametrize("by", ["file", "input"])
def test_a_captured_hello(explain, tmp_path, form, by):
    """Records, the message alone, or hexadecimal digits; from a file or standard input."""
    hello = form((HELLOS / "gnutls-3.7.hex").read_text())
    path = tmp_path / "hello"
    path.write_bytes(hello)
    words = ["--client-hello", path if by == "file" else "-", "--json"]
    done = explain(*words, input=hello)
    found = json.loads(done.stdout)
    assert (done.returncode, found["server_name"], found["succeeds"]) == (0, "localhost", True)
    assert found["offer"]["record_version"] == (None if form is message_alone else "TLSv1")


def test_another_name_for_a_captured_hello(explain):
    words = ["--client-hello", HELLOS / "gnutls-3.7.hex", "--listener", "127.0.0.1:18444", "--json"]
    assert json.loads(explain(*words).stdout)["succeeds"]
    done = explain(*words, "--name", "other.example.org")
    found = json.loads(done.stdout)
    assert (done.returncode, found["reason"]) == (1, "unknown_server_name")
    assert "unknown_server_name" in found["nearest_change"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "not complete"),
        (b"\x80\x2e\x01\x03\x01", "does not begin with a ClientHello"),
        (b"16 03 0", "hexadecimal"),
        (b"a" * 200_000, "larger"),
    ],
    ids=["empty", "http", "cut", "ssl2", "half a byte", "large"],
)
def test_a_file_that_is_no_hello(explain, content, why):
    """Exit status 2 with the reason."""
    done = explain("--client-hello", "-", input=content)
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in done.stderr.decode()


CUT_SHORT = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"


def test_a_malformed_hello(explain):
    """Exit status 1: the rule that it breaks and the alert that the proxy would send."""
    done = explain("--client-hello", "-", input=CUT_SHORT)
    text = " ".join(done.stdout.decode().split())
    assert (done.returncode, done.stderr) == (1, b"")
    assert "✗ ClientHello it ends within its version or random; the alert decode_error (50)" in text
    assert "The handshake would fail: client_hello_malformed." in text


def test_a_malformed_hello_as_json(explain):
    done = explain("--client-hello", "-", "--json", input=CUT_SHORT)
    found = json.loads(done.stdout)
    expect_schema(ONE, found)
    assert (done.returncode, found["reason"]) == (1, "client_hello_malformed")
    assert [step["result"] for step in found["steps"]] == ["fails"] + ["not_reached"] * 8
    assert found["offer"] is None and found["ja4"] is None


@pytest.mark.parametrize("by", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    ("mode", "words"),
    [(None, "not asked for"), ("optional", "none will do"), ("required", "demanded; without")],
)
def test_the_client_certificate(explain, config, authority, certificate, mode, words, by):
    """What the name wants of the client's own certificate; a demand is not a failure by itself."""
    rules = {"client_certificates": {"mode": mode, "ca": str(authority.root)}} if mode else {}
    listener = tls_listener(certificate, address="127.0.0.1:18443", names={HOST: rules})
    config.write_text(yaml(site([listener], {"app": cluster(NOBODY)})))
    done = explain("--name", HOST, "--client", "curl-7.88", *by)
    assert (done.returncode, done.stderr) == (0, b"")
    if by:
        steps = json.loads(done.stdout)["steps"]
        (step,) = [step for step in steps if step["step"] == "client certificate"]
        assert step["result"] == "succeeds" and words in step["text"]
    else:
        assert re.search(rf"✓ client certificate +.*{words}", done.stdout.decode())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--client", "fierfox-144"], 'did you mean "firefox-144"?'),
        (["--client", "firefox-144"], "--name"),
        (["--name", HOST], "which client?"),
        (["--name", HOST, "--all", "--client", "curl-7.88"], "only one of"),
        (["--name", "no host", "--all"], "not a host name"),
        (["--name", HOST, "--all", "--listener", "127.0.0.1:1"], "no listener with TLS on 127"),
        (["--name", HOST, "--all", "--listener", "127.0.0.1:18480"], "no listener with TLS on"),
        (["--client-hello", "/nowhere"], "No such file"),
    ],
)
def test_wrong_usage(explain, words, why):
    done = explain(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in done.stderr.decode()


def test_a_bad_configuration(explain, config):
    """Exit status 1 with the error's place, as of check."""
    config.write_text(config.read_text().replace("modern", "moderm"))
    done = explain("--name", HOST, "--all")
    assert done.returncode == 1 and f"{config}:".encode() in done.stderr
