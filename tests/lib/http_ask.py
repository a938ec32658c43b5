# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An HTTP client on connections that it keeps: one line per request, `STATUS MILLISECONDS`.

    http_ask.py ADDRESS PORT COUNT METHOD PATH [BODY]    COUNT requests, one after the other
    http_ask.py ADDRESS PORT split METHOD PATH           one request, a byte per segment
    http_ask.py ADDRESS PORT pipeline PATH PATH...       GET requests in one segment

A connection that is reset is `reset MILLISECONDS`, and the next request opens another one.
"""

import http.client
import socket
import sys
import time


def timed(ask):
    """Print what `ask` returns, or reset, and how long it took."""
    begin = time.monotonic()
    try:
        status = ask()
    except (ConnectionResetError, BrokenPipeError, http.client.BadStatusLine):
        status = "reset"
    print(status, round((time.monotonic() - begin) * 1000, 1), flush=True)
    return status


def ask_many(address, port, count, method, path, body=None):
    """Requests on one connection, as long as it lives."""
    conn = http.client.HTTPConnection(address, port, timeout=30)
    for _ in range(count):

        def ask():
            headers = {"Host": "web.example"}
            conn.request(method, path, body=body, headers=headers)
            response = conn.getresponse()
            response.read()
            return response.status

        if timed(ask) == "reset":
            conn.close()


def responses(sock, count):
    """Status codes of `count` responses, or of those before the end."""
    codes = []
    file = sock.makefile("rb")
    while len(codes) < count:
        line = file.readline()
        if not line:
            break
        codes.append(line.split()[1].decode())
        length, closes = 0, False
        while (line := file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            if name.lower() == "content-length":
                length = int(value)
            closes |= name.lower() == "connection" and value.strip() == "close"
        file.read(length)
        if closes and not file.read(1):
            break
    return ",".join(codes)


def head(method, path):
    """A request without a body."""
    return f"{method} {path} HTTP/1.1\r\nHost: web.example\r\n\r\n".encode()


def ask_raw(address, port, chunks, count):
    """What `count` requests, sent as `chunks`, are answered with."""
    sock = socket.create_connection((address, port), timeout=30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask():
        for chunk in chunks:
            sock.sendall(chunk)
        return responses(sock, count)

    timed(ask)
    sock.close()


def main():
    """Choose by the third argument."""
    address, port, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    rest = sys.argv[4:]
    if what == "split":
        ask_raw(address, port, [bytes([b]) for b in head(*rest)], 1)
    elif what == "pipeline":
        ask_raw(address, port, [b"".join(head("GET", p) for p in rest)], len(rest))
    else:
        ask_many(address, port, int(what), *rest)


main()
