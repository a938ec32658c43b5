# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Policy in a large cluster, as one host sees it: start, memory, and how long a change takes."""
import json
import os
import signal
import socket
import sqlite3
import time

import policy_text
from report import median, quantile

POLICIES = 21000
IDENTITIES = 15000
ENDPOINTS = 80
CHANGES = 200
START_PODS, START_SETS = 500, 50
PORT = 7777
MIB = 1 << 20


def _attach(world, agent, count, namespaces):
    """Pods p0 to p<count - 1>, spread over the namespaces ns-0 to ns-<namespaces - 1>."""
    names = [f"p{i}" for i in range(count)]
    plugin = agent.plugin()
    plugin.pod_namespaces = {name: f"ns-{i % namespaces}" for i, name in enumerate(names)}
    for name in names:
        world.add(name)
    plugin.many("ADD", names, 8)
    return {e["containerId"]: e["ipv4"] for e in agent.get("/v1/endpoints")}


def _leave(world, count):
    """The namespaces of _attach() go, so that the next figure has the names."""
    for i in range(count):
        world.delete(f"p{i}")


class Probe:
    """Datagrams from one pod to another, to see which policy judges them."""

    def __init__(self, world, client, server, address):
        with world.inside(server):
            self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.server.bind((address, PORT))
            self.server.setblocking(False)
        with world.inside(client):
            self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.client.connect((address, PORT))
            self.client.setblocking(False)

    def close(self):
        self.client.close()
        self.server.close()

    def passes(self):
        """Send one; has anything arrived?"""
        try:
            self.client.send(b"probe")
        except OSError:
            pass  # refused, or the queue is full
        return self.arrived()

    def arrived(self):
        found = False
        while True:
            try:
                self.server.recv(64)
            except BlockingIOError:
                return found
            found = True


class Call:
    """A PUT of policies whose answer is looked for from time to time."""

    def __init__(self, agent, text):
        body = json.dumps({"file": "bench.yaml", "text": text}).encode()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(agent.socket)
        self.sock.sendall(b"PUT /v1/policies HTTP/1.1\r\nHost: axoneme\r\nConnection: close\r\n"
                          b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.sock.setblocking(False)

    def answered(self):
        try:
            text = self.sock.recv(65536)
        except BlockingIOError:
            return False
        self.sock.close()
        if not text.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"apply: {text!r}")
        return True


def _change(agent, probe, text):
    """Apply a policy that allows what was denied: seconds to the first datagram, to the answer."""
    first = answered = None
    start = time.perf_counter()
    call = Call(agent, text)
    while first is None or answered is None:
        if first is None and probe.passes():
            first = time.perf_counter() - start
        if answered is None and call.answered():
            answered = time.perf_counter() - start
        if time.perf_counter() - start > 10:
            raise RuntimeError("a change has no effect after 10 s")
    return first, answered


def _changes(agent, report, probe):
    deny = policy_text.one("web", "ns-0", 80)
    allow = policy_text.one("web", "ns-0", PORT)
    firsts, answers = [], []
    for _ in range(CHANGES):
        agent.apply(deny)
        if probe.passes() and probe.passes():
            raise RuntimeError("a denied datagram passes after apply has returned")
        first, answered = _change(agent, probe, allow)
        firsts.append(first)
        answers.append(answered)
    worst = quantile(firsts, 0.99)
    report.add("one policy changed: first new verdict, p99", f"{worst * 1e3:.1f} ms (median "
               f"{median(firsts) * 1e3:.1f})", "<= 10 ms", "", worst <= 0.010)
    worst = quantile(answers, 0.99)
    report.add("one policy changed: apply returned, p99", f"{worst * 1e3:.1f} ms (median "
               f"{median(answers) * 1e3:.1f})", "<= 50 ms", "", worst <= 0.050)


def _policies(agent):
    """One file per policy; but that of ns-0, which is changed through the API."""
    for i in range(1, POLICIES):
        with open(f"{agent.policies}/{i}.yaml", "w", encoding="ascii") as f:
            f.write(policy_text.one("web", f"ns-{i}", 80))


def _identities(agent):
    """Pods of other hosts, each with an address and labels of its own; how many there are."""
    entries = [{"cidr": f"10.{128 + (i >> 16)}.{i >> 8 & 255}.{i & 255}/32",
                "labels": [f"k8s:io.kubernetes.pod.namespace=ns-{i}", f"k8s:app=app-{i % 97}",
                           f"k8s:tier={'front' if i % 3 else 'back'}", f"k8s:revision={i % 11}"]}
               for i in range(IDENTITIES)]
    for first in range(0, IDENTITIES, 5000):
        agent.request("PUT", "/v1/ips", {"entries": entries[first:first + 5000]})
    return sum(1 for i in agent.get("/v1/identities") if i["prefixes"])


