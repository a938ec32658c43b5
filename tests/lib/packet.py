#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Packets that no kernel would send, for stories.

    packet.py send IFACE EXPRESSION [COUNT]   put frames on the wire
    packet.py ask IFACE EXPRESSION [SECONDS]  and print the summary of the answer; exit 1 = none
    packet.py lengths IFACE EXPRESSION        the frame cut to every length from 14 bytes on
    packet.py mutate IFACE EXPRESSION COUNT SEED   with random bytes changed
    packet.py watch IFACE SECONDS EXPRESSION  print the summary of each frame for which the
                                              expression over `p` is true; ends at the first

EXPRESSION is Python over scapy's layers.  `mac` is IFACE's own address, `gw` that of the gateway
($GW_MAC).  A packet without an Ethernet header gets one from mac to gw.
"""
import os
import random
import socket
import sys

from scapy.config import conf

conf.ipv6_enabled = True
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: E402,F401
from scapy.layers.inet import ICMP, IP, IPOption, TCP, UDP, fragment  # noqa: E402,F401
from scapy.layers.inet6 import *  # noqa: E402,F401,F403
from scapy.layers.sctp import *  # noqa: E402,F401,F403
from scapy.packet import Packet, Raw  # noqa: E402,F401
from scapy.arch import get_if_hwaddr  # noqa: E402
from scapy.sendrecv import sniff, srp1  # noqa: E402


def frames(iface, expression):
    names = dict(globals(), mac=get_if_hwaddr(iface), gw=os.environ.get("GW_MAC", ""))
    made = eval(expression, names)  # the expression is the test's own text
    made = made if isinstance(made, list) else [made]
    return [p if isinstance(p, (Ether, bytes)) else Ether(src=names["mac"], dst=names["gw"]) / p
            for p in made]


def wire(iface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((iface, 0))
    return sock


def put(sock, data):
    """Send a frame as it is; a length that the kernel itself refuses never was on the wire."""
    try:
        sock.send(data)
        return 1
    except OSError:
        return 0


def send(iface, expression, count="1"):
    sock = wire(iface)
    for _ in range(int(count)):
        for frame in frames(iface, expression):
            sock.send(bytes(frame))


def ask(iface, expression, seconds="2"):
    answer = srp1(frames(iface, expression)[0], iface=iface, timeout=float(seconds), verbose=False)
    if answer is None:
        sys.exit("no answer")
    print(answer.summary())
    print(repr(answer))


def lengths(iface, expression):
    sock = wire(iface)
    sent = 0
    for frame in frames(iface, expression):
        data = bytes(frame)
        for length in range(14, len(data) + 1):
            sent += put(sock, data[:length])
    print(sent)


def mutate(iface, expression, count, seed):
    sock = wire(iface)
    chance = random.Random(int(seed))
    originals = [bytes(f) for f in frames(iface, expression)]
    sent = 0
    for _ in range(int(count)):
        data = bytearray(chance.choice(originals))
        # The Ethernet header stays: what is behind it shall be parsed.
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(14, len(data))] = chance.randrange(256)
        sent += put(sock, bytes(data[:chance.randint(14, len(data))]))
    print(sent)


def watch(iface, seconds, expression):
    code = compile(expression, "watch", "eval")

    def wanted(p):
        return bool(eval(code, globals(), {"p": p}))
    found = sniff(iface=iface, timeout=float(seconds), lfilter=wanted, count=1,
                  started_callback=lambda: print("watching", flush=True))
    for p in found:
        print(repr(p), flush=True)
    sys.exit(0 if found else 1)


COMMANDS = {"send": send, "ask": ask, "lengths": lengths, "mutate": mutate, "watch": watch}

if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
