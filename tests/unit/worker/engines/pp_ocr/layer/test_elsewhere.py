"""What is said of content that no page shows."""

from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import Document, simple
from worker.engines.pp_ocr.layer import elsewhere

FORM = (
    "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA 4 0 R >> {more} >>\nendobj\n"
    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>\nendobj\n"
    "4 0 obj\n<< /Length 9 >>\nstream\n<x></x>\n\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF"
)


def warnings(path: Path, number: int = 1) -> list[str]:
    with closing(pdfium.PdfDocument(path)) as document:
        return elsewhere.warnings(document[0], number)


@pytest.mark.parametrize(("more", "count"), [("/NeedsRendering true", 1), ("", 0)])
def test_a_dynamic_form_is_reported_and_a_static_one_is_not(tmp_path: Path, more: str, count: int) -> None:
    path = tmp_path / "a.pdf"
    path.write_text(FORM.format(more=more))
    assert len(warnings(path)) == count


def test_embedded_files_are_reported_on_the_first_page(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = Document()
    document.paragraph("See the attached files.")
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("text")
        document.embed_file(tmp_path / name)
    document.output(str(path))
    [warning] = warnings(path)
    assert warning.startswith("The document has 2 embedded files")
    assert warnings(path, 2) == []
    assert warnings(Path(simple(tmp_path / "b.pdf", "Text"))) == []
