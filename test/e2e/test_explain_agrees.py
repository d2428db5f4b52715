"""`sallyport explain` says beforehand what real clients then report of their handshakes.

Every client goes through a tap that keeps its ClientHello; explained from the configuration alone,
that hello must give the version, suite, group, signature algorithm and certificate that the client
saw, or the reason that the log has.
"""

import json
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import handshakes
from support.configuration import cluster, site, tls_listener
from support.proxy import run_command
from support.tap import Tap

AT_ONCE = 4
ALPN, HANDSHAKE = "no_common_alpn_protocol", "tls_handshake_failed"
POLICIES = {
    "chacha": {
        "based_on": "intermediate",
        "cipher_suites": [
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ],
    },
    "theirs": {"based_on": "intermediate", "order": "client"},
    "curves": {"based_on": "intermediate", "groups": ["secp384r1", "secp256r1"]},
    "sha512": {
        "based_on": "intermediate",
        "groups": ["secp521r1", "x25519"],
        "signature_algorithms": [
            "rsa_pss_rsae_sha512", "rsa_pkcs1_sha512", "ecdsa_secp384r1_sha384",
            "ecdsa_secp256r1_sha256",
        ],
    },
}  # fmt: skip
NAMES = [f"{name}.example.com" for name in ("intermediate", "modern", *POLICIES)]
LISTENERS = {"rsa": ["rsa"], "p256": ["ecdsa"], "p384": ["p384"], "both": ["rsa", "ecdsa"]}

