"""A backend that does what a script says and remembers what it got, byte by byte."""

import socket
import struct
import threading
import time
import traceback

from .messages import Ended, Reader, response

TIMEOUT = 30.0
RECORD_MAX = 4 << 20  # bytes kept per connection; big streams count only


class Gone(Exception):
    """The proxy is no longer there to be written to."""


def answer_all(connection):
    """The usual script: 200 for every request, on one connection as long as the proxy likes."""
    while True:
        connection.request()
        connection.send(response(200, b"fine"))


def echo_all(connection):
    """Answers each request with its own body."""
    while True:
        asked = connection.request()
        connection.send(response(200, asked.body))


class RecorderConnection:
    """One connection from the proxy. Owner: its Recorder; used by its script's thread."""

    def __init__(self, tcp, recorder, index):
        self.tcp = tcp
        self.recorder = recorder
        self.index = index  # counted from 0, in order of acceptance
        self.received = bytearray()
        self.received_count = 0
        self.sent_count = 0
        self.requests = []
        self.ended = None  # "fin" or "rst": how the proxy ended it, once it did
        self.ended_at = None
        self.reader = Reader(self.receive)

    def receive(self, size=65536):
        try:
            plain = self.tcp.recv(size)
        except (ConnectionResetError, BrokenPipeError):
            self._end("rst")
            return b""
        if not plain:
            self._end("fin")
        self.received_count += len(plain)
        self.received += plain[: RECORD_MAX - len(self.received)]
        return plain

    def _end(self, how):
        self.ended, self.ended_at = how, time.monotonic()

    def request(self):
        return self._remember(self.reader.request())

    def head(self):
        """Only the head of a request; its body stays to be read."""
        return self._remember(self.reader.head())

    def _remember(self, asked):
        self.requests.append(asked)
        self.recorder.requests.append(asked)
        return asked

    def send(self, plain):
        view = memoryview(plain)
        try:
            while view:
                sent = self.tcp.send(view[: 1 << 16])
                self.sent_count += sent
                view = view[sent:]
        except OSError as error:
            raise Gone from error

    def finish(self):
        self.tcp.shutdown(socket.SHUT_WR)

    def close(self):
        self.tcp.close()

    def reset(self):
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def vanish(self, how):
        self.reset() if how == "rst" else self.close()

    def wait_end(self):
        """Reads and drops until the proxy ends the connection; how it did so."""
        while self.receive():
            pass
        return self.ended


class Recorder:
    """A listening backend; `script(connection)` runs once for each connection, in a thread."""

    def __init__(self, script=answer_all, host="127.0.0.1", receive_buffer=None):
        self.script = script
        self.connections = []
        self.requests = []  # of all connections, in the order in which they were read
        self.failures = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind((host, 0))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.threads = []
        self._start(self._accept)

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                tcp, _ = self.listener.accept()
            except OSError:
                return  # closed: the test is over
            tcp.settimeout(TIMEOUT)
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = RecorderConnection(tcp, self, len(self.connections))
            self.connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection):
        try:
            self.script(connection)
        except (Ended, Gone, TimeoutError, OSError):
            pass  # the proxy ended the connection, or the test did
        except Exception:  # pylint: disable=broad-except
            self.failures.append(traceback.format_exc())
        finally:
            connection.close()

    @property
    def received(self):
        """All bytes of all connections."""
        return b"".join(bytes(connection.received) for connection in self.connections)

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in list(self.connections):
            try:
                connection.tcp.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in list(self.threads):
            thread.join(5)
        assert not self.failures, "a backend's script failed:\n" + "\n".join(self.failures)
