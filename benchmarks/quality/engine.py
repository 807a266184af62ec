"""The seam to what is measured: convert() gives a document's markdown and pages, in this process."""

from pathlib import Path
from typing import Any

MAX_PIXELS = 40_000_000  # of a page's raster
_reader: Any = None


def convert(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Markdown, and a dictionary a page with width, height and blocks of label and bbox. Keeps the models loaded."""
    import pypdfium2 as pdfium

    reader = _loaded()
    with pdfium.PdfDocument(path) as document:
        numbers = list(range(1, len(document) + 1))
        hints = reader.survey(str(path), numbers)
        pages = [reader.read(document[n - 1], n, hints.get(n, {}), lambda name, data: None) for n in numbers]
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
