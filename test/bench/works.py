"""What is measured: a table of works, and how one is run."""

import json
import subprocess
from dataclasses import dataclass, replace

from accounting import cpu_seconds, memory_bytes

MIB = 1 << 20
HELD_CORE = "0"  # the load's and the backend's
PROXY_CORE = "1"


@dataclass(frozen=True)
class Work:
    key: str
    title: str
    unit: str
    load: tuple  # arguments of the load
    target: float  # what Sallyport's share of the best peer's cost shall be; 0: none was set
    kind: str = "ecdsa"  # the certificate's key
    per_mib: bool = False
    has_floor: bool = False
    site: tuple = ()  # pairs: how the site differs
    measure: str = "cpu"  # cpu, memory, latency, scaling
    quick: bool = True


FRESH = ("--fresh", "--connections", "16", "--get", "1024")
KEEP = ("--tls", "1.3", "--connections", "64", "--get", "1024")
SITE_SIZES = (1, 100, 10000)


def scaling_works():
    for what, most in (("names", 10000), ("routes", 10000), ("backends", 100)):
        for size in SITE_SIZES:
            if size <= most:
                yield Work(
                    f"{what}-{size}", f"keep-alive 1 KiB request, {size} {what}", "µs", KEEP, 0,
                    site=((what, size),), quick=False,
                )  # fmt: skip
    for size in (100, 1000, 9000):
        yield Work(
            f"idle-{size}", f"keep-alive 1 KiB request beside {size} idle connections", "µs", KEEP, 0,
            site=(("idle", size),), quick=False,
        )  # fmt: skip


WORKS = [
    Work("tls13", "full TLS 1.3 handshake + 1 KiB request", "µs", ("--tls", "1.3", *FRESH), 0.5),
    Work("tls12", "full TLS 1.2 handshake + 1 KiB request", "µs", ("--tls", "1.2", *FRESH), 0.5),
    Work("resumed", "resumed TLS 1.3 handshake + 1 KiB request", "µs",
         ("--tls", "1.3", "--resume", *FRESH), 0.6, has_floor=True),
    Work("rsa13", "full TLS 1.3 handshake + request, RSA-2048", "µs", ("--tls", "1.3", *FRESH), 0.7,
         kind="rsa"),
    Work("keep", "keep-alive 1 KiB request, 64 connections", "µs", KEEP, 0.9, has_floor=True),
    Work("down", "1 MiB responses, per MiB", "µs",
         ("--tls", "1.3", "--connections", "4", "--get", str(MIB)), 0.55, per_mib=True,
         has_floor=True),
    Work("up", "1 MiB uploads, per MiB", "µs",
         ("--tls", "1.3", "--connections", "4", "--post", str(MIB)), 0.55, per_mib=True,
         has_floor=True),
    Work("memory", "memory per idle TLS connection after a request", "KB",
         ("--tls", "1.3", "--get", "1024", "--idle", "--connections"), 0.6, measure="memory"),
    Work("p99", "p99 latency at half of nginx's peak rate", "µs", KEEP, 1.0, measure="latency"),
    Work("workers", "CPU per request with 2 workers, as a share of that with 1", "", KEEP, 0,
         site=(("workers", 2),), measure="workers", quick=False),
    *scaling_works(),
]  # fmt: skip


class Load:
    """The load generator against one port."""

    def __init__(self, program, port):
        self.command = [
            "taskset", "--cpu-list", HELD_CORE, str(program), "--to", f"127.0.0.1:{port}",
            "--name", "name0.bench.example",
        ]  # fmt: skip

    def named(self, name):
        self.command[-1] = name
        return self

    def run(self, arguments, seconds):
        run = subprocess.run(
            [*self.command, *arguments, "--seconds", str(seconds)],
            capture_output=True, text=True, timeout=seconds + 60, check=False,
        )  # fmt: skip
        if not run.stdout:
            raise SystemExit(f"bench: the load failed: {run.stderr}")
        return json.loads(run.stdout)

    def hold(self, arguments):
        """Idle connections, until stdin of what is returned is closed."""
        process = subprocess.Popen(
            [*self.command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if process.stdout.readline().strip() != b"ready":
            raise SystemExit("bench: the idle connections could not be opened")
        return process


def without_tls(arguments):
    kept = list(arguments)
    if "--tls" in kept:
        at = kept.index("--tls")
        del kept[at : at + 2]
    return tuple(each for each in kept if each != "--resume") + (
        ("--fresh",) if "--resume" in arguments else ()
    )


def measure_cpu(work, load, pid, seconds):
    """µs of CPU for one request, or for one MiB."""
    load.run(work.load, min(1, seconds))
    before = cpu_seconds(pid)
    result = load.run(work.load, seconds)
    spent = cpu_seconds(pid) - before
    if result["errors"]:
        raise SystemExit(f"bench: {work.key}: {result['errors']} errors")
    if "--resume" in work.load and result["resumed"] < result["handshakes"] * 0.95:
        raise SystemExit(f"bench: {work.key}: only {result['resumed']} were resumed")
    done = result["bytes"] / MIB if work.per_mib else result["requests"]
    return spent * 1e6 / done, result


def measure_memory(work, load, pid, count):
    load.run(KEEP, 1)
    with load.hold((*work.load, "100")) as few:
        before = memory_bytes(pid)
        few.stdin.close()
    with load.hold((*work.load, str(count))) as many:
        after = memory_bytes(pid)
        many.stdin.close()
    return (after - before) / (count - 100) / 1000


def measure_latency(work, load, rate, seconds):
    load.run(work.load, 1)
    return load.run((*work.load, "--rate", str(int(rate))), seconds)["p99_us"]


def with_workers(work, count):
    return replace(work, site=(("workers", count),))
