"""Real clients, each for one handshake, and what each of them then reports of it.

A report has the words of `sallyport explain --json`: version, cipher_suite, group,
signature_algorithm, certificate (SHA-256), alpn; only those that the program tells. None: it failed.
"""

import hashlib
import json
import re
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

from . import clients
from .connection import TIMEOUT

SCRIPTS = Path(__file__).parent
OPENSSLS_NAMES = {
    f"ECDHE-{kind}-{name}": f"TLS_ECDHE_{kind}_WITH_{suite}"
    for kind in ("ECDSA", "RSA")
    for name, suite in (
        ("AES256-GCM-SHA384", "AES_256_GCM_SHA384"),
        ("AES128-GCM-SHA256", "AES_128_GCM_SHA256"),
        ("CHACHA20-POLY1305", "CHACHA20_POLY1305_SHA256"),
    )
}
CIPHERS = {
    "AES-256-GCM": "AES_256_GCM_SHA384",
    "AES-128-GCM": "AES_128_GCM_SHA256",
    "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
}
GROUPS = {
    "X25519": "x25519", "prime256v1": "secp256r1", "P-256": "secp256r1", "SECP256R1": "secp256r1",
    "secp384r1": "secp384r1", "P-384": "secp384r1", "SECP384R1": "secp384r1",
    "secp521r1": "secp521r1", "P-521": "secp521r1", "SECP521R1": "secp521r1",
}  # fmt: skip
ECDSA = {
    "SHA256": "ecdsa_secp256r1_sha256",
    "SHA384": "ecdsa_secp384r1_sha384",
    "SHA512": "ecdsa_secp521r1_sha512",
}


def iana_suite(name):
    return OPENSSLS_NAMES.get(name, name)


def fingerprint(pem):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def find(pattern, report):
    found = re.search(pattern, report, re.MULTILINE)
    assert found, f"no {pattern} in {report}"
    return found


def first_certificate(report):
    return find(r"(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", report)[0]


def signature(kind, digest):
    """Of OpenSSL's or GnuTLS's words for a signature."""
    if kind.startswith("ECDSA"):
        return ECDSA[digest]
    name = "rsa_pss_rsae" if "PSS" in kind else "rsa_pkcs1"
    return f"{name}_{digest.lower()}"


def s_client(port, name, flags):
    command = [
        "openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name, *flags,
    ]  # fmt: skip
    done = clients.run(command, input=b"")
    report = done.stdout.decode(errors="replace")
    suite = find(r"^New, .*, Cipher is (\S+)", report)[1]
    if suite == "(NONE)" or "no peer certificate available" in report:
        return None
    kind = find(r"^Peer signature type: (\S+)", report)[1]
    alpn = re.search(r"^ALPN protocol: (\S+)", report, re.MULTILINE)
    group = find(r"^Server Temp Key: (?:ECDH, )?([^,]+)", report)[1]
    return {
        "version": find(r"^New, (\S+), Cipher", report)[1],
        "cipher_suite": iana_suite(suite),
        "group": GROUPS[group],
        "signature_algorithm": signature(kind, find(r"^Peer signing digest: (\S+)", report)[1]),
        "certificate": fingerprint(first_certificate(report)),
        "alpn": alpn[1] if alpn else None,
    }


def gnutls_cli(port, name, priority):
    command = [
        "gnutls-cli", "--port", port, "--insecure", "--print-cert", "--sni-hostname", name,
        "--priority", priority, "127.0.0.1",
    ]  # fmt: skip
    done = clients.run(command, input=b"")
    report = (done.stdout + done.stderr).decode(errors="replace")
    if "Handshake was completed" not in report:
        return None
    words = find(r"^- Description: \((.*)\)", report)[1].split(")-(")
    version, exchange, how, cipher = words
    version = "TLSv" + version[3:6]
    suite = CIPHERS[cipher]
    kind = "ECDSA" if how.startswith("ECDSA") else "RSA"
    return {
        "version": version,
        "cipher_suite": f"TLS_{suite}" if version == "TLSv1.3" else f"TLS_ECDHE_{kind}_WITH_{suite}",
        "group": GROUPS[exchange.removeprefix("ECDHE-")],
        "signature_algorithm": signature(how, how.rsplit("-", 1)[1]),
        "certificate": fingerprint(first_certificate(report)),
    }


def curl(port, name, flags):
    command = [
        "curl", "--silent", "--insecure", "--verbose", "--noproxy", "*", "--max-time", TIMEOUT,
        "--write-out", "%{certs}", "--output", "/dev/null",
        "--resolve", f"{name}:{port}:127.0.0.1", *flags, f"https://{name}:{port}/",
    ]  # fmt: skip
    done = clients.run(command)
    report = (done.stdout + done.stderr).decode(errors="replace")
    found = re.search(r"SSL connection using (\S+) / (\S+)", report)
    if not found:
        return None
    return {
        "version": found[1],
        "cipher_suite": iana_suite(found[2]),
        "certificate": fingerprint(first_certificate(report)),
    }


def python(port, name, options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if "ciphers" in options:
        context.set_ciphers(options["ciphers"])
    if "group" in options:
        context.set_ecdh_curve(options["group"])
    if "alpn" in options:
        context.set_alpn_protocols(options["alpn"])
    context.maximum_version = options.get("maximum", ssl.TLSVersion.MAXIMUM_SUPPORTED)
    try:
        tcp = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        with tcp, context.wrap_socket(tcp, server_hostname=name) as tls:
            return {
                "version": tls.version(),
                "cipher_suite": iana_suite(tls.cipher()[0]),
                "certificate": hashlib.sha256(tls.getpeercert(True)).hexdigest(),
                "alpn": tls.selected_alpn_protocol(),
            }
    except OSError:
        return None


def scripted(command, tasks):
    """A program that does many handshakes: a task is (port, name, options)."""
    lines = [{"port": port, "name": name, **options} for port, name, options in tasks]
    done = subprocess.run(
        command, input=json.dumps(lines).encode(), capture_output=True, timeout=3 * TIMEOUT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return json.loads(done.stdout)


def node(tasks):
    reports = scripted(["node", SCRIPTS / "node_handshakes.js"], tasks)
    for report in filter(None, reports):
        report["group"] = GROUPS[report["group"]]
    return reports


def has_java():
    """With a compiler in it, which a program in one source file needs."""
    if shutil.which("java") is None:
        return False
    return b"jdk.compiler@" in clients.run(["java", "--list-modules"]).stdout


def java(tasks):
    """Each task on a line: port, name, protocols, suites; separated by tabs."""
    lines = ["\t".join([str(port), name, *options]) for port, name, options in tasks]
    done = subprocess.run(
        ["java", "-XX:TieredStopAtLevel=1", SCRIPTS / "Handshakes.java"],
        input="\n".join(lines).encode(), capture_output=True, timeout=3 * TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    keys = ("version", "cipher_suite", "certificate")
    return [
        dict(zip(keys, line.split("\t"))) if line != "failed" else None
        for line in done.stdout.decode().splitlines()
    ]
