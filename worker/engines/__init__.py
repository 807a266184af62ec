"""The OCR engines. Importing this package loads none of them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.engines.base import Engine

ENGINES = {
    "paddleocr_vl": "worker.engines.paddleocr_vl.engine:PaddleOCRVL",
    "pp_ocr": "worker.engines.pp_ocr.engine:PPOCR",
    "null": "worker.engines.null:Null",
}


def resolve(name: str) -> str:
    """The engine that ENGINE asks for; `auto` takes the one whose environment this is."""
    if name != "auto":
        return name
    return "pp_ocr" if find_spec("paddleocr") is None else "paddleocr_vl"


def engine_class(name: str) -> type[Engine]:
    """Raises KeyError for a name that is no engine of ours."""
    module, attribute = ENGINES[name].split(":")
    found: type[Engine] = getattr(import_module(module), attribute)
    return found
