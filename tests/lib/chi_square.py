#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Are these draws what they should be?

chi_square.py SHARE...      a line of stdin for each draw: its class, 0 and up; SHAREs are those of
                            the classes
Prints two p values: of the numbers of draws in each class, and of pairs of draws that follow each
other (that one does not depend on the one before).
"""
import math
import sys
from collections import Counter


def p_value(x, freedom):
    """P(chi-square >= x), by the recurrence of the incomplete gamma function in steps of 1."""
    if freedom % 2:
        p, term, k = math.erfc(math.sqrt(x / 2)), math.sqrt(2 * x / math.pi) * math.exp(-x / 2), 1
    else:
        p, term, k = math.exp(-x / 2), x / 2 * math.exp(-x / 2), 2
    while k < freedom:
        p += term
        k += 2
        term *= x / k
    return p


def chi_square(counts, shares):
    total = sum(counts)
    return sum((n - total * share) ** 2 / (total * share) for n, share in zip(counts, shares))


def main():
    shares = [float(a) for a in sys.argv[1:]]
    classes = range(len(shares))
    draws = [int(line) for line in sys.stdin]
    single = Counter(draws)
    # Pairs that do not overlap: then they do not depend on each other either.
    pairs = Counter(zip(draws[::2], draws[1::2]))
    print("%.4f %.4f" % (
        p_value(chi_square([single[c] for c in classes], shares), len(shares) - 1),
        p_value(chi_square([pairs[a, b] for a in classes for b in classes],
                           [a * b for a in shares for b in shares]), len(shares) ** 2 - 1)))


if __name__ == "__main__":
    main()
