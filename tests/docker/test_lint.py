"""Dockerfiles, compose files, shell scripts and what GitHub reads, each by its linter."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.harness import ROOT

pytestmark = pytest.mark.slow  # once is enough, on one Python

BIN = Path(sys.executable).parent
DOCKERFILES = sorted(ROOT.glob("docker/*.Dockerfile"))
COMPOSE = sorted(ROOT.glob("docker/compose*.yaml"))
SCRIPTS = [
    *(ROOT / name for name in ("run.sh", "build.sh", ".ci/run", ".ci/packages", "requirements/lock.sh")),
    *sorted(ROOT.glob("docker/*.sh")),
    *sorted(ROOT.glob("tests/docker/*.sh")),
]
GITHUB = {
    path: schema
    for schema, pattern in {
        "renovate": "renovate.json",
        "github-issue-config": "ISSUE_TEMPLATE/config.yml",
        "github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
        "github-actions": "actions/*/action.yml",
        "github-workflows": "workflows/*.yml",
    }.items()
    for path in sorted(ROOT.glob(f".github/{pattern}"))
}


def clean(*command: str | Path) -> None:
    program = BIN / command[0]
    if not program.exists():
        pytest.skip(f"{command[0]} is not installed (it is in requirements/test.txt)")
    ended = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_dockerfiles(file: Path) -> None:
    clean("hadolint", file)


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.stem)
def test_compose_files(file: Path) -> None:
    clean("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_for_github(file: Path) -> None:
    clean("check-jsonschema", "--builtin-schema", f"vendor.{GITHUB[file]}", file)


def test_every_file_for_github_is_checked() -> None:
    assert {path for path in ROOT.glob(".github/**/*.*") if path.suffix != ".md"} == set(GITHUB)


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_scripts(file: Path) -> None:
    clean("shellcheck", file)


def test_the_linters_find_something(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    for command, text in (
        (["hadolint"], "FROM debian\nRUN cd /x\n"),
        (["check-jsonschema", "--builtin-schema", "vendor.compose-spec"], "services: {api: {imagee: x}}\n"),
        (["shellcheck"], "#!/bin/sh\nrm $1\n"),
    ):
        bad.write_text(text)
        with pytest.raises(AssertionError):
            clean(*command, bad)
