"""docker/kubernetes: the manifests follow the schemas, and their configuration is a good one."""

import os
import subprocess
import sys

import pytest
import yaml

import conftest
from engine import HARDENED, ROOT, docker

FOLDER = ROOT / "docker/kubernetes"
VENV = ROOT / "build/kubernetes-validate"
VALIDATOR = "kubernetes-validate==1.37.0"
VERSIONS = ("1.30.0", "1.37.0")  # the first with what the manifests need, and the newest


def documents(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def files():
    return documents("kustomization.yaml")[0]["resources"]


@pytest.fixture(scope="module")
def validator():
    """kubernetes-validate, which carries the schemas: from PyPI into a folder of its own, once."""
    program = VENV / "bin/kubernetes-validate"
    if not program.exists():
        make = [sys.executable, "-m", "venv", VENV]
        install = [VENV / "bin/pip", "install", "--quiet", VALIDATOR]
        for command in (make, install):
            done = subprocess.run(command, capture_output=True, timeout=600, check=False)
            if done.returncode != 0:
                said = (done.stdout + done.stderr).decode(errors="replace").strip()
                conftest.skipped.append(f"the manifests: no {VALIDATOR}: {said[-300:]}")
                pytest.skip(f"no {VALIDATOR}")
    return program


def test_all_files_are_listed():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(
        [*files(), "kustomization.yaml"]
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_manifests_follow_the_schemas(version, validator):
    command = [validator, "--strict", "-k", version, *(FOLDER / name for name in files())]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    assert said.count("passed") >= len(files())


def test_parts_belong_together():
    deployment = documents("deployment.yaml")[0]
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert documents("service.yaml")[0]["spec"]["selector"] == labels
    assert documents("disruption-budget.yaml")[0]["spec"]["selector"]["matchLabels"] == labels
    assert documents("network-policy.yaml")[0]["spec"]["podSelector"]["matchLabels"] == labels
    container = pod["spec"]["containers"][0]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in documents("service.yaml")[0]["spec"]["ports"]} <= ports
    secrets = {one["metadata"]["name"] for one in documents("secret.yaml")}
    named = {one["secret"]["secretName"] for one in pod["spec"]["volumes"] if "secret" in one}
    assert named == secrets
    # What is given for the end suffices for the wait before it and the drain.
    config = yaml.safe_load(documents("configmap.yaml")[0]["data"]["sallyport.yaml"])
    drain = int(config["timeouts"]["drain"].rstrip("s"))
    wait = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert wait + drain < pod["spec"]["terminationGracePeriodSeconds"]


def test_the_configuration_is_a_good_one(image, secrets, tmp_path):
    """As a pod would see it: read by the image's user, with all the paths of the manifests."""
    site = tmp_path / "sallyport.yaml"
    site.write_text(documents("configmap.yaml")[0]["data"]["sallyport.yaml"])
    site.chmod(0o444)
    keys = tmp_path / "ticket-keys"
    keys.write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    os.chown(keys, conftest.USER, conftest.USER)
    keys.chmod(0o440)
    docker(
        "run", "--rm", *HARDENED,
        "--volume", f"{site}:/etc/sallyport/sallyport.yaml:ro",
        "--volume", f"{secrets}:/run/secrets/certificate:ro",
        "--volume", f"{keys}:/run/secrets/tickets/ticket-keys:ro",
        image, "check", "--strict", "-c", "/etc/sallyport/sallyport.yaml",
    )  # fmt: skip
