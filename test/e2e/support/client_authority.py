"""Authorities that certify clients, their certificates and revocation lists."""

from .certificates import Authority, Certificate, openssl

CONFIG = """
[ca]
default_ca = tests
[tests]
database = {folder}/{label}.index
crlnumber = {folder}/{label}.crlnumber
new_certs_dir = {folder}
default_md = sha256
unique_subject = no
"""


class ClientAuthority(Authority):
    """A root of its own, which can also revoke what it has issued."""

    def client(self, label, *names, subject=None, issuer=None, kind="ec:P-256", usage="clientAuth"):
        """A client's certificate; `issuer` is an intermediate authority to be sent along."""
        issued_by = issuer or Certificate(self.root, self.key)
        certificate = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        algorithm, _, size = kind.partition(":")
        options = ["-pkeyopt", f"ec_paramgen_curve:{size}"] if algorithm == "ec" else []
        extensions = ["-addext", f"extendedKeyUsage={usage}"]
        if names:
            extensions += ["-addext", "subjectAltName=" + ",".join(names)]
        openssl(
            "req", "-x509", "-nodes", "-days", "30", "-newkey",
            algorithm if algorithm == "ec" else kind, *options,
            "-subj", subject or f"/CN={label}", *extensions,
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-CA", issued_by.chain, "-CAkey", issued_by.key,
            "-keyout", certificate.key, "-out", certificate.chain,
        )  # fmt: skip
        if issuer:
            with certificate.chain.open("ab") as chain:
                chain.write(issuer.chain.read_bytes())
        return certificate

    def crl(self, label, *revoked, until=None):
        """A revocation list with these certificates in it; good for a month unless told."""
        config = self.folder / f"{label}.conf"
        config.write_text(CONFIG.format(folder=self.folder, label=label))
        (self.folder / f"{label}.index").write_text("")
        (self.folder / f"{label}.crlnumber").write_text("01\n")
        common = ["ca", "-config", config, "-cert", self.root, "-keyfile", self.key]
        for certificate in revoked:
            openssl(*common, "-revoke", certificate.chain)
        path = self.folder / f"{label}.crl"
        dates = ["-crl_lastupdate", "20240101000000Z", "-crl_nextupdate", until]
        openssl(*common, "-gencrl", *(dates if until else ["-crldays", "30"]), "-out", path)
        return path
