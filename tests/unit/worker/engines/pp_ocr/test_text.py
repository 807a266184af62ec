"""Born-digital pages: text layer to blocks and markdown."""

import io
import json
from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from app.errors import PageError
from app.results.models import Page
from support.pp_ocr.documents import ITEMS, SENTENCES, Document, book, changed, flag, picture, raw_pdf, simple
from support.pp_ocr.fixtures import Read
from worker.documents.pdf import OpenPdf
from worker.engines.pp_ocr.layer.pictures import crop, figures, images, legible
from worker.engines.pp_ocr.model.frame import Frame, Turn
from worker.engines.pp_ocr.page import convert
from worker.engines.pp_ocr.reader import PPOCRReader

ARTICLE = f"""# Report on Water Supply

## 1 Introduction

{" ".join(SENTENCES[:3])}

{" ".join(SENTENCES[3:])}

### 1.1 Equipment

- {ITEMS[0]}
- {ITEMS[1]}
- {ITEMS[2]}

## 2 Measurements

| Station | Year | Level | Cost |
|---|---|---|---|
| Ashford | 2021 | 25.19 | 2,764 |
| Brightwater | 2012 | 11.30 | 4,474 |
| Colby Point | 2023 | 28.16 | 1,269 |

![](p0001_figure_1.jpg)

Figure 1: Water level by station and year.

## 3 Steps

1. {ITEMS[0]}
2. {ITEMS[1]}
3. {ITEMS[2]}"""


def test_an_article_keeps_its_structure(article_path: str, read: Read, images: dict[str, bytes]) -> None:
    [page] = read(article_path)
    assert page.markdown == ARTICLE
    assert (page.index, page.route, page.route_reason) == (1, "text", None)
    assert (page.width, page.height) == (1240, 1754)
    labels = [block.label for block in page.blocks]
    assert labels[:3] == ["doc_title", "paragraph_title", "text"]
    assert {"list_item", "table", "image", "figure_title"} < set(labels)
    assert [block.order for block in page.blocks] == list(range(len(labels)))
    for block in page.blocks:
        x0, y0, x1, y1 = block.bbox
        assert 0 <= x0 < x1 <= page.width
        assert 0 <= y0 < y1 <= page.height
    assert Image.open(io.BytesIO(images["p0001_figure_1.jpg"])).format == "JPEG"
    json.dumps(page.to_dict())


def test_lines_and_cells_have_their_places(article_path: str, read: Read) -> None:
    [page] = read(article_path)
    assert page.layout is not None
    assert (page.layout.dpi, page.confidence) == (150.0, None)
    by_text = {line.text: line for line in page.layout.lines}
    title = page.blocks[0]
    assert by_text["Report on Water Supply"].bbox == title.bbox
    ((place, cells),) = page.layout.cells.items()
    table = page.blocks[place]
    assert table.label == "table"
    assert [(cell.row, cell.column, cell.text) for cell in cells[-4:]] == [
        (3, 0, "Colby Point"),
        (3, 1, "2023"),
        (3, 2, "28.16"),
        (3, 3, "1,269"),
    ]
    for cell in cells:
        x0, y0, x1, y1 = cell.bbox
        assert table.bbox[0] <= x0 < x1 <= table.bbox[2]
        assert table.bbox[1] <= y0 < y1 <= table.bbox[3]


def test_levels_and_contents(article_path: str, read: Read) -> None:
    [page] = read(article_path)
    levels = {block.content: block.level for block in page.blocks}
    assert levels["Report on Water Supply"] == 1
    assert levels["1 Introduction"] == 2
    assert levels["1.1 Equipment"] == 3
    assert levels[ITEMS[0]] == 1
    assert levels["p0001_figure_1.jpg"] is None


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotate_turns_the_frame_and_not_the_text(article_path: str, read: Read, tmp_path: Path, rotation: int) -> None:
    [upright] = read(article_path)
    [page] = read(changed(article_path, tmp_path / "turned.pdf", rotation=rotation))
    turned = (upright.height, upright.width) if rotation % 180 else (upright.width, upright.height)
    assert (page.width, page.height) == turned
    x0, y0, x1, y1 = next(block.bbox for block in page.blocks if block.content == "Report on Water Supply")
    if rotation == 180:
        assert y0 > 0.9 * page.height
    else:
        assert x1 - x0 < y1 - y0
        assert (x0 > 0.9 * page.width) == (rotation == 90)


