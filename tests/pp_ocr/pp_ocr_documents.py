"""Documents for the tests, drawn on the spot."""

import io
from pathlib import Path

import pypdfium2 as pdfium
from fpdf import FPDF
from PIL import Image

SENTENCES = [
    "The survey covered eighty households in the northern districts between March and the end of the year.",
    "Temperatures above forty degrees were recorded only twice, both times in the shaded courtyard.",
    "The archive holds correspondence from merchants, bakers, shipwrights and at least one retired judge.",
    "Passengers were asked to keep their tickets until the journey had been completed.",
    "Quality control rejected some of the components, mostly for scratches near the mounting holes.",
]
ROWS = [
    ["Station", "Year", "Level", "Cost"],
    ["Ashford", "2021", "25.19", "2,764"],
    ["Brightwater", "2012", "11.30", "4,474"],
    ["Colby Point", "2023", "28.16", "1,269"],
]
ITEMS = ["Waterproof shoes for everyone", "A map of the lower gallery", "Batteries, checksums and voltage meters"]


class Document(FPDF):
    """A4, core fonts, bullets allowed."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.core_fonts_encoding = "cp1252"
        self.set_margin(20)
        self.add_page()

    def line(self, text: str, size: float = 11, style: str = "", indent: float = 0, gap: float = 3) -> None:
        """A paragraph; `indent` and the `gap` after it in mm."""
        self.set_font("Helvetica", style, size)
        self.set_x(20 + indent)
        self.multi_cell(0, size * 0.46, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(gap)

    def grid(self) -> None:
        self.set_font("Helvetica", "", 11)
        with self.table(ROWS, width=150, align="LEFT"):
            pass
        self.ln(4)


def article(path: Path) -> str:
    """Title, headings, paragraphs, lists, a table and a picture, on one page."""
    document = Document()
    document.line("Report on Water Supply", 22, "B", gap=5)
    document.line("1 Introduction", 15, "B")
    document.line(" ".join(SENTENCES[:3]))
    document.line(" ".join(SENTENCES[3:]))
    document.line("1.1 Equipment", 13, "B")
    for item in ITEMS:
        document.line(f"• {item}", indent=4, gap=1)
    document.ln(3)
    document.line("2 Measurements", 15, "B")
    document.grid()
    document.image(picture(), x=60, w=80)
    document.ln(4)
    document.line("Figure 1: Water level by station and year.", 9)
    document.line("3 Steps", 15, "B")
    for number, item in enumerate(ITEMS, 1):
        document.line(f"{number}. {item}", indent=4, gap=1)
    document.output(str(path))
    return str(path)


def book(path: Path, pages: int) -> str:
    document = Document()
    for number in range(pages):
        if number:
            document.add_page()
        document.line(f"{number + 1} Chapter", 16, "B")
        for shift in range(5):
            document.line(" ".join(SENTENCES[shift:] + SENTENCES[:shift]))
    document.output(str(path))
    return str(path)


def simple(path: Path, *texts: str) -> str:
    """Paragraphs."""
    document = Document()
    for text in texts:
        document.line(text)
    document.output(str(path))
    return str(path)


def scanned(source: str, path: Path, turn: float = 0.0) -> str:
    """The pages of another document as pictures of 150 dpi, turned by some degrees."""
    document = FPDF(format="A4")
    with pdfium.PdfDocument(source) as original:
        for page in original:
            image = (
                page.render(scale=150 / 72).to_pil().rotate(turn, fillcolor="white", resample=Image.Resampling.BICUBIC)
            )
            document.add_page()
            document.image(image, x=0, y=0, w=document.w, h=document.h)
    document.output(str(path))
    return str(path)


def picture(width: int = 320, height: int = 200) -> Image.Image:
    """Many colours, no text."""
    across, down = (Image.linear_gradient("L").rotate(turn).resize((width, height)) for turn in (0, 90))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


def flag(width: int = 320, height: int = 200) -> Image.Image:
    """Two colours."""
    image = Image.new("RGB", (width, height), (200, 20, 20))
    image.paste((255, 255, 255), (0, 0, width // 3, height))
    return image


def changed(
    source: str, path: Path, *, rotation: int = 0, cropbox: tuple[float, float, float, float] | None = None
) -> str:
    """The same document with /Rotate, or a CropBox in points, on its first page."""
    with pdfium.PdfDocument(source) as document:
        page = document[0]
        page.set_rotation(rotation)
        if cropbox:
            page.set_cropbox(*cropbox)
        buffer = io.BytesIO()
        document.save(buffer)
    path.write_bytes(buffer.getvalue())
    return str(path)
