"""The house: imports run one way, and only the page processes load what reads documents."""

import ast
import re
import subprocess
import sys

import pytest
from harness import ROOT
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STARTS_A_PROCESS = {"Popen", "create_subprocess_exec"}
MODEL_LIBRARIES = {"cv2", "numpy", "onnxruntime", "PIL", "pypdfium2", "rapidocr"}


def test_app_never_imports_worker() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "worker"], path


@pytest.mark.parametrize(
    "module", ["app.main", "app.__main__", "app.webhooks.__main__", "worker.__main__", "worker.engine_host"]
)
def test_no_model_library_is_imported(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert MODEL_LIBRARIES & set(ended.stdout.split()) == set()


def test_page_processes_load_no_settings() -> None:
    """They are started often: what they import is what they need."""
    code = "import sys, worker.page_process.fork_server, worker.engines.pp_ocr.reader; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert {"app.settings", "pydantic", "httpx", "redis"} & set(ended.stdout.split()) == set()


def test_the_locks_are_made_from_the_project_file() -> None:
    """Every dependency is locked, within its bounds, and everything locked is hashed."""
    file = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, groups = file["project"], file["dependency-groups"]
    extras = project["optional-dependencies"]
    for lock, wanted in {
        "requirements/api.txt": project["dependencies"],
        "requirements.txt": project["dependencies"] + extras["cpu"],
        "requirements/test.txt": project["dependencies"] + extras["cpu"] + extras["test"],
        "requirements/uv.txt": groups["installer"],
    }.items():
        entries = [entry.split("\\\n") for entry in re.split(r"\n(?=[a-z])", (ROOT / lock).read_text())]
        pinned: dict[str, set[str]] = {}
        for head, *rest in (entry for entry in entries if "==" in entry[0]):
            assert rest, head
            assert all("--hash=sha256:" in line or line.strip().startswith("#") for line in rest), head
            requirement = Requirement(head)
            pinned.setdefault(requirement.name, set()).add(str(requirement.specifier).removeprefix("=="))
        for text in wanted:
            requirement = Requirement(text)
            versions = pinned[requirement.name.lower()]
            assert all(requirement.specifier.contains(version) for version in versions), text


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_processes_are_tied_to_what_starts_them(folder: str) -> None:
    """Killed, neither pytest nor a benchmark leaves a process behind."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in STARTS_A_PROCESS:
                assert "tethered(" in ast.unparse(node.args[0]), f"{path}:{node.lineno}: use harness.spawn"
