"""Words of a text layer that nothing of ours holds, over all PDFs: not the page's markdown, not its blocks, hidden ones
and furniture included, not its warnings. What PDFium itself reads as the page's text is the measure.

A word may be cut or joined differently on the two sides: it is held, too, where it lies in what is left of the page.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from benchmarks.real.figures import Figure, Readings, Set
from benchmarks.real.plain_text import without_markup, words

LISTED = 40  # words of a page that are named


def documents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pdf"))


def score(folder: Path, readings: Readings) -> list[Figure]:
    total, lost, notes = 0, 0, []
    for path in documents(folder):
        with pdfium.PdfDocument(path) as document:
            for page, shown in zip(document, readings[path].pages, strict=False):
                layer = page.get_textpage().get_text_range()
                missing = words_lost(layer, shown)
                total += len(words(layer))
                lost += len(missing)
                if missing:
                    notes.append(f"{path.name} page {shown['index']}: {len(missing)}: {' '.join(missing[:LISTED])}")
    return [Figure("words of text layers that are lost", f"{lost:,} of {total:,}", notes=notes)]


def words_lost(layer: str, page: dict[str, Any]) -> list[str]:
    markdown = words(without_markup(page["markdown"]))
    blocks = [*map(str, page.get("warnings", [])), *(str(block.get("content") or "") for block in page["blocks"])]
    apart = words(without_markup(" ".join(blocks)))
    have = Counter(markdown) | Counter(apart)  # a block's text is mostly in the markdown as well
    wanted = words(layer)
    over = have - Counter(wanted)
    rest = "".join(word for word in [*markdown, *apart] if word in over)
    lost = []
    for word in wanted:
        if have[word]:
            have[word] -= 1
        elif word in rest:
            rest = rest.replace(word, "", 1)
        else:
            lost.append(word)
    return lost


SET = Set("text layers", documents, score)
