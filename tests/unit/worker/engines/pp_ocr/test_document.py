"""What only the whole document tells, from pages made by hand."""

from typing import Any

import pytest

from app.results.models import Block, Page
from worker.engines.pp_ocr import markup
from worker.engines.pp_ocr.document import DocumentAssembly

TABLE = "| No. | Name |\n|---|---|\n| 1 | Weir |"
HTML = '<table><tr><td colspan="2">Weirs</td></tr><tr><td>1</td><td>Mill</td></tr></table>'


def page(index: int, *blocks: Block, sizes: list[float] | None = None, turn: int = 0) -> Page:
    """A page of 1,000 x 1,400 pixels."""
    for order, block in enumerate(blocks):
        block.order = order
    data = {"sizes": sizes or [1.0] * len(blocks), "turn": turn}
    return Page(index, 1000, 1400, "text", "", list(blocks), for_assembly=data)


def text(content: str, y: int = 300, x: int = 100, label: str = "text", **more: Any) -> Block:
    return Block(label, [x, y, x + 600, y + 24], content, **more)


def assembled(*pages: Page) -> tuple[str, list[Page]]:
    assembly = DocumentAssembly(iter(pages))
    shown = [assembly.add(page) for page in pages]
    return assembly.markdown(), shown


def test_running_headers_and_footers_leave_the_text_but_not_the_page() -> None:
    pages = [
        page(n, text("Water Board", 50), text(f"Body {n}.", 400), text(f"Report 2024 – page {n}", 1350))
        for n in (1, 2, 3)
    ]
    markdown, shown = assembled(*pages)
    assert markdown == "Body 1.\n\nBody 2.\n\nBody 3."
    assert [block.label for block in shown[0].blocks] == ["header", "text", "footer"]
    assert shown[1].markdown == "Body 2."


def test_what_stands_in_the_middle_or_once_is_no_furniture() -> None:
    pages = [page(n, text("The same sentence.", 700), text(f"Nothing alike {'abc'[n] * 20}", 60)) for n in (0, 1, 2)]
    markdown, _ = assembled(*pages)
    assert markdown.count("The same sentence.") == 3
    assert markdown.count("Nothing alike") == 3


def test_the_chapter_beside_the_running_title_and_titles_in_the_margin_go_too() -> None:
    first = page(1, text("Glass from a tide mill: finds", 200, label="doc_title", level=1), text("Body one.", 400))
    second = page(2, text("Brundle", 60, x=50), text("Glass from a tide mill", 60, x=500), text("Body two.", 400))
    markdown, shown = assembled(first, second)
    assert markdown == "# Glass from a tide mill: finds\n\nBody one.\n\nBody two."
    assert [block.label for block in shown[1].blocks] == ["header", "header", "text"]


def test_slides_that_go_on_keep_their_title() -> None:
    pages = [
        page(n, text(title, 60, label="paragraph_title", level=2), text(f"Point {n}.", 500), sizes=[1.8, 1.0])
        for n, title in enumerate(["Start", "Results", "Results", "End", "Thanks"], 1)
    ]
    markdown, _ = assembled(*pages)
    assert markdown.count("## Results") == 2


def test_the_foot_of_a_single_page() -> None:
    foot = text("Mill Ltd · VAT GB 318 · page 1 of 1", 1340)
    note = text("1 The sieve had a mesh of 0.8 mm.", 1320)
    markdown, shown = assembled(page(1, text("Body.", 400), note, foot, sizes=[1.0, 0.8, 0.8]))
    assert markdown == "Body.\n\n1 The sieve had a mesh of 0.8 mm."
    assert shown[0].blocks[2].label == "footer"


@pytest.mark.parametrize(
    "notice",
    [
        text("Downloaded from http://archive.example/ on July 12, 2017", 10),
        text("Download date: 15. Sep. 2023", 1340),
        Block("text", [10, 200, 40, 1200], "Heruntergeladen am 3. Mai 2021 von der Bibliothek"),
    ],
)
def test_notices_of_archives_are_furniture_in_the_margin_only(notice: Block) -> None:
    markdown, shown = assembled(page(1, text("Downloaded from the shelf, it lay there.", 400), notice))
    assert markdown == "Downloaded from the shelf, it lay there."
    assert shown[0].blocks[1].label in ("header", "footer")


def test_what_stands_beside_a_page_number_is_furniture() -> None:
    journal, issue = text("Archive Studies | archive.example", 1340, x=50), text("March 2014 | e2748", 1340, x=700)
    markdown, _ = assembled(page(1, text("Body.", 400), journal, text("1", 1340, x=400, label="number"), issue))
    assert markdown == "Body."


def test_what_is_all_that_a_document_says_is_no_furniture() -> None:
    assert assembled(*(page(n, text("Water Board", 50)) for n in (1, 2)))[0] == "Water Board\n\nWater Board"


def test_on_a_turned_page_the_margin_is_at_its_side() -> None:
    pages = [
        page(
            n,
            Block("text", [30, 500, 60, 900], "Water Board"),
            Block("text", [400, 100, 440, 1300], f"Body {n}."),
            turn=1,
        )
        for n in (1, 2)
    ]
    assert assembled(*pages)[0] == "Body 1.\n\nBody 2."


def table(content: str, y: int, **more: Any) -> Block:
    return Block("table", [100, y, 900, y + 200], content, **more)


def test_a_table_that_runs_over_the_page_is_one() -> None:
    note = text("1 Of granite.", 1300, label="footnote")
    following = table("| No. | Name |\n|---|---|\n| 2 | Sluice |", 80)
    markdown, shown = assembled(page(1, table(TABLE, 1000), note), page(2, following, text("After.", 400)))
    assert markdown == f"{TABLE}\n| 2 | Sluice |\n\n1 Of granite.\n\nAfter."
    assert [len(page.blocks) for page in shown] == [2, 2]


