"""How many CPUs this process may use: a container's limit counts, not what the machine has."""

import contextlib
import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cpus(cgroup: Path = CGROUP) -> int:
    """At least 1. Read from the CPU affinity and from the container's quota (cgroup v2, else v1)."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _quota(cgroup)
        if quota > 0 and period > 0:
            found = min(found, math.ceil(quota / period))
    return max(found, 1)


def _quota(cgroup: Path) -> tuple[int, int]:
    """Microseconds of CPU that may be used, and in how many. Raises ValueError where there is no limit."""
    both = cgroup / "cpu.max"
    if both.exists():
        quota, period = both.read_text().split()
        return int(quota), int(period)  # "max" is no number
    return int((cgroup / "cpu/cpu.cfs_quota_us").read_text()), int((cgroup / "cpu/cpu.cfs_period_us").read_text())
