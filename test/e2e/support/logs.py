"""What the proxy writes: one JSON line per event. The names of the keys stand only here."""

import json

EVENT = "event"
DRAINING = "draining"
REQUEST = "request"
HANDSHAKE_FAILED = "handshake_failed"

# Every exchange has these, whatever became of it; null where there is nothing to tell.
REQUEST_KEYS = {
    "time", "event", "id", "client", "listener", "server_name", "tls_version", "cipher_suite",
    "group", "resumed", "method", "host", "path", "status", "request_bytes", "response_bytes",
    "duration_us", "cluster", "backend", "reused", "retried", "reason",
}  # fmt: skip
DURATION_KEYS = {"total", "connect", "first_byte"}
HANDSHAKE_KEYS = {"time", "event", "client", "server_name", "reason", "explanation"}


def lines(output):
    """The JSON objects of the whole lines; a line that is not JSON is a failure."""
    whole = output[: output.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines() if line.strip()]


def events(output, name):
    return [line for line in lines(output) if line.get(EVENT) == name]


def matching(entries, wanted):
    """Those entries that hold all the wanted values."""
    return [
        entry for entry in entries if all(entry.get(key) == value for key, value in wanted.items())
    ]


def words(proxy, part):
    """The one explanation of a failed handshake that holds `part`."""
    [found] = {
        line["explanation"] for line in proxy.failed_handshakes() if part in line["explanation"]
    }
    return found
