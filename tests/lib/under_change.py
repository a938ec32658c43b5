#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
r"""Change a policy back and forth under traffic, and look at every packet.

    under_change.py AXONEME SOCKET CLIENT-NETNS SERVER-NETNS ADDRESS CHANGES OPEN.yaml \
            CLOSED.yaml|SAME.yaml --closed|--same

OPEN.yaml, which is in force at the start, allows all ports used: STEADY, SWITCHED and each plus
FRESH (new flows).  CLOSED.yaml does not allow SWITCHED; SAME.yaml allows all, by other rules.
About 1,000 times a second a datagram goes to each on a known flow and one on a new flow, and eight
numbered bytes on a TCP connection.  Then must hold:

  1. what is allowed by both arrives, all of it, whenever it was sent
  2. what was sent after `apply` of OPEN.yaml had returned, and before the next change, arrives
  3. of what was sent after `apply` of CLOSED.yaml had returned, and before the next change, nothing
     arrives; nor does anything of the TCP connection, whenever it was sent
  4. the TCP connections live; all their bytes arrive in the end

Everything runs on one core: packets of one core stay in order, so a packet of a steady flow that
has arrived says that those sent before it have been judged.  Prints a line of numbers; exits 1
with a sentence when one does not hold.  Nothing depends on how fast it goes.
"""
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import time

