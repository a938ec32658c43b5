# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real connections between network namespaces, all at once, from one process.

A socket stays in the namespace in which it was made, so the process enters each in turn (setns),
makes its sockets there, and waits for all of them together.  A refused probe is one that is still
unanswered a while after all that should be answered were.
"""
import ctypes
import dataclasses
import errno
import select
import socket
import struct
import time

CLONE_NEWNET = 0x40000000
ECHO = {4: (socket.IPPROTO_ICMP, 8), 6: (socket.IPPROTO_ICMPV6, 128)}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclasses.dataclass(eq=False)
class End:
    """netns: a path; address: by family."""
    name: str
    netns: str
    address: dict


@dataclasses.dataclass(eq=False)
class Probe:
    """proto: "tcp", "udp" or "icmp"; port: None for icmp."""
    src: End
    dst: End
    family: int
    proto: str
    port: int


def enter(netns):
    with open(netns, "rb") as f:
        enter_fd(f)


def enter_fd(f):
    if LIBC.setns(f.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {f.name}")


class Prober:
    """Servers at every end, and rounds of probes."""

    def __init__(self, ends, ports):
        self.poll = select.epoll()
        self.servers, self.pending = {}, {}
        self.home = open("/proc/self/ns/net", "rb")
        for end in ends:
            enter(end.netns)
            for family, address in end.address.items():
                for port in ports:
                    self.serve(family, address, port)
        enter_fd(self.home)

    def serve(self, family, address, port):
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            s = socket.socket(FAMILY[family], kind | socket.SOCK_NONBLOCK)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            if kind == socket.SOCK_STREAM:
                s.listen(1024)
            self.servers[s.fileno()] = s
            self.poll.register(s, select.EPOLLIN)

    def round(self, probes, hoped, limit=5.0, quiet=0.15):
        """What happened to each probe: "" no answer, "answer", or the error that came.  Ends when
        all of hoped were answered and nothing more came for a quiet while."""
        self.found = dict.fromkeys(probes, "")
        self.missing = set(hoped)
        for probe in sorted(probes, key=lambda p: p.src.netns):
            self.send(probe)
        enter_fd(self.home)
        deadline = time.monotonic() + limit
        wait = time.monotonic() + quiet
        while time.monotonic() < (deadline if self.missing else min(wait, deadline)):
            for fd, _ in self.poll.poll(0.02, 4096):
                wait = time.monotonic() + quiet
                if fd in self.servers:
                    self.answer(self.servers[fd])
                elif fd in self.pending:
                    self.hear(fd)
        for s, _ in self.pending.values():
            s.close()
        self.pending.clear()
        return self.found

    def send(self, probe):
        enter(probe.src.netns)
        source, target = probe.src.address[probe.family], probe.dst.address[probe.family]
        family = FAMILY[probe.family]
        proto, echo = ECHO[probe.family]
        if probe.proto == "icmp":
            s = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, proto)
        else:
            kind = socket.SOCK_STREAM if probe.proto == "tcp" else socket.SOCK_DGRAM
            s = socket.socket(family, kind | socket.SOCK_NONBLOCK)
        s.bind((source, 0))
        try:
            s.connect((target, probe.port or 0))
            if probe.proto != "tcp":
                s.send(struct.pack("!BBHHH", echo, 0, 0, 0, 1) if probe.port is None else b"probe")
        except BlockingIOError:
            pass
        except OSError as e:
            self.settle(probe, s, errno.errorcode[e.errno])
            return
        self.pending[s.fileno()] = (s, probe)
        self.poll.register(s, select.EPOLLOUT if probe.proto == "tcp" else select.EPOLLIN)

    def hear(self, fd):
        s, probe = self.pending.pop(fd)
        error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.settle(probe, s, errno.errorcode[error] if error else "answer")

    def settle(self, probe, s, how):
        self.found[probe] = how
        self.missing.discard(probe)
        if probe.proto == "tcp":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()

    @staticmethod
    def answer(server):
        try:
            while True:
                if server.type & socket.SOCK_DGRAM:
                    data, peer = server.recvfrom(64)
                    server.sendto(data, peer)
                else:
                    server.accept()[0].close()
        except OSError:
            pass  # no more, or the client is gone: it says so itself
