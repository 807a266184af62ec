"""Measures documents: our engine in processes of its own, or another tool's files; and the table of results."""

import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks.quality.engine import convert
from benchmarks.quality.score import score

COLUMNS = ("ned", "wrec", "wprec", "order", "headF1", "list", "tableF1", "img", "iou")
Result = dict[str, Any]


def score_outputs(paths: list[Path], folder: Path) -> list[Result]:
    results = []
    for path in paths:
        output = folder / f"{path.stem}.md"
        if output.exists():
            results.append(_result(path, output.read_text(encoding="utf-8"), None))
        else:
            print(f"no {output.name}", file=sys.stderr)
    return results


def run(paths: list[Path], processes: int, save: Path | None) -> list[Result]:
    """Our engine on all documents; `save` takes NAME.md and NAME.pages.json."""
    if save:
        save.mkdir(parents=True, exist_ok=True)
    results = []
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_measure, path, save) for path in paths]):
            result = done.result()
            print(f"{result['name']}: {result['seconds']:.1f} s {result.get('error', '')}", file=sys.stderr, flush=True)
            results.append(result)
    return sorted(results, key=lambda result: paths.index(Path(result.pop("path"))))


def _measure(path: Path, save: Path | None) -> Result:
    start = time.perf_counter()
    error = {}
    try:
        markdown, pages = convert(path)
    except Exception as exception:  # one document must not end the measure of all others
        markdown, pages, error = "", [], {"error": f"{type(exception).__name__}: {exception}"}
    seconds = time.perf_counter() - start
    if save is not None:
        (save / f"{path.stem}.md").write_text(markdown, encoding="utf-8")
        (save / f"{path.stem}.pages.json").write_text(json.dumps(pages, ensure_ascii=False), encoding="utf-8")
    return _result(path, markdown, pages) | {"seconds": round(seconds, 2), "path": str(path)} | error


def _result(path: Path, markdown: str, pages: list[dict[str, Any]] | None) -> Result:
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    head = {key: truth[key] for key in ("name", "maker", "kind", "lang", "pages")}
    group = "scans" if path.parent.name == ".cache" else "born-digital"
    return head | {"group": group} | score(truth, markdown, pages)


def report(results: list[Result]) -> str:
    """A table a document a line, then the means of the groups; images as sums."""
    wide = max(len(result["name"]) for result in results)
    lines = [" ".join([" " * wide, *(f"{column:>7}" for column in COLUMNS)])]
    lines += [_line(result["name"].ljust(wide), [result]) for result in results]
    lines.append("")
    groups = [("all", results)]
    for key in ("group", "maker", "lang"):
        values = sorted({result[key] for result in results})
        if len(values) > 1:
            groups += [(f"{key}: {value}", [r for r in results if r[key] == value]) for value in values]
    lines += [_line(f"{name} ({len(members)})".ljust(wide), members) for name, members in groups]
    return "\n".join(lines)


def _line(name: str, results: list[Result]) -> str:
    cells = []
    for column in COLUMNS:
        values = [result[column] for result in results if result.get(column) is not None]
        if not values:
            cells.append("-")
        elif column == "img":
            found, expected = (sum(int(value.split("/")[i]) for value in values) for i in (0, 1))
            cells.append(f"{found}/{expected}")
        else:
            cells.append(f"{sum(values) / len(values):.3f}")
    return " ".join([name, *(f"{cell:>7}" for cell in cells)])
