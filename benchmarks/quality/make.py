"""Builds the documents and their truths."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.quality.content import DOCUMENTS
from benchmarks.quality.content.model import Block, Document, prepare, truth
from benchmarks.quality.typeset import browser, latex, office, twin

FOLDER = Path(__file__).parent / "documents"
MAKERS: dict[str, Callable[..., None]] = {"latex": latex.make, "office": office.make, "browser": browser.make}


def build(document: Document, folder: Path = FOLDER) -> Path:
    """NAME.pdf and NAME.json in the folder."""
    blocks = prepare(document.blocks)
    target = folder / f"{document.name}.pdf"
    with tempfile.TemporaryDirectory() as scratch:
        original, coloured = Path(scratch, "original.pdf"), Path(scratch, "twin.pdf")
        MAKERS[document.maker](document, blocks, original, twin=False)
        MAKERS[document.maker](document, blocks, coloured, twin=True)
        twin.check(original, coloured, " ".join(block.get("inside", "") for block in blocks))
        placed = twin.place(blocks, [truth(block) for block in blocks], twin.boxes(coloured))
        folder.mkdir(exist_ok=True)
        shutil.copyfile(original, target)
    _write(document, placed, len(twin.page_words(target)), target.with_suffix(".json"))
    return target


def _write(document: Document, blocks: list[Block], pages: int, path: Path) -> None:
    head = {"name": document.name, "maker": document.maker, "kind": document.kind, "lang": document.lang}
    lines = [json.dumps(block, ensure_ascii=False) for block in blocks]
    start = json.dumps({**head, "pages": pages}, ensure_ascii=False)[:-1]
    path.write_text(f'{start}, "blocks": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def build_all(names: list[str]) -> None:
    for document in DOCUMENTS:
        if not names or document.name in names:
            path = build(document)
            print(f"{document.name}: {path.stat().st_size // 1024} kB", flush=True)
