"""Text to markdown. Text comes from strangers: it must stay text."""

import re
from collections.abc import Sequence

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
    text = inline(text)
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


def heading(text: str, level: int) -> str:
    """A heading; a closing run of # would be taken for decoration."""
    escaped = CLOSING_HASHES.sub(r"\\\1", inline(text))
    return f"{'#' * level} {escaped}"


def item(text: str, marker: str, depth: int) -> str:
    """A list item; three blanks per level fit under a bullet as well as under a one-digit number."""
    return f"{'   ' * (depth - 1)}{marker} {text}"


def image(name: str) -> str:
    return f"![]({name})"