def test_a_cropbox_moves_the_frame_and_hides_what_is_outside(tmp_path: Path, read: Read) -> None:
    source = simple(tmp_path / "a.pdf", "Outside, at the top of the page.", *SENTENCES)
    with pdfium.PdfDocument(source) as document:
        height = document[0].get_height()
    [page] = read(changed(source, tmp_path / "b.pdf", cropbox=(40, 200, 560, height - 70)))
    assert "Outside" not in page.markdown
    assert SENTENCES[0] in page.markdown
    assert (page.width, page.height) == (round(520 * 150 / 72), round((height - 270) * 150 / 72))
    assert page.blocks[0].bbox[1] < 60


def test_blank_pages_stay_blank(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.add_page()
    document.set_font("Helvetica", "", 11)
    document.text(20, 20, " ")
    document.add_page()
    document.image(Image.new("RGB", (50, 50), "white"), x=0, y=0, w=210, h=297)
    document.output(str(tmp_path / "a.pdf"))
    for page in read(str(tmp_path / "a.pdf")):
        assert (page.route, page.markdown, page.blocks) == ("blank", "", [])


def test_a_short_page_is_text(tmp_path: Path, read: Read) -> None:
    [page] = read(simple(tmp_path / "a.pdf", "Short."), hints=[{}])
    assert (page.route, page.route_reason, page.markdown) == ("text", None, "Short.")


def test_hostile_text_stays_text(tmp_path: Path, read: Read) -> None:
    texts = [
        "<script>alert(1)</script> and <img src=x onerror=alert(1)>",
        "# not a heading, but a line that starts with a hash sign",
        "1. not a list, as it stands alone",
        "![x](http://example.com/x.png) and [y](javascript:alert(1))",
    ]
    [page] = read(simple(tmp_path / "a.pdf", *texts))
    assert page.markdown.split("\n\n") == [
        "&lt;script>alert(1)&lt;/script> and &lt;img src=x onerror=alert(1)>",
        "\\# not a heading, but a line that starts with a hash sign",
        "1\\. not a list, as it stands alone",
        "\\![x\\](http://example.com/x.png) and [y\\](javascript:alert(1))",
    ]


def test_hyphens_at_line_ends_are_joined(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.set_font("Helvetica", "", 11)
    rows = ["The committee that met in the town hall yesterday gave its recommen-", "dation and left again."]
    for i, row in enumerate(rows):
        document.text(20, 40 + 5 * i, row)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert page.markdown == "The committee that met in the town hall yesterday gave its recommendation and left again."


def test_pictures(tmp_path: Path, read: Read, images: dict[str, bytes]) -> None:
    """Tiles become one, icons and grounds are left out, few colours make a PNG, two pictures keep their places."""
    document = Document()
    document.image(picture(2100, 2970), x=0, y=0, w=210, h=297)
    document.image(flag(), x=190, y=5, w=2)
    document.image(Image.new("RGB", (90, 90), "navy"), x=150, y=250, w=40)
    document.paragraph(SENTENCES[0])
    document.image(flag(), x=20, y=60, w=60)
    document.set_y(110)
    document.paragraph(SENTENCES[1])
    for i in range(3):
        document.image(picture(300, 100), x=20, y=140 + i * 20, w=60, h=20)
    document.set_y(210)
    document.paragraph(SENTENCES[2])
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    names = ["p0001_figure_1.png", "p0001_figure_2.jpg"]
    assert sorted(images) == names
    blocks = [SENTENCES[0], f"![]({names[0]})", SENTENCES[1], f"![]({names[1]})", SENTENCES[2]]
    assert page.markdown == "\n\n".join(blocks)
    width, height = Image.open(io.BytesIO(images[names[0]])).size
    assert abs(width - 320) <= 2
    assert abs(height - 200) <= 2


def test_a_picture_alone_comes_before_what_is_below_it(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.image(picture(), x=20, y=20, w=60)
    document.set_y(120)
    document.paragraph(SENTENCES[0])
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert page.markdown == f"![](p0001_figure_1.jpg)\n\n{SENTENCES[0]}"


def test_pictures_inside_forms_are_found_where_they_are_painted(tmp_path: Path, read: Read) -> None:
    source = Document()
    source.image(picture(), x=20, y=20, w=100)
    source.output(str(tmp_path / "source.pdf"))
    with pdfium.PdfDocument(str(tmp_path / "source.pdf")) as original, pdfium.PdfDocument.new() as document:
        form = original.page_as_xobject(0, document).as_pageobject()
        form.transform(pdfium.PdfMatrix().scale(0.5, 0.5).translate(100, 200))
        page = document.new_page(600, 800)
        page.insert_obj(form)
        page.gen_content()
        frame = Frame.of(page, 40_000_000)
        [found] = figures(images(page, frame), frame, [], [])
        left, right = (100 + 0.5 * millimetres * 72 / 25.4 for millimetres in (20, 120))
        assert (found.box[0] / frame.scale, found.box[2] / frame.scale) == pytest.approx((left, right), abs=1)
        assert crop(page, frame, found, Turn(0, frame.width, frame.height), 40_000_000) is not None


def test_a_broken_image_costs_no_text(article_path: str, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(self: pdfium.PdfImage) -> None:
        raise pdfium.PdfiumError("Failed to get image size.")

    monkeypatch.setattr(pdfium.PdfImage, "get_px_size", stumble)
    [page] = read(article_path)
    assert page.markdown == ARTICLE.replace("![](p0001_figure_1.jpg)\n\n", "")


def test_text_that_pdfium_lists_otherwise_is_read_character_by_character(
    article_path: str, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium.PdfTextPage, "get_text_range", lambda self, *args: "shorter")
    [page] = read(article_path)
    assert page.markdown == ARTICLE


def test_page_numbers_are_kept_out_of_the_markdown(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.paragraph(SENTENCES[0])
    document.set_auto_page_break(False)
    document.set_font("Helvetica", "", 9)
    document.text(104, 288, "17")
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert page.markdown == SENTENCES[0]
    assert [block.label for block in page.blocks] == ["text", "number"]


def test_a_book_reads_through(tmp_path: Path, read: Read) -> None:
    pages = read(book(tmp_path / "book.pdf", 12))
    text = document_of(pages)
    assert [page.route for page in pages] == ["text"] * 12
    assert text.count("\n\n") == 12 * 6 - 1
    assert text.startswith(("# 1 Chapter\n\n", "## 1 Chapter\n\n"))


def test_values_of_form_fields_are_text(tmp_path: Path, read: Read) -> None:
    text, value = "BT /F 11 Tf 60 700 Td (Name of the applicant) Tj ET", "BT /F 11 Tf 2 4 Td (Ann Miller) Tj ET"
    fonts = "/Resources << /Font << /F 7 0 R >> >>"
    path = raw_pdf(
        tmp_path / "a.pdf",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [5 0 R] {fonts} >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ann Miller) /F 4 /Rect [250 696 400 712] "
        "/AP << /N 6 0 R >> >>",
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 150 16] {fonts} /Length {len(value)} >>\n"
        f"stream\n{value}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    [page] = read(path)
    assert page.markdown == "Name of the applicant Ann Miller"
    assert page.route == "text"


def document_of(pages: list[Page]) -> str:
    """As the reader of the page processes puts it together."""
    assembly = PPOCRReader(1).assembly(pages)
    for page in pages:
        assembly.add(page)
    return assembly.markdown()


def test_the_reader_surveys_reads_and_assembles(article_path: str, images: dict[str, bytes]) -> None:
    reader = PPOCRReader(40_000_000)
    with closing(OpenPdf(Path(article_path).open("rb"))) as document, document.page(1) as source:
        hints = reader.survey(document, [1])
        page = reader.read(source, 1, hints[1], images.__setitem__)
    assert page.markdown == document_of([page]) == ARTICLE
    assert list(images) == ["p0001_figure_1.jpg"]


@pytest.mark.parametrize(
    ("size", "frame"),
    [((612, 792), (1275, 1650)), ((14400, 14400), (2000, 2000)), ((1, 1), (2, 2)), ((14400, 1), (2000, 1))],
)
def test_frames_are_never_huge_nor_empty(size: tuple[int, int], frame: tuple[int, int]) -> None:
    with pdfium.PdfDocument.new() as document:
        page = document.new_page(*size)
        found = Frame.of(page, 40_000_000)
        assert (found.width, found.height) == frame
        assert Frame.of(page, 100).width * Frame.of(page, 100).height <= 2100


def test_a_page_without_size_fails_alone() -> None:
    class Page:
        def get_size(self) -> tuple[float, float]:
            return float("nan"), 10.0

    with pytest.raises(PageError):
        convert(Page(), 1, {}, lambda name, data: None, max_pixels=1)


@pytest.mark.parametrize(
    ("points", "pixels", "expected"),
    [
        ((144, 240), (1200, 2000), (840, 1400)),
        ((144, 240), (480, 800), (480, 800)),
        ((144, 240), (150, 250), (300, 500)),
        ((595.2, 842.4), (1240, 1755), (1240, 1755)),
        ((595.2, 842.4), (2480, 3510), (1240, 1755)),
    ],
)
def test_a_scan_on_a_small_page_keeps_its_pixels(
    tmp_path: Path, points: tuple[float, float], pixels: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = tmp_path / "a.pdf"
    Image.new("L", pixels).save(path, "PDF", resolution=72 * pixels[1] / points[1])
    with pdfium.PdfDocument(path) as document:
        frame = legible(document[0], 40_000_000)
    assert (frame.width, frame.height) == expected
