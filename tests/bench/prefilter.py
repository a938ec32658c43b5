# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The prefilter: what a dropped packet costs, and what a table does."""
import json

from isolate import run

PREFIXES = 1000000
MIB = 1 << 20


def drops(world, report, _agent, rounds):
    """BPF_PROG_TEST_RUN of the edge's own code; the least of interleaved rounds."""
    got = json.loads(run(world.tool("bench/prefilter"), world.tool("bench/prefilter.o"),
                         str(PREFIXES), str(rounds)))
    floor = got["floor_ns"]

    def row(text, ns, limit=None):
        report.add(f"prefilter drop: {text}", f"{ns:.0f} ns", f"<= {limit} ns" if limit else "",
                   f"{ns / floor:.1f}", ns <= limit if limit else None)

    report.add("prefilter drop: a program that only drops", f"{floor:.0f} ns")
    row("1 IPv4 prefix", got["one4"]["hot_ns"], 40)
    row("1 IPv6 prefix", got["one6"]["hot_ns"])
    row("1,000,000 IPv4 prefixes, one source", got["many4"]["hot_ns"])
    row("1,000,000 IPv4 prefixes, random sources", got["many4"]["random_ns"], 200)
    row("1,000,000 IPv6 prefixes, random sources", got["many6"]["random_ns"])
    for family in ("many4", "many6"):
        load = got[family]["load_s"]
        report.add(f"prefilter: loading 1,000,000 IPv{family[-1]} prefixes", f"{load:.2f} s",
                   "<= 5 s", "", load <= 5)
        report.add(f"prefilter: memory of them, IPv{family[-1]}",
                   f"{got[family]['bytes'] / MIB:.0f} MiB")
