"""What a document is to an engine: pages of PDFium, whatever was sent."""

import math
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np
import pypdfium2 as pdfium

if TYPE_CHECKING:
    from numpy.typing import NDArray


Raster: TypeAlias = "NDArray[np.uint8]"
"""Pixels: rows, columns, and blue, green, red."""


class OpenDocument(ABC):
    """A document that is open, until it is closed."""

    has_text: ClassVar[bool] = True
    """Whether its pages may have text layers."""

    @abstractmethod
    def __len__(self) -> int:
        """How many pages it has."""

    @abstractmethod
    def page(self, number: int) -> AbstractContextManager[pdfium.PdfPage]:
        """Page `number`, counted from 1, to be used within the context. Raises PageError or PdfiumError."""

    @abstractmethod
    def raster(self, number: int, scale: float, max_pixels: int) -> Raster:
        """Page `number` in colour: of a PDF at `scale` pixels a point, or less where that were more than `max_pixels`;
        of an image its own pixels. Raises PageError or PdfiumError.
        """

    @abstractmethod
    def close(self) -> None:
        """Lets go of the file."""


def fitting(scale: float, width: float, height: float, max_pixels: int) -> float:
    """The largest scale up to `scale` at which a page of this size in points has no more than `max_pixels`."""
    if math.ceil(width * scale) * math.ceil(height * scale) <= max_pixels:
        return scale
    half, area = (width + height) / 2, width * height
    return (math.sqrt(half**2 + area * (max_pixels - 1)) - half) / area
