#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Send data from one pod to another and back, compare it.

    transfer.py tcp|udp|sctp CLIENT SERVER ADDRESS     CLIENT, SERVER: names in /run/netns

One process: a socket keeps the namespace that it was made in.
"""
import ctypes
import os
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000
PORT = 7000
SIZES = {"tcp": 1_000_000, "udp": 1200, "sctp": 200_000}
KINDS = {"tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
         "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
         "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP)}


def make(netns, family, protocol):
    with open(f"/run/netns/{netns}", "rb") as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {netns}")
    made = socket.socket(family, *KINDS[protocol])
    made.settimeout(20)
    return made


def read(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(65536)
        if not part:
            break
        data += part
    return data


def serve(listener, protocol, size):
    """Send back what came."""
    if protocol == "udp":
        data, peer = listener.recvfrom(65536)
        listener.sendto(data, peer)
        return
    connection, _ = listener.accept()
    connection.settimeout(20)
    connection.sendall(read(connection, size))
    connection.close()


def main():
    protocol, client, server, address = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    size = SIZES[protocol]
    listener = make(server, family, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, PORT))
    if protocol != "udp":
        listener.listen(1)
    thread = threading.Thread(target=serve, args=(listener, protocol, size), daemon=True)
    thread.start()
    sent = os.urandom(size)
    with make(client, family, protocol) as connection:
        connection.connect((address, PORT))
        connection.sendall(sent)
        got = read(connection, size)
    thread.join(20)
    if got != sent:
        sys.exit(f"{protocol} to {address}: sent {size} bytes, {len(got)} came back, "
                 f"{'different' if len(got) == size else 'incomplete'}")


if __name__ == "__main__":
    main()
