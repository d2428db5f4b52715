"""PROXY headers by hand, and HAProxy as a balancer that sends them."""

import ipaddress
import socket
import struct

from .deadline import until
from .ports import free_port
from .process import Process

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V2_PROXY, V2_LOCAL = 0x21, 0x20
V2_TCP4, V2_TCP6 = 0x11, 0x21

HAPROXY_CONFIG = """
global
  maxconn 100
defaults
  mode tcp
  timeout connect 10s
  timeout client 10s
  timeout server 10s
listen balancer
  bind 127.0.0.1:{port}
  server proxy 127.0.0.1:{target} {how}
"""


def header_v1(source, destination="198.51.100.2:443"):
    """`source`: address and port as in 192.0.2.1:1; IPv6 in brackets."""
    (host, port), (to_host, to_port) = split(source), split(destination)
    family = "TCP6" if ":" in host else "TCP4"
    return f"PROXY {family} {host} {to_host} {port} {to_port}\r\n".encode()


def header_v2(source, destination="198.51.100.2:443", command=V2_PROXY, parts=b""):
    (host, port), (to_host, to_port) = split(source), split(destination)
    addresses = ipaddress.ip_address(host).packed + ipaddress.ip_address(to_host).packed
    block = addresses + struct.pack("!HH", int(port), int(to_port)) + parts
    family = V2_TCP6 if ":" in host else V2_TCP4
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def split(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port


def read_v2(reader):
    """The command, source, destination and {type: value} of the header that comes next."""
    fixed = reader.take(16)
    assert fixed[:12] == SIGNATURE
    command, family, length = struct.unpack("!BBH", fixed[12:])
    block = reader.take(length)
    size = {0: 0, V2_TCP4: 4, V2_TCP6: 16}[family]
    source = destination = None
    if size:
        ports = struct.unpack("!HH", block[2 * size : 2 * size + 4])
        source = f"{ipaddress.ip_address(block[:size])}:{ports[0]}"
        destination = f"{ipaddress.ip_address(block[size:2 * size])}:{ports[1]}"
        block = block[2 * size + 4 :]
    return command, source, destination, read_parts(block)


def read_parts(block):
    parts = {}
    while block:
        kind, length = struct.unpack("!BH", block[:3])
        parts[kind] = block[3 : 3 + length]
        block = block[3 + length :]
    return parts


class HAProxy:
    """Takes TCP connections and hands them to a port of ours; `how`: such as send-proxy-v2."""

    def __init__(self, folder, target, how):
        config = folder / f"{how}.cfg"
        for _ in range(5):
            self.port = free_port()
            config.write_text(HAPROXY_CONFIG.format(port=self.port, target=target, how=how))
            self.process = Process("haproxy", ["/usr/sbin/haproxy", "-db", "-f", config], folder)
            until(lambda: not self.process.running or self._listens(), "HAProxy listens")
            if self.process.running:
                return
            self.process.forget()
        raise AssertionError("HAProxy does not start")

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except ConnectionRefusedError:
            return False
        return True

    def close(self):
        self.process.end()
        self.process.forget()
