#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The truth table of policies: real connections, a hand-written list, and the reference agree.

    run.py --axoneme "COMMAND..." --expect PROGRAM --ends ENDS.json --namespaces FILE TABLE...

A table is cases; all is allowed where no line says otherwise, and the last line that speaks holds:

    case NAME
    cnp NAMESPACE | knp NAMESPACE | ccnp | object       one or more of these, each with its spec (or
      endpointSelector: ...                             the whole object) indented below
    deny FROM[,FROM...] -> TO[,TO...] [tcp|udp|icmp] [80|81] [v4|v6]
    allow ...

FROM and TO are names of ends with * and ?; "pods" is */*, "world" is near,far.
"""
import argparse
import collections
import fnmatch
import json
import random
import re
import resource
import subprocess
import sys

from prober import ECHO, End, Probe, Prober

PORTS = 80, 81
PROTOCOLS = {"tcp": 6, "udp": 17}
TRACES = 4
SHOWN = 12
HEADS = {
    "cnp": ("cilium.io/v2", "CiliumNetworkPolicy"),
    "ccnp": ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
    "knp": ("networking.k8s.io/v1", "NetworkPolicy"),
}
Case = collections.namedtuple("Case", "name where documents rules")


def head(kind, namespace, number):
    api, name = HEADS[kind]
    place = f', namespace: "{namespace}"' if namespace else ""
    return [f"apiVersion: {api}", f"kind: {name}", f"metadata: {{name: p{number}{place}}}", "spec:"]


def read_table(path):
    cases = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip()
        word, *rest = line.split() or ["#"]
        if word.startswith("#"):
            continue
        if line.startswith("  "):
            cases[-1].documents[-1].append(line)
        elif word == "case":
            cases.append(Case(" ".join(rest), f"{path}:{number}", [], []))
        elif word in HEADS:
            documents = cases[-1].documents
            documents.append(head(word, "".join(rest), len(documents)))
        elif word == "object":
            cases[-1].documents.append([])
        elif word in ("allow", "deny"):
            cases[-1].rules.append(line)
        else:
            sys.exit(f"{path}:{number}: what is {word}?")
    return cases


def names(text):
    """A predicate of names."""
    pattern = {"pods": ["*/*"], "world": ["near", "far"]}
    wanted = [w for part in text.split(",") for w in pattern.get(part, [part])]
    return lambda name: any(fnmatch.fnmatchcase(name, w) for w in wanted)


def hand(rules, probes):
    """What the hand-written lines say: probe -> allowed."""
    table = dict.fromkeys(probes, True)
    for rule in rules:
        found = re.fullmatch(
            r"(allow|deny) (\S+) -> (\S+)(?: (tcp|udp|icmp))?(?: (80|81))?(?: v([46]))?", rule)
        if not found:
            sys.exit(f"cannot read: {rule}")
        verdict, source, target, proto, port, family = found.groups()
        source, target, spoken = names(source), names(target), 0
        for p in probes:
            if (source(p.src.name) and target(p.dst.name) and proto in (None, p.proto) and
                    port in (None, str(p.port)) and family in (None, str(p.family))):
                table[p] = verdict == "allow"
                spoken += 1
        if not spoken:
            sys.exit(f"speaks of nothing: {rule}")
    return table


