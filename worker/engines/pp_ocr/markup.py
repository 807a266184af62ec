"""Text to markdown. Text comes from strangers: it must stay text."""

import html
import re
from collections.abc import Iterable, Sequence

from app.results.models import Block

TAG = re.compile(r"<(?=[A-Za-z/!?])")
ENTITY = re.compile(r"&(?=#?\w+;)")
BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
LINK = re.compile(r"\](?=[(\[:])|!(?=\[)")
BLOCK_START = re.compile(
    r"(?P<mark>#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|\||={2,}\s*$|-{2,}\s*$|[-*_](?=(\s*[-*_]){2,}\s*$)|~{3})"
)
EDGE_UNDERSCORES = re.compile(r"(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)")
CLOSING_HASHES = re.compile(r"(?<=\s)(#+)$")
NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
ITEM = re.compile(r"(?P<indent> *)(?P<number>\d{1,3})(?P<close>[.)]) ")
CELL_EDGE = re.compile(r"(?<!\\)\|")
HTML_ROW = re.compile(r"<tr>(.*?)</tr>", re.S)
HTML_CELL = re.compile(r"<td([^>]*)>")
COLSPAN = re.compile(r"colspan=\"(\d+)\"")
INDENT = 3
"""Blanks a level of a list: they fit under a bullet as well as under a one-digit number."""
HIDDEN = {"header", "footer", "number"}
"""Labels of what is printed on every page and belongs to none."""


def inline(text: str) -> str:
    """Text inside a block: tags, links and paired marks are escaped, everything else stays as it is."""
    text = BACKSLASH.sub(r"\\\\", text)
    text = LINK.sub(r"\\\g<0>", text)
    text = ENTITY.sub("&amp;", text)
    text = TAG.sub("&lt;", text)
    for mark in "*`~":
        if text.count(mark) > 1:
            text = text.replace(mark, "\\" + mark)
    if text.count("_") > 1:
        text = EDGE_UNDERSCORES.sub(lambda run: run[0].replace("_", "\\_"), text)
    return text


def paragraph(text: str) -> str:
    """Text that begins a block: what would make it a heading, list, quote, rule or table is escaped too."""
    return _unmarked(inline(text))


def _unmarked(text: str) -> str:
    if BLOCK_START.match(text):
        return "\\" + text
    return NUMBER_START.sub(r"\1\\\2", text, count=1) if NUMBER_START.match(text) else text


def table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table; its first row is the header."""
    width = max(map(len, rows))
    body = [
        "| " + " | ".join(inline(cell).replace("|", "\\|") for cell in [*row, *[""] * (width - len(row))]) + " |"
        for row in rows
    ]
    return "\n".join([body[0], "|" + "---|" * width, *body[1:]])


def html_table(rows: Sequence[Sequence[tuple[str, int, int]]]) -> str:
    """An HTML table, for merged cells: rows of (text, rows covered, columns covered)."""
    body = ""
    for row in rows:
        cells = ""
        for text, height, width in row:
            spans = (f' rowspan="{height}"' if height > 1 else "") + (f' colspan="{width}"' if width > 1 else "")
            cells += f"<td{spans}>{html.escape(text, quote=False)}</td>"
        body += f"<tr>{cells}</tr>"
    return f"<table>{body}</table>"


def heading(text: str) -> str:
    """The text of a heading; a closing run of # would be taken for decoration."""
    return CLOSING_HASHES.sub(r"\\\1", inline(text))


def block(block: Block) -> str:
    """A block in the document's markdown; "" for what does not show there."""
    if block.label in HIDDEN:
        return ""
    if block.label in ("doc_title", "paragraph_title"):
        return f"{'#' * (block.level or 1)} {block.content}"
    if block.label == "list_item":
        return f"{' ' * INDENT * ((block.level or 1) - 1)}{block.marker or '-'} {block.content}"
    return f"![]({block.content})" if block.label == "image" else block.content


def next_item(item: str, text: str) -> tuple[int, str, str] | None:
    """Level, marker and content of a paragraph that counts on from an item of a list; both are markdown."""
    found = ITEM.match(item)
    if found is None:
        return None
    number, close = str(int(found["number"]) + 1), found["close"]
    start = f"{number}\\{close} "
    if not text.startswith(start):
        return None
    return len(found["indent"]) // INDENT + 1, number + close, _unmarked(text[len(start) :])


def blocks(blocks: Iterable[tuple[str, str]]) -> str:
    """Labels and markdown of blocks to one text: items of a list stand close, everything else apart."""
    pieces: list[str] = []
    before = ""
    for label, shown in blocks:
        if shown:
            pieces += [("\n" if before == label == "list_item" else "\n\n") if pieces else "", shown]
            before = label
    return "".join(pieces)


def joined_tables(first: str, second: str) -> str | None:
    """Two tables of ours as one, without the head that the second repeats; None where their columns differ."""
    if first.startswith("|") and second.startswith("|"):
        (head, rule, *_), (other, _, *rows) = first.split("\n"), second.split("\n")
        if rule.count("|") != second.split("\n")[1].count("|"):
            return None
        return "\n".join([first, *([] if other == head else [other]), *rows])
    above, below = _html_rows(first), _html_rows(second)
    if _width(above[0]) != _width(below[0]):
        return None
    while below and below[0] in above[: len(above) // 2 + 1]:
        below.pop(0)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in above + below)}</table>"


def _html_rows(content: str) -> list[str]:
    if not content.startswith("|"):
        return HTML_ROW.findall(content)
    lines = content.split("\n")
    return [
        "".join(f"<td>{cell.strip()}</td>" for cell in CELL_EDGE.split(line)[1:-1]) for line in [lines[0], *lines[2:]]
    ]


def _width(row: str) -> int:
    spans = (COLSPAN.search(attributes) for attributes in HTML_CELL.findall(row))
    return sum(int(span[1]) if span else 1 for span in spans)
