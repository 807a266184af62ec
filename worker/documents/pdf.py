"""PDFs, opened by PDFium."""

from contextlib import AbstractContextManager, closing
from os import SEEK_END
from typing import BinaryIO

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.documents.formats import Format, format_in
from app.errors import DocumentError
from worker.documents.base import OpenDocument, Raster, fitting

IN_MEMORY = 16 << 20
"""Bytes of a PDF that is read at once: PDFium asks for half a kilobyte at a time, and each time Python."""


class OpenPdf(OpenDocument):
    """A PDF, which closes `file` in the end. Raises DocumentError where PDFium cannot open it or finds no pages."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self.pdf, kept = _load(file)
        except pdfium.PdfiumError as error:
            raise _refusal(error) from None
        if not kept:
            file.close()
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
        self._file.close()


def decrypt(file: BinaryIO, password: str, copy: BinaryIO) -> None:
    """Writes a copy without encryption of a PDF that needs the password; nothing of any other document.

    Raises DocumentError where the password does not open it.
    """
    if format_in(file) is not Format.PDF or not _needs_password(file):
        return
    try:
        document, _ = _load(file, password)
    except pdfium.PdfiumError as error:
        if error.err_code != pdfium_c.FPDF_ERR_PASSWORD:
            raise _refusal(error) from None
        message = "The password is wrong; send the password of the document as `password`."
        raise DocumentError(message, code="document_encrypted") from None
    with document:
        try:
            document.save(copy, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        except pdfium.PdfiumError:
            raise DocumentError("The document is damaged: its encryption cannot be removed.") from None


def _load(file: BinaryIO, password: str | None = None) -> tuple[pdfium.PdfDocument, bool]:
    """The document, and whether it keeps reading from the file. Raises PdfiumError, with PDFium's own code.

    That is success where the document has no pages; pypdfium2 does not tell it from damage.
    """
    large = file.seek(0, SEEK_END) > IN_MEMORY
    file.seek(0)
    if large:
        return pdfium.PdfDocument(file, password), True
    data = file.read()
    try:
        return pdfium.PdfDocument(data, password), False
    except pdfium.PdfiumError as error:
        if password is None and (handle := pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)):
            pdfium_c.FPDF_CloseDocument(handle)
            error.err_code = pdfium_c.FPDF_ERR_SUCCESS
        raise


def _needs_password(file: BinaryIO) -> bool:
    try:
        _load(file)[0].close()
    except pdfium.PdfiumError as error:
        return bool(error.err_code == pdfium_c.FPDF_ERR_PASSWORD)
    return False


def _refusal(error: pdfium.PdfiumError) -> DocumentError:
    """Why a PDF cannot be opened."""
    match error.err_code:
        case pdfium_c.FPDF_ERR_SUCCESS:
            return DocumentError("The document has no pages.", code="document_empty")
        case pdfium_c.FPDF_ERR_PASSWORD:
            message = "The document is encrypted and needs a password; send it as `password`."
            return DocumentError(message, code="document_encrypted")
        case pdfium_c.FPDF_ERR_SECURITY:
            return DocumentError("The document uses an encryption that is not supported.", code="document_encrypted")
        case _:
            return DocumentError("The document is damaged: it cannot be opened as a PDF.", code="document_invalid")
