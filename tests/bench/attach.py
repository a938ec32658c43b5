# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures of attaching pods: whole plugin processes, against Debian's ptp + host-local."""
from plugin import Floor, ptp
from report import median, quantile

BATCH = 8  # containers per peer and round


def _names(world, prefix, count):
    names = [f"{prefix}{i}" for i in range(count)]
    for name in names:
        world.add(name)
    return names


def _forget(world, names):
    for name in names:
        world.delete(name)


def _once(plugin, names, agent):
    """ADD all, DEL all, one after the other; then wait for what still runs behind."""
    adds = [plugin.add(name)[0] for name in names]
    dels = [plugin.delete(name) for name in names]
    if agent and plugin.name == "axoneme":
        agent.settle()
    return adds, dels


def _host(world, agent):
    """The peers' host: a namespace that forwards."""
    name = "peers"
    world.add(name)
    world.ip(name, "link set lo up\n")
    return name


def _peers(world, agent):
    if not hasattr(world, "peers"):
        host = _host(world, agent)
        world.peers = {"true": Floor(world, host), "ptp": ptp(world, host, False),
                       "ptp-dual": ptp(world, host, True)}
    return world.peers


def _collect(world, agent, plugins, rounds):
    """name -> (adds, dels) over interleaved rounds; dual-stack ptp takes seconds: fewer."""
    times = {p.name: ([], []) for p in plugins}
    for round_ in range(rounds):
        for plugin in plugins:
            slow = plugin.name == "ptp-dual"
            if slow and round_ >= 3:
                continue
            names = _names(world, f"c{round_}-{plugin.name}-", 1 if slow else BATCH)
            for total, new in zip(times[plugin.name], _once(plugin, names, agent)):
                total += new
            _forget(world, names)
    return times


def latency(world, report, agent, rounds):
    peers = _peers(world, agent)
    plugins = [*peers.values()] + ([agent.plugin()] if agent else [])
    times = _collect(world, agent, plugins, rounds)
    for verb, index, limit in (("ADD", 0, 6), ("DEL", 1, 4)):
        base = median(times["ptp"][index])
        for name, pair in times.items():
            ms, ratio = median(pair[index]) * 1e3, median(pair[index]) / base
            wanted = name == "axoneme"
            report.add(f"CNI {verb} median, {name}",
                       f"{ms:.2f} ms (p99 {quantile(pair[index], 0.99) * 1e3:.1f})",
                       f"<= {limit} ms, <= 0.5 x ptp" if wanted else "", f"{ratio:.3f}",
                       ms <= limit and ratio <= 0.5 if wanted else None)


def in_flight(world, report, agent, rounds):
    """16 processes at a time, 64 containers."""
    rates = {"ADD": {}, "DEL": {}}
    plugins = [_peers(world, agent)["ptp"]] + ([agent.plugin()] if agent else [])
    for round_ in range(max(2, rounds // 3)):
        for plugin in plugins:
            names = _names(world, f"f{round_}-{plugin.name}-", 64)
            for verb in ("ADD", "DEL"):
                rate = len(names) / plugin.many(verb, names, 16)[0]
                rates[verb].setdefault(plugin.name, []).append(rate)
            if plugin.name == "axoneme":
                agent.settle()
            _forget(world, names)
    for verb, by_name in rates.items():
        for name, values in by_name.items():
            ratio = median(values) / median(by_name["ptp"])
            wanted = name == "axoneme" and verb == "ADD"
            report.add(f"16 {verb}s in flight, {name}", f"{median(values):.0f}/s",
                       ">= 2 x ptp" if wanted else "", f"{ratio:.2f}",
                       ratio >= 2 if wanted else None)


def under_removal(world, report, agent, rounds):
    """ADDs while the veths of 50 deleted pods are being removed, all rounds together."""
    if not agent:
        return
    plugin, times = agent.plugin(), []
    for round_ in range(rounds):
        old = _names(world, f"o{round_}-", 50)
        plugin.many("ADD", old, 8)
        plugin.many("DEL", old, 8)
        fresh = _names(world, f"n{round_}-", 20)
        times += [plugin.add(name)[0] for name in fresh]
        plugin.many("DEL", fresh, 8)
        agent.settle()
        _forget(world, old + fresh)
    p99 = quantile(times, 0.99) * 1e3
    report.add("CNI ADD p99 while 50 veths go", f"{p99:.1f} ms (median {median(times) * 1e3:.2f}, "
               f"max {max(times) * 1e3:.1f}, n {len(times)})", "<= 20 ms", "", p99 <= 20)
