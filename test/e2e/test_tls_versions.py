"""TLS 1.3 and 1.2 in one listener, for every client that the tests have; nothing older."""

import ssl

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.messages import HOST, request

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
ANSWER = b"fine"


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, certificate):
    backend = shared_recorder()
    return start_shared_proxy(site([tls_listener(certificate)], {"app": cluster(backend)}))


def spoken(proxy, path):
    """The version of the exchange, as the log has it."""
    return proxy.exchange(path=path)["tls_version"]


def test_python_with_one_version(proxy, version, variant):
    context = trusting(proxy.authority, minimum=VERSIONS[version], maximum=VERSIONS[version])
    path = f"/python-{version}-{variant.name}"
    with proxy.connect(context=context) as client:
        assert client.tls.version() == f"TLSv{version}"
        assert client.ask(request(path)).body == ANSWER
    assert version in spoken(proxy, path)


def test_curl_with_one_version(proxy, version, variant):
    path = f"/curl-{version}-{variant.name}"
    flags = [f"--tlsv{version}", "--tls-max", version]
    assert clients.curl(proxy, path, *flags) == ANSWER
    assert version in spoken(proxy, path)


def test_s_client_with_one_version(proxy, version):
    report = clients.s_client(proxy, f"-tls{version.replace('.', '_')}", "-verify_return_error")
    assert f"TLSv{version}" in report and "Verify return code: 0 (ok)" in report
    assert report.count("HTTP/1.1 200") == 1


def test_gnutls_with_one_version(proxy, version):
    report = clients.gnutls_cli(proxy, "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}")
    assert f"(TLS{version}-" in report and "trusted" in report
    assert "HTTP/1.1 200" in report


def test_node_with_one_version(proxy, version, variant):
    path = f"/node-{version}-{variant.name}"
    only = f"TLSv{version}"
    [answer] = clients.node(proxy, [{"path": path}], minVersion=only, maxVersion=only)
    assert (answer["body"], answer["version"]) == (ANSWER, only)
    assert version in spoken(proxy, path)


def test_the_newer_version_wins(proxy):
    """A client that has both gets 1.3 (RFC 8446 §4.1.3)."""
    with proxy.connect() as client:
        assert client.tls.version() == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_older_version_is_refused(start_proxy, recorder, certificate):
    """TLS 1.1 is answered with protocol_version and told in the log (RFC 8446 §4.1.2)."""
    proxy = start_proxy(site([tls_listener(certificate)], {"app": cluster(recorder())}))
    old = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        proxy.connect(context=trusting(proxy.authority, old, old, ciphers="ALL:@SECLEVEL=0"))
    assert proxy.failed_handshake()["reason"] == "no_common_version"
    assert len(proxy.failed_handshakes()) == 1


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ],
)
def test_each_suite_of_1_2(proxy, suite):
    """ECDHE with AEAD (RFC 9325 §4.2)."""
    assert suite in clients.s_client(proxy, "-tls1_2", "-cipher", suite)


@pytest.mark.parametrize(
    "suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
)
def test_each_suite_of_1_3(proxy, suite):
    """The three suites of RFC 8446 §9.1 that everyone has."""
    report = clients.s_client(proxy, "-tls1_3", "-ciphersuites", suite)
    assert suite in report and "HTTP/1.1 200" in report


@pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"])
def test_no_suite_without_forward_secrecy_or_aead(proxy, suite):
    """Static RSA and CBC are not built in (RFC 9325 §4.1)."""
    report = clients.s_client(proxy, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
    assert "handshake failure" in report and "HTTP/1.1" not in report


@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
def test_each_group(proxy, group):
    """A client that has one group only is served with it (RFC 8446 §4.2.7)."""
    report = clients.s_client(proxy, "-groups", group)
    assert "HTTP/1.1 200" in report
    names = {"P-256": "prime256v1, 256", "P-384": "secp384r1, 384", "X25519": "X25519"}
    assert f"Server Temp Key: {'ECDH, ' if group != 'X25519' else ''}{names[group]}" in report


def test_a_guess_of_the_wrong_group_is_corrected(proxy):
    """A key share of no use is answered by HelloRetryRequest (RFC 8446 §4.1.4)."""
    report = clients.gnutls_cli(
        proxy, "--single-key-share", "--priority",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE2048:+GROUP-SECP256R1",
    )  # fmt: skip
    assert "HTTP/1.1 200" in report and "SECP256R1" in report


def test_alpn_chooses_http_1_1(proxy):
    """Among h2 and http/1.1 the second is ours (RFC 7301 §3.2)."""
    context = trusting(proxy.authority, alpn=("h2", "http/1.1"))
    with proxy.connect(context=context) as client:
        assert client.tls.selected_alpn_protocol() == "http/1.1"
        assert client.ask(request()).status == 200


def test_no_alpn_is_http_1_1_too(proxy):
    with proxy.connect(context=trusting(proxy.authority, alpn=())) as client:
        assert client.tls.selected_alpn_protocol() is None
        assert client.ask(request()).status == 200


def test_alpn_without_http_1_1_is_refused(proxy):
    """Nothing in common: a fatal no_application_protocol (RFC 7301 §3.2)."""
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        proxy.connect(context=trusting(proxy.authority, alpn=("h2",)))


def test_a_chain_is_sent_whole(start_proxy, recorder, authority, certificate):
    """A client that knows the root alone can verify the leaf (RFC 8446 §4.4.2)."""
    leaf = authority.issue("chained", HOST, issuer=authority.intermediate("middle"))
    backend = recorder()
    proxy = start_proxy(site([tls_listener(leaf)], {"app": cluster(backend)}))
    assert proxy.ask(request()).body == ANSWER
