"""HTTP-01 challenges of ACME: the answer comes from a folder or a cluster, and nothing else does."""

import os
import shutil
import ssl

import pytest

from support.acme import MISSING, Certbot, Pebble
from support.certificates import Certificate
from support.configuration import cluster, plain_listener, site, tls_listener
from support.connection import TlsSocket
from support.deadline import until
from support.messages import HOST, request, response

PATH = "/.well-known/acme-challenge/"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"
ANSWER = TOKEN + ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
TOKEN_SIZE_MAX = 255
ANSWER_SIZE_MAX = 1024


@pytest.fixture
def folder(tmp_path):
    """The outer one holds what nobody may get at."""
    inner = tmp_path / "acme" / "challenges"
    inner.mkdir(parents=True)
    (inner.parent / "secret").write_text("secret")
    (inner / TOKEN).write_text(ANSWER)
    return inner


@pytest.fixture
def start(start_proxy, certificate, shared_recorder):
    def starts(challenge, **keys):
        listeners = [
            plain_listener(redirect_to_https=True, acme_challenge=challenge, **keys),
            tls_listener(certificate),
        ]
        return start_proxy(site(listeners, {"app": cluster(shared_recorder())}))

    return starts


def ask(proxy, target, *fields, method="GET", **options):
    with proxy.connect_plain(proxy.ports[0]) as client:
        return client.ask(request(target, *fields, method=method, **options), method)


def test_the_answer_comes_from_the_folder(start, folder):
    proxy = start({"directory": str(folder)})
    answer = ask(proxy, PATH + TOKEN)
    assert (answer.status, answer.body) == (200, ANSWER.encode())
    assert answer.value("Content-Type") == "text/plain"
    head = ask(proxy, PATH + TOKEN, method="HEAD")
    assert (head.status, head.value("Content-Length")) == (200, str(len(ANSWER)))
    proxy.exchange(path=PATH + TOKEN, method="GET", status=200, reason="ok")


def test_all_else_is_redirected_still(start, folder):
    proxy = start({"directory": str(folder)})
    for target, method in [
        ("/", "GET"),
        ("/.well-known/acme-challenge", "GET"),
        ("/.well-known/security.txt", "GET"),
        ("/%2ewell-known/acme-challenge/" + TOKEN, "GET"),
        (PATH + TOKEN, "POST"),
    ]:
        answer = ask(proxy, target, method=method)
        assert answer.status in (301, 308), target
        assert answer.value("Location") == f"https://{HOST}:{proxy.ports[1]}{target}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "unknown",
        "../secret",
        "..%2fsecret",
        "%2e%2e/secret",
        ".",
        "..",
        ".hidden",
        TOKEN + "/",
        TOKEN + "?query",
        TOKEN + "%00",
        TOKEN + "=",
        "./" + TOKEN,
        "%65" + TOKEN[1:],
        "link",
        "fifo",
        "folder",
        "large",
        "a" * (TOKEN_SIZE_MAX + 1),
    ],
)
def test_what_is_no_token_or_no_answer(start, folder, token):
    """404, whatever lies there; and nothing keeps the worker waiting."""
    (folder / ".hidden").write_text("hidden")
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "folder").mkdir()
    (folder / "large").write_text("x" * (ANSWER_SIZE_MAX + 1))
    os.mkfifo(folder / "fifo")
    proxy = start({"directory": str(folder)})
    answer = ask(proxy, PATH + token)
    assert answer.status == 404
    assert b"secret" not in answer.body and b"hidden" not in answer.body
    unreadable = token in ("link", "fifo", "folder", "large")
    reason = "acme_answer_unreadable" if unreadable else "acme_token_unknown"
    proxy.exchange(status=404, reason=reason)


def test_the_limits(start, folder):
    (folder / ("b" * TOKEN_SIZE_MAX)).write_text(ANSWER)
    (folder / "largest").write_text("x" * ANSWER_SIZE_MAX)
    proxy = start({"directory": str(folder)})
    assert ask(proxy, PATH + "largest").body == b"x" * ANSWER_SIZE_MAX
    assert ask(proxy, PATH + "b" * TOKEN_SIZE_MAX).body == ANSWER.encode()


def test_a_folder_that_comes_later(start, tmp_path):
    """certbot makes it when it needs it, and removes it again; the start warns."""
    folder = tmp_path / "later"
    proxy = start({"directory": str(folder)})
    assert b"there is no folder" in proxy.process.stderr
    assert ask(proxy, PATH + TOKEN).status == 404
    folder.mkdir()
    (folder / TOKEN).write_text(ANSWER)
    assert ask(proxy, PATH + TOKEN).body == ANSWER.encode()


def test_the_answer_comes_from_a_cluster(start_proxy, certificate, recorder):
    """Only what is a token goes there; the rest is redirected, or refused."""
    client = recorder(answer_challenge)
    app = recorder()
    listeners = [
        plain_listener(redirect_to_https=True, acme_challenge={"cluster": "acme"}),
        tls_listener(certificate),
    ]
    clusters = {"app": cluster(app), "acme": cluster(client)}
    proxy = start_proxy(site(listeners, clusters))
    assert ask(proxy, PATH + TOKEN).body == ANSWER.encode()
    assert ask(proxy, PATH + "../x").status == 404
    assert ask(proxy, "/").status == 301
    proxy.exchange(path=PATH + TOKEN, cluster="acme", status=200)
    assert [asked.target for asked in client.requests] == [PATH + TOKEN]


def answer_challenge(connection):
    while True:
        connection.request()
        connection.send(response(200, ANSWER.encode()))


@pytest.mark.skipif(bool(MISSING), reason=f"NOT INSTALLED: {', '.join(MISSING)}: run scripts/setup test")
def test_certbot_obtains_and_renews(start_proxy, authority, certificate, shared_recorder, tmp_path):
    """Against pebble: the first certificate, and its renewal, are served without a reload."""
    webroot = tmp_path / "webroot"
    live = tmp_path / "served"
    live.mkdir()
    shutil.copyfile(certificate.chain, live / "chain.pem")
    shutil.copyfile(certificate.key, live / "key.pem")
    listeners = [
        plain_listener(
            redirect_to_https=True,
            acme_challenge={"directory": str(webroot / PATH.strip("/"))},
        ),
        tls_listener(Certificate(live / "chain.pem", live / "key.pem")),
    ]
    webroot.mkdir()  # at the start, so that the sandbox reaches what comes to be below it
    folder = tmp_path / "certbot"
    folder.mkdir()
    sandbox = {"read": [str(folder)]}  # where links will lead to
    proxy = start_proxy(site(listeners, {"app": cluster(shared_recorder())}, sandbox=sandbox))
    pebble = Pebble(tmp_path, authority.issue("pebble", "localhost"), authority.root, proxy.ports[0])
    try:
        certbot = Certbot(folder, pebble, webroot)
        links = certbot.obtain(HOST)
        for name, own in (("fullchain.pem", "chain.pem"), ("privkey.pem", "key.pem")):
            (live / "new").symlink_to(links / name)
            (live / "new").rename(live / own)
        first = until(lambda: issued(proxy, pebble), "pebble's certificate is shown")
        certbot.renew()
        until(lambda: issued(proxy, pebble) not in (None, first), "the renewed one is shown")
    finally:
        pebble.end()


def issued(proxy, pebble):
    """The certificate that pebble has issued, as a client sees it that trusts pebble only."""
    context = ssl.create_default_context(cafile=str(pebble.issuer))
    try:
        with TlsSocket(proxy.ports[1], context) as client:
            return client.tls.getpeercert(binary_form=True)
    except ssl.SSLCertVerificationError:
        return None
