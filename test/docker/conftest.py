"""Tests of the container image, Compose, Swarm and the manifests, where a Docker engine answers."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

import engine  # noqa: E402
from engine import Container, docker, new_name  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.messages import HOST  # noqa: E402

USER = 65532
skipped = []


def pytest_addoption(parser):
    parser.addoption("--variant", help="of test/e2e; the image is one build only")


def pytest_collection_modifyitems(items):
    needing = [item for item in items if "image" in item.fixturenames]
    if not needing or engine.answers():
        return
    for item in needing:
        item.add_marker(pytest.mark.skip(reason="no Docker engine answers"))
    skipped.append(f"{len(needing)} tests of the image: no Docker engine answers")


def pytest_terminal_summary(terminalreporter):
    for line in skipped:
        terminalreporter.write_line(f"!!! NOT TESTED HERE: {line}", red=True, bold=True)


@pytest.fixture(scope="session")
def image():
    """The image, built as README says; SALLYPORT_TEST_IMAGE names one that is already there."""
    given = os.environ.get("SALLYPORT_TEST_IMAGE")
    if given:
        yield given
        return
    tag = new_name("image")
    engine.run(engine.ROOT / "docker/build", tag, seconds=engine.BUILD_SECONDS)
    yield tag
    engine.remove_image(tag)
    engine.drop_older_stages()


@pytest.fixture(scope="session")
def app_image(image):
    """The legacy application; after `image`, because both need the base image."""
    given = os.environ.get("SALLYPORT_TEST_APP_IMAGE")
    if given:
        yield given
        return
    tag = new_name("app")
    docker(
        "build", "--file", "docker/legacy-app.Dockerfile", "--tag", tag, ".",
        cwd=engine.ROOT, seconds=engine.BUILD_SECONDS,
    )  # fmt: skip
    yield tag
    engine.remove_image(tag, "--no-prune")  # a cache for the next time


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secrets(authority, tmp_path_factory):
    """A folder like /run/secrets: the key is readable by the image's user alone."""
    folder = tmp_path_factory.mktemp("secrets")
    issued = authority.issue("app", HOST, "localhost", "127.0.0.1")
    shutil.copy(issued.chain, folder / "tls.crt")
    shutil.copy(issued.key, folder / "tls.key")
    (folder / "tls.crt").chmod(0o444)
    (folder / "tls.key").chmod(0o400)
    os.chown(folder / "tls.key", USER, USER)
    folder.chmod(0o755)
    return folder


@pytest.fixture
def start():
    """A function that starts containers; all are gone after the test."""
    started = []

    def start_one(*arguments, **options):
        started.append(Container(*arguments, **options))
        return started[-1]

    yield start_one
    for one in reversed(started):
        one.remove()


@pytest.fixture(scope="module")
def network(image):
    name = new_name("network")
    docker("network", "create", "--label", engine.LABEL, name)
    yield name
    docker("network", "rm", name)


@pytest.fixture(scope="module")
def app(app_image, network):
    """The legacy application, known as app on the network."""
    container = Container(app_image, options=["--network", network, "--network-alias", "app"])
    yield container
    container.remove()


@pytest.fixture
def start_proxy(image, network, secrets, start):
    """A function that starts the image with the secrets and with ports on 127.0.0.1."""

    def start_one(*options, command=(), environment=None, inside=8443, image_=image):
        variables = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        return start(
            image_, *command,
            options=[
                "--network", network, "--volume", f"{secrets}:/run/secrets:ro",
                "--publish", f"127.0.0.1::{inside}", *variables, *options,
            ],
        )  # fmt: skip

    return start_one
