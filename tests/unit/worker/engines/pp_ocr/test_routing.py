"""Which pages are read by OCR, and why; what a survey tells about a document."""

import string
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw, ImageFont

from support.pp_ocr.documents import SENTENCES, Document, coded, picture, raw_pdf, scanned, simple
from support.pp_ocr.fixtures import Read
from worker.documents.pdf import OpenPdf
from worker.engines.pp_ocr import probe, routing, survey
from worker.engines.pp_ocr.layer import drawings, pictures, textlayer
from worker.engines.pp_ocr.layer.textlayer import TextLayer
from worker.engines.pp_ocr.model import frame as frame_module
from worker.engines.pp_ocr.model.frame import Frame, Sheet
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.raster import scan
from worker.engines.pp_ocr.routing import Routing

SHIFTED = {letter: chr((ord(letter) - 97 + 7) % 26 + 97) for letter in string.ascii_lowercase}
HAN = dict(zip(string.ascii_lowercase, "水文年报告由河流管理处编写本册收录各站的位与量数据", strict=False))
ARABIC = dict(zip(string.ascii_lowercase, "ابتثجحخدذرزسشصضطظعغفقكلمنه", strict=True))
LAYER = [sentence.lower().rstrip(".") for sentence in SENTENCES]


def way(path: str, garbled: bool | None = None) -> tuple[str, str | None]:
    """The route of the first page; nothing is recognised but what is checked."""
    with pdfium.PdfDocument(path) as document:
        page = document[0]
        frame = Frame.of(page, 40_000_000)
        layer, drawn, images = textlayer.read(page, frame), drawings.read(page, frame), pictures.images(page, frame)
        found: Routing = routing.route(Sheet(page, frame), layer, drawn, images, garbled=garbled)
        return found.route, found.reason


def written(*rows: str, colours: tuple[str, str] = ("white", "black")) -> Image.Image:
    """A picture of text."""
    ground, ink = colours
    image = Image.new("RGB", (1200, 60 + 50 * len(rows)), ground)
    font = ImageFont.load_default(28)
    for k, row in enumerate(rows):
        ImageDraw.Draw(image).text((40, 30 + 50 * k), row[:70], ink, font)
    return image


def sheet_of(image: Image.Image) -> Image.Image:
    """A scanned page with the image on it."""
    sheet = Image.new("RGB", (1240, 1754), "white")
    sheet.paste(image, (0, 100))
    return sheet


def saved(document: Document, folder: Path) -> str:
    document.output(str(folder / "a.pdf"))
    return str(folder / "a.pdf")


