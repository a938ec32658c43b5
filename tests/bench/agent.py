# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent in a namespace of its own, its plugin and its API."""
import http.client
import json
import os
import signal
import socket
import subprocess
import time

from plugin import Plugin

READY_S = 600  # for emulated machines; nothing is measured by it


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("axoneme", timeout=300)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Agent:
    """axonemed in the namespace `host`; state on a real disk, everything else in memory."""

    def __init__(self, world, host="host", v4="10.5.0.0/16", v6="fd05::/64"):
        self.world, self.host = world, host
        self.dir = f"{world.disk}/{host}"
        self.run_dir = f"/run/{host}"
        self.socket = f"{self.run_dir}/axoneme.sock"
        self.policies = f"{self.run_dir}/policies"
        self.flags = []  # further ones
        self.cidrs = [c for c in (v4, v6) if c]
        self.process = None
        self.started = 0.0  # seconds that the last start took
        for path in (self.dir, self.run_dir, f"{self.run_dir}/cni", f"{self.dir}/queue",
                     self.policies):
            os.makedirs(path, exist_ok=True)
        world.add(host)
        world.ip(host, "link set lo up\n")
        self.log = open(f"{world.build}/bench/agent-{host}.log", "ab")

    def start(self, meanwhile=lambda: None):
        """Start and wait until it is ready; seconds from spawn to ready."""
        argv = [self.world.tool("axonemed"), "--node-name", self.host, "--run-dir", self.run_dir,
                "--state-dir", self.dir, "--bpffs-dir", f"{self.world.bpffs}/{self.host}",
                "--cni-conf-dir", f"{self.run_dir}/cni", "--queue-dir", f"{self.dir}/queue",
                "--policy-dir", self.policies, *self.flags]
        for cidr in self.cidrs:
            argv += ["--pod-cidr", cidr]
        with self.world.inside(self.host):
            start = time.perf_counter()
            self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log,
                                            stdin=subprocess.DEVNULL)
            while not self.ready():
                if self.process.poll() is not None:
                    self._fail(f"exited with {self.process.returncode}")
                if time.perf_counter() - start > READY_S:
                    self._fail(f"is not ready after {READY_S} s")
                meanwhile()
                time.sleep(0.001)
            self.started = time.perf_counter() - start
        return self.started

    def _fail(self, what):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            text = "".join(f.readlines()[-20:])
        raise RuntimeError(f"the agent {what}; the end of {self.log.name}:\n{text}")

    def ready(self):
        try:
            return self.get("/v1/status")["state"] == "ready"
        except (OSError, http.client.HTTPException, KeyError):
            return False

    def request(self, method, path, body=None):
        connection = _UnixConnection(self.socket)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise http.client.HTTPException(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text)

    def get(self, path):
        return self.request("GET", path)

    def apply(self, text):
        """Policies of a YAML text; in force when it returns."""
        self.request("PUT", "/v1/policies", {"file": "bench.yaml", "text": text})

    def withdraw(self, text):
        """The policies that the text names."""
        self.request("DELETE", "/v1/policies", {"file": "bench.yaml", "text": text})

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(READY_S)
        self.process = None

    def settle(self):
        """Wait until every answered removal has reached the kernel."""
        deadline = time.monotonic() + 30
        while self.get("/v1/status")["removalsPending"]:
            if time.monotonic() > deadline:
                raise RuntimeError("removals still pending after 30 s")
            time.sleep(0.005)

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def plugin(self):
        return Plugin(self.world, "axoneme", self.world.tool("axoneme-cni"), {
            "cniVersion": "1.0.0", "name": "axoneme", "type": "axoneme-cni",
            "socket": self.socket, "queueDir": f"{self.dir}/queue"}, self.host)
