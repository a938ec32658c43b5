# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What chaos does to those it means, and to those it does not.

Delays are measured as a client sees them, against the same requests without an experiment in the
same round.  Figures are medians of the rounds' differences or ratios.
"""
import json
import os
import subprocess
import time

import topology
from isolate import run
from report import median

CORE = "0"
NAMESPACE = "bench"
ENDS = ("chaos-a", "chaos-b")
HELD_PORT = 8000
MS = 1e6
TURNS = 8  # connections
LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")
HELD = os.path.join(LIB, "held.py")

POLICY = """apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: chaos
  namespace: bench
  annotations: {{{notes}}}
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

    def __init__(self, agent, rule, port=1, end=65535, **notes):
        self.agent = agent
        notes = ", ".join(f'axoneme.io/chaos-{key}: "{value}"' for key, value in notes.items())
        self.text = POLICY.format(rule=rule, port=port, end=end, notes=notes)

    def __enter__(self):
        self.agent.apply(self.text)

    def __exit__(self, *_):
        self.agent.withdraw(self.text)


class _Server:
    """held.py, or another program, serves in the second pod."""

    def __init__(self, path, program=HELD):
        self.process = subprocess.Popen(
            ["nsenter", f"--net={path.server}", "/usr/bin/python3", program, "serve",
             str(HELD_PORT)],
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


def _rr(world, path, count, warm_up, *options):
    """Median and 99th percentile in nanoseconds."""
    text = run(world.tool("bench/rr"), "-c", CORE, "-n", str(count), "-w", str(warm_up), *options,
               path.client, path.server, path.v4)
    return [int(n) for n in text.split()[:2]]


def _by(agent):
    return f"by {_line(agent)['by']}"


def lateness(world, report, agent, rounds):
    """50 ms asked: what a client gets beyond that.

    The same requests without an experiment are 50 ms apart, so that either client, server and core
    were idle as long, and both run before everybody else; `back to back` is against requests that
    follow each other at once.
    """
    path = _pods(world, agent)
    p50, p99, back_to_back = [], [], []
    for _ in range(rounds):
        quick = _rr(world, path, 1000, 100, "-r")
        plain = _rr(world, path, 100, 3, "-r", "-p", "50")
        with _Chaos(agent, "{probability: 1, delay-response: 50ms}"):
            late = _rr(world, path, 100, 3, "-r")
            by = _by(agent)
        p50.append((late[0] - 50 * MS - plain[0]) / MS)
        p99.append((late[1] - 50 * MS - plain[1]) / MS)
        back_to_back.append([(late[i] - 50 * MS - quick[i]) / MS for i in (0, 1)])
    report.add(f"chaos, 50 ms {by}: actual - asked, p50", f"{median(p50):.3f} ms", "<= 0.3 ms",
               f"back to back {median([b[0] for b in back_to_back]):.3f}", median(p50) <= 0.3)
    report.add(f"chaos, 50 ms {by}: actual - asked, p99", f"{median(p99):.3f} ms", "<= 2 ms",
               f"back to back {median([b[1] for b in back_to_back]):.3f}, best round {min(p99):.3f}",
               median(p99) <= 2)


COUNTERS = {"repeated": "RetransSegs", "timeouts": "TCPTimeouts", "tail loss probes": "TCPLossProbes",
            "needless repeats seen": "TCPDSACKRecv"}


def _counters(path):
    """What the TCPs of both pods counted since their namespaces were made, added up."""
    sums = dict.fromkeys(COUNTERS, 0)
    for netns in (path.client, path.server):
        text = run("nsenter", f"--net={netns}", "cat", "/proc/net/snmp", "/proc/net/netstat")
        lines = [line.split() for line in text.splitlines()]
        values = {}
        for names, numbers in zip(lines[::2], lines[1::2]):
            values.update(zip(names[1:], map(int, numbers[1:])))
        for what, name in COUNTERS.items():
            sums[what] += values[name]
    return sums


def large_response(world, report, agent, rounds):
    """100 KB with delay-response: 1s, 70 segments; each of the four responses of a round."""
    path = _pods(world, agent)
    more, most = [], dict.fromkeys(COUNTERS, 0)
    rounds, asked = max(3, rounds // 4), 4
    with _Server(path):
        for _ in range(rounds):
            plain = _ask(path, 1, 100000, 3)
            with _Chaos(agent, "{probability: 1, delay-response: 1s}"):
                before = _counters(path)
                late = _ask(path, 1, 100000, asked)
                by = _by(agent)
            more.append(late["p50"] - plain["p50"])
            most = {k: max(most[k], n - before[k]) for k, n in _counters(path).items()}
    report.add(f"chaos, 100 KB with 1 s {by}: more than without", f"{median(more):.1f} ms",
               "1000 +- 20 ms", "", abs(median(more) - 1000) <= 20)
    # A probe for each request, whose acknowledgement waits with the response; and the server may
    # take the rest of a window for lost, once (docs/benchmarks.md).
    report.add(f"... segments repeated for {asked} such responses (280 segments), both ends",
               str(most["repeated"]), "no storm: < 70, a response",
               ", ".join(f"{what} {n}" for what, n in most.items() if what != "repeated"),
               most["repeated"] < 70)


def others(world, report, agent, rounds):
    """Flows of the same pods that no experiment means, while 100 responses are held."""
    path = _pods(world, agent)
    ratios, beside = [], []
    with _Server(path), _Chaos(agent, "{probability: 1, delay-response: 6s}", HELD_PORT, HELD_PORT):
        for _ in range(rounds):
            quiet = [_rr(world, path, 4000, 500, "-r")[0]]
            process = _asking(path, 100, 1000)
            process.stderr.readline()  # "connected": the requests are on their way
            while _in_flight(agent) < 100 and process.poll() is None:
                pass
            beside.append(min(_rr(world, path, 4000, 500, "-r")[0]
                              for _ in range(2)))
            if _in_flight(agent) < 100:
                raise RuntimeError("the responses left before the measurement ended")
            if json.loads(process.communicate()[0])["answered"] != 100:
                raise RuntimeError("held responses were lost")
            quiet.append(_rr(world, path, 4000, 500, "-r")[0])
            ratios.append(beside[-1] / min(quiet))
        by = _by(agent)
    report.add(f"chaos {by}, other flows' RR p50 beside 100 held", f"{min(beside) / 1000:.2f} us",
               "<= 1.02 x without", f"{median(ratios):.3f}", median(ratios) <= 1.02)


def _line(agent):
    return agent.get("/v1/status")["delayLine"]


def _in_flight(agent):
    return sum(x["inFlight"] for x in agent.get("/v1/chaos"))


def _delivered(agent):
    return sum(r["delivered"] for x in agent.get("/v1/chaos") for r in x["rules"])


def _rss(agent):
    return agent.get("/v1/status")["memory"]["rssBytes"]


def many_held(world, report, agent, rounds):
    """10,000 responses in flight at once; by fq 1,000, for emulated machines are slow.

    Held for longer than the second that is asked for: client and server are one process each and
    take seconds to write and to answer so many requests.
    """
    del rounds
    path = _pods(world, agent)
    with _Chaos(agent, "{probability: 1, delay-response: 1ms}", HELD_PORT, HELD_PORT):
        count, delay = (10000, "15s") if _line(agent)["by"] == "tap" else (1000, "50s")
    with _Server(path), _Chaos(agent, f"{{probability: 1, delay-response: {delay}}}", HELD_PORT,
                               HELD_PORT):
        before, flight, rss = _rss(agent), 0, 0
        process = _asking(path, count, 1000, 1, 120)
        while process.poll() is None:
            flight, rss = max(flight, _in_flight(agent)), max(rss, _rss(agent))
            time.sleep(0.05)
        result, line = json.loads(process.communicate()[0]), _line(agent)
    lost = line["early"] + line["failed"]
    report.add(f"chaos by {line['by']}, {count} responses of 1 KB: answered", str(result["answered"]),
               "all, and all in flight at once", f"at once {flight}; {lost} early or lost",
               result["answered"] == count and flight >= count and not lost)
    report.add("... memory of the line, of the agent beside it", f"{line['bytesMax'] / 1e6:.1f} MB",
               "stated", f"agent grew by {(rss - before) / 1e6:.1f} MB")


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
            before = _delivered(agent)
            through.append(measure(world, path))
            line = _line(agent)
            packets.append(_delivered(agent) - before)
            if line["early"] + line["failed"]:
                raise RuntimeError(f"the line let packets go early or lost them: {line}")
    rate, ratio = median(through) / 1e9, median([t / p for t, p in zip(through, plain)])
    report.add(f"chaos by {line['by']}, {title}", f"{rate:.2f} Gbit/s", ">= 4 Gbit/s or 0.5 x without",
               f"{ratio:.3f}; {median(packets):.0f} packets held", rate >= 4 or ratio >= 0.5)


def line_throughput(world, report, agent, rounds):
    """All traffic is held: responses for 0 to 1 ms each, and a stream for its turn on a link."""
    rounds = max(3, rounds // 3)
    for what in (("0-1 ms on all responses, 8 connections", _turns,
                  "{probability: 1, delay-response: 500us, jitter: 500us}"),
                 ("one stream, each packet held", _stream, "{probability: 1, rate: 100gbit}")):
        _through_line(world, report, agent, rounds, what)
