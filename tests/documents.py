"""PDFs for the tests, made on the spot."""

import io
import zlib

import pypdfium2 as pdfium
from fpdf import FPDF
from PIL import Image, ImageDraw

PARAGRAPH = (
    "The survey covered eighty households in the northern districts. Every reading was taken twice, "
    "and the second confirmed the first within seven percent."
)


def text_pdf(pages: int = 1, paragraph: str = PARAGRAPH) -> bytes:
    """A heading and a paragraph on each page."""
    pdf = FPDF()
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 20)
        pdf.cell(0, 12, f"Chapter {number}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 11)
        pdf.multi_cell(0, 6, paragraph)
    return bytes(pdf.output())


def picture_pdf() -> bytes:
    """A paragraph and a picture."""
    picture = Image.new("RGB", (320, 200), "white")
    draw = ImageDraw.Draw(picture)
    for step in range(16):
        draw.rectangle((step * 20, 200 - step * 12, step * 20 + 14, 200), fill=(step * 15, 80, 200 - step * 10))
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", "", 11)
    pdf.multi_cell(0, 6, PARAGRAPH, new_x="LMARGIN", new_y="NEXT")
    pdf.image(picture, w=100)
    return bytes(pdf.output())


def scan_pdf(text: str = "", pages: int = 1) -> bytes:
    """The first page of a text document as a picture of 150 dpi, with no text layer, so many times."""
    with pdfium.PdfDocument(text_pdf(1, text or PARAGRAPH)) as document:
        raster = document[0].render(scale=150 / 72).to_pil()
    buffer = io.BytesIO()
    raster.convert("L").save(buffer, "JPEG", quality=85)
    buffer.seek(0)
    pdf = FPDF()
    pdf.set_margin(0)
    for _ in range(pages):
        pdf.add_page()
        pdf.image(buffer, x=0, y=0, w=pdf.w, h=pdf.h)
    return bytes(pdf.output())


def encrypted_pdf() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_encryption(owner_password="owner", user_password="user")
    return bytes(pdf.output())


def raw_pdf(content: bytes, pages: int = 1, box: str = "0 0 612 792") -> bytes:
    """A PDF of few objects around one content stream; its one page is listed `pages` times."""
    kids = "3 0 R " * pages
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R>>".encode(),
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(content) + content + b"\nendstream",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % xref


def slow_pdf(operators: int = 3_000_000) -> bytes:
    """A small file with one page that keeps PDFium busy for long."""
    return raw_pdf(zlib.compress(b"0 0 m 600 700 l S\n" * operators))
