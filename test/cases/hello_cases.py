"""Reads test/cases/hello: first flights of clients that must fail, and what must come of each.

The same files are read by a unit test (test/unit/tls/hello_case.c) and are seeds of the fuzzers.
A file is text; empty lines and lines that begin with `#` do not count:

    define id  <1 69*32 >             a piece of bytes for this file, used as @id
    == RFC 8446 §4.1.2: an odd list   the title: the rule and where it stands
    listener strict                   directives, if any
    | 16 0301 <2 01 <3 @id > >        bytes, as tokens
    = alert decode_error              what must come of it

Tokens: hexadecimal digits in pairs · 52*32, a byte 32 times · "text" · <1 <2 <3 … >, a vector after
its length in so many bytes · @name, a piece. Lengths may span lines.

Directives:
    listener default|strict|modern   as it comes; refuses unknown names; TLS 1.3 only
    eof                              the client closes after the bytes; else it waits
Expectations:
    alert NAME | alert none | http STATUS   what is on the wire
    reason CODE                             in the log
    says WORDS                              are in the explanation
"""

import dataclasses
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "hello"


@dataclasses.dataclass
class Hello:
    where: str
    title: str
    tokens: list = dataclasses.field(default_factory=list)
    listener: str = "default"
    eof: bool = False
    expected: dict = dataclasses.field(default_factory=dict)

    @property
    def data(self):
        return assemble(self.tokens)


def split(line):
    """Tokens of a line; a text in quotes is one."""
    tokens = []
    while line := line.lstrip():
        if line[0] == '"':
            end = line.index('"', 1) + 1
        else:
            end = len(line.split(None, 1)[0])
        tokens.append(line[:end])
        line = line[end:]
    return tokens


def expand(tokens, pieces):
    for token in tokens:
        if token.startswith("@"):
            yield from pieces[token[1:]]
        else:
            yield token


def assemble(tokens):
    data = bytearray()
    open_vectors = []
    for token in tokens:
        if token[0] == "<":
            size = int(token[1:])
            data += bytes(size)
            open_vectors.append((len(data), size))
        elif token == ">":
            at, size = open_vectors.pop()
            data[at - size : at] = (len(data) - at).to_bytes(size, "big")
        elif token[0] == '"':
            data += token[1:-1].encode("ascii")
        elif "*" in token:
            byte, _, times = token.partition("*")
            data += bytes.fromhex(byte) * int(times)
        else:
            data += bytes.fromhex(token)
    if open_vectors:
        raise ValueError("a vector is not closed")
    return bytes(data)


def read_file(path):
    pieces = {}
    case = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if word == "define":
            name, _, tokens = rest.partition(" ")
            pieces[name] = list(expand(split(tokens), pieces))
        elif word == "==":
            if case:
                yield case
            case = Hello(f"{path.name}:{number}", rest)
        elif word == "|":
            case.tokens += expand(split(rest), pieces)
        elif word == "listener":
            case.listener = rest
        elif line == "eof":
            case.eof = True
        elif word == "=":
            key, _, value = rest.partition(" ")
            case.expected[key] = value
        else:
            raise SystemExit(f"{path}:{number}: not of the form of a case")
    if case:
        yield case


def read():
    return [case for path in sorted(FOLDER.glob("*.case")) for case in read_file(path)]
