"""Policies of the file, by server name: in force on the wire, listed and compared."""

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener, yaml
from support.proxy import run_command

PLAIN, CLIENT, STRICT = "plain.example.com", "client.example.com", "strict.example.com"
NEW, NARROW = "new.example.com", "x.narrow.example.com"

OWN = {
    "client-first": {"based_on": "intermediate-2026-04", "order": "client"},
    "strict": {"based_on": "intermediate-2026-04", "group_order": "strict"},
    "narrow": {
        "based_on": "intermediate-2026-04",
        "cipher_suites": [
            "TLS_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ],
        "groups": ["secp256r1"],
        "signature_algorithms": [
            "rsa_pkcs1_sha512",
            "ecdsa_secp384r1_sha384",
            "rsa_pss_rsae_sha256",
        ],
        "tickets": False,
    },
}
OLD = {"old-only": {"based_on": "intermediate-2026-04", "versions": ["tls1.2"]}}
NAMES = {
    CLIENT: {"policy": "client-first"},
    STRICT: {"policy": "strict"},
    NEW: {"policy": "modern"},
    "*.narrow.example.com": {"policy": "narrow"},
}


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, authority):
    names = [PLAIN, CLIENT, STRICT, NEW, "*.narrow.example.com"]
    pairs = [authority.issue("own-ec", *names), authority.issue("own-rsa", *names, kind="rsa")]
    whole = site(
        [tls_listener(*pairs, names=NAMES)], {"app": cluster(shared_recorder())}, policies=OWN
    )
    return start_shared_proxy(whole)


FIRST_128 = {
    "1.3": ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"],
    "1.2": ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"],
}
FIRST_CHACHA = {
    "1.3": ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"],
    "1.2": ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"],
}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize(("name", "bits"), [(PLAIN, 256), (CLIENT, 128)])
def test_whose_order_counts(proxy, version, name, bits):
    """A client that lists AES-128 first gets AES-256 under the server's order, and the reverse."""
    report = clients.s_client(proxy, *FIRST_128[version], name=name)
    separator = "_" if version == "1.3" else ""
    assert f"AES{separator}{bits}" in report.split("Cipher is ")[1].splitlines()[0]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("name", [PLAIN, CLIENT])
def test_chacha_first(proxy, version, name):
    report = clients.s_client(proxy, *FIRST_CHACHA[version], name=name)
    assert "CHACHA20" in report.split("Cipher is ")[1].splitlines()[0]


@pytest.mark.parametrize(("name", "group"), [(PLAIN, "SECP256R1"), (STRICT, "X25519")])
def test_the_strict_order_of_groups(proxy, name, group):
    """gnutls-cli, told to send a key share for its first group only: a better one costs a retry."""
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1:+GROUP-X25519"
    report = clients.gnutls_cli(proxy, "--priority", priority, "--single-key-share", name=name)
    assert f"-(ECDHE-{group})-" in report


def test_each_name_has_its_versions(proxy):
    assert "alert protocol version" in clients.s_client(proxy, "-tls1_2", name=NEW)
    assert "Cipher is TLS_AES" in clients.s_client(proxy, "-tls1_3", name=NEW)
    assert "Cipher is ECDHE" in clients.s_client(proxy, "-tls1_2", name=PLAIN)
    line = proxy.failed_handshake(server_name=NEW)
    assert line["reason"] == "no_common_version"


def test_a_policy_without_1_3(start_proxy, recorder, certificate):
    listener = tls_listener(certificate, policy="old-only")
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}, policies=OLD))
    assert "alert" in clients.s_client(proxy, "-tls1_3")
    assert "Protocol  : TLSv1.2" in clients.s_client(proxy)


