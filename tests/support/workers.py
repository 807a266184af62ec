"""Workers that a service did not start itself."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import psutil

from support.harness import ROOT, START_WITHIN, Service, spawn, wait_for


@contextlib.contextmanager
def another_worker(service: Service, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A second worker of the service; it has its name when the block begins."""
    lock = service.data_dir / "worker-1.lock"
    lock.unlink(missing_ok=True)  # of one before it
    env = {**os.environ, "DATA_DIR": str(service.data_dir), "ENGINE": "null", "LOG_LEVEL": "info", **environment}
    with service.log.open("ab") as log:
        worker = spawn(sys.executable, "-m", "worker", cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_for(lambda: lock.exists() or worker.poll() is not None, START_WITHIN)
        assert worker.poll() is None
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


def kill_tree(root: psutil.Process) -> None:
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
