"""The container image: what is in it, what it needs, how it starts, stops and tells its health."""

import io
import json
import tarfile
import threading

import pytest

from engine import HARDENED, SECONDS, docker, words
from support.connection import TlsSocket, Truncated, trusting
from support.messages import request

SIZE_MAX = 15_000_000
MADE_BY_DOCKER = (".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab")
OFTEN = ["--health-interval=1s", "--health-retries=1", "--health-start-period=0s"]


def ask(authority, port, path="/echo"):
    with TlsSocket(port, trusting(authority)) as client:
        return client.ask(request(path))


def answer(authority, proxy, path="/echo", inside=8443):
    """The status of an answer, or None as long as nobody answers."""
    assert proxy.running, proxy.said()
    try:
        return ask(authority, proxy.port(inside), path).status
    except (OSError, Truncated):  # Docker's own proxy lets one in before ours listens
        return None


def serves(authority, proxy, **options):
    proxy.until(lambda: answer(authority, proxy, **options) == 200, "the proxy serves")


# --- what is in it


@pytest.fixture(scope="module")
def files(image):
    """All that is in the image: its entries in a tar archive."""
    name = words("create", image)[0]
    try:
        archive = docker("export", name).stdout
    finally:
        docker("rm", name)
    with tarfile.open(fileobj=io.BytesIO(archive)) as content:
        return {entry.name: entry for entry in content}


def test_is_small(image):
    assert int(words("inspect", "--format", "{{.Size}}", image)[0]) < SIZE_MAX


def test_has_no_shell_and_no_other_program(image, files):
    programs = [
        name for name, entry in files.items()
        if entry.isfile() and entry.mode & 0o111 and ".so" not in name and "dev/" not in name
        and name not in MADE_BY_DOCKER
    ]  # fmt: skip
    assert programs == ["usr/bin/sallyport"]
    done = docker("run", "--rm", "--entrypoint", "/bin/sh", image, "-c", "exit 0", check=False)
    assert done.returncode == 127


def test_grants_nothing_to_whoever_runs_it(files):
    for name, entry in files.items():
        assert not entry.mode & 0o6000, f"{name} is setuid or setgid"
        assert not any("capability" in key for key in entry.pax_headers), name
        if name.startswith("usr/") or name.startswith("lib"):
            assert entry.uid == 0 and not entry.mode & 0o022 or entry.issym(), name


def test_tells_scanners_what_it_is_made_of(files):
    packages = {name.rpartition("/")[2] for name in files if "dpkg/status.d/" in name}
    assert {"ca-certificates", "libc6", "libssl-dev", "libuv1-dev"} <= packages
    for package in packages - {""}:
        assert f"usr/share/doc/{package}/copyright" in files
    assert "etc/ssl/certs/ca-certificates.crt" in files and "etc/os-release" in files


def test_says_how_to_run_it(image):
    config = json.loads(docker("inspect", "--format", "{{json .Config}}", image).stdout)
    assert config["User"] == "65532:65532"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] == ["/usr/bin/sallyport"]
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/sallyport", "healthcheck"]
    assert config["Labels"]["org.opencontainers.image.version"] not in ("", "unknown")


# --- how it starts


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--read-only"],
        ["--cap-drop", "ALL"],
        ["--security-opt", "no-new-privileges"],
        HARDENED,
        [*HARDENED, "--pids-limit", "64", "--memory", "128m", "--ipc", "private"],
        [*HARDENED, "--init"],
        [*HARDENED, "--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "--env=HTTPS_PORT=443"],
    ],
    ids=lambda flags: " ".join(flags).replace("--", "") or "none",
)
def test_runs_hardened(flags, authority, app, start_proxy):
    inside = 443 if "--env=HTTPS_PORT=443" in flags else 8443
    proxy = start_proxy(*flags, *OFTEN, inside=inside)
    serves(authority, proxy, inside=inside)
    proxy.until(lambda: proxy.health == "healthy", "the container is healthy")
    line = json.loads(proxy.stdout.splitlines()[0])
    assert line["status"] == 200, line
    assert b"ready" in proxy.stderr
    assert not [line for line in proxy.stderr.splitlines() if b'"error"' in line]


def test_runs_as_any_user(authority, app, start_proxy, secrets, tmp_path):
    key = tmp_path / "tls.key"
    key.write_bytes((secrets / "tls.key").read_bytes())
    key.chmod(0o444)
    proxy = start_proxy(
        *HARDENED, *OFTEN, "--user", "1000:1000", "--volume", f"{key}:/keys/tls.key:ro",
        environment={"KEY_PATH": "/keys/tls.key"},
    )  # fmt: skip
    serves(authority, proxy)
    proxy.until(lambda: proxy.health == "healthy", "the container is healthy")


