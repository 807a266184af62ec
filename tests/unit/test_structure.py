"""The house: imports run one way, and only the page processes load what reads documents."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from support.harness import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STARTS_A_PROCESS = {"Popen", "create_subprocess_exec"}
MODEL_LIBRARIES = {"cv2", "numpy", "onnxruntime", "PIL", "paddle", "paddleocr", "paddlex", "pypdfium2", "rapidocr"}


LAYERS = {
    "app": (
        *("strict_json", "errors", "hosts", "model_names", "env_file", "settings", "logging"),
        *("processes", "documents", "egress", "redis", "storage"),
        *("engines", "jobs", "results", "webhooks"),
        *("web", "api", "cli"),
        *("health", "main", "__main__"),
    ),
    "worker": (
        *("scheduling", "documents", "ipc"),
        *("engines", "page_process", "engine_host", "supervisor"),
        *("tasks", "healthcheck", "health", "__main__"),
    ),
}
"""The modules and packages of each, from the lowest: one imports only what stands before it."""
NOT_FOR_WORKERS = {"app.api", "app.web", "app.main", "app.__main__"}
WITHOUT_MODELS = ("app.", "worker.scheduling.", "worker.ipc.", "worker.supervisor.")
"""What never imports a model library, not even late."""


def modules() -> dict[str, Path]:
    found = {}
    for path in (path for top in LAYERS for path in (ROOT / top).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imported(path: Path) -> set[str]:
    """What a file imports at any place, late and for types, too: modules, and names in them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level or None]
            source = ".".join(word for word in ((*package, node.module) if node.level else (node.module,)) if word)
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def imports() -> dict[str, set[str]]:
    """Of each module, the modules of ours that it imports."""
    known = modules()
    found = {}
    for name, path in known.items():
        there = {one if one in known else one.rpartition(".")[0] for one in imported(path)}
        found[name] = {one for one in there if one in known and one != name}
    return found


def room(module: str) -> tuple[str, str]:
    top, _, rest = module.partition(".")
    return top, rest.partition(".")[0]


@pytest.mark.parametrize("top", LAYERS)
def test_imports_run_downwards(top: str) -> None:
    layers = LAYERS[top]
    there = {room(module)[1] for module in modules() if room(module)[0] == top} - {""}
    assert sorted(layers) == sorted(there), "every module and package has its layer"
    upward = []
    for module, others in imports().items():
        for other in others:
            (mine, here), (theirs, there_) = room(module), room(other)
            if mine == theirs == top and here and there_ and layers.index(there_) > layers.index(here):
                upward.append(f"{module} imports {other}")
    assert upward == []


def test_no_circles() -> None:
    list(TopologicalSorter(imports()).static_order())  # raises CycleError, which names the circle


def test_app_imports_nothing_of_the_worker_and_the_worker_no_door() -> None:
    for module, others in imports().items():
        tops = {room(other)[0] for other in others}
        assert module.startswith("worker") or "worker" not in tops, module
        doors = {other for other in others if ".".join(room(other)) in NOT_FOR_WORKERS}
        assert module.startswith("app") or not doors, f"{module} imports {doors}"


def test_who_may_import_model_libraries() -> None:
    for module, path in modules().items():
        libraries = {name.partition(".")[0] for name in imported(path)}
        if module.startswith(WITHOUT_MODELS):
            assert MODEL_LIBRARIES & libraries == set(), module


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
                assert "die_with_parent(" in ast.unparse(node.args[0]), f"{path}:{node.lineno}: use harness.spawn"
