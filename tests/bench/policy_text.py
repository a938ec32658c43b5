# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Policies of any size, as YAML texts."""

# What the two ends of a packet test use: the kernel's own choice of ports.
PORTS_USED = '{port: "32768", endPort: 60999, protocol: ANY}'


def _head(name, namespace):
    return (f"---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
            f"metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  endpointSelector: {{}}\n")


def rules(namespace, count, name="rules"):
    """One policy of `count` rules, half of them for each direction, one port each; an entry per
    rule.  The pods of the namespace may use PORTS_USED."""
    lines = [_head(name, namespace)]
    for section, peers in (("ingress", "fromEndpoints"), ("egress", "toEndpoints")):
        lines.append(f"  {section}:\n  - {peers}: [{{}}]\n    toPorts: [{{ports: [{PORTS_USED}]}}]\n")
        lines += [f"  - {peers}: [{{}}]\n    toPorts: [{{ports: [{{port: \"{port}\", protocol: TCP}}]}}]\n"
                  for port in range(2, count + 1, 2)]  # every other port: no two become one entry
    return "".join(lines)


def prefixes(namespace, count, ports, per_policy=2500, first_port=2):
    """`count` rules, each for a prefix of its own with `ports` ports: as many entries as the
    product.  Several policies, because a document is limited."""
    text = []
    listed = ", ".join(f'{{port: "{2 * p + first_port}", protocol: TCP}}' for p in range(ports))
    for first in range(0, count, per_policy):
        text.append(_head(f"prefixes-{first}", namespace) + "  ingress:\n")
        text += [f"  - fromCIDR: [10.{100 + i // 256}.{i % 256}.0/24]\n    toPorts: [{{ports: [{listed}]}}]\n"
                 for i in range(first, min(first + per_policy, count))]
    return "".join(text)


def one(name, namespace, port, peer="{}"):
    """A usual policy: a port, from pods with a label or a prefix."""
    return (_head(name, namespace) +
            f"  ingress:\n  - fromEndpoints: [{peer}]\n    toPorts: [{{ports: [{{port: \"{port}\", protocol: ANY}}]}}]\n"
            f"  - fromEndpoints: [{{matchLabels: {{app: client, tier: front}}}}]\n"
            f"    toPorts: [{{ports: [{{port: \"443\", protocol: TCP}}]}}]\n")
