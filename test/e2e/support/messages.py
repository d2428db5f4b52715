"""HTTP/1.1 messages as bytes: written by hand, read strictly, nothing hidden by a library."""

from dataclasses import dataclass, field

HOST = "app.example.com"


class Ended(Exception):
    """The peer ended the connection, in order, before the message was whole."""


@dataclass
class Message:
    start: str
    fields: list
    head: bytes  # as it came, with the empty line
    body: bytes = b""
    framing: str = "none"  # none, length, chunked or close
    chunk_sizes: list = field(default_factory=list)
    interim: list = field(default_factory=list)  # the 1xx responses before this one

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name):
        """The value of a field that may come once at most; None: it did not come."""
        values = self.values(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    @property
    def closes(self):
        return "close" in (self.value("Connection") or "").lower()


class Reader:
    """Reads messages from `receive()`, which gives bytes, or b"" at an end that is in order."""

    def __init__(self, receive):
        self.receive = receive
        self.buffer = bytearray()

    def fill(self):
        more = self.receive()
        if not more:
            raise Ended(f"after {bytes(self.buffer[:200])!r}")
        self.buffer += more

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def line(self):
        while b"\n" not in self.buffer:
            self.fill()
        line = self.take(self.buffer.index(b"\n") + 1)
        assert line.endswith(b"\r\n"), f"a line must end in CR LF: {line!r}"
        return line[:-2]

    def rest(self):
        """Everything up to the end of the connection."""
        try:
            while True:
                self.fill()
        except Ended:
            return self.take(len(self.buffer))

    def at_end(self):
        """True if the peer ended in order and not a byte more came."""
        extra = self.rest()
        assert extra == b"", f"bytes after the end of the message: {extra[:200]!r}"
        return True

    def head(self):
        lines = [self.line()]
        while lines[-1] != b"":
            lines.append(self.line())
        text = [line.decode("latin-1") for line in lines]
        fields = []
        for line in text[1:-1]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip() and name, f"not a field: {line!r}"
            fields.append((name, value.strip(" \t")))
        return Message(text[0], fields, b"\r\n".join(lines) + b"\r\n")

    def chunked(self, message):
        body = bytearray()
        while True:
            size_text = self.line()
            assert size_text.strip(b"0123456789abcdefABCDEF") == b"", f"chunk size {size_text!r}"
            size = int(size_text, 16)
            if size == 0:
                break
            message.chunk_sizes.append(size)
            body += self.take(size)
            assert self.take(2) == b"\r\n", "a chunk must end in CR LF"
        trailer = self.line()
        assert trailer == b"", f"a trailer came: {trailer!r}"
        return bytes(body)

    def read_body(self, message):
        coding, length = message.value("Transfer-Encoding"), message.value("Content-Length")
        assert not (coding and length), "both Content-Length and Transfer-Encoding"
        if coding:
            assert coding == "chunked", coding
            message.framing = "chunked"
            message.body = self.chunked(message)
        elif length is not None:
            assert length.isascii() and length.isdigit(), length
            message.framing = "length"
            message.body = self.take(int(length))
        return message

    def request(self):
        return self.read_body(self.head())

    def response(self, method="GET"):
        """The next final response; interim ones are kept in it. 101 is final."""
        interim = []
        message = self.head()
        while 100 <= message.status < 200 and message.status != 101:
            interim.append(message)
            message = self.head()
        message.interim = interim
        if method == "HEAD" or message.status in (101, 204, 304):
            return message
        self.read_body(message)
        if message.framing == "none":
            message.framing = "close"
            message.body = self.rest()
        return message


def write_fields(fields):
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")


def chunks(body, size):
    """The body in chunks of so many bytes, with the last, empty one."""
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def request(target="/", *fields, method="GET", host=HOST, body=None, chunk=None, version="1.1"):
    """A request as bytes; with `chunk`, its body goes in chunks of that size."""
    head = f"{method} {target} HTTP/{version}\r\n".encode("latin-1")
    if host is not None:
        head += write_fields([("Host", host)])
    return head + write_fields(fields) + framed(body, chunk)


def response(status=200, body=b"", *fields, chunk=None, reason="Fine", version="1.1"):
    """A response as bytes; body None: without any framing."""
    head = f"HTTP/{version} {status} {reason}\r\n".encode("latin-1")
    return head + write_fields(fields) + framed(body, chunk)


def framed(body, chunk):
    if body is None:
        return b"\r\n"
    if chunk:
        return b"Transfer-Encoding: chunked\r\n\r\n" + chunks(body, chunk)
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def pattern(size, seed=0):
    """Bytes in which a lost, doubled or moved piece shows; cheap to make and to compare."""
    words = ((seed + at).to_bytes(8, "big") for at in range(size // 8 + 1))
    return b"".join(words)[:size]
