"""The fixtures: two builds of the proxy, certificates, backends, and logs shown on failure."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import process, servers
from support.certificates import Authority
from support.messages import HOST
from support.proxy import Launcher
from support.recorder import Recorder

ROOT = Path(__file__).parents[2]
BINARIES = {
    "release": os.environ.get("SALLYPORT_RELEASE", ROOT / "build/release/sallyport"),
    "sanitize": os.environ.get("SALLYPORT_SANITIZE", ROOT / "build/sanitize/sallyport"),
}


@dataclass(frozen=True)
class Variant:
    name: str
    binary: Path

    def heavy(self, size):
        """Sanitizers cost several times the work: a smaller size for them."""
        return size if self.name == "release" else size // 16


def pytest_addoption(parser):
    parser.addoption("--variant", choices=BINARIES, help="only this build of the proxy")


def pytest_generate_tests(metafunc):
    if "variant" in metafunc.fixturenames:
        only = metafunc.config.getoption("--variant")
        names = [only] if only else list(BINARIES)
        metafunc.parametrize("variant", names, indirect=True, scope="session")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """A failure shows what the processes of the test wrote."""
    report = (yield).get_result()
    if report.failed:
        for child in process.living:
            report.sections.extend(child.report())
    if report.when == "teardown":
        process.living[:] = [child for child in process.living if not child.forgotten]


@pytest.fixture(scope="session")
def variant(request, tmp_path_factory):
    """A copy of the program, so that a build that goes on meanwhile does not change the subject."""
    binary = Path(BINARIES[request.param])
    assert binary.exists(), f"{binary} is not there: run scripts/build"
    copy = tmp_path_factory.mktemp(request.param) / "sallyport"
    shutil.copy2(binary, copy)
    return Variant(request.param, copy)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority):
    """The certificate of most tests."""
    return authority.issue("app", HOST, "localhost", "127.0.0.1")


@pytest.fixture
def start_proxy(variant, tmp_path, authority):
    """A function that starts a proxy; each is stopped and judged when the test is over."""
    launcher = Launcher(variant.binary, tmp_path, authority)
    yield from launched(launcher)


@pytest.fixture(scope="module")
def start_shared_proxy(variant, tmp_path_factory, authority):
    """The same for a proxy that all tests of a module share."""
    launcher = Launcher(variant.binary, tmp_path_factory.mktemp("shared"), authority)
    yield from launched(launcher)


def launched(launcher):
    try:
        with launcher:
            yield launcher
    finally:
        launcher.forget()


@pytest.fixture
def recorder():
    """A function that starts a recording backend with a script."""
    yield from recorders()


@pytest.fixture(scope="module")
def shared_recorder():
    yield from recorders()


def recorders():
    started = []

    def start(*arguments, **options):
        started.append(Recorder(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def server(kind):
    """A fixture of a real server, started once when the first test asks for it."""

    @pytest.fixture(scope="session")
    def start(tmp_path_factory):
        started = kind(tmp_path_factory.mktemp(kind.__name__.lower()))
        yield started
        started.close()

    return start


nginx = server(servers.Nginx)
node = server(servers.Node)
python = server(servers.Python)
old_python = server(servers.OldPython)
python_websocket = server(servers.PythonWebSocket)
