"""What the program prints of itself: manual pages and completions, from its own tables."""

import re
import subprocess

import pytest

from support.proxy import run_command

# A page has no date of its own: it is as old as the program.
EXPECTED = "missing date"


def printed(variant, *arguments):
    result = run_command(variant.binary, *arguments)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def commands(variant):
    return re.findall(r"^  ([a-z-]+) ", printed(variant, "--help"), re.MULTILINE)


@pytest.mark.parametrize("page", ["sallyport", "sallyport.yaml"])
def test_a_page_is_well_formed(variant, page):
    """mandoc finds nothing to complain about."""
    text = printed(variant, "manual", page)
    lint = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning"], input=text.encode(), capture_output=True, check=False
    )
    findings = [line for line in lint.stdout.decode().splitlines() if EXPECTED not in line]
    assert findings == []


def test_the_page_has_every_command_and_signal(variant):
    """And is what `sallyport manual` prints without a name."""
    page = printed(variant, "manual")
    assert page == printed(variant, "manual", "sallyport")
    for command in commands(variant):
        assert f"\n.B {command}".replace("-", "\\-") in page
    assert "SIGUSR1" in page and "sallyport.yaml(5)" in page


def test_the_page_has_every_key(variant):
    """Each key of the reference has its item."""
    page = printed(variant, "manual", "sallyport.yaml").replace("\\-", "-")
    paths = re.findall(r"^\.B (\S+)", page, re.MULTILINE)
    items = {part.removesuffix("[]") for path in paths for part in path.split(".")}
    reference = printed(variant, "config-reference")
    keys = set(re.findall(r"^ *#?(?:- )?([a-z_0-9]+):(?: |$)", reference, re.MULTILINE))
    assert len(keys) > 80
    assert keys - items == {"app"}  # a cluster's name


@pytest.mark.parametrize(
    "typed, offered",
    [
        (["sallyport", "che"], ["check"]),
        (["sallyport", "check", "--j"], ["--json"]),
        (["sallyport", "explain", "--client-h"], ["--client-hello"]),
        (["sallyport", "version", "--json"], []),
    ],
)
def test_bash_completes(variant, typed, offered):
    script = printed(variant, "completion", "bash") + (
        f"COMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1}; _sallyport\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    result = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, check=False)
    assert result.stderr == b""
    assert result.stdout.decode().split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_every_command(variant, shell):
    script = printed(variant, "completion", shell)
    assert all(command in script for command in commands(variant))


def test_a_shell_that_we_do_not_know(variant):
    result = run_command(variant.binary, "completion", "cmd.exe")
    assert result.returncode == 2 and b"bash, zsh or fish" in result.stderr
