#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A DNS server that says what it is told, over UDP and TCP, both families: also what no honest one
would.

dns_server.py PORT FILE    FILE: lines of NAME and records "A ADDRESS", "AAAA ADDRESS", "CNAME NAME",
                           read anew for every query, with "*" before a name that is put into every
                           answer, asked for or not; "big" makes a UDP answer of 3,000 bytes.
"""
import ipaddress
import select
import socket
import struct
import sys

A, CNAME, TXT, AAAA = 1, 5, 16, 28


def wire(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels), struct.unpack("!H", message[at + 1:at + 3])[0], at + 5


def record(name, kind, data):
    return wire(name) + struct.pack("!HHIH", kind, 1, 1, len(data)) + data


def zone(path):
    names, extra, big = {}, [], False
    for line in open(path):
        words = line.split()
        if words == ["big"]:
            big = True
            continue
        if len(words) < 3:
            continue
        name, kind, data = words
        if kind == "CNAME":
            entry = (CNAME, wire(data), data)
        else:
            address = ipaddress.ip_address(data)
            entry = (A if address.version == 4 else AAAA, address.packed, None)
        if name[0] == "*":
            extra.append(record(name[1:], entry[0], entry[1]))
        else:
            names.setdefault(name.lower(), []).append(entry)
    return names, extra, big


def answer(message, path, udp):
    names, records, big = zone(path)
    name, kind, end = question(message)
    for _ in range(8):
        found = names.get(name.lower(), [])
        records += [record(name, k, d) for k, d, _ in found if k in (kind, CNAME)]
        targets = [t for k, _, t in found if k == CNAME]
        if not targets:
            break
        name = targets[0]
    if big and udp:
        records += [record("x." + name, TXT, b"\xff" + b"x" * 255)] * 11
    header = message[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0)
    return header + message[12:end] + b"".join(records)


def serve_stream(sock, path):
    sock.settimeout(2)
    try:
        while True:
            size = sock.recv(2, socket.MSG_WAITALL)
            if len(size) < 2:
                break
            message = sock.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
            reply = answer(message, path, False)
            sock.sendall(struct.pack("!H", len(reply)) + reply)
    except OSError:
        pass
    sock.close()


def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for sock in (udp, tcp):
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", port))
    tcp.listen(16)
    while True:
        for sock in select.select([udp, tcp], [], [])[0]:
            if sock is tcp:
                serve_stream(tcp.accept()[0], path)
                continue
            message, client = udp.recvfrom(4096)
            udp.sendto(answer(message, path, True), client)


main()
