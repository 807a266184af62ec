"""Documents to measure with, made from a fixed seed: the same bytes of text on every machine."""

import io
import random

import numpy as np
import pypdfium2 as pdfium
from fpdf import FPDF
from PIL import Image

VOCABULARY = (
    "the of and to in that is for with on as are be by this from or an have not which were at has one their can other "
    "between however through system method result process model paper value table section figure example early annual "
    "water energy market number report history research service document measure language structure evidence pressure "
    "surface material station current response growth control analysis weather harvest railway library archive "
    "small large several common general recent local public natural possible available described considered observed"
)
WORDS = VOCABULARY.split()
PAGES_A_CHAPTER = 8
PAGES_A_TABLE = 5
PAGES_A_PICTURE = 15
SHAPES = 30_000


def article(pages: int) -> bytes:
    """Plain text pages with a heading each."""
    return _typeset(pages, tables=False, pictures=False)


def book(pages: int) -> bytes:
    """Chapters with running headers, page numbers, some tables and few pictures."""
    return _typeset(pages, tables=True, pictures=True)


def scan(pages: int = 1) -> bytes:
    """Pages of text as a scanner at 150 dpi gives them: images with some noise, and no text layer."""
    pdf = FPDF(unit="pt", format="A4")
    with pdfium.PdfDocument(_typeset(pages, tables=True, pictures=False)) as document:
        for number, page in enumerate(document, 1):
            raster = page.render(scale=150 / 72).to_numpy()[:, :, ::-1]  # from BGR
            noise = np.random.default_rng(number).normal(0, 6, raster.shape)
            picture = Image.fromarray(np.clip(raster + noise, 0, 255).astype(np.uint8))
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=85)
            pdf.add_page()
            pdf.image(file, 0, 0, pdf.w, pdf.h)
    return bytes(pdf.output())


def endless() -> bytes:
    """A line of text and a figure of shapes over shapes: to paint it takes minutes, and little memory."""
    rng = random.Random(7)
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font("Times", "", 12)
    pdf.text(72, 72, "Figure without end")
    for _ in range(SHAPES):
        pdf.polygon([(rng.randrange(80, 500), rng.randrange(150, 600)) for _ in range(8)], style="F")
    return bytes(pdf.output())


def _typeset(pages: int, *, tables: bool, pictures: bool) -> bytes:
    rng = random.Random(7)
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(25)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Times", "I", 9)
        pdf.text(25, 15, "A Book of Measures")
        pdf.text(180, 285, str(number))
        if number % PAGES_A_CHAPTER == 1:
            pdf.set_font("Times", "B", 20)
            pdf.multi_cell(
                0,
                12,
                f"Chapter {number // PAGES_A_CHAPTER + 1}: {_words(rng, 3).title()}",
                new_x="LMARGIN",
                new_y="NEXT",
            )
            pdf.ln(4)
        if pictures and number % PAGES_A_PICTURE == 3:
            pdf.image(_picture(rng), x=55, w=100)
            pdf.ln(4)
        if tables and number % PAGES_A_TABLE == 1:
            _table(pdf, rng)
        while pdf.get_y() < 235:
            if rng.random() < 0.15:
                pdf.set_font("Times", "B", 14)
                pdf.multi_cell(0, 9, _words(rng, 4).capitalize(), new_x="LMARGIN", new_y="NEXT")
            pdf.set_font("Times", "", 11)
            text = " ".join(_sentence(rng) for _ in range(rng.randint(3, 6)))
            pdf.multi_cell(0, 5.2, text, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2.5)
    return bytes(pdf.output())


def _table(pdf: FPDF, rng: random.Random) -> None:
    pdf.set_font("Times", "", 10)
    with pdf.table(line_height=6) as table:
        table.row(["Item", "Year", "Amount", "Share"])
        for _ in range(6):
            table.row(
                [_words(rng, 2), str(rng.randint(1900, 2020)), f"{rng.uniform(1, 9999):.2f}", f"{rng.randint(1, 99)} %"]
            )
    pdf.ln(4)


def _picture(rng: random.Random) -> Image.Image:
    red, green = np.meshgrid(np.linspace(0, 255, 480), np.linspace(0, 255, 320))
    blue = np.full_like(red, rng.randrange(256))
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8))


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))


def _sentence(rng: random.Random) -> str:
    return _words(rng, rng.randint(8, 18)).capitalize() + "."
