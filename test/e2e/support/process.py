"""A child process: its output in files, its end by its pid, and dead if the tests die."""

import os
import signal
import subprocess

from .deadline import SECONDS, until

living = []  # what to show when a test fails; forgotten ones stay until that test is over


class Process:
    def __init__(self, name, command, folder, environment=None, file_descriptors=None):
        self.name = name
        self.stdout_path = folder / f"{name}.stdout"
        self.stderr_path = folder / f"{name}.stderr"
        wrapped = ["setpriv", "--pdeathsig", "KILL"]
        if file_descriptors is not None:
            wrapped += ["prlimit", f"--nofile={file_descriptors}:{file_descriptors}"]
        with open(self.stdout_path, "wb") as stdout, open(self.stderr_path, "wb") as stderr:
            self.popen = subprocess.Popen(
                [*wrapped, *map(str, command)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self.popen.pid
        self.forgotten = False
        living.append(self)

    @property
    def stdout(self):
        return self.stdout_path.read_bytes()

    @property
    def stderr(self):
        return self.stderr_path.read_bytes()

    @property
    def running(self):
        return self.popen.poll() is None

    def send_signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=SECONDS):
        """Its exit status."""
        until(lambda: not self.running, f"{self.name} ends", seconds)
        return self.popen.returncode

    def end(self, number=signal.SIGTERM):
        """Ends it, politely first; its exit status."""
        if self.running:
            self.send_signal(number)
            try:
                self.wait()
            except AssertionError:
                self.popen.kill()
                self.popen.wait()
                raise
        return self.popen.returncode

    def forget(self):
        if self.running:
            self.popen.kill()
            self.popen.wait()
        self.forgotten = True

    def report(self):
        """Sections for pytest's report of a failure: the ends of what it wrote."""
        state = "running" if self.running else f"exit status {self.popen.returncode}"
        for stream, text in (("stdout", self.stdout), ("stderr", self.stderr)):
            if text:
                yield f"{self.name} (pid {self.pid}, {state}) {stream}", tail(text)


def tail(text, lines=60, size=12000):
    kept = text[-size:].decode("utf-8", "backslashreplace").splitlines()[-lines:]
    return "\n".join(kept)
