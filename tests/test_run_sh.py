"""run.sh on machines that lack something, and on one that has all it needs."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT

from app import __version__


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "run.sh"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_no_python_gets_a_sentence(tmp_path: Path) -> None:
    ended = run(PYTHON="/nonexistent/python3", VENV=str(tmp_path / "venv"))
    assert ended.returncode == 1
    assert "No Python 3.10 to 3.13 found at PYTHON=/nonexistent/python3" in ended.stderr


@pytest.mark.parametrize(("missing", "words"), [("ensurepip", "apt install python3-venv"), ("venv", "python3-venv")])
def test_no_venv_module_gets_a_sentence(tmp_path: Path, missing: str, words: str) -> None:
    python = tmp_path / "python3"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *"import venv"*) echo "No module named {missing}" >&2; exit 1;; esac\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    ended = run(PYTHON=str(python), VENV=str(tmp_path / "venv"))
    assert ended.returncode == 1
    assert words in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (venv / ".lock").write_text(hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest() + "\n")
    ended = run("--version", VENV=str(venv), PYTHON="/nonexistent")
    assert (ended.returncode, ended.stdout.strip()) == (0, __version__)


def test_an_unknown_command_is_explained(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-m", "app", "dance"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "parse" in ended.stderr
