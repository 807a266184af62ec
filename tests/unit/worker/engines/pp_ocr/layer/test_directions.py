"""Text that does not run along the page: watermarks, columns of Japanese, pages shown on their side."""

import math
from pathlib import Path

import pytest

from support.pp_ocr.documents import SENTENCES, painted, raw_pdf, words
from support.pp_ocr.fixtures import Read

ROWS = [
    "The harbour board met in the town hall and heard the report on the new sluice",
    "gates. Two of the seven gates had leaked in the storm of January, and the divers",
    "found that the seals had been fitted the wrong way round.",
]


def slanted(x: float, y: float, text: str, size: float, degrees: float) -> str:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return f"BT /B {size} Tf {cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} {x} {y} Tm ({text}) Tj ET\n"


def paragraph(y: float = 700) -> str:
    return "".join(words(60, y - 14 * i, row) for i, row in enumerate(ROWS))


@pytest.mark.parametrize(
    "mark",
    [
        slanted(60, 620, "SAMPLE", 60, 30),
        slanted(80, 760, "SAMPLE", 48, -45),
        "".join(slanted(60 + 80 * i, 650 + 20 * j, "SAMPLE", 10, 35) for i in range(3) for j in range(2)),
        "".join(slanted(80 + 40 * i, 640 + 40 * i, letter, 60, 45) for i, letter in enumerate("SAMPLE")),
    ],
    ids=["rising", "falling", "tiles", "letters"],
)
def test_watermarks_are_left_out_and_named(tmp_path: Path, read: Read, mark: str) -> None:
    (page,) = read(painted(tmp_path / "mark.pdf", paragraph(700) + mark + paragraph(652)))
    assert page.markdown == "\n\n".join([" ".join(ROWS)] * 2)
    assert len(page.warnings) == 1
    assert page.warnings[0].startswith("A watermark was left out: ")


def test_slanted_labels_stay(tmp_path: Path, read: Read) -> None:
    labels = "".join(slanted(80 + 50 * i, 500, f"Week {i}", 9, 45) for i in range(4))
    (page,) = read(painted(tmp_path / "labels.pdf", paragraph() + labels))
    assert all(f"Week {i}" in page.markdown for i in range(4))
    assert not page.warnings


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_shown_on_its_side_reads_on(tmp_path: Path, read: Read, rotation: int) -> None:
    (page,) = read(painted(tmp_path / "side.pdf", paragraph(), f"/Rotate {rotation}"))
    assert page.markdown == " ".join(ROWS)


def test_columns_of_japanese_are_read_from_right_to_left(tmp_path: Path, read: Read) -> None:
    columns = [
        "港湾委員会は市役所に集まり、新しい水",
        "門の報告を聞いた。七つの水門のうち二",
        "つが一月の嵐で水を漏らした。",
    ]
    shown = "".join(
        f"BT /F 14 Tf 1 0 0 1 {500 - 26 * k} 760 Tm <{column.encode('utf-16-be').hex()}> Tj ET\n"
        for k, column in enumerate(columns)
    )
    path = raw_pdf(
        tmp_path / "columns.pdf",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UCS2-V /DescendantFonts [6 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /FontDescriptor 7 0 R "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>",
        "<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [-123 -257 1001 910] /ItalicAngle 0 "
        "/Ascent 723 /Descent -241 /CapHeight 709 /StemV 69 >>",
    )
    (page,) = read(path)
    assert page.markdown == "".join(columns)


def test_a_turned_paragraph_reads_on(tmp_path: Path, read: Read) -> None:
    turned = "".join(f"BT /F 9 Tf 0 1 -1 0 {500 + 12 * i} 100 Tm ({row}) Tj ET\n" for i, row in enumerate(ROWS))
    (page,) = read(
        painted(tmp_path / "turned.pdf", paragraph() + paragraph(600) + words(60, 500, SENTENCES[0]) + turned)
    )
    assert " ".join(ROWS) in page.markdown.split("\n\n")[-1]
