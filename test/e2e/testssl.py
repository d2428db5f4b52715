"""What testssl.sh finds in the default policy. Minutes, so not part of every run: scripts/testssl."""

import json
import subprocess

from support.certificates import openssl
from support.configuration import cluster, site, tls_listener
from support.messages import HOST

MINUTES = 15
GOOD = {"OK", "INFO"}
# What is no finding about the proxy; README.md explains each.
EXPLAINED = {
    "DNS_CAArecord": "a record in the DNS of the name",
    "engine_problem": "the machine's own openssl has no GOST",
    "sessionresumption_ticket": "testssl.sh's own attempt; test_tls_resumption.py does it",
}
CHECKS = [
    "--protocols", "--std", "--fs", "--server-preference", "--server-defaults",
    "--vulnerable", "--cipher-per-proto",
]  # fmt: skip


def issue(authority, label, kind):
    """As a public authority does it: valid for long enough, and with a place for its CRL."""
    certificate = authority.issue(label, HOST, kind=kind)
    request = openssl(
        "x509", "-x509toreq", "-in", certificate.chain, "-signkey", certificate.key,
        "-copy_extensions", "copyall",
    )  # fmt: skip
    path = authority.folder / f"{label}.csr"
    path.write_bytes(request)
    extensions = authority.folder / f"{label}.ext"
    extensions.write_text(
        f"subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n"
        "basicConstraints=critical,CA:FALSE\n"
        "crlDistributionPoints=URI:http://crl.example.com/ca.crl\n"
    )
    openssl(
        "x509", "-req", "-in", path, "-CA", authority.root, "-CAkey", authority.key,
        "-CAcreateserial", "-days", "200", "-extfile", extensions, "-out", certificate.chain,
    )  # fmt: skip
    return certificate


def test_nothing_is_found(start_proxy, authority, recorder, tmp_path):
    certificates = [issue(authority, f"found-{kind}", kind) for kind in ("rsa", "ecdsa")]
    proxy = start_proxy(site([tls_listener(*certificates)], {"app": cluster(recorder())}))
    path = tmp_path / "findings.json"
    subprocess.run(
        [
            "testssl", "--quiet", "--color", "0", "--warnings", "off", "--add-ca", authority.root,
            "--ip", "127.0.0.1", "--jsonfile", path, *CHECKS, f"{HOST}:{proxy.port}",
        ],
        stdin=subprocess.DEVNULL, timeout=60 * MINUTES, check=False,
    )  # fmt: skip
    findings = json.loads(path.read_text())
    assert len(findings) > 80
    bad = [
        finding
        for finding in findings
        if finding["severity"] not in GOOD and finding["id"].split(" ")[0] not in EXPLAINED
    ]
    assert not bad, json.dumps(bad, indent=2)
