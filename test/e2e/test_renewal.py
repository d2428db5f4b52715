"""Certificates that renew by themselves: seen within seconds, checked first, and nobody notices."""

import hashlib
import shutil
import ssl
import threading

import pytest

from support import logs
from support.certificates import Certificate, openssl
from support.client_authority import ClientAuthority
from support.configuration import cluster, site, tls_listener
from support.connection import trusting
from support.deadline import until
from support.messages import HOST, request
from support.renewing import Linked, Renamed, Swapped, shown

OTHER = "other.example.com"
WAYS = [Renamed, Linked, Swapped]


@pytest.fixture(scope="module")
def pairs(authority):
    """The same names, renewed: of both kinds of keys."""
    kinds = ["ecdsa", "rsa", "ecdsa", "ecdsa"]
    return [authority.issue(f"renewed{i}", HOST, kind=kind) for i, kind in enumerate(kinds)]


@pytest.fixture(scope="module")
def ders(pairs):
    return [pair.der for pair in pairs]


@pytest.fixture
def backend(shared_recorder):
    return shared_recorder()


@pytest.fixture
def start(start_proxy, backend):
    def starts(*certificates, **tls):
        sections = {key: tls.pop(key) for key in ("workers",) if key in tls}
        clusters = {"app": cluster(backend)}
        return start_proxy(site([tls_listener(*certificates, **tls)], clusters, **sections))

    return starts


def until_shown(proxy, der, name=None):
    until(lambda: shown(proxy, name) == der, "the new certificate is shown")


def fingerprint(der):
    return hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("way", WAYS)
def test_a_renewed_certificate_is_shown(start, pairs, ders, tmp_path, way):
    """By a rename, by other links, and by the one link of a folder of secrets; RSA for ECDSA, too."""
    files = way(tmp_path / "live", pairs[0])
    proxy = start(files.files)
    with proxy.connect() as early:
        for number in (1, 2):
            files.put(pairs[number])
            until_shown(proxy, ders[number])
        assert early.ask(request()).status == 200  # that was opened with the first one
        assert early.ask(request()).status == 200
    told = [line["fingerprint"] for line in proxy.errors(event="certificate_renewed")]
    assert told == [fingerprint(ders[1]), fingerprint(ders[2])]
    assert not proxy.errors(event="certificate_kept")


