#!/usr/bin/env python3
"""Reads the case files: rules as titles, bytes, and what must come of them.

The same files are read by the unit tests (test/unit/http/case_reader.c), are the seeds of the
fuzzers, and the requests of the end-to-end tests.

A file is text, one case after the other; empty lines and lines that begin with `#` do not count:

    == RFC 9112 §5.1: SP before the colon     the title: the rule and where it stands
    limit head_size 100                       directives, if any
    > GET / HTTP/1.1\\r\\n                      bytes, with escapes: \\r \\n \\t \\\\ \\xHH
    >300 x                                    the same 300 times
    > \\r\\n
    = refused field_name_malformed            events that must come, in this order

A `>` line adds just what it says: line ends are written down. A `>` line can not end in a blank
that an editor may remove: write \\x20.

Directives:
    limit NAME NUMBER   head_size, field_count, target_size, body_size, chunk_extension,
                        trailer_size; not given: those of case_limits_default in case_reader.c
    tolerate NAME       a leniency: bare_lf, empty_lines; in responses bare_lf, obs_fold,
                        missing_reason
    refuse NAME         targets that are refused: encoded_slash, encoded_nul, dot_segment
    to METHOD           the request that responses answer (GET)
    eof                 the sender closes after the bytes

Events, for each message:
    request METHOD TARGET VERSION | response STATUS REASON VERSION
    host AUTHORITY · path ORIGIN-FORM · field NAME: VALUE · body none|length N|chunked|until_close
                                              (these may be left out of a case)
    close               the connection does not go on after it
    continue            it expects 100-continue
    upgrade websocket|other
    payload BYTES       of the whole body, if there are any
and how it ended:
    end                 the message is complete; maybe another follows
    handshake           a request to switch to websocket; nothing behind it is read
    switched            a 101; nothing behind it is read
    refused CODE        with this reason code (proxy/base/error.h)
    incomplete          more bytes would be needed
    rest BYTES          (chunked) what followed the body

The cases in proxy/ are PROXY headers; their events are told in
test/unit/session/test_proxy_cases.c.

Usage: cases.py list FOLDER…       prints the titles
       cases.py corpus [--check]   writes (or compares) the seeds in test/fuzz/corpus
"""

import dataclasses
import hashlib
import pathlib
import re
import sys

import hello_cases

CASES = pathlib.Path(__file__).resolve().parent
CORPUS = CASES.parent / 'fuzz' / 'corpus'
ESCAPE = re.compile(r'\\(?:([rnt\\])|x([0-9a-fA-F]{2})|(.?))')
PLAIN = {'r': '\r', 'n': '\n', 't': '\t', '\\': '\\'}
LIMITS = {'head_size', 'field_count', 'target_size', 'body_size', 'chunk_extension', 'trailer_size'}
RULES = {
    'tolerate': {'bare_lf', 'empty_lines', 'obs_fold', 'missing_reason'},
    'refuse': {'encoded_slash', 'encoded_nul', 'dot_segment'},
}
# Seeds of each fuzz target.
SEEDS = {
    'request': ['request'],
    'response': ['response'],
    'chunked': ['chunked'],
    'proxy_header': ['proxy'],
    'websocket': ['request/connection.case', 'request/websocket.case', 'response/websocket.case'],
}

# Those whose seeds are the cases in hello (hello_cases.py).
HELLO_SEEDS = ['tls_hello', 'tls_session']


@dataclasses.dataclass
class Case:
    file: pathlib.Path
    line: int
    title: str
    data: bytes = b''
    limits: dict = dataclasses.field(default_factory=dict)
    rules: dict = dataclasses.field(default_factory=lambda: {'tolerate': [], 'refuse': []})
    to: str = 'GET'
    eof: bool = False
    expected: list = dataclasses.field(default_factory=list)

    @property
    def refused(self):
        """The reason code with which it is refused, or None."""
        word, _, code = self.expected[-1].partition(' ')
        return code if word == 'refused' else None

    @property
    def complete(self):
        """How many messages are read whole before it ends."""
        return sum(line in ('end', 'handshake', 'switched') for line in self.expected)

    def __str__(self):
        return f'{self.file.relative_to(CASES)}:{self.line}: {self.title}'


def unescape(text):
    def replace(match):
        plain, digits, other = match.groups()
        if other is not None:
            raise ValueError(f'unknown escape \\{other}')
        return PLAIN[plain] if plain else chr(int(digits, 16))

    return ESCAPE.sub(replace, text).encode('latin-1')


def read_line(case, line):
    words = line.split()
    if line.startswith('> '):
        case.data += unescape(line[2:])
    elif line.startswith('>'):
        times, _, text = line[1:].partition(' ')
        case.data += int(times) * unescape(text)
    elif line.startswith('= '):
        case.expected.append(line[2:])
    elif words[0] == 'limit' and words[1] in LIMITS:
        case.limits[words[1]] = int(words[2])
    elif words[0] in RULES and words[1] in RULES[words[0]]:
        case.rules[words[0]].append(words[1])
    elif words[0] == 'to':
        case.to = words[1]
    elif words == ['eof']:
        case.eof = True
    else:
        raise ValueError('not of the form of a case')


def read_file(path):
    case = None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if not line or line.startswith('#'):
            continue
        if line.startswith('== '):
            if case:
                yield case
            case = Case(path, number, line[3:])
            continue
        try:
            read_line(case, line)
        except (ValueError, IndexError, AttributeError) as error:
            raise SystemExit(f'{path}:{number}: {error}') from error
    if case:
        yield case


def read(name):
    """All cases of a folder or file below test/cases, in order."""
    path = CASES / name
    files = sorted(path.glob('*.case')) if path.is_dir() else [path]
    return [case for file in files for case in read_file(file)]


def hello_seeds(target):
    """First flights. The target of whole sessions takes two bytes of options before them."""
    options = {'tls_hello': [b''], 'tls_session': [b'\0\0', b'\1\x07']}[target]
    return {one + case.data for one in options for case in hello_cases.read()}


def seeds(target):
    """Name and bytes of each seed of a fuzz target."""
    if target in HELLO_SEEDS:
        data = hello_seeds(target)
    else:
        data = {case.data for name in SEEDS[target] for case in read(name)}
    return {hashlib.sha256(one).hexdigest()[:16]: one for one in data}


def write_corpus(only_check):
    stale = 0
    for target in [*SEEDS, *HELLO_SEEDS]:
        folder = CORPUS / target
        for name, data in seeds(target).items():
            path = folder / name
            if path.exists() and path.read_bytes() == data:
                continue
            stale += 1
            if not only_check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
    print(f'{stale} seeds {"missing: run test/cases/cases.py corpus" if only_check else "written"}')
    return 1 if only_check and stale else 0


def main(arguments):
    if arguments[:1] == ['list']:
        for name in arguments[1:] or ['request', 'response', 'chunked']:
            print(*read(name), sep='\n')
        return 0
    if arguments and arguments[0] == 'corpus':
        return write_corpus('--check' in arguments)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
