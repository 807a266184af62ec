"""Documents for the tests, made on the spot."""

import hashlib
import io
import zlib
from datetime import datetime, timezone
from typing import Any

import pypdfium2 as pdfium
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from PIL import Image, ImageDraw

PARAGRAPH = (
    "The survey covered eighty households in the northern districts. Every reading was taken twice, "
    "and the second confirmed the first within seven percent."
)


def new_pdf() -> FPDF:
    """One that is the same whenever it is made."""
    pdf = FPDF()
    pdf.set_creation_date(datetime(2024, 1, 1, tzinfo=timezone.utc))
    return pdf


def text_pdf(pages: int = 1, paragraph: str = PARAGRAPH) -> bytes:
    """A heading and a paragraph on each page."""
    pdf = new_pdf()
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
    pdf = new_pdf()
    pdf.add_page()
    pdf.set_font("Helvetica", "", 11)
    pdf.multi_cell(0, 6, PARAGRAPH, new_x="LMARGIN", new_y="NEXT")
    pdf.image(picture, w=100)
    return bytes(pdf.output())


def scan(text: str = PARAGRAPH) -> Image.Image:
    """The first page of a text document, at 150 dpi."""
    with pdfium.PdfDocument(text_pdf(1, text)) as document:
        page: Image.Image = document[0].render(scale=150 / 72).to_pil()
        return page


def image_file(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file; `options` are Pillow's."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scan_pdf(text: str = "", pages: int = 1) -> bytes:
    """The first page of a text document as a picture of 150 dpi, with no text layer, so many times."""
    buffer = io.BytesIO(image_file(scan(text or PARAGRAPH).convert("L"), "JPEG", quality=85))
    pdf = new_pdf()
    pdf.set_margin(0)
    for _ in range(pages):
        pdf.add_page()
        pdf.image(buffer, x=0, y=0, w=pdf.w, h=pdf.h)
    return bytes(pdf.output())


def encrypted_pdf(user: str | None = "user", method: EncryptionMethod = EncryptionMethod.RC4) -> bytes:
    """A page with a paragraph, which needs the password `user` to be opened; without one, only to be changed."""
    pdf = new_pdf()
    pdf.set_encryption(owner_password="owner", user_password=user, encryption_method=method)
    pdf.add_page()
    pdf.set_font("Helvetica", "", 11)
    pdf.multi_cell(0, 6, PARAGRAPH)
    return bytes(pdf.output())


def weakly_encrypted_pdf(user: bytes = b"user") -> bytes:
    """The same with RC4 of 40 bits, as in the nineties, by algorithms 2 to 4 of the PDF reference."""
    padding = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
    permissions = (-4 & 0xFFFFFFFF).to_bytes(4, "little")

    def md5(data: bytes) -> bytes:
        return hashlib.md5(data).digest()

    def padded(password: bytes) -> bytes:
        return (password + padding)[:32]

    owner = _rc4(md5(padded(b"owner"))[:5], padded(user))
    key = md5(padded(user) + owner + permissions + b"id")[:5]
    text = b"BT /F 11 Tf 50 700 Td (Every reading was taken twice.) Tj ET"
    text = _rc4(md5(key + b"\4\0\0\0\0")[:10], text)  # object 4, generation 0
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
            b"<</Length %d>>stream\n" % len(text) + text + b"\nendstream",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>"
            % (owner.hex().encode(), _rc4(key, padding).hex().encode()),
        ],
        b"/Encrypt 6 0 R/ID[<6964><6964>]",
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def raw_pdf(content: bytes, pages: int = 1, box: str = "0 0 612 792") -> bytes:
    """A PDF of few objects around one content stream; its one page is listed `pages` times."""
    kids = "3 0 R " * pages
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R>>".encode(),
            b"<</Length %d/Filter/FlateDecode>>stream\n" % len(content) + content + b"\nendstream",
        ]
    )


def pdf_of(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % offset for offset in offsets
    )
    return out + b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, xref)


def slow_pdf(operators: int = 3_000_000) -> bytes:
    """A small file with one page that keeps PDFium busy for long."""
    return raw_pdf(zlib.compress(b"0 0 m 600 700 l S\n" * operators))
