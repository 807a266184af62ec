"""What the tests are made of: no process of theirs outlives pytest, and documents are the same at any time."""

import os
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path

import psutil
import pytest
from fpdf import FPDF

from support.documents import scan_pdf, text_pdf
from support.harness import ROOT, START_WITHIN, spawn, wait_for

TEST = """
import time
from pathlib import Path
from support.harness import answering

def test_it():
    with answering(ENGINE="null") as service:
        Path("started").write_text(f"{service.data_dir}")
        time.sleep(600)
"""


@pytest.mark.slow
def test_a_killed_pytest_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    started = tmp_path / "started"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-n", "1", "-c", os.devnull, "test_it.py"]
    with (tmp_path / "log").open("wb") as log:
        inner = spawn(*command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log)

    def serving() -> bool:
        assert inner.poll() is None, (tmp_path / "log").read_text()
        return started.exists() and started.read_text() != ""

    wait_for(serving, START_WITHIN)
    family = psutil.Process(inner.pid).children(recursive=True)
    try:
        assert len(family) >= 5, family  # pytest-xdist, app, store, API, and worker or sender
        inner.kill()
        inner.wait()
        assert psutil.wait_procs(family, 30)[1] == []
    finally:
        for process in family:
            if process.is_running():
                process.kill()
        data = Path(started.read_text())
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".log").unlink(missing_ok=True)


def test_documents_are_the_same_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(FPDF):
        def __init__(self) -> None:
            super().__init__()
            self.creation_date = datetime(2040, 1, 1, tzinfo=timezone.utc)

    before = text_pdf(2), scan_pdf()
    monkeypatch.setattr("support.documents.FPDF", Later)
    assert (text_pdf(2), scan_pdf()) == before
