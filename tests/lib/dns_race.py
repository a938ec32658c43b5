#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Asks for n1.example to nN.example and connects to port 80 of each answer at once: the socket is
made before, so nothing but connect() stands between the answer and the SYN.

dns_race.py SERVER N
"""
import socket
import struct
import sys


def query(number, name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def main():
    server, count = sys.argv[1], int(sys.argv[2])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((server, 53))
    udp.settimeout(10)
    for i in range(1, count + 1):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # A SYN that was dropped would be repeated; the story looks at the count of drops.
        tcp.settimeout(10)
        udp.send(query(i, "n%d.example" % i))
        answer = udp.recv(4096)
        tcp.connect((socket.inet_ntoa(answer[-4:]), 80))
        tcp.close()


main()
