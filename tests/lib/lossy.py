#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The detour of a bad path (tests/lib/lossy.bpf.c): a TAP device that gives frames back late.

    lossy.py DEVICE

Runs in the network namespace of the path; ends with SIGTERM.
"""
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 2, 0x1000
HELD_S = 0.004


def main():
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", sys.argv[1].encode(), IFF_TAP | IFF_NO_PI))
    held = []
    while True:
        left = held[0][0] - time.monotonic() if held else None
        if left is not None and left <= 0:
            os.write(tap, held.pop(0)[1])
        elif select.select([tap], [], [], left)[0]:
            frame = os.read(tap, 65536)
            held.append((time.monotonic() + HELD_S, frame))


main()
