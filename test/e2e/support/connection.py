"""A client's connection, down to the byte: plain, or TLS over memory so that every step shows."""

import socket
import ssl
import struct

from .messages import HOST, Reader

TIMEOUT = 20.0


class Truncated(Exception):
    """The TCP connection ended without a close_notify: an attacker could have cut it."""


class Socket:
    """A TCP connection to the proxy."""

    def __init__(self, port, host="127.0.0.1", path=None, receive_buffer=None):
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        family = socket.AF_UNIX if path else families[":" in host]
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.tcp.settimeout(TIMEOUT)
        self.tcp.connect(str(path) if path else (host, port))
        if not path:
            self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.receive)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def address(self):
        host, port = self.tcp.getsockname()[:2]
        return f"{host}:{port}"

    def send(self, plain):
        self.tcp.sendall(plain)

    def receive(self):
        return self.tcp.recv(65536)

    def finish(self):
        """FIN: nothing more comes from here."""
        self.tcp.shutdown(socket.SHUT_WR)

    def reset(self):
        """RST: gone, without an end."""
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def vanish(self, how):
        """Away for good: `how` is "fin" or "rst"."""
        self.reset() if how == "rst" else self.close()

    def close(self):
        self.tcp.close()

    def response(self, method="GET"):
        return self.reader.response(method)

    def ask(self, bytes_of_request, method="GET"):
        self.send(bytes_of_request)
        return self.response(method)

    def wire_end(self):
        """What still comes on the wire, whatever it means, until TCP ends."""
        wire = b""
        try:
            while part := self.tcp.recv(65536):
                wire += part
        except ConnectionResetError:
            pass
        return wire

    def ends(self):
        """True if the peer ends the connection in order, with not a byte more."""
        return self.reader.at_end()


class TlsSocket(Socket):
    """A TLS connection over two memory buffers: what goes on the wire is ours to hold or cut."""

    def __init__(self, port, context, server_name=HOST, session=None, handshake=True, **options):
        super().__init__(port, **options)
        self.wire_in, self.wire_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.wire_in, self.wire_out, server_hostname=server_name, session=session
        )
        if handshake:
            self.handshake()

    def handshake(self):
        self._repeat(self.tls.do_handshake)

    def first_flight(self):
        """The ClientHello as bytes, not sent yet."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self.wire_out.read()
        raise AssertionError("a handshake can not end before it began")

    def encrypt(self, plain):
        """The records that carry these bytes, not sent yet."""
        self.tls.write(plain)
        return self.wire_out.read()

    def send_wire(self, wire):
        self.tcp.sendall(wire)

    def send(self, plain):
        for at in range(0, len(plain), 16384):
            self.send_wire(self.encrypt(plain[at : at + 16384]))

    def receive(self):
        """Plain bytes, or b"" at a close_notify."""
        try:
            return self._repeat(lambda: self.tls.read(65536))
        except ssl.SSLZeroReturnError:
            return b""

    def close_notify(self):
        """Our close_notify; the peer's answer is not waited for."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.send_wire(self.wire_out.read())

    def _repeat(self, step):
        while True:
            try:
                result = step()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                wire = self.tcp.recv(65536)
                if not wire:
                    raise Truncated("TCP ended without close_notify") from None
                self.wire_in.write(wire)
            except ssl.SSLError:
                self._flush_alert()
                raise

    def _flush(self):
        wire = self.wire_out.read()
        if wire:
            self.send_wire(wire)

    def _flush_alert(self):
        try:
            self._flush()
        except OSError:
            pass  # the peer has closed already; the alert was only a courtesy


def trusting(authority, minimum=None, maximum=None, alpn=("http/1.1",), ciphers=None):
    """What a client trusts and offers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.root)
    if ciphers:
        context.set_ciphers(ciphers)
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def trusting_nobody():
    """Takes any certificate: for looking at the one that was shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
