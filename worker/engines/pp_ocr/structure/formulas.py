"""Displayed formulas: their pieces as one block each, in place of headings and paragraphs made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .. import markup
from ..model.boxes import Box, clustered, overlap_x, overlap_y, rows, union
from ..model.lines import Line, Measure
from ..model.lists import has_marker
from ..model.parts import Part
from ..model.scripts import MARK, bare
from .gutters import is_prose

FACE = re.compile(
    r"CMMI|CMSY|CMEX|MSAM|MSBM|EUFM|RSFS|Math|MTMI|MTSY|MTEX|MTEXTRA|Symbol|Euclid|PazoMath|TXSY|TXEX", re.I
)
"""Fonts that formulas are set in."""
NAMES = re.compile(
    r"\b(sin|cos|tan|cot|sec|csc|sinh|cosh|tanh|arc\w+|log|exp|lim|limsup|liminf|max|min|sup|inf|arg\w*|det|dim|ker|mod|gcd|deg"
    r"|and|for|with|where|all|otherwise|if)\b"
)
"""Words of formulas."""
WORD = re.compile(
    r"[a-zß-öø-ÿ]{4,}|[A-ZÀ-ÖØ-Þ]{4,}|[\u0400-\u06ff]{3,}|[\u3040-\u9fff\uac00-\ud7af]"
    r"|\b(the|are|was|not|his|its|der|die|das|und|les|des|une|del|que)\b",
)
RELATION = re.compile("[=≈≃≅≡≠≤≥<>∝∈⊂⊆→↦⇒⇔∼∑∫∏⋃⋂]")
SIGN = re.compile("[∑∫∏√∂∇±∓×÷·∞∈∉⊂⊆∪∩∀∃→↦⇒⇔≤≥≠≈≡∼∝⟨⟩∥+−^/]|[\u0370-\u03ff]|[\U0001d400-\U0001d7ff]")
"""What a formula has beside a relation."""
NUMBER = re.compile(r"\(\s?[A-Z]?\d+([.\-]\d+)*[a-z]?\s?\)")
"""The number of a formula."""
ITEM = re.compile(r"\(?\d{1,3}[.)]")
"""The number of an exercise."""
ACROSS, DOWN = 2.0, 0.5
"""Sizes of type between the pieces of one formula."""
INLINE = 1.0
"""Sizes of type between a piece of a formula and the words of a line that it is part of."""
MOST, MOST_SHOWN = 60, 5
"""Formulas on a page, and those whose pictures a warning names."""


@dataclass(slots=True)
class _Cluster:
    box: Box
    size: float
    lines: list[int]


def with_formulas(items: Sequence[Line | Part], measure: Measure) -> list[Line | Part]:
    """The items, with the pieces of each displayed formula as one part in place of the first."""
    shards = [
        _Cluster(item.box, item.size, [i])
        for i, item in enumerate(items)
        if isinstance(item, Line) and item.upright and not item.boxed and not item.contents and _is_shard(item)
    ]
    if not any(_is_strong(items[i]) for shard in shards for i in shard.lines):
        return list(items)
    found: list[Line | Part | None] = list(items)
    for cluster in clustered(shards, _belong, _merged)[:MOST]:
        if not _is_formula(cluster, items, measure):
            continue
        number = _number_of(cluster, items)
        cluster.lines += [number] if number is not None and number not in cluster.lines else []
        lines = [line for i in cluster.lines if isinstance(line := items[i], Line)]
        first = min(cluster.lines)
        for i in cluster.lines:
            found[i] = None
        found[first] = _part(lines, measure)
    return [item for item in found if item is not None]


def warning(names: Sequence[str]) -> str:
    """What a page says of its formulas, whose pictures have these names."""
    shown = ", ".join(names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
    return (
        f"Formulas are not read: their characters come as they are, with pictures ({shown}). paddleocr_vl reads them."
    )


def _part(lines: Sequence[Line], measure: Measure) -> Part:
    text = "\n".join(markup.paragraph(" ".join(line.text for line in row)) for row in rows(lines))
    return Part("formula", union(line.box for line in lines), text, size=measure.relative(lines[0]))


def _is_shard(line: Line) -> bool:
    """May the line be a piece of a formula: has it no words but those of formulas?"""
    text = MARK.sub(" ", line.text)
    return not line.bold and not has_marker(text) and not ITEM.fullmatch(text) and not WORD.search(NAMES.sub("", text))


def _is_strong(item: Line | Part) -> bool:
    """Is it set in a font of formulas, or has it their signs?"""
    return isinstance(item, Line) and bool(FACE.search(item.face) or SIGN.search(item.text) or MARK.search(item.text))


def _belong(a: _Cluster, b: _Cluster) -> bool:
    size = max(a.size, b.size)
    return overlap_x(a.box, b.box) > -ACROSS * size and overlap_y(a.box, b.box) > -DOWN * min(a.size, b.size)


def _merged(a: _Cluster, b: _Cluster) -> _Cluster:
    return _Cluster(union((a.box, b.box)), max(a.size, b.size), [*a.lines, *b.lines])


def _is_formula(cluster: _Cluster, items: Sequence[Line | Part], measure: Measure) -> bool:
    """Has it a relation and signs, and does it stand alone on its rows?"""
    lines = [line for i in cluster.lines if isinstance(line := items[i], Line)]
    text = " ".join(bare(line.text) for line in lines)
    if not RELATION.search(text) or not any(map(_is_strong, lines)) or len(re.findall(r"\w", text)) < 2:
        return False
    return not any(
        _on_its_rows(cluster, item)
        for i, item in enumerate(items)
        if i not in cluster.lines and not (isinstance(item, Line) and NUMBER.fullmatch(item.text))
    )


def _on_its_rows(cluster: _Cluster, item: Line | Part) -> bool:
    """Does something stand beside it: the sentence that it is a part of, other cells of a table?"""
    if overlap_y(cluster.box, item.box) < 0.3 * min(cluster.size, item.box[3] - item.box[1]):
        return False
    gap = -overlap_x(cluster.box, item.box)
    return gap < (INLINE if is_prose(item) else 8 * INLINE) * cluster.size


def _number_of(cluster: _Cluster, items: Sequence[Line | Part]) -> int | None:
    """The number of the formula, far to its right or left."""
    for i, item in enumerate(items):
        if isinstance(item, Line) and NUMBER.fullmatch(item.text) and overlap_y(cluster.box, item.box) > 0:
            return i
    return None
