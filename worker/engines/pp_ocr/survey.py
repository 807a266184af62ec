"""One look at the whole document: how each page is to be read, and what is ordinary in it."""

import re
from collections import Counter
from typing import Any

import pdf_inspector
import pypdfium2 as pdfium

from app.errors import DocumentError
from worker.engines.base import Hint

from . import textlayer
from .frame import Frame
from .tables import pipe_tables

SAMPLE = 10
"""Pages, spread over the document, from which the size of its body text is taken."""
MAX_TABLE_CHARS = 20_000
"""More cells than that on one page are left to the lines."""


def survey(path: str, selected: list[int]) -> dict[int, Hint]:
    """A hint for each selected page: {"route": "text" | "ocr", "reason": str | None, "tables": [...], "body": points}.

    pdf-inspector decides; where it cannot read the file, each page's text layer does. Raises DocumentError.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise DocumentError("The document cannot be opened: it is damaged, encrypted or no PDF.") from error
    with document:
        hints = _inspected(path, selected) or {number: _looked_at(document, number) for number in selected}
        body = _body_size(document, [number for number, hint in hints.items() if hint["route"] == "text"])
    for hint in hints.values():
        if body and hint["route"] == "text":
            hint["body"] = body
    return hints


def _inspected(path: str, selected: list[int]) -> dict[int, Hint] | None:
    try:
        indices = [number - 1 for number in selected]
        found = {page.page + 1: page for page in pdf_inspector.extract_pages_markdown(path, indices).pages}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust library is no Exception
        return None
    return {number: _hint(found[number]) for number in selected} if found.keys() >= set(selected) else None


def _hint(page: Any) -> Hint:
    hint: Hint = {"route": "ocr" if page.needs_ocr else "text", "reason": page.ocr_reason or None}
    tables = pipe_tables(page.markdown or "")
    if tables and sum(len(cell) for rows in tables for row in rows for cell in row) <= MAX_TABLE_CHARS:
        hint["tables"] = tables
    return hint


def _looked_at(document: pdfium.PdfDocument, number: int) -> Hint:
    try:
        page = document[number - 1]
        sound = textlayer.sane(page) and textlayer.visible(page)
        page.close()
    except (pdfium.PdfiumError, IndexError):
        sound = False
    return {"route": "text" if sound else "ocr", "reason": None if sound else "scanned"}


def _body_size(document: pdfium.PdfDocument, candidates: list[int]) -> float | None:
    """The font size, in points, that most characters of some pages have."""
    sizes: Counter[float] = Counter()
    for number in candidates[:: max(1, len(candidates) // SAMPLE)][:SAMPLE]:
        try:
            page = document[number - 1]
            frame = Frame.of(page, 4_000_000)
            for line in textlayer.read(page, frame).lines:
                sizes[round(line.size / frame.scale, 1)] += len(re.sub(r"\s", "", line.text))
            page.close()
        except Exception:  # that page will fail alone, when its turn comes
            continue
    return sizes.most_common(1)[0][0] if sizes else None