class Table:
    """Ends and all probes between them; runs cases."""

    def __init__(self, args):
        self.axoneme, self.expect = args.axoneme.split(), args.expect
        self.namespaces = args.namespaces
        with open(args.ends, encoding="utf-8") as f:
            self.facts = json.load(f)
        self.ends = [End(e["name"], e["netns"], {4: e["ipv4"], 6: e["ipv6"]}) for e in self.facts]
        self.prober = Prober(self.ends, PORTS)
        kinds = [(proto, port) for proto in PROTOCOLS for port in PORTS] + [("icmp", None)]
        self.probes = [Probe(a, b, family, proto, port)
                       for a in self.ends for b in self.ends if self.is_pair(a, b)
                       for family in (4, 6) for proto, port in kinds]
        self.random = random.Random(1)

    @staticmethod
    def is_pair(a, b):
        """Is one of them a pod?  Nothing judges what host and world say to each other."""
        return a != b and ("/" in a.name or "/" in b.name)

    def question(self, probe):
        """Numbers of an "ask" line: each end is there twice, by family."""
        source, target = (2 * self.ends.index(e) + (probe.family == 6)
                          for e in (probe.src, probe.dst))
        proto, port = ECHO[probe.family] if probe.port is None else (
            PROTOCOLS[probe.proto], probe.port)
        return f"ask {source} {target} {proto} {port}"

    def reference(self, path):
        """What the reference evaluator says of a policy file: probe -> allowed."""
        lines = []
        for fact in self.facts:
            for family in "4", "6":
                world = fact["name"] in ("near", "far")
                labels = [f"reserved:world-ipv{family}"] if world else fact["labels"]
                lines.append(" ".join(["end", fact["ipv" + family] if world else "-",
                                       ",".join(labels), ",".join(fact["ports"]) or "-"]))
        lines += [self.question(p) for p in self.probes]
        done = subprocess.run([self.expect, self.namespaces, path], input="\n".join(lines) + "\n",
                              stdout=subprocess.PIPE, text=True, check=True)
        answers = done.stdout.split()
        assert len(answers) == len(self.probes)
        return {p: a == "allow" for p, a in zip(self.probes, answers)}

    def axo(self, *words):
        """The command line; what it prints, or the end of all."""
        done = subprocess.run(self.axoneme + list(words), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"axoneme {' '.join(words)}: {done.stderr}{done.stdout}")
        return done.stdout

    def trace(self, probe):
        """The verdict of `axoneme policy trace`."""
        def word(end):
            return end.name if "/" in end.name else end.address[probe.family]
        proto, port = ECHO[probe.family] if probe.port is None else (probe.proto, probe.port)
        name = {1: "icmp", 58: "icmpv6"}.get(proto, proto)
        said = json.loads(self.axo("policy", "trace", "--from", word(probe.src), "--to",
                                   word(probe.dst), "--dport", f"{port}/{name}", "-o", "json"))
        return said["verdict"]

    def run(self, case):
        """Returns what is wrong, as lines."""
        path = "case.yaml"
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n---\n".join("\n".join(d) for d in case.documents) + "\n")
        want, reference = hand(case.rules, self.probes), self.reference(path)
        self.axo("policy", "apply", path)
        try:
            found = self.prober.round(self.probes, [p for p in self.probes if want[p]])
            wrong = [self.say(p, want[p], reference[p], found[p]) for p in self.probes
                     if want[p] != reference[p] or found[p] != ("answer" if want[p] else "")]
            for p in self.sample(want):
                verdict = self.trace(p)
                if verdict != ("allow" if want[p] else "deny"):
                    said = self.say(p, want[p], reference[p], found[p])
                    wrong.append(f"trace says {verdict}: {said}")
        finally:
            self.axo("policy", "delete", "-f", path)
        return wrong

    def sample(self, want):
        """Some that are allowed and some that are denied."""
        for verdict in True, False:
            some = [p for p in self.probes if want[p] is verdict]
            yield from self.random.sample(some, min(TRACES // 2, len(some)))

    @staticmethod
    def say(p, want, reference, found):
        words = {True: "allow", False: "deny"}
        port = p.port or "echo"
        return (f"{p.src.name} -> {p.dst.name} {p.proto} {port} v{p.family}: "
                f"by hand {words[want]}, by the reference {words[reference]}, "
                f"found {found or 'no answer'}")


def report(case, wrong):
    print(f"{case.where}: {case.name}: {len(wrong)} wrong")
    for document in case.documents:
        print("    ---", *document, sep="\n    ")
    for line in wrong[:SHOWN]:
        print("  " + line)


def main():
    parser = argparse.ArgumentParser()
    for name in "axoneme", "expect", "ends", "namespaces":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("tables", nargs="+")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    table = Table(args)
    cases = [case for path in args.tables for case in read_table(path)]
    # No policy in force: all is allowed.  Also makes neighbours known.
    nothing = "{apiVersion: v1, kind: Namespace, metadata: {name: nobody}}"
    cases.insert(0, Case("no policy", "-", [[nothing]], []))
    bad = 0
    for case in cases:
        wrong = table.run(case)
        if wrong:
            report(case, wrong)
            bad += 1
    print(f"{len(cases)} cases of {len(table.probes)} connections, {bad} wrong")
    sys.exit(1 if bad or len(cases) < 2 else 0)


if __name__ == "__main__":
    main()
