"""The CPUs that a container may use."""

import os
from pathlib import Path

from worker.scheduling.cpus import cpus


def test_a_container_has_the_cores_of_its_limit(tmp_path: Path) -> None:
    have = len(os.sched_getaffinity(0))
    assert cpus(tmp_path) == have  # no limit is told
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cpus(tmp_path) == have
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cpus(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert cpus(tmp_path) == min(2, have)
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert cpus(tmp_path) == have
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("100000\n")
    assert cpus(tmp_path) == 1