def test_starts_before_its_backend_has_a_name(authority, app_image, network, start, start_proxy):
    proxy = start_proxy(*HARDENED, environment={"BACKEND": "late:8000"})
    proxy.until(lambda: answer(authority, proxy) in (502, 503), "an answer of its own")
    start(app_image, options=["--network", network, "--network-alias", "late"])
    serves(authority, proxy)


def test_takes_values_from_secrets(authority, app, start_proxy, tmp_path):
    secret = tmp_path / "backend"
    secret.write_text("app:8000\n")
    secret.chmod(0o444)
    mounted = ["--volume", f"{secret}:/secrets/backend:ro"]
    proxy = start_proxy(*HARDENED, *mounted, environment={"BACKEND_FILE": "/secrets/backend"})
    serves(authority, proxy)
    both = {"BACKEND_FILE": "/secrets/backend", "BACKEND": "app:8000"}
    proxy = start_proxy(*HARDENED, *mounted, environment=both)
    assert proxy.wait() == 1
    assert b'"BACKEND" and "BACKEND_FILE" are both set' in proxy.stderr


def test_takes_a_mounted_configuration_and_explains_a_broken_one(
    authority, app, start_proxy, tmp_path
):
    site = tmp_path / "sallyport.yaml"
    site.write_text(
        "listeners:\n"
        "  - address: 0.0.0.0:8443\n"
        "    tls: {certificates: [{chain: /run/secrets/tls.crt, key: /run/secrets/tls.key}]}\n"
        "routes: [{cluster: mine}]\n"
        "clusters: {mine: {backends: [{address: 'app:8000'}]}}\n"
    )
    site.chmod(0o444)
    mounted = ["--volume", f"{site}:/etc/sallyport/sallyport.yaml:ro"]
    serves(authority, start_proxy(*HARDENED, *mounted))

    broken = tmp_path / "broken.yaml"
    broken.write_text(site.read_text().replace("cluster: mine", "cluster: min"))
    broken.chmod(0o444)
    proxy = start_proxy(*HARDENED, "--volume", f"{broken}:/etc/sallyport/sallyport.yaml:ro")
    assert proxy.wait() == 1
    assert b'sallyport.yaml:4:20: error' in proxy.stderr and b"^" in proxy.stderr


# --- how it stops


def test_stops_when_the_download_is_whole(authority, app, start_proxy):
    """`docker stop` during a download: the client gets all of it, and the container ends well."""
    proxy = start_proxy(*HARDENED)
    serves(authority, proxy)
    port = proxy.port(8443)
    with TlsSocket(port, trusting(authority)) as client:
        client.send(request("/slow?pieces=30&seconds=3"))
        client.reader.fill()  # the answer has begun
        stopping = threading.Thread(target=docker, args=("stop", "--time", SECONDS, proxy.name))
        stopping.start()
        got = client.response()
        stopping.join()
    assert got.body == b"".join(b"piece %d of 30\n" % number for number in range(1, 31))
    assert proxy.exit_code == 0


# --- how it is


def test_is_unhealthy_while_all_backends_are_down(authority, app_image, network, start, start_proxy):
    backend = start(app_image, options=["--network", network, "--network-alias", "fragile"])
    proxy = start_proxy(*HARDENED, *OFTEN, environment={"BACKEND": "fragile:8000"})
    serves(authority, proxy)
    proxy.until(lambda: proxy.health == "healthy", "healthy at first")
    docker("stop", "--time", "0", backend.name)
    # Nothing is known of a backend that nobody asks for.
    proxy.until(
        lambda: answer(authority, proxy) != 200 and proxy.health == "unhealthy", "unhealthy then"
    )
    assert proxy.running
    docker("start", backend.name)
    proxy.until(lambda: answer(authority, proxy) and proxy.health == "healthy", "healthy again")


def test_can_be_healthy_without_any_backend(start_proxy):
    proxy = start_proxy(*HARDENED, *OFTEN, environment={"BACKEND": "nowhere:8000", "READY": "always"})
    proxy.until(lambda: proxy.health == "healthy", "healthy")
    other = start_proxy(*HARDENED, *OFTEN, environment={"BACKEND": "nowhere:8000"})
    other.until(lambda: other.health == "unhealthy", "unhealthy")
