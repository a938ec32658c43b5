# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures of the packet path: request/response and one stream, against the kernel's own ways.

Rounds are interleaved (every path once per round), because the machine's speed drifts.  A path's
request/response figure is the minimum of its rounds' medians.  A stream has lucky rounds, in which
everything stays in the caches, so its figure is the median over rounds of the ratio to the bare
pair in the same round.
"""
import json

import topology
from isolate import run
from report import median

CORE = "0"
STREAM_MB = "600"
STREAM_ROUNDS = 3  # times the rounds of others


def paths(world, agent):
    """All paths; the last one is Axoneme's (when there is an agent)."""
    made = [topology.bare(world), topology.redirect(world), topology.route(world),
            topology.bridge(world), topology.iptables(world)]
    if agent:
        made.append(pods(world, agent))
    return made


def pods(world, agent):
    """Two pods of one host, attached by the plugin."""
    plugin = agent.plugin()
    ends = [world.add(name) for name in ("pod-a", "pod-b")]
    for name in ("pod-a", "pod-b"):
        world.ip(name, "link set lo up\n")
        plugin.add(name)
    server = next(e for e in agent.get("/v1/endpoints") if e["containerId"] == "pod-b")
    return topology.Path("axoneme", *ends, server["ipv4"], server["ipv6"])


def _rr(world, path, address, *options):
    text = run(world.tool("bench/rr"), "-c", CORE, *options, path.client, path.server, address)
    return int(text.split()[0])


def _stream(world, path, address, *options):
    return float(run(world.tool("bench/stream"), *options, path.client, path.server, address))


def _rounds(rounds, cases):
    """cases: name -> function; each one's values over interleaved rounds."""
    values = {name: [] for name in cases}
    for _ in range(rounds):
        for name, measure in cases.items():
            values[name].append(measure())
    return values


def _request_response(world, report, all_paths, rounds, title, family, *options):
    values = _rounds(rounds, {
        p.name: (lambda p=p: _rr(world, p, getattr(p, family), "-n", "8000", *options))
        for p in all_paths})
    result = {name: min(v) for name, v in values.items()}
    floor = result["bare"]
    for name, ns in result.items():
        ratio = ns / floor
        wanted = name == "axoneme"
        report.add(f"{title}, {name}", f"{ns / 1000:.2f} us", "<= 1.12 x bare" if wanted else "",
                   f"{ratio:.3f}", ratio <= 1.12 if wanted else None)


def request_response(world, report, all_paths, rounds):
    _request_response(world, report, all_paths, rounds, "TCP RR p50", "v4")


def request_response_v6(world, report, all_paths, rounds):
    few = [p for p in all_paths if p.name != "iptables"]
    _request_response(world, report, few, rounds, "TCP RR p50 IPv6", "v6")


def request_response_udp(world, report, all_paths, rounds):
    few = [p for p in all_paths if p.name != "iptables"]
    _request_response(world, report, few, rounds, "UDP RR p50", "v4", "-u")


def stream(world, report, all_paths, rounds):
    """Both ends on one core, as above; on two cores for information: too noisy for a verdict."""
    for title, options in (("TCP stream", ["-c", CORE, "-m", STREAM_MB]),
                           ("TCP stream, two cores", ["-m", STREAM_MB])):
        values = _rounds(rounds * STREAM_ROUNDS, {
            p.name: (lambda p=p, o=options: _stream(world, p, p.v4, *o)) for p in all_paths})
        for name, rates in values.items():
            rate = median(rates)
            ratio = median([r / floor for r, floor in zip(rates, values["bare"])])
            wanted = name == "axoneme" and "-c" in options
            report.add(f"{title}, {name}", f"{rate / 1e9:.1f} Gbit/s",
                       ">= 0.95 x bare" if wanted else "", f"{ratio:.3f}",
                       ratio >= 0.95 if wanted else None)


def _program_time(program):
    """Nanoseconds and runs so far of one program: a pin, or None = the floor's."""
    selector = ["pinned", program] if program else ["name", "floor_redirect"]
    found = json.loads(run("bpftool", "-j", "prog", "show", *selector))
    found = found if isinstance(found, list) else [found]
    return [sum(f.get(key, 0) for f in found) for key in ("run_time_ns", "run_cnt")]


def program_time(world, report, all_paths, _rounds):
    """Nanoseconds of each program per run, while a request/response test runs.  Counting makes
    every run some 50 ns slower, so these are for comparing versions, not to be added up."""
    switch = "/proc/sys/kernel/bpf_stats_enabled"
    with open(switch, encoding="ascii") as f:
        old = f.read()
    for path in all_paths:
        if path.name not in ("redirect_peer", "axoneme"):
            continue
        pin = f"{world.bpffs}/packets/from_pod" if path.name == "axoneme" else None
        with open(switch, "w", encoding="ascii") as f:
            f.write("1")
        try:
            before = _program_time(pin)
            _rr(world, path, path.v4, "-n", "20000")
            after = _program_time(pin)
        finally:
            with open(switch, "w", encoding="ascii") as f:
                f.write(old)
        ns = (after[0] - before[0]) / max(1, after[1] - before[1])
        report.add(f"program time, {path.name}", f"{ns:.0f} ns a packet")
