"""Links, listings and right-to-left text of born-digital pages."""

import string
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import SENTENCES, Document, coded
from support.pp_ocr.fixtures import Read
from support.pp_ocr.lines import MEASURE, line, worded
from worker.engines.pp_ocr.layer import links, textlayer
from worker.engines.pp_ocr.layer.links import Link
from worker.engines.pp_ocr.model.frame import Frame
from worker.engines.pp_ocr.model.lines import Line, Measure
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.code import with_listings

ARABIC = dict(zip(string.ascii_lowercase, "ابتثجحخدذرزسشصضطظعغفقكلمنه", strict=True))


class TestLinks:
    @staticmethod
    def written(tmp_path: Path, read: Read, *pieces: tuple[str, str]) -> str:
        document = Document()
        document.set_font("Helvetica", "", 11)
        for text, address in pieces:
            document.write(5, text, address)
        document.output(str(tmp_path / "a.pdf"))
        [page] = read(str(tmp_path / "a.pdf"))
        return page.markdown

    def test_words_that_lead_somewhere(self, tmp_path: Path, read: Read) -> None:
        text = "a link that is long enough to be broken over the end of the line that it begins on"
        pieces = [("Text before ", ""), (text, "https://example.com/q?a=(1)"), (" and after it.", "")]
        assert self.written(tmp_path, read, *pieces) == (
            f"Text before [{text}](https://example.com/q?a=%281%29) and after it."
        )

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "file:///etc/passwd", "https://a b", "ftp://example.com"]
    )
    def test_unsafe_addresses_are_left_out(self, tmp_path: Path, read: Read, address: str) -> None:
        assert self.written(tmp_path, read, ("Click ", ""), ("here", address), (" now.", "")) == "Click here now."

    def test_an_address_that_is_its_own_text(self, tmp_path: Path, read: Read) -> None:
        pieces = [("See ", ""), ("www.example.com/", "https://www.example.com"), (" for more.", "")]
        assert self.written(tmp_path, read, *pieces) == "See www.example.com/ for more."

    def test_the_full_stop_behind_an_address(self, tmp_path: Path, read: Read) -> None:
        pieces = [("See ", ""), ("https://example.com", "https://example.com"), (".", "")]
        assert self.written(tmp_path, read, *pieces) == "See https://example.com."

    def test_brackets_in_the_text_stay_text(self, tmp_path: Path, read: Read) -> None:
        pieces = [("x](http://evil.example) y", "https://example.com")]
        assert self.written(tmp_path, read, *pieces) == "[x\\](http://evil.example) y](https://example.com)"

    def test_two_links_beside_each_other(self) -> None:
        leads = [Link((0, 0, 20, 10), "https://a.example"), Link((22, 0, 50, 10), "https://b.example")]
        [marked] = links.mark([worded("one two")], leads)
        assert links.resolved(marked.text, leads) == "[one](https://a.example) [two](https://b.example)"

    def test_what_has_no_links_stays_as_it_is(self) -> None:
        plain = [worded("one two")]
        assert links.mark(plain, []) == plain
        assert links.mark(plain, [Link((500, 0, 520, 10), "https://a.example")]) == plain
        assert links.resolved("one two", []) == "one two"

    def test_marks_that_a_document_brings_lead_nowhere(self) -> None:
        forged = f"{links.OPEN}here{links.CLOSE}{chr(links.FIRST + 7)} {links.OPEN}"
        assert links.resolved(forged, [Link((0, 0, 1, 1), "https://a.example")]) == "here "


