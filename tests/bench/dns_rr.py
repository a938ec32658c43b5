# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What DNS rules cost a query and its answer between pods: none, rules, and rules whose answers
teach (toFQDNs).

Policies are changed within the round; the figure is the minimum of the rounds' medians.
"""
from isolate import run

CORE = "0"
NAMESPACE = "names"
ENDS = ("names-client", "names-server")
NAMES = 500


def _policy(teach):
    """DNS rules of NAMES names; www.example is allowed by a pattern."""
    listed = ", ".join(f"{{matchName: n{i}.example.net}}" for i in range(NAMES))
    selector = ('  - toFQDNs: [{matchPattern: "*.example"}]\n'
                '    toPorts: [{ports: [{port: "443", protocol: TCP}]}]\n')
    return (f"---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
            f"metadata: {{name: names, namespace: {NAMESPACE}}}\nspec:\n  endpointSelector: {{}}\n"
            f"  egress:\n  - toEntities: [all]\n    toPorts:\n"
            f'    - ports: [{{port: "53", protocol: UDP}}]\n'
            f'      rules: {{dns: [{{matchPattern: "*.example"}}, {listed}]}}\n'
            + (selector if teach else ""))


def _pods(world, agent):
    plugin = agent.plugin()
    for name in ENDS:
        world.add(name)
        world.ip(name, "link set lo up\n")
        plugin.pod_namespaces[name] = NAMESPACE
        plugin.add(name)
    return next(e["ipv4"] for e in agent.get("/v1/endpoints") if e["containerId"] == ENDS[1])


def _median(world, address):
    return int(run(world.tool("bench/dns_rr"), "-c", CORE, *map(world.path, ENDS), address))


def request_response(world, report, agent, rounds):
    """p50 of a query and its answer over UDP."""
    if not agent:
        return
    address = _pods(world, agent)
    values = {"no rules": [], f"{NAMES + 1} names": [], f"{NAMES + 1} names, answers teach": []}
    texts = dict(zip(values, (None, _policy(False), _policy(True))))
    for _ in range(max(5, rounds)):
        for name, text in texts.items():
            if text:
                agent.apply(text)
            values[name].append(_median(world, address))
            if text:
                agent.withdraw(text)
    floor = min(values["no rules"])
    for name, medians in values.items():
        ns = min(medians)
        report.add(f"DNS RR p50, {name}", f"{ns / 1000:.2f} us", "",
                   f"{ns / floor:.3f} x, {(ns - floor) / 1000:+.2f} us")
