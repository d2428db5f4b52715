"""Names and passwords: who is let in, what is told to whom, and what a check may cost others."""

import base64
import subprocess

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import request
from support.proxy import SANITIZERS

# Of "secret", with the least cost that there is.
BCRYPT = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
SHA512 = (
    "$6$rounds=1000$abcdefgh$nhYjN017qxiYztzyUpZtPnUQcnLy62KsunSLHNeLahp2EHPlAKmFFlrjEwSXGo2k"
    "gY5hR2.peKEg2VGUqIJJu1"
)


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(auth, **sections):
        backend = recorder()
        routes = [
            {
                "cluster": "app",
                "basic_auth": auth,
                "request_headers": {"set": {"X-Remote-User": "${client.user}"}},
            },
            {"path": "/open", "cluster": "app"},
        ]
        whole = site(
            [tls_listener(certificate)], {"app": cluster(backend)}, routes=routes, **sections
        )
        return start_proxy(whole), backend

    return start


def users(**hashes):
    """In the configuration each dollar sign is written twice."""
    return {name: value.replace("$", "$$") for name, value in hashes.items()}


def basic(credentials):
    encoded = base64.b64encode(credentials.encode()).decode()
    return ("Authorization", f"Basic {encoded}")


def test_who_is_let_in(start):
    """The right password of a known name, and nothing else."""
    proxy, backend = start({"users": users(alice=BCRYPT, bob=SHA512)})
    for good in ("alice:secret", "bob:secret", "alice:secret"):
        assert proxy.ask(request("/", basic(good))).status == 200
        got = backend.requests[-1]
        assert got.value("X-Remote-User") == good.partition(":")[0]
        assert got.values("Authorization") == []
    assert proxy.exchange(path="/")["user"] == "alice"
    before = len(backend.requests)
    for bad in ("alice:Secret", "alice:", ":", "carol:secret", "alice:secret:x", ":secret"):
        refused = proxy.ask(request("/", basic(bad)))
        assert refused.status == 401 and b"credentials_wrong" in refused.body, bad
    assert len(backend.requests) == before
    assert b"secret" not in proxy.process.stdout + proxy.process.stderr


def test_who_says_nothing_is_asked(start):
    """401 with a challenge (RFC 9110 §15.5.2); other routes do not ask."""
    proxy, backend = start({"users": users(alice=BCRYPT), "realm": "the old app"})
    refused = proxy.ask(request("/"))
    assert refused.status == 401 and b"credentials_missing" in refused.body
    assert refused.value("WWW-Authenticate") == 'Basic realm="the old app", charset="UTF-8"'
    assert proxy.ask(request("/open", ("Authorization", "Bearer x"))).status == 200
    assert [asked.target for asked in backend.requests] == ["/open"]
    assert backend.requests[0].value("Authorization") == "Bearer x"


def test_malformed_credentials(start):
    """Nothing that two readers could take for different names."""
    proxy, backend = start({"users": users(alice=BCRYPT)})
    good = basic("alice:secret")[1].partition(" ")[2]
    for value in (
        "Basic",
        "Basic ",
        f"Basic  {good}",
        f"Basic {good}=",
        f"Basic {good[:-1]}",
        f"Basic {good} ,Basic {good}",
        f"Bearer {good}",
        good,
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic " + base64.b64encode(b"alice:secret\x00").decode(),
        "Basic " + base64.b64encode(b"alice:secret\n").decode(),
        "Basic " + base64.b64encode(b"alice:" + b"a" * 600).decode(),
        "Basic " + base64.b64encode(b"alice:" + b"a" * 300).decode(),
    ):
        assert proxy.ask(request("/", ("Authorization", value))).status == 401, value
    twice = [basic("alice:secret"), basic("alice:secret")]
    assert proxy.ask(request("/", *twice)).status == 401
    assert backend.requests == []
    assert proxy.ask(request("/", ("authorization", f"bAsIc {good}"))).status == 200


def test_a_file_of_users(start, tmp_path):
    """As htpasswd writes it; Authorization goes on if that is asked for."""
    path = tmp_path / "users"
    path.write_text(f"# who may come\n\nalice:{BCRYPT}\r\nbob:{SHA512}:Bob:/home/bob\n")
    proxy, backend = start({"users_file": str(path), "forward": True})
    for name in ("alice", "bob"):
        assert proxy.ask(request("/", basic(f"{name}:secret"))).status == 200
    assert backend.requests[-1].value("Authorization") == basic("bob:secret")[1]
    assert proxy.ask(request("/", basic("# who may come:secret"))).status == 401


def test_bodies_wait_for_the_check(start):
    """A request with a body, and those behind it on the connection."""
    proxy, backend = start({"users": users(alice=SHA512), "remember": "0"})
    body = b"x" * 100_000
    asked = request("/1", basic("alice:secret"), method="POST", body=body)
    with proxy.connect() as client:
        client.send(asked + request("/2", basic("alice:secret")))
        assert client.response("POST").status == 200
        assert client.response().status == 200
    assert [one.target for one in backend.requests] == ["/1", "/2"]
    assert backend.requests[0].body == body


def test_many_checks_wait_for_their_turn(start):
    """One at a time, and still each gets its answer; others are not held up."""
    proxy, backend = start(
        {"users": users(alice=SHA512), "remember": "0"}, limits={"password_checks": 1}, workers=2
    )
    clients = [proxy.connect() for _ in range(12)]
    for number, client in enumerate(clients):
        secret = "secret" if number % 2 else "wrong"
        client.send(request(f"/{number}", basic(f"alice:{secret}")))
    assert proxy.ask(request("/open")).status == 200
    statuses = [client.response().status for client in clients]
    assert statuses == [401, 200] * 6
    # One that goes away meanwhile leaves nothing behind.
    clients[0].send(request("/gone", basic("alice:secret")))
    for client in clients:
        client.close()
    assert proxy.ask(request("/open")).status == 200
    assert len(backend.requests) >= 8


def test_hash_password(variant, start, tmp_path):
    """What the command prints is taken; the password is not in it."""
    made = subprocess.run(
        [variant.binary, "hash-password"],
        input=b"correct horse\n",
        capture_output=True,
        check=True,
        timeout=30,
        env=SANITIZERS,
    )
    assert made.stdout.startswith(b"$y$") and made.stderr == b""
    path = tmp_path / "users"
    path.write_text(f"alice:{made.stdout.decode()}")
    proxy, _ = start({"users_file": str(path)})
    assert proxy.ask(request("/", basic("alice:correct horse"))).status == 200
    assert proxy.ask(request("/", basic("alice:wrong horse"))).status == 401
    for bad in (b"", b"\n", b"x" * 300):
        refused = subprocess.run(
            [variant.binary, "hash-password"],
            input=bad,
            capture_output=True,
            check=False,
            timeout=30,
            env=SANITIZERS,
        )
        assert refused.returncode == 2 and refused.stdout == b""
