"""What is typed on a page comes at its place: fields of forms, text boxes, stamps, notes."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import drawn, stream
from support.pp_ocr.fixtures import Read

FIRST = 7
"""Number of the first annotation; 6 is the form that they share."""


def label(words: str, x: float, y: float) -> str:
    return f"BT /F 12 Tf {x} {y} Td ({words}) Tj ET\n"


def page_with(folder: Path, content: str, *annotations: str, appearance: str = "", entries: str = "") -> str:
    """A page with annotations; /AP 6 0 R shows what `appearance` paints, and all fields belong to a form."""
    numbers = [f"{FIRST + k} 0 R" for k in range(len(annotations))]
    fields = " ".join(n for n, text in zip(numbers, annotations, strict=True) if "/Widget" in text)
    form = (
        f"/AcroForm << /Fields [{fields}] /DA (/F 11 Tf 0 g) /DR << /Font << /F 5 0 R >> >> {entries} >>"
        if fields
        else ""
    )
    return drawn(
        folder / "a.pdf",
        content,
        stream(appearance, "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F 5 0 R >> >>"),
        *(f"<< /Type /Annot {text} >>" for text in annotations),
        page=f"/Annots [{' '.join(numbers)}]",
        catalog=form,
    )


def field(x: float, y: float, value: str = "", kind: str = "/FT /Tx", more: str = "", width: float = 100) -> str:
    shown = f"/V ({value})" if value else ""
    place = f"/Rect [{x} {y} {x + width} {y + 18}]"
    return f"/Subtype /Widget {kind} /T (f{x}{y}) {shown} /DA (/F 11 Tf 0 g) /F 4 {place} {more}"


TICK = "/FT /Btn /AS /{0} /V /{0}"
ROWS = label("Surname:", 50, 250) + label("Given name:", 50, 220)


class TestFields:
    @pytest.mark.parametrize(
        "more",
        ["", "/AP << /N 6 0 R >>", "/MK << /BC [0] >> /Q 1"],
        ids=["without an appearance", "with an empty one", "with a border"],
    )
    def test_values_stand_beside_their_labels(self, tmp_path: Path, read: Read, more: str) -> None:
        fields = [field(150, 216, "Isolde", more=more), field(150, 246, "Quenby", more=more)]
        [page] = read(page_with(tmp_path, ROWS + label("Thank you for your help.", 50, 100), *fields))
        assert page.markdown.split("\n\n") == ["Surname: Quenby", "Given name: Isolde", "Thank you for your help."]

    def test_what_is_painted_counts(self, tmp_path: Path, read: Read) -> None:
        painted = "BT /F 11 Tf 2 5 Td (1,250.00) Tj ET"
        value = field(150, 246, "1250", more="/AP << /N 6 0 R >>")
        [page] = read(page_with(tmp_path, label("Fee:", 50, 250), value, appearance=painted))
        assert page.markdown == "Fee: 1,250.00"

    def test_a_damaged_form(self, tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
        def stumble(document: pdfium.PdfDocument) -> None:
            raise pdfium.PdfiumError("damaged")

        monkeypatch.setattr(pdfium.PdfDocument, "init_forms", stumble)
        value = field(150, 246, "Quenby", more="/AP << /N 6 0 R >>")
        painted = "BT /F 11 Tf 2 5 Td (Quenby) Tj ET"
        [page] = read(page_with(tmp_path, label("Surname:", 50, 250), value, appearance=painted))
        assert page.markdown == "Surname: Quenby"

    def test_values_under_their_labels(self, tmp_path: Path, read: Read) -> None:
        content = label("Surname", 50, 250) + label("Given name", 250, 250) + label("Town", 50, 200)
        fields = [field(250, 230, "Isolde"), field(50, 180, "Pellwick"), field(50, 230, "Quenby")]
        [page] = read(page_with(tmp_path, content, *fields))
        words = page.markdown.split()
        assert [words.index(word) for word in ("Surname", "Quenby", "Given", "Isolde", "Town", "Pellwick")] == sorted(
            words.index(word) for word in ("Surname", "Quenby", "Given", "Isolde", "Town", "Pellwick")
        )

    def test_values_in_the_blanks_of_a_sentence(self, tmp_path: Path, read: Read) -> None:
        content = label("I, ____________________, live at ____________________ now.", 50, 250)
        [page] = read(page_with(tmp_path, content, field(62, 246, "Quenby"), field(240, 246, "Pellwick")))
        assert page.markdown.replace(" ,", ",") == "I, Quenby, live at Pellwick now."

    def test_choices_are_shown_by_their_labels(self, tmp_path: Path, read: Read) -> None:
        choice = field(
            150, 246, "de", "/FT /Ch /Ff 131072 /Opt [[(de) (Germany)] [(fr) (France)]]", "/AP << /N 6 0 R >>"
        )
        [page] = read(page_with(tmp_path, label("Country:", 50, 250), choice))
        assert page.markdown == "Country: Germany"

    def test_values_of_several_lines(self, tmp_path: Path, read: Read) -> None:
        address = field(150, 200, "3 Quay Road\\rPellwick", more="/Ff 4096 /AP << /N 6 0 R >>").replace("218]", "266]")
        [page] = read(page_with(tmp_path, label("Address:", 50, 250), address))
        assert " ".join(page.markdown.split()) == "Address: 3 Quay Road Pellwick"

    def test_values_with_a_box_for_each_letter(self, tmp_path: Path, read: Read) -> None:
        year = field(150, 246, "1970", more="/MaxLen 4 /Ff 16777216", width=80)
        [page] = read(page_with(tmp_path, label("Born in:", 50, 250), year))
        assert page.markdown == "Born in: 1970"

    def test_passwords_and_hidden_fields_stay_unseen(self, tmp_path: Path, read: Read) -> None:
        secret = field(150, 246, "secret", more="/Ff 8192 /AP << /N 6 0 R >>")
        hidden = field(150, 216, "concealed").replace("/F 4", "/F 2")
        [page] = read(page_with(tmp_path, ROWS, secret, hidden))
        assert "secret" not in page.markdown
        assert "concealed" not in page.markdown

    def test_boxes_to_tick(self, tmp_path: Path, read: Read) -> None:
        states = "/AP << /N << /Yes 6 0 R /Off 6 0 R >> >>"
        content = label("Member", 70, 250) + label("Guest", 170, 250) + label("Crew", 270, 250)
        ticks = [
            field(x, 248, kind=TICK.format("Yes" if ticked else "Off"), more=states, width=12)
            for x, ticked in ((55, False), (155, True), (255, False))
        ]
        [page] = read(page_with(tmp_path, content, *ticks, appearance="0 0 12 12 re S BT /F 11 Tf 2 2 Td (4) Tj ET"))
        assert page.markdown == "- [ ] Member [x] Guest [ ] Crew"

    def test_boxes_that_are_printed_too(self, tmp_path: Path, read: Read) -> None:
        content = label("Water", 70, 250) + label("Light", 70, 230) + "55 248 12 12 re S 55 228 12 12 re S"
        states = "/AP << /N << /Yes 6 0 R /Off 6 0 R >> >>"
        ticks = [
            field(55, y, kind=TICK.format(state), more=states, width=12).replace(f"{y + 18}]", f"{y + 12}]")
            for y, state in ((248, "Off"), (228, "Yes"))
        ]
        [page] = read(page_with(tmp_path, content, *ticks))
        assert page.markdown == "- [ ] Water\n- [x] Light"

    def test_boxes_behind_their_labels(self, tmp_path: Path, read: Read) -> None:
        content = label("Insured", 50, 250) + label("Paid", 150, 250)
        states = "/AP << /N << /Yes 6 0 R /Off 6 0 R >> >>"
        ticks = [
            field(100, 248, kind=TICK.format("Yes"), more=states, width=12),
            field(180, 248, kind=TICK.format("Off"), more=states, width=12),
        ]
        [page] = read(page_with(tmp_path, content, *ticks))
        assert " ".join(page.markdown.split()) == "Insured [x] Paid [ ]"

    @pytest.mark.parametrize("quarters", [0, 90, 180, 270])
    def test_on_pages_shown_sideways(self, tmp_path: Path, read: Read, quarters: int) -> None:
        path = page_with(tmp_path, ROWS, field(150, 216, "Isolde"), field(150, 246, "Quenby"))
        text = Path(path).read_text("latin-1").replace("/MediaBox", f"/Rotate {quarters} /MediaBox")
        Path(path).write_text(text, "latin-1")
        [page] = read(path)
        assert page.markdown.split("\n\n") == ["Surname: Quenby", "Given name: Isolde"]


class TestAnnotations:
    @pytest.mark.parametrize("more", ["", "/AP << /N 6 0 R >>"])
    @pytest.mark.parametrize("kind", ["/FreeText", "/Stamp"])
    def test_text_boxes_and_stamps(self, tmp_path: Path, read: Read, kind: str, more: str) -> None:
        typed = f"/Subtype {kind} /Contents (Quenby) /Rect [150 246 250 264] {more}"
        [page] = read(page_with(tmp_path, ROWS, typed, appearance="BT /F 11 Tf 2 5 Td (Quenby) Tj ET"))
        assert page.markdown.split("\n\n") == ["Surname: Quenby", "Given name:"]

    def test_notes_come_after_what_they_stand_beside(self, tmp_path: Path, read: Read) -> None:
        content = "".join(label(words, 50, y) for words, y in (("Above it.", 250), ("Below it.", 150)))
        note = "/Subtype /Text /Contents (Ask the harbour\\rmaster.) /Rect [30 200 50 220]"
        reply = "/Subtype /Text /Contents (Accepted) /StateModel /Review /Rect [30 200 50 220]"
        [page] = read(page_with(tmp_path, content, note, reply))
        assert page.markdown.split("\n\n") == ["Above it.", "Ask the harbour master.", "Below it."]

    def test_a_page_of_nothing_else(self, tmp_path: Path, read: Read) -> None:
        [page] = read(
            page_with(tmp_path, "", "/Subtype /Text /Contents (Please call.) /Rect [30 200 50 220] /AP << /N 6 0 R >>")
        )
        assert (page.route, page.markdown) == ("text", "Please call.")

    def test_links_stay(self, tmp_path: Path, read: Read) -> None:
        link = "/Subtype /Link /Rect [50 246 110 264] /A << /S /URI /URI (https://example.com) >>"
        typed = "/Subtype /FreeText /Contents (Quenby) /Rect [150 246 250 264]"
        [page] = read(page_with(tmp_path, ROWS, link, typed))
        assert page.markdown.startswith("[Surname:](https://example.com) Quenby")

    def test_a_stamp_over_text_leaves_it_whole(self, tmp_path: Path, read: Read) -> None:
        rows = "".join(label(f"Line {k} of the text that the stamp lies over.", 50, 250 - 14 * k) for k in range(5))
        stamp = "/Subtype /Stamp /Rect [60 205 260 225] /AP << /N 6 0 R >>"
        [page] = read(page_with(tmp_path, rows, stamp, appearance="1 0 0 rg BT /F 18 Tf 50 4 Td (PAID) Tj ET"))
        assert page.markdown.count("of the text that the stamp lies over.") == 5
        assert page.markdown.count("PAID") == 1
