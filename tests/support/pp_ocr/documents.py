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

    def paragraph(self, text: str, size: float = 11, style: str = "", indent: float = 0, gap: float = 3) -> None:
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
    document.paragraph("Report on Water Supply", 22, "B", gap=5)
    document.paragraph("1 Introduction", 15, "B")
    document.paragraph(" ".join(SENTENCES[:3]))
    document.paragraph(" ".join(SENTENCES[3:]))
    document.paragraph("1.1 Equipment", 13, "B")
    for item in ITEMS:
        document.paragraph(f"• {item}", indent=4, gap=1)
    document.ln(3)
    document.paragraph("2 Measurements", 15, "B")
    document.grid()
    document.image(picture(), x=60, w=80)
    document.ln(4)
    document.paragraph("Figure 1: Water level by station and year.", 9)
    document.paragraph("3 Steps", 15, "B")
    for number, item in enumerate(ITEMS, 1):
        document.paragraph(f"{number}. {item}", indent=4, gap=1)
    document.output(str(path))
    return str(path)


def book(path: Path, pages: int) -> str:
    document = Document()
    for number in range(pages):
        if number:
            document.add_page()
        document.paragraph(f"{number + 1} Chapter", 16, "B")
        for shift in range(5):
            document.paragraph(" ".join(SENTENCES[shift:] + SENTENCES[:shift]))
    document.output(str(path))
    return str(path)


def simple(path: Path, *texts: str) -> str:
    """Paragraphs."""
    document = Document()
    for text in texts:
        document.paragraph(text)
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


def coded(path: Path, rows: list[str], says: dict[str, str], drawn: str = "") -> str:
    """A page that shows rows of Latin letters, whose text layer `says` something else for each of them.

    After a tab, text begins 100 points farther right; `drawn` are more operators.
    """
    letters = sorted({letter for row in rows for letter in row if letter not in " \t"})
    codes = {letter: ord(letter) for letter in letters}
    table = "".join(f"<{codes[x]:02x}> <{says.get(x, x).encode('utf-16-be').hex()}>\n" for x in letters)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange\n{len(letters)} beginbfchar\n{table}endbfchar\n"
        "endcmap end end"
    )
    content = drawn
    for k, row in enumerate(rows):
        for column, text in enumerate(row.split("\t")):
            content += f"BT /F 12 Tf {60 + 100 * column} {760 - 18 * k} Td ({text}) Tj ET\n"
    return raw_pdf(
        path,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    )


def painted(path: Path, content: str, page: str = "") -> str:
    """A page that these operators paint, in fonts /F (Helvetica), /B (bold), /I (italic); `page` has more entries."""
    fonts = " ".join(f"/{key} {number} 0 R" for key, number in (("F", 5), ("B", 6), ("I", 7)))
    return raw_pdf(
        path,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        f"{page} /Resources << /Font << {fonts} >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
            for name in ("Helvetica", "Helvetica-Bold", "Times-Italic")
        ),
    )


def words(x: float, y: float, text: str, size: float = 11, font: str = "F") -> str:
    """The operators of words at a place, in points from the lower left."""
    return f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n"


def raw_pdf(path: Path, *objects: str, catalog: str = "") -> str:
    """A document of one page, from its objects; the page is the first of them, 3 0 R. `catalog` has more entries."""
    head = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate([*head, *objects], 1))
    path.write_text(f"%PDF-1.7\n{body}trailer << /Root 1 0 R >>\n%%EOF", "latin-1")
    return str(path)


def drawn(path: Path, content: str, *objects: str, resources: str = "", page: str = "", catalog: str = "") -> str:
    """A page of 400 x 300 points with Helvetica as /F, from its operators; more objects are numbered from 6 0 R."""
    return raw_pdf(
        path,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        f"/Resources << /Font << /F 5 0 R >> {resources} >> {page} >>",
        stream(content),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *objects,
        catalog=catalog,
    )


def stream(content: str, entries: str = "") -> str:
    """An object with that content."""
    return f"<< {entries} /Length {len(content)} >>\nstream\n{content}\nendstream"
