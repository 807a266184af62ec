"""Numbers of lines in the margin."""

from worker.engines.pp_ocr.model.lines import Line, Word
from worker.engines.pp_ocr.structure.line_numbers import without_line_numbers

ROWS = [
    "The harbour board met in the town hall and",
    "heard the report on the new sluice gates",
    "that had leaked in the storm of January",
]


def prose(rows: int, x: float = 100) -> list[Line]:
    return [Line(ROWS[i % 3], (x, 30 * i, x + 400, 30 * i + 14), 14) for i in range(rows)]


def numbers(values: list[int], rows: list[int], right: float = 60) -> list[Line]:
    return [
        Line(str(value), (right - 7 * len(str(value)), 30 * row, right, 30 * row + 14), 14)
        for value, row in zip(values, rows, strict=True)
    ]


def test_a_column_of_numbers_beside_text_is_none_of_it() -> None:
    text = prose(12)
    lines, columns = without_line_numbers([*numbers(list(range(7, 21)), list(range(14))), *text])
    assert lines == text
    assert [(column.label, column.content) for column in columns] == [
        ("number", "7 8 9 10 11 12 13 14 15 16 17 18 19 20")
    ]


def test_every_fifth_line_on_the_right() -> None:
    text = prose(24)
    lines, columns = without_line_numbers([*text, *numbers([5, 10, 15, 20], [4, 9, 14, 19], right=560)])
    assert lines == text
    assert len(columns) == 1


def test_numbers_that_are_read_with_their_lines() -> None:
    joined = []
    for i, line in enumerate(prose(10)):
        words = [Word(str(i + 1), (60, line.box[1], 74, line.box[3])), Word(line.text, line.box)]
        joined.append(Line(f"{i + 1} {line.text}", (60, *line.box[1:]), 14, words=words))
    lines, _ = without_line_numbers(joined)
    assert [line.text for line in lines] == [line.text for line in prose(10)]
    assert lines[0].box == (100, 0, 500, 14)


def test_the_numbers_of_a_list_stay() -> None:
    items = [Line(f"Entry of the list, which is number {i}", (100, 30 * i, 400, 30 * i + 14), 14) for i in range(12)]
    lines = [*numbers(list(range(1, 13)), list(range(12))), *items]
    assert without_line_numbers(lines) == (lines, [])
