"""A load for a name that stands for several addresses. Runs in a container, until SIGTERM; then it
prints as JSON what became of its requests.

usage: load.py NAME PORT

As clients do, it takes the next address if one does not let it in, and repeats a GET on a new
connection if a connection that it kept ends before a byte of the answer. Anything else that goes
wrong with a request is a failure.
"""

import json
import random
import signal
import socket
import ssl
import sys
import threading

NAME, PORT = sys.argv[1], int(sys.argv[2])
THREADS = 6
counts = {"requests": 0, "elsewhere": 0, "stale": 0, "failures": []}
lock = threading.Lock()
stop = threading.Event()
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


class Stale(Exception):
    pass


def count(what):
    with lock:
        counts[what] += 1


def connect():
    """A connection to one of the addresses; which are looked up each time."""
    for _ in range(10):
        rows = socket.getaddrinfo(NAME, PORT, socket.AF_INET, socket.SOCK_STREAM)
        random.shuffle(rows)
        for row in rows:
            try:
                tcp = socket.create_connection(row[4], 5)
                return context.wrap_socket(tcp, server_hostname="app.example.com")
            except OSError:
                count("elsewhere")
    raise OSError("no address lets us in")


def ask(tls, number, keep):
    path = f"/slow?pieces=3&seconds=0.1&number={number}"
    end = "keep-alive" if keep else "close"
    try:
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: app\r\nConnection: {end}\r\n\r\n".encode())
        answer = tls.recv(65536)
    except OSError as error:
        raise Stale(str(error)) from None
    if not answer:
        raise Stale("closed")
    while not answer.endswith(b"0\r\n\r\n"):
        more = tls.recv(65536)
        if not more:
            raise OSError("the answer is cut off")
        answer += more
    if not answer.startswith(b"HTTP/1.1 200 ") or b"piece 3 of 3" not in answer:
        raise OSError(f"answered {answer[:100]!r}")
    count("requests")
    return b"connection: close" not in answer.lower()


def exchange(kept, number, keep):
    """One request; the connection to go on with, or None."""
    if kept:
        try:
            return kept if ask(kept, number, keep) else None
        except Stale:
            count("stale")
    fresh = connect()
    return fresh if ask(fresh, number, keep) and keep else None


def work(index):
    keep = index % 2 == 0
    tls = None
    number = 0
    while not stop.is_set():
        number += 1
        try:
            tls = exchange(tls, number, keep)
        except (OSError, Stale) as error:
            tls = None
            with lock:
                counts["failures"].append(f"{type(error).__name__}: {error}")
        if number == 1:
            print("working", flush=True)


signal.signal(signal.SIGTERM, lambda *_: stop.set())
threads = [threading.Thread(target=work, args=(index,)) for index in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(counts), flush=True)
