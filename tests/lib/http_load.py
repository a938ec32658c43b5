#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Kept HTTP connections over a bad path, every request of them with a name of its own.

    http_load.py SERVER CONNECTIONS REQUESTS

Connection C sends request N as /public/C-N, in turn: a short GET, a GET of the file /public/file, a POST
with a body of 300 KB by Content-Length, one in chunks, and three pipelined GETs with heads of 3 KB
(C-Na, C-Nb, C-Nc).  Then it asks for /secret/C, which the rules do not allow.

Prints one line per request: "STATUS /path bytes"; of a forbidden one the status, or "closed".  A
connection that fails in between is an error, as is one without an answer for 30 seconds.
"""
import http.client
import socket
import sys
import threading

QUIET_S = 30
BODY = bytes(range(256)) * 1200
FILLER = "".join(f"X-Filler-{i}: {'v' * 80}\r\n" for i in range(30))


class Kept:
    """One connection; answers are read by http.client."""

    def __init__(self, server):
        self.host = server
        self.socket = socket.create_connection((server, 80), QUIET_S)

    def ask(self, *requests):
        """Send all of them at once; (status, path, length) of each answer."""
        for _, parts in requests:
            for part in parts:
                self.socket.sendall(part)
        # One reader for all: a second one would miss what the first has buffered.
        stream = self.socket.makefile("rb")
        done = []
        for path, _ in requests:
            answer = http.client.HTTPResponse(_Stream(stream))
            answer.begin()
            done.append((answer.status, path, len(answer.read())))
        stream.close()
        return done


class _Stream:
    """What HTTPResponse wants of a socket; closing an answer must not close the stream."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, _mode):
        return _Open(self.stream)


class _Open:
    def __init__(self, stream):
        self.read, self.readline, self.readinto = stream.read, stream.readline, stream.readinto
        self.flush = lambda: None
        self.close = lambda: None
        self.closed = False


def head(method, path, more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: web\r\n{more}\r\n".encode()


def chunked(body):
    for at in range(0, len(body), 10000):
        piece = body[at:at + 10000]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def requests_of(path, number):
    kind = number % 5
    if kind == 0:
        return [(path, [head("GET", path)])]
    if kind == 1:
        return [(path, [head("GET", f"/public/file?{path}")])]
    if kind == 2:
        return [(path, [head("POST", path, f"Content-Length: {len(BODY)}\r\n"), BODY])]
    if kind == 3:
        return [(path, [head("POST", path, "Transfer-Encoding: chunked\r\n"), *chunked(BODY)])]
    return [(path + end, [head("GET", path + end, FILLER)]) for end in "abc"]


def forbidden(kept, number):
    try:
        return kept.ask((f"/secret/{number}", [head("GET", f"/secret/{number}")]))
    except (http.client.HTTPException, ConnectionError):
        return [("closed", f"/secret/{number}", 0)]


def run(server, number, count, lines):
    kept = Kept(server)
    for n in range(count):
        lines += kept.ask(*requests_of(f"/public/{number}-{n}", n))
    lines += forbidden(kept, number)


def main():
    server, connections, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    lines, errors = [], []

    def one(number):
        try:
            run(server, number, count, lines)
        except Exception as error:  # told, and the run fails
            errors.append(f"connection {number}: {error!r}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for status, path, length in lines:
        print(status, path, length)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
