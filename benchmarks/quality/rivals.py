"""Our engine against other tools: each converts the documents in an environment of its own, all are scored alike."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.processes.die_with_parent import die_with_parent
from benchmarks.quality.degrade import CACHE
from benchmarks.quality.rival_tools import TESSERACT_LANGUAGES, TOOLS, is_scan
from benchmarks.quality.run import Result, score_outputs

REQUIREMENTS = {
    "markitdown": ("markitdown[pdf]==0.1.8",),
    "kreuzberg": ("kreuzberg==4.10.4",),
    "tesseract": ("pypdfium2==5.15.2", "pillow==13.0.0"),
}
NEED_TESSERACT = ("kreuzberg", "tesseract")
TIMEOUT = 120  # seconds for a document
OUTPUTS = CACHE / "rivals"
COLUMNS = {"ned": "ned", "wrec": "wrec", "headF1": "head", "list": "list", "tableF1": "table", "order": "order"}
GROUPS = ("born-digital", "scans")


def compare(paths: list[Path], tools: list[str], outputs: Path, *, reuse: bool) -> list[Result]:
    """Runs the tools, or only what is missing of them; the scores of all tools that have outputs."""
    outputs = outputs.resolve()
    for tool in tools:
        todo = [path for path in paths if not (reuse and (outputs / tool / f"{path.stem}.run.json").exists())]
        if todo:
            (outputs / tool).mkdir(parents=True, exist_ok=True)
            python = _python(tool, outputs / ".environments" / tool)
            subprocess.run(_command(python, tool), env=_environment(tool), check=True)  # that it loads
            for path in todo:
                _convert(python, tool, path, outputs / tool)
    others = sorted(folder.name for folder in outputs.iterdir() if folder.name not in TOOLS)
    results = []
    for folder in [outputs / tool for tool in (*TOOLS, *others)]:
        if any(folder.glob("*.md")):
            results += [{"tool": folder.name} | result | _run(folder, result) for result in _score(paths, folder)]
    return results


def _score(paths: list[Path], folder: Path) -> list[Result]:
    """Only groups that are complete: means over different documents would not compare."""
    complete = []
    for scans in (False, True):
        group = [path for path in paths if is_scan(path) == scans]
        missing = [path.stem for path in group if not (folder / f"{path.stem}.md").exists()]
        if missing:
            print(f"{folder.name} left out: no {', '.join(missing)}", file=sys.stderr)
        else:
            complete += group
    return score_outputs(complete, folder)


def _run(folder: Path, result: Result) -> dict[str, Any]:
    path = folder / f"{result['name']}.run.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _python(tool: str, folder: Path) -> Path:
    """The interpreter of the tool's environment, which is made unless it is there with the same requirements."""
    if tool in NEED_TESSERACT:
        _check_tesseract()
    if tool == "ours":
        return Path(sys.executable)
    python, done = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS[tool])
    if not done.exists() or done.read_text() != wanted:
        print(f"{tool}: installing {' '.join(REQUIREMENTS[tool])}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS[tool]], check=True)
        done.write_text(wanted)
    return python


def _check_tesseract() -> None:
    wanted = {*TESSERACT_LANGUAGES.values(), "osd"}
    found = set()
    if shutil.which("tesseract"):
        found = set(subprocess.check_output(["tesseract", "--list-langs"], text=True).split())
    if wanted - found:
        packages = "tesseract-ocr tesseract-ocr-deu tesseract-ocr-chi-sim"
        sys.exit(f"tesseract or its data ({', '.join(sorted(wanted - found))}) is missing: apt-get install {packages}")


def _convert(python: Path, tool: str, path: Path, folder: Path) -> None:
    """NAME.md and NAME.run.json; a crash or running out of time gives an empty result."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    stem = folder / path.stem
    for suffix in (".md", ".run.json"):
        stem.with_name(stem.name + suffix).unlink(missing_ok=True)
    process = subprocess.Popen(
        die_with_parent(*_command(python, tool, str(path.resolve()), truth["lang"], str(stem))),
        env=_environment(tool),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stderr = process.communicate(timeout=TIMEOUT)[1].decode(errors="replace").strip()
        last_line = stderr.rpartition("\n")[2]
        error = f"exit status {process.returncode}: {last_line}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        error = f"not done after {TIMEOUT} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if error:
        stem.with_name(f"{stem.name}.md").write_text("")
        stem.with_name(f"{stem.name}.run.json").write_text(json.dumps({"error": error}))
    print(f"{tool} {path.stem} {error}", file=sys.stderr, flush=True)


def _command(python: Path, *arguments: str) -> list[str]:
    return [str(python), str(Path(__file__).with_name("rival_tools.py")), *arguments]


def _environment(tool: str) -> dict[str, str]:
    """One thread each: more of tesseract's wait for each other in a loop, at twice the processor time."""
    ours = {"PYTHONPATH": str(Path(__file__).parents[2])} if tool == "ours" else {}
    return os.environ | {"OMP_THREAD_LIMIT": "1"} | ours


def table(results: list[Result]) -> str:
    """A line a tool: means over the documents, CPU seconds a page, and how many documents failed."""
    tools = list(dict.fromkeys(result["tool"] for result in results))
    groups = [group for group in GROUPS if any(result["group"] == group for result in results)]
    wide = max(map(len, tools))
    heads = [*COLUMNS.values(), "cpu", "fail"]
    lines = [" ".join([" " * wide, *(f"| {group:<{6 * len(heads) - 1}}" for group in groups)]).rstrip()]
    lines.append(" ".join([" " * wide, *("| " + " ".join(f"{head:>5}" for head in heads) for _ in groups)]))
    for tool in tools:
        own = [result for result in results if result["tool"] == tool]
        cells = [_cells([result for result in own if result["group"] == group]) for group in groups]
        lines.append(" ".join([tool.ljust(wide), *("| " + " ".join(f"{cell:>5}" for cell in row) for row in cells)]))
    return "\n".join(lines)


def _cells(results: list[Result]) -> list[str]:
    if not results:
        return ["-"] * (len(COLUMNS) + 2)
    cells = []
    for column in COLUMNS:
        values = [result[column] for result in results if result.get(column) is not None]
        cells.append(f"{sum(values) / len(values):.3f}" if values else "-")
    timed = [result for result in results if "cpu" in result]
    pages = sum(result["pages"] for result in timed)
    cells.append(f"{sum(result['cpu'] for result in timed) / pages:.2f}" if pages else "-")
    return [*cells, str(sum("error" in result for result in results))]
