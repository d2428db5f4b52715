"""Measures Sallyport against other proxies, all in one run. Called by scripts/bench."""

import argparse
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import layers
import proxies
import report
import works
from works import HELD_CORE, PROXY_CORE, Load

OURS = "Sallyport"
IDLE = {True: 1000, False: 4000}


def make_certificates(folder):
    kinds = {"ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
             "rsa": ["-newkey", "rsa:2048"]}  # fmt: skip
    for kind, key in kinds.items():
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-days", "30", *key, "-subj", "/CN=bench",
             "-addext", "subjectAltName=DNS:*.bench.example",
             "-keyout", folder / f"{kind}.key", "-out", folder / f"{kind}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        both = (folder / f"{kind}.pem").read_bytes() + (folder / f"{kind}.key").read_bytes()
        (folder / f"{kind}.both.pem").write_bytes(both)
    for each in folder.iterdir():
        each.chmod(0o644)  # test keys; peers drop to users of their own


class Held:
    """A program of ours that prints its port and runs until its stdin ends."""

    def __init__(self, core, *command):
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", core, *map(str, command)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, arguments, folder, origin):
        self.arguments = arguments
        self.folder = folder
        self.origin = origin
        self.seconds = 2 if arguments.quick else 5
        self.load_program = arguments.build / "load"
        self.peak = 0

    def site(self, work, proxy):
        folder = self.folder / work.key / re.sub(r"\W+", "-", proxy.name)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for file in self.folder.glob("*.*"):
            if file.is_file():
                (folder / file.name).write_bytes(file.read_bytes())
        ports = proxies.Ports(*proxies.free_ports(2))
        sizes = {key: value for key, value in work.site if key != "idle"}
        return proxies.Site(folder, self.origin, ports, **sizes)

    def measure(self, work, proxy):
        if work.measure == "workers":
            cost = [self.measure_one(works.with_workers(work, n), proxy, "0,1") for n in (2, 1)]
            return cost[0] / cost[1]
        return self.measure_one(work, proxy, PROXY_CORE)

    def measure_one(self, work, proxy, core):
        site = self.site(work, proxy)
        process = proxy.start(site, core)
        try:
            port = getattr(site.ports, work.kind)
            load = Load(self.load_program, port).named(proxies.host(site.names - 1))
            return self.measure_running(work, proxy, process.pid, load)
        finally:
            proxies.stop(process)

    def measure_running(self, work, proxy, pid, load):
        if work.measure == "memory":
            return works.measure_memory(work, load, pid, IDLE[self.arguments.quick])
        if work.measure == "latency":
            return works.measure_latency(work, load, self.peak / 2, self.seconds)
        idle = dict(work.site).get("idle", 0)
        held = load.hold(("--tls", "1.3", "--idle", "--connections", str(idle))) if idle else None
        value, result = works.measure_cpu(work, load, pid, self.seconds)
        if held:
            held.communicate()
        if work.key == "keep" and proxy.name == "nginx":
            self.peak = max(self.peak, result["requests"] / result["seconds"])
        return value

    def measure_floor(self, work):
        plain = replace(work, load=works.without_tls(work.load))
        with Held(PROXY_CORE, self.arguments.build / "relay", self.origin) as relay:
            load = Load(self.load_program, relay.port)
            return works.measure_cpu(plain, load, relay.process.pid, self.seconds)[0]


def is_able(work, proxy):
    """Hitch joins connections without reading them; not all can be given many of anything."""
    sizes = {key for key, _ in work.site}
    return proxy.many or not sizes & {"names", "routes", "backends", "workers"}


def run_all(bench, chosen, contenders, rounds):
    results = {work.key: {} for work in chosen}
    for number in range(rounds):
        for work in chosen:
            for proxy in contenders:
                if not is_able(work, proxy):
                    continue
                value = bench.measure(work, proxy)
                results[work.key].setdefault(proxy.name, []).append(value)
                print(f"round {number + 1}: {work.title}: {proxy.name}: {value:.2f} {work.unit}",
                      file=sys.stderr, flush=True)  # fmt: skip
            if work.has_floor:
                results[work.key].setdefault("floor", []).append(bench.measure_floor(work))
    return results


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, in 3 minutes")
    parser.add_argument("--rounds", type=int, help="how often each work is done (default: 3)")
    parser.add_argument("--only", action="append", default=[], help="a work, by its key")
    parser.add_argument("--against", action="append", default=[], help="a peer, by its name")
    parser.add_argument("--newest", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--program", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="a folder for results.md and results.svg")
    parser.add_argument("--list", action="store_true", help="the works and their keys")
    return parser.parse_args()


def contenders_of(arguments):
    found = [proxies.sallyport(arguments.program), *proxies.peers()]
    if arguments.newest:
        found += proxies.peers(arguments.newest)
    if arguments.against:
        found = [p for p in found if p.name == OURS or p.name in arguments.against]
    elif arguments.quick:
        found = [p for p in found if p.name.split()[0] in (OURS, "nginx", "HAProxy")]
    return [proxy for proxy in found if proxy.is_installed()]


def chosen_works(arguments):
    if arguments.only:
        unknown = set(arguments.only) - {work.key for work in works.WORKS} - {layers.KEY}
        if unknown:
            raise SystemExit(f"bench: no such work: {', '.join(sorted(unknown))}; see --list")
        return [work for work in works.WORKS if work.key in arguments.only]
    return [work for work in works.WORKS if work.quick or not arguments.quick]


def told(contenders, chosen, results, rounds):
    names = [proxy.name for proxy in contenders] + ["floor"]
    of_http = [proxy.name for proxy in contenders if proxy.parses_http and proxy.name != OURS]
    versions = ", ".join(f"{proxy.name} {proxy.version_text()}" for proxy in contenders)
    return (
        report.markdown(chosen, results, names, OURS, of_http)
        + f"\n{date.today()}, {processor()}, Linux {platform.release()}; {versions}.\n"
        + f"Medians of {rounds} rounds, ± half of the spread. CPU time of the proxy's processes by "
        "the kernel's accounting, one worker on one core; load and backend on the other. ratio: "
        "Sallyport against the best of the others; of HTTP: of those that read requests, which Hitch "
        "does not.\n"
    )


def main():
    arguments = read_arguments()
    if arguments.list:
        for work in works.WORKS:
            print(f"{work.key:14} {work.title}")
        print(f"{layers.KEY:14} {layers.TITLE}")
        return
    contenders = contenders_of(arguments)
    chosen = chosen_works(arguments)
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    names = [proxy.name for proxy in contenders]
    with (
        tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder,
        Held(HELD_CORE, arguments.build / "origin") as origin,
    ):
        folder = Path(folder)
        folder.chmod(0o755)
        make_certificates(folder)
        bench = Bench(arguments, folder, origin.port)
        results = run_all(bench, chosen, contenders, rounds)
    text = told(contenders, chosen, results, rounds) if chosen else ""
    if layers.KEY in arguments.only or not (arguments.quick or arguments.only):
        counted = layers.measure(arguments.program.parent / "test/bench/layers")
        text += f"\n{layers.TITLE.capitalize()}:\n\n{layers.markdown(counted)}"
    print(text)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "results.md").write_text(text)
        (arguments.out / "results.svg").write_text(
            report.chart(chosen, results, [*names, "floor"], OURS)
        )


if __name__ == "__main__":
    main()
