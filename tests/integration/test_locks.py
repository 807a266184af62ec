"""The locks of requirements/: each begins with the command that lock.sh made it with, for Renovate to run again."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.harness import ROOT

BY_HAND = ROOT / "requirements/paddlepaddle-gpu.txt"  # from an index of its own, without hashes
LOCKS = {ROOT / "requirements.txt", *ROOT.glob("requirements/*.txt")} - {BY_HAND}


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """The commands of lock.sh, by the lock that each makes."""
    folder = tmp_path_factory.mktemp("uv")
    (folder / "uv").write_text('#!/bin/sh\necho "uv $*" >>"$CALLS"\n')
    (folder / "uv").chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(folder / "calls")}
    subprocess.run([ROOT / "requirements/lock.sh"], env=environment, check=True, timeout=30)
    found = {}
    for line in (folder / "calls").read_text().splitlines():
        (output,) = re.findall(r"--output-file=(\S+)", line)
        found[ROOT / output] = line.replace(" --quiet", "")
    return found


def head(lock: Path) -> str:
    return lock.read_text().splitlines()[1].removeprefix("#").strip()


def test_each_lock_begins_with_its_command(commands: dict[Path, str]) -> None:
    assert {lock: head(lock) for lock in LOCKS} == commands


def test_renovate_has_the_locks_that_it_can_compile(commands: dict[Path, str]) -> None:
    """Those made from a file that the command names; a dependency group names none."""
    config = json.loads((ROOT / ".github/renovate.json").read_text())
    patterns = [pattern.strip("/") for pattern in config["pip-compile"]["managerFilePatterns"]]
    names = {str(lock.relative_to(ROOT)) for lock in [*LOCKS, BY_HAND]}
    matched = {name for name in names if any(re.search(pattern, name) for pattern in patterns)}
    assert matched == {str(lock.relative_to(ROOT)) for lock, command in commands.items() if "pyproject.toml" in command}
    for name in matched:  # Renovate reads options in this form only, and stops at those that it does not know
        for option in re.findall(r" (-\S+)", head(ROOT / name)):
            assert re.fullmatch(r"--(universal|generate-hashes|(extra|python-version|output-file)=\S+)", option)
