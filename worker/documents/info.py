"""document.json: what is known of a document as a whole, once a page process has opened it.

A document may have taken that process over, so the file is read by `parse_info` or `read_info` alone, which check it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import DocumentError
from app.storage.blobs import JobFolder
from app.strict_json import encode

PAGES_MAX = 0xFFFFF
"""PDFium opens no PDF with more pages (CPDF_Document::kPageMaxNum)."""


@dataclass(frozen=True)
class DocumentInfo:
    """`pages` is how many the document has, `selected` the numbers of those that the job is about, ascending from 1.

    `hints` are what the survey says of some of them: JSON whose shape is the engine's own.
    """

    pages: int
    selected: list[int]
    hints: Mapping[int, Any]


def encode_info(info: DocumentInfo) -> bytes:
    return encode({"pages": info.pages, "selected": info.selected, "hints": info.hints})


def read_info(folder: JobFolder) -> DocumentInfo:
    """Of the document of a prepared job. Raises FileNotFoundError before that, DocumentError."""
    return parse_info(folder.read(folder.document))


def parse_info(data: bytes) -> DocumentInfo:
    """The info of which `data` is the JSON. Raises DocumentError where no page process of ours has written it."""
    try:
        fields = json.loads(data)
        pages, selected, hints = fields["pages"], fields["selected"], fields["hints"]
        if _sound(pages, selected):
            return DocumentInfo(pages, selected, {int(number): hint for number, hint in hints.items()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise unsound()


def _sound(pages: object, selected: object) -> bool:
    """Whether these are a number of pages, and some of their numbers in ascending order."""
    if type(pages) is not int or not 1 <= pages <= PAGES_MAX or type(selected) is not list:
        return False
    return all(type(number) is int for number in selected) and all(
        before < number for before, number in zip([0, *selected], [*selected, pages + 1], strict=True)
    )


def unsound() -> DocumentError:
    return DocumentError(
        "The process that opened the document returned an invalid list of pages: the file is malicious, or blob "
        "storage has damaged it.",
        code="document_crashed",
    )
