"""Ports, given by the kernel, and addresses that refuse or do not answer."""

import socket


_given = set()


def free_port(host="127.0.0.1"):
    """A port that was free a moment ago. Whoever uses it must be ready to try another.

    None is given twice, so the listeners of one site never meet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as holder:
            holder.bind((host, 0))
            port = holder.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


class Refusing:
    """An address that refuses: its port is held, so that nobody else gets it, but not listening."""

    def __init__(self):
        self.holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.holder.bind(("127.0.0.1", 0))
        self.port = self.holder.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def close(self):
        self.holder.close()


class Unanswering:
    """An address that neither accepts nor refuses: its queue is full, so Linux drops every SYN."""

    def __init__(self):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.fillers = []
        while self._connect():
            pass

    def _connect(self):
        filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        filler.settimeout(0.2)
        self.fillers.append(filler)
        try:
            filler.connect(("127.0.0.1", self.port))
            return True
        except TimeoutError:
            return False

    def close(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()
