"""From a fresh copy of the sources to the first markdown, installation included; pip may use its cache."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import documents
from benchmarks.harness import ROOT, Row, bounded, environment, folder, process, report

NOT_COPIED = shutil.ignore_patterns(
    ".venv*", ".git", "data", "out", "__pycache__", ".*_cache", ".hypothesis", ".coverage*"
)
WITHIN = 900.0  # seconds


async def measure() -> list[Row]:
    cache = os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache" / "pip")
    async with folder() as fresh:
        clone, home = fresh / "clone", fresh / "home"
        shutil.copytree(ROOT, clone, ignore=NOT_COPIED)
        home.mkdir()
        document = fresh / "first.pdf"
        document.write_bytes(documents.article(3))
        env = environment(HOME=str(home), PIP_CACHE_DIR=cache)
        for name in ("VENV", "VIRTUAL_ENV", "PYTHONPATH"):
            env.pop(name, None)
        command = ["./run.sh", "parse", str(document), "-o", str(fresh / "out")]
        begun = time.perf_counter()
        async with process(*command, cwd=clone, env=env, stderr=subprocess.PIPE) as run:
            _, log = await asyncio.wait_for(run.communicate(), WITHIN)
        seconds = time.perf_counter() - begun
        if run.returncode != 0:
            print(log.decode(errors="replace")[-4000:], file=sys.stderr)
            raise RuntimeError(f"run.sh parse ended with status {run.returncode}")
        if len((fresh / "out" / "first.md").read_text()) < 1000:
            raise RuntimeError("the markdown is not what the document says")
        return [
            bounded("fresh machine to the first markdown", "s", [seconds], most=120),
            bounded("size of the environment", "MiB", [_size(clone / ".venv") / 2**20], most=700),
        ]


def _size(root: Path) -> int:
    """Bytes on the disk, as du counts them."""
    return sum(path.lstat().st_blocks * 512 for path in root.rglob("*"))


if __name__ == "__main__":
    sys.exit(report({"fresh": measure}, within=WITHIN + 60))
