"""python -m benchmarks.real FOLDER [SET…] [--json OUT] [--save DIR]

Scores our CPU engine on public sets of real documents and prints one table. Nothing is fetched: FOLDER holds checkouts
of the sets, those that are absent are left out. SET is some of these:

    icdar         tabulapdf/tabula-java in FOLDER/tabula-java: tables, cells beside each other (F)
    olmocr        allenai/olmocr in FOLDER/olmocr: tests passed of olmOCR-bench's sample
    omnidocbench  opendatalab/OmniDocBench in FOLDER/omnidocbench: text, order and tables of the demo pages
    unlv          the pages of tesseract-ocr/test in FOLDER/unlv: edit distance
    geotopo       py-pdf/sample-files and its text of py-pdf/benchmarks in FOLDER/geotopo: recall, precision of words
    losses        all PDFs below FOLDER: words of text layers that the result does not hold
    sentences     the PDFs of icdar: broken paragraphs
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.real import geotopo, icdar, losses, olmocr, omnidocbench, sentences, unlv
from benchmarks.real.figures import Set, table
from benchmarks.real.reading import read_all

SETS: dict[str, tuple[str, Set]] = {
    "icdar": ("tabula-java", icdar.SET),
    "olmocr": ("olmocr", olmocr.SET),
    "omnidocbench": ("omnidocbench", omnidocbench.SET),
    "unlv": ("unlv", unlv.SET),
    "geotopo": ("geotopo", geotopo.SET),
    "losses": (".", losses.SET),
    "sentences": ("tabula-java", sentences.SET),
}
"""Each set with the folder that it is looked for in."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the checkouts of the sets are")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; without any, all")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures and their notes to this file")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write each document's markdown and pages to this folder"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}; there are {', '.join(SETS)}")
    chosen = {name: SETS[name] for name in arguments.sets or SETS}
    folders = {name: arguments.folder / folder for name, (folder, _) in chosen.items()}
    for name, folder in folders.items():
        if not folder.is_dir():
            if arguments.sets:
                parser.error(f"{name}: no folder {folder}")
            print(f"{name} left out: no folder {folder}", file=sys.stderr)
    sets = {name: one for name, (_, one) in chosen.items() if folders[name].is_dir()}
    readings = read_all(path for name, one in sets.items() for path in one.documents(folders[name]))
    if arguments.save:
        arguments.save.mkdir(parents=True, exist_ok=True)
        for path, reading in readings.items():
            (arguments.save / f"{path.name}.md").write_text(reading.markdown, encoding="utf-8")
            pages = json.dumps(reading.pages, ensure_ascii=False)
            (arguments.save / f"{path.name}.pages.json").write_text(pages, encoding="utf-8")
    results = {one.title: one.score(folders[name], readings) for name, one in sets.items()}
    print(table(results))
    if arguments.json:
        figures = {name: [asdict(figure) for figure in own] for name, own in results.items()}
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
