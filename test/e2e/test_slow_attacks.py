"""Slowloris, slow body and slow read by slowhttptest: all other clients are served throughout."""

import subprocess

import pytest

from support.configuration import cluster, plain_listener, site
from support.messages import pattern, request, response

SECONDS = 30  # of an attack, at most: it ends with the test
CONNECTIONS = 150
ATTACKS = {
    "slow-head": ["-H", "-i", "1", "-x", "8"],
    "slow-body": ["-B", "-i", "1", "-x", "8", "-s", "100000"],
    "slow-read": ["-X", "-w", "64", "-y", "256", "-n", "1", "-z", "16", "-k", "3"],
}
REASONS = {
    "slow-head": "request_head_timeout",
    "slow-body": "client_too_slow",
    "slow-read": "client_too_slow",
}
# Only what the attack runs into is short: all others must be in time on a busy machine, too.
TIMEOUTS = {
    "slow-head": {"request_head": "2s"},
    "slow-body": {"rate_grace": "1s"},
    "slow-read": {"rate_grace": "1s"},
}
BIG = response(200, pattern(4 << 20))


def answer(connection):
    """A small page, a big one, and what wants a body."""
    while True:
        asked = connection.request()
        connection.send(BIG if asked.target == "/big" else response(200, b"fine"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_other_clients_are_served(start_proxy, recorder, tmp_path, attack):
    """During each attack every request of another client is answered, on old and new connections."""
    whole = site(
        [plain_listener()],
        {"app": cluster(recorder(answer))},
        limits={"rate_min": "1000B"},
        timeouts=TIMEOUTS[attack],
    )
    proxy = start_proxy(whole)
    command = ["slowhttptest", *ATTACKS[attack], "-c", str(CONNECTIONS), "-r", str(CONNECTIONS)]
    url = f"http://127.0.0.1:{proxy.port}{'/big' if attack == 'slow-read' else '/'}"
    attacker = subprocess.Popen(
        [*command, "-l", str(SECONDS), "-p", "2", "-u", url],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    answered = 0
    try:
        with proxy.connect_plain() as old:
            while answered < 40 or not proxy.exchanges(reason=REASONS[attack]):
                assert attacker.poll() is None, "nobody was let go of"
                assert old.ask(request("/")).body == b"fine"
                with proxy.connect_plain() as new:
                    assert new.ask(request("/", method="POST", body=b"x" * 100)).body == b"fine"
                answered += 2
    finally:
        attacker.kill()
        attacker.wait()
