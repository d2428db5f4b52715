"""A certificate authority for the tests, made with the openssl command line."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY_KINDS = {
    "ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-newkey", "rsa:2048"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
}

AUTHORITY_CONFIG = """
[ca]
default_ca = tests
[tests]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(*arguments):
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


@dataclass(frozen=True)
class Certificate:
    chain: Path  # the leaf first, then what issued it, without the root
    key: Path

    @property
    def der(self):
        """The leaf as bytes: what a client compares with what it was shown."""
        return openssl("x509", "-in", self.chain, "-outform", "DER")

    def with_key_of(self, other):
        return Certificate(self.chain, other.key)


class Authority:
    """Issues certificates into its folder. `root` is what clients trust."""

    def __init__(self, folder, name="Sallyport test CA"):
        self.folder = folder
        self.root = folder / "ca.pem"
        self.key = folder / "ca.key"
        openssl(
            "req", "-x509", "-nodes", "-days", "30", *KEY_KINDS["ecdsa"],
            "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.root,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(self, label, *names, kind="ecdsa", issuer=None):
        """A certificate for the names; `kind` is that of its key."""
        issued_by = issuer or Certificate(self.root, self.key)
        certificate = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        openssl(
            "req", "-x509", "-nodes", "-days", "30", *KEY_KINDS[kind],
            "-subj", f"/CN={label}", "-addext", alternative_names(names),
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-CA", issued_by.chain, "-CAkey", issued_by.key,
            "-keyout", certificate.key, "-out", certificate.chain,
        )  # fmt: skip
        if issuer:
            with certificate.chain.open("ab") as chain:
                chain.write(issuer.chain.read_bytes())
        return certificate

    def intermediate(self, label):
        """An authority between the root and a leaf: to be sent along in the chain."""
        certificate = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        openssl(
            "req", "-x509", "-nodes", "-days", "30", *KEY_KINDS["ecdsa"],
            "-subj", f"/CN={label}", "-addext", "keyUsage=critical,keyCertSign",
            "-CA", self.root, "-CAkey", self.key,
            "-keyout", certificate.key, "-out", certificate.chain,
        )  # fmt: skip
        return certificate

    def expired(self, label, *names):
        """A certificate that was good for a month, years ago."""
        certificate = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        request = self.folder / f"{label}.csr"
        config = self.folder / "authority.conf"
        config.write_text(AUTHORITY_CONFIG.format(folder=self.folder))
        (self.folder / "index.txt").write_text("")
        openssl(
            "req", "-new", "-nodes", *KEY_KINDS["ecdsa"], "-subj", f"/CN={label}",
            "-addext", alternative_names(names), "-keyout", certificate.key, "-out", request,
        )  # fmt: skip
        openssl(
            "ca", "-batch", "-notext", "-config", config, "-cert", self.root,
            "-keyfile", self.key, "-in", request, "-out", certificate.chain,
            "-startdate", "20200101000000Z", "-enddate", "20200201000000Z",
        )  # fmt: skip
        return certificate


def alternative_names(names):
    kinds = ("IP" if name[0].isdigit() else "DNS" for name in names)
    return "subjectAltName=" + ",".join(f"{kind}:{name}" for kind, name in zip(kinds, names))
