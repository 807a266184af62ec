"""The lines of a page and the cells of its tables, as they are stored and sent."""

from app.results.layout import Layout, TableCell, TextLine, encode_layout, parse_layout

LAYOUT = Layout(
    150.0,
    [TextLine("Level", [10, 20, 60, 32]), TextLine("25.19", [10, 40, 60, 52], 0.98)],
    {1: [TableCell(0, 1, 1, 2, [10, 20, 60, 32], "Level")]},
)


def test_a_layout_is_read_as_it_was_stored() -> None:
    assert parse_layout(encode_layout(LAYOUT)) == LAYOUT


def test_a_layout_is_added_to_its_page() -> None:
    page = {"index": 1, "blocks": [{"label": "text"}, {"label": "table"}]}
    LAYOUT.add_to(page)
    assert page == {
        "index": 1,
        "dpi": 150.0,
        "lines": [
            {"text": "Level", "bbox": [10, 20, 60, 32]},
            {"text": "25.19", "bbox": [10, 40, 60, 52], "confidence": 0.98},
        ],
        "blocks": [
            {"label": "text"},
            {
                "label": "table",
                "cells": [
                    {
                        "row": 0,
                        "column": 1,
                        "row_span": 1,
                        "column_span": 2,
                        "bbox": [10, 20, 60, 32],
                        "text": "Level",
                    }
                ],
            },
        ],
    }
