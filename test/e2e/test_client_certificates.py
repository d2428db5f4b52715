"""Certificates that clients show: who is let in, what the backend is told, what the log says."""

import base64
import hashlib
import re
import ssl

import pytest

from support import clients, logs
from support.client_authority import ClientAuthority
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import request

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
OPEN, MAY, MUST = "open.example.com", "may.example.com", "must.example.com"


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def staff(tmp_path_factory):
    """The authority whose clients are let in."""
    return ClientAuthority(tmp_path_factory.mktemp("staff"), "Staff CA")


@pytest.fixture(scope="module")
def known(staff):
    return staff.client(
        "alice", "DNS:alice.example", "email:alice@example.com", "IP:192.0.2.1",
        subject="/O=Example, Inc./CN=Alice",
    )  # fmt: skip


@pytest.fixture(scope="module")
def revoked(staff):
    return staff.client("mallory")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return ClientAuthority(tmp_path_factory.mktemp("strangers"), "Strangers").client("bob")


@pytest.fixture(scope="module")
def backend(shared_recorder):
    return shared_recorder()


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, authority, staff, revoked, backend):
    """Names without, with optional and with required certificates; one certificate for all."""
    rule = {"ca": str(staff.root), "crl": str(staff.crl("staff", revoked))}
    listener = tls_listener(
        authority.issue("three", OPEN, MAY, MUST),
        names={
            MAY: {"client_certificates": {"mode": "optional", **rule}},
            MUST: {"client_certificates": {"mode": "required", **rule}},
        },
    )
    return start_shared_proxy(site([listener], {"app": cluster(backend)}))


def context_of(proxy, version, certificate=None):
    context = trusting(proxy.authority, VERSIONS[version], VERSIONS[version])
    if certificate:
        context.load_cert_chain(certificate.chain, certificate.key)
    return context


def ask(proxy, version, name, certificate=None, path="/", fields=()):
    """The answer to a request on a connection of its own."""
    context = context_of(proxy, version, certificate)
    with proxy.connect(context=context, server_name=name) as client:
        return client.ask(request(path, *fields, host=name))


def refusal(proxy, version, name, certificate=None):
    """The alert by which the connection ends, which TLS 1.3 shows only after the handshake."""
    with pytest.raises(ssl.SSLError) as caught:
        ask(proxy, version, name, certificate)
    return caught.value.reason


def told(backend, path):
    """The fields of the one request for this path that the backend got."""
    (asked,) = [one for one in backend.requests if one.target == path]
    return asked


def proofs(asked):
    return {
        name: value for name, value in asked.fields if "client-cert" in name.lower()
    }


def test_what_the_backend_is_told(proxy, variant, version, known, backend):
    """RFC 9440 §2.2, and plain fields beside it."""
    path = f"/known-{version}-{variant.name}"
    assert ask(proxy, version, MUST, known, path).status == 200
    der = known.der
    assert proofs(told(backend, path)) == {
        "X-Client-Cert-Verify": "SUCCESS",
        "Client-Cert": f":{base64.b64encode(der).decode()}:",
        "X-Client-Cert-Subject": "CN=Alice,O=Example\\, Inc.",
        "X-Client-Cert-San": "DNS:alice.example,email:alice@example.com,IP:192.0.2.1",
        "X-Client-Cert-Fingerprint": hashlib.sha256(der).hexdigest(),
    }
    line = proxy.exchange(path=path)
    assert line["client_cert"] == hashlib.sha256(der).hexdigest()
    assert line["client_subject"] == "CN=Alice,O=Example\\, Inc."


FORGED = [
    ("Client-Cert", ":Zm9yZ2Vk:"),
    ("X-Client-Cert-Verify", "SUCCESS"),
    ("X_Client_Cert_Subject", "CN=Alice"),
    ("X-Client-Cert-Fingerprint", "00"),
]


@pytest.mark.parametrize(("name", "fields"), [(OPEN, {}), (MAY, {"X-Client-Cert-Verify": "NONE"})])
def test_nobody_can_forge_it(proxy, variant, version, backend, name, fields):
    path = f"/forged-{name}-{version}-{variant.name}"
    assert ask(proxy, version, name, path=path, fields=FORGED).status == 200
    assert proofs(told(backend, path)) == fields
    assert "client_cert" not in proxy.exchange(path=path)


def test_an_optional_certificate_is_verified(proxy, variant, version, known, stranger, backend):
    """Without one all is well; a bad one is worse than none."""
    path = f"/optional-{version}-{variant.name}"
    assert ask(proxy, version, MAY, known, path).status == 200
    assert told(backend, path).value("X-Client-Cert-Verify") == "SUCCESS"
    assert "UNKNOWN_CA" in refusal(proxy, version, MAY, stranger)
    failed = proxy.failed_handshake(server_name=MAY, reason="client_certificate_refused")
    assert "the client's certificate (CN=bob) was not accepted: no CA" in failed["explanation"]


def test_none_where_one_is_required(proxy, version):
    """certificate_required in TLS 1.3, handshake_failure in 1.2 (RFC 8446 §4.4.2.4)."""
    alert = "CERTIFICATE_REQUIRED" if version == "1.3" else "HANDSHAKE_FAILURE"
    assert alert in refusal(proxy, version, MUST)
    failed = proxy.failed_handshake(server_name=MUST, reason="client_certificate_missing")
    assert "demands" in failed["explanation"]


