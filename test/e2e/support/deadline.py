"""Waiting for a condition, never for a length of time."""

import os
import time

# The most that anything in these tests may take, on a slow machine too.
SECONDS = float(os.environ.get("SALLYPORT_TEST_SECONDS", "20"))
STEP = 0.005


def until(condition, what, seconds=SECONDS):
    """The first true value of condition(), or a failure that tells what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(STEP)


def unchanged(value, seconds, what):
    """The value once it has stood still for so many seconds."""
    last, since = value(), time.monotonic()
    end = since + SECONDS
    while time.monotonic() - since < seconds:
        if time.monotonic() > end:
            raise AssertionError(f"never stood still: {what}")
        time.sleep(STEP)
        now = value()
        if now != last:
            last, since = now, time.monotonic()
    return last
