"""No ticket opens a door that a full handshake would not open (RFC 8446 §4.6.1, RFC 6066 §3)."""

import base64
import os
import ssl

import pytest

from support.client_authority import ClientAuthority
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import request

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
POLICIES = {
    "narrow": {"based_on": "intermediate-2026-04", "cipher_suites": [
        "TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
    "twin-of-narrow": {"based_on": "narrow"},
    "ticketless": {"based_on": "intermediate-2026-04", "tickets": False},
}  # fmt: skip


def host(label):
    return f"{label}.example.com"


@pytest.fixture(scope="module")
def staff(tmp_path_factory):
    return ClientAuthority(tmp_path_factory.mktemp("staff"), "Staff CA")


@pytest.fixture(scope="module")
def certificates(authority):
    labels = "plain twin narrow copy modern ticketless may must".split()
    return [
        authority.issue("matrix", *map(host, labels)),
        authority.issue("matrix-other", host("other"), kind="rsa"),
    ]


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "ticket-keys"
    path.touch(mode=0o600)
    path.write_text(new_key())
    return path


def new_key():
    return base64.b64encode(os.urandom(32)).decode() + "\n"


@pytest.fixture
def backend(recorder):
    return recorder()


@pytest.fixture
def start(start_proxy, backend, certificates, staff, keys):
    """A function that starts a replica: the same keys, and names that differ in every respect."""

    def one(names=(), **tls):
        clients = {"ca": str(staff.root)}
        rules = {
            host("narrow"): {"policy": "narrow"},
            host("copy"): {"policy": "twin-of-narrow"},
            host("modern"): {"policy": "modern"},
            host("ticketless"): {"policy": "ticketless"},
            host("may"): {"client_certificates": {"mode": "optional", **clients}},
            host("must"): {"client_certificates": {"mode": "required", **clients}},
            **dict(names),
        }
        listener = tls_listener(
            *certificates, names=rules, ticket_keys={"file": str(keys)}, **tls
        )
        return start_proxy(site([listener], {"app": cluster(backend)}, policies=POLICIES))

    return one


LABELS = "plain twin narrow copy modern ticketless other may must".split()
# Where a full handshake with a context without a certificate comes through, and gives a ticket.
GIVES = "plain twin narrow copy modern other".split()


class Visitor:
    """A client that has no certificate and keeps its tickets."""

    def __init__(self, authority):
        self.context = trusting(authority)

    def visit(self, proxy, label, version, session=None):
        """A request on a new connection: whether it was resumed, and the session for next time."""
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.maximum_version = version
        self.context.minimum_version = version
        with proxy.connect(
            context=self.context, server_name=host(label), session=session
        ) as client:
            assert client.ask(request(host=host(label))).status == 200
            return client.tls.session_reused, client.tls.session


def offers(label, version):
    return not (label == "modern" and version == ssl.TLSVersion.TLSv1_2)


def tickets_of(visitor, proxy):
    """A session from each name that gives one, in each version."""
    return {
        (label, version): visitor.visit(proxy, label, version)[1]
        for label in GIVES
        for version in VERSIONS
        if offers(label, version)
    }


def try_all(visitor, proxy, tickets, label, version):
    """Offers the tickets of every name to one: those that were taken."""
    taken = []
    for source, session in tickets.items():
        if label == "must":
            with pytest.raises(ssl.SSLError):
                visitor.visit(proxy, label, version, session)
        elif visitor.visit(proxy, label, version, session)[0]:
            taken.append(source)
    return taken


def test_every_ticket_at_every_name(start, authority):
    """It is good for its own name and version; elsewhere a full handshake follows, or a refusal."""
    proxy = start()
    visitor = Visitor(authority)
    tickets = tickets_of(visitor, proxy)
    for version in VERSIONS:
        for label in LABELS:
            if not offers(label, version):
                continue
            taken = try_all(visitor, proxy, tickets, label, version)
            assert taken == ([(label, version)] if label in GIVES else []), (label, version)


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("label", ["plain", "other"])
def test_a_connection_sent_again(start, backend, authority, version, label):
    """All bytes of a resumed connection, by somebody without its keys, with its name or another:
    no request comes of them."""
    proxy = start()
    visitor = Visitor(authority)
    _, session = visitor.visit(proxy, "plain", version)
    with proxy.connect(
        context=visitor.context, server_name=host("plain"), session=session, handshake=False
    ) as client:
        flights = []
        send_wire = client.send_wire
        client.send_wire = lambda wire: (flights.append(wire), send_wire(wire))
        client.handshake()
        assert client.ask(request(host=host("plain"))).status == 200
        assert client.tls.session_reused
    before = len(backend.requests)
    assert host("plain").encode() in flights[0]
    flights[0] = flights[0].replace(host("plain").encode(), host(label).encode())
    with proxy.connect_plain() as thief:
        thief.send(b"".join(flights))
        thief.finish()
        thief.wire_end()
    visitor.visit(proxy, "plain", version)  # whatever comes of it would have come before
    assert len(backend.requests) == before + 1


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_no_ticket_where_certificates_are_asked_for(start, authority, staff, version):
    """Not even for a client that has shown one: it would stand for the certificate."""
    proxy = start()
    alice = staff.client("alice")
    visitor = Visitor(authority)
    visitor.context.load_cert_chain(alice.chain, alice.key)
    for label in ("may", "must", "ticketless"):
        _, session = visitor.visit(proxy, label, version)
        assert not (session and session.has_ticket), label
        assert visitor.visit(proxy, label, version, session)[0] is False


def test_across_a_restart(start, authority):
    """The same file, another process: what was good stays so, what was not does not become it."""
    first = start()
    visitor = Visitor(authority)
    tickets = tickets_of(visitor, first)
    first.stop()
    second = start()
    for (label, version), session in tickets.items():
        assert visitor.visit(second, label, version, session)[0] is True
        other = "twin" if label == "plain" else "plain"
        assert visitor.visit(second, other, version, session)[0] is False


def test_terms_that_have_changed_since(start, authority, staff):
    """What a name demands now counts, not what it did when the ticket was made."""
    visitor = Visitor(authority)
    tickets = tickets_of(visitor, start())
    rule = {"mode": "required", "ca": str(staff.root)}
    changed = start(
        names={
            host("plain"): {"client_certificates": rule},
            host("twin"): {"policy": "narrow"},
            host("narrow"): {"policy": "twin-of-narrow"},
            host("copy"): {"policy": "ticketless"},
        }
    )
    for version in VERSIONS:
        with pytest.raises(ssl.SSLError):
            visitor.visit(changed, "plain", version, tickets["plain", version])
        for label in ("twin", "narrow", "copy"):
            assert visitor.visit(changed, label, version, tickets[label, version])[0] is False
        assert visitor.visit(changed, "other", version, tickets["other", version])[0] is True


# --- the file of keys


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_new_keys_without_a_restart(start, authority, keys, version):
    """The first key seals, the others open; the file is read again when it changes."""
    proxy = start()
    visitor = Visitor(authority)
    old_key = keys.read_text()
    _, old = visitor.visit(proxy, "plain", version)
    replace(proxy, keys, new_key() + old_key)
    resumed, _ = visitor.visit(proxy, "plain", version, old)
    assert resumed
    _, fresh = visitor.visit(proxy, "plain", version)
    replace(proxy, keys, keys.read_text().splitlines()[0] + "\n")
    assert visitor.visit(proxy, "plain", version, old)[0] is False
    assert visitor.visit(proxy, "plain", version, fresh)[0] is True


def replace(proxy, keys, content):
    """As an orchestrator does it: a new file in the place of the old one."""
    before = len(proxy.errors(event="ticket_keys_read"))
    new = keys.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(content)
    new.rename(keys)
    until(lambda: len(proxy.errors(event="ticket_keys_read")) > before, "the new keys are read")


def test_a_file_that_everybody_can_read(start, keys):
    """It works, since orchestrators mount it so; but it is told."""
    keys.chmod(0o644)
    assert b"can be read or written by everybody" in start().process.stderr


def test_a_bad_file_keeps_the_keys_of_before(start, authority, keys):
    proxy = start()
    visitor = Visitor(authority)
    _, session = visitor.visit(proxy, "plain", VERSIONS[1])
    secret = new_key()
    keys.write_text("# oops\n" + secret[:40] + "\n")
    (warning,) = until(lambda: proxy.errors(event="ticket_keys_kept"), "the bad file is told")
    assert "line 2" in warning["message"] and secret[:40] not in warning["message"]
    assert visitor.visit(proxy, "plain", VERSIONS[1], session)[0] is True
    replace(proxy, keys, new_key())
    assert visitor.visit(proxy, "plain", VERSIONS[1], session)[0] is False