S_CLIENT = [
    "",
    "-tls1_2",
    "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
    "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
    "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256",
    "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
    "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
    "-tls1_2 -cipher ECDHE+CHACHA20:ECDHE+AESGCM",
    "-tls1_2 -cipher AES128-SHA",
    "-groups P-256",
    "-groups P-384:X25519",
    "-groups P-521:P-256",
    "-groups X448:X25519",
    "-groups ffdhe2048",
    "-tls1_2 -groups X25519",
    "-tls1_2 -groups P-384:P-256",
    "-sigalgs RSA-PSS+SHA256:RSA+SHA256",
    "-sigalgs ECDSA+SHA256",
    "-sigalgs ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384",
    "-sigalgs ECDSA+SHA512:RSA-PSS+SHA512:RSA+SHA512",
    "-tls1_2 -sigalgs RSA+SHA1:ECDSA+SHA256",
    "-alpn h2,http/1.1",
    "-alpn h2",
    "-tls1_1 -cipher ALL:@SECLEVEL=0",
]
GNUTLS = [
    "NORMAL",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1:+GROUP-X25519",
    "NORMAL:-GROUP-ALL:+GROUP-SECP521R1:+GROUP-SECP256R1",
    "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305:+AES-128-GCM",
    "NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-RSA-SHA384",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-SIGN-ALL:+SIGN-ECDSA-SHA256:+SIGN-RSA-SHA256",
    "SECURE256",
]
CURL = [[], ["--tls-max", "1.2"], ["--ciphers", "ECDHE+CHACHA20"], ["--curves", "P-384"]]
PYTHON = [
    {},
    {"maximum": ssl.TLSVersion.TLSv1_2},
    {"maximum": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE+AES128"},
    {"group": "secp521r1"},
    {"group": "prime256v1", "alpn": ["http/1.1"]},
]
NODE = [
    {},
    {"maxVersion": "TLSv1.2"},
    {"ciphers": "TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-CHACHA20-POLY1305"},
    {"ecdhCurve": "P-521:P-384"},
    {"sigalgs": "ecdsa_secp256r1_sha256", "ALPNProtocols": ["http/1.1"]},
]
JAVA = [
    ("-", "-"),
    ("TLSv1.2", "-"),
    ("TLSv1.3,TLSv1.2", "TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
]


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, authority):
    certificates = {
        kind: authority.issue(f"wild-{kind}", "*.example.com", kind=kind)
        for kind in ("rsa", "ecdsa", "p384")
    }
    listeners = [
        tls_listener(
            *(certificates[kind] for kind in kinds),
            names={name: {"policy": name.split(".")[0]} for name in NAMES},
        )
        for kinds in LISTENERS.values()
    ]
    return start_shared_proxy(
        site(
            listeners, {"app": cluster(shared_recorder())}, policies=POLICIES,
            logging={"handshake_repeat_interval": "0s"},
        )  # fmt: skip
    )


class Handshake:
    """One combination: a listener, a name with its policy, and how the client is run."""

    def __init__(self, proxy, listener, name, client):
        self.proxy = proxy
        self.port = proxy.ports[list(LISTENERS).index(listener)]
        self.listener, self.name, self.client = listener, name, client
        self.tap = Tap(self.port)

    def __str__(self):
        return f"{self.client} → {self.name} on {self.listener}"

    def explained(self):
        """What the configuration alone tells, from the captured hello."""
        done = run_command(
            self.proxy.binary, "explain", "-c", self.proxy.config_path, "--json",
            "--listener", f"127.0.0.1:{self.port}", "--client-hello", "-", input=self.tap.hello,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr.decode()
        return json.loads(done.stdout)

    def disagreements(self, report):
        """Where the report and the explanation differ: nothing, if all is well."""
        self.tap.done()
        explained = self.explained()
        if report is None or not explained["succeeds"]:
            return self.of_failure(report, explained)
        explained["certificate"] = explained["certificate"]["sha256"]
        report = {**report, "hello_retry_request": self.tap.was_retried}
        return [
            f"{self}: {key} is {value}, explained: {explained[key]}"
            for key, value in report.items()
            if explained[key] != value
        ]

    def of_failure(self, report, explained):
        if report is not None or explained["succeeds"]:
            return [f"{self}: reported {report}, explained {explained['explanation']}"]
        # The kernel may give two clients the same port, one after the other.
        line = self.proxy.failed_handshake(
            client=self.tap.address, listener=f"127.0.0.1:{self.port}", server_name=self.name
        )
        reasons = [explained["reason"]]
        if line["reason"] not in reasons:
            return [f"{self}: the log says {line['reason']}, explained: {explained['reason']}"]
        return []


def grid(proxy, variant, wishes, names_per_wish=1):
    """Every wish on every listener, the names by turns; with sanitizers each fourth of them."""
    found = []
    for i, wish in enumerate(wishes):
        for j, listener in enumerate(LISTENERS):
            for turn in range(names_per_wish):
                name = NAMES[(i + j + turn * 3) % len(NAMES)]
                found.append((listener, name, wish))
    if variant.name != "release":
        found = found[::4]
    return [(Handshake(proxy, listener, name, wish), wish) for listener, name, wish in found]


def expect_agreement(pairs):
    """Pairs of a handshake and a function that gives the client's report."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda pair: pair[0].disagreements(pair[1]()), pairs))
    assert not sum(found, []), "\n".join(sum(found, []))


def each(run, combinations):
    """One run of a program for each."""
    expect_agreement(
        [
            (handshake, lambda h=handshake, w=wish: run(h.tap.port, h.name, w))
            for handshake, wish in combinations
        ]
    )


def together(run, combinations):
    """One run of a program for all."""
    reports = run([(h.tap.port, h.name, wish) for h, wish in combinations])
    assert len(reports) == len(combinations)
    expect_agreement(
        [(h, lambda r=report: r) for (h, _), report in zip(combinations, reports)]
    )


@pytest.mark.parametrize("part", range(4))
def test_s_client(proxy, variant, part):
    wishes = S_CLIENT[part::4]
    each(lambda port, name, wish: handshakes.s_client(port, name, wish.split()),
         grid(proxy, variant, wishes))  # fmt: skip


def test_gnutls_cli(proxy, variant):
    each(handshakes.gnutls_cli, grid(proxy, variant, GNUTLS, names_per_wish=2))


def test_curl(proxy, variant):
    each(handshakes.curl, grid(proxy, variant, CURL))


def test_python(proxy, variant):
    each(handshakes.python, grid(proxy, variant, PYTHON, names_per_wish=2))


def test_node(proxy, variant):
    together(handshakes.node, grid(proxy, variant, NODE, names_per_wish=2))


def test_java(proxy, variant):
    # A Java for one test of many would be half of what the tests install.
    if not handshakes.has_java():
        pytest.skip("Java is not installed, or has no compiler")
    together(handshakes.java, grid(proxy, variant, JAVA))
