# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What HTTP rules cost by themselves: compiling them, and the verdict on one request head."""
from isolate import run

COMPILE_MS = 100
VERDICT_NS = 400


def head(world, report, _agent, rounds):
    """The smallest of many short runs: with others on the machine it is still an upper bound."""
    text = run(world.tool("bench/http_head"), world.tool("bench/http_head.o"), str(rounds * 100))
    value = dict(line.split() for line in text.splitlines())
    took = float(value["compile_ms_500"])
    report.add("compile 500 HTTP rules", f"{took:.1f} ms", f"<= {COMPILE_MS} ms", "", took <= COMPILE_MS)
    report.add("tables of 500 HTTP rules",
               f"{value['states_500']} states, {value['classes_500']} classes, {value['bytes_500']} bytes")
    for rules in ("1", "500"):
        ns = int(value[f"verdict_ns_{rules}"])
        report.add(f"verdict on a 185-byte head, {rules} rules", f"{ns} ns", f"<= {VERDICT_NS} ns",
                   f"{value['nothing_ns']} ns without reading", ns <= VERDICT_NS)
