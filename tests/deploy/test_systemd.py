"""The unit: by systemd's own checks, and by what it has to leave to the service."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.cli.serve import STOP_WITHIN
from app.settings import Settings
from support.harness import ROOT

pytestmark = pytest.mark.slow  # once is enough, on one Python

UNIT = ROOT / "deploy/systemd/paddleocr-vl-service.service"
EXPOSURE = 30
"""Of 100, as systemd-analyze counts it; a unit without any limits has 96."""


def settings_of(text: str) -> dict[str, list[str]]:
    """The values of each setting, in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt install systemd)")
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=30)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a folder and a user that this machine has."""
    text = UNIT.read_text()
    for old, new in (
        ("/opt/paddleocr-vl-service", str(ROOT)),
        ("User=ocr\n", "User=daemon\n"),
        ("Group=ocr\n", "Group=daemon\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / UNIT.name
    path.write_text(text)
    return path


def test_systemd_finds_nothing_wrong(unit: Path) -> None:
    run = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    ours = [line for line in run.stderr.splitlines() if unit.name in line]
    assert (run.returncode, ours) == (0, [])


def test_a_mistake_would_be_found(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("KillMode=mixed", "KilMode=mixed"))
    assert "KilMode" in analyze("verify", "--man=no", "--recursive-errors=no", str(unit)).stderr


def test_the_service_is_confined(unit: Path) -> None:
    run = analyze("security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", str(unit))
    if "unrecognized option" in run.stderr:
        pytest.skip("systemd-analyze is older than 250")
    assert run.returncode == 0, run.stdout.splitlines()[-1:]


def test_what_the_service_needs_is_left_to_it() -> None:
    unit = settings_of(UNIT.read_text())
    allowed = unit["SystemCallFilter"][0].split()
    needed = {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
    assert needed <= set(allowed)  # page processes enter a sandbox; @system-service lacks them
    assert {"AF_UNIX", "AF_INET", "AF_INET6"} <= set(unit["RestrictAddressFamilies"][0].split())
    assert unit["OOMPolicy"] == ["continue"]
    assert unit["KillMode"] == ["mixed"]
    assert not {"MemoryDenyWriteExecute", "PrivateDevices", "PrivateNetwork", "ProcSubset"} & set(unit)
    assert "-/etc/paddleocr-vl-service.env" in unit["EnvironmentFile"]


def test_it_has_the_time_to_stop() -> None:
    grace = Settings.model_fields["shutdown_timeout"].default
    (seconds,) = settings_of(UNIT.read_text())["TimeoutStopSec"]
    assert int(seconds) > grace + 2 * STOP_WITHIN


def test_its_folders_are_the_ones_it_may_write() -> None:
    unit = settings_of(UNIT.read_text())
    assignments = dict(word.split("=", 1) for line in unit["Environment"] for word in line.split())
    assert assignments["DATA_DIR"] == f"/var/lib/{unit['StateDirectory'][0]}"
    assert assignments["PADDLE_PDX_CACHE_HOME"] == assignments["HOME"] == f"/var/cache/{unit['CacheDirectory'][0]}"
    (program,) = unit["ExecStart"]
    assert Path(program).is_relative_to(unit["WorkingDirectory"][0])
    assert (ROOT / Path(program).relative_to(unit["WorkingDirectory"][0])).is_file()
