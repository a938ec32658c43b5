# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""500 pods on one host: all pairs, memory, restart."""
import signal

from isolate import run
from report import median

PODS = 500
MIB = 1 << 20


def _attach(world, agent):
    names = [f"p{i}" for i in range(PODS)]
    for name in names:
        world.add(name)
    seconds, _ = agent.plugin().many("ADD", names, 8)
    return names, seconds


def _mesh(world, report, endpoints, family, gateway):
    lines = [f"{world.path(e['containerId'])} {e[family]}" for e in endpoints]
    lines.append(f"{world.path('density')} {gateway}")
    pairs, lost, ns = run(world.tool("bench/mesh"), input="\n".join(lines) + "\n").split()
    report.add(f"{PODS} pods and the host, all pairs, {family}",
               f"{pairs} pairs, {lost} lost, {int(ns) / 1e9:.1f} s", "0 lost", "", lost == "0")


def pods(world, report, agent, rounds):
    if not agent:
        return
    empty = agent.rss_bytes()
    report.add("first start to ready (programs verified)", f"{agent.started * 1e3:.0f} ms")
    names, seconds = _attach(world, agent)
    report.add(f"attach {PODS} pods, 8 in flight", f"{PODS / seconds:.0f}/s")
    endpoints = agent.get("/v1/endpoints")
    if len(endpoints) != len(names):
        raise RuntimeError(f"{len(endpoints)} endpoints of {len(names)}")
    for pool in agent.get("/v1/status")["pools"]:
        family = "ipv6" if ":" in pool["gateway"] else "ipv4"
        _mesh(world, report, endpoints, family, pool["gateway"])
    rss = agent.rss_bytes()
    report.add(f"agent RSS, {PODS} pods", f"{rss / MIB:.1f} MiB ({empty / MIB:.1f} with none)",
               "<= 12 MB", "", rss <= 12e6)
    maps = agent.get("/v1/status")["memory"]["mapsBytes"]
    report.add("kernel memory of the maps", f"{maps / MIB:.1f} MiB", "stated")
    _restart(report, agent, rounds)


def _restart(report, agent, rounds):
    for title, number in (("SIGTERM", signal.SIGTERM), ("SIGKILL", signal.SIGKILL)):
        times = []
        for _ in range(max(3, rounds // 3)):
            agent.stop(number)
            times.append(agent.start())
        report.add(f"restart to ready after {title}", f"{median(times) * 1e3:.0f} ms (max "
                   f"{max(times) * 1e3:.0f})", "<= 500 ms", "", max(times) <= 0.5)
    report.add(f"agent RSS after restarts, {PODS} pods", f"{agent.rss_bytes() / MIB:.1f} MiB")
