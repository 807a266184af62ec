"""Content of a PDF that none of its pages shows."""

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

FORM = (
    "The document is a dynamic XFA form: its pages only say that the viewer cannot show it. "
    "Save it as an ordinary PDF with the program that fills it in."
)


def warnings(page: pdfium.PdfPage, number: int) -> list[str]:
    """What the page's document holds elsewhere; embedded files are reported on the first page only."""
    found = []
    if page.pdf.get_formtype() == pdfium_c.FORMTYPE_XFA_FULL:
        found.append(FORM)
    count = page.pdf.count_attachments() if number == 1 else 0
    if count:
        files = "1 embedded file" if count == 1 else f"{count} embedded files"
        found.append(f"The document has {files}, as portfolios do, and only its own pages are read.")
    return found