def test_one_of_many_is_renewed_alone(start, pairs, ders, authority, tmp_path):
    """The tickets of other names go on; the listener's other certificates are the same objects."""
    files = Renamed(tmp_path / "live", pairs[0])
    other = authority.issue("other", OTHER)
    proxy = start(files.files, other)
    context = trusting(proxy.authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the ticket is there with the handshake
    with proxy.connect(context=context, server_name=OTHER) as client:
        session = client.tls.session
    files.put(pairs[1])
    until_shown(proxy, ders[1])
    assert shown(proxy, OTHER) == other.der
    with proxy.connect(context=context, server_name=OTHER, session=session) as client:
        assert client.tls.session_reused


def break_key(files, pairs):
    shutil.copyfile(pairs[3].key, files.key)


def break_chain(files, pairs):
    text = files.chain.read_text()
    files.chain.write_text(text[: len(text) // 2])


def remove_chain(files, pairs):
    files.chain.unlink()


@pytest.mark.parametrize(
    ("do_break", "words"),
    [
        (break_key, "the key does not belong to the certificate"),
        (break_chain, "no PEM certificate"),
        (remove_chain, "No such file"),
    ],
)
def test_what_can_not_be_used_is_told_once(start, pairs, ders, tmp_path, do_break, words):
    """With the reason and until when the one of before is valid; then a good one is taken."""
    files = Renamed(tmp_path / "live", pairs[0])
    proxy = start(files.files)
    do_break(files.files, pairs)
    (kept,) = until(lambda: proxy.errors(event="certificate_kept"), "it is told")
    assert words in kept["why"]
    assert kept["chain"] == str(files.files.chain)
    assert kept["valid_until"] == not_after(pairs[0])
    assert shown(proxy) == ders[0]
    files.put(pairs[1])
    until_shown(proxy, ders[1])
    assert len(proxy.errors(event="certificate_kept")) == 1


def not_after(certificate):
    """As the log has it."""
    text = openssl("x509", "-in", certificate.chain, "-noout", "-enddate", "-dateopt", "iso_8601")
    return text.decode().strip().removeprefix("notAfter=").replace(" ", "T")


def test_the_old_files_again(start, pairs, ders, tmp_path):
    """After a failure that was told, it is told that all is well."""
    files = Renamed(tmp_path / "live", pairs[0])
    proxy = start(files.files)
    break_key(files.files, pairs)
    until(lambda: proxy.errors(event="certificate_kept"), "it is told")
    files.put(pairs[0])
    until(lambda: proxy.errors(event="certificate_restored"), "it is told")
    assert not proxy.errors(event="certificate_renewed")
    assert shown(proxy) == ders[0]


def test_an_expired_one_is_not_taken(start, pairs, ders, authority, tmp_path):
    files = Renamed(tmp_path / "live", pairs[0])
    proxy = start(files.files)
    files.put(authority.expired("expired", HOST))
    (kept,) = until(lambda: proxy.errors(event="certificate_kept"), "it is told")
    assert "expired" in kept["why"]
    assert shown(proxy) == ders[0]


def test_a_chain_out_of_order_is_not_taken(start, pairs, ders, authority, tmp_path):
    """It would be taken at the start, with a warning; but here there is a better one."""
    files = Renamed(tmp_path / "live", pairs[0])
    proxy = start(files.files)
    stranger = authority.intermediate("stranger")
    mixed = tmp_path / "mixed.pem"
    mixed.write_bytes(pairs[1].chain.read_bytes() + stranger.chain.read_bytes())
    files.put(Certificate(mixed, pairs[1].key))
    (kept,) = until(lambda: proxy.errors(event="certificate_kept"), "it is told")
    assert "not the issuer" in kept["why"]
    assert shown(proxy) == ders[0]


def test_one_that_its_policy_can_not_serve(start_proxy, backend, pairs, ders, tmp_path):
    """With an RSA key the listener would not have started, so it is not taken."""
    files = Renamed(tmp_path / "live", pairs[0])
    policy = {
        "based_on": "intermediate",
        "signature_algorithms": ["ecdsa_secp256r1_sha256"],
        "cipher_suites": [
            "TLS_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ],
    }
    listener = tls_listener(files.files, policy="only-ecdsa")
    proxy = start_proxy(
        site([listener], {"app": cluster(backend)}, policies={"only-ecdsa": policy})
    )
    files.put(pairs[1])
    (kept,) = until(lambda: proxy.errors(event="certificate_kept"), "it is told")
    assert "the certificate is RSA" in kept["why"]
    assert shown(proxy) == ders[0]
    files.put(pairs[2])
    until_shown(proxy, ders[2])


def test_a_new_name_is_served(start, pairs, authority, tmp_path):
    """In handshakes, and for requests on connections that another certificate was shown for."""
    files = Renamed(tmp_path / "live", pairs[0])
    second = authority.issue("second", OTHER)
    proxy = start(files.files, second, unknown_server_name="refuse")
    wider = authority.issue("wider", HOST, "new.example.com")
    with proxy.connect(server_name=OTHER) as early:
        assert early.ask(request(host="new.example.com")).status == 421
        with pytest.raises(ssl.SSLError):
            proxy.connect(server_name="new.example.com")
        files.put(wider)
        until(lambda: proxy.errors(event="certificate_renewed"), "it is taken")
        assert shown(proxy, "new.example.com") == wider.der
        assert early.ask(request(host="new.example.com")).status == 421  # not by this certificate
    with proxy.connect(server_name="new.example.com") as client:
        assert client.ask(request(host=HOST)).status == 200


def test_revocation_lists_are_read_again(start, pairs, tmp_path):
    """Who is on the new one gets in no more, and a connection of before ends with its next answer."""
    staff = ClientAuthority(tmp_path, "Staff CA")
    person = staff.client("person")
    crl = staff.crl("staff")
    proxy = start(
        pairs[0],
        client_certificates={"mode": "required", "ca": str(staff.root), "crl": str(crl)},
    )
    with proxy.connect(context=showing(proxy, person)) as early:
        assert early.ask(request()).status == 200
        staff.crl("staff", person)
        until(lambda: proxy.errors(event="client_ca_renewed"), "the new list is read")
        answer = early.ask(request())
        assert answer.status == 200
        assert answer.closes
    until(lambda: refused(proxy, person), "the client is refused")


def showing(proxy, person):
    context = trusting(proxy.authority)
    context.load_cert_chain(person.chain, person.key)
    return context


def refused(proxy, person):
    try:
        with proxy.connect(context=showing(proxy, person)) as client:
            client.ask(request())
    except (ssl.SSLError, ConnectionError):
        return True
    return False


@pytest.mark.parametrize("days", [20, 1])
def test_expiry_is_told_at_the_start(start, authority, tmp_path, days):
    soon = with_days(authority, tmp_path, days)
    proxy = start(soon)
    (told,) = until(lambda: expiries(proxy), "it is told")
    assert days - 1 <= told["days_left"] <= days
    assert told["chain"] == str(soon.chain)
    assert told["names"] == HOST


def test_expiry_warnings_have_a_key(start, authority, tmp_path):
    proxy = start(with_days(authority, tmp_path, 20), expiry_warning="10d")
    assert proxy.ask(request()).status == 200
    assert not expiries(proxy)


def expiries(proxy):
    """Beside the words of the check before the start, which are no lines of the log."""
    own = b"".join(
        line for line in proxy.process.stderr.splitlines(keepends=True) if line.startswith(b"{")
    )
    return logs.events(own, "certificate_expires")


def with_days(authority, folder, days):
    made = Certificate(folder / "soon.pem", folder / "soon.key")
    openssl(
        "req", "-x509", "-nodes", "-days", str(days), "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-subj", "/CN=soon", "-addext", f"subjectAltName=DNS:{HOST}",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", authority.root, "-CAkey", authority.key, "-keyout", made.key, "-out", made.chain,
    )  # fmt: skip
    return made


class Load(threading.Thread):
    """Handshakes for each name in turn, each with a request, until it is told to stop."""

    def __init__(self, proxy, names):
        super().__init__()
        self.proxy = proxy
        self.names = names
        self.is_over = threading.Event()
        self.done = 0
        self.failures = []
        self.start()

    def run(self):
        contexts = {name: trusting(self.proxy.authority) for name in self.names}
        sessions = {}
        while not self.is_over.is_set():
            name = self.names[self.done % len(self.names)]
            options = {"context": contexts[name], "session": sessions.pop(name, None)}
            try:
                with self.proxy.connect(server_name=name, **options) as client:
                    assert client.ask(request(host=name)).status == 200
                    # Each second one tries to resume, perhaps with a certificate that is gone.
                    if not options["session"]:
                        sessions[name] = client.tls.session
            except Exception as failure:  # noqa: BLE001: all of them are told
                self.failures.append(repr(failure))
            self.done += 1

    def stop(self):
        self.is_over.set()
        self.join()


def test_fifty_swaps_under_load(start, authority, pairs, variant, tmp_path):
    """By rename and by links, with broken files in between: no handshake fails."""
    names = [f"swapped{number}.example.com" for number in range(5)]
    own = [[authority.issue(f"swap{turn}-{name}", name) for turn in (0, 1)] for name in names]
    ders = [[pair.der for pair in both] for both in own]
    ways = [
        WAYS[number % len(WAYS)](tmp_path / f"live{number}", both[0])
        for number, both in enumerate(own)
    ]
    proxy = start(*[way.files for way in ways], workers=2)
    load = Load(proxy, names)
    for turn in range(10 if variant.name == "release" else 3):
        for number, way in enumerate(ways):
            if turn % 3 == 1 and not isinstance(way, Swapped):
                break_chain(way.files, pairs)
            way.put(own[number][1 - turn % 2])
        for number, name in enumerate(names):
            until_shown(proxy, ders[number][1 - turn % 2], name)
    load.stop()
    assert not load.failures
    assert load.done > 20
    assert not proxy.failed_handshakes()