def test_a_revoked_one(proxy, version, revoked):
    assert "CERTIFICATE_REVOKED" in refusal(proxy, version, MUST, revoked)
    failed = proxy.failed_handshake(server_name=MUST, reason="client_certificate_refused")
    assert "CN=mallory" in failed["explanation"] or "CN=" in failed["explanation"]


def test_an_unknown_one(proxy, version, stranger):
    assert "UNKNOWN_CA" in refusal(proxy, version, MUST, stranger)


def test_one_for_servers_only(proxy, version, staff):
    server = staff.client(f"server-{version}", usage="serverAuth")
    assert "UNSUPPORTED_CERTIFICATE" in refusal(proxy, version, MUST, server)


@pytest.mark.parametrize("kind", ["ec:P-256", "ec:P-384", "rsa:2048"])
def test_kinds_of_keys(proxy, version, staff, kind):
    """What is decided for our own certificate does not bind the client's."""
    certificate = staff.client(f"kind-{kind.replace(':', '-')}", kind=kind)
    assert ask(proxy, version, MUST, certificate).status == 200


def test_curl_and_s_client(proxy, known):
    """Real clients, too, and an OpenSSL that says which names of CAs it was told in TLS 1.2."""
    flags = ["--cert", known.chain, "--key", known.key]
    assert clients.curl_status(proxy, "/", *flags, name=MUST) == 200
    report = clients.s_client(proxy, "-tls1_2", "-cert", known.chain, "-key", known.key, name=MUST)
    assert "HTTP/1.1 200" in report
    assert re.search(r"Acceptable client certificate CA names\n.*Staff CA", report), report


# --- paths, lists and sizes: a listener for each rule


@pytest.fixture
def guarded(start_proxy, recorder, certificate, staff):
    """A function that starts a proxy with a rule; its backend is `.backend`."""

    def start(**rule):
        backend = recorder()
        rule = {"mode": "required", "ca": str(staff.root), **rule}
        proxy = start_proxy(
            site([tls_listener(certificate, client_certificates=rule)], {"app": cluster(backend)})
        )
        proxy.backend = backend
        return proxy

    return start


def status(proxy, certificate, path="/"):
    context = context_of(proxy, "1.3", certificate)
    with proxy.connect(context=context) as client:
        return client.ask(request(path)).status


def test_depth_and_the_chain_that_is_handed_on(guarded, staff):
    """RFC 9440 §2.3: what stands between the client's certificate and the anchor, in order."""
    middle = staff.intermediate("middle")
    deep = staff.client("deep", issuer=middle)
    proxy = guarded(depth=1)
    assert status(proxy, deep) == 200
    (asked,) = proxy.backend.requests
    assert asked.value("Client-Cert-Chain") == f":{base64.b64encode(middle.der).decode()}:"
    shallow = guarded(depth=0)
    with pytest.raises(ssl.SSLError, match="(?i)unknown.ca"):
        status(shallow, deep)
    assert "depth" in shallow.failed_handshake()["explanation"]
    assert status(shallow, staff.client("direct")) == 200


def test_every_issuer_needs_a_list(guarded, staff):
    """Fail closed: without the intermediate's list nothing says that it was not revoked."""
    middle = staff.intermediate("listless")
    proxy = guarded(crl=str(staff.crl("root-only")), depth=1)
    with pytest.raises(ssl.SSLError, match="(?i)certificate.unknown"):
        status(proxy, staff.client("unlisted", issuer=middle))
    assert "no revocation list" in proxy.failed_handshake()["explanation"]


def test_an_expired_list(guarded, staff, known):
    """Fail closed; and `check` has warned of it."""
    proxy = guarded(crl=str(staff.crl("old", until="20240201000000Z")))
    with pytest.raises(ssl.SSLError, match="(?i)certificate.unknown"):
        status(proxy, known)
    (failed,) = until(
        lambda: logs.events(proxy.process.stdout, logs.HANDSHAKE_FAILED), "it is told"
    )
    assert "has expired" in failed["explanation"]
    assert b"revocation list 1 (of CN=Staff CA) expired on 2024-02-01" in proxy.process.stderr


def test_a_chain_that_does_not_fit_the_fields(guarded, staff):
    """fields_size: the chain is left out, and then the certificate itself refused."""
    middle = staff.intermediate("wide")
    certificate = staff.client("wide-leaf", issuer=middle)
    proxy = guarded(fields_size="1KiB")
    assert status(proxy, certificate) == 200
    (asked,) = proxy.backend.requests
    assert asked.value("Client-Cert-Chain") is None
    assert asked.value("Client-Cert")
    assert proxy.exchange(path="/")["client_chain_left_out"] is True
    huge = staff.client("huge", *(f"DNS:host{i}.example.com" for i in range(60)))
    with pytest.raises(ssl.SSLError, match="(?i)bad.certificate"):
        status(proxy, huge)
    assert "fields_size" in proxy.failed_handshake()["explanation"]


def test_a_client_that_sends_too_much(guarded, staff, tmp_path):
    """chain_size: nothing of it is verified."""
    certificate = staff.client("chatty")
    long = tmp_path / "long.pem"
    long.write_bytes(certificate.chain.read_bytes() + 20 * staff.root.read_bytes())
    proxy = guarded(chain_size="4KiB")
    with pytest.raises(ssl.SSLError):
        status(proxy, type(certificate)(long, certificate.key))
    assert "chain_size" in proxy.failed_handshake()["explanation"]
    assert status(proxy, certificate) == 200
