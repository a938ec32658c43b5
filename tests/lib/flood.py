#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Send SYNs, each of another connection: flood.py IFACE GATEWAY-MAC SOURCE DESTINATION COUNT"""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def main():
    iface, gateway, source, destination, count = sys.argv[1:]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((iface, 0))
    own = sock.getsockname()[4]
    ether = bytes.fromhex(gateway.replace(":", "")) + own + b"\x08\0"
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    for n in range(int(count)):
        tcp = struct.pack("!HHIIBBHHH", 1024 + n % 60000, 9000 + n // 60000, n, 0, 0x50, 2, 64, 0, 0)
        sock.send(ether + head + tcp)


if __name__ == "__main__":
    main()
