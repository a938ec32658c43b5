#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""guard.py IFACE ALLOWED-ADDRESS... - until SIGTERM, print frames that must not arrive there.

A received IP packet must have one of the allowed addresses as its source.  Frames that are no
packets of others are let be: ARP answers for an allowed address, and the multicast reports that
the kernel of the host sends by itself from each of its devices.  Ends with "seen N" and status 1
if there was a bad frame.
"""
import ipaddress
import select
import signal
import socket
import sys

OUTGOING = 4


def source_of(frame):
    """The source address of an IP packet or ARP answer; None = there is none to be trusted."""
    kind = frame[12:14]
    if kind == b"\x08\0" and len(frame) >= 34:
        return ipaddress.ip_address(frame[26:30])
    if kind == b"\x86\xdd" and len(frame) >= 54:
        return ipaddress.ip_address(frame[22:38])
    if kind == b"\x08\x06" and frame[20:22] == b"\0\x02" and len(frame) >= 42:
        return ipaddress.ip_address(frame[28:32])
    return None


def is_host_report(frame):
    """MLDv2 from the unspecified address, and router solicitations: RFC 3810, RFC 4861."""
    return frame[12:14] == b"\x86\xdd" and frame[0:2] == b"\x33\x33" and \
        (frame[22:38] == bytes(16) or frame[22:24] == b"\xfe\x80")


def main():
    allowed = {ipaddress.ip_address(a) for a in sys.argv[2:]}
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
    sock.bind((sys.argv[1], 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    print("guarding", flush=True)
    seen = bad = 0
    # What is still queued when the signal comes is looked at, too.
    while select.select([sock], [], [], 0.05)[0] or not stop:
        if not select.select([sock], [], [], 0)[0]:
            continue
        frame, address = sock.recvfrom(65535)
        if address[2] == OUTGOING:
            continue
        seen += 1
        if source_of(frame) not in allowed and not is_host_report(frame):
            bad += 1
            print("got", frame[:80].hex(), flush=True)
    print("seen", seen)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