def test_a_table_without_repeated_head_and_under_a_continued_caption() -> None:
    caption = text("Table 2 (continued)", 50, label="figure_title")
    rest = table("| 2 | Sluice |\n|---|---|\n| 3 | Lock |", 90)
    markdown, _ = assembled(page(1, table(TABLE, 1000)), page(2, caption, rest))
    assert markdown == f"{TABLE}\n| 2 | Sluice |\n| 3 | Lock |"


def test_a_table_over_three_pages() -> None:
    parts = [table(f"| No. | Name |\n|---|---|\n| {n} | N{n} |", 80) for n in (1, 2, 3)]
    markdown, _ = assembled(*(page(n, part) for n, part in enumerate(parts, 1)))
    assert markdown == "| No. | Name |\n|---|---|\n| 1 | N1 |\n| 2 | N2 |\n| 3 | N3 |"


@pytest.mark.parametrize(
    "following",
    [
        table("| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |", 80),
        Block("table", [400, 80, 900, 300], "| 2 | Sluice |\n|---|---|\n| 3 | Lock |"),
        text("A paragraph.", 80),
    ],
)
def test_other_tables_stay_apart(following: Block) -> None:
    markdown, _ = assembled(page(1, table(TABLE, 1000)), page(2, following))
    assert markdown == f"{TABLE}\n\n{following.content}"


def test_merged_cells_keep_their_kind() -> None:
    joined = markup.joined_tables(HTML, "| 1 | Mill |\n|---|---|\n| 2 | Weir |")
    assert joined == HTML.replace("</table>", "<tr><td>2</td><td>Weir</td></tr></table>")
    assert markup.joined_tables(HTML, "| a | b | c |\n|---|---|---|") is None


def test_a_paragraph_that_runs_over_the_page_is_one() -> None:
    first = page(1, text("It should,"), text("1 A note.", 1300, label="footnote"))
    second = page(2, text("Figure 1: A shed.", label="figure_title"), text("however, not be so."), text("Next."))
    markdown, shown = assembled(first, second)
    assert markdown == "It should, however, not be so.\n\n1 A note.\n\nFigure 1: A shed.\n\nNext."
    assert shown[1].markdown == "Figure 1: A shed.\n\nhowever, not be so.\n\nNext."
    assert (
        assembled(page(1, text("It ends.")), page(2, text("however it begins.")))[0] == "It ends.\n\nhowever it begins."
    )


def test_a_list_that_counts_on_over_the_page() -> None:
    """One number alone on a page says too little; behind the item before it, it says enough."""
    item = text("Rub the butter.", label="list_item", level=2, marker="3.")
    following = page(2, text("Figure 1: A tin.", label="figure_title"), text("4\\. - 5 eggs"), text("Next."))
    markdown, shown = assembled(page(1, item), following)
    assert markdown == "   3. Rub the butter.\n\nFigure 1: A tin.\n\n   4. \\- 5 eggs\n\nNext."
    assert shown[1].blocks[1].label == "text"


@pytest.mark.parametrize("content", ["5\\. Bake.", "4\\) Bake.", "4 eggs", "Bake."])
def test_what_counts_on_from_nothing_is_a_paragraph(content: str) -> None:
    item = text("Rub the butter.", label="list_item", level=1, marker="3.")
    assert assembled(page(1, item), page(2, text(content)))[0] == f"3. Rub the butter.\n\n{content}"
    assert assembled(page(1, text("3\\. Rub.")), page(2, text(content)))[0] == f"3\\. Rub.\n\n{content}"


def test_nothing_at_all() -> None:
    assert assembled() == ("", [])
    assert assembled(page(1))[0] == ""


def test_blocks_to_markdown() -> None:
    blocks = [
        Block("doc_title", [0, 0, 1, 1], "Title", level=1),
        Block("list_item", [0, 0, 1, 1], "one", level=1, marker="1."),
        Block("list_item", [0, 0, 1, 1], "inner", level=2, marker="-"),
        Block("image", [0, 0, 1, 1], "p0001_figure_1.png"),
        Block("number", [0, 0, 1, 1], "7"),
        Block("text", [0, 0, 1, 1], "text"),
    ]
    text = markup.blocks((block.label, markup.block(block)) for block in blocks)
    assert text == "# Title\n\n1. one\n   - inner\n\n![](p0001_figure_1.png)\n\ntext"


def test_levels_of_headings_follow_each_other() -> None:
    heads = [text(f"H{level}", 100 * level, label="paragraph_title", level=level) for level in (2, 4, 6)]
    assert assembled(page(1, *heads))[0] == "## H2\n\n### H4\n\n#### H6"
    title = text("T", 50, label="doc_title", level=1)
    assert assembled(page(1, title, text("H4", 400, label="paragraph_title", level=4)))[0] == "# T\n\n## H4"


def test_an_assembly_can_be_made_again() -> None:
    def body(n: int) -> Page:
        heading = text(f"H{n}", 300, label="paragraph_title", level=4)
        one = page(n, text("Water Board", 50), heading, text(f"Body {n}.", 400))
        one.for_assembly["blocks"] = [[block.label, block.level, block.marker] for block in one.blocks]
        return one

    markdown, shown = assembled(body(1), body(2))
    assert markdown == "## H1\n\nBody 1.\n\n## H2\n\nBody 2."
    assert assembled(*shown)[0] == markdown
    assert assembled(shown[0])[0] == "Water Board\n\n## H1\n\nBody 1."
