# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What chaos draws, as a client sees it that notes which of its requests are reset."""
import os
import subprocess
import sys

from chaos import HELD_PORT, LIB, _Chaos, _pods, _Server

sys.path.append(LIB)
from chi_square import chi_square, p_value  # noqa: E402

TURN = os.path.join(LIB, "turns.py")


def _sequence(path, count):
    """Faults by turns.py: 1 for a reset, 0 for an answer, in the order of the requests."""
    command = ["nsenter", f"--net={path.client}", "/usr/bin/python3", TURN, "ask", path.v4,
               str(HELD_PORT), str(count)]
    for _ in range(50):
        asked = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, check=False)
        if asked.returncode == 0:
            return [int(line == "reset") for line in asked.stdout.split()]
    raise RuntimeError("turns.py cannot connect")


def exact(world, report, agent, rounds):
    """sampling: exact, as the client sees it."""
    del rounds
    path = _pods(world, agent)
    rules = "{probability: 0.8, delay-response: 100us}, {probability: 0.15, abort: reset}"
    with _Server(path, TURN):
        _sequence(path, 1)  # it listens
        with _Chaos(agent, rules, HELD_PORT, HELD_PORT, sampling="exact"):
            faults = _sequence(path, 2000)
    found = (sum(faults[:1000]), sum(faults[1000:]))
    report.add("chaos, exact: resets of 1,000 at 0.15, twice", "{}, {}".format(*found), "150, 150",
               ok=found == (150, 150))


def random(world, report, agent, rounds):
    """10,000 draws at 0.8/0.2, and the same seed again, as the client sees them."""
    del rounds
    path = _pods(world, agent)
    rules = "{probability: 0.8, delay-response: 1ms}, {probability: 0.2, abort: reset}"
    with _Server(path, TURN):
        _sequence(path, 1)
        with _Chaos(agent, rules, HELD_PORT, HELD_PORT, seed=1):
            first = _sequence(path, 10000)
        with _Chaos(agent, rules, HELD_PORT, HELD_PORT, seed=1):
            again = _sequence(path, 3000)
    resets = sum(first)
    p = p_value(chi_square([10000 - resets, resets], [0.8, 0.2]), 1)
    same = first[:3000] == again
    report.add("chaos, random: chi-square of 10,000 at 0.8/0.2", f"p = {p:.3f}", "p > 0.001",
               f"{resets} resets; the seed again: {'the same' if same else 'ANOTHER'} sequence",
               p > 0.001 and same)
