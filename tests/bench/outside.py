# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A host with one pod and a device, and a namespace behind that: who is outside."""
import json

from agent import Agent
from isolate import run


class Host:
    """Nothing is masqueraded: the namespace outside reaches the pod at its own address."""

    def __init__(self, world, number, xdp):
        self.world = world
        self.host, self.pod, self.net = (f"out{number}-{x}" for x in ("host", "pod", "net"))
        self.agent = Agent(world, self.host, f"10.71.{number}.0/24", None)
        world.add(self.net)
        world.ip(self.host, f"""link add nic0 type veth peer name eth0 netns {world.path(self.net)}
addr add 10.70.{number}.1/24 dev nic0
link set nic0 up
""")
        world.ip(self.net, f"""link set lo up
addr add 10.70.{number}.2/24 dev eth0
link set eth0 up
route add 10.71.{number}.0/24 via 10.70.{number}.1
""")
        self.agent.flags = ["--device", "nic0", "--xdp", xdp, "--masquerade", "off"]
        self.agent.start()
        world.add(self.pod)
        world.ip(self.pod, "link set lo up\n")
        self.agent.plugin().add(self.pod)
        self.address = self.agent.get("/v1/endpoints")[0]["ipv4"]
        self.mac = self.link(self.host, "nic0")["address"]

    def link(self, namespace, device):
        """What iproute2 says of the device."""
        with self.world.inside(namespace):
            return json.loads(run("ip", "-j", "link", "show", "dev", device))[0]