def test_a_wildcard_has_all_that_its_policy_says(proxy):
    """Suite, group, the policy's first signature algorithm of the client's, and no tickets."""
    report = clients.s_client(proxy, "-tls1_2", name=NARROW)
    assert "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256" in report
    assert "Server Temp Key: ECDH, prime256v1" in report
    assert "Peer signing digest: SHA384" in report
    assert "TLS session ticket:" not in report
    report = clients.s_client(proxy, "-tls1_2", "-sigalgs", "RSA+SHA256:RSA+SHA512", name=NARROW)
    assert "Cipher is ECDHE-RSA-AES128-GCM-SHA256" in report
    assert "Peer signing digest: SHA512" in report


def test_the_certificate_ecdsa_before_rsa(proxy):
    report = clients.s_client(proxy, "-tls1_3", name=PLAIN)
    assert "Peer signature type: ECDSA" in report
    report = clients.s_client(proxy, "-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256", name=PLAIN)
    assert "Peer signature type: RSA-PSS" in report


def test_the_explanation_names_the_policy(proxy):
    clients.s_client(proxy, "-tls1_2", "-groups", "X25519:P-384", name=NARROW)
    line = proxy.failed_handshake(server_name=NARROW)
    assert line["reason"] == "no_common_group"
    assert f"policy narrow of {NARROW} allows secp256r1" in line["explanation"]


# --- The command ---------------------------------------------------------------------------------


@pytest.fixture
def own_file(tmp_path, certificate):
    """Its certificates need not be there to ask what its policies are."""
    listener = tls_listener(certificate, address="127.0.0.1:443")
    whole = site([listener], {"app": cluster("127.0.0.1:1")}, policies=OWN | OLD)
    path = tmp_path / "own.yaml"
    path.write_text(yaml(whole).replace(str(certificate.chain), "nowhere.pem"))
    return path


def policies(variant, *arguments):
    done = run_command(variant.binary, "policies", *arguments)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_own_policies_are_listed(variant, own_file):
    status, told, _ = policies(variant, "-c", own_file)
    assert status == 0
    assert [line.split()[0] for line in told.splitlines()][2:] == list(OWN | OLD)
    assert "based on intermediate-2026-04" in told


def test_an_own_policy_in_full(variant, own_file):
    status, told, _ = policies(variant, "narrow", "-c", own_file)
    assert status == 0 and told.startswith("narrow\nBased on intermediate-2026-04.\n")
    assert "session tickets: no" in told and "X25519MLKEM768, is not available" in told
    assert policies(variant, "narrow")[0] == 2  # the file is not read unasked


def test_policies_are_compared(variant, own_file):
    status, told, _ = policies(variant, "intermediate", "--diff", "narrow", "-c", own_file)
    assert status == 0 and told.startswith("from intermediate-2026-04 to narrow\n")
    for line in ("- TLS_AES_256_GCM_SHA384", "- x25519", "+ no"):
        assert f"  {line}\n" in told
    assert "= in another order:\n      rsa_pkcs1_sha512\n" in told
    status, told, _ = policies(variant, "modern", "--diff", "modern-2026-04")
    assert status == 0 and "no difference" in told
    status, told, _ = policies(variant, "modern", "--diff", "old-only", "-c", own_file)
    assert status == 0 and "versions:\n  - TLSv1.3\n  + TLSv1.2\n" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--diff", "modern"], "--diff needs a NAME"),
        (["modern", "--diff", "intermediat"], 'did you mean "intermediate"?'),
        (["modern", "--diff"], "requires an argument"),
        (["-c", "nowhere.yaml"], "can not be read"),
    ],
)
def test_a_bad_question(variant, arguments, words):
    status, told, complaint = policies(variant, *arguments)
    assert status in (1, 2) and told == "" and words in complaint


def test_a_file_with_a_mistake(variant, own_file):
    own_file.write_text(own_file.read_text().replace("secp256r1", "secp256r2"))
    status, told, complaint = policies(variant, "-c", own_file)
    assert status == 1 and told == ""
    assert 'policies.narrow.groups[0]: unknown group "secp256r2"' in complaint
