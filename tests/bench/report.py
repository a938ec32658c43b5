# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of the result: one table for people, one JSON file for programs."""
import json
import math
import statistics


def median(values):
    return statistics.median(values)


def quantile(values, q):
    """The smallest value that at least the share q of all is not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * q) - 1)]


class Report:
    """Collects rows: what was asked (None = a peer, for comparison), what came out."""

    COLUMNS = ("figure", "asked", "measured", "ratio", "verdict")

    def __init__(self):
        self.rows = []

    def add(self, figure, measured, asked="", ratio="", ok=None):
        """ok: True or False = met or missed; None = stated only."""
        verdict = "" if ok is None else ("met" if ok else "MISSED")
        row = dict(zip(self.COLUMNS, (figure, asked, measured, ratio, verdict)))
        self.rows.append(row)
        print("  ".join(f"{row[c]}" for c in self.COLUMNS if row[c]), flush=True)

    def table(self):
        """Markdown, aligned."""
        lines = [self.COLUMNS] + [tuple(r[c] for c in self.COLUMNS) for r in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.COLUMNS))]

        def text(line):
            return "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |"

        rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
        return "\n".join([text(lines[0]), rule] + [text(line) for line in lines[1:]])

    def save(self, path, facts):
        with open(path, "w", encoding="ascii") as f:
            json.dump({**facts, "rows": self.rows}, f, indent=1)
            f.write("\n")

    def missed(self):
        return [r["figure"] for r in self.rows if r["verdict"] == "MISSED"]
