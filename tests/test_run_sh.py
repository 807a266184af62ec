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


def test_uv_uses_the_mirror_that_pip_is_configured_with(tmp_path: Path) -> None:
    """The uv here only prints its environment and fails, so that nothing is downloaded."""
    folder = tmp_path / ".venv-uv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    (folder / "uv").write_text('#!/bin/sh\necho "index $UV_DEFAULT_INDEX certificate $SSL_CERT_FILE"\nexit 1\n')
    (folder / "uv").chmod(0o755)
    lock = (ROOT / "requirements" / "uv.txt").read_bytes()
    (folder.parent / ".lock").write_text(hashlib.sha256(lock).hexdigest() + "\n")
    of_pip = {"PIP_INDEX_URL": "https://mirror.invalid/simple", "PIP_CERT": "/mirror.pem", "SSL_CERT_FILE": ""}
    ended = run("--version", VENV=str(tmp_path / "venv"), **of_pip)
    assert ended.returncode == 1
    assert "index https://mirror.invalid/simple certificate /mirror.pem" in ended.stdout
    of_uv = {"UV_DEFAULT_INDEX": "https://other.invalid/simple"}
    ended = run("--version", VENV=str(tmp_path / "venv"), **of_pip, **of_uv)
    assert "index https://other.invalid/simple certificate /mirror.pem" in ended.stdout


def test_an_unknown_command_is_explained(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-m", "app", "dance"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "parse" in ended.stderr
