#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A protocol that takes turns: a line for a line.

turns.py serve PORT                 answer every line with itself, both families
turns.py ask ADDRESS PORT COUNT     COUNT requests over one connection, which is made again when
                                    it breaks; prints for each its milliseconds, or "reset"
"""
import socket
import sys
import threading
import time


def answer(connection):
    with connection, connection.makefile("rwb") as stream:
        for line in stream:
            stream.write(line)
            stream.flush()


def serve(port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
    while True:
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=guarded, args=(connection,), daemon=True).start()


def guarded(connection):
    try:
        answer(connection)
    except OSError:
        pass


def connect(address, port):
    connection = socket.create_connection((address, port), timeout=70)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection, connection.makefile("rb")


def ask(address, port, count):
    connection = None
    for number in range(count):
        if not connection:
            connection, stream = connect(address, port)
        began = time.monotonic()
        try:
            connection.sendall(b"turn %d\n" % number)
            line = stream.readline()
            if line != b"turn %d\n" % number:
                raise ConnectionResetError
            print("%.3f" % ((time.monotonic() - began) * 1000), flush=True)
        except ConnectionError:
            print("reset", flush=True)
            connection = None


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
