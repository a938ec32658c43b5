#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ends of SCTP by raw sockets, IPv4 and IPv6: the kernel need not know the protocol.

    sctp.py serve READY-FILE         answer each INIT by an INIT ACK, until ended
    sctp.py init ADDRESS PORT        exit 0 when the INIT is acknowledged within three seconds
"""
import ipaddress
import os
import select
import socket
import struct
import sys
import time

SCTP = 132
INIT, INIT_ACK = 1, 2
TIMEOUT_S, RETRY_S = 3.0, 0.5
POLYNOMIAL = 0x82F63B78  # CRC32c, reflected


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def packet(source, target, tag, kind, own_tag):
    """One packet with one chunk, INIT or INIT ACK, that offers a stream each way."""
    chunk = struct.pack("!BBHIIHHI", kind, 0, 20, own_tag, 65535, 1, 1, 1)
    head = struct.pack("!HHI", source, target, tag)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunk)) + chunk


def parse(family, data):
    """(source, target, tag, kind, own tag) of a packet whose sum is right, or None."""
    if family == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    if len(data) < 32 or struct.unpack_from("<I", data, 8)[0] != crc32c(data[:8] + bytes(4) + data[12:]):
        return None
    return *struct.unpack_from("!HHI", data), data[12], struct.unpack_from("!I", data, 16)[0]


def serve(ready):
    sockets = [socket.socket(family, socket.SOCK_RAW, SCTP)
               for family in (socket.AF_INET, socket.AF_INET6)]
    with open(ready, "w", encoding="ascii"):
        pass
    while True:
        for s in select.select(sockets, [], [])[0]:
            data, peer = s.recvfrom(2048)
            found = parse(s.family, data)
            if found and found[3] == INIT:
                s.sendto(packet(found[1], found[0], found[4], INIT_ACK, 99), (peer[0], 0))


def init(address, port):
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    own_port, own_tag = 1024 + os.getpid() % 60000, os.getpid() + 1
    with socket.socket(family, socket.SOCK_RAW, SCTP) as s:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                s.sendto(packet(own_port, port, 0, INIT, own_tag), (address, 0))
            except OSError:
                pass  # refused on the way out
            if select.select([s], [], [], RETRY_S)[0]:
                data, peer = s.recvfrom(2048)
                if peer[0] == address and parse(family, data) == (port, own_port, own_tag, INIT_ACK, 99):
                    return 0
    return 1


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(init(sys.argv[2], int(sys.argv[3])))
