"""run.sh on machines that lack something, and on one that has all it needs."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app import __version__
from app.processes.launch import program
from app.processes.listen import api_command
from app.settings import Settings
from support.harness import ROOT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "run.sh"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def make_uv(folder: Path, script: str) -> None:
    """What run.sh takes for its uv beside a virtual environment in `folder`; it runs the script and fails, so that
    nothing is downloaded.
    """
    programs = folder / ".venv-uv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "uv").write_text(f"#!/bin/sh\n{script}\nexit 1\n")
    (programs / "uv").chmod(0o755)
    lock = hashlib.sha256((ROOT / "requirements/uv.txt").read_bytes()).hexdigest()
    (programs.parent / ".lock").write_text(f"{lock}\n")


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
    ended = run("--version", VENV=str(installed(tmp_path)), PYTHON="/nonexistent")
    assert (ended.returncode, ended.stdout.strip()) == (0, __version__)


def test_uv_uses_the_mirror_that_pip_is_configured_with(tmp_path: Path) -> None:
    make_uv(tmp_path, 'echo "index $UV_DEFAULT_INDEX certificate $SSL_CERT_FILE"')
    of_pip = {"PIP_INDEX_URL": "https://mirror.invalid/simple", "PIP_CERT": "/mirror.pem", "SSL_CERT_FILE": ""}
    ended = run("--version", VENV=str(tmp_path / "venv"), **of_pip)
    assert ended.returncode == 1
    assert "index https://mirror.invalid/simple certificate /mirror.pem" in ended.stdout
    of_uv = {"UV_DEFAULT_INDEX": "https://other.invalid/simple"}
    ended = run("--version", VENV=str(tmp_path / "venv"), **of_pip, **of_uv)
    assert "index https://other.invalid/simple certificate /mirror.pem" in ended.stdout


def listed() -> dict[str, str]:
    """What `run.sh help` says of each command, and of each part of `check`, by its name."""
    ended = run("help", PYTHON="/nonexistent")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = re.sub(r"\n {30,}", "  ", ended.stdout)  # a long usage has its text on a line of its own
    return dict(re.findall(r"^ {2,4}(\S+)(?: \S+)*? {2,}(\S.*)$", lines, re.MULTILINE))


def test_help_lists_every_command() -> None:
    found = listed()
    patterns = re.findall(r"^    ([a-z][a-z| -]*)\)(?:\s|$)", (ROOT / "run.sh").read_text(), re.MULTILINE)
    taken = {name for pattern in patterns for name in pattern.split(" | ")}
    assert set(found) == taken - {"-h", "--help"}
    of_app = subprocess.run([sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert (commands := re.findall(r"^    (\w+) {2,}", of_app, re.MULTILINE))
    assert set(commands) <= set(found)


def test_github_runs_every_part_on_every_python() -> None:
    parts = set(re.findall(r"^ {4}(\w+) ", run("help").stdout, re.MULTILINE))
    text = (ROOT / ".github/workflows/checks.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    of_matrix = {entry["part"] for entry in jobs["check"]["strategy"]["matrix"]["include"]}
    assert of_matrix | set(re.findall(r"\./run\.sh check (\w+)", text)) == parts
    pythons = {*jobs["compat"]["strategy"]["matrix"]["python"], *re.findall(r'python: "(.+)"', text)}
    (versions,) = re.findall(r"^for version in ([\d. ]+); do", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert pythons == set(versions.split())


def test_actions_are_pinned_to_commits() -> None:
    files = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob(".github/actions/*/action.yml")]
    used = [line for file in files for line in re.findall(r"uses: (?!\./)(.*)", file.read_text())]
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", line)] == []


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_options_for_help_install_nothing(tmp_path: Path, option: str) -> None:
    ended = run(option, VENV=str(tmp_path / "venv"))
    assert (ended.returncode, ended.stdout) == (0, run("help").stdout)
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dance"], "Unknown command: dance"),
        (["check", "dance"], "Unknown part: dance. ./run.sh help lists the parts."),
    ],
)
def test_an_unknown_command_is_explained(tmp_path: Path, arguments: list[str], message: str) -> None:
    ended = run(*arguments, VENV=str(tmp_path / "venv"))
    assert ended.returncode != 0
    assert message in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_setup_installs_the_tests_environment_and_adds_the_hooks(tmp_path: Path) -> None:
    venv = installed(tmp_path, "requirements/test.txt")
    (venv / "bin/pre-commit").write_text('#!/bin/sh\necho "pre-commit $*"; pwd\n')
    (venv / "bin/pre-commit").chmod(0o755)
    ended = run("setup", VENV=str(venv), PYTHON="/nonexistent")
    assert (ended.returncode, ended.stdout) == (0, f"pre-commit install\n{ROOT}\n")


def installed(folder: Path, lock: str = "requirements.txt") -> Path:
    """An environment that run.sh takes for installed from this lock; its Python is ours."""
    venv = folder / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (venv / ".lock").write_text(hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() + "\n")
    return venv


def hostile(folder: Path) -> Path:
    """A folder full of modules that say so when they are imported."""
    folder.mkdir()
    for name in ("redis", "uvicorn", "pydantic", "sitecustomize", "pip", "venv", "runpy", "json", "logs", "anyio"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the current folder was run')\n")
    for package in ("app", "worker"):
        (folder / package).mkdir()
        for module in ("__init__", "__main__", "main"):
            (folder / package / f"{module}.py").write_text(f"raise SystemExit('{package} of the folder was run')\n")
    return folder


def test_what_lies_in_the_current_folder_is_not_run(tmp_path: Path) -> None:
    """Nor does what is meant for another Python do harm; and a link to run.sh in a folder with blanks is as good."""
    venv, folder = installed(tmp_path), hostile(tmp_path / "a folder")
    (tmp_path / "my scripts").mkdir()
    (tmp_path / "my scripts" / "ocr").symlink_to(ROOT / "run.sh")
    environment = {"PYTHONPATH": f":{folder}", "PYTHONHOME": str(folder), "PYTHONSTARTUP": str(folder / "json.py")}
    environment |= {"PYTHON": "/nonexistent", "VENV": "../venv", "CDPATH": "/", "PYTHONINSPECT": "1"}
    ended = subprocess.run(
        [tmp_path / "my scripts" / "ocr", "--version"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{__version__}\n", "")
    assert venv.exists()


@pytest.mark.parametrize("module", ["app", "worker", "app.webhooks", "uvicorn"])
def test_programs_do_not_run_what_lies_in_the_current_folder(tmp_path: Path, module: str) -> None:
    folder = hostile(tmp_path / "folder")
    command = api_command(Settings()) if module == "uvicorn" else program(module)
    ended = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PORT": "none"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith("PORT='none' is invalid: ")


def test_a_device_in_the_env_file_chooses_the_environment(tmp_path: Path) -> None:
    """Of the two for PaddleOCR-VL: nvidia-smi works here."""
    (tmp_path / ".env").write_text("export ENGINE = vllm\nDEVICE='cpu'\n")
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    venv = installed(tmp_path, "requirements/paddle-cpu.txt")
    environment = {"VENV": str(venv), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": "/nonexistent"}
    ended = subprocess.run(
        [ROOT / "run.sh", "--version"], cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, f"{__version__}\n")


def test_the_installation_goes_where_it_belongs(tmp_path: Path) -> None:
    """What the environment tells pip and uv to do elsewhere does not reach them; where packages come from does."""
    make_uv(tmp_path, "pwd\nenv")
    elsewhere = dict.fromkeys(
        ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "UV_TARGET", "UV_PROJECT_ENVIRONMENT"), "/nowhere"
    )
    elsewhere |= {"PIP_REQUIRE_VIRTUALENV": "1", "UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "3.9", "UV_OVERRIDE": "/nowhere"}
    elsewhere |= {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "PIP_USER": "1"}
    sources = {"PIP_INDEX_URL": "http://127.0.0.1:9/a", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/b"}
    (tmp_path / "uv.toml").write_text("not toml")
    ended = subprocess.run(
        [ROOT / "run.sh", "--version"],
        cwd=tmp_path,
        env={**os.environ, **elsewhere, **sources, "VENV": "venv", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    where, *lines = ended.stdout.splitlines()
    assert where == str(ROOT)
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    assert elsewhere.keys() & seen.keys() == {"PIP_USER"}
    assert seen["PIP_USER"] == "0"
    assert sources.items() <= seen.items()
    assert not (tmp_path / "venv" / ".lock").exists()
