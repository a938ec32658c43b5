# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What HTTP rules cost requests between pods, beside a proxy.

Servers are pods of their own, with no L7 policy, one rule, and RULES rules, so that a round
measures all of them within a fraction of a second; the proxy is a pod in front of the first one.
Everything runs on one core (docs/benchmarks.md).  The figure of a path is the minimum of its
rounds' medians.
"""
import signal
import socket
import subprocess
import time

from isolate import run
from report import median

CORE = "0"
RULES = 500
PORT, NGINX_PORT = "80", "81"
MORE_US, PROXY_TIMES, EQUAL, THROUGHPUT = 0.8, 10, 1.03, 0.95
METHODS = ("GET", "POST|PUT", "GET|HEAD", "DELETE")
PATHS = ("/api/v1/svc{}/users/[0-9]+", "/api/v2/tenants/[a-z0-9-]+/svc{}/.*",
         "/static/app{}/[^/]+\\\\.(js|css)", "/svc{}/health")
# Of these, number 120 allows what the client asks for.
NUMBERS = {"http-none": (), "http-one": (120,), "http-many": range(RULES)}
TITLES = {"http-none": "no L7 policy", "http-one": "1 rule", "http-many": f"{RULES} rules",
          "http-proxy": "haproxy"}


def _rule(i):
    return f'{{method: "{METHODS[i // 4 % 4]}", path: "{PATHS[i % 4].format(i)}"}}'


def rules(namespace, numbers):
    """A policy of HTTP rules for every port of the namespace's pods."""
    listed = ", ".join(_rule(i) for i in numbers)
    return (f"---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
            f"metadata: {{name: http, namespace: {namespace}}}\nspec:\n  endpointSelector: {{}}\n"
            f"  ingress:\n  - fromEntities: [all]\n    toPorts:\n"
            f'    - ports: [{{port: "{PORT}", protocol: TCP}}, {{port: "{NGINX_PORT}", protocol: TCP}}]\n'
            f"      rules: {{http: [{listed}]}}\n")


class Pods:
    """The pods, their servers, and the policies in force; a context."""

    def __init__(self, world, agent):
        self.world, self.agent = world, agent
        self.address, self.running = {}, []

    def __enter__(self):
        plugin = self.agent.plugin()
        there = {e["containerId"] for e in self.agent.get("/v1/endpoints")}
        for name in {"http-client", *TITLES} - there:
            self.world.add(name)
            self.world.ip(name, "link set lo up\n")
            plugin.pod_namespaces[name] = name
            plugin.add(name)
        self.address = {e["containerId"]: e["ipv4"] for e in self.agent.get("/v1/endpoints")}
        for name, numbers in NUMBERS.items():
            if numbers:
                self.agent.apply(rules(name, numbers))
            self.start(name, PORT, self.world.tool("bench/get"), "-l", self.address[name], PORT)
            self.start(name, NGINX_PORT, "nginx", "-c", self._nginx(name))
        self.start("http-proxy", PORT, "haproxy", "-db", "-f", self._haproxy())
        return self

    def __exit__(self, *_):
        for name, numbers in NUMBERS.items():
            if numbers:
                self.agent.withdraw(rules(name, numbers))
        for process in self.running:
            process.send_signal(signal.SIGTERM)
            process.wait(10)

    def _file(self, name, text):
        path = f"{self.world.disk}/{name}"
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def _nginx(self, name):
        return self._file(f"{name}.conf", f"""daemon off; worker_processes 1; pid /run/{name}.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 10000000;
server {{ listen {self.address[name]}:{NGINX_PORT}; location / {{ return 200 ok; }} }} }}
""")

    def _haproxy(self):
        return self._file("haproxy.cfg", f"""global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend f
    bind {self.address["http-proxy"]}:{PORT}
    acl allowed path_reg ^/api/v1/svc120/users/[0-9]+$
    http-request deny unless METH_GET allowed
    default_backend b
backend b
    server s {self.address["http-none"]}:{PORT}
""")

    def start(self, name, port, *argv):
        """A server in the pod; waits until it listens."""
        with self.world.inside(name):
            self.running.append(subprocess.Popen(["taskset", "-c", CORE, *argv],
                                                 stdin=subprocess.DEVNULL))
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection((self.address[name], int(port)), 1).close()
                    return
                except OSError:
                    if time.monotonic() > deadline or self.running[-1].poll() is not None:
                        raise
                    time.sleep(0.01)

    def get(self, name, count):
        """p50 in microseconds"""
        with self.world.inside("http-client"):
            text = run("taskset", "-c", CORE, self.world.tool("bench/get"), "-n", str(count),
                       self.address[name], PORT)
        return float(text.split()[0]) / 1000

    def wrk(self, name, seconds):
        """requests per second of nginx"""
        with self.world.inside("http-client"):
            text = run("taskset", "-c", CORE, "wrk", "-t", "1", "-c", "8", "-d", f"{seconds}s",
                       f"http://{self.address[name]}:{NGINX_PORT}/api/v1/svc120/users/42")
        if "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError(f"wrk: {text}")
        return float(next(line.split()[1] for line in text.splitlines() if "Requests/sec" in line))


def latency(world, report, agent, rounds):
    """HTTP GET keep-alive between pods."""
    if not agent:
        return
    values = {name: [] for name in TITLES}
    with Pods(world, agent) as pods:
        for _ in range(max(10, rounds) * 3):
            for name, found in values.items():
                found.append(pods.get(name, 2000))
    best = {name: min(found) for name, found in values.items()}
    none, one, many = (best[name] for name in NUMBERS)
    proxy = best["http-proxy"]
    report.add("HTTP GET p50, no L7 policy", f"{none:.2f} us", "", "1.000")
    for name, us in (("http-one", one), ("http-many", many)):
        report.add(f"HTTP GET p50, {TITLES[name]}", f"{us:.2f} us, {us - none:.2f} more",
                   f"<= {MORE_US} us more", f"{us / none:.3f}", us - none <= MORE_US)
    report.add(f"HTTP GET p50, {RULES} rules : 1 rule", "", f"<= {EQUAL}", f"{many / one:.3f}",
               many / one <= EQUAL)
    times = (proxy - none) / max(many - none, 0.01)
    report.add("HTTP GET p50, haproxy", f"{proxy:.2f} us, {proxy - none:.2f} more",
               f">= {PROXY_TIMES} x the added time", f"{times:.1f}", times >= PROXY_TIMES)


def throughput(world, report, agent, rounds):
    """wrk and nginx, eight connections, on one core."""
    if not agent:
        return
    values = {name: [] for name in NUMBERS}
    with Pods(world, agent) as pods:
        for _ in range(max(10, rounds)):
            for name, found in values.items():
                found.append(pods.wrk(name, 1))
    for name, found in values.items():
        ratio = median([a / b for a, b in zip(found, values["http-none"])])
        asked = name != "http-none"
        report.add(f"wrk, {TITLES[name]}", f"{median(found):.0f}/s", f">= {THROUGHPUT}" if asked else "",
                   f"{ratio:.3f}", ratio >= THROUGHPUT if asked else None)
