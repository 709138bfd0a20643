"""What every server gets, one CPU and 512 MiB by default, and what it used of them."""

from __future__ import annotations

import os
import pathlib

MEMORY_MIB = 512
GROUP = f"meridian-bench-{os.getpid()}"
TICKS = os.sysconf("SC_CLK_TCK")


class Limits:
    def __init__(self, memory_mib=MEMORY_MIB):
        self.memory_mib = memory_mib
        cpus = sorted(os.sched_getaffinity(0))
        self.server_cpu, self.load_cpu = cpus[0], cpus[-1]
        self.group = None
        for parent, limit in parents():
            group = parent / GROUP
            try:
                group.mkdir()
                (group / limit).write_text(str(memory_mib << 20))
                self.group = group
                break
            except OSError:
                if group.is_dir():
                    group.rmdir()

    def text(self):
        shared = " the load generator " + ("shares it," if self.server_cpu == self.load_cpu else "has another,")
        if self.group:
            return f"one CPU,{shared} {self.memory_mib} MiB by control group"
        return (f"one CPU,{shared} memory not limited for want of the right to make a control group"
                f" (run it as root), JVMs told that the machine has {self.memory_mib} MiB")

    def environment(self):
        return {} if self.group else {"JDK_JAVA_OPTIONS": f"-XX:MaxRAM={self.memory_mib}m"}

    def apply(self):
        """Apply the limits; for use between fork and exec of a server."""
        os.sched_setaffinity(0, {self.server_cpu})
        if self.group:
            (self.group / "cgroup.procs").write_text(str(os.getpid()))

    def apply_to_load(self):
        os.sched_setaffinity(0, {self.load_cpu})

    def close(self):
        if self.group:
            self.group.rmdir()


def parents():
    """Folders in which a control group with a memory limit can be created, and the limit's file name."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind, options = line.split()[:4]
        if kind == "cgroup2":
            yield pathlib.Path(point), "memory.max"
        elif kind == "cgroup" and "memory" in options.split(","):
            yield pathlib.Path(point), "memory.limit_in_bytes"


def processes(session):
    """Processes of a server and its workers: all in the session that it was started in."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                yield entry, fields


def cpu_seconds(session):
    return sum(int(fields[11]) + int(fields[12]) for _, fields in processes(session)) / TICKS


def memory_mib(session):
    """Proportional set size: pages that several processes share count once."""
    total = 0
    for entry, _ in processes(session):
        for line in (entry / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
