# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What chaos does to those it means, and to those it does not.

Delays are measured as a client sees them, against the same requests without an experiment in the
same round.  Lateness depends on how busy the machine is: the figures are minima (medians for the
99th percentile) over rounds.
"""
import json
import os
import subprocess

import topology
from isolate import run
from report import median

CORE = "0"
NAMESPACE = "bench"
ENDS = ("chaos-a", "chaos-b")
HELD_PORT = 8000
MS = 1e6
TURNS = 8  # connections
HELD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib/held.py")

POLICY = """apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: chaos, namespace: bench}}
spec:
  endpointSelector: {{matchLabels: {{"k8s:io.kubernetes.pod.namespace": bench}}}}
  enableDefaultDeny: {{ingress: false}}
  ingress:
  - toPorts:
    - ports: [{{port: "{port}", endPort: {end}, protocol: TCP}}]
      rules: {{l7proto: chaos, l7: [{rule}]}}
"""


def _pods(world, agent):
    if not any(e["containerId"] == ENDS[1] for e in agent.get("/v1/endpoints")):
        plugin = agent.plugin()
        for name in ENDS:
            world.add(name)
            world.ip(name, "link set lo up\n")
            plugin.pod_namespaces[name] = NAMESPACE
            plugin.add(name)
    server = next(e for e in agent.get("/v1/endpoints") if e["containerId"] == ENDS[1])
    return topology.Path("axoneme", *map(world.path, ENDS), server["ipv4"], server["ipv6"])


class _Chaos:
    """An experiment with one rule on a range of ports, while it is needed."""

    def __init__(self, agent, rule, port=1, end=65535):
        self.agent = agent
        self.text = POLICY.format(rule=rule, port=port, end=end)

    def __enter__(self):
        self.agent.apply(self.text)

    def __exit__(self, *_):
        self.agent.withdraw(self.text)


class _Server:
    """held.py serves in the second pod."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            ["nsenter", f"--net={path.server}", "/usr/bin/python3", HELD, "serve", str(HELD_PORT)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def _asking(path, *arguments):
    return subprocess.Popen(
        ["nsenter", f"--net={path.client}", "/usr/bin/python3", HELD, "ask", path.v4,
         str(HELD_PORT), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ask(path, *arguments):
    """What held.py says; tried again while the server is not up yet."""
    for _ in range(50):
        process = _asking(path, *arguments)
        text = process.communicate()[0]
        if process.returncode == 0:
            return json.loads(text)
    raise RuntimeError("held.py cannot connect")


def _rr(world, path, count, warm_up):
    text = run(world.tool("bench/rr"), "-c", CORE, "-n", str(count), "-w", str(warm_up),
               path.client, path.server, path.v4)
    return [int(n) for n in text.split()[:2]]


def lateness(world, report, agent, rounds):
    """50 ms asked: what a client gets beyond that."""
    path = _pods(world, agent)
    p50, p99 = [], []
    for _ in range(rounds):
        plain = _rr(world, path, 1000, 100)
        with _Chaos(agent, "{probability: 1, delay-response: 50ms}"):
            late = _rr(world, path, 100, 3)
        p50.append((late[0] - 50 * MS - plain[0]) / MS)
        p99.append((late[1] - 50 * MS - plain[1]) / MS)
    report.add("chaos, 50 ms: actual - asked, p50", f"{min(p50):.3f} ms", "<= 0.3 ms",
               ok=min(p50) <= 0.3)
    report.add("chaos, 50 ms: actual - asked, p99", f"{median(p99):.3f} ms", "<= 2 ms",
               f"best round {min(p99):.3f}", median(p99) <= 2)


def large_response(world, report, agent, rounds):
    """100 KB with delay-response: 1s."""
    path = _pods(world, agent)
    more, repeated = [], 0
    with _Server(path):
        for _ in range(max(3, rounds // 4)):
            plain = _ask(path, 1, 100000, 3)
            with _Chaos(agent, "{probability: 1, delay-response: 1s}"):
                late = _ask(path, 1, 100000, 2)
            more.append(late["min"] - plain["min"])
            repeated = max(repeated, late["retransmitted"])
    report.add("chaos, 100 KB with 1 s: more than without", f"{median(more):.1f} ms",
               "1000 +- 20 ms", f"client retransmits {repeated}", abs(median(more) - 1000) <= 20)


def others(world, report, agent, rounds):
    """Flows of the same pods that no experiment means, while 100 responses are held."""
    path = _pods(world, agent)
    quiet, beside = [], []
    with _Server(path), _Chaos(agent, "{probability: 1, delay-response: 6s}", HELD_PORT, HELD_PORT):
        for _ in range(rounds):
            quiet.append(_rr(world, path, 8000, 500)[0])
            process = _asking(path, 100, 1000)
            process.stderr.readline()  # "connected": the requests are on their way
            while _in_flight(agent) < 100 and process.poll() is None:
                pass
            beside.append(_rr(world, path, 8000, 500)[0])
            if json.loads(process.communicate()[0])["answered"] != 100:
                raise RuntimeError("held responses were lost")
    ratio = min(beside) / min(quiet)
    report.add("chaos, other flows' RR p50 beside 100 held", f"{min(beside) / 1000:.2f} us",
               "<= 1.02 x without", f"{ratio:.3f}", ratio <= 1.02)


def _line(agent):
    return agent.get("/v1/status")["delayLine"]


def _in_flight(agent):
    return _line(agent)["held"]


def many_held(world, report, agent, rounds):
    """10,000 responses in flight at once.

    Held for longer than the second that is asked for: client and server are one process each and
    take seconds to write and to answer so many requests.
    """
    del rounds
    path = _pods(world, agent)
    with _Server(path), _Chaos(agent, "{probability: 1, delay-response: 10s}", HELD_PORT, HELD_PORT):
        result = _ask(path, 10000, 1000)
        line = _line(agent)
    report.add("chaos, 10,000 responses of 1 KB in flight: answered", str(result["answered"]),
               "10000", f"line: at most {line['bytesMax'] / 1e6:.1f} MB, "
               f"{line['early'] + line['failed']} early or lost",
               result["answered"] == 10000 and not line["early"] + line["failed"])


def _stream(world, path):
    return float(run(world.tool("bench/stream"), path.client, path.server, path.v4))


def _turns(world, path):
    """The rates of several connections that ask for large responses, added up."""
    asking = [subprocess.Popen([world.tool("bench/turns"), path.client, path.server, path.v4],
                               stdout=subprocess.PIPE, text=True) for _ in range(TURNS)]
    rates = [process.communicate()[0] for process in asking]
    if any(process.returncode for process in asking):
        raise RuntimeError("turns failed")
    return sum(map(float, rates))


def _through_line(world, report, agent, rounds, what):
    """What traffic gets with a rule, and without; all of it has to wait in the line."""
    title, measure, rule = what
    path = _pods(world, agent)
    plain, through, packets = [], [], []
    for _ in range(rounds):
        plain.append(measure(world, path))
        with _Chaos(agent, rule):
            through.append(measure(world, path))
            line = _line(agent)
            packets.append(line["out"])
            if line["early"] + line["failed"]:
                raise RuntimeError(f"the line let packets go early or lost them: {line}")
    rate, ratio = median(through) / 1e9, median([t / p for t, p in zip(through, plain)])
    report.add(f"chaos, {title}", f"{rate:.2f} Gbit/s", ">= 4 Gbit/s or 0.5 x without",
               f"{ratio:.3f}; {median(packets):.0f} packets held", rate >= 4 or ratio >= 0.5)


def line_throughput(world, report, agent, rounds):
    """All traffic is held: responses for 0 to 1 ms each, and a stream for its turn on a link."""
    rounds = max(3, rounds // 3)
    for what in (("0-1 ms on all responses, 8 connections", _turns,
                  "{probability: 1, delay-response: 500us, jitter: 500us}"),
                 ("one stream, each packet held", _stream, "{probability: 1, rate: 100gbit}")):
        _through_line(world, report, agent, rounds, what)