@pytest.fixture
def no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from the raster."""

    def refuse(*given: Any) -> None:
        raise AssertionError("the layer was checked")

    monkeypatch.setattr(probe, "contradicts", refuse)


@pytest.mark.usefixtures("no_check")
class TestRouting:
    def test_text(self, tmp_path: Path) -> None:
        assert way(simple(tmp_path / "a.pdf", *SENTENCES)) == ("text", None)
        assert way(simple(tmp_path / "b.pdf", "Short.")) == ("text", None)

    def test_a_scan(self, tmp_path: Path) -> None:
        source = simple(tmp_path / "a.pdf", "Short.")
        assert way(scanned(source, tmp_path / "b.pdf")) == ("ocr", "scanned")

    @pytest.mark.parametrize("turned", [0, 90])
    def test_few_words_on_a_scan_are_a_stamp(self, tmp_path: Path, turned: int) -> None:
        """Or a page number, or the notice of an archive."""
        document = Document()
        document.image(sheet_of(written(*SENTENCES).rotate(turned, expand=True)), x=0, y=0, w=210, h=297)
        document.set_y(260)
        document.paragraph("Archive of the town, 318. Terms and conditions of the library apply to all of its pages.")
        assert way(saved(document, tmp_path)) == ("ocr", "scanned")

    @pytest.mark.parametrize("ground", ["ivory", "navy"])
    def test_few_words_on_a_ground_are_text(self, tmp_path: Path, ground: str) -> None:
        document = Document()
        document.image(Image.new("RGB", (50, 70), ground), x=0, y=0, w=210, h=297)
        document.paragraph("Archive of the town, 318")
        assert way(saved(document, tmp_path)) == ("text", None)

    @pytest.mark.parametrize("colours", [("white", "black"), ("navy", "white")])
    def test_a_picture_of_text_beside_a_text_layer(self, tmp_path: Path, colours: tuple[str, str]) -> None:
        document = Document()
        document.paragraph("Harbour Board, East Quay 3")
        document.image(written(*SENTENCES, colours=colours), x=20, y=60, w=170)
        assert way(saved(document, tmp_path)) == ("mixed", "picture_of_text")

    def test_text_over_all_of_a_picture_explains_it(self, tmp_path: Path) -> None:
        document = Document()
        document.image(written(*SENTENCES), x=20, y=60, w=170)
        for row in range(len(SENTENCES)):
            document.set_font("Helvetica", "", 11)
            document.text(22, 60 + 170 / 1200 * (60 + 50 * row), SENTENCES[row][:80])
        assert way(saved(document, tmp_path)) == ("text", None)

    def test_pictures_without_rows_of_letters_are_not_read(self, tmp_path: Path) -> None:
        document = Document()
        document.paragraph(SENTENCES[0])
        document.image(picture(), x=20, y=60, w=100)
        document.image(Image.effect_noise((600, 400), 90), x=20, y=160, w=100)
        assert way(saved(document, tmp_path)) == ("text", None)

    def test_letters_drawn_as_outlines_beside_a_text_layer(self, tmp_path: Path) -> None:
        document = Document()
        document.paragraph("- 7 -")
        for k in range(60):
            document.ellipse(20 + 4 * (k % 30), 60 + 6 * (k // 30), 1.4 + 0.3 * (k % 4), 3)
        assert way(saved(document, tmp_path)) == ("mixed", "vector_text")

    def test_the_marks_of_a_chart_are_no_letters(self, tmp_path: Path) -> None:
        document = Document()
        document.paragraph(SENTENCES[0])
        for k in range(60):
            document.ellipse(20 + 4 * (k % 30), 60 + 6 * (k // 30), 2, 2)
        assert way(saved(document, tmp_path)) == ("text", None)

    def test_a_page_of_text_on_a_photograph_is_text(self, tmp_path: Path) -> None:
        document = Document()
        document.image(Image.new("RGB", (50, 70), "tan"), x=0, y=0, w=210, h=297)
        document.paragraph(" ".join(SENTENCES))
        assert way(saved(document, tmp_path)) == ("text", None)

    def test_letters_drawn_as_outlines(self, tmp_path: Path) -> None:
        def drawn(count: int) -> str:
            document = Document()
            for k in range(count):
                document.ellipse(20 + 4 * (k % 30), 30 + 6 * (k // 30), 2, 3)
            return saved(document, tmp_path)

        assert way(drawn(60)) == ("ocr", "vector_text")
        assert way(drawn(10)) == ("text", None)

    def test_large_shapes_are_no_letters(self, tmp_path: Path) -> None:
        document = Document()
        for k in range(40):
            document.ellipse(20 + 3 * k, 30, 40, 40)
        assert way(saved(document, tmp_path)) == ("text", None)

    def test_invisible_text_under_a_scan(self, tmp_path: Path) -> None:
        document = Document()
        with document.local_context(text_mode="INVISIBLE"):
            document.paragraph(" ".join(SENTENCES))
        document.image(sheet_of(written(*SENTENCES)), x=0, y=0, w=210, h=297)
        assert way(saved(document, tmp_path)) == ("ocr", "invisible_text_layer")

    @pytest.mark.parametrize("stamp", ["", "Archive of the town, 318"])
    def test_visible_text_that_a_scan_covers_later(self, tmp_path: Path, stamp: str) -> None:
        document = Document()
        document.paragraph(" ".join(SENTENCES * 2))
        document.image(sheet_of(written(*SENTENCES)), x=0, y=0, w=210, h=297)
        document.set_y(250)
        document.paragraph(stamp)
        assert way(saved(document, tmp_path)) == ("ocr", "invisible_text_layer")

    def test_an_empty_picture_over_invisible_text_is_blank(self, tmp_path: Path) -> None:
        document = Document()
        with document.local_context(text_mode="INVISIBLE"):
            document.paragraph(" ".join(SENTENCES))
        document.image(Image.new("RGB", (50, 70), "tan"), x=0, y=0, w=210, h=297)
        assert way(saved(document, tmp_path)) == ("blank", None)

    def test_codes_without_letters(self, tmp_path: Path) -> None:
        says = {letter: chr(0xE000 + ord(letter)) for letter in string.ascii_lowercase}
        assert way(coded(tmp_path / "a.pdf", LAYER, says)) == ("ocr", "garbled_text_layer")

    def test_what_the_survey_found_is_believed(self, tmp_path: Path) -> None:
        path = coded(tmp_path / "a.pdf", LAYER, SHIFTED)
        assert way(path, garbled=True) == ("ocr", "garbled_text_layer")
        assert way(path, garbled=False) == ("text", None)
        assert way(simple(tmp_path / "b.pdf", *SENTENCES), garbled=True) == ("text", None)

    @pytest.mark.parametrize("says", [HAN, ARABIC])
    def test_sound_layers_in_other_scripts_are_not_even_checked(self, says: dict[str, str], tmp_path: Path) -> None:
        assert way(coded(tmp_path / "a.pdf", LAYER, says)) == ("text", None)

    def test_paper_without_text_is_blank(self, tmp_path: Path) -> None:
        document = Document()
        document.set_fill_color(255)
        document.rect(20, 20, 100, 100, "F")
        assert way(saved(document, tmp_path)) == ("blank", None)


def test_a_shifted_layer_is_read_from_the_raster(tmp_path: Path) -> None:
    assert way(coded(tmp_path / "a.pdf", LAYER, SHIFTED)) == ("ocr", "garbled_text_layer")


def test_odd_language_that_is_printed_so_is_text(tmp_path: Path) -> None:
    rows = ["".join(SHIFTED.get(letter, letter) for letter in row) for row in LAYER]
    assert way(coded(tmp_path / "a.pdf", rows, {})) == ("text", None)


def test_blank_pages_cost_nothing(tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **more: Any) -> None:
        raise AssertionError("a blank page was looked at")

    for module, name in ((frame_module, "render"), (textlayer, "read"), (scan, "read")):
        monkeypatch.setattr(module, name, refuse)
    document = Document()
    path = saved(document, tmp_path)
    [page] = read(path, hints=[{}])
    assert (page.route, page.markdown, page.blocks) == ("blank", "", [])


def surveyed(path: str, selected: list[int]) -> dict[int, survey.Hint]:
    with closing(OpenPdf(Path(path).open("rb"))) as document:
        return survey.survey(document, selected)


class TestSurvey:
    def test_the_size_of_the_body(self, article_path: str) -> None:
        assert surveyed(article_path, [1]) == {1: {"body": 11}}

    def test_scans_have_nothing_to_tell(self, scan_path: str) -> None:
        assert surveyed(scan_path, [1]) == {1: {}}

    @pytest.mark.parametrize("verdict", [True, False])
    def test_doubtful_text_is_checked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: bool) -> None:
        monkeypatch.setattr(probe, "contradicts", lambda lines, raster: verdict)
        path = coded(tmp_path / "a.pdf", LAYER, SHIFTED)
        assert surveyed(path, [1]) == {1: {"body": 12, "garbled": verdict}}

    def test_a_sample_of_a_long_document_is_enough(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        document = Document()
        for _ in range(59):
            document.paragraph("Text of a page")
            document.add_page()
        path = saved(document, tmp_path)
        looked = []
        read = textlayer.read

        def counted(page: Any, frame: Frame) -> TextLayer:
            looked.append(1)
            return read(page, frame)

        monkeypatch.setattr(textlayer, "read", counted)
        assert len(surveyed(path, list(range(1, 61)))) == 60
        assert len(looked) == survey.SAMPLE

    def test_a_page_that_fails_is_left_to_itself(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def stumble(page: Any, frame: Frame) -> None:
            raise RuntimeError("damaged")

        monkeypatch.setattr(textlayer, "read", stumble)
        assert surveyed(simple(tmp_path / "a.pdf", "Text"), [1]) == {1: {}}


def doubtful(text: str) -> bool:
    return probe.doubtful([Line(text, (0, 0, 1, 1), 10)])


def test_shifted_letters_are_doubtful_and_language_is_not() -> None:
    text = " ".join(LAYER)
    assert not doubtful(text)
    assert doubtful("".join(SHIFTED.get(letter, letter) for letter in text))
    assert not doubtful("12 34")
    assert not doubtful("مرحبا بالعالم " * 20)


def test_chinese_that_is_none_is_doubtful() -> None:
    assert not doubtful("水文年报告由河流管理处编写，本册收录了各站的水位与流量数据。" * 4)
    assert doubtful("镲镳镴镵镶镸镹镺镻镼镽镾长镡镢镣镤镥镦镧" * 4)
    assert not doubtful("かなを交えた文" * 20 + "水文年報告" * 20)


def test_a_damaged_path_or_page_object_is_no_text(tmp_path: Path) -> None:
    path = raw_pdf(
        tmp_path / "a.pdf",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R >>",
        "<< /Length 20 >>\nstream\n(BT nonsense ] m S ET\nendstream",
    )
    assert way(path)[0] in ("blank", "text")
