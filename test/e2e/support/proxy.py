"""The proxy under test: started, watched through its logs and /proc, stopped and judged."""

import os
import re
import signal
import subprocess
from pathlib import Path

from . import logs
from .admin import Admin, Folder
from .configuration import with_ports, yaml
from .connection import Socket, TlsSocket, trusting
from .deadline import SECONDS, until
from .messages import HOST
from .ports import free_port
from .process import Process

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:exitcode=66",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
SANITIZER_REPORT = re.compile(rb"ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer")
ADDRESS_IN_USE = re.compile(rb"in use|EADDRINUSE", re.IGNORECASE)
READY = re.compile(rb"\bready\b")  # in either format
ATTEMPTS = 5


def run_command(binary, *arguments, **options):
    """A command of the program that ends by itself."""
    return subprocess.run(
        [str(binary), *map(str, arguments)],
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, **SANITIZERS, **options.pop("environment", {})},
        **options,
    )


class Proxy:
    def __init__(self, binary, folder, authority, whole, file_descriptors=None):
        self.authority = authority
        self.binary = binary
        self.folder = folder
        self.config_path = folder / "site.yaml"
        # Only those that ask for it have an admin interface, at an address of their own.
        self.admin_folder = Folder() if "admin" in whole else None
        own = {"address": self.admin_folder.address if self.admin_folder else "off"}
        whole = {**whole, "admin": {**own, **whole.get("admin", {})}}
        for _ in range(ATTEMPTS):
            config, self.ports = with_ports(whole, free_port)
            self.admin = Admin(config["admin"]["address"])
            self.config_path.write_text(yaml(config))
            self.process = Process(
                "sallyport",
                [binary, "run", "-c", self.config_path],
                folder,
                environment=SANITIZERS,
                file_descriptors=file_descriptors,
            )
            if self._becomes_ready():
                return
            if not ADDRESS_IN_USE.search(self.process.stderr):
                break
            self.process.forget()
        if self.admin_folder:
            self.admin_folder.remove()
        raise AssertionError(f"never ready: {self.process.stderr.decode(errors='replace')}")

    def _becomes_ready(self):
        until(
            lambda: READY.search(self.process.stderr) or not self.process.running,
            "the proxy is ready",
        )
        return self.process.running

    # --- as a client sees it

    @property
    def port(self):
        return self.ports[0]

    def url(self, path="/", name=HOST):
        return f"https://{name}:{self.port}{path}"

    def connect(self, port=None, context=None, **options):
        """A TLS connection that trusts our authority."""
        return TlsSocket(port or self.port, context or trusting(self.authority), **options)

    def connect_plain(self, port=None, **options):
        return Socket(port or self.port, **options)

    def ask(self, bytes_of_request, method="GET", **options):
        """One request on a connection of its own."""
        with self.connect(**options) as client:
            return client.ask(bytes_of_request, method)

    # --- as its logs and the kernel see it

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.running

    def exchanges(self, **wanted):
        return logs.matching(logs.events(self.process.stdout, logs.REQUEST), wanted)

    def exchange(self, **wanted):
        """The log line of one exchange, waited for."""
        return until(lambda: self.exchanges(**wanted), f"an access log line with {wanted}")[0]

    def errors(self, **wanted):
        return logs.matching(logs.lines(self.process.stderr), wanted)

    def failed_handshakes(self, **wanted):
        both = self.process.stderr, self.process.stdout
        found = [line for output in both for line in logs.events(output, logs.HANDSHAKE_FAILED)]
        return logs.matching(found, wanted)

    def failed_handshake(self, **wanted):
        """The log line of one failed handshake, waited for."""
        what = f"a failed handshake with {wanted}"
        return until(lambda: self.failed_handshakes(**wanted), what)[0]

    def memory_peak(self):
        """The most memory it ever had in use, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def memory(self):
        """The memory that it has in use now, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self):
        """How many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def listening(self, port=None):
        """How many sockets listen on the port: one per worker."""
        wanted = f":{port or self.port:04X}"
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[1].endswith(wanted) and row[3] == "0A" for row in rows)

    # --- its end

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=SECONDS):
        """Waits for its end, which must be a clean one."""
        status = self.process.wait(seconds)
        assert status == 0, f"exit status {status}"
        self.judge()

    def stop(self, number=signal.SIGTERM):
        if self.running:
            self.send_signal(number)
        self.wait()

    def judge(self):
        """No finding of a sanitizer, and nothing on its outputs that is not a log line."""
        stderr = self.process.stderr
        report = SANITIZER_REPORT.search(stderr)
        assert not report, stderr[report.start() : report.start() + 4000].decode(errors="replace")


class Launcher:
    """Starts proxies in folders of their own; at the end stops and judges each that still runs."""

    def __init__(self, binary, folder, authority):
        self.binary = binary
        self.folder = folder
        self.authority = authority
        self.proxies = []

    def __call__(self, whole, **options):
        folder = self.folder / f"proxy{len(self.proxies)}"
        folder.mkdir()
        proxy = Proxy(self.binary, folder, self.authority, whole, **options)
        self.proxies.append(proxy)
        return proxy

    def __enter__(self):
        return self

    def __exit__(self, *_):
        complaints = []
        for proxy in self.proxies:
            if proxy.process.forgotten:
                continue  # the test has killed it
            try:
                proxy.stop()
            except AssertionError as complaint:
                complaints.append(str(complaint))
        assert not complaints, "\n".join(complaints)

    def forget(self):
        """After the report of a failure has been made."""
        for proxy in self.proxies:
            proxy.process.forget()
            if proxy.admin_folder:
                proxy.admin_folder.remove()
