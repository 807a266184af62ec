"""The seam to what is measured: convert() gives a document's markdown and pages, in this process."""

from contextlib import closing
from pathlib import Path
from typing import Any

MAX_PIXELS = 40_000_000  # of a page's raster
_reader: Any = None


def convert(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Markdown, and a dictionary a page with width, height and blocks of label and bbox. Keeps the models loaded."""
    from worker.documents.opening import open_document

    reader = _loaded()
    pages = []
    with closing(open_document(path.open("rb"), MAX_PIXELS)) as document:
        numbers = list(range(1, len(document) + 1))
        hints = reader.survey(document, numbers)
        for number in numbers:
            with document.page(number) as page:
                pages.append(reader.read(page, number, hints.get(number, {}), lambda name, data: None))
        assembly = reader.assembly(pages)
        shown = [assembly.add(page).to_dict() for page in pages]
        return assembly.markdown(), shown


def load() -> None:
    """The imports and models that convert() otherwise loads when it first needs them."""
    from worker.engines.pp_ocr.raster.recogniser import recogniser

    _loaded()
    recogniser()


def _loaded() -> Any:
    global _reader
    if _reader is None:
        from worker.engines.pp_ocr.reader import PPOCRReader

        _reader = PPOCRReader(max_pixels=MAX_PIXELS)
    return _reader
