"""421: which hosts one connection may be used for (RFC 9110 §7.4, §15.5.20)."""

import pytest

from support.client_authority import ClientAuthority
from support.configuration import cluster, site, tls_listener
from support.connection import trusting_nobody
from support.messages import request

SHOP, WWW, ADMIN, STRICT, OTHER = (
    f"{label}.example.com" for label in ("shop", "www", "admin", "strict", "other")
)


@pytest.fixture(scope="module")
def staff(tmp_path_factory):
    return ClientAuthority(tmp_path_factory.mktemp("staff"), "Staff CA")


@pytest.fixture(scope="module")
def whole(authority, staff):
    """One certificate for four names, two of which have terms of their own; another for one."""
    return [
        tls_listener(
            authority.issue("several", SHOP, WWW, ADMIN, STRICT),
            authority.issue("other", OTHER),
            names={
                ADMIN: {"client_certificates": {"mode": "required", "ca": str(staff.root)}},
                STRICT: {"policy": "modern"},
                WWW: {"policy": "intermediate-2026-04"},  # what the others have
            },
        )
    ]


@pytest.fixture(scope="module")
def proxy(start_shared_proxy, shared_recorder, whole):
    return start_shared_proxy(site(whole, {"app": cluster(shared_recorder())}))


def statuses(proxy, server_name, *hosts, certificate=None):
    """What requests for these hosts get, one after the other on one connection."""
    context = trusting_nobody()
    if certificate:
        context.load_cert_chain(certificate.chain, certificate.key)
    with proxy.connect(context=context, server_name=server_name) as client:
        return [client.ask(request(host=host)).status for host in hosts]


def test_ordinary_coalescing_works(proxy):
    """The same terms and a certificate for both: the client may do so."""
    assert statuses(proxy, SHOP, SHOP, WWW, WWW.upper() + ".", SHOP + ":443") == [200] * 4


def test_another_policy(proxy):
    """In both directions: neither is served under the other's policy."""
    assert statuses(proxy, SHOP, STRICT, SHOP) == [421, 200]
    assert statuses(proxy, STRICT, SHOP, STRICT) == [421, 200]


def test_a_host_that_demands_a_certificate(proxy, staff):
    """Not without, whatever name the connection was opened for; and not with one the other way."""
    assert statuses(proxy, SHOP, ADMIN) == [421]
    assert statuses(proxy, None, ADMIN, STRICT) == [421, 421]
    assert statuses(proxy, "nobody.example.com", ADMIN) == [421]
    alice = staff.client("alice")
    assert statuses(proxy, ADMIN, ADMIN, SHOP, certificate=alice) == [200, 421]


def test_another_certificate(proxy):
    """What the connection's certificate does not cover, while another one here does."""
    assert statuses(proxy, SHOP, OTHER, SHOP) == [421, 200]
    assert statuses(proxy, OTHER, SHOP, OTHER) == [421, 200]
    # A client that names nobody takes what it gets, and one's unknown names are its own affair.
    assert statuses(proxy, None, OTHER, SHOP) == [200, 200]
    assert statuses(proxy, SHOP, "nobody.example.com", "127.0.0.1", "[::1]") == [200] * 3


def test_wildcards(start_proxy, recorder, authority):
    """What the connection's certificate covers, under the terms of the most specific name."""
    old, one, two = OTHER, "one.example.com", "two.example.com"
    listener = tls_listener(
        authority.issue("wild", "*.example.com"),
        authority.issue("exact", SHOP, kind="rsa"),
        names={"*.example.com": {"policy": "modern"}, old: {"policy": "intermediate"}},
    )
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    # Under the wildcard's terms, and its certificate is for the shop, too.
    assert statuses(proxy, one, one, two, SHOP, old) == [200, 200, 200, 421]
    # Not the other way: the shop's own certificate is for nobody else.
    assert statuses(proxy, SHOP, SHOP, one, old) == [200, 421, 421]
    # The listener's terms are weaker than the wildcard's, with or without a name.
    assert statuses(proxy, old, old, one, SHOP) == [200, 421, 421]
    assert statuses(proxy, None, old, one, SHOP) == [200, 421, 421]
    # A wildcard is for one label.
    assert statuses(proxy, None, f"below.{one}") == [200]


def test_the_reason_is_told(proxy):
    assert statuses(proxy, SHOP, STRICT) == [421]
    line = proxy.exchange(status=421)
    assert line["reason"] == "misdirected_request"


def test_resumed_connections_too(proxy):
    """After a resumption no certificate was shown; the name's own counts."""
    context = trusting_nobody()
    with proxy.connect(context=context, server_name=SHOP) as client:
        assert client.ask(request(host=SHOP)).status == 200
        session = client.tls.session
    with proxy.connect(context=context, server_name=SHOP, session=session) as client:
        found = [client.ask(request(host=host)).status for host in (WWW, OTHER, STRICT, ADMIN)]
        assert client.tls.session_reused
    assert found == [200, 421, 421, 421]


def test_unknown_hosts_where_unknown_names_are_refused(start_proxy, recorder, whole):
    """unknown_server_name: refuse holds for the Host of a request as well."""
    listener = {**whole[0], "tls": {**whole[0]["tls"], "unknown_server_name": "refuse"}}
    proxy = start_proxy(site([listener], {"app": cluster(recorder())}))
    assert statuses(proxy, SHOP, "nobody.example.com", "127.0.0.1", SHOP, WWW) == [
        421, 421, 200, 200,
    ]  # fmt: skip