class TestListings:
    @staticmethod
    def mono(text: str, x: float = 0, y: float = 0, **more: Any) -> Line:
        return line(text, x, y, 6 * len(text), face="Courier", **more)

    def test_lines_of_one_width_keep_their_indents(self) -> None:
        lines = [
            self.mono("def f(x):"),
            self.mono("return x", 24, 13),
            self.mono("f(1)", 0, 26),
            self.mono("# 1", 60, 26),
        ]
        before, listing = with_listings([line("Text:"), *lines], MEASURE)
        assert isinstance(before, Line)
        assert isinstance(listing, Part)
        assert before.text == "Text:"
        assert (listing.label, listing.content) == ("algorithm", "```\ndef f(x):\n    return x\nf(1)      # 1\n```")

    def test_a_fence_is_longer_than_those_inside(self) -> None:
        [listing] = with_listings([self.mono("```"), self.mono("x", y=13)], MEASURE)
        assert isinstance(listing, Part)
        assert listing.content == "````\n```\nx\n````"

    def test_a_table_of_numbers_is_none(self) -> None:
        rows = ["Gate", "Jan", "Feb"], ["North", "3.4", "3.5"], ["South", "2.9", "3.0"], ["Inner", "4.0", "4.1"]
        cells = [self.mono(text, 80 * k, 13 * r) for r, row in enumerate(rows) for k, text in enumerate(row)]
        after = [self.mono("cat levels", 0, 80), self.mono("less levels", 0, 93)]
        table, listing = with_listings([*cells, *after], MEASURE)
        assert isinstance(table, Part)
        assert isinstance(listing, Part)
        assert (table.label, listing.label) == ("table", "algorithm")
        assert table.content.splitlines()[2] == "| North | 3.4 | 3.5 |"

    def test_one_line_and_values_are_none(self) -> None:
        alone = [self.mono("x = 1"), line("Text")]
        assert with_listings(alone, MEASURE) == alone
        values = [self.mono("x", boxed=True), self.mono("y", boxed=True)]
        assert with_listings(values, MEASURE) == values

    def test_a_text_set_in_such_a_font_is_none(self) -> None:
        lines = [self.mono("Dear all"), self.mono("it rains", y=13)]
        assert with_listings(lines, Measure(10.0, 1.3, 1.15, "Courier")) == lines

    def test_parts_end_a_listing(self) -> None:
        image = Part("image", (0, 0, 10, 10), "a.png")
        found = with_listings([self.mono("a"), self.mono("b", y=13), image, self.mono("c", y=60)], MEASURE)
        assert [getattr(item, "label", "line") for item in found] == ["algorithm", "image", "line"]

    def test_on_a_page(self, tmp_path: Path, read: Read) -> None:
        document = Document()
        document.paragraph(" ".join(SENTENCES))
        document.set_font("Courier", "", 10)
        for row, address in (("def read(path):", ""), ("    # see the docs", "https://example.com"), ("    <b>", "")):
            document.cell(0, 5, row, new_x="LMARGIN", new_y="NEXT", link=address)
        document.output(str(tmp_path / "a.pdf"))
        [page] = read(str(tmp_path / "a.pdf"))
        assert page.blocks[1].label == "algorithm"
        assert page.markdown.endswith("\n\n```\ndef read(path):\n    # see the docs\n    <b>\n```")


class TestRightToLeft:
    """Latin letters whose text layer says Arabic ones. They are painted from the left: words stand backwards here."""

    def test_paragraphs(self, tmp_path: Path, read: Read) -> None:
        rows = [f"{'abgdef ' * 3}{k * 'h'}kl {'mnopqrst ' * 4}" for k in (3, 2, 1)]
        path = coded(tmp_path / "a.pdf", rows, ARABIC)
        with pdfium.PdfDocument(path) as document:
            layer = textlayer.read(document[0], Frame.of(document[0], 40_000_000))
        assert layer.turn.mirrored
        [page] = read(path)
        assert page.route == "text"
        arabic = ["".join(ARABIC.get(letter, " ") for letter in row[::-1]).strip() for row in rows]
        assert page.markdown == " ".join(arabic)
        assert page.blocks[0].bbox[0] == pytest.approx(125, abs=3)

    def test_tables_begin_at_the_right(self, tmp_path: Path, read: Read) -> None:
        ruled = "".join(f"55 {774 - 18 * k} m 355 {774 - 18 * k} l S\n" for k in range(4))
        ruled += "".join(f"{55 + 100 * k} 774 m {55 + 100 * k} 720 l S\n" for k in range(4))
        [page] = read(coded(tmp_path / "a.pdf", ["abc\tdef\tghi", "jkl\tmno\tpqr", "stu\tvwx\tyzb"], ARABIC, ruled))
        [table] = page.blocks
        assert table.content.splitlines()[0] == "| ذدخ | حجث | تبا |"
        assert table.bbox == pytest.approx([114, 141, 740, 255], abs=2)
