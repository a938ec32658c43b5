# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""CNI plugins as whole processes, timed from spawn to exit.

posix_spawn (vfork underneath) and wait, so that the cost of starting is the kernel's and the
plugin's, not this interpreter's.
"""
import json
import os
import time


class Plugin:
    """One plugin with its network configuration, run from the namespace `host`.

    pod_namespaces: container to Kubernetes namespace, for those that have one.
    """

    def __init__(self, world, name, binary, conf, host):
        self.pod_namespaces = {}
        self.world, self.name, self.binary, self.host = world, name, binary, host
        self.conf = json.dumps(conf).encode()

    def spawn(self, command, container):
        """Start the plugin for `container` (whose namespace has the same name): pid, output."""
        stdin = os.memfd_create("conf")
        os.write(stdin, self.conf)
        os.lseek(stdin, 0, os.SEEK_SET)
        out = os.memfd_create("out")
        env = {"CNI_COMMAND": command, "CNI_CONTAINERID": container, "CNI_IFNAME": "eth0",
               "CNI_NETNS": self.world.path(container), "CNI_PATH": "/usr/lib/cni",
               "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        if container in self.pod_namespaces:
            env["CNI_ARGS"] = (f"IgnoreUnknown=1;K8S_POD_NAMESPACE={self.pod_namespaces[container]};"
                               f"K8S_POD_NAME={container}")
        actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, out, 1),
                   (os.POSIX_SPAWN_DUP2, out, 2)]
        try:
            return os.posix_spawn(self.binary, [self.binary], env, file_actions=actions), out
        finally:
            os.close(stdin)

    def result(self, command, container, status, out):
        """Text of a finished run; raises when it failed."""
        os.lseek(out, 0, os.SEEK_SET)
        text = os.read(out, 1 << 20).decode()
        os.close(out)
        if status:
            raise RuntimeError(f"{self.name} {command} {container}: status {status}: {text}")
        return text

    def call(self, command, container):
        """Run once: (seconds, stdout)."""
        with self.world.inside(self.host):
            start = time.perf_counter()
            pid, out = self.spawn(command, container)
            _, status = os.waitpid(pid, 0)
            took = time.perf_counter() - start
        return took, self.result(command, container, status, out)

    def add(self, container):
        return self.call("ADD", container)

    def delete(self, container):
        return self.call("DEL", container)[0]

    def many(self, command, containers, in_flight):
        """Run for all containers with `in_flight` processes at a time: seconds, each one's."""
        waiting, running, each = list(reversed(containers)), {}, {}
        with self.world.inside(self.host):
            start = time.perf_counter()
            while waiting or running:
                while waiting and len(running) < in_flight:
                    container = waiting.pop()
                    began = time.perf_counter()
                    pid, out = self.spawn(command, container)
                    running[pid] = (container, out, began)
                pid, status = os.wait()
                if pid not in running:
                    raise RuntimeError(f"process {pid} (the agent?) ended with status {status}")
                container, out, began = running.pop(pid)
                each[container] = time.perf_counter() - began
                self.result(command, container, status, out)
            return time.perf_counter() - start, each


def ptp(world, host, dual):
    """Debian's ptp with host-local, single or dual stack."""
    ranges = [[{"subnet": "10.4.0.0/16"}]]
    routes = [{"dst": "0.0.0.0/0"}]
    if dual:
        ranges.append([{"subnet": "fd04::/64"}])
        routes.append({"dst": "::/0"})
    name = "ptp-dual" if dual else "ptp"
    return Plugin(world, name, "/usr/lib/cni/ptp", {
        "cniVersion": "1.0.0", "name": name, "type": "ptp",
        "ipam": {"type": "host-local", "ranges": ranges, "routes": routes,
                 "dataDir": f"{world.disk}/{name}"}}, host)


class Floor(Plugin):
    """/bin/true: what starting any process costs."""

    def __init__(self, world, host):
        super().__init__(world, "true", "/bin/true", {}, host)
