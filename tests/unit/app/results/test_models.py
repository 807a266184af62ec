"""A page of a result."""

from app.results.models import Block, Page


def test_a_page_leaves_out_what_it_has_not() -> None:
    page = Page(1, 10, 20, "text", "words", [Block("text", [0, 0, 10, 20], "words")])
    assert page.to_dict() == {
        "index": 1,
        "width": 10,
        "height": 20,
        "route": "text",
        "markdown": "words",
        "blocks": [{"label": "text", "bbox": [0, 0, 10, 20], "content": "words", "order": 0}],
        "warnings": [],
    }
