# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Useful traffic under a flood: request/response from the network to a pod, with and without the
prefilter.

The flood comes by the same device, from sources that nobody wants, to a port that nobody has.  The
device has one queue, as it were: what it receives is handled on the core of the useful traffic, while
the flood is made on the other one.  Native XDP on a veth pair is the exception, which runs where the
frame was sent; so its figure shows what a card does that drops by itself, and generic XDP what one
core does that has all the work.
"""
import subprocess

import outside
import packets
from isolate import run
from report import median

SECONDS = "1"
REQUESTS = "1000000"  # more than there is time for
FLOOD_SECONDS = "2"  # so that the end of a connection arrives at last
FLOOD_CORE = "1"
DENIED = "198.18.0.0/15"

# A client that may; the flood's sources may not.
POLICY = """apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: guests}
spec:
  endpointSelector: {}
  ingress:
  - fromCIDR: [10.70.0.0/16]
"""


class _Host(outside.Host):
    """With one queue for what comes from outside, on the core of the useful traffic."""

    def __init__(self, world, number, xdp, policy=False, prefilter=False):
        super().__init__(world, number, xdp)
        self._one_queue()
        if policy:
            self.agent.apply(POLICY)
        if prefilter:
            self.agent.request("PUT", "/v1/prefilter", {"cidrs": [DENIED]})

    def _one_queue(self):
        mount = f"/run/sys-{self.host}"
        with self.world.inside(self.host):
            run("mkdir", mount)
            run("mount", "-t", "sysfs", "sysfs", mount)
        with open(f"{mount}/class/net/nic0/queues/rx-0/rps_cpus", "w", encoding="ascii") as f:
            f.write(f"{1 << int(packets.CORE):x}")

    def _ask(self):
        text = run(self.world.tool("bench/rr"), "-c", packets.CORE, "-w", "0", "-n", REQUESTS,
                   "-s", SECONDS, self.world.path(self.net), self.world.path(self.pod), self.address)
        return [int(x) for x in text.split()]

    def quiet(self):
        return (*self._ask(), 0)

    def flooded(self):
        """(p50 ns, p99 ns, requests, frames a second)"""
        with self.world.inside(self.net):
            flood = subprocess.Popen(
                [self.world.tool("bench/flood"), "-c", FLOOD_CORE, "-s", FLOOD_SECONDS, "eth0",
                 self.mac, self.address], stdout=subprocess.PIPE, text=True)
        try:
            answer = self._ask()
        finally:
            flood.terminate()
            sent, ns = (int(x) for x in flood.communicate()[0].split())
        return (*answer, sent * 1e9 / ns)


def useful_traffic(world, report, _agent, rounds):
    """Shown, not judged: what is at stake depends on the cores as much as on the programs."""
    hosts = {}
    try:
        hosts["nobody denies it"] = _Host(world, 1, "off")
        hosts["a policy denies it"] = _Host(world, 2, "off", policy=True)
        hosts["prefilter, generic XDP"] = _Host(world, 3, "generic", prefilter=True)
        hosts["prefilter, native XDP"] = _Host(world, 4, "on", prefilter=True)
        cases = {"no flood": hosts["nobody denies it"].quiet,
                 "no flood, native XDP": hosts["prefilter, native XDP"].quiet}
        cases.update({f"flood, {name}": host.flooded for name, host in hosts.items()})
        values = packets._rounds(rounds, cases)
    finally:
        for host in hosts.values():
            host.agent.stop()
    quiet = median([v[1] for v in values["no flood"]])
    for name, v in values.items():
        p50, p99, count, rate = (median([x[i] for x in v]) for i in range(4))
        text = f"p50 {p50 / 1000:.1f} us, p99 {p99 / 1000:.1f} us, {count:.0f} requests"
        report.add(f"TCP RR to a pod, {name}",
                   text + (f", {rate / 1e6:.2f} M frames/s" if rate else ""), "shown",
                   f"{p99 / quiet:.2f}")