STEADY, SWITCHED, FRESH = 7000, 7001, 10
TICK_S = 0.001
TICKS = 20  # between two changes
DEADLINE_S = 20
CLONE_NEWNET = 0x40000000
NUMBER = struct.Struct("!Q")
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    with open(path, "rb") as f:
        if libc.setns(f.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")


class Broken(Exception):
    """What must hold does not."""


class Datagrams:
    """Numbered datagrams to one port: what was sent, what of it arrived."""

    def __init__(self, name, address, server, fresh):
        self.name, self.server, self.fresh = name, server, fresh
        self.family = server.family
        self.target = (address, server.getsockname()[1])
        self.socket = None if fresh else self.connected()
        self.sent = 0
        self.arrived = set()

    def connected(self):
        s = socket.socket(self.family, socket.SOCK_DGRAM)
        s.connect(self.target)
        return s

    def send(self):
        s = self.connected() if self.fresh else self.socket
        try:
            s.send(NUMBER.pack(self.sent))
        finally:
            if self.fresh:
                s.close()
        self.sent += 1

    def receive(self):
        while True:
            try:
                data = self.server.recv(64)
            except BlockingIOError:
                return
            self.arrived.add(NUMBER.unpack(data)[0])


class Stream:
    """Numbers on a TCP connection."""

    def __init__(self, name, address, listener):
        self.name = name
        self.client = socket.create_connection((address, listener.getsockname()[1]), DEADLINE_S)
        self.client.setblocking(False)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server, _ = listener.accept()
        self.server.setblocking(False)
        self.sent = self.next = 0
        self.rest = b""

    def send(self):
        try:
            if self.client.send(NUMBER.pack(self.sent)) != NUMBER.size:
                raise Broken(f"{self.name}: the kernel took half a number")
        except BlockingIOError:
            return
        self.sent += 1

    def receive(self):
        while True:
            try:
                data = self.server.recv(65536)
            except BlockingIOError:
                return
            if not data:
                raise Broken(f"{self.name}: the connection has ended")
            self.rest += data
            while len(self.rest) >= NUMBER.size:
                found = NUMBER.unpack(self.rest[:NUMBER.size])[0]
                if found != self.next:
                    raise Broken(f"{self.name}: {found} instead of {self.next}")
                self.next += 1
                self.rest = self.rest[NUMBER.size:]


def serve(family, address, port, kind):
    s = socket.socket(family, kind)
    if kind == socket.SOCK_DGRAM:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen(8)
    else:
        s.setblocking(False)
    return s


class Traffic:
    """All flows of one address; a tick sends one packet on each and takes what has come."""

    def __init__(self, client, server, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        enter(server)
        udp = {(port, fresh): serve(family, address, port + FRESH * fresh, socket.SOCK_DGRAM)
               for port in (STEADY, SWITCHED) for fresh in (False, True)}
        tcp = {port: serve(family, address, port, socket.SOCK_STREAM)
               for port in (STEADY, SWITCHED)}
        enter(client)  # for good: new flows are opened from here
        names = {STEADY: "allowed by both", SWITCHED: "switched"}
        made = {(port, fresh): Datagrams(
            f"UDP, {names[port]}, {'new flows' if fresh else 'known flow'}", address, s, fresh)
            for (port, fresh), s in udp.items()}
        self.steady = [made[STEADY, False], made[STEADY, True]]
        self.switched = [made[SWITCHED, False], made[SWITCHED, True]]
        self.steady_tcp, self.switched_tcp = (
            Stream(f"TCP, {names[port]}", address, tcp[port]) for port in (STEADY, SWITCHED))
        self.all = [*self.switched, self.switched_tcp, *self.steady, self.steady_tcp]
        self.due = time.monotonic()

    def tick(self):
        for flow in self.all:
            flow.send()
        for flow in self.all:
            flow.receive()
        # A tick a TICK_S, by the clock: a late one does not make the next ones late.
        self.due = max(self.due + TICK_S, time.monotonic())
        time.sleep(max(0, self.due - time.monotonic()))

    def until(self, what, condition):
        """Tick until the condition holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                raise Broken(f"not within {DEADLINE_S} s: {what}")
            self.tick()

    def fence(self):
        """Tick until what has been sent so far on any flow has been judged."""
        for f in self.steady:
            mark = f.sent
            self.until(f"{f.name}: number {mark} arrives", lambda f=f, m=mark: m in f.arrived)

    def drain(self):
        """Send no more, and wait for what is on its way."""
        deadline = time.monotonic() + DEADLINE_S
        while any(len(f.arrived) < f.sent for f in self.steady) and time.monotonic() < deadline:
            select.select([f.server for f in self.steady], [], [], TICK_S)
            for f in self.steady:
                f.receive()


class Changes:
    """The policy goes back and forth; ranges that must, or must not, have arrived are kept."""

    def __init__(self, traffic, axoneme, api):
        self.traffic, self.axoneme, self.api = traffic, axoneme, api
        self.must, self.never = [], []  # (flow, first, last + 1)

    def apply(self, path):
        """Traffic goes on meanwhile."""
        child = subprocess.Popen([self.axoneme, "--socket", self.api, "policy", "apply", path],
                                 stdout=subprocess.DEVNULL)
        pidfd = os.pidfd_open(child.pid)
        while not select.select([pidfd], [], [], 0)[0]:
            self.traffic.tick()
        os.close(pidfd)
        if child.wait():
            raise Broken(f"apply of {path} failed")

    def ticks(self, kept):
        """TICKS of traffic: what they send goes into the list."""
        first = [f.sent for f in self.traffic.switched]
        for _ in range(TICKS):
            self.traffic.tick()
        kept += [(f, n, f.sent) for f, n in zip(self.traffic.switched, first)]

    def open(self):
        """OPEN.yaml is in force."""
        tcp = self.traffic.switched_tcp
        before = tcp.next
        self.ticks(self.must)
        self.traffic.fence()
        self.traffic.until(f"{tcp.name}: goes on when allowed", lambda: tcp.next > before)

    def closed(self):
        """CLOSED.yaml is in force, and denies."""
        tcp = self.traffic.switched_tcp
        self.traffic.fence()
        before = tcp.next
        self.ticks(self.never)
        self.traffic.fence()
        if tcp.next != before:
            raise Broken(f"{tcp.name}: numbers {before} to {tcp.next - 1} arrived when denied")

    def check(self):
        for flow in self.traffic.steady:
            lost = flow.sent - len(flow.arrived)
            if lost:
                gone = sorted(set(range(flow.sent)) - flow.arrived)
                raise Broken(f"{flow.name}: {lost} of {flow.sent} lost: {gone[:20]}")
        for flow, first, end in self.must:
            lost = set(range(first, end)) - flow.arrived
            if lost:
                raise Broken(f"{flow.name}: allowed and lost: {sorted(lost)[:20]}")
        for flow, first, end in self.never:
            came = set(range(first, end)) & flow.arrived
            if came:
                raise Broken(f"{flow.name}: denied and arrived: {sorted(came)[:20]}")


def run(axoneme, api, client, server, address, count, opened, other, mode):
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    traffic = Traffic(client, server, address)
    changes = Changes(traffic, axoneme, api)
    changes.open()
    for _ in range(int(count) // 2):
        changes.apply(other)
        (changes.closed if mode == "--closed" else changes.open)()
        changes.apply(opened)
        changes.open()
    streams = (traffic.steady_tcp, traffic.switched_tcp)
    ends = [(s, s.sent) for s in streams]
    for s, end in ends:
        traffic.until(f"{s.name}: all of it arrives", lambda s=s, e=end: s.next >= e)
    traffic.drain()
    changes.check()
    total = sum(f.sent for f in traffic.all)
    must = sum(end - first for _, first, end in changes.must)
    never = sum(end - first for _, first, end in changes.never)
    print(f"{count} changes, {total} packets sent; of the switched flows {must} allowed and all "
          f"arrived, {never} denied and none did")


def main():
    if len(sys.argv) != 10 or sys.argv[9] not in ("--closed", "--same"):
        sys.exit(__doc__)
    try:
        run(*sys.argv[1:])
    except Broken as e:
        sys.exit(f"under_change.py: {e}")


if __name__ == "__main__":
    main()
