"""Which certificate a client is shown: by SNI (RFC 6066 §3), and by the kinds it can verify."""

import ssl

import pytest

from support import clients
from support.configuration import cluster, site, tls_listener
from support.connection import trusting_nobody
from support.messages import request


@pytest.fixture(scope="module")
def certificates(authority):
    return {
        "first": authority.issue("first", "first.example.com"),
        "wildcard": authority.issue("wildcard", "*.example.org", "example.net"),
        "exact": authority.issue("exact", "shop.example.org"),
    }


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, certificates):
    backend = shared_recorder()
    listener = tls_listener(*certificates.values())
    return start_shared_proxy(site([listener], {"app": cluster(backend)}))


def shown(proxy, server_name):
    with proxy.connect(context=trusting_nobody(), server_name=server_name) as client:
        return client.tls.getpeercert(binary_form=True)


@pytest.mark.parametrize(
    ("server_name", "label"),
    [
        ("first.example.com", "first"),
        ("shop.example.org", "exact"),  # the exact name before the wildcard that comes earlier
        ("SHOP.Example.ORG", "exact"),
        ("other.example.org", "wildcard"),
        ("example.net", "wildcard"),  # the second name of a certificate
        ("example.org", "first"),  # a wildcard stands for one label (RFC 9525 §6.3) …
        ("a.b.example.org", "first"),  # … and for one only
        ("nobody.example.com", "first"),
        (None, "first"),
    ],
)
def test_the_certificate_of_a_name(proxy, certificates, server_name, label):
    """The exact name, then the wildcard, then the first certificate as the default."""
    assert shown(proxy, server_name) == certificates[label].der


def test_each_name_is_served(proxy):
    for name in ("first.example.com", "shop.example.org", "other.example.org"):
        assert proxy.ask(request("/" + name, host=name), server_name=name).status == 200
        assert proxy.exchange(path="/" + name)["server_name"] == name


@pytest.fixture
def strict(start_proxy, recorder, certificates):
    listener = tls_listener(*certificates.values(), unknown_server_name="refuse")
    return start_proxy(site([listener], {"app": cluster(recorder())}))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_unknown_name_is_refused_if_so_configured(strict, version):
    """unrecognized_name, fatal (RFC 6066 §3), and told in the log."""
    context = trusting_nobody()
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"):
        strict.connect(context=context, server_name="nobody.example.com")
    failed = strict.failed_handshake(reason="unknown_server_name")
    assert failed["server_name"] == "nobody.example.com"


def test_a_known_name_is_served_where_others_are_refused(strict, certificates):
    assert shown(strict, "other.example.org") == certificates["wildcard"].der


@pytest.fixture(scope="module")
def both_kinds(authority):
    name = "both.example.com"
    return {
        "rsa": authority.issue("both-rsa", name, kind="rsa"),
        "ecdsa": authority.issue("both-ecdsa", name, kind="ecdsa"),
    }


@pytest.mark.parametrize("order", [("rsa", "ecdsa"), ("ecdsa", "rsa")], ids="-".join)
@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "RSA-PSS|RSA"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "ECDSA"),
        (["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"], "RSA-PSS"),
        (["-tls1_3", "-sigalgs", "ecdsa_secp256r1_sha256"], "ECDSA"),
    ],
    ids=["1.2-rsa", "1.2-ecdsa", "1.3-rsa", "1.3-ecdsa"],
)
def test_the_kind_that_the_client_can_verify(
    start_proxy, recorder, both_kinds, order, flags, kind
):
    """ECDSA and RSA for one name: the client's algorithms choose (RFC 8446 §4.4.2.2)."""
    listener = tls_listener(*(both_kinds[one] for one in order))
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    report = clients.s_client(proxy, *flags, name="both.example.com")
    signed = [line for line in report.splitlines() if line.startswith("Peer signature type:")]
    assert signed and signed[0].split(": ")[1] in kind.split("|"), report
    assert "HTTP/1.1 200" in report
