"""python -m benchmarks.quality make | check | run | rivals [NAME…] [--scans] [--outputs DIR] [--json OUT]

make builds the documents and their truths anew (needs the typesetters), check holds the truths against pdftotext, run
scores our engine or, with --outputs, the files DIR/NAME.md of another tool; rivals compares our engine with other tools
on documents and scans, with their files in DIR/TOOL/.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.quality.run import report, run, score_outputs

FOLDER = Path(__file__).parent / "documents"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("make", "check", "run", "rivals"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="documents, or the beginnings of their names")
    parser.add_argument("--scans", action="store_true", help="the scans instead of the documents")
    parser.add_argument("--all", action="store_true", help="documents and scans")
    parser.add_argument("--outputs", type=Path, help="score the files NAME.md of this folder; rivals: keep them there")
    parser.add_argument("--tools", help="rivals: run these only, by commas")
    parser.add_argument("--reuse", action="store_true", help="rivals: run only what has no output yet")
    parser.add_argument("--json", type=Path, help="write all metrics to this file")
    parser.add_argument("--save", type=Path, help="write our NAME.md and NAME.pages.json to this folder")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_intermixed_args()
    if arguments.what == "make":
        from benchmarks.quality.make import build_all

        build_all(arguments.names)
        return 0
    everything = arguments.all or (arguments.what == "rivals" and not arguments.scans)
    wanted = {"documents": everything or not arguments.scans, "scans": everything or arguments.scans}
    paths = _paths(arguments.names, **wanted)
    if not paths:
        parser.error("no such document")
    if arguments.what == "check":
        from benchmarks.quality.check import check

        for path in paths:
            print(check(path))
        return 0
    if arguments.what == "rivals":
        from benchmarks.quality.rival_tools import TOOLS
        from benchmarks.quality.rivals import OUTPUTS, compare, table

        tools = arguments.tools.split(",") if arguments.tools else [*TOOLS]
        if unknown := set(tools) - set(TOOLS):
            parser.error(f"no such tool: {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}")
        results = compare(paths, tools, arguments.outputs or OUTPUTS, reuse=arguments.reuse)
        print(table(results))
    elif arguments.outputs:
        results = score_outputs(paths, arguments.outputs)
        print(report(results))
    else:
        results = run(paths, arguments.processes, arguments.save)
        print(report(results))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _paths(names: list[str], *, documents: bool, scans: bool) -> list[Path]:
    found = sorted(FOLDER.glob("*.pdf")) if documents else []
    if scans:
        from benchmarks.quality.degrade import SCANS, make

        found += [make(scan) for scan in SCANS if not names or any(scan.name.startswith(name) for name in names)]
    return [path for path in found if not names or any(path.stem.startswith(name) for name in names)]


if __name__ == "__main__":
    sys.exit(main())