def _wait_for_policies(agent, count):
    deadline = time.perf_counter() + 30
    while agent.get("/v1/status")["policies"]["count"] != count:
        if time.perf_counter() > deadline:
            raise RuntimeError(f"there are not {count} policies after 30 s")
        time.sleep(0.05)


def _forget(agent):
    """What a stopped agent keeps of policies: the next start finds the files only."""
    base = sqlite3.connect(f"{agent.dir}/axoneme.db")
    with base:
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND "
                                     "name LIKE 'policy_%'").fetchall():
            base.execute(f"DELETE FROM {table}")
    base.close()


def _starts(agent, count, before=lambda agent: None):
    """Seconds from start to ready, each after `before`."""
    seconds = []
    for _ in range(count):
        agent.stop()
        before(agent)
        seconds.append(agent.start())
        status = agent.get("/v1/status")
        if status["policies"]["count"] != POLICIES:
            raise RuntimeError(f"{status['policies']['count']} policies of {POLICIES} in force")
    return seconds


def cluster(world, report, agent, rounds):
    """21,000 policies in as many namespaces, 15,000 identities, 80 pods here."""
    if not agent:
        return
    addresses = _attach(world, agent, ENDPOINTS, ENDPOINTS - 1)  # p0 and the last are of ns-0
    empty, bare = agent.rss_bytes(), agent.started
    identities = _identities(agent)
    _policies(agent)
    count = max(3, rounds // 3)
    what = f"{POLICIES} policies and namespaces, {identities} remote identities, {ENDPOINTS} pods"

    def tell(name, seconds):
        report.add(f"{what}: {name} (start to ready)", f"{median(seconds):.2f} s (max "
                   f"{max(seconds):.2f}; {bare:.2f} without anything)", "<= 5 s", "",
                   max(seconds) <= 5)

    def nothing(agent):
        _forget(agent)
        with open(f"{agent.policies}/0.yaml", "w", encoding="ascii") as f:
            f.write(policy_text.one("web", "ns-0", 80))

    tell("compile from nothing, files and an empty store", _starts(agent, count, nothing))
    # From here on that of ns-0 is the API's.
    os.unlink(f"{agent.policies}/0.yaml")
    _wait_for_policies(agent, POLICIES - 1)
    agent.apply(policy_text.one("web", "ns-0", 80))
    tell("the same from the store", _starts(agent, count))
    probe = Probe(world, f"p{ENDPOINTS - 1}", "p0", addresses["p0"])
    _changes(agent, report, probe)
    probe.close()
    rss = agent.rss_bytes()
    report.add("agent RSS with them, after the changes", f"{rss / MIB:.1f} MiB ({empty / MIB:.1f} "
               "with the pods alone)", "<= 96 MB", "", rss <= 96e6)
    _leave(world, ENDPOINTS)


def _start(agent, probe):
    """Start the agent with another policy than it left: seconds to the first new verdict."""
    allow = policy_text.one("web", "ns-0", PORT)
    deny = policy_text.one("web", "ns-0", 80)
    path = f"{agent.policies}/0.yaml"

    def put(text):
        with open(path + ".new", "w", encoding="ascii") as f:
            f.write(text)
        os.rename(path + ".new", path)

    agent.stop(signal.SIGKILL)
    put(deny)
    agent.start()
    agent.stop(signal.SIGKILL)
    if probe.passes() and probe.passes():
        raise RuntimeError("a denied datagram passes")
    put(allow)
    first = []
    start = time.perf_counter()

    def look():
        if not first and probe.passes():
            first.append(time.perf_counter() - start)

    ready = agent.start(look)
    deadline = time.perf_counter() + 10
    while not first:
        look()
        if time.perf_counter() > deadline:
            raise RuntimeError("the new policy is not in force 10 s after the start")
    return first[0], ready


def start(world, report, agent, rounds):
    """500 pods of 50 sets of labels: from the start of the agent to enforcement."""
    if not agent:
        return
    addresses = _attach(world, agent, START_PODS, START_SETS)
    for i in range(START_SETS):
        with open(f"{agent.policies}/{i}.yaml", "w", encoding="ascii") as f:
            f.write(policy_text.one("web", f"ns-{i}", 80))
    probe = Probe(world, f"p{START_SETS}", "p0", addresses["p0"])
    pairs = [_start(agent, probe) for _ in range(max(9, rounds))]
    probe.close()
    worst = max(max(p) for p in pairs)
    report.add(f"{START_PODS} pods of {START_SETS} label sets: start to enforcement",
               f"{median([p[0] for p in pairs]) * 1e3:.0f} ms to the first new verdict, "
               f"{median([p[1] for p in pairs]) * 1e3:.0f} ms to ready (max {worst * 1e3:.0f})",
               "<= 1 s", "", worst <= 1)
    _leave(world, START_PODS)
