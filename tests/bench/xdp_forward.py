# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Would XDP forward flows to a pod faster than tc does?

The product's tc programs, without XDP and behind the native one, against an XDP program that only
redirects every TCP packet to the pod's device: the least that forwarding by XDP can cost.  The pod's
end needs GRO for that, which switches its receive queue (NAPI) on; without it veth takes no frames.  The
client writes its checksums itself, as a wire has them: XDP forgets of a frame that they are to come.
"""
import socket

import outside
import packets
from isolate import run
from report import median

STREAM_MB = "300"


def _hex(data):
    return [f"0x{b:02x}" for b in data]


def _mac(text):
    return bytes.fromhex(text.replace(":", ""))


def _redirect_all(world, host):
    """Attach bench_forward to the host's device, for the pod that there is."""
    device = host.agent.get("/v1/endpoints")[0]["hostDevice"]
    with world.inside(host.pod):
        run("ethtool", "-K", "eth0", "gro", "on")
    pin, maps = f"{world.bpffs}/bench_forward", f"{world.bpffs}/bench"
    near, far = host.link(host.host, device), host.link(host.pod, "eth0")
    way = (socket.inet_aton(host.address) + near["ifindex"].to_bytes(4, "little") +
           _mac(far["address"]) + _mac(near["address"]))
    run("bpftool", "prog", "load", world.tool("bench/xdp_forward.o"), pin, "pinmaps", maps)
    run("bpftool", "map", "update", "pinned", f"{maps}/bench_way", "key", "0", "0", "0", "0",
        "value", *_hex(way))
    with world.inside(host.host):
        run("ip", "link", "set", "dev", "nic0", "xdpdrv", "pinned", pin)


def against_tc(world, report, _agent, rounds):
    """--xdp-forward is not made unless this says that it is faster."""
    hosts = {}
    try:
        hosts["tc, no XDP"] = outside.Host(world, 1, "off")
        hosts["tc behind native XDP"] = outside.Host(world, 2, "on")
        hosts["XDP redirect and nothing else"] = outside.Host(world, 3, "off")
        _redirect_all(world, hosts["XDP redirect and nothing else"])
        for host in hosts.values():
            with world.inside(host.net):
                run("ethtool", "-K", "eth0", "tx", "off")
        path = {name: packets.topology.Path(name, world.path(h.net), world.path(h.pod), h.address, "")
                for name, h in hosts.items()}
        rr = packets._rounds(rounds, {
            n: (lambda p=p: packets._rr(world, p, p.v4, "-n", "8000")) for n, p in path.items()})
        stream = packets._rounds(rounds, {
            n: (lambda p=p: packets._stream(world, p, p.v4, "-c", packets.CORE, "-m", STREAM_MB))
            for n, p in path.items()})
    finally:
        for host in hosts.values():
            host.agent.stop()
    floor = "tc, no XDP"
    for name in hosts:
        report.add(f"TCP RR p50, network to pod, {name}", f"{min(rr[name]) / 1000:.2f} us", "shown",
                   f"{min(rr[name]) / min(rr[floor]):.3f}")
    for name in hosts:
        ratio = median([a / b for a, b in zip(stream[name], stream[floor])])
        report.add(f"TCP stream, network to pod, {name}", f"{median(stream[name]) / 1e9:.1f} Gbit/s",
                   "shown", f"{ratio:.3f}")
