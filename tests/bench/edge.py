# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures between hosts: two namespaces with a veth pair as wire, and pods behind them.

Everything is measured against the same topology with plain Linux forwarding.  For the native paths
that has no filter and no connection tracking; for the masqueraded one, and for the host itself, whose
packets are tracked then, both hosts have the one nft rule that the agent's own table amounts to.  XDP is off: on a
veth pair it makes every packet dearer, which is a figure of its own (prefilter).
"""
import packets
import topology
from agent import Agent
from isolate import run

NEAR, FAR, WORLD = "10.60.0.1", "10.60.0.2", "10.60.0.3"  # WORLD: sees the host's address
NEAR6, FAR6 = "fd60::1", "fd60::2"
REQUESTS = "8000"

HOST_POLICY = """apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: edge}
spec:
  nodeSelector: {}
  ingress:
  - toPorts: [{ports: [{port: "22", protocol: TCP}]}]
  egress:
  - toPorts: [{ports: [{port: "1", endPort: 65535, protocol: TCP}]}]
"""


def _wire(world, near, far):
    world.ip(near, f"""link add nic0 type veth peer name nic0 netns {world.path(far)}
addr add {NEAR}/24 dev nic0
addr add {NEAR6}/64 dev nic0 nodad
link set nic0 up
""")
    world.ip(far, f"""addr add {FAR}/24 dev nic0
addr add {WORLD}/24 dev nic0
addr add {FAR6}/64 dev nic0 nodad
link set nic0 up
""")


def _linux(world, name, rule=""):
    """pod - host - wire - host - pod; returns both hosts' and pods' namespaces"""
    hosts = [f"{name}-h{i}" for i in (1, 2)]
    pods = [f"{name}-p{i}" for i in (1, 2)]
    for ns in hosts + pods:
        world.add(ns)
        world.ip(ns, "link set lo up\n")
    _wire(world, *hosts)
    for i, (host, pod) in enumerate(zip(hosts, pods), 1):
        world.sysctl(host, "net/ipv4/ip_forward", "1")
        world.ip(host, f"""link add v0 type veth peer name eth0 netns {world.path(pod)}
addr add 10.61.{i}.1/24 dev v0
link set v0 up
route add 10.61.{3 - i}.0/24 via {FAR if i == 1 else NEAR}
""")
        world.ip(pod, f"""addr add 10.61.{i}.2/24 dev eth0
link set eth0 up
route add default via 10.61.{i}.1
""")
    for host in hosts if rule else []:
        with world.inside(host):
            run("nft", "-f", "-", input=rule)
    return hosts, pods


def _axoneme(world):
    agents = []
    for i in (1, 2):
        agents.append(Agent(world, f"edge-h{i}", f"10.62.{i}.0/24", f"fd62:{i}::/64"))
    _wire(world, "edge-h1", "edge-h2")
    for i, agent in enumerate(agents, 1):
        agent.flags = ["--device", "nic0", "--xdp", "off", "--cluster-cidr", "10.62.0.0/16",
                       "--no-masquerade-cidr", f"{FAR}/32"]
        world.ip(agent.host, f"route add 10.62.{3 - i}.0/24 via {FAR if i == 1 else NEAR}\n")
        agent.start()
        pod = f"edge-p{i}"
        world.add(pod)
        world.ip(pod, "link set lo up\n")
        agent.plugin().add(pod)
    return agents


def _pod_address(agent):
    return agent.get("/v1/endpoints")[0]["ipv4"]


def _path(world, name, client, server, address):
    return topology.Path(name, world.path(client), world.path(server), address, "")


def _measure(world, rounds, paths):
    values = packets._rounds(rounds, {
        p.name: (lambda p=p: packets._rr(world, p, p.v4, "-n", REQUESTS)) for p in paths})
    return {name: min(v) for name, v in values.items()}


def _compare(report, result, ours, theirs, most):
    ratio = result[ours] / result[theirs]
    report.add(f"TCP RR p50, {theirs}", f"{result[theirs] / 1000:.2f} us")
    report.add(f"TCP RR p50, {ours}", f"{result[ours] / 1000:.2f} us",
               f"<= {most} x {theirs}" if most else "", f"{ratio:.3f}",
               ratio <= most if most else None)


def between_hosts(world, report, _agent, rounds):
    """Native routing and masquerading against plain Linux; host policy for information."""
    (_, lh2), (lp1, lp2) = _linux(world, "lx")
    (mh1, mh2), (mp1, _) = _linux(world, "nft", """table ip nat { chain postrouting {
type nat hook postrouting priority 100; policy accept;
ip saddr 10.61.0.0/16 masquerade
}
}
""")
    agents = _axoneme(world)
    try:
        result = _measure(world, rounds, [
            _path(world, "Linux, pod to remote host", lp1, lh2, FAR),
            _path(world, "axoneme, pod to remote host", "edge-p1", "edge-h2", FAR),
            _path(world, "Linux, pod to pod of another host", lp1, lp2, "10.61.2.2"),
            _path(world, "axoneme, pod to pod of another host", "edge-p1", "edge-p2",
                  _pod_address(agents[1])),
            _path(world, "Linux with nft, masqueraded", mp1, mh2, WORLD),
            _path(world, "axoneme, masqueraded", "edge-p1", "edge-h2", WORLD),
            _path(world, "Linux with nft, host to remote host", mh1, mh2, FAR),
            _path(world, "axoneme, host to remote host", "edge-h1", "edge-h2", FAR),
        ])
        agents[0].apply(HOST_POLICY)
        result.update(_measure(world, rounds, [
            _path(world, "Linux with nft, host again", mh1, mh2, FAR),
            _path(world, "axoneme, host policy", "edge-h1", "edge-h2", FAR),
        ]))
    finally:
        for agent in agents:
            agent.stop()
    for ours, theirs, most in (
            ("axoneme, pod to remote host", "Linux, pod to remote host", 0.98),
            ("axoneme, pod to pod of another host", "Linux, pod to pod of another host", 0.98),
            ("axoneme, masqueraded", "Linux with nft, masqueraded", 1.05),
            ("axoneme, host to remote host", "Linux with nft, host to remote host", None),
            ("axoneme, host policy", "Linux with nft, host again", None)):
        _compare(report, result, ours, theirs, most)
