"""What a page does not show is left out of its text layer, and counted; what shows stays, once."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import drawn, stream
from support.pp_ocr.fixtures import Read
from worker.engines.pp_ocr.layer import textlayer
from worker.engines.pp_ocr.layer.textlayer import TextLayer
from worker.engines.pp_ocr.model.frame import Frame


def text(words: str, x: float = 50, y: float = 200, size: float = 12, before: str = "") -> str:
    return f"BT {before} /F {size} Tf {x} {y} Td ({words}) Tj ET\n"


SHOWN = text("Shown words", y=250)
SECRET = text("Secret words")
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Resources << /Font << /F 5 0 R >> >>"
WHITE_IMAGE = stream(
    "\xff", "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
)
CIRCLE = "100 100 m 100 122 78 122 78 100 c 78 78 100 78 100 100 c h"
LAYERS = "/OCProperties << /OCGs [6 0 R 7 0 R] /D << /OFF [6 0 R] /Order [6 0 R 7 0 R] >> >>"
OFF, ON = "<< /Type /OCG /Name (Layer) >>", "<< /Type /OCG /Name (Layer) >>"
EITHER_OFF = "<< /Type /OCMD /OCGs [6 0 R 7 0 R] /P /AllOn >>"
EITHER_ON = "<< /Type /OCMD /OCGs [6 0 R 7 0 R] /P /AnyOn >>"


def layer_of(path: str) -> TextLayer:
    with pdfium.PdfDocument(path) as document:
        page = document[0]
        return textlayer.read(page, Frame.of(page, 40_000_000))


def words_of(path: str) -> str:
    return " ".join(line.text for line in layer_of(path).lines)


class TestHidden:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (text("Secret words", before="3 Tr"), "not painted"),
            ("q " + text("Secret words", before="7 Tr") + "Q", "not painted"),
            ("1 g " + SECRET, "in the color of its background"),
            ("0.98 0.99 1 rg " + SECRET, "in the color of its background"),
            ("0 g 40 190 200 30 re f " + SECRET, "in the color of its background"),
            ("/Clear gs " + SECRET, "in the color of its background"),
            ("1 G " + text("Secret words", before="1 Tr"), "in the color of its background"),
            (text("Secret words", size=0.6), "too small to read"),
            (text("Secret words", size=12, before="0.04 0 0 0.04 50 200 Tm"), "too small to read"),
            ("q 0 0 30 30 re W n " + SECRET + "Q", "clipped away"),
            ("q 0 0 m W n " + SECRET + "Q", "clipped away"),
            (f"q {CIRCLE} W n " + SECRET + "Q", "clipped away"),
            ("q 0 0 30 30 re W n /Form Do Q", "clipped away"),
            (SECRET + "1 g 45 195 100 20 re f", "painted over"),
            (SECRET + "0.9 0.2 0.2 rg 45 195 m 150 195 l 150 220 l 45 220 l f", "painted over"),
            (SECRET + "q 120 0 0 30 40 190 cm /Image Do Q", "painted over"),
            (SECRET + "/Cover Do", "painted over"),
        ],
    )
    def test_by_any_means(self, tmp_path: Path, content: str, why: str) -> None:
        layer = layer_of(
            drawn(
                tmp_path / "a.pdf",
                SHOWN + content,
                stream(SECRET, FORM),
                WHITE_IMAGE,
                stream("1 g 45 195 100 20 re f", FORM),
                "<< /ca 0 >>",
                resources="/XObject << /Form 6 0 R /Image 7 0 R /Cover 8 0 R >> /ExtGState << /Clear 9 0 R >>",
            )
        )
        assert [line.text for line in layer.lines] == ["Shown words"]
        assert layer.unseen.warning() == f"11 characters of hidden text were left out ({why})."

    @pytest.mark.parametrize(
        "content",
        [
            "/OC /Off BDC " + SECRET + "EMC",
            "/OC /Off BDC /Span << /MCID 0 >> BDC " + SECRET + "EMC EMC",
            "/Span << /MCID 0 >> BDC /OC /Off BDC " + SECRET + "EMC EMC",
            "/OC /All BDC " + SECRET + "EMC",
            "/OC /On BDC /OC /Off BDC " + SECRET + "EMC EMC",
            "/Switched Do",
            "/Outer Do",
            "/OC /Off BDC /Plain Do EMC",
        ],
    )
    def test_in_layers_that_are_off(self, tmp_path: Path, content: str) -> None:
        layer = layer_of(self.layered(tmp_path, SHOWN + content))
        assert [line.text for line in layer.lines] == ["Shown words"]
        expected = "11 characters of hidden text were left out (in a hidden layer)."
        assert layer.unseen.warning() == expected

    @pytest.mark.parametrize(
        "content",
        ["/OC /On BDC " + SECRET + "EMC", "/OC /Any BDC " + SECRET + "EMC", "/Plain Do", "/OC /On BDC /Plain Do EMC"],
    )
    def test_but_not_in_those_that_are_on(self, tmp_path: Path, content: str) -> None:
        layer = layer_of(self.layered(tmp_path, SHOWN + content))
        assert [line.text for line in layer.lines] == ["Shown words", "Secret words"]
        assert layer.unseen.warning() is None

    @staticmethod
    def layered(folder: Path, content: str) -> str:
        return drawn(
            folder / "a.pdf",
            content,
            OFF,
            ON,
            EITHER_OFF,
            EITHER_ON,
            stream(SECRET, FORM),
            stream(SECRET, FORM + " /OC 6 0 R"),
            stream("/Switched Do", FORM.replace(">> >>", ">> /XObject << /Switched 11 0 R >> >>")),
            resources="/Properties << /Off 6 0 R /On 7 0 R /All 8 0 R /Any 9 0 R >> "
            "/XObject << /Plain 10 0 R /Switched 11 0 R /Outer 12 0 R >>",
            catalog=LAYERS,
        )

    def test_part_of_a_line(self, tmp_path: Path) -> None:
        content = text("Fee payable: 1,340.00") + "1 g 120 195 100 20 re f 0 g " + text("2,075.00", x=122)
        layer = layer_of(drawn(tmp_path / "a.pdf", content))
        assert " ".join(line.text for line in layer.lines) == "Fee payable: 2,075.00"
        assert layer.unseen.counts == {"covered": 8}

    def test_one_under_the_other(self, tmp_path: Path) -> None:
        content = "1 g " + SECRET + "0 g 40 190 200 30 re f 1 g " + text("Title of it")
        assert words_of(drawn(tmp_path / "a.pdf", content)) == "Title of it"

    @pytest.mark.parametrize("page", ["/Rotate 90", "/Rotate 180", "/CropBox [20 150 380 280]", "/UserUnit 2"])
    def test_on_pages_of_any_kind(self, tmp_path: Path, page: str) -> None:
        content = SHOWN + "0.1 g 40 220 200 20 re f 1 g " + text("White words", y=225) + SECRET
        layer = layer_of(drawn(tmp_path / "a.pdf", content, page=page))
        assert [line.text for line in layer.lines] == ["Shown words", "White words"]
        assert layer.unseen.counts == {"faint": 11}

    def test_the_page_says_so(self, tmp_path: Path, read: Read) -> None:
        [page] = read(drawn(tmp_path / "a.pdf", SHOWN + "1 g " + SECRET))
        assert page.markdown == "Shown words"
        assert page.warnings == ["11 characters of hidden text were left out (in the color of its background)."]

    def test_a_page_of_nothing_else_is_blank(self, tmp_path: Path, read: Read) -> None:
        [page] = read(drawn(tmp_path / "a.pdf", "1 g " + SECRET))
        assert (page.route, page.markdown, len(page.warnings)) == ("blank", "", 1)


class TestShown:
    @pytest.mark.parametrize(
        "content",
        [
            "0.1 g 40 190 200 30 re f 1 g " + SECRET,
            "q 120 0 0 30 40 190 cm /Dark Do Q 1 g " + SECRET,
            "0.1 g 40 190 200 30 re f 1 g " + text("Secret", x=50) + text(" words", x=87),
            "0.8 g " + SECRET,
            "q " + text("Secret words", before="7 Tr") + "0.7 0.2 0.2 rg 0 0 400 300 re f Q",
            "1 g 0 G " + text("Secret words", before="2 Tr"),
            text("Secret words", size=4),
            f"q {CIRCLE} 40 190 m 300 190 l 300 230 l 40 230 l h W n " + SECRET + "Q",
            "q 49 199 120 10 re W n " + SECRET + "Q",
            SECRET + "/Multiply gs 1 1 0 rg 45 195 100 20 re f",
            SECRET + "0 G 45 195 100 20 re S",
            SECRET + "0 g 45 197 100 1 re f",
            SECRET + "0.9 g 250 195 100 20 re f",
            "/Form Do",
        ],
    )
    def test_text_that_looks_hidden(self, tmp_path: Path, content: str) -> None:
        path = drawn(
            tmp_path / "a.pdf",
            SHOWN + content,
            stream(SECRET, FORM),
            WHITE_IMAGE.replace("\xff", "\x20"),
            "<< /BM /Multiply >>",
            resources="/XObject << /Form 6 0 R /Dark 7 0 R >> /ExtGState << /Multiply 8 0 R >>",
        )
        layer = layer_of(path)
        assert " ".join(line.text for line in layer.lines) == "Shown words Secret words"
        assert layer.unseen.warning() is None

    def test_a_page_in_other_units(self, tmp_path: Path) -> None:
        path = drawn(tmp_path / "a.pdf", text("Secret words", size=0.8), page="/UserUnit 10")
        assert words_of(path) == "Secret words"

    def test_text_in_fonts_that_pdfium_does_not_have(self, tmp_path: Path) -> None:
        path = drawn(
            tmp_path / "a.pdf",
            "0.1 g 40 190 300 30 re f 1 g BT /C 12 Tf 50 200 Td <6C3465876C346587> Tj ET",
            "<< /Type /Font /Subtype /Type0 /BaseFont /STSong /Encoding /UniGB-UCS2-H /DescendantFonts [7 0 R] >>",
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong /FontDescriptor 8 0 R "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
            "<< /Type /FontDescriptor /FontName /STSong /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 "
            "/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
        )
        text = Path(path).read_text("latin-1").replace("/F 5 0 R >>", "/F 5 0 R /C 6 0 R >>")
        Path(path).write_text(text, "latin-1")
        assert words_of(path) == "水文水文"

    def test_a_white_copy_under_it(self, tmp_path: Path) -> None:
        """PDFium lists the characters of the first only."""
        content = "1 g " + SECRET + "0.5 g 40 190 200 30 re f 1 g " + SECRET
        assert words_of(drawn(tmp_path / "a.pdf", content)) == "Secret words"


class TestDoubles:
    def test_an_invisible_layer_over_text(self, tmp_path: Path) -> None:
        first, second = text("Secret words"), text("Shown words", y=250)
        hidden = "3 Tr " + first + second
        layer = layer_of(drawn(tmp_path / "a.pdf", SHOWN + SECRET + hidden))
        assert " ".join(line.text for line in layer.lines) == "Shown words Secret words"
        assert layer.unseen.warning() is None

    @pytest.mark.parametrize("offset", [0, 0.4, 1.5])
    def test_all_of_it_again(self, tmp_path: Path, offset: float) -> None:
        content = SHOWN + SECRET + f"q 1 0 0 1 {offset} {-offset} cm " + SHOWN + SECRET + "Q"
        assert words_of(drawn(tmp_path / "a.pdf", content)) == "Shown words Secret words"

    @pytest.mark.parametrize("offset", [0, 0.4, 1.5])
    def test_line_by_line(self, tmp_path: Path, offset: float) -> None:
        content = "".join(
            f"0.7 g {text(words, 50 + offset, y - offset)} 0 g {text(words, 50, y)}"
            for words, y in (("Shown words", 250), ("Secret words", 200))
        )
        assert words_of(drawn(tmp_path / "a.pdf", content)) == "Shown words Secret words"

    def test_word_by_word(self, tmp_path: Path) -> None:
        content = SHOWN + text("Shown", 50.5, 250) + text("words", 89.5, 250)
        assert words_of(drawn(tmp_path / "a.pdf", content)) == "Shown words"

    def test_what_is_repeated_beside_it_stays(self, tmp_path: Path) -> None:
        content = text("1 1 1 1") + text("1", x=100) + text("very, very") + text("....", x=150) + text("....", x=165)
        assert sorted(words_of(drawn(tmp_path / "a.pdf", content)).replace(" ", "")) == sorted("11111very,very........")
