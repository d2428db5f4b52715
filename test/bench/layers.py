"""Instructions of the pure layers for one request, counted by callgrind. See layers.c."""

import re
import subprocess

KEY = "layers"
TITLE = "instructions per request of the pure layers, by callgrind"
TIMES = 1000


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
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    steps = listed.stdout.splitlines()
    start = count(program, steps[0], 0)  # of the program, up to its first step
    return [(step, (count(program, step, TIMES) - start) / TIMES) for step in steps]


def markdown(results):
    rows = [f"| {step} | {instructions:.0f} |" for step, instructions in results]
    total = sum(instructions for _, instructions in results)
    return "\n".join(
        ["| step | instructions |", "|---|---:|", *rows, f"| all | {total:.0f} |"]
    ) + "\n"  # fmt: skip
