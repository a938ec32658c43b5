# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A world of its own for one run: namespaces, directories, helpers to work in them.

The run re-executes itself under unshare (network, mount and process namespaces), so whatever it
makes goes away with it, also when it is killed.  Single-threaded on purpose: entering a network
namespace changes the thread, and a started process inherits the one that is current.
"""
import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile

CLONE_NEWNET = 0x40000000
MS_BIND = 4096
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def reexec(argv):
    """Run argv[0] again in new namespaces, once; returns only inside them."""
    if os.environ.get("AXO_BENCH_INSIDE"):
        return
    if os.geteuid():
        sys.exit("bench: needs root (network namespaces, BPF)")
    os.environ["AXO_BENCH_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *argv])


def run(*argv, **kwargs):
    """Run a command that must succeed; its stdout as text."""
    done = subprocess.run(argv, text=True, capture_output=True, check=False, **kwargs)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


class World:
    """Directories of the run and its named network namespaces.

    netns: where namespaces are bound; disk: on a real disk (what must be durable is measured with
    its fsync); bpffs: a private BPF file system.
    """

    def __init__(self, build):
        self.build = os.path.abspath(build)
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        self.netns = "/run/netns"
        self.bpffs = "/run/bpf"
        for path in (self.netns, self.bpffs):
            os.makedirs(path)
        run("mount", "-t", "bpf", "bpf", self.bpffs)
        os.makedirs(f"{self.build}/bench", exist_ok=True)
        self.disk = tempfile.mkdtemp(prefix="run-", dir=f"{self.build}/bench")
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def close(self):
        shutil.rmtree(self.disk, ignore_errors=True)

    def tool(self, name):
        return f"{self.build}/bin/{name}"

    def path(self, name):
        return f"{self.netns}/{name}"

    def add(self, name):
        """Make the network namespace `name`, its loopback up; returns its path."""
        path = self.path(name)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY))
        try:
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            _check(_libc.mount(b"/proc/self/ns/net", path.encode(), None, MS_BIND, None), "mount")
        finally:
            _check(_libc.setns(self._own, CLONE_NEWNET), "setns")
        return path

    def delete(self, name):
        _check(_libc.umount2(self.path(name).encode(), 2), "umount")
        os.unlink(self.path(name))

    @contextlib.contextmanager
    def inside(self, name):
        """What is started in this block runs in the namespace `name`."""
        fd = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(fd, CLONE_NEWNET), "setns")
            yield
        finally:
            os.close(fd)
            _check(_libc.setns(self._own, CLONE_NEWNET), "setns")

    def ip(self, name, commands):
        """iproute2 batch, one command a line, in the namespace `name`."""
        with self.inside(name):
            run("ip", "-batch", "-", input=commands)

    def sysctl(self, name, key, value):
        with self.inside(name), open(f"/proc/sys/{key}", "w", encoding="ascii") as f:
            f.write(value)
