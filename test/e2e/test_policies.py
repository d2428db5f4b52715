"""Policies: what a listener allows, in its own order, and what the log says of who can not."""

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.proxy import run_command

POLICIES = ["intermediate-2026-04", "modern-2026-04"]


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, certificate):
    return start_shared_proxy(site([tls_listener(certificate)], {"app": cluster(shared_recorder())}))


@pytest.fixture
def modern(start_proxy, recorder, certificate):
    listener = tls_listener(certificate, policy="modern")
    return start_proxy(site([listener], {"app": cluster(recorder())}))


@pytest.mark.parametrize(
    ("flags", "suite"),
    [
        (
            ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"],
            "TLS_AES_256_GCM_SHA384",
        ),
        (
            ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"],
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"],
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
    ],
)
def test_the_order_is_ours(proxy, flags, suite):
    """AES-256 before AES-128, whatever the client lists first; ChaCha20 if it lists that first."""
    assert f"Cipher is {suite}" in clients.s_client(proxy, *flags)


def test_the_group_is_ours(proxy):
    """gnutls-cli sends key shares for the first of each kind: secp256r1, then x25519."""
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1:+GROUP-X25519"
    report = clients.gnutls_cli(proxy, "--priority", priority)
    assert "(TLS1.3-X.509)-(ECDHE-X25519)-" in report


def test_modern_serves_1_3(modern):
    clients.curl(modern, "/new", "--tlsv1.3")
    assert modern.exchange(path="/new")["tls_version"] == "TLSv1.3"


def test_modern_refuses_1_2(modern):
    """With one line in the log that says why, and what would help."""
    clients.s_client(modern, "-tls1_2")
    line = modern.failed_handshake()
    assert line["reason"] == "no_common_version"
    assert line["explanation"].startswith(
        "no_common_version: the client offers at most TLS 1.2, policy modern-2026-04 of app.example.com allows 1.3; "
    )


@pytest.mark.parametrize(
    ("flags", "reason", "words"),
    [
        (
            ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
            "no_common_cipher_suite",
            "offers the cipher suites TLS_RSA_WITH_AES_128_GCM_SHA256 for TLSv1.2, policy",
        ),
        (
            ["-tls1_3", "-groups", "P-521"],
            "no_common_group",
            "offers the groups secp521r1 for TLSv1.3, policy intermediate-2026-04 of app.example.com allows x25519, ",
        ),
        (
            ["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"],
            "no_common_signature_algorithm",
            "are not for the name's certificate, ECDSA P-256; add an RSA certificate",
        ),
    ],
)
def test_a_refusal_is_explained(start_proxy, recorder, certificate, flags, reason, words):
    """The first step at which there is nothing in common, what is offered and what is allowed."""
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder())}))
    report = clients.s_client(proxy, *flags)
    assert "handshake failure" in report
    line = proxy.failed_handshake()
    assert line["reason"] == reason and words in line["explanation"], line


def test_the_list_of_policies(variant):
    done = run_command(variant.binary, "policies")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == POLICIES


@pytest.mark.parametrize("name", [*POLICIES, "modern", "intermediate"])
def test_a_policy_in_full(variant, name):
    """The undated name prints the newest; what the guideline has and we do not is said."""
    text = run_command(variant.binary, "policies", name).stdout.decode()
    assert text.startswith(name) and "X25519MLKEM768, is not available in Mbed TLS" in text
    assert text.index("TLS_AES_256_GCM_SHA384") < text.index("TLS_AES_128_GCM_SHA256")
    assert ("TLSv1.2" in text) is name.startswith("intermediate")


def test_an_unknown_policy(variant):
    done = run_command(variant.binary, "policies", "moderne")
    assert done.returncode == 2
    assert b'did you mean "modern"?' in done.stderr
