# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ways to connect two namespaces, all with the same interface: (client, server, address).

Every function takes the world, a prefix for names, and returns a Path whose ends are namespaces
with IPv4 and IPv6.
"""
import collections

from isolate import run

# client, server: namespace paths; v4, v6: the server's addresses
Path = collections.namedtuple("Path", "name client server v4 v6")

RULES = 1000


def _ends(world, name):
    return world.add(f"{name}-a"), world.add(f"{name}-b")


def bare(world, name="bare"):
    """A veth pair between the two namespaces: the floor."""
    a, b = _ends(world, name)
    world.ip(f"{name}-a", f"""link set lo up
link add eth0 type veth peer name eth0 netns {b}
addr add 10.1.0.1/24 dev eth0
addr add fd01::1/64 dev eth0 nodad
link set eth0 up
""")
    world.ip(f"{name}-b", """link set lo up
addr add 10.1.0.2/24 dev eth0
addr add fd01::2/64 dev eth0 nodad
link set eth0 up
""")
    return Path(name, a, b, "10.1.0.2", "fd01::2")


def route(world, name="route"):
    """A router namespace between them, plain kernel routing."""
    a, b = _ends(world, name)
    world.add(f"{name}-r")
    world.sysctl(f"{name}-r", "net/ipv4/ip_forward", "1")
    world.sysctl(f"{name}-r", "net/ipv6/conf/all/forwarding", "1")
    for i, end in enumerate((a, b), 1):
        world.ip(f"{name}-r", f"""link add v{i} type veth peer name eth0 netns {end}
addr add 10.2.{i}.1/24 dev v{i}
addr add fd02:{i}::1/64 dev v{i} nodad
link set v{i} up
""")
        world.ip(f"{name}-{'ab'[i - 1]}", f"""addr add 10.2.{i}.2/24 dev eth0
addr add fd02:{i}::2/64 dev eth0 nodad
link set eth0 up
route add default via 10.2.{i}.1
route add ::/0 via fd02:{i}::1
""")
    return Path(name, a, b, "10.2.2.2", "fd02:2::2")


def iptables(world, name="iptables"):
    """As route, with RULES rules in FORWARD that do not match."""
    path = route(world, name)
    rules = "".join(f"-A FORWARD -s 10.99.{i // 250}.{i % 250} -j DROP\n" for i in range(RULES))
    with world.inside(f"{name}-r"):
        run("iptables-restore", input=f"*filter\n{rules}COMMIT\n")
    return path


def bridge(world, name="bridge"):
    """A Linux bridge between them."""
    a, b = _ends(world, name)
    world.add(f"{name}-r")
    world.ip(f"{name}-r", f"""link add br0 type bridge
link set br0 up
link add v1 type veth peer name eth0 netns {a}
link add v2 type veth peer name eth0 netns {b}
link set v1 master br0 up
link set v2 master br0 up
""")
    for i, end in enumerate("ab", 1):
        world.ip(f"{name}-{end}", f"""addr add 10.3.0.{i}/24 dev eth0
addr add fd03::{i}/64 dev eth0 nodad
link set eth0 up
""")
    return Path(name, a, b, "10.3.0.2", "fd03::2")


def redirect(world, name="redirect_peer"):
    """bpf_redirect_peer and nothing else: the floor of a BPF datapath."""
    a, b = _ends(world, name)
    world.add(f"{name}-r")
    for i, end in enumerate((a, b), 1):
        world.ip(f"{name}-r", f"""link add name v{i} index {10 + i} type veth peer name eth0 netns {end}
link set v{i} up
""")
        world.ip(f"{name}-{'ab'[i - 1]}", f"""addr add 10.6.0.{i}/24 dev eth0
addr add fd06::{i}/64 dev eth0 nodad
link set eth0 up
""")
        with world.inside(f"{name}-r"):
            run("tc", "qdisc", "add", "dev", f"v{i}", "clsact")
            run("tc", "filter", "add", "dev", f"v{i}", "ingress", "bpf", "da", "obj",
                world.tool("bench/floor.o"), "sec", "tc")
    return Path(name, a, b, "10.6.0.2", "fd06::2")
