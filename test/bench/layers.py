"""Instructions of the pure layers for one request, counted by callgrind. See layers.c."""

import re
import subprocess

KEY = "layers"
TITLE = "instructions per request of the pure layers, by callgrind"
BEFORE, AFTER = 100, 1100  # how often a step is done: what is between is that of the step alone


def count(program, step, times):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, step,
         str(times)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        raise SystemExit(f"bench: {step}: callgrind failed:\n{run.stderr[-2000:]}")
    return int(found[1])


def measure(program):
    """Pairs of a step and its instructions, in the order of a request."""
    steps = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return [
        (step, (count(program, step, AFTER) - count(program, step, BEFORE)) / (AFTER - BEFORE))
        for step in steps.stdout.splitlines()
    ]


def markdown(results):
    rows = [f"| {step} | {instructions:.0f} |" for step, instructions in results]
    total = sum(instructions for _, instructions in results)
    return "\n".join(
        ["| step | instructions |", "|---|---:|", *rows, f"| all | {total:.0f} |"]
    ) + "\n"  # fmt: skip
