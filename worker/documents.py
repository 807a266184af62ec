"""Documents of every kind as pages of PDFium: what engines read is a `pdfium.PdfPage`, whatever was sent."""

import math
import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.blobs import replacing
from app.errors import DocumentError
from app.kinds import Kind, kind_at

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


class OpenPdf(OpenDocument):
    """A PDF. Raises DocumentError where PDFium cannot open it, or finds nothing in it."""

    def __init__(self, path: Path) -> None:
        try:
            self.pdf = pdfium.PdfDocument(path)
        except pdfium.PdfiumError:
            raise _refusal(path) from None
        self._with_forms = False

    def __len__(self) -> int:
        return len(self.pdf)

    def page(self, number: int) -> AbstractContextManager[pdfium.PdfPage]:
        return closing(self.pdf[number - 1])

    def raster(self, number: int, scale: float, max_pixels: int) -> Raster:
        if not self._with_forms:
            self.pdf.init_forms()  # before the page is loaded, or what is filled in is not drawn
            self._with_forms = True
        with self.page(number) as page:
            width, height = page.get_size()
            bitmap = page.render(scale=fitting(scale, width, height, max_pixels))
            return np.ascontiguousarray(bitmap.to_numpy())

    def close(self) -> None:
        self.pdf.close()


def fitting(scale: float, width: float, height: float, max_pixels: int) -> float:
    """The largest scale up to `scale` at which a page of this size in points has no more than `max_pixels`."""
    if math.ceil(width * scale) * math.ceil(height * scale) <= max_pixels:
        return scale
    half, area = (width + height) / 2, width * height
    return (math.sqrt(half**2 + area * (max_pixels - 1)) - half) / area


def open_document(path: Path, max_pixels: int) -> OpenDocument:
    """Opens the document; its images get no more than `max_pixels` a page. Raises DocumentError."""
    kind = kind_at(path)
    if kind is Kind.PDF:
        return OpenPdf(path)
    from worker.images import OpenImage  # Pillow's formats take 50 ms to import, and most documents are PDFs

    return OpenImage(path, kind, max_pixels)


def decrypt(path: Path, password: str) -> None:
    """Puts a copy without encryption in the place of a PDF that needs the password; leaves all others as they are.

    Raises DocumentError where the password does not open it.
    """
    if kind_at(path) is not Kind.PDF or _error_at_opening(path) != pdfium_c.FPDF_ERR_PASSWORD:
        return
    try:
        document = pdfium.PdfDocument(path, password)
    except pdfium.PdfiumError as error:
        if error.err_code != pdfium_c.FPDF_ERR_PASSWORD:
            raise _refusal(path) from None
        message = "The password does not open the document: send the one it was encrypted with as `password`."
        raise DocumentError(message, code="document_encrypted") from None
    with document, replacing(path) as file:
        try:
            document.save(file, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        except pdfium.PdfiumError:
            raise DocumentError("The document is damaged: its encryption cannot be removed.") from None


def _error_at_opening(path: Path) -> int:
    """PDFium's own code. Of a document without pages that is success, which pypdfium2 does not tell from damage."""
    handle = pdfium_c.FPDF_LoadDocument(os.fsencode(path) + b"\0", None)
    if handle:
        pdfium_c.FPDF_CloseDocument(handle)
        return int(pdfium_c.FPDF_ERR_SUCCESS)
    return int(pdfium_c.FPDF_GetLastError())


def _refusal(path: Path) -> DocumentError:
    """Why a PDF cannot be opened."""
    match _error_at_opening(path):
        case pdfium_c.FPDF_ERR_SUCCESS:
            return DocumentError("The document has no pages.", code="document_empty")
        case pdfium_c.FPDF_ERR_PASSWORD:
            message = "The document is encrypted and needs a password; send it as `password`."
            return DocumentError(message, code="document_encrypted")
        case pdfium_c.FPDF_ERR_SECURITY:
            return DocumentError("The document is encrypted in a way that cannot be opened.", code="document_encrypted")
        case _:
            return DocumentError("The document is damaged: it cannot be opened as a PDF.", code="document_invalid")
