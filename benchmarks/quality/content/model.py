"""What a document is made of: plain blocks in reading order, and hints for the typesetter beside them.

Text may hold **bold**, *italic*, [links](https://…), and footnotes as ^[text]. Keys that a truth file does not have
(`at`, `style`, `header`, …) are hints for the layout.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]
HEADINGS = ("title", "h1", "h2", "h3")
NUMBERED = re.compile(r"((?:\d+\.)*\d+)\s+(.*)", re.S)
MARKUP = re.compile(r"\*\*(.+?)\*\*|\*(.+?)\*|\[([^\]]+)\]\(([^)]+)\)|\^\[(.+?)\]", re.S)


@dataclass(frozen=True)
class Document:
    """A document's content, who typesets it (`maker`), and in which of that maker's layouts."""

    name: str
    maker: str  # latex, office, browser
    layout: str
    kind: str
    lang: str
    blocks: list[Block]
    options: dict[str, Any] = field(default_factory=dict)


def title(text: str, **hints: Any) -> Block:
    return {"type": "title", "text": text, **hints}


def h1(text: str, **hints: Any) -> Block:
    return {"type": "h1", "text": text, **hints}


def h2(text: str, **hints: Any) -> Block:
    return {"type": "h2", "text": text, **hints}


def h3(text: str, **hints: Any) -> Block:
    return {"type": "h3", "text": text, **hints}


def p(text: str, **hints: Any) -> Block:
    return {"type": "p", "text": text, **hints}


def code(text: str, **hints: Any) -> Block:
    return {"type": "code", "text": text, **hints}


def ul(*items: Any, **hints: Any) -> Block:
    """An item is a text, or (text, [items under it])."""
    return {"type": "ul", "items": list(items), **hints}


def ol(*items: Any, **hints: Any) -> Block:
    return {"type": "ol", "items": list(items), **hints}


def table(rows: str, **hints: Any) -> Block:
    """One row a line, cells between bars. `spans` maps (row, column) to (rows, columns) for merged cells.

    A line break inside a cell is written as a backslash.
    """
    grid = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in rows.strip().split("\n")]
    assert len({len(row) for row in grid}) == 1, grid
    return {"type": "table", "rows": grid, **hints}


def image(picture: str, width: float, height: float, **hints: Any) -> Block:
    """A picture by its name in typeset/pictures.py; width and height in millimetres."""
    return {"type": "image", "picture": picture, "width": width, "height": height, **hints}


def caption(text: str, **hints: Any) -> Block:
    return {"type": "caption", "text": text, **hints}


def kv(label: str, value: str, **hints: Any) -> Block:
    return {"type": "kv", "label": label, "value": value, **hints}


def toc(**hints: Any) -> Block:
    """The typesetter's own table of contents; the lines are filled in once the page numbers are known."""
    return {"type": "toc", "lines": [], **hints}


def prepare(blocks: list[Block]) -> list[Block]:
    """Numbers the blocks (`id`), and gives every footnote a block of its own, after the one that refers to it."""
    result: list[Block] = []
    notes = 0
    for block in blocks:
        block = {**block, "id": len(result)}
        result.append(block)
        if "text" in block and block["type"] != "code":
            found: list[Block] = []
            for note in (match.group(5) for match in MARKUP.finditer(block["text"])):
                if note:
                    notes += 1
                    found.append({"type": "footnote", "text": note, "number": notes, "id": len(result) + len(found)})
            block["notes"] = found
            result += found
    return result


def flat(items: list[Any]) -> Iterator[str]:
    """A nested list's items in reading order."""
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            yield item[0]
            yield from flat(item[1])


def plain(text: str, first_note: int = 1) -> str:
    """The text as printed: without markup, footnotes as their number."""
    numbers = iter(range(first_note, first_note + 100))

    def printed(match: re.Match[str]) -> str:
        if match.group(5):
            return str(next(numbers))
        return plain(next(group for group in match.groups() if group))

    return MARKUP.sub(printed, text)


def truth(block: Block) -> Block:
    """The block as the truth file has it, without its place."""
    kind = block["type"]
    if kind == "kv":
        return {"type": "p", "text": plain(f"{block['label']} {block['value']}".strip())}
    if kind == "footnote":
        return {"type": kind, "text": f"{block['number']} {plain(block['text'])}"}
    if kind in ("ul", "ol"):
        return {"type": kind, "items": [plain(item) for item in flat(block["items"])]}
    if kind == "table":
        return {"type": kind, "rows": [[plain(cell).replace("\\", " ") for cell in row] for row in block["rows"]]}
    if kind == "image":
        return {"type": kind} | ({"inside": block["inside"]} if "inside" in block else {})
    if kind == "toc":
        return {"type": kind, "text": " ".join(block["lines"])}
    if kind == "code":
        return {"type": kind, "text": block["text"]}
    notes = block.get("notes") or [{"number": 1}]
    return {"type": kind, "text": plain(block["text"], notes[0]["number"])}
