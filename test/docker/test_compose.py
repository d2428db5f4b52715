"""docker/compose.yaml: HTTPS in front of the legacy application, by one command."""

import os
import shutil

import pytest

from engine import ROOT, SECONDS, docker, new_name, run, words
from support.connection import TlsSocket, Truncated, trusting_nobody
from support.deadline import until
from support.messages import request
from support.ports import free_port

FILE = ROOT / "docker/compose.yaml"


def commands():
    """The Compose programs that there are: version 1, and 2 as a plugin of docker."""
    found = []
    if shutil.which("docker-compose"):
        found.append(["docker-compose"])
    if shutil.which("docker") and docker("compose", "version", check=False).returncode == 0:
        found.append(["docker", "compose"])
    return found


def ask(port, path):
    try:
        with TlsSocket(port, trusting_nobody(), server_name="localhost") as client:
            return client.ask(request(path, host="localhost"))
    except (OSError, Truncated):  # Docker's own proxy lets one in before ours listens
        return None


@pytest.mark.parametrize("compose", commands() or [None], ids=lambda c: " ".join(c or ["none"]))
def test_up_and_down(compose, image, app_image):
    if compose is None:
        pytest.skip("no Compose here")
    project = new_name("compose")
    port = free_port()
    environment = {
        **os.environ,
        "SALLYPORT_IMAGE": image,
        "LEGACY_APP_IMAGE": app_image,
        "HTTPS_PORT": str(port),
        "HTTP_PORT": str(free_port()),
    }
    of_project = ["--filter", f"label=com.docker.compose.project={project}"]

    def call(*arguments, **options):
        command = [*compose, "--file", FILE, "--project-name", project, *arguments]
        return run(*command, env=environment, seconds=3 * SECONDS, **options)

    try:
        call("up", "--detach", "--no-build")
        answer = until(lambda: ask(port, "/echo"), "an answer", SECONDS)
        assert answer.status == 200 and b"GET /echo" in answer.body
        assert b"X-Forwarded-Proto: https" in answer.body
        proxy = words("ps", "--quiet", *of_project, "--filter", f"ancestor={image}")[0]
        until(
            lambda: words("inspect", "--format", "{{.State.Health.Status}}", proxy) == ["healthy"],
            "healthy",
            SECONDS,
        )
    except AssertionError as failure:
        said = call("logs", "--no-color", check=False).stdout.decode(errors="replace")
        raise AssertionError(f"{failure}\n{said[-4000:]}") from None
    finally:
        call("down", "--volumes", "--timeout", "40")
    assert not words("ps", "--all", "--quiet", *of_project)
    assert not words("network", "ls", "--quiet", *of_project)
    assert not words("volume", "ls", "--quiet", *of_project)
