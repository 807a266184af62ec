"""Pages that are read by text layer and OCR, region by region."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from support.pp_ocr.documents import SENTENCES, Document, changed
from support.pp_ocr.fixtures import Read

pytestmark = pytest.mark.slow

ROWS = [sentence[:70].rstrip() for sentence in SENTENCES]


def written(*rows: str, height: int = 0) -> Image.Image:
    """A picture of text."""
    image = Image.new("RGB", (1240, height or 60 + 50 * len(rows)), "white")
    for k, row in enumerate(rows):
        ImageDraw.Draw(image).text((80, 30 + 50 * k), row, "black", ImageFont.load_default(28))
    return image


@pytest.mark.parametrize("rotation", [0, 90])
def test_pictures_of_text_are_read_in_their_places(tmp_path: Path, read: Read, rotation: int) -> None:
    document = Document()
    for k, rows in enumerate((ROWS[:3], ROWS[3:])):
        document.paragraph(f"Letter of the harbour board to its members, part {k + 1}.")
        document.image(written(*rows), x=20, w=170)
        document.ln(5)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(changed(str(tmp_path / "a.pdf"), tmp_path / "b.pdf", rotation=rotation))
    assert (page.route, page.route_reason) == ("mixed", "picture_of_text")
    places = [page.markdown.find(text[:40]) for text in ("Letter", *ROWS[:3])]
    places += [page.markdown.rfind(text[:40]) for text in ("Letter", *ROWS[3:])]
    assert places == sorted(places)
    assert places[0] == 0
    assert page.confidence is not None


def test_a_scan_is_read_and_its_stamp_comes_once(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.image(written(*ROWS, height=1754), x=0, y=0, w=210, h=297)
    document.set_y(150)
    document.paragraph("Copy for the archive of the town.")
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert (page.route, page.route_reason) == ("ocr", "scanned")
    assert page.markdown.count("Copy for the archive of the town.") == 1
    assert all(row in page.markdown for row in ROWS)
