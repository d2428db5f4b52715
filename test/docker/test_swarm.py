"""docker/stack.yaml: replicas on Docker Swarm that share ticket keys, and are updated one by one."""

import json
import os
import shutil
import ssl
from pathlib import Path

import pytest

from engine import ROOT, docker, new_name, run, words
from support.connection import TlsSocket, trusting
from support.deadline import until
from support.messages import request

SECONDS = 240  # for three replicas, one after the other
NETWORK_SECONDS = 60


@pytest.fixture(scope="module")
def swarm(image):
    """This engine as a swarm of its own, unless it is in one already."""
    state = words("info", "--format", "{{.Swarm.LocalNodeState}}")[0]
    if state == "inactive":
        docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    elif words("info", "--format", "{{.Swarm.ControlAvailable}}")[0] != "true":
        pytest.skip("this engine is in a swarm that it does not manage")
    yield
    if state == "inactive":
        docker("swarm", "leave", "--force")
        docker("network", "rm", "docker_gwbridge", check=False)  # which Docker makes for a swarm


@pytest.fixture(scope="module")
def stack(swarm, image, app_image, secrets, tmp_path_factory):
    name = new_name("stack")
    folder = tmp_path_factory.mktemp("stack")
    for file in secrets.iterdir():
        shutil.copy(file, folder)
    run(ROOT / "docker/demo-certificate", folder)  # the ticket keys; the certificate is there
    environment = {
        **os.environ, "SALLYPORT_IMAGE": image, "LEGACY_APP_IMAGE": app_image,
        "SECRETS": str(folder),
    }  # fmt: skip
    try:
        docker(
            "stack", "deploy", "--resolve-image", "never",
            "--compose-file", ROOT / "docker/stack.yaml", name, env=environment,
        )  # fmt: skip
        yield Stack(name)
    finally:
        docker("stack", "rm", name)
        until(lambda: not containers(name, "--all"), "the replicas are gone", SECONDS)
        until(lambda: network_is_gone(name), "the network is gone", NETWORK_SECONDS)


def containers(stack, *filters):
    of_stack = ["--filter", f"label=com.docker.stack.namespace={stack}"]
    return words("ps", "--quiet", *of_stack, *filters)


def network_is_gone(stack):
    return not words(
        "network", "ls", "--quiet", "--filter", f"label=com.docker.stack.namespace={stack}"
    )


class Stack:
    def __init__(self, name):
        self.name = name
        self.service = f"{name}_sallyport"

    def replicas(self):
        """The containers that are healthy, when there are three."""
        of_service = ["--filter", f"label=com.docker.swarm.service.name={self.service}"]
        found = containers(self.name, *of_service, "--filter", "health=healthy")
        return found if len(found) == 3 else None

    def ready_replicas(self):
        try:
            return until(self.replicas, "three replicas are healthy", SECONDS)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.said()}") from None

    def said(self):
        tasks = docker("service", "ps", "--no-trunc", self.service, check=False).stdout
        logs = docker("service", "logs", "--tail", "20", self.service, check=False)
        return (tasks + logs.stdout + logs.stderr).decode(errors="replace")

    def update_state(self):
        said = docker("service", "inspect", "--format", "{{json .UpdateStatus}}", self.service)
        return (json.loads(said.stdout) or {}).get("State")


def port_of(replica):
    ports = docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", replica).stdout
    return int(json.loads(ports)["8443/tcp"][0]["HostPort"])


def resumed(port, context, session):
    with TlsSocket(port, context, session=session) as client:
        assert client.ask(request("/echo")).status == 200
        return client.tls.session_reused, client.tls.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_on_another_replica(version, stack, authority):
    first, *others = [port_of(replica) for replica in stack.ready_replicas()]
    context = trusting(authority, version, version)
    was_resumed, session = resumed(first, context, None)
    assert not was_resumed
    for other in others:
        was_resumed, session = resumed(other, context, session)
        assert was_resumed


def test_a_rolling_update_drops_no_request(stack, app_image, start):
    before = stack.ready_replicas()
    load = start(
        app_image, "python3", "/load.py", "sallyport", "8443",
        options=[
            "--network", f"{stack.name}_inside",
            "--volume", f"{Path(__file__).with_name('load.py')}:/load.py:ro",
        ],
    )  # fmt: skip
    load.until(lambda: load.stdout.count(b"working") == 6, "all clients work")
    docker(
        "service", "update", "--detach", "--no-resolve-image", "--env-add", "ROUND=2",
        stack.service,
    )  # fmt: skip
    until(lambda: stack.update_state() in ("completed", "paused", "rollback_completed"),
          "the update is over", SECONDS)  # fmt: skip
    assert stack.update_state() == "completed", stack.said()
    after = stack.ready_replicas()
    assert not set(before) & set(after)
    docker("stop", "--time", "30", load.name)
    counts = json.loads(load.stdout.splitlines()[-1])
    assert counts["failures"] == [], counts
    assert counts["requests"] > 100, counts
