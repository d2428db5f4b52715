"""The Docker engine, by its command line: containers, networks and what must be gone afterwards."""

import json
import shutil
import subprocess
import uuid
from pathlib import Path

from support.deadline import until

ROOT = Path(__file__).parents[2]
LABEL = "sallyport.test"
# Containers start in their own time, on a machine that is busy with other tests, too.
SECONDS = 90
BUILD_SECONDS = 1800
HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def run(*command, seconds=SECONDS, check=True, **options):
    done = subprocess.run(
        [*map(str, command)], capture_output=True, timeout=seconds, check=False, **options
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert not check or done.returncode == 0, f"{' '.join(map(str, command))}: {said[-6000:]}"
    return done


def docker(*arguments, **options):
    return run("docker", *arguments, **options)


def words(*arguments, **options):
    """What a docker command prints, as a list of words."""
    return docker(*arguments, **options).stdout.decode().split()


def answers():
    if shutil.which("docker") is None:
        return False
    done = subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"],
        capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    return done.returncode == 0 and bool(done.stdout.strip())


def new_name(kind):
    return f"sallyport-test-{kind}-{uuid.uuid4().hex[:8]}"


def remove_image(tag, *options):
    """Once the engine has let go of the last container."""
    until(
        lambda: docker("rmi", *options, tag, check=False).returncode == 0,
        f"the image {tag} is gone",
        SECONDS,
    )


def drop_older_stages():
    """What the builder keeps of former builds; the last one makes the next one fast."""
    stages = words(
        "images", "--quiet", "--no-trunc", "--filter", "dangling=true",
        "--filter", "label=sallyport.stage=build",
    )  # fmt: skip
    for stage in stages[1:]:  # the newest comes first
        docker("rmi", stage, check=False)


class Container:
    def __init__(self, image, *command, options=(), name=None):
        self.name = name or new_name("container")
        docker(
            "run", "--detach", "--name", self.name, "--label", LABEL, *options, image, *command
        )  # fmt: skip

    def inspect(self, format_):
        said = docker("inspect", "--format", "{{json %s}}" % format_, self.name).stdout
        return json.loads(said)

    @property
    def running(self):
        return self.inspect(".State.Running")

    @property
    def health(self):
        return self.inspect(".State.Health.Status")

    @property
    def exit_code(self):
        return self.inspect(".State.ExitCode")

    @property
    def stdout(self):
        return docker("logs", self.name).stdout

    @property
    def stderr(self):
        return docker("logs", self.name).stderr

    def port(self, inside):
        """The port of 127.0.0.1 that leads to the one inside."""
        published = self.inspect(".NetworkSettings.Ports")[f"{inside}/tcp"]
        return int(published[0]["HostPort"])

    def execute(self, *command, **options):
        return docker("exec", self.name, *command, **options)

    def until(self, condition, what, seconds=SECONDS):
        try:
            return until(condition, what, seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}; the container says: {self.said()}") from None

    def said(self):
        return (self.stdout + self.stderr).decode(errors="replace")[-4000:]

    def wait(self):
        """Its exit status, when it has ended by itself."""
        return int(docker("wait", self.name).stdout)

    def remove(self):
        docker("rm", "--force", "--volumes", self.name, check=False)
