"""The OCR engines. Importing this package loads none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.engines.base import Engine

ENGINES = {"pp_ocr": "worker.engines.pp_ocr.engine:PPOCR", "null": "worker.engines.null:Null"}
AUTO = "pp_ocr"
"""What `auto` takes: the best engine that this machine can run."""


def engine_class(name: str) -> type[Engine]:
    """Raises KeyError for a name that is no engine of ours."""
    module, attribute = ENGINES[name].split(":")
    found: type[Engine] = getattr(import_module(module), attribute)
    return found
