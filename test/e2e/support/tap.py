"""A relay for one connection that keeps what both sides say in the handshake."""

import select
import socket
import threading

from .deadline import SECONDS

HANDSHAKE = 22
SERVER_HELLO = 2
# The random of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3).
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class Tap:
    """Listens on a port of its own for one client, whom it connects with the proxy's port."""

    def __init__(self, port):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(SECONDS)
        self.port = self.server.getsockname()[1]
        self.proxys_port = port
        self.from_client = b""
        self.from_proxy = b""
        self.address = None  # ours, as the proxy's log has it
        self.thread = threading.Thread(target=self.relay, daemon=True)
        self.thread.start()

    def relay(self):
        with self.server:
            client, _ = self.server.accept()
        with client, socket.create_connection(("127.0.0.1", self.proxys_port)) as proxy:
            self.address = "{}:{}".format(*proxy.getsockname())
            while True:
                ready, _, _ = select.select([client, proxy], [], [], SECONDS)
                if client in ready and not self.pass_on(client, proxy, "from_client"):
                    return
                if proxy in ready and not self.pass_on(proxy, client, "from_proxy"):
                    return
                if not ready:
                    return

    def pass_on(self, source, target, kept):
        try:
            part = source.recv(65536)
            setattr(self, kept, getattr(self, kept) + part)
            if part:
                target.sendall(part)
        except OSError:
            return False
        return bool(part)

    def done(self):
        """Waits for the end of the connection."""
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()

    @property
    def hello(self):
        """The ClientHello's record."""
        size = 5 + int.from_bytes(self.from_client[3:5], "big")
        return self.from_client[:size]

    @property
    def was_retried(self):
        record = self.from_proxy
        return record[0] == HANDSHAKE and record[5] == SERVER_HELLO and record[11:43] == RETRY
