#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Let every pod reach others: mesh.py RESULTS-DIRECTORY HOW-MANY [MORE-ADDRESS...]

For each result NAME.json of an ADD in the directory, a UDP echo socket is opened in the namespace
NAME; then each pod sends one datagram to the addresses (both families) of HOW-MANY other pods and
expects it back.  MORE-ADDRESSes are served by this process in its own namespace.  Prints what
did not answer and exits 1, if anything.
"""
import ctypes
import json
import os
import random
import select
import socket
import sys
import threading
import time

PORT = 4242
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns " + path)
    os.close(fd)


def udp_socket(family, port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", port))
    s.setblocking(False)
    return s


def open_sockets(path):
    enter(path)
    return [(udp_socket(f, PORT), udp_socket(f, 0)) for f in (socket.AF_INET, socket.AF_INET6)]


def echo(servers, stop):
    poll = select.epoll()
    by_fd = {s.fileno(): s for s in servers}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    while not stop.is_set():
        for fd, _ in poll.poll(0.1):
            try:
                data, peer = by_fd[fd].recvfrom(100)
                by_fd[fd].sendto(data, peer)
            except OSError:
                pass


def main():
    directory, count, more = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    home = "/proc/self/ns/net"
    home_fd = os.open(home, os.O_RDONLY)
    pods, sockets, servers = {}, {}, []
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name)) as f:
            ips = [a["address"].split("/")[0] for a in json.load(f)["ips"]]
        pods[name[:-5]] = ips
    for name in pods:
        sockets[name] = open_sockets("/run/netns/" + name)
        servers += [pair[0] for pair in sockets[name]]
    enter("/proc/self/fd/%d" % home_fd)
    servers += [udp_socket(f, PORT) for f in (socket.AF_INET, socket.AF_INET6)]
    stop = threading.Event()
    thread = threading.Thread(target=echo, args=(servers, stop), daemon=True)
    thread.start()
    missing = ask_all(pods, sockets, count, more)
    stop.set()
    thread.join()
    for line in missing[:20]:
        print("no answer: %s" % line)
    print("%d asked, %d without an answer" % (ask_all.asked, len(missing)))
    sys.exit(1 if missing or not ask_all.asked else 0)


def ask_all(pods, sockets, count, more):
    chance = random.Random(1)
    names = list(pods)
    missing = []
    ask_all.asked = 0
    for name in names:
        others = chance.sample([n for n in names if n != name], min(count, len(names) - 1))
        targets = [ip for other in others for ip in pods[other]] + more
        ask_all.asked += len(targets)
        missing += ["%s -> %s" % (name, ip) for ip in ask(sockets[name], targets)]
    return missing


def readable(clients, seconds):
    """Those of clients that have something to read; select() refuses descriptors above 1023."""
    by_fd = {c.fileno(): c for c in clients}
    poll = select.poll()
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    return [by_fd[fd] for fd, _ in poll.poll(int(seconds * 1000))]


def ask(pairs, targets):
    """Send to every target; return those that did not answer within three seconds."""
    clients = {socket.AF_INET: pairs[0][1], socket.AF_INET6: pairs[1][1]}
    waiting = set(targets)
    for ip in targets:
        client = clients[socket.AF_INET6 if ":" in ip else socket.AF_INET]
        client.sendto(ip.encode(), (ip, PORT))
    deadline = time.monotonic() + 3
    while waiting and time.monotonic() < deadline:
        for client in readable(clients.values(), 0.1):
            try:
                data, peer = client.recvfrom(100)
            except OSError:
                continue
            if peer[0] == data.decode():
                waiting.discard(peer[0])
    return waiting


if __name__ == "__main__":
    main()
