# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a large policy costs packets: request/response on a known flow, and new connections.

Policies are changed within the round, so that every round measures each of them once, one after
the other on the same pods.
"""
import policy_text
import topology
from isolate import run
from report import median

CORE = "0"
NAMESPACE = "bench"
RULES = 10000
FEW, MANY = 10, 100000
ENTRIES_PER_PREFIX = 8


def _pods(world, agent):
    """Two pods of one namespace; made once for the figures of this file."""
    ends = ("policy-a", "policy-b")
    if not any(e["containerId"] == ends[1] for e in agent.get("/v1/endpoints")):
        plugin = agent.plugin()
        for name in ends:
            world.add(name)
            world.ip(name, "link set lo up\n")
            plugin.pod_namespaces[name] = NAMESPACE
            plugin.add(name)
    server = next(e for e in agent.get("/v1/endpoints") if e["containerId"] == ends[1])
    return topology.Path("axoneme", *map(world.path, ends), server["ipv4"], server["ipv6"])


def _entries(agent):
    return agent.get("/v1/status")["policies"]["entries"]


class _InForce:
    """With the policies of a text in force; None = without any."""

    def __init__(self, agent, text, entries):
        self.agent, self.text, self.entries = agent, text, entries

    def __enter__(self):
        if self.text:
            self.agent.apply(self.text)
        found = _entries(self.agent)
        if found < self.entries:
            raise RuntimeError(f"{found} policy entries in force, expected {self.entries}")

    def __exit__(self, *_):
        if self.text:
            self.agent.withdraw(self.text)


def _tool(world, name, path, count):
    return float(run(world.tool(f"bench/{name}"), "-c", CORE, "-n", str(count), path.client,
                     path.server, path.v4).split()[0])


def request_response(world, report, agent, rounds):
    """p50 with a policy of RULES rules in force, and without any."""
    if not agent:
        return
    path = _pods(world, agent)
    text = policy_text.rules(NAMESPACE, RULES)
    without, with_ = [], []
    for _ in range(max(9, rounds)):
        without.append(_tool(world, "rr", path, 8000))
        with _InForce(agent, text, RULES):
            with_.append(_tool(world, "rr", path, 8000))
    ratio = median([w / n for w, n in zip(with_, without)])
    report.add("TCP RR p50, axoneme, no policy", f"{median(without) / 1000:.2f} us", "", "1.000")
    report.add(f"TCP RR p50, axoneme, a policy of {RULES} rules", f"{median(with_) / 1000:.2f} us",
               "<= 1.02 x none", f"{ratio:.3f}", ratio <= 1.02)


def _cases(world, agent):
    """name -> (path, policy text, entries)"""
    path = _pods(world, agent)
    few = policy_text.rules(NAMESPACE, FEW)
    many = few + policy_text.prefixes(NAMESPACE, MANY // ENTRIES_PER_PREFIX, ENTRIES_PER_PREFIX)
    return {
        "axoneme, no policy": (path, None, 0),
        f"axoneme, {FEW} policy entries": (path, few, FEW),
        f"axoneme, {MANY} policy entries": (path, many, MANY),
        "routing, no rules": (topology.route(world, "crr-route"), None, 0),
        f"routing, {topology.RULES} iptables (nft) rules":
            (topology.iptables(world, "crr-rules"), None, 0),
    }


def connections(world, report, agent, rounds):
    """Connect, one request, close: per second."""
    if not agent:
        return
    cases = _cases(world, agent)
    rates = {name: [] for name in cases}
    for _ in range(max(9, rounds)):
        for name, (path, text, entries) in cases.items():
            with _InForce(agent, text, entries):
                rates[name].append(_tool(world, "crr", path, 3000))
    few = rates[f"axoneme, {FEW} policy entries"]
    for name, found in rates.items():
        ratio = median([r / f for r, f in zip(found, few)])
        wanted = name == f"axoneme, {MANY} policy entries"
        report.add(f"connect/request/close, {name}", f"{median(found):.0f}/s",
                   f">= 0.95 x {FEW} entries" if wanted else "", f"{ratio:.3f}",
                   ratio >= 0.95 if wanted else None)
