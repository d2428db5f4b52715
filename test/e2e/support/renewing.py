"""Certificates that change while the proxy runs, in the ways of those who renew them."""

import os
import shutil

from .certificates import Certificate
from .connection import trusting


def shown(proxy, name=None, port=None):
    """The certificate that a new handshake is shown, as bytes."""
    options = {"server_name": name} if name else {}
    with proxy.connect(port, trusting(proxy.authority), **options) as client:
        return client.tls.getpeercert(binary_form=True)


class Renamed:
    """Two files, each replaced by a rename: as most scripts do it."""

    def __init__(self, folder, first):
        folder.mkdir()
        self.files = Certificate(folder / "chain.pem", folder / "key.pem")
        self.put(first)

    def put(self, certificate):
        for source, place in zip(
            (certificate.key, certificate.chain), (self.files.key, self.files.chain)
        ):
            new = place.with_suffix(".new")
            shutil.copyfile(source, new)
            new.rename(place)


class Linked:
    """Two symbolic links into an archive, each replaced by another one: certbot's `live`."""

    def __init__(self, folder, first):
        (folder / "archive").mkdir(parents=True)
        self.folder = folder
        self.count = 0
        self.files = Certificate(folder / "chain.pem", folder / "key.pem")
        self.put(first)

    def put(self, certificate):
        self.count += 1
        for source, place in zip(
            (certificate.key, certificate.chain), (self.files.key, self.files.chain)
        ):
            target = self.folder / "archive" / f"{place.stem}{self.count}.pem"
            shutil.copyfile(source, target)
            new = place.with_suffix(".new")
            new.symlink_to(target)
            new.rename(place)


class Swapped:
    """One link to a folder with both files: secrets of Kubernetes and of Docker's tools."""

    def __init__(self, folder, first):
        folder.mkdir()
        self.folder = folder
        self.count = 0
        self.put(first)
        for name in ("chain.pem", "key.pem"):
            (folder / name).symlink_to(f"..data/{name}")
        self.files = Certificate(folder / "chain.pem", folder / "key.pem")

    def put(self, certificate):
        self.count += 1
        new = self.folder / f"..{self.count}"
        new.mkdir()
        shutil.copyfile(certificate.chain, new / "chain.pem")
        shutil.copyfile(certificate.key, new / "key.pem")
        link = self.folder / "..data_tmp"
        link.symlink_to(new.name)
        os.rename(link, self.folder / "..data")
        shutil.rmtree(self.folder / f"..{self.count - 2}", ignore_errors=True)
