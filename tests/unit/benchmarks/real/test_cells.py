"""Tables of a markdown text as cells."""

from benchmarks.real.cells import Cell, tables


def test_pipe_table() -> None:
    assert tables("text\n\n| a | b\\|c |\n|---|---|\n| 1 | 2<br>3 |\n") == [
        [Cell(0, 0, "a", True), Cell(0, 1, "b|c", True), Cell(1, 0, "1", True), Cell(1, 1, "2 3")]
    ]


def test_html_table_with_spans() -> None:
    source = (
        '<table><thead><tr><th colspan="2">a</th></tr></thead><tr><td rowspan=2>b</td><td>c</td></tr>'
        "<tr><td>d &amp; <b>e</b></td></tr></table>"
    )
    assert tables(source) == [
        [Cell(0, 0, "a", True, 1, 2), Cell(1, 0, "b", False, 2), Cell(1, 1, "c"), Cell(2, 1, "d & e")]
    ]


def test_a_span_ends_with_the_table() -> None:
    [[cell]] = tables('<table><tr><td rowspan="9">a</td></tr></table>')
    assert [*cell.places()] == [(0, 0)]
